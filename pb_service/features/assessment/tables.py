"""Tables of the stage assessment: who works on which proposal, what was decided and why, what it costs, the ballots.

Decisions, cost sheets and lists are only ever added to: what counts is the newest, and what stood before stays to be
read. Everything that the public record tells has its row here.
"""

from datetime import datetime
from typing import Any, Literal
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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base, uuid7

Outcome = Literal["publish", "return", "reject"]
OUTCOMES: tuple[Outcome, ...] = ("publish", "return", "reject")


class AssignmentRule(Base):
    """Whom a new proposal of a district, a theme or both goes to by itself; of several the first that fits.

    ``days`` are the days until it is due.
    """

    __tablename__ = "assignment_rule"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    position: Mapped[int]
    district: Mapped[str | None] = mapped_column(Text)
    theme: Mapped[str | None] = mapped_column(Text)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    days: Mapped[int]

    __table_args__ = (
        UniqueConstraint("round_id", "position"),
        CheckConstraint("(unit_id IS NULL) <> (account_id IS NULL)", name="one_receiver"),
        CheckConstraint("days > 0", name="days"),
    )


class Assignment(Base):
    """A proposal is with a person or a unit until ``ended_at``. The lead decides where assessors do not agree.

    ``reminded_at``: when the receiver was last told that it is nearly due, or late.
    """

    __tablename__ = "assignment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    lead: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    by_rule: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("(unit_id IS NULL) <> (account_id IS NULL)", name="one_receiver"),
        # Given to the same hands twice, it is there once.
        Index("uq_assignment_unit", "proposal_id", "unit_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_assignment_account", "proposal_id", "account_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        Index("ix_assignment_account_id", "account_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_assignment_unit_id", "unit_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_assignment_due_at", "due_at", postgresql_where=text("ended_at IS NULL")),
    )


class AssessmentNote(Base):
    """What staff tell each other about a proposal; nobody else reads it. ``mentions`` are the people it is for.

    A question (to a line of the cost sheet, if ``line`` names one) keeps the cost from being signed until it is
    settled. The answers to a note name it as ``parent``.
    """

    __tablename__ = "assessment_note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("ballot_project.id", ondelete="CASCADE"))
    parent: Mapped[UUID | None] = mapped_column(ForeignKey("assessment_note.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    body: Mapped[str] = mapped_column(Text)
    mentions: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default=text("'{}'"))
    line: Mapped[str | None] = mapped_column(Text)
    question: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    once: Mapped[UUID | None] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("(proposal_id IS NULL) <> (project_id IS NULL)", name="about_one"),
        Index("ix_assessment_note_proposal_id", "proposal_id", "at"),
        Index("ix_assessment_note_project_id", "project_id", "at"),
    )


class AnswerTemplate(Base):
    """A reason worded before, by language, to begin from; of one round, or (without one) of all."""

    __tablename__ = "answer_template"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    outcome: Mapped[Outcome] = mapped_column(Text)
    criterion: Mapped[str | None] = mapped_column(Text)
    texts: Mapped[dict[str, str]] = mapped_column(JSONB)
    edited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "name", postgresql_nulls_not_distinct=True),
        CheckConstraint("outcome IN ('publish', 'return', 'reject')", name="outcome"),
    )


class ModerationDecision(Base):
    """What moderation decided about a proposal. Prepared ones wait until they are published, many at one moment.

    ``reason`` by language; ``publish_at`` when it is planned. A decision dropped or overtaken has ``dropped_at``.
    """

    __tablename__ = "moderation_decision"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    outcome: Mapped[Outcome] = mapped_column(Text)
    criterion: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB)
    prepared_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    prepared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    publish_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("outcome IN ('publish', 'return', 'reject')", name="outcome"),
        CheckConstraint("outcome = 'publish' OR reason <> '{}'", name="refusal_has_reason"),
        CheckConstraint("outcome <> 'reject' OR criterion IS NOT NULL", name="rejection_has_criterion"),
        CheckConstraint("published_at IS NULL OR dropped_at IS NULL", name="published_or_dropped"),
        Index("ix_moderation_decision_proposal_id", "proposal_id", "prepared_at"),
        Index(
            "uq_moderation_decision_waiting",
            "proposal_id",
            unique=True,
            postgresql_where=text("published_at IS NULL AND dropped_at IS NULL"),
        ),
    )


