"""Queries of the stage desk."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.tables import Account, RoleGrant
from pb_service.features.desk.tables import BoxAccount, BoxReading, DeskPlace, DeskShift, KeyedBallot
from pb_service.features.voting.tables import PaperHandout


class Given(NamedTuple):
    """How many people were given paper of a contest at a box: all, and those whose entries are not struck."""

    all: int
    standing: int


async def places_of(session: AsyncSession, round_id: UUID) -> Sequence[DeskPlace]:
    """Return the places of a round by name."""
    query = select(DeskPlace).where(DeskPlace.round_id == round_id).order_by(DeskPlace.name, DeskPlace.id)
    return (await session.scalars(query)).all()


async def shifts_of(session: AsyncSession, round_id: UUID) -> Sequence[DeskShift]:
    """Return the shifts at all places of a round, in order of time."""
    query = select(DeskShift).join(DeskPlace, DeskPlace.id == DeskShift.place_id)
    return (await session.scalars(query.where(DeskPlace.round_id == round_id).order_by(DeskShift.from_at))).all()


async def officers_of(session: AsyncSession, round_id: UUID) -> Sequence[tuple[UUID, str]]:
    """Return the desk officers of a round, by name."""
    query = (
        select(Account.id, Account.name)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.role == "desk",
            RoleGrant.revoked_at.is_(None),
            or_(RoleGrant.round_id.is_(None), RoleGrant.round_id == round_id),
            Account.blocked_at.is_(None),
        )
        .distinct()
        .order_by(Account.name, Account.id)
    )
    return [(account_id, name or "") for account_id, name in await session.execute(query)]


async def given_out(session: AsyncSession, log_id: UUID) -> dict[tuple[str, str], Given]:
    """Return how many paper ballots the record says were given, by contest and box."""
    query = (
        select(
            PaperHandout.contest,
            PaperHandout.no,
            func.count(),
            func.count().filter(PaperHandout.struck_at.is_(None)),
        )
        .where(PaperHandout.log_id == log_id)
        .group_by(PaperHandout.contest, PaperHandout.no)
    )
    return {(contest, no): Given(every, left) for contest, no, every, left in await session.execute(query)}


async def accounts_of(session: AsyncSession, round_id: UUID) -> dict[tuple[str, str], BoxAccount]:
    """Return the accounts of the boxes of a round, by contest and box."""
    rows = (await session.scalars(select(BoxAccount).where(BoxAccount.round_id == round_id))).all()
    return {(row.contest, row.no): row for row in rows}


async def readings_of(session: AsyncSession, round_id: UUID) -> Sequence[BoxReading]:
    """Return who reads which box of a round."""
    return (await session.scalars(select(BoxReading).where(BoxReading.round_id == round_id))).all()


async def keyed_of(session: AsyncSession, round_id: UUID) -> Sequence[KeyedBallot]:
    """Return every reading of every ballot of a round."""
    query = select(KeyedBallot).where(KeyedBallot.round_id == round_id).order_by(KeyedBallot.number)
    return (await session.scalars(query)).all()


async def drop_readings(session: AsyncSession, round_id: UUID, contest: str, no: str) -> None:
    """Forget every reading of a box, so that it is read again from the beginning."""
    for table in (KeyedBallot, BoxReading):
        await session.execute(delete(table).where(table.round_id == round_id, table.contest == contest, table.no == no))
