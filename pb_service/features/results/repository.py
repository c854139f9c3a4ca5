"""Queries of the stage results."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.results.tables import ContestExplanation


async def explanation_of(session: AsyncSession, contest_id: UUID) -> ContestExplanation | None:
    """Return what was derived from a contest's count, or None if that was not done yet."""
    query = select(ContestExplanation).where(ContestExplanation.contest_id == contest_id)
    return (await session.scalars(query)).one_or_none()