class Feasibility(Base):
    """What one assessor says to each point of the checklist: {key: {"ok": bool, "reason": {language: text}}}."""

    __tablename__ = "feasibility"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AssessmentDecision(Base):
    """The decision on a proposal's feasibility: agreed by all assessors, or by the lead."""

    __tablename__ = "assessment_decision"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    feasible: Mapped[bool]
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    how: Mapped[Literal["agreed", "lead"]] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("how IN ('agreed', 'lead')", name="how"),
        Index("ix_assessment_decision_proposal_id", "proposal_id", "decided_at"),
    )


class CostSheetRow(Base):
    """A version of the cost sheet of a proposal or a project (core/proposals/costs.py), with the figures it came to.

    ``amount`` counts on the ballot once somebody else than ``set_by`` has signed. ``reason`` by language: why a figure
    that was signed before has changed.
    """

    __tablename__ = "cost_sheet"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("ballot_project.id", ondelete="CASCADE"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    kind: Mapped[Literal["exact", "class", "range"]] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    low: Mapped[int | None] = mapped_column(BigInteger)
    high: Mapped[int | None] = mapped_column(BigInteger)
    upkeep: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("proposal_id", "version"),
        UniqueConstraint("project_id", "version"),
        CheckConstraint("(proposal_id IS NULL) <> (project_id IS NULL)", name="about_one"),
        CheckConstraint("version > 0", name="version_counts"),
        CheckConstraint("amount > 0 AND upkeep >= 0 AND low <= high", name="amounts"),
        CheckConstraint("kind IN ('exact', 'class', 'range')", name="kind"),
        CheckConstraint("signed_by <> set_by", name="signed_by_another"),
    )


class ReviewRequest(Base):
    """An author asks that a refusal be looked at again; somebody else than who refused decides.

    ``refused_by`` is who decided first; ``due_at`` when the answer is promised; ``reminded_at`` as in Assignment.
    """

    __tablename__ = "review_request"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    about: Mapped[Literal["rejected", "infeasible"]] = mapped_column(Text)
    refused_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    body: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[Literal["reinstated", "upheld"] | None] = mapped_column(Text)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("about IN ('rejected', 'infeasible')", name="about"),
        CheckConstraint("outcome IN ('reinstated', 'upheld')", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="outcome_has_time"),
        CheckConstraint("decided_by <> refused_by", name="decided_by_another"),
        Index("ix_review_request_proposal_id", "proposal_id", "asked_at"),
        Index("uq_review_request_open", "proposal_id", unique=True, postgresql_where=text("decided_at IS NULL")),
    )


class BallotProject(Base):
    """A project of the round's ballots, made from one proposal or several. Its place on the ballot is ``position``.

    ``code`` is the number as text, as the record and the manifest name it. ``sets`` are names of sets of which one
    project at most may win. A project taken off again has ``dropped_at``, and its number is not used again.
    """

    __tablename__ = "ballot_project"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    contest: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    titles: Mapped[dict[str, Any]] = mapped_column(JSONB)
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    picture_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    alt: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    themes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    place: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    sets: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    mandatory: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    once: Mapped[UUID | None] = mapped_column(unique=True)
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        UniqueConstraint("round_id", "code"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_ballot_project_round_id", "round_id", "contest", "position"),
    )


class ProjectSource(Base):
    """A proposal that a project was made from. It is in one project at most."""

    __tablename__ = "project_source"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("ballot_project.id", ondelete="CASCADE"), primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)

    __table_args__ = (UniqueConstraint("proposal_id"),)


class BallotListRow(Base):
    """A version of the ballot list: the bytes that were confirmed, their hash, and the two people who confirmed it.

    The second confirmation fixes it. One that something changed under, or that was taken back, has ``dropped_at``.
    ``reason`` by language: why a list that was fixed is amended.
    """

    __tablename__ = "ballot_list"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    version: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_first_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    confirmed_first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_second_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    confirmed_second_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "version"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("confirmed_first_by <> confirmed_second_by", name="confirmed_by_two"),
        CheckConstraint("confirmed_second_at IS NULL OR dropped_at IS NULL", name="fixed_or_dropped"),
        Index(
            "uq_ballot_list_waiting",
            "round_id",
            unique=True,
            postgresql_where=text("confirmed_second_at IS NULL AND dropped_at IS NULL"),
        ),
    )


class AssessmentAct(Base):
    """What happened to costs, reviews, projects and the list: the pages' side of the record. Rows are only added.

    ``object_id`` is that of the record's entry: a proposal (``p17``), a project's code, or ``list``.
    """

    __tablename__ = "assessment_act"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    object_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shown: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))

    __table_args__ = (Index("ix_assessment_act_object_id", "round_id", "object_id", "id"),)
