"""opening

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("registrar_key", sa.LargeBinary(), nullable=False),
        sa.Column("grace", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("begun_by", sa.Uuid(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rehearsal", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(registrar_key) = 32", name=op.f("ck_opening_registrar_key")),
        sa.CheckConstraint("grace >= 0 AND strikes >= 0", name=op.f("ck_opening_seconds")),
        sa.ForeignKeyConstraint(
            ["begun_by"], ["account.id"], name=op.f("fk_opening_begun_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_opening_round_id_round"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_opening")),
    )
    op.create_table(
        "manifest_signature",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("eid", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('registrar', 'auditor')", name=op.f("ck_manifest_signature_role")),
        sa.CheckConstraint("octet_length(signature) = 64", name=op.f("ck_manifest_signature_signature")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_manifest_signature_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["opening.round_id"], name=op.f("fk_manifest_signature_round_id_opening"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "role", name=op.f("pk_manifest_signature")),
    )


def downgrade() -> None:
    op.drop_table("manifest_signature")
    op.drop_table("opening")
