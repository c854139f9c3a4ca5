"""Who works on which proposal: by rule when it comes in, by hand, in bulk; until when, with reminders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import SETTLED, Act
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.policy import PERMISSIONS, Actor, Grant, require
from pb_service.features.accounts.tables import Account
from pb_service.features.assessment import repository
from pb_service.features.assessment.errors import Refused
from pb_service.features.assessment.tables import Assignment, AssignmentRule, ReviewRequest
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.tables import Round
from pb_service.platform import outbox

MOST_RULES = 200
#: Reminders go out when something is due so soon, and again after so long while it is not done.
SOON, AGAIN = timedelta(days=2), timedelta(days=3)
#: A proposal is out of all hands once nothing is left to do about it.
_DONE = SETTLED | {"on_ballot"}


@dataclass(frozen=True)
class Receiver:
    """A unit or a person; one of the two."""

    unit_id: UUID | None = None
    account_id: UUID | None = None


@dataclass(frozen=True)
class RuleDetails:
    """A rule as typed: where a proposal of the district and theme goes (empty: of any), and in how many days."""

    district: str | None
    theme: str | None
    to: Receiver
    days: int


async def assign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    numbers: Collection[int],
    to: Receiver,
    *,
    due_at: datetime | None = None,
    lead: bool = False,
    instead: bool = False,
    now: datetime,
) -> int:
    """Give proposals to somebody and return how many; ``instead`` takes them out of other hands.

    Who has one already keeps it, with the new deadline. Raises Refused, Forbidden.
    """
    require(actor, "assessment.work", round_id=found.id, now=now)
    await _check(session, to)
    rows = await repository.proposals_numbered(session, found.id, numbers)
    for row in rows:
        require(actor, "assessment.work", round_id=found.id, district=row.district)
        if instead:
            await repository.end_assignments(session, row.id, now)
        await _give(session, row, to, due_at=due_at, lead=lead, by=actor.account_id, now=now)
    return len(rows)


async def release(session: AsyncSession, actor: Actor, found: Round, number: int, *, now: datetime) -> None:
    """Take a proposal out of all hands. Raises Forbidden."""
    for row in await repository.proposals_numbered(session, found.id, [number]):
        require(actor, "assessment.work", round_id=found.id, district=row.district, now=now)
        await repository.end_assignments(session, row.id, now)


async def save_rules(
    session: AsyncSession, actor: Actor, found: Round, wanted: Sequence[RuleDetails], *, now: datetime
) -> None:
    """Let a round have these rules, tried in this order. Raises Refused, Forbidden."""
    require(actor, "proposals.moderate", round_id=found.id, now=now)
    if len(wanted) > MOST_RULES:
        raise Refused([Problem("rules", "too_many", {"most": MOST_RULES})])
    for rule in wanted:
        await _check(session, rule.to)
    rows = [
        AssignmentRule(
            round_id=found.id,
            position=position,
            district=rule.district or None,
            theme=rule.theme or None,
            unit_id=rule.to.unit_id,
            account_id=rule.to.account_id,
            days=rule.days,
        )
        for position, rule in enumerate(wanted)
    ]
    await repository.replace_rules(session, found.id, rows)


async def after_act(session: AsyncSession, proposal: Proposal, act: Act, now: datetime) -> None:
    """What follows from an act on a proposal: a new one goes to whom a rule names, a settled one leaves all hands."""
    if act in {"send", "enter"}:
        for rule in await repository.rules(session, proposal.round_id):
            if rule.district in (None, proposal.district) and rule.theme in (None, proposal.theme):
                to = Receiver(rule.unit_id, rule.account_id)
                due = now + timedelta(days=rule.days)
                await _give(session, proposal, to, due_at=due, lead=False, by=None, now=now, by_rule=True)
                return
    if proposal.state in _DONE:
        await repository.end_assignments(session, proposal.id, now)


async def remind(session: AsyncSession, now: datetime) -> int:
    """Tell people what is nearly due or late, each in one mail, and return how many were told.

    Of cases those hear who have them; of reviews everybody who may decide them, but who refused.
    """
    rows = await repository.to_remind(session, due_before=now + SOON, told_before=now - AGAIN)
    asked = await repository.reviews_to_remind(session, due_before=now + SOON, told_before=now - AGAIN)
    rows_of: dict[UUID, list[Assignment | ReviewRequest]] = {}
    members = await staff.members(session, [row.unit_id for row in rows if row.unit_id])
    for row in rows:
        people = [row.account_id] if row.account_id else [m.account_id for m, _ in members if m.unit_id == row.unit_id]
        for account_id in people:
            if account_id:
                rows_of.setdefault(account_id, []).append(row)
    ids = {row.proposal_id for row in rows} | {row.proposal_id for row in asked}
    found = {row.id: row for row in await proposals.several(session, ids)}
    rounds = await proposals.rounds_of(session, {row.round_id for row in found.values()})
    reviewers = await repository.holders(session, PERMISSIONS["assessment.review"]) if asked else []
    for review in asked:
        proposal = found[review.proposal_id]
        for grant in reviewers:
            known = rows_of.setdefault(grant.account_id, [])
            reaches = Grant(grant.role, grant.round_id, grant.district).reaches(proposal.round_id, proposal.district)
            if reaches and grant.account_id != review.refused_by and review not in known:
                known.append(review)
    for row in rows:
        row.reminded_at = now
    for review in asked:
        review.reminded_at = now
    told = 0
    for account_id, mine in sorted(rows_of.items()):
        account = await session.get(Account, account_id) if mine else None
        if account is None or account.email is None or account.blocked_at is not None:
            continue
        told += 1
        lines: list[dict[str, Any]] = [
            {
                "title": found[row.proposal_id].title,
                "number": found[row.proposal_id].number,
                "slug": rounds[found[row.proposal_id].round_id].slug,
                "late": row.due_at is not None and row.due_at < now,
                "review": isinstance(row, ReviewRequest),
                "due": int(row.due_at.timestamp()) if row.due_at else 0,
            }
            for row in sorted(mine, key=lambda row: row.due_at or now)
        ]
        await outbox.send(
            session,
            to=account.email,
            language=account.language,
            template="assessment/reminder",
            context={"lines": lines},
            kind="staff",
            account_id=account_id,
            now=now,
        )
    return told


async def _give(
    session: AsyncSession,
    proposal: Proposal,
    to: Receiver,
    *,
    due_at: datetime | None,
    lead: bool,
    by: UUID | None,
    now: datetime,
    by_rule: bool = False,
) -> None:
    known = await repository.assignments(session, [proposal.id])
    row = next((each for each in known if (each.unit_id, each.account_id) == (to.unit_id, to.account_id)), None)
    if row is None:
        row = Assignment(
            proposal_id=proposal.id,
            unit_id=to.unit_id,
            account_id=to.account_id,
            lead=lead,
            by_rule=by_rule,
            assigned_by=by,
            assigned_at=now,
        )
        session.add(row)
    row.due_at, row.lead, row.reminded_at = due_at or row.due_at, lead or row.lead, None
    await session.flush()


async def _check(session: AsyncSession, to: Receiver) -> None:
    if (to.unit_id is None) == (to.account_id is None):
        raise Refused([Problem("to", "required")])
    if to.unit_id and await staff.unit_by_id(session, to.unit_id) is None:
        raise Refused([Problem("to", "unknown")])
    account = await staff.account_by_id(session, to.account_id) if to.account_id else None
    if to.account_id and (account is None or not account.is_staff or account.blocked_at):
        raise Refused([Problem("to", "unknown")])
