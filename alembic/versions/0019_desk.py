"""desk

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OLD, _NEW = "'strike', 'extend', 'key'", "'strike', 'extend', 'key', 'paper', 'paperlist'"


def upgrade() -> None:
    _kinds(_NEW)
    op.add_column("paper_handout", sa.Column("no", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "strike_review",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_strike_review_answered")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["account.id"], name=op.f("fk_strike_review_answered_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["record_entry.id"], name=op.f("fk_strike_review_entry_id_record_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_strike_review_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_strike_review")),
    )
    op.create_index("ix_strike_review_round_id", "strike_review", ["round_id", "asked_at"], unique=False)
    op.create_table(
        "desk_place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.CheckConstraint("no ~ '^[A-Za-z0-9.-]{1,32}$'", name=op.f("ck_desk_place_no")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_desk_place_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_place")),
        sa.UniqueConstraint("round_id", "no", name="uq_desk_place_no"),
    )
    op.create_table(
        "desk_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_desk_shift_runs")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_desk_shift_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["desk_place.id"], name=op.f("fk_desk_shift_place_id_desk_place"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_shift")),
    )
    op.create_index("ix_desk_shift_place_id", "desk_shift", ["place_id", "from_at"], unique=False)
    op.create_table(
        "desk_slip",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["vote_order.id"], name=op.f("fk_desk_slip_order_id_vote_order"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["received_by"], ["account.id"], name=op.f("fk_desk_slip_received_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_desk_slip_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_slip")),
    )
    op.create_table(
        "box_account",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("in_box", sa.Integer(), nullable=False),
        sa.Column("spoilt", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("given = in_box + spoilt + returned", name=op.f("ck_box_account_balances")),
        sa.CheckConstraint("in_box >= 0 AND spoilt >= 0 AND returned >= 0", name=op.f("ck_box_account_counts")),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["account.id"], name=op.f("fk_box_account_entered_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_box_account_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "contest", "no", name=op.f("pk_box_account")),
    )
    op.create_table(
        "box_reading",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("hand", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hand BETWEEN 1 AND 4", name=op.f("ck_box_reading_hand")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_box_reading_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_box_reading_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "contest", "no", "hand", name=op.f("pk_box_reading")),
        sa.UniqueConstraint("round_id", "contest", "no", "account_id", name="uq_box_reading_account"),
    )
    op.create_table(
        "keyed_ballot",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contest", sa.Text(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hand", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0 AND hand BETWEEN 1 AND 4", name=op.f("ck_keyed_ballot_numbers")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_keyed_ballot_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "contest", "no", "number", "hand", name=op.f("pk_keyed_ballot")),
    )


def downgrade() -> None:
    op.drop_table("keyed_ballot")
    op.drop_table("box_reading")
    op.drop_table("box_account")
    op.drop_table("desk_slip")
    op.drop_table("desk_shift")
    op.drop_table("desk_place")
    op.drop_table("strike_review")
    op.drop_column("paper_handout", "no")
    op.execute("DELETE FROM vote_order WHERE kind IN ('paper', 'paperlist')")
    _kinds(_OLD)


def _kinds(listed: str) -> None:
    op.drop_constraint(op.f("ck_vote_order_kind"), "vote_order", type_="check")
    op.create_check_constraint(op.f("ck_vote_order_kind"), "vote_order", f"kind IN ({listed})")
