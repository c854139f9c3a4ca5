"""The money of a counted round district by district, beside the round before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.features.counting import repository as counting
from pb_service.features.results.service import outcome_of
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Counted:
    """One contest in numbers. Money in minor units."""

    ballots: int
    projects: int
    chosen: int
    cost: int
    budget: int


@dataclass(frozen=True)
class District:
    """A contest by its key and title, and what the same one was in the round before, None if it had none."""

    key: str
    title: Sequence[Sequence[str]]
    now: Counted
    before: Counted | None


@dataclass(frozen=True)
class Previous:
    """The round before: its address and names, and whether its money is in the same currency."""

    slug: str
    names: Sequence[Sequence[str]]
    is_same_money: bool


async def by_district(session: AsyncSession, found: Round) -> tuple[list[District], Previous | None]:
    """Return the contests of a counted round, and the round before it.

    That is the last public round counted whose vote ended before this one's began and that has one of its districts,
    or a contest of the same key: so an archive of another town is not taken for it.
    """
    now = await _counted(session, found)
    keys = {contest.key for contest in found.contests}
    for earlier in await rounds.published(session):
        is_before = earlier.closes_at and found.opens_at and earlier.closes_at < found.opens_at
        if not is_before or earlier.phase not in AFTER_COUNT or keys.isdisjoint(c.key for c in earlier.contests):
            continue
        before = await _counted(session, earlier)
        is_same = (earlier.currency, earlier.unit) == (found.currency, found.unit)
        previous: Previous | None = Previous(earlier.slug, earlier.names, is_same)
        break
    else:
        before, previous = {}, None
    lines = [
        District(contest.key, contest.title, now[contest.key], before.get(contest.key))
        for contest in found.contests
        if contest.key in now
    ]
    return lines, previous


async def _counted(session: AsyncSession, found: Round) -> dict[str, Counted]:
    counts = {}
    for contest, count in await counting.counts_of_round(session, found.id):
        outcome = await outcome_of(session, count)
        counts[contest.key] = Counted(
            ballots=outcome["counts"]["ballots"],
            projects=len(outcome["projects"]),
            chosen=len(outcome["winners"]),
            cost=outcome["cost"],
            budget=outcome["budget"],
        )
    return counts
