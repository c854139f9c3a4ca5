"""Queries of the stage opening."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opening.tables import CeremonyStep, ManifestSignature, Opening, RehearsalMessage, TrusteeSeat


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


async def seats_of(session: AsyncSession, round_id: UUID) -> dict[int, TrusteeSeat]:
    """Return the seats of trustees outside, by number."""
    query = select(TrusteeSeat).where(TrusteeSeat.round_id == round_id).order_by(TrusteeSeat.number)
    return {seat.number: seat for seat in await session.scalars(query)}


async def seat_of(session: AsyncSession, round_id: UUID, account_id: UUID | None) -> TrusteeSeat | None:
    """Return the seat of a person in a round, or None."""
    query = select(TrusteeSeat).where(TrusteeSeat.round_id == round_id, TrusteeSeat.account_id == account_id)
    return (await session.scalars(query)).one_or_none()


async def lost_of(session: AsyncSession, round_id: UUID) -> frozenset[int]:
    """Return the numbers of the trustees without whom a count goes on."""
    query = select(TrusteeSeat.number).where(TrusteeSeat.round_id == round_id, TrusteeSeat.lost_at.is_not(None))
    return frozenset((await session.scalars(query)).all())


async def ceremony_steps(session: AsyncSession, round_id: UUID) -> Sequence[CeremonyStep]:
    """Return the messages of a round's ceremonies and rehearsal, oldest first, those refused among them."""
    query = select(CeremonyStep).where(CeremonyStep.round_id == round_id).order_by(CeremonyStep.id)
    return (await session.scalars(query)).all()


async def rehearsal_messages(session: AsyncSession, round_id: UUID) -> Sequence[bytes]:
    """Return the messages of a rehearsal in their order."""
    query = select(RehearsalMessage.body).where(RehearsalMessage.round_id == round_id)
    return (await session.scalars(query.order_by(RehearsalMessage.place))).all()


async def drop_rehearsal(session: AsyncSession, round_id: UUID) -> None:
    """Forget the messages of a rehearsal."""
    await session.execute(delete(RehearsalMessage).where(RehearsalMessage.round_id == round_id))
