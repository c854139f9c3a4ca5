"""Tables of the stage rounds: a round and its set-up, its contests (one a district), the projects on their ballots."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pb_service.core.rounds.documents import BallotFormat, Limits, RuleDocument
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import StepName
from pb_service.core.rounds.sheet_rows import Kind
from pb_service.platform.db import Base, uuid7


class Round(Base):
    """A round of participatory budgeting. After the freeze of its manifest nothing that the manifest holds changes.

    A round of one's own (not ``imported``) has its set-up in ``round_step``; from it come the names, money and times
    here. Its record begins with its publication, so a draft has no log. ``next_phase_at`` is when ``next_phase`` begins
    by itself; ``held`` says why it could not, when its moment had come. A rehearsal is for staff and can be erased.
    """

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
    opens_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closes_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    log_id: Mapped[UUID | None] = mapped_column(ForeignKey("record_log.id"))
    manifest_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    imported: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    rehearsal: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    paused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_phase: Mapped[Phase | None] = mapped_column(Text)
    next_phase_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    contests: Mapped[list["Contest"]] = relationship(order_by="Contest.position", lazy="raise")

    @property
    def log(self) -> UUID:
        """The id of the round's record, which there is from its publication on (a constraint says so)."""
        assert self.log_id is not None  # noqa: S101
        return self.log_id

    @property
    def bound_phase(self) -> Phase:
        """The phase that decides what may still change: that of the vote, from the moment its manifest is fixed."""
        fixed = self.manifest_sha256 is not None and not self.imported and self.phase == "assessment"
        return "voting" if fixed else self.phase

    @property
    def vote(self) -> tuple[datetime, datetime]:
        """When the vote opens and closes; known at the latest when its manifest is fixed."""
        assert self.opens_at is not None and self.closes_at is not None  # noqa: PT018, S101
        return self.opens_at, self.closes_at

    __table_args__ = (
        CheckConstraint("phase NOT IN ('voting', 'counting') OR manifest_sha256 IS NOT NULL", name="vote_has_manifest"),
        CheckConstraint("opens_at <= closes_at", name="opens_before_it_closes"),
        CheckConstraint("phase = 'set_up' OR log_id IS NOT NULL", name="published_has_log"),
        CheckConstraint("NOT rehearsal OR slug LIKE 'rehearsal-%'", name="rehearsal_says_so"),
        Index("ix_round_next_phase_at", "next_phase_at", postgresql_where=text("next_phase_at IS NOT NULL")),
    )


class RoundStep(Base):
    """One step of a round's set-up as saved last (core/rounds/setup.py). ``version`` counts the times it was saved."""

    __tablename__ = "round_step"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[StepName] = mapped_column(Text, primary_key=True)
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    edited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("version > 0", name="version_counts"),)


class RoundAct(Base):
    """What happened to a published round, with the reason that everybody may read: the other side of its record.

    ``kind`` is that of the record's entry. ``planned_at`` is the moment that the timetable had named; ``pusher`` is
    who or what began a phase. Rows are only ever added.
    """

    __tablename__ = "round_act"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    source: Mapped[Phase | None] = mapped_column(Text)
    target: Mapped[Phase | None] = mapped_column(Text)
    pusher: Mapped[str | None] = mapped_column(Text)
    planned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    __table_args__ = (
        Index("ix_round_act_round_id", "round_id", "id"),
        # A phase begins once in a round: two processes, or a clock that went back, cannot begin it again.
        Index(
            "uq_round_act_begun",
            "round_id",
            "target",
            unique=True,
            postgresql_where=text("kind IN ('round.published', 'phase.changed')"),
        ),
    )


class PlaceTable(Base):
    """A version of a round's table from postal codes or addresses to districts; the newest holds."""

    __tablename__ = "place_table"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    rows: Mapped[int]
    imported_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    imported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "kind", "version"),
        CheckConstraint("kind IN ('postal', 'addresses')", name="kind"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    )


class PlaceRow(Base):
    """A postal code, or a street with house numbers from ``first`` to ``last`` on one side or both, and its district.

    ``place`` is normalised (core/rounds/places.py). Postal codes and whole streets have the numbers 0 to 0.
    """

    __tablename__ = "place_row"

    table_id: Mapped[UUID] = mapped_column(ForeignKey("place_table.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(Text, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
    district: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("side IN ('both', 'odd', 'even')", name="side"),
        CheckConstraint("first <= last", name="first_before_last"),
    )


class RoundUpload(Base):
    """A file that somebody looked at and has not imported yet. It is kept for a day."""

    __tablename__ = "round_upload"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MunicipalityRow(Base):
    """What holds for all rounds of the municipality; there is one row at most."""

    __tablename__ = "municipality"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    edited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class Contest(Base):
    """A round's vote in one district. Money is in the round's minor units.

    ``imported_meta`` is the META section of the Pabulib file that the contest came from, for writing it back.
    ``void_at``: since when it decides nothing, ``void_reason`` why, as pairs of language and text.
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
    void_reason: Mapped[list[list[str]] | None] = mapped_column(JSONB(none_as_null=True))
    void_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
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
