"""Tables of the stage rounds: a round, its contests (one a district), and the projects on their ballots."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pb_service.core.rounds.documents import BallotFormat, Limits, RuleDocument
from pb_service.core.rounds.phases import Phase
from pb_service.platform.db import Base, uuid7


class Round(Base):
    """A round of participatory budgeting. After the freeze only ``phase`` changes."""

    __tablename__ = "round"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    mode: Mapped[str] = mapped_column(Text)
    phase: Mapped[Phase] = mapped_column(Text)
    names: Mapped[list[list[str]]] = mapped_column(JSONB)
    licence: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    unit: Mapped[int] = mapped_column(BigInteger)
    opens_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closes_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id"))
    manifest_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    contests: Mapped[list["Contest"]] = relationship(order_by="Contest.position", lazy="raise")

    __table_args__ = (
        CheckConstraint("phase = 'set_up' OR manifest_sha256 IS NOT NULL", name="frozen_has_manifest"),
        CheckConstraint("opens_at <= closes_at", name="opens_before_it_closes"),
    )


class Contest(Base):
    """A round's vote in one district. Money is in the round's minor units.

    ``imported_meta`` is the META section of the Pabulib file that the contest came from, for writing it back.
    """

    __tablename__ = "contest"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    key: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    title: Mapped[list[list[str]]] = mapped_column(JSONB)
    language: Mapped[str] = mapped_column(Text)
    fmt: Mapped[BallotFormat] = mapped_column(Text)
    budget: Mapped[int] = mapped_column(BigInteger)
    limits: Mapped[Limits] = mapped_column(JSONB)
    rule: Mapped[RuleDocument] = mapped_column(JSONB)
    imported_meta: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    projects: Mapped[list["Project"]] = relationship(order_by="Project.number", lazy="raise")

    __table_args__ = (
        UniqueConstraint("round_id", "key"),
        UniqueConstraint("round_id", "position"),
        CheckConstraint("budget >= 0", name="budget_is_not_negative"),
    )


class Project(Base):
    """An item on a ballot. ``official`` is what an imported file says of the city's own outcome, if anything."""

    __tablename__ = "project"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"))
    number: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    cost: Mapped[int] = mapped_column(BigInteger)
    categories: Mapped[list[str]] = mapped_column(JSONB)
    targets: Mapped[list[str]] = mapped_column(JSONB)
    latitude: Mapped[str | None] = mapped_column(Text)
    longitude: Mapped[str | None] = mapped_column(Text)
    official: Mapped[bool | None]

    __table_args__ = (
        UniqueConstraint("contest_id", "number"),
        UniqueConstraint("contest_id", "code"),
        CheckConstraint("cost > 0", name="cost_is_positive"),
    )
