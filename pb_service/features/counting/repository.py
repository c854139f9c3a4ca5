"""Queries of the stage counting."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.counting.tables import ContestCount, CountingStep, OpenBallots, OpenedList, VoteClosing
from pb_service.features.rounds.tables import Contest, Round


async def open_ballots(session: AsyncSession, contest_id: UUID) -> OpenBallots:
    """Return the stored ballots of a contest in mode ``open``."""
    return (await session.scalars(select(OpenBallots).where(OpenBallots.contest_id == contest_id))).one()


async def count_of(session: AsyncSession, contest_id: UUID) -> ContestCount | None:
    """Return the count of a contest, or None before it."""
    return (await session.scalars(select(ContestCount).where(ContestCount.contest_id == contest_id))).one_or_none()


async def counts_of_round(session: AsyncSession, round_id: UUID) -> Sequence[tuple[Contest, ContestCount]]:
    """Return the counted contests of a round in the manifest's order."""
    query = (
        select(Contest, ContestCount)
        .join(ContestCount, ContestCount.contest_id == Contest.id)
        .where(Contest.round_id == round_id)
        .order_by(Contest.position)
    )
    return [(contest, count) for contest, count in await session.execute(query)]


async def closing_of(session: AsyncSession, round_id: UUID) -> VoteClosing | None:
    """Return who closes, or has closed, the vote of a round; None before anybody said that it is over."""
    return (await session.scalars(select(VoteClosing).where(VoteClosing.round_id == round_id))).one_or_none()


async def steps_of(session: AsyncSession, round_id: UUID) -> Sequence[CountingStep]:
    """Return the steps of a count, oldest first, those that were refused among them."""
    query = select(CountingStep).where(CountingStep.round_id == round_id).order_by(CountingStep.id)
    return (await session.scalars(query)).all()


async def keep_opened(session: AsyncSession, round_id: UUID, contest: str, trustee: int, sha256: bytes) -> bytes:
    """Keep which list of a contest a trustee opens, and return the one that was kept first."""
    row = {"round_id": round_id, "contest": contest, "trustee": trustee}
    await session.execute(insert(OpenedList).values(**row, list_sha256=sha256).on_conflict_do_nothing())
    query = select(OpenedList.list_sha256).where(
        OpenedList.round_id == round_id, OpenedList.contest == contest, OpenedList.trustee == trustee
    )
    return (await session.scalars(query)).one()


async def contest_called(session: AsyncSession, round_id: UUID, key: str) -> Contest:
    """Return a contest of a round by its id in the record."""
    return (await session.scalars(select(Contest).where(Contest.round_id == round_id, Contest.key == key))).one()


async def round_called(session: AsyncSession, round_id: UUID) -> Round | None:
    """Return a round without its contests, or None when it is gone."""
    return await session.get(Round, round_id)


async def open_rounds(session: AsyncSession) -> Sequence[Round]:
    """Return the rounds of one's own whose vote is open, by address."""
    query = select(Round).where(Round.phase == "voting", Round.imported.is_(False), Round.log_id.is_not(None))
    return (await session.scalars(query.order_by(Round.slug))).all()
