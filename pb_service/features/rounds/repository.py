"""Queries of the stage rounds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from pb_service.core.rounds.setup import StepName
from pb_service.features.rounds.tables import (
    Contest,
    MunicipalityRow,
    PlaceRow,
    PlaceTable,
    Round,
    RoundAct,
    RoundStep,
    RoundUpload,
)

_WHOLE = selectinload(Round.contests).selectinload(Contest.projects)
_AT_ONCE = 5_000  # rows in one statement


async def by_slug(session: AsyncSession, slug: str, *, for_update: bool = False, whole: bool = True) -> Round | None:
    """Return a round, with its contests and projects when ``whole``, or None; optionally locked against others."""
    query = select(Round).where(Round.slug == slug)
    if whole:
        query = query.options(_WHOLE)
    # What was read before the lock was had may be old.
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked if for_update else query)).one_or_none()


async def id_of(session: AsyncSession, slug: str) -> UUID | None:
    return await session.scalar(select(Round.id).where(Round.slug == slug))


async def by_id(session: AsyncSession, round_id: UUID) -> Round | None:
    """Return a round without its contests, locked against other commands, or None."""
    query = select(Round).where(Round.id == round_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def void_contests(session: AsyncSession, round_id: UUID) -> Sequence[Contest]:
    query = select(Contest).where(Contest.round_id == round_id, Contest.void_at.is_not(None))
    return (await session.scalars(query)).all()


async def mark_void(
    session: AsyncSession, round_id: UUID, key: str, reason: Sequence[Sequence[str]], at: datetime
) -> None:
    """Keep that a contest is void, for pages; the record says it."""
    wanted = (Contest.round_id == round_id, Contest.key == key)
    await session.execute(update(Contest).where(*wanted).values(void_reason=list(reason), void_at=at))


async def published(session: AsyncSession) -> Sequence[Round]:
    """Return the rounds that anybody may see, newest vote first; those without a vote before all others."""
    query = select(Round).where(Round.phase != "set_up", ~Round.rehearsal).options(_WHOLE)
    return (await session.scalars(query.order_by(Round.closes_at.desc().nulls_first(), Round.slug))).all()


async def all_rounds(session: AsyncSession) -> Sequence[Round]:
    """Return every round without its contests, newest first: for staff."""
    return (await session.scalars(select(Round).order_by(Round.created_at.desc(), Round.slug))).all()


async def due(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Return the ids of the rounds whose next phase should have begun, the longest waiting first."""
    query = select(Round.id).where(Round.next_phase_at <= now, Round.paused_at.is_(None))
    return (await session.scalars(query.order_by(Round.next_phase_at, Round.id))).all()


async def steps_of(session: AsyncSession, round_ids: Iterable[UUID]) -> Mapping[UUID, Mapping[StepName, RoundStep]]:
    """Return the saved steps of rounds by name; a step that was never saved is not there."""
    wanted = list(round_ids)
    found: dict[UUID, dict[StepName, RoundStep]] = {round_id: {} for round_id in wanted}
    for row in await session.scalars(select(RoundStep).where(RoundStep.round_id.in_(wanted))):
        found[row.round_id][row.step] = row
    return found


async def acts_of(session: AsyncSession, round_ids: Iterable[UUID]) -> Mapping[UUID, list[RoundAct]]:
    """Return what happened to rounds since their publication, oldest first."""
    wanted = list(round_ids)
    found: dict[UUID, list[RoundAct]] = {round_id: [] for round_id in wanted}
    for row in await session.scalars(select(RoundAct).where(RoundAct.round_id.in_(wanted)).order_by(RoundAct.id)):
        found[row.round_id].append(row)
    return found


async def place_table(session: AsyncSession, round_id: UUID, kind: str) -> PlaceTable | None:
    """Return the newest version of a table of a round, or None."""
    query = select(PlaceTable).where(PlaceTable.round_id == round_id, PlaceTable.kind == kind)
    return (await session.scalars(query.order_by(PlaceTable.version.desc()).limit(1))).one_or_none()


