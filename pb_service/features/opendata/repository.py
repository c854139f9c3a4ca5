"""Queries of the stage opendata."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.tables import Account
from pb_service.features.opendata.tables import EvidenceExport, Verification


async def latest_verification(session: AsyncSession, round_id: UUID) -> Verification | None:
    """Return the newest run of the checker over a round's bundle, or None."""
    query = select(Verification).where(Verification.round_id == round_id)
    return (await session.scalars(query.order_by(Verification.id.desc()).limit(1))).one_or_none()


async def export_by_id(session: AsyncSession, export_id: UUID) -> EvidenceExport | None:
    """Return an export of evidence, or None."""
    return (await session.scalars(select(EvidenceExport).where(EvidenceExport.id == export_id))).one_or_none()


async def exports_of(session: AsyncSession, round_id: UUID) -> Sequence[EvidenceExport]:
    """Return the exports of a round, newest first."""
    query = select(EvidenceExport).where(EvidenceExport.round_id == round_id)
    return (await session.scalars(query.order_by(EvidenceExport.asked_at.desc(), EvidenceExport.id).limit(50))).all()


async def account_ids(session: AsyncSession) -> Sequence[UUID]:
    """Return the ids of all accounts."""
    return (await session.scalars(select(Account.id).order_by(Account.id))).all()
