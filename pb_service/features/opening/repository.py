"""Queries of the stage opening."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opening.tables import ManifestSignature, Opening


async def opening_of(session: AsyncSession, round_id: UUID) -> Opening | None:
    """Return the opening of a round, or None before it was begun."""
    return (await session.scalars(select(Opening).where(Opening.round_id == round_id))).one_or_none()


async def signatures_of(session: AsyncSession, round_id: UUID) -> Sequence[ManifestSignature]:
    """Return who has signed the draft of a round's manifest, by role."""
    found = select(ManifestSignature).where(ManifestSignature.round_id == round_id).order_by(ManifestSignature.role)
    return (await session.scalars(found)).all()


async def drop_signatures(session: AsyncSession, round_id: UUID) -> None:
    """Forget the signatures under a draft that is made anew."""
    await session.execute(delete(ManifestSignature).where(ManifestSignature.round_id == round_id))
