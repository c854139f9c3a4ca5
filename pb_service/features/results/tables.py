"""Tables of the stage results: the states of a result, and what is derived from a count and can be made again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.core.tally.explain import Explanation
from pb_service.features.accounts.two_people import RoleSignature
from pb_service.platform.db import Base, uuid7


class ContestExplanation(Base):
    """Answers to "what if" and the comparison with another rule; no part of the outcome, never signed."""

    __tablename__ = "contest_explanation"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    explanation: Mapped[Explanation] = mapped_column(JSONB)


class ResultState(Base):
    """A state of a round's result, or that a contest is void: drafted, signed by two people, then published for good.

    ``statement`` is what they sign, canonical JSON. ``place`` counts the published ones from 1; ``sha256`` is that of
    the published document, which an entry of the record names. One draft at a time; no published row ever changes.
    """

    __tablename__ = "result_state"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    place: Mapped[int | None]
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))

    __table_args__ = (
        UniqueConstraint("round_id", "place"),
        CheckConstraint("kind IN ('preliminary', 'confirmed', 'amended', 'voided')", name="kind"),
        CheckConstraint(
            "(published_at IS NULL) = (sha256 IS NULL) AND (published_at IS NULL) = (place IS NULL)",
            name="published_whole",
        ),
        CheckConstraint("dropped_at IS NULL OR published_at IS NULL", name="published_or_dropped"),
        Index(
            "uq_result_state_waiting",
            "round_id",
            unique=True,
            postgresql_where=text("published_at IS NULL AND dropped_at IS NULL"),
        ),
    )


class ResultSignature(RoleSignature, Base):
    """The signature of one person under a draft of a state; one a role."""

    __tablename__ = "result_signature"

    state_id: Mapped[UUID] = mapped_column(ForeignKey("result_state.id", ondelete="CASCADE"), primary_key=True)


class Turnout(Base):
    """Who voted when and how, in numbers, as published after the close; made from the record alone.

    ``ages``: how old they were, which the service counted from data of its own; None where that may not be shown.
    """

    __tablename__ = "turnout"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    ages: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
