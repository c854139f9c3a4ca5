"""The one way in which the state of a proposal changes: checked, told, and written into the record at once."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import RULES, Act, Hand, State, StateError, after
from pb_service.core.record import entries
from pb_service.core.rounds.phases import Phase
from pb_service.features.proposals import repository
from pb_service.features.proposals.errors import ActRefused
from pb_service.features.proposals.policy import require_not_own
from pb_service.features.proposals.tables import Proposal, ProposalAct, ProposalBook
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs

NOTICE_JOB = "proposals.notice"

#: Does, in the same transaction, what a later stage has to do after an act (filled in service.py).
AfterAct = Callable[[AsyncSession, Proposal, Act, datetime], Awaitable[None]]
after_acts: list[AfterAct] = []

#: Acts that a decision ends with, so that its time is told.
_DECIDING: frozenset[Act] = frozenset({"reject", "assess", "find_infeasible", "reinstate", "uphold"})


def phase_for(found: Round, hand: Hand, now: datetime) -> Phase:
    """Return the phase that holds for somebody's act.

    A deadline is what the timetable says: for authors the next phase has begun at its moment, also when the job that
    begins it has not come yet.
    """
    is_over = found.next_phase_at is not None and now >= found.next_phase_at
    if hand == "author" and is_over and found.next_phase and not found.held and not found.paused_at:
        return found.next_phase
    return found.phase


def next_state(found: Round, book: ProposalBook, state: State, act: Act, *, hand: Hand, now: datetime) -> State:
    """Return the state after an act. Raises ActRefused."""
    if found.paused_at is not None and hand == "author":
        raise ActRefused("paused", state)
    try:
        return after(state, act, hand=hand, phase=phase_for(found, hand, now), fixed=book.list_fixed_at is not None)
    except StateError as error:
        raise ActRefused(error.code, state) from error


async def moved(
    session: AsyncSession,
    proposal: Proposal,
    act: Act,
    about: Mapping[str, Any],
    *,
    hand: Hand,
    by_role: str,
    account_id: UUID | None,
    now: datetime,
    shown: Mapping[str, Any] | None = None,
    told: bool = True,
) -> ProposalAct:
    """Do an act to a proposal that is locked, with its authors loaded: state, row, entry of the record, and notice.

    What is taken in gets its public number here. ``about`` is what the record's salted file holds besides that number
    (hashes and figures, nothing personal), ``shown`` what pages show
    of it, such as reasons by language. ``by_role`` is the word for whose act it was in the record: ``resident`` or a
    role. ``told`` false: another entry of the same transaction tells it. Raises ActRefused, and OwnProposal when staff
    act on what they wrote.
    """
    if hand != "author":
        require_not_own(proposal, account_id)
    found = await repository.round_of(session, proposal.round_id)
    book = await repository.book(session, found.id)
    state = next_state(found, book, proposal.state, act, hand=hand, now=now)
    at = await record.moment_of_act(session, found.log, now)
    if proposal.number is None:
        book = await repository.book(session, found.id, for_update=True)
        book.last_number += 1
        proposal.number = book.last_number
    proposal.state = state
    if state == "published" and proposal.published_at is None:
        proposal.published_at = at
    if act in _DECIDING:
        proposal.decided_at = at
    proposal.changed_at = at
    told_of = {"number": proposal.number, **about}
    row = ProposalAct(
        proposal_id=proposal.id,
        act=act,
        state=proposal.state,
        kind=RULES[act].kind,
        at=at,
        by_role=by_role,
        account_id=account_id,
        about=told_of,
        shown=dict(shown or {}),
    )
    session.add(row)
    await session.flush()
    if told:
        await write(session, found, RULES[act].kind, f"p{proposal.number}", told_of, by=by_role, at=at)
    await jobs.enqueue(session, NOTICE_JOB, {"proposal": str(proposal.id), "act": act, "row": row.id})
    for effect in after_acts:
        await effect(session, proposal, act, at)
    return row


async def write(
    session: AsyncSession, found: Round, kind: str, object_id: str, about: Mapping[str, Any], *, by: str, at: datetime
) -> None:
    """Append an act to the round's record."""
    file_hash = await record.salted_file(session, about, kind=kind, at=at)
    entry = entries.act(kind, at=int(at.timestamp()), object_id=object_id, by=by, file_hash=file_hash)
    await record.append(session, found.log, entry)
