"""casting: what is looked at after a vote, mails about it, and how often its pages were shown

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cast_envelope", sa.Column("address_key", sa.LargeBinary(), nullable=True))
    op.add_column("cast_envelope", sa.Column("account_days", sa.SmallInteger(), nullable=True))
    op.create_table(
        "cast_notice",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_cast_notice_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["log_id"], ["record_log.id"], name=op.f("fk_cast_notice_log_id_record_log"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "log_id", "contest", name=op.f("pk_cast_notice")),
    )
    op.create_index("ix_cast_notice_waiting", "cast_notice", ["cast_at"], postgresql_where=sa.text("sent_at IS NULL"))
    op.create_table(
        "vote_reminder",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_vote_reminder_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_vote_reminder_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "round_id", name=op.f("pk_vote_reminder")),
    )
    op.create_table(
        "booth_visit",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_booth_visit_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "step", "language", "day", name=op.f("pk_booth_visit")),
    )


def downgrade() -> None:
    op.drop_table("booth_visit")
    op.drop_table("vote_reminder")
    op.drop_table("cast_notice")
    op.drop_column("cast_envelope", "account_days")
    op.drop_column("cast_envelope", "address_key")
