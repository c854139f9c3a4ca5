"""Queries of the stage opendata."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata.tables import Verification


async def latest_verification(session: AsyncSession, round_id: UUID) -> Verification | None:
    """Return the newest run of the checker over a round's bundle, or None."""
    query = select(Verification).where(Verification.round_id == round_id)
    return (await session.scalars(query.order_by(Verification.id.desc()).limit(1))).one_or_none()
