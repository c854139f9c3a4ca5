"""Every query on the tables of the record."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, cast, column, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.tiles import WIDTH, Edge
from pb_service.features.record.tables import Log, LogEntry, RecordFile

_READ_AT_ONCE = 40 * WIDTH  # whole entry bundles


class Waiting(NamedTuple):
    """An entry that has no index yet."""

    id: int
    body: bytes
    leaf_hash: bytes


async def insert_log(session: AsyncSession, slug: str, origin: str) -> Log:
    """Return the log of that address and origin, made if there is none."""
    await session.execute(insert(Log).values(slug=slug, origin=origin).on_conflict_do_nothing(index_elements=["slug"]))
    return (await session.scalars(select(Log).where(Log.slug == slug))).one()


async def all_logs(session: AsyncSession) -> Sequence[Log]:
    return (await session.scalars(select(Log).order_by(Log.id))).all()


async def get_log(session: AsyncSession, log_id: UUID) -> Log:
    # Read anew each time: a session that has met the log before it was locked would remember an older size.
    query = select(Log).where(Log.id == log_id).execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def log_by_slug(session: AsyncSession, slug: str) -> Log | None:
    return (await session.scalars(select(Log).where(Log.slug == slug))).one_or_none()


async def waiting_by_log(session: AsyncSession) -> Sequence[tuple[str, int, int]]:
    """Return for each log with entries without an index its slug, the first one's id, and how many there are."""
    waiting = (
        select(Log.slug, func.min(LogEntry.id), func.count())
        .join(LogEntry, LogEntry.log_id == Log.id)
        .where(LogEntry.idx.is_(None))
        .group_by(Log.slug)
        .order_by(Log.slug)
    )
    return [(slug, first, number) for slug, first, number in await session.execute(waiting)]


async def insert_entries(session: AsyncSession, log_id: UUID, entries: Sequence[tuple[bytes, bytes]]) -> None:
    """Add entries, given as (body, leaf hash), in this order.

    The lock on the log comes first, so that an entry that waits behind ``lock_log`` also gets its number after it.
    """
    await session.execute(select(Log.id).where(Log.id == log_id).with_for_update(read=True, key_share=True))
    await session.execute(
        insert(LogEntry), [{"log_id": log_id, "body": body, "leaf_hash": leaf} for body, leaf in entries]
    )


