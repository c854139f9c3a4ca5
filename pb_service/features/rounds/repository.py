"""Queries of the stage rounds."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from pb_service.features.rounds.tables import Contest, Round

_WHOLE = selectinload(Round.contests).selectinload(Contest.projects)


async def by_slug(session: AsyncSession, slug: str, *, for_update: bool = False) -> Round | None:
    """Return a round with its contests and projects, or None; optionally locked against other commands."""
    query = select(Round).where(Round.slug == slug).options(_WHOLE)
    return (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()


async def published(session: AsyncSession) -> Sequence[Round]:
    """Return the rounds that anybody may see, newest vote first."""
    query = select(Round).where(Round.phase != "set_up").options(_WHOLE)
    return (await session.scalars(query.order_by(Round.closes_at.desc(), Round.slug))).all()
