"""vote orders

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vote_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("reason", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('strike', 'extend', 'key')", name=op.f("ck_vote_order_kind")),
        sa.CheckConstraint("logged_at IS NULL OR dropped_at IS NULL", name=op.f("ck_vote_order_logged_or_dropped")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["account.id"], name=op.f("fk_vote_order_asked_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_vote_order_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_order")),
    )
    op.create_index("ix_vote_order_round_id", "vote_order", ["round_id", "asked_at"], unique=False)
    op.create_table(
        "vote_order_signature",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(signature) = 64", name=op.f("ck_vote_order_signature_signature")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_vote_order_signature_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["vote_order.id"],
            name=op.f("fk_vote_order_signature_order_id_vote_order"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "public_key", name=op.f("pk_vote_order_signature")),
    )


def downgrade() -> None:
    op.drop_table("vote_order_signature")
    op.drop_table("vote_order")
