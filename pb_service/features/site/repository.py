"""Queries of the stage site."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.site.tables import Feedback


async def add_feedback(session: AsyncSession, **values: object) -> UUID | None:
    """Store feedback and return its id; None when the same form was sent before."""
    added = insert(Feedback).values(**values).on_conflict_do_nothing(index_elements=[Feedback.once])
    return await session.scalar(added.returning(Feedback.id))


async def waiting_feedback(session: AsyncSession) -> Sequence[Feedback]:
    """Return what is not answered yet, the oldest first."""
    query = select(Feedback).where(Feedback.answered_at.is_(None)).order_by(Feedback.received_at, Feedback.id)
    return (await session.scalars(query.limit(500))).all()


async def answered_feedback(session: AsyncSession, most: int) -> Sequence[Feedback]:
    """Return what was answered lately, the newest first."""
    query = select(Feedback).where(Feedback.answered_at.is_not(None))
    return (await session.scalars(query.order_by(Feedback.answered_at.desc(), Feedback.id).limit(most))).all()


async def feedback_by_id(session: AsyncSession, feedback_id: UUID, *, for_update: bool = False) -> Feedback | None:
    """Return one, optionally locked against others, or None."""
    query = select(Feedback).where(Feedback.id == feedback_id)
    return (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()


async def late_feedback(session: AsyncSession, received_before: datetime) -> int:
    """Return how much received before a moment is not answered yet."""
    query = select(func.count()).where(Feedback.answered_at.is_(None), Feedback.received_at < received_before)
    return (await session.scalar(query.select_from(Feedback))) or 0


async def drop_answered_feedback(session: AsyncSession, before: datetime) -> None:
    """Delete what was answered before a moment."""
    await session.execute(delete(Feedback).where(Feedback.answered_at < before))
