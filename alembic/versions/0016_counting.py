"""counting

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vote_closing",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("first_by", sa.Uuid(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_by <> second_by", name=op.f("ck_vote_closing_closed_by_two")),
        sa.ForeignKeyConstraint(
            ["first_by"], ["account.id"], name=op.f("fk_vote_closing_first_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_vote_closing_round_id_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["second_by"], ["account.id"], name=op.f("fk_vote_closing_second_by_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_vote_closing")),
    )
    op.create_table(
        "counting_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("trustee", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_counting_step_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counting_step")),
    )
    op.create_index("ix_counting_step_round_id", "counting_step", ["round_id", "id"], unique=False)
    op.create_table(
        "opened_list",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("trustee", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list_sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(list_sha256) = 32", name=op.f("ck_opened_list_list_sha256")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_opened_list_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "contest", "trustee", name=op.f("pk_opened_list")),
    )


def downgrade() -> None:
    op.drop_table("opened_list")
    op.drop_table("counting_step")
    op.drop_table("vote_closing")
