"""Closing a round and counting its contests. Functions never commit; the command's edge does."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, entries
from pb_service.core.rounds import phases
from pb_service.core.rounds.documents import Ballot, BallotsDocument, OutcomeDocument
from pb_service.core.rounds.limits import count_ballots
from pb_service.core.tally import Instance, tally
from pb_service.core.tally import Project as TallyProject
from pb_service.features.counting import repository
from pb_service.features.counting.tables import ContestCount, OpenBallots
from pb_service.features.record import service as record
from pb_service.features.rounds.service import find_round
from pb_service.features.rounds.tables import Contest, Round


def store_ballots(session: AsyncSession, contest: Contest, ballots: Sequence[Ballot]) -> None:
    """Keep the ballots of a contest in mode ``open``, sorted, so that nothing of their order is left."""
    ordered = sorted(ballots)
    session.add(OpenBallots(contest_id=contest.id, ballots=canonical.encode(ordered)))


async def close(session: AsyncSession, slug: str, *, operator: Ed25519PrivateKey, now: datetime) -> None:
    """End the vote: log the ``close`` entry, which names the size of the record before it."""
    closing = await find_round(session, slug, for_update=True)
    phases.require(closing.phase, "voting")
    _, closes_at = closing.vote
    if now < closes_at:
        raise phases.PhaseError(f"the vote is open until {closes_at.isoformat()}")
    eid = await _election_id(session, closing)
    size = await record.next_index(session, closing.log)
    entry = entries.close_entry(eid, size, int(now.timestamp()), {"op": operator})
    await record.append(session, closing.log, entry)
    closing.phase = "counting"


async def count(
    session: AsyncSession,
    slug: str,
    *,
    operator: Ed25519PrivateKey,
    now: datetime,
    progress: Callable[[str], None] = lambda _title: None,
) -> None:
    """Count every contest of a closed round and log each result: preliminary until a decision confirms it."""
    counted = await find_round(session, slug, for_update=True)
    phases.require(counted.phase, "counting")
    eid = await _election_id(session, counted)
    for contest in counted.contests:
        progress(contest.title[0][1])
        await _count_contest(session, counted, contest, eid, operator=operator, now=now)
    counted.phase = "results"


async def _count_contest(
    session: AsyncSession, counted: Round, contest: Contest, eid: bytes, *, operator: Ed25519PrivateKey, now: datetime
) -> None:
    stored = await repository.open_ballots(session, contest.id)
    ballots = cast(list[Ballot], canonical.decode(stored.ballots))
    # Beside the loop: a server that runs this as a job answers its readers meanwhile.
    outcome = await asyncio.to_thread(outcome_document, contest, ballots, eid, unit=counted.unit)
    published: BallotsDocument = {"v": 1, "e": canonical.b64u(eid), "d": contest.key, "open": ballots}
    count = ContestCount(
        contest_id=contest.id,
        ballots_sha256=await record.put_file(session, canonical.encode(published), kind="ballots", at=now),
        outcome_sha256=await record.put_file(session, canonical.encode(outcome), kind="outcome", at=now),
        counted_at=now,
    )
    session.add(count)
    entry = entries.result_entry(eid, contest.key, count.ballots_sha256, count.outcome_sha256, {"op": operator})
    await record.append(session, counted.log, entry)


def instance_of(contest: Contest, ballots: Sequence[Ballot], *, unit: int) -> Instance:
    """Return the tally's view of a contest."""
    projects = [TallyProject(project.code, project.cost) for project in contest.projects]
    return Instance(projects, contest.budget, contest.fmt, ballots, unit=unit, contest=contest.key)


def outcome_document(contest: Contest, ballots: Sequence[Ballot], eid: bytes, *, unit: int) -> OutcomeDocument:
    """Return the outcome of a contest: a pure function of manifest and ballots (bundle.md section 7)."""
    outcome = tally(instance_of(contest, ballots, unit=unit), contest.rule).document()
    counts = count_ballots(ballots, contest.fmt, contest.limits, [project.cost for project in contest.projects])
    return cast(OutcomeDocument, {**outcome, "v": 1, "e": canonical.b64u(eid), "d": contest.key, "counts": counts})


async def _election_id(session: AsyncSession, frozen: Round) -> bytes:
    assert frozen.manifest_sha256 is not None  # noqa: S101 # the table's constraint says so after the freeze
    return entries.election_id(await record.get_file(session, frozen.manifest_sha256))
