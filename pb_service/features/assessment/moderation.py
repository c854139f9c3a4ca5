"""Decisions of moderation: at once, or prepared and published together at one moment, one by one or many alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import Act
from pb_service.core.proposals.texts import cleaned, reason_sha256
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Actor, Forbidden, require
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import Hand, hand_of
from pb_service.features.assessment.errors import NotThere, Refused
from pb_service.features.assessment.tables import OUTCOMES, AnswerTemplate, ModerationDecision, Outcome
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.acts import next_state
from pb_service.features.proposals.errors import ActRefused, OwnProposal
from pb_service.features.proposals.policy import pseudonym, require_not_own
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.service import moved
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs

PUBLISH_JOB = "assessment.publish"
MOST_AT_ONCE = 500

_ACTS: Mapping[Outcome, Act] = {"publish": "publish", "return": "return", "reject": "reject"}


@dataclass(frozen=True)
class Wanted:
    """A decision as typed: the outcome, the criterion of a rejection, and the reason by language."""

    outcome: Outcome
    criterion: str = ""
    reason: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Line:
    """What would happen, or happened, to one proposal; ``refused`` is the code of what stands against it."""

    proposal_id: UUID
    number: int
    title: str
    language: str
    state: str
    refused: str = ""


async def decide(
    session: AsyncSession, actor: Actor, found: Round, number: int, wanted: Wanted, *, key: bytes, now: datetime
) -> Proposal:
    """Decide about one proposal at once.

    Raises Refused, ReasonMissing, ActRefused, OwnProposal, Forbidden, NotThere.
    """
    proposal, row, hand = await _prepared(session, actor, found, number, wanted, key=key, publish_at=None, now=now)
    await _publish(session, proposal, row, hand, now=now)
    return proposal


async def prepare_one(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    wanted: Wanted,
    *,
    publish_at: datetime | None = None,
    key: bytes,
    now: datetime,
) -> None:
    """Prepare a decision about one proposal, as `prepare` does about many; what stands against it is raised.

    Raises as `decide`.
    """
    await _prepared(session, actor, found, number, wanted, key=key, publish_at=publish_at, now=now)
    if publish_at:
        await _plan(session, found, publish_at)


async def prepare(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    numbers: Collection[int],
    wanted: Wanted,
    *,
    publish_at: datetime | None = None,
    key: bytes,
    now: datetime,
) -> list[Line]:
    """Prepare the same decision about many proposals; what stands against one leaves the others alone.

    With ``publish_at`` they are published by themselves then. A decision prepared before gives way to the new one.
    Raises Refused and ReasonMissing for what is wrong with the decision itself, Forbidden.
    """
    await _checked(session, found, wanted)
    lines = []
    for number in sorted(set(numbers))[:MOST_AT_ONCE]:
        row = await proposals.by_number(session, found.id, number)
        if row is None or row.state == "draft":
            continue
        refused = ""
        try:
            async with session.begin_nested():
                await _prepared(session, actor, found, number, wanted, key=key, publish_at=publish_at, now=now)
        except ActRefused as error:
            refused = error.code
        except OwnProposal:
            refused = "own"
        except Forbidden:
            refused = "forbidden"
        lines.append(Line(row.id, number, row.title, row.language, row.state, refused))
    if publish_at and any(not line.refused for line in lines):
        await _plan(session, found, publish_at)
    return lines


async def preview(
    session: AsyncSession, actor: Actor, found: Round, numbers: Collection[int], outcome: Outcome, *, now: datetime
) -> list[Line]:
    """Say what a decision about many proposals would do, and change nothing. Raises Forbidden."""
    require(actor, "proposals.moderate", round_id=found.id, now=now)
    book = await proposals.book_to_read(session, found.id)
    lines = []
    rows = await repository.proposals_numbered(session, found.id, sorted(set(numbers))[:MOST_AT_ONCE])
    for row in await proposals.several(session, [each.id for each in rows]):
        refused = ""
        try:
            if book is not None:
                next_state(found, book, row.state, _ACTS[outcome], hand="moderator", now=now)
            require_not_own(row, actor.account_id)
        except ActRefused as error:
            refused = error.code
        except OwnProposal:
            refused = "own"
        lines.append(Line(row.id, row.number or 0, row.title, row.language, row.state, refused))
    return sorted(lines, key=lambda line: line.number)


async def publish_prepared(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    numbers: Collection[int] | None = None,
    *,
    key: bytes,
    now: datetime,
) -> list[Line]:
    """Publish prepared decisions together, all of them or those of ``numbers``; the authors are told at this moment.

    One that the proposal's state does not allow any more is dropped, and said. Raises Forbidden.
    """
    hand_of(actor, "proposals.moderate", found, key, now=now)
    return await _publish_all(session, found, key, now, numbers=numbers)


async def publish_due(session: AsyncSession, found: Round, *, key: bytes, now: datetime) -> list[Line]:
    """Publish the prepared decisions whose moment has come."""
    return await _publish_all(session, found, key, now, only_due=True)


async def withdraw_prepared(session: AsyncSession, actor: Actor, found: Round, number: int, *, now: datetime) -> None:
    """Take a prepared decision back. Raises NotThere, Forbidden."""
    require(actor, "proposals.moderate", round_id=found.id, now=now)
    proposal = await proposals.by_number(session, found.id, number)
    row = await repository.waiting_decision(session, proposal.id) if proposal else None
    if row is None:
        raise NotThere("No decision waits for this proposal.")
    row.dropped_at = now


async def waiting(session: AsyncSession, actor: Actor, found: Round) -> Sequence[tuple[ModerationDecision, Proposal]]:
    """Return the prepared decisions of a round. Raises Forbidden."""
    require(actor, "proposals.moderate", round_id=found.id)
    return await repository.decisions_waiting(session, found.id)


async def save_template(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    *,
    name: str,
    outcome: Outcome,
    criterion: str,
    texts: Mapping[str, str],
    for_all: bool,
    now: datetime,
) -> None:
    """Keep a worded answer under a name; one of that name is replaced. Raises Refused, ReasonMissing, Forbidden."""
    require(actor, "proposals.moderate", round_id=None if for_all else found.id, now=now)
    name = cleaned(name, lines=False)
    if not name or len(name) > 100:
        raise Refused([Problem("name", "required")])
    if outcome not in OUTCOMES:
        raise Refused([Problem("outcome", "unknown")])
    kept = await required_reason(session, texts)
    home = None if for_all else found.id
    rows = [row for row in await repository.templates(session, found.id) if (row.name, row.round_id) == (name, home)]
    row = rows[0] if rows else AnswerTemplate(round_id=home, name=name)
    row.outcome, row.criterion, row.texts = outcome, criterion or None, kept
    row.edited_by, row.edited_at = actor.account_id, now
    session.add(row)
    await session.flush()


async def drop_template(session: AsyncSession, actor: Actor, found: Round, template_id: UUID) -> None:
    """Forget a worded answer. Raises NotThere, Forbidden."""
    row = next((each for each in await repository.templates(session, found.id) if each.id == template_id), None)
    if row is None:
        raise NotThere("There is no such template.")
    require(actor, "proposals.moderate", round_id=row.round_id)
    await session.delete(row)


async def _plan(session: AsyncSession, found: Round, at: datetime) -> None:
    """Let a job publish at a moment. Each has a job of its own, so that a later plan does not move an earlier one."""
    key = f"{PUBLISH_JOB}:{found.id}:{int(at.timestamp())}"
    await jobs.enqueue(session, PUBLISH_JOB, {"round": str(found.id)}, run_at=at, key=key)


async def _checked(session: AsyncSession, found: Round, wanted: Wanted) -> dict[str, str]:
    """Return the reason of a decision, cleaned."""
    if wanted.outcome not in OUTCOMES:
        raise Refused([Problem("outcome", "unknown")])
    if wanted.outcome == "publish":
        return {}
    if wanted.outcome == "reject":
        known = {criterion.key for criterion in (await setup_of(session, found)).criteria.criteria}
        if wanted.criterion not in known:
            raise Refused([Problem("criterion", "required")])
    return await required_reason(session, wanted.reason or {})


async def _prepared(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    wanted: Wanted,
    *,
    key: bytes,
    publish_at: datetime | None,
    now: datetime,
) -> tuple[Proposal, ModerationDecision, Hand]:
    kept = await _checked(session, found, wanted)
    proposal = await proposals.by_number(session, found.id, number, for_update=True)
    if proposal is None or proposal.state == "draft":
        raise NotThere("There is no such proposal.")
    hand = hand_of(actor, "proposals.moderate", found, key, district=proposal.district, now=now)
    require_not_own(proposal, actor.account_id)
    book = await proposals.book(session, found.id)
    next_state(found, book, proposal.state, _ACTS[wanted.outcome], hand="moderator", now=now)
    if before := await repository.waiting_decision(session, proposal.id):
        before.dropped_at = now
        await session.flush()
    row = ModerationDecision(
        proposal_id=proposal.id,
        outcome=wanted.outcome,
        criterion=wanted.criterion if wanted.outcome == "reject" else None,
        reason=kept,
        prepared_by=hand.account_id,
        prepared_at=now,
        publish_at=publish_at,
    )
    session.add(row)
    await session.flush()
    return proposal, row, hand


async def _publish_all(
    session: AsyncSession,
    found: Round,
    key: bytes,
    now: datetime,
    *,
    numbers: Collection[int] | None = None,
    only_due: bool = False,
) -> list[Line]:
    lines = []
    for row, listed in await repository.decisions_waiting(session, found.id, for_update=True):
        number = listed.number or 0
        if numbers is not None and number not in numbers:
            continue
        if only_due and (row.publish_at is None or row.publish_at > now):
            continue
        proposal = await proposals.by_id(session, listed.id, for_update=True)
        if proposal is None:
            continue
        state, refused = proposal.state, ""
        account_id = row.prepared_by
        try:
            async with session.begin_nested():
                if account_id is None:  # who decided is gone; somebody else must look again
                    raise ActRefused("hand", state)
                hand = Hand(account_id, "moderator", pseudonym(key, found.id, account_id))
                await _publish(session, proposal, row, hand, now=now)
        except ActRefused as error:
            refused = error.code
        except OwnProposal:
            refused = "own"
        if refused:
            row.dropped_at = now
        lines.append(Line(listed.id, number, listed.title, listed.language, state, refused))
    await session.flush()
    return lines


async def _publish(
    session: AsyncSession, proposal: Proposal, row: ModerationDecision, hand: Hand, *, now: datetime
) -> None:
    """Do what was decided: the state, the record, the notices. The decider is who prepared it."""
    about: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    if row.reason:
        about["reason_sha256"] = reason_sha256(row.reason).hex()
        shown["reason"] = row.reason
    if row.outcome == "reject":
        about |= {"criterion": row.criterion, "decider": hand.pseudonym}
        shown["criterion"] = row.criterion
    await moved(
        session,
        proposal,
        _ACTS[row.outcome],
        about,
        hand="moderator",
        by_role=hand.role,
        account_id=hand.account_id,
        shown=shown,
        now=now,
    )
    row.published_at, row.published_by = now, hand.account_id
    await session.flush()
