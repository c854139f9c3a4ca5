"""Queries of the stage counting."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.counting.tables import ContestCount, OpenBallots
from pb_service.features.rounds.tables import Contest


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
