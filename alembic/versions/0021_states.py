"""states

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def _account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["account.id"], name=op.f(f"fk_{table}_{column}_account"), ondelete="SET NULL"
    )


def _round(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["round_id"], ["round.id"], name=op.f(f"fk_{table}_round_id_round"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "trustee_seat",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("keyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(public_key) = 32", name=op.f("ck_trustee_seat_public_key")),
        sa.CheckConstraint("number BETWEEN 1 AND 15", name=op.f("ck_trustee_seat_number")),
        _account("trustee_seat", "account_id"),
        _round("trustee_seat"),
        sa.PrimaryKeyConstraint("round_id", "number", name=op.f("pk_trustee_seat")),
        sa.UniqueConstraint("round_id", "account_id", name=op.f("uq_trustee_seat_round_id_account_id")),
    )
    op.create_table(
        "ceremony_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("trustee", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _round("ceremony_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony_step")),
    )
    op.create_index("ix_ceremony_step_round_id", "ceremony_step", ["round_id", "id"], unique=False)
    op.create_table(
        "rehearsal_message",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _round("rehearsal_message"),
        sa.PrimaryKeyConstraint("round_id", "place", name=op.f("pk_rehearsal_message")),
    )
    op.create_table(
        "result_state",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('preliminary', 'confirmed', 'amended', 'voided')", name=op.f("ck_result_state_kind")
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (sha256 IS NULL) AND (published_at IS NULL) = (place IS NULL)",
            name=op.f("ck_result_state_published_whole"),
        ),
        sa.CheckConstraint(
            "dropped_at IS NULL OR published_at IS NULL", name=op.f("ck_result_state_published_or_dropped")
        ),
        _account("result_state", "made_by"),
        _round("result_state"),
        sa.ForeignKeyConstraint(["sha256"], ["record_file.sha256"], name=op.f("fk_result_state_sha256_record_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_state")),
        sa.UniqueConstraint("round_id", "place", name=op.f("uq_result_state_round_id_place")),
    )
    op.create_index(
        "uq_result_state_waiting",
        "result_state",
        ["round_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL AND dropped_at IS NULL"),
    )
    op.create_table(
        "result_signature",
        sa.Column("state_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('registrar', 'auditor')", name=op.f("ck_result_signature_role")),
        sa.CheckConstraint("octet_length(signature) = 64", name=op.f("ck_result_signature_signature")),
        _account("result_signature", "account_id"),
        sa.ForeignKeyConstraint(
            ["state_id"],
            ["result_state.id"],
            name=op.f("fk_result_signature_state_id_result_state"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("state_id", "role", name=op.f("pk_result_signature")),
    )
    op.create_table(
        "turnout",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _round("turnout"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_turnout")),
    )
    op.create_table(
        "evidence_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allowed_by", sa.Uuid(), nullable=True),
        sa.Column("allowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("asked_by <> allowed_by", name=op.f("ck_evidence_export_two_people")),
        _account("evidence_export", "asked_by"),
        _account("evidence_export", "allowed_by"),
        _round("evidence_export"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_export")),
    )
    op.create_index("ix_evidence_export_round_id", "evidence_export", ["round_id", "asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("evidence_export")
    op.drop_table("turnout")
    op.drop_table("result_signature")
    op.drop_table("result_state")
    op.drop_table("rehearsal_message")
    op.drop_table("ceremony_step")
    op.drop_table("trustee_seat")
