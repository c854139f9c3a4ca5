"""Closing a sealed vote: two people say that it is over, the record says so, and the count is asked for."""

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.counting import repository
from pb_service.features.counting.errors import ClosingRefused
from pb_service.features.counting.tables import VoteClosing
from pb_service.features.opening.service import GRACE
from pb_service.features.opening.state import state_of
from pb_service.features.rounds.schedule import begin
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.orders import COUNT_JOB
from pb_service.platform import jobs


async def close_vote(
    session: AsyncSession, actor: Actor, found: Round, *, operator: Ed25519PrivateKey, now: datetime
) -> bool:
    """Say that the vote of a locked round is over; the second person closes it. Returns whether it is closed now.

    Not before the time of the manifest and the grace of those who were voting then. Saying it twice changes nothing.
    Raises ClosingRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "counts.close", round_id=found.id, now=now)
    if found.imported:
        raise ClosingRefused("imported")
    if found.phase != "voting":
        raise ClosingRefused("phase", "This round is not in its phase of voting.")
    if found.paused_at is not None:
        raise ClosingRefused("paused", "The round is paused.")
    state = await state_of(session, found.log, hold=True)
    election = state.election
    assert election.manifest is not None  # noqa: S101 - it is voted on
    over_at = datetime.fromtimestamp(election.closes, now.tzinfo)
    if now < over_at + timedelta(seconds=election.manifest.document["grace"]):
        raise ClosingRefused("early", "The vote is not over yet.")
    closing = await repository.closing_of(session, found.id)
    if closing is None:
        session.add(VoteClosing(round_id=found.id, first_by=actor.account_id, first_at=now))
        await access_log.note(session, actor.account_id, "vote.closing", found.slug, now=now)
        return False
    if closing.first_by in {None, actor.account_id}:  # whose account is gone cannot be told from the second
        closing.first_by, closing.first_at = actor.account_id, now
        return False
    closing.second_by, closing.closed_at = actor.account_id, now
    at = int(now.timestamp())
    await state.append(session, entries.close_entry(election.manifest.eid, election.size, at, {"op": operator}))
    await begin(session, found, "counting", pusher="close", role="manager", account_id=actor.account_id, now=now)
    await access_log.note(session, actor.account_id, "vote.closed", found.slug, now=now)
    strikes = timedelta(seconds=election.manifest.document["strikes"])
    await jobs.enqueue(session, COUNT_JOB, {"round": str(found.id)}, run_at=now + strikes, key=f"count:{found.id}")
    return True


def over_at(found: Round) -> datetime | None:
    """Return from when on a vote may be closed: its end, and the grace of those who were voting then."""
    return found.closes_at + timedelta(seconds=GRACE) if found.closes_at else None


async def guard_close(session: AsyncSession, found: Round, target: Phase, _now: datetime) -> Problem | None:
    """A phase guard: a sealed vote is closed by people, never by the clock alone."""
    if target != "counting" or found.imported:
        return None
    closing = await repository.closing_of(session, found.id)
    return None if closing is not None and closing.closed_at is not None else Problem("phase", "not_closed")
