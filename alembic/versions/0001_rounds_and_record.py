"""rounds, ballots in clear, counts and the public record"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_file",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_record_file_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_record_file")),
    )
    op.create_table(
        "record_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,63}$'", name=op.f("ck_record_log_slug")),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_record_log_root")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_record_log_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_log")),
        sa.UniqueConstraint("origin", name=op.f("uq_record_log_origin")),
        sa.UniqueConstraint("slug", name=op.f("uq_record_log_slug")),
    )
    op.create_table(
        "record_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("idx >= 0", name=op.f("ck_record_entry_idx")),
        sa.CheckConstraint("octet_length(body) <= 65535", name=op.f("ck_record_entry_body")),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name=op.f("ck_record_entry_leaf_hash")),
        sa.ForeignKeyConstraint(["log_id"], ["record_log.id"], name=op.f("fk_record_entry_log_id_record_log")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_entry")),
        sa.UniqueConstraint("log_id", "idx", name=op.f("uq_record_entry_log_id_idx")),
    )
    op.create_index(
        "ix_record_entry_waiting", "record_entry", ["log_id", "id"], unique=False, postgresql_where="idx IS NULL"
    )
    op.create_table(
        "round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "phase = 'set_up' OR manifest_sha256 IS NOT NULL", name=op.f("ck_round_frozen_has_manifest")
        ),
        sa.CheckConstraint("opens_at <= closes_at", name=op.f("ck_round_opens_before_it_closes")),
        sa.ForeignKeyConstraint(["log_id"], ["record_log.id"], name=op.f("fk_round_log_id_record_log")),
        sa.ForeignKeyConstraint(
            ["manifest_sha256"], ["record_file.sha256"], name=op.f("fk_round_manifest_sha256_record_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("slug", name=op.f("uq_round_slug")),
    )
    op.create_table(
        "contest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fmt", sa.Text(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("imported_meta", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("budget >= 0", name=op.f("ck_contest_budget_is_not_negative")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_contest_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest")),
        sa.UniqueConstraint("round_id", "key", name=op.f("uq_contest_round_id_key")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_contest_round_id_position")),
    )
    op.create_table(
        "verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("bundle_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("bundle_size", sa.Integer(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_verification_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    op.create_index(op.f("ix_verification_round_id"), "verification", ["round_id"], unique=False)
    op.create_table(
        "contest_count",
        sa.Column("contest_id", sa.Uuid(), nullable=False),
        sa.Column("ballots_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("outcome_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballots_sha256"], ["record_file.sha256"], name=op.f("fk_contest_count_ballots_sha256_record_file")
        ),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name=op.f("fk_contest_count_contest_id_contest")),
        sa.ForeignKeyConstraint(
            ["outcome_sha256"], ["record_file.sha256"], name=op.f("fk_contest_count_outcome_sha256_record_file")
        ),
        sa.PrimaryKeyConstraint("contest_id", name=op.f("pk_contest_count")),
    )
    op.create_table(
        "contest_explanation",
        sa.Column("contest_id", sa.Uuid(), nullable=False),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name=op.f("fk_contest_explanation_contest_id_contest")),
        sa.PrimaryKeyConstraint("contest_id", name=op.f("pk_contest_explanation")),
    )
    op.create_table(
        "open_ballots",
        sa.Column("contest_id", sa.Uuid(), nullable=False),
        sa.Column("ballots", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name=op.f("fk_open_ballots_contest_id_contest")),
        sa.PrimaryKeyConstraint("contest_id", name=op.f("pk_open_ballots")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contest_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("targets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("latitude", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Text(), nullable=True),
        sa.Column("official", sa.Boolean(), nullable=True),
        sa.CheckConstraint("cost > 0", name=op.f("ck_project_cost_is_positive")),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name=op.f("fk_project_contest_id_contest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("contest_id", "code", name=op.f("uq_project_contest_id_code")),
        sa.UniqueConstraint("contest_id", "number", name=op.f("uq_project_contest_id_number")),
    )


def downgrade() -> None:
    op.drop_table("project")
    op.drop_table("open_ballots")
    op.drop_table("contest_explanation")
    op.drop_table("contest_count")
    op.drop_index(op.f("ix_verification_round_id"), table_name="verification")
    op.drop_table("verification")
    op.drop_table("contest")
    op.drop_table("round")
    op.drop_index("ix_record_entry_waiting", table_name="record_entry", postgresql_where="idx IS NULL")
    op.drop_table("record_entry")
    op.drop_table("record_log")
    op.drop_table("record_file")