async def with_place_tables(session: AsyncSession, round_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return which of the rounds have any table of places."""
    query = select(PlaceTable.round_id).where(PlaceTable.round_id.in_(list(round_ids))).distinct()
    return frozenset((await session.scalars(query)).all())


async def insert_place_rows(session: AsyncSession, table_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the rows of a table, some thousand in a statement."""
    for start in range(0, len(rows), _AT_ONCE):
        await session.execute(
            insert(PlaceRow), [{"table_id": table_id, **row} for row in rows[start : start + _AT_ONCE]]
        )


async def copy_place_table(
    session: AsyncSession, table: PlaceTable, round_id: UUID, account_id: UUID | None, now: datetime
) -> None:
    """Give another round the same table as its first version."""
    copy = PlaceTable(
        round_id=round_id,
        kind=table.kind,
        version=1,
        sha256=table.sha256,
        rows=table.rows,
        imported_by=account_id,
        imported_at=now,
    )
    session.add(copy)
    await session.flush()
    columns = [PlaceRow.place, PlaceRow.side, PlaceRow.first, PlaceRow.last, PlaceRow.district]
    rows = select(literal(copy.id, PlaceRow.table_id.type), *columns).where(PlaceRow.table_id == table.id)
    await session.execute(insert(PlaceRow).from_select(["table_id", *(column.key for column in columns)], rows))


async def districts_of_place(session: AsyncSession, table_id: UUID, place: str, number: int | None) -> Sequence[str]:
    """Return the districts of a postal code or street, sorted; with a house number those of that house.

    Rows that name the house go before the row of the whole street.
    """
    query = select(PlaceRow.district).where(PlaceRow.table_id == table_id, PlaceRow.place == place).distinct()
    query = query.order_by(PlaceRow.district).limit(50)
    if number is None:
        return (await session.scalars(query)).all()
    sides = ("both", "odd" if number % 2 else "even")
    house = query.where(PlaceRow.first <= number, PlaceRow.last >= number, PlaceRow.side.in_(sides))
    return (await session.scalars(house)).all() or (await session.scalars(query.where(PlaceRow.last == 0))).all()


async def upload(session: AsyncSession, round_id: UUID, upload_id: UUID) -> RoundUpload | None:
    """Return a file that waits for its import into that round, or None."""
    query = select(RoundUpload).where(RoundUpload.id == upload_id, RoundUpload.round_id == round_id)
    return (await session.scalars(query)).one_or_none()


async def drop_uploads(session: AsyncSession, *, before: datetime) -> None:
    """Forget the files that nobody imported."""
    await session.execute(delete(RoundUpload).where(RoundUpload.created_at < before))


async def place_rows(session: AsyncSession, table_id: UUID) -> list[tuple[str, str, int, int, str]]:
    """Return all rows of a table as (place, side, first, last, district)."""
    columns = (PlaceRow.place, PlaceRow.side, PlaceRow.first, PlaceRow.last, PlaceRow.district)
    found = await session.execute(select(*columns).where(PlaceRow.table_id == table_id))
    return [(place, side, first, last, district) for place, side, first, last, district in found]


async def municipality(session: AsyncSession) -> MunicipalityRow | None:
    """Return the row of the municipality, or None before it was first saved."""
    return (await session.scalars(select(MunicipalityRow))).one_or_none()


async def lock_municipality(session: AsyncSession, now: datetime) -> MunicipalityRow:
    """Return the row of the municipality, locked against others; before it was first saved, one of version 0."""
    first = insert(MunicipalityRow).values(id=1, version=0, content={}, edited_at=now)
    await session.execute(first.on_conflict_do_nothing())
    locked = select(MunicipalityRow).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


async def delete_round(session: AsyncSession, round_id: UUID) -> None:
    """Delete a round with its set-up, acts and tables. Only for rounds that nobody voted in."""
    await session.execute(delete(Round).where(Round.id == round_id))
