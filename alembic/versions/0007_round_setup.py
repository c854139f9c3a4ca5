"""set-up of rounds"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: The phases of imported rounds under the names of the one machine that all rounds go through.
PHASES = {"frozen": "voting", "closed": "counting", "preliminary": "results"}


def upgrade() -> None:
    op.drop_constraint(op.f("ck_round_frozen_has_manifest"), "round", type_="check")
    for old, new in PHASES.items():
        op.execute(sa.text("UPDATE round SET phase = :new WHERE phase = :old").bindparams(old=old, new=new))
    op.alter_column("round", "opens_at", nullable=True)
    op.alter_column("round", "closes_at", nullable=True)
    op.alter_column("round", "log_id", nullable=True)
    op.add_column("round", sa.Column("imported", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("round", sa.Column("rehearsal", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("round", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("round", sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("round", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("round", sa.Column("next_phase", sa.Text(), nullable=True))
    op.add_column("round", sa.Column("next_phase_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("round", sa.Column("held", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_check_constraint(
        op.f("ck_round_vote_has_manifest"),
        "round",
        "phase NOT IN ('voting', 'counting') OR manifest_sha256 IS NOT NULL",
    )
    op.create_check_constraint(op.f("ck_round_published_has_log"), "round", "phase = 'set_up' OR log_id IS NOT NULL")
    op.create_check_constraint(op.f("ck_round_rehearsal_says_so"), "round", "NOT rehearsal OR slug LIKE 'rehearsal-%'")
    op.create_index(
        "ix_round_next_phase_at",
        "round",
        ["next_phase_at"],
        unique=False,
        postgresql_where=sa.text("next_phase_at IS NOT NULL"),
    )
    op.create_table(
        "round_step",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_round_step_version_counts")),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["account.id"], name=op.f("fk_round_step_edited_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_step_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "step", name=op.f("pk_round_step")),
    )
    op.create_table(
        "round_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("pusher", sa.Text(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_round_act_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_act_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_act")),
    )
    op.create_index("ix_round_act_round_id", "round_act", ["round_id", "id"], unique=False)
    op.create_index(
        "uq_round_act_begun",
        "round_act",
        ["round_id", "target"],
        unique=True,
        postgresql_where=sa.text("kind IN ('round.published', 'phase.changed')"),
    )
    op.create_table(
        "place_table",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('postal', 'addresses')", name=op.f("ck_place_table_kind")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_place_table_sha256")),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["account.id"], name=op.f("fk_place_table_imported_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_place_table_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_table")),
        sa.UniqueConstraint("round_id", "kind", "version", name=op.f("uq_place_table_round_id_kind_version")),
    )
    op.create_table(
        "place_row",
        sa.Column("table_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_place_row_first_before_last")),
        sa.CheckConstraint("side IN ('both', 'odd', 'even')", name=op.f("ck_place_row_side")),
        sa.ForeignKeyConstraint(
            ["table_id"], ["place_table.id"], name=op.f("fk_place_row_table_id_place_table"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("table_id", "place", "side", "first", name=op.f("pk_place_row")),
    )
    op.create_table(
        "round_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_round_upload_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_upload_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_upload")),
    )
    op.create_table(
        "municipality",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_municipality_only_one")),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["account.id"], name=op.f("fk_municipality_edited_by_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality")),
    )


def downgrade() -> None:
    op.drop_table("municipality")
    op.drop_table("round_upload")
    op.drop_table("place_row")
    op.drop_table("place_table")
    op.drop_index(
        "uq_round_act_begun",
        table_name="round_act",
        postgresql_where=sa.text("kind IN ('round.published', 'phase.changed')"),
    )
    op.drop_index("ix_round_act_round_id", table_name="round_act")
    op.drop_table("round_act")
    op.drop_table("round_step")
    op.drop_index("ix_round_next_phase_at", table_name="round", postgresql_where=sa.text("next_phase_at IS NOT NULL"))
    # Rounds of one's own have no place in the older tables.
    op.execute("DELETE FROM round WHERE NOT imported")
    for name in ("rehearsal_says_so", "published_has_log", "vote_has_manifest"):
        op.drop_constraint(op.f(f"ck_round_{name}"), "round", type_="check")
    for column in (
        "held",
        "next_phase_at",
        "next_phase",
        "paused_at",
        "acted_at",
        "published_at",
        "rehearsal",
        "imported",
    ):
        op.drop_column("round", column)
    for old, new in PHASES.items():
        op.execute(sa.text("UPDATE round SET phase = :old WHERE phase = :new").bindparams(old=old, new=new))
    op.alter_column("round", "log_id", nullable=False)
    op.alter_column("round", "closes_at", nullable=False)
    op.alter_column("round", "opens_at", nullable=False)
    op.create_check_constraint(
        op.f("ck_round_frozen_has_manifest"), "round", "phase = 'set_up' OR manifest_sha256 IS NOT NULL"
    )
