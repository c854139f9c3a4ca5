"""roll

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proven_identity", sa.Column("person", sa.LargeBinary(), nullable=True))
    op.create_table(
        "roll_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("shape", postgresql.JSONB(), nullable=False),
        sa.Column("reading", postgresql.JSONB(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("problems", postgresql.JSONB(), nullable=False),
        sa.Column("based_on", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('csv', 'fixed', 'xlsx')", name=op.f("ck_roll_batch_kind")),
        sa.CheckConstraint(
            "state IN ('uploaded', 'waiting', 'reading', 'read', 'failed', 'dropped', 'current', 'replaced')",
            name=op.f("ck_roll_batch_state"),
        ),
        sa.ForeignKeyConstraint(
            ["based_on"], ["roll_batch.id"], name=op.f("fk_roll_batch_based_on_roll_batch"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["account.id"], name=op.f("fk_roll_batch_ended_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_batch_round_id_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["account.id"], name=op.f("fk_roll_batch_uploaded_by_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_batch")),
    )
    op.create_index("ix_roll_batch_based_on", "roll_batch", ["based_on"], unique=False)
    op.create_index("ix_roll_batch_round_id", "roll_batch", ["round_id", "uploaded_at"], unique=False)
    op.create_index(
        "uq_roll_batch_current", "roll_batch", ["round_id"], unique=True, postgresql_where=sa.text("state = 'current'")
    )
    op.create_table(
        "roll",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["roll_batch.id"], name=op.f("fk_roll_batch_id_roll_batch"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_roll_round_id_round"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_roll")),
    )
    op.create_table(
        "roll_upload_part",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["roll_batch.id"], name=op.f("fk_roll_upload_part_batch_id_roll_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_roll_upload_part")),
    )
    op.create_table(
        "roll_record",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.LargeBinary(), nullable=False),
        sa.Column("alias", sa.LargeBinary(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("late OR late_at IS NULL", name=op.f("ck_roll_record_late")),
        sa.CheckConstraint(
            "octet_length(pseudonym) = 32 AND octet_length(alias) = 32 AND octet_length(code_key) = 32",
            name=op.f("ck_roll_record_sizes"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["roll_batch.id"], name=op.f("fk_roll_record_batch_id_roll_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "grp", "pseudonym", name=op.f("pk_roll_record")),
        sa.UniqueConstraint("batch_id", "grp", "alias", name=op.f("uq_roll_record_batch_id_grp_alias")),
    )
    op.create_index(
        "uq_roll_record_code_key",
        "roll_record",
        ["batch_id", "grp", "code_key"],
        unique=True,
        postgresql_where=sa.text("code_key IS NOT NULL"),
    )
    op.create_table(
        "roll_sealed",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["roll_batch.id"], name=op.f("fk_roll_sealed_batch_id_roll_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_roll_sealed")),
    )
    op.create_table(
        "roll_root",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_roll_root_count")),
        sa.CheckConstraint(
            "octet_length(root) = 32 AND octet_length(file_sha256) = 32", name=op.f("ck_roll_root_hashes")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["roll.round_id"], name=op.f("fk_roll_root_round_id_roll"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "grp", name=op.f("pk_roll_root")),
    )
    op.create_table(
        "roll_signature",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('registrar', 'auditor')", name=op.f("ck_roll_signature_role")),
        sa.CheckConstraint("octet_length(signature) = 64", name=op.f("ck_roll_signature_signature")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_roll_signature_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["roll.round_id"], name=op.f("fk_roll_signature_round_id_roll"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "role", name=op.f("pk_roll_signature")),
    )
    op.create_table(
        "roll_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('corrected', 'right', 'refused')", name=op.f("ck_roll_request_outcome")),
        sa.CheckConstraint("wanted IN ('missing', 'wrong')", name=op.f("ck_roll_request_wanted")),
        sa.CheckConstraint("(outcome IS NULL) = (answered_at IS NULL)", name=op.f("ck_roll_request_answered")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_roll_request_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["account.id"], name=op.f("fk_roll_request_answered_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_request_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_request")),
    )
    op.create_index("ix_roll_request_round_id", "roll_request", ["round_id", "asked_at"], unique=False)
    op.create_index(
        "uq_roll_request_waiting",
        "roll_request",
        ["round_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "roll_declaration",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ground IN ('residence', 'school', 'anyone')", name=op.f("ck_roll_declaration_ground")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_roll_declaration_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_declaration_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "account_id", name=op.f("pk_roll_declaration")),
    )
    _letters()
    _passes()


def _letters() -> None:
    op.create_table(
        "letter_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by"], ["account.id"], name=op.f("fk_letter_batch_made_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_letter_batch_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_batch")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_letter_batch_round_id_number")),
    )
    op.create_index(op.f("ix_letter_batch_round_id"), "letter_batch", ["round_id"])
    op.create_table(
        "code_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("pseudonym", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_why", sa.Text(), nullable=True),
        sa.CheckConstraint("octet_length(pseudonym) = 32", name=op.f("ck_code_letter_pseudonym")),
        sa.CheckConstraint(
            "voided_why IN ('stolen', 'lost', 'returned', 'removed', 'reprinted')",
            name=op.f("ck_code_letter_voided_why"),
        ),
        sa.CheckConstraint("(voided_at IS NULL) = (voided_why IS NULL)", name=op.f("ck_code_letter_voided")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["letter_batch.id"], name=op.f("fk_code_letter_batch_id_letter_batch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_code_letter_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_letter")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_code_letter_round_id_number")),
    )
    op.create_index(op.f("ix_code_letter_batch_id"), "code_letter", ["batch_id"])
    op.create_index(
        "uq_code_letter_in_force",
        "code_letter",
        ["round_id", "pseudonym"],
        unique=True,
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "code_key",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(public_key) = 32", name=op.f("ck_code_key_public_key")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["code_letter.id"], name=op.f("fk_code_key_letter_id_code_letter"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("letter_id", "grp", name=op.f("pk_code_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_code_key_public_key")),
    )


def _passes() -> None:
    op.create_table(
        "booth_pass",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("cls", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.JSONB(), nullable=True),
        sa.Column("keys", postgresql.JSONB(), nullable=True),
        sa.Column("session_key", sa.LargeBinary(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("blind", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_booth_pass_sha256")),
        sa.CheckConstraint("cls IN ('idt', 'code')", name=op.f("ck_booth_pass_cls")),
        sa.CheckConstraint(
            "(cls = 'idt') = (session_key IS NOT NULL AND nonce IS NOT NULL)", name=op.f("ck_booth_pass_idt")
        ),
        sa.CheckConstraint("(cls = 'code') = (keys IS NOT NULL)", name=op.f("ck_booth_pass_code")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_booth_pass_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_booth_pass")),
        sa.UniqueConstraint("nonce", name=op.f("uq_booth_pass_nonce")),
    )
    op.create_index(op.f("ix_booth_pass_round_id"), "booth_pass", ["round_id"])
    op.create_index(op.f("ix_booth_pass_expires_at"), "booth_pass", ["expires_at"])
    op.create_table(
        "cast_evidence",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["record_entry.id"],
            name=op.f("fk_cast_evidence_entry_id_record_entry"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_cast_evidence")),
    )
    op.create_table(
        "roll_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("alias", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("reason", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("logged_at IS NULL OR dropped_at IS NULL", name=op.f("ck_roll_change_logged_or_dropped")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["account.id"], name=op.f("fk_roll_change_asked_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_change_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_change")),
    )
    op.create_index("ix_roll_change_round_id", "roll_change", ["round_id", "asked_at"], unique=False)
    op.create_table(
        "roll_change_signature",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('registrar', 'auditor')", name=op.f("ck_roll_change_signature_role")),
        sa.CheckConstraint("octet_length(signature) = 64", name=op.f("ck_roll_change_signature_signature")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_roll_change_signature_account_id_account"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["roll_change.id"],
            name=op.f("fk_roll_change_signature_change_id_roll_change"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "role", name=op.f("pk_roll_change_signature")),
    )


def downgrade() -> None:
    op.drop_table("roll_change_signature")
    op.drop_table("roll_change")
    for table in ("cast_evidence", "booth_pass", "code_key", "code_letter", "letter_batch"):
        op.drop_table(table)
    op.drop_table("roll_declaration")
    op.drop_table("roll_request")
    op.drop_table("roll_signature")
    op.drop_table("roll_root")
    op.drop_table("roll_sealed")
    op.drop_table("roll_record")
    op.drop_table("roll_upload_part")
    op.drop_table("roll")
    op.drop_table("roll_batch")
    op.drop_column("proven_identity", "person")