async def add_entries(session: AsyncSession, log_id: UUID, entries: Sequence[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """As `insert_entries`, in one statement for many; returns the number of each entry by its leaf hash."""
    await session.execute(select(Log.id).where(Log.id == log_id).with_for_update(read=True, key_share=True))
    given = (
        func.unnest(
            cast([body for body, _ in entries], ARRAY(LargeBinary)),
            cast([leaf for _, leaf in entries], ARRAY(LargeBinary)),
        )
        .table_valued(column("body", LargeBinary), column("leaf_hash", LargeBinary), with_ordinality="place")
        .render_derived(name="given")
    )
    rows = select(literal(log_id, LogEntry.log_id.type), given.c.body, given.c.leaf_hash).order_by(given.c.place)
    added = insert(LogEntry).from_select(["log_id", "body", "leaf_hash"], rows)
    found = await session.execute(added.returning(LogEntry.leaf_hash, LogEntry.id))
    return {row[0]: row[1] for row in found}


async def lock_log(session: AsyncSession, log_id: UUID) -> None:
    """Wait until no other transaction is adding entries to the log, and keep others from it until this one ends."""
    await session.execute(select(Log.id).where(Log.id == log_id).with_for_update())


async def count_entries(session: AsyncSession, log_id: UUID) -> int:
    """Return how many entries the log has, with an index or waiting for one."""
    return await session.scalar(select(func.count()).select_from(LogEntry).where(LogEntry.log_id == log_id)) or 0


async def waiting_entries(session: AsyncSession, log_id: UUID, limit: int | None = None) -> list[Waiting]:
    """Return the oldest entries without an index, at most ``limit``."""
    found = await session.execute(
        select(LogEntry.id, LogEntry.body, LogEntry.leaf_hash)
        .where(LogEntry.log_id == log_id, LogEntry.idx.is_(None))
        .order_by(LogEntry.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in found]


async def move_head(session: AsyncSession, log_id: UUID, old: Edge, ids: Sequence[int], root: bytes) -> bool:
    """Give the entries the next indices and the log its new head, if the head is still ``old``; say whether."""
    moved = await session.execute(
        update(Log)
        .where(Log.id == log_id, Log.size == old.size, Log.root == old.root)
        .values(size=old.size + len(ids), root=root)
        .returning(Log.id)
    )
    if moved.one_or_none() is None:
        return False
    given = (
        func.unnest(cast(list(ids), ARRAY(BigInteger)))
        .table_valued(column("id", BigInteger), with_ordinality="place")
        .render_derived(name="given")
    )
    await session.execute(
        update(LogEntry)
        .where(LogEntry.id == given.c.id, LogEntry.idx.is_(None))
        .values(idx=literal(old.size - 1, BigInteger) + given.c.place)
        .execution_options(synchronize_session=False)
    )
    return True


async def newest_bodies(session: AsyncSession, log_id: UUID, limit: int) -> Sequence[bytes]:
    """Return the newest entries, with an index or waiting for one, newest first."""
    found = select(LogEntry.body).where(LogEntry.log_id == log_id).order_by(LogEntry.id.desc()).limit(limit)
    return (await session.scalars(found)).all()


async def leaf_hashes(session: AsyncSession, log_id: UUID, size: int) -> Sequence[bytes]:
    """Return the leaf hashes of the entries below index ``size``, in order."""
    found = select(LogEntry.leaf_hash).where(LogEntry.log_id == log_id, LogEntry.idx < size).order_by(LogEntry.idx)
    return (await session.scalars(found)).all()


async def indexed_entries(
    session: AsyncSession, log_id: UUID, start: int, end: int
) -> AsyncIterator[Sequence[tuple[bytes, bytes]]]:
    """Yield (body, leaf hash) of the entries from index ``start`` to ``end``, in order, some thousand at a time."""
    for low in range(start, end, _READ_AT_ONCE):
        found = await session.execute(
            select(LogEntry.body, LogEntry.leaf_hash)
            .where(LogEntry.log_id == log_id, LogEntry.idx >= low, LogEntry.idx < min(low + _READ_AT_ONCE, end))
            .order_by(LogEntry.idx)
        )
        yield [(body, leaf) for body, leaf in found]


async def insert_file(session: AsyncSession, sha256: bytes, body: bytes, kind: str, at: datetime) -> None:
    """Keep a file. Keeping the same one again changes nothing."""
    await session.execute(
        insert(RecordFile).values(sha256=sha256, body=body, kind=kind, created_at=at).on_conflict_do_nothing()
    )


async def insert_files(session: AsyncSession, files: Sequence[tuple[bytes, bytes]], kind: str, at: datetime) -> None:
    """Keep many files of one kind: (SHA-256, content) each."""
    rows = [{"sha256": sha256, "body": body, "kind": kind, "created_at": at} for sha256, body in files]
    await session.execute(insert(RecordFile).on_conflict_do_nothing(), rows)


async def file_body(session: AsyncSession, sha256: bytes) -> bytes | None:
    return await session.scalar(select(RecordFile.body).where(RecordFile.sha256 == sha256))


async def erase_file(session: AsyncSession, sha256: bytes) -> None:
    await session.execute(delete(RecordFile).where(RecordFile.sha256 == sha256))


async def all_bodies(session: AsyncSession, log_id: UUID) -> Sequence[bytes]:
    """Return every entry of the log, with an index or waiting for one."""
    return (await session.scalars(select(LogEntry.body).where(LogEntry.log_id == log_id).order_by(LogEntry.id))).all()


async def delete_log(session: AsyncSession, log_id: UUID, files: Sequence[bytes]) -> None:
    """Delete a log, its entries, and the files of those hashes. Only for rehearsals."""
    await session.execute(delete(LogEntry).where(LogEntry.log_id == log_id))
    await session.execute(delete(Log).where(Log.id == log_id))
    await session.execute(delete(RecordFile).where(RecordFile.sha256.in_(files)))
