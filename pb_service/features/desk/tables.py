"""Tables of the stage desk: where officers serve, and how paper ballots are counted after the close.

Who was given paper stands in the record and in `paper_handout`, by alias; nothing here knows a voter. A ballot in a box
has a number that officers write on it when the box is opened, so that two readings of it can be compared.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base, uuid7


class DeskPlace(Base):
    """A place where paper is given, with one box. ``no`` names the box in the record's entries."""

    __tablename__ = "desk_place"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    no: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("round_id", "no", name="uq_desk_place_no"),
        CheckConstraint("no ~ '^[A-Za-z0-9.-]{1,32}$'", name="no"),
    )


class DeskShift(Base):
    """That an officer serves at a place from one moment to another."""

    __tablename__ = "desk_shift"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    place_id: Mapped[UUID] = mapped_column(ForeignKey("desk_place.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    from_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    to_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("from_at < to_at", name="runs"),
        Index("ix_desk_shift_place_id", "place_id", "from_at"),
    )


class DeskSlip(Base):
    """A paper ballot that was given while the network was cut: two officers signed on the device, and it came later.

    ``slip`` is what they signed, without the person; ``order_id`` the step that it became. Sent twice, it is one.
    """

    __tablename__ = "desk_slip"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("vote_order.id", ondelete="CASCADE"))
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))


class BoxAccount(Base):
    """What became of the sheets of a contest at one box: given out = in the box + spoilt + returned.

    ``sample`` are the numbers of ballots that auditors read again, drawn once both readings agree.
    """

    __tablename__ = "box_account"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    contest: Mapped[str] = mapped_column(Text, primary_key=True)
    no: Mapped[str] = mapped_column(Text, primary_key=True)
    given: Mapped[int]
    in_box: Mapped[int]
    spoilt: Mapped[int]
    returned: Mapped[int]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sample: Mapped[list[int] | None] = mapped_column(JSONB)

    __table_args__ = (
        CheckConstraint("given = in_box + spoilt + returned", name="balances"),
        CheckConstraint("in_box >= 0 AND spoilt >= 0 AND returned >= 0", name="counts"),
    )


class BoxReading(Base):
    """Who reads the ballots of a contest in one box. ``hand``: 1 and 2 key them in, 3 settles differences, 4 is the
    auditor's sample. Each hand is another person's.
    """

    __tablename__ = "box_reading"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    contest: Mapped[str] = mapped_column(Text, primary_key=True)
    no: Mapped[str] = mapped_column(Text, primary_key=True)
    hand: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "contest", "no", "account_id", name="uq_box_reading_account"),
        CheckConstraint("hand BETWEEN 1 AND 4", name="hand"),
    )


class KeyedBallot(Base):
    """One reading of one paper ballot. ``payload`` is None where it is void: nobody can tell what was meant."""

    __tablename__ = "keyed_ballot"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    contest: Mapped[str] = mapped_column(Text, primary_key=True)
    no: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hand: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("number > 0 AND hand BETWEEN 1 AND 4", name="numbers"),)
