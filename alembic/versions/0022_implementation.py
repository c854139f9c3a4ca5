"""What became of the projects that won."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: A line of a history stays as it was written; it goes with its whole round alone (a rehearsal that is erased). Who
#: wrote it and the file of a picture may be taken away.
GUARD = """
CREATE FUNCTION implementation_act_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.id, OLD.implementation_id, OLD.number, OLD.kind, OLD.at, OLD.body, OLD.sha256)
        IS NOT DISTINCT FROM (NEW.id, NEW.implementation_id, NEW.number, NEW.kind, NEW.at, NEW.body, NEW.sha256) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM implementation WHERE id = OLD.implementation_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the history of a project is only added to';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "implementation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("version >= 0", name=op.f("ck_implementation_version_counts")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_implementation_round_id_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_implementation_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_implementation")),
        sa.UniqueConstraint("round_id", "contest", "project", name=op.f("uq_implementation_round_id_contest_project")),
    )
    op.create_table(
        "implementation_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("implementation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("is_recorded", sa.Boolean(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_implementation_act_number_counts")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_implementation_act_sha256")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_implementation_act_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_file.id"],
            name=op.f("fk_implementation_act_file_id_stored_file"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementation.id"],
            name=op.f("fk_implementation_act_implementation_id_implementation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_implementation_act")),
        sa.UniqueConstraint("implementation_id", "number", name=op.f("uq_implementation_act_implementation_id_number")),
        sa.UniqueConstraint("once", name=op.f("uq_implementation_act_once")),
    )
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER implementation_act_rows BEFORE UPDATE OR DELETE ON implementation_act "
        "FOR EACH ROW EXECUTE FUNCTION implementation_act_guard()"
    )


def downgrade() -> None:
    op.drop_table("implementation_act")
    op.execute("DROP FUNCTION implementation_act_guard()")
    op.drop_table("implementation")
