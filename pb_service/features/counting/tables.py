"""Tables of the stage counting: ballots in clear, who closed a vote, how a count gets on, and what it was made into."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class OpenBallots(Base):
    """The ballots of a contest in mode ``open``: canonical JSON of the sorted list, as it will be published."""

    __tablename__ = "open_ballots"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    ballots: Mapped[bytes] = mapped_column(LargeBinary)


class ContestCount(Base):
    """The count of a contest: the two published files. Never updated: another count would be an amendment."""

    __tablename__ = "contest_count"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    ballots_sha256: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    outcome_sha256: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class VoteClosing(Base):
    """The end of a vote: two people say that it is over; with the second the record says so."""

    __tablename__ = "vote_closing"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    first_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    second_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("first_by <> second_by", name="closed_by_two"),)


class CountingStep(Base):
    """A step of a count as pages show it: one that the record took, or one that was refused because it does not hold.

    ``kind`` is that of the entry; ``trustee`` and ``stage`` are 0 where there is none; ``about`` the figures, or with
    ``refused_at`` why. Rows are only added.
    """

    __tablename__ = "counting_step"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    contest: Mapped[str] = mapped_column(Text)
    trustee: Mapped[int]
    stage: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    is_refused: Mapped[bool]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index("ix_counting_step_round_id", "round_id", "id"),)


class OpenedList(Base):
    """The one list of a contest that a trustee on this server opens, kept before anything of the answer exists."""

    __tablename__ = "opened_list"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    contest: Mapped[str] = mapped_column(Text, primary_key=True)
    trustee: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    list_sha256: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (CheckConstraint("octet_length(list_sha256) = 32", name="list_sha256"),)
