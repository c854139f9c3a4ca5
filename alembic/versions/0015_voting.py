"""voting

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cast_envelope",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("alias", sa.LargeBinary(), nullable=False),
        sa.Column("seal_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cls", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "octet_length(alias) = 32 AND octet_length(seal_hash) = 32", name=op.f("ck_cast_envelope_hashes")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["record_entry.id"], name=op.f("fk_cast_envelope_entry_id_record_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["log_id"], ["record_log.id"], name=op.f("fk_cast_envelope_log_id_record_log"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_cast_envelope")),
    )
    op.create_index("ix_cast_envelope_alias", "cast_envelope", ["log_id", "grp", "alias"], unique=False)
    op.create_index("uq_cast_envelope_seal", "cast_envelope", ["log_id", "seal_hash"], unique=True)
    op.create_table(
        "envelope_point",
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("point", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_id"], ["record_log.id"], name=op.f("fk_envelope_point_log_id_record_log"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log_id", "point", name=op.f("pk_envelope_point")),
    )
    op.create_table(
        "paper_handout",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("alias", sa.LargeBinary(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["record_entry.id"], name=op.f("fk_paper_handout_entry_id_record_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["log_id"], ["record_log.id"], name=op.f("fk_paper_handout_log_id_record_log"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_paper_handout")),
    )
    op.create_index(
        "uq_paper_handout_standing",
        "paper_handout",
        ["log_id", "grp", "alias"],
        unique=True,
        postgresql_where=sa.text("struck_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("paper_handout")
    op.drop_table("envelope_point")
    op.drop_table("cast_envelope")
