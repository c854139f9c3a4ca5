"""The sequencer gives entries their place in the record and publishes its signed head.

The order of its durable writes is the design (docs/adr/0014 says why):

1. one database transaction gives the waiting entries their indices and the log its head, comparing the old one;
2. the tiles of that head are written and synced;
3. the committed head is signed and published, comparing the checkpoint that stood there.

So a published checkpoint never speaks of anything that could still be lost, and what a crash leaves undone is only
derived: it is compared and rebuilt from the database at the next start. A checkpoint or tiles that the database does
not bear out mean that the database was set back or the files were exchanged; then nothing is signed any more.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pb_service.core.record import checkpoint, merkle, signatures, tiles
from pb_service.features.record import repository
from pb_service.features.record.errors import HeadMoved, RecordConflict
from pb_service.features.record.store import TileStore
from pb_service.features.record.tables import Log
from pb_service.platform.db import LOST, Database
from pb_service.platform.tasks import heed_cancellation, in_thread

ELECTION_LOCK = 5_022_319_908  # any number that nothing else locks by
BATCH = 10_000  # entries given an index in one transaction
_PASSING = (*LOST, HeadMoved)

log_event = structlog.get_logger()


@dataclass(frozen=True)
class _Known:
    """What this process has seen to be true of a log: its right edge, and the checkpoint published for it."""

    edge: tiles.Edge
    published: bytes


class Sequencer:
    """One of these works at a time, whoever holds the advisory lock; others stand by. ``signer`` is the key ``log``."""

    def __init__(self, database: Database, store: TileStore, signer: Ed25519PrivateKey) -> None:
        self._database = database
        self._store = store
        self._signer = signer
        self._public_key = signatures.public_bytes(signer)
        self._known: dict[UUID, _Known] = {}

    async def recover(self) -> None:
        """Compare what is published with the database, for every log, and rebuild what is missing.

        Does nothing while another sequencer works. Raises RecordConflict when the two contradict each other: do not
        start.
        """
        async with self._leading() as lock:
            if lock is not None:
                for log in await self._logs():
                    self._known[log.id] = await self._recover(log)

    async def run_once(self) -> dict[str, int]:
        """Sequence and publish everything that waits. Returns the published size of every log by slug.

        Returns nothing while another sequencer works. Raises RecordConflict as ``recover`` does, HeadMoved if another
        one interfered, and whatever the database or the disk raise: after each of these a later run carries on.
        """
        async with self._leading() as lock:
            return await self._run() if lock is not None else {}

    async def settle(self, interval: float = 0.1) -> None:
        """Return once every entry that is in the database now is published, by this sequencer or by the one at work."""
        async with self._database.reading() as session:
            wanted = {
                log.slug: await repository.count_entries(session, log.id) for log in await repository.all_logs(session)
            }
        while True:
            with suppress(HeadMoved):  # by another one that was at work; the next turn sees what it did
                await self.run_once()
            if all(self._on_disk(slug) >= size for slug, size in wanted.items()):
                return
            await asyncio.sleep(interval)

    async def run_forever(self, interval: float = 0.5) -> NoReturn:
        """Stay elected and begin a run every ``interval`` seconds until cancelled. Passing failures are outlived.

        Raises RecordConflict: an incident, after which nothing may be acknowledged until people have decided.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._leading() as lock:
                    while lock is not None:
                        begun = loop.time()
                        await self._run()
                        await asyncio.sleep(max(interval / 5, begun + interval - loop.time()))
                        await lock.execute(text("SELECT 1"))  # the lock lives and dies with its connection
            except _PASSING as error:
                heed_cancellation()
                log_event.warning("record.sequencer_failed", error=type(error).__name__)
            await asyncio.sleep(interval)

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[AsyncConnection | None]:
        """Yield the connection that holds the election lock, or None if another sequencer holds it."""
        async with self._database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            key = {"key": ELECTION_LOCK}
            if not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
                yield None
                return
            try:
                yield connection
            finally:
                try:
                    await connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
                except LOST:  # then the lock is gone with its session, or must go with it
                    await connection.invalidate()

    async def _logs(self) -> Sequence[Log]:
        async with self._database.reading() as session:
            return await repository.all_logs(session)

    async def _run(self) -> dict[str, int]:
        sizes = {}
        for log in await self._logs():
            known = self._known.pop(log.id, None)  # whatever fails below, the next run looks at everything again
            if known is None or (known.edge.size, known.edge.root) != (log.size, log.root):
                known = await self._recover(log)
            # What comes meanwhile waits for the next turn, unless there is more than a transaction takes: while
            # hundreds come each second, a turn without end would publish ten heads a second and do little else.
            more = True
            while more:
                before = known.edge.size
                known = await self._advance(log, known) or known
                more = known.edge.size - before == BATCH
            self._known[log.id] = known
            sizes[log.slug] = known.edge.size
        return sizes

    async def _advance(self, log: Log, known: _Known) -> _Known | None:
        """Take the waiting entries through the three steps, at most BATCH. Returns None if there are none."""
        old = known.edge
        async with self._database.transaction() as session:
            waiting = await repository.waiting_entries(session, log.id, BATCH)
            if not waiting:
                return None
            _check_bodies(log, [(entry.body, entry.leaf_hash) for entry in waiting])
            new, files = old.extend([entry.leaf_hash for entry in waiting])
            start = old.size - old.size % tiles.WIDTH
            tail = [
                body
                async for batch in repository.indexed_entries(session, log.id, start, old.size)
                for body, _ in batch
            ]
            files |= tiles.bundles(tail + [entry.body for entry in waiting], start)
            if not await repository.move_head(session, log.id, old, [entry.id for entry in waiting], new.root):
                raise HeadMoved(f"the head of {log.slug!r} is no longer at size {old.size}")
        await in_thread(self._store.write, log.slug, files)
        published = await in_thread(self._publish, log, new, known.published)
        await in_thread(self._store.remove_partial, log.slug, files)
        return _Known(new, published)

    def _publish(self, log: Log, edge: tiles.Edge, expected: bytes | None) -> bytes:
        """Replace the published checkpoint, if it is still the expected one, by that of the committed head."""
        signed = checkpoint.sign(checkpoint.Checkpoint(log.origin, edge.size, edge.root), self._signer)
        with self._store.publishing(log.slug):
            # A sequencer that lost its lock without noticing must not put an older head over a newer one.
            if self._store.read(log.slug, "checkpoint") != expected:
                raise HeadMoved(f"the checkpoint of {log.slug!r} was replaced in the meantime")
            self._store.write(log.slug, {"checkpoint": signed})
        return signed

    async def _recover(self, log: Log) -> _Known:
        """Bring the published files of a log in line with its committed head, or refuse."""
        try:
            return await self._reconcile(log.id)
        except RecordConflict as error:
            async with self._database.reading() as session:
                now = await repository.get_log(session, log.id)
            if now.size != log.size:  # a sequencer that lost its lock was still at work while we compared
                raise HeadMoved(f"the head of {log.slug!r} is no longer at size {log.size}") from error
            raise

    async def _reconcile(self, log_id: UUID) -> _Known:
        async with self._database.reading() as session:
            log = await repository.get_log(session, log_id)
            leaves = await repository.leaf_hashes(session, log.id, log.size)
            edge, files = tiles.Edge().extend(leaves)
            if (edge.size, edge.root) != (log.size, log.root):
                raise RecordConflict(
                    f"The record {log.slug!r} is damaged: its entries do not have the root that the database holds for "
                    f"size {log.size}. Restore the database from a backup."
                )
            published = await in_thread(self._store.read, log.slug, "checkpoint")
            size = self._published_size(log, published, leaves)
            found = await in_thread(self._store.tiles, log.slug)
            if beyond := [tile.path for tile in found if tile.end > log.size]:
                raise RecordConflict(
                    f"The record {log.slug!r} has {log.size} entries in the database, but {beyond[0]} on disk is of a "
                    "larger one. The database was set back: restore its newest state."
                )
            await in_thread(self._store.write, log.slug, files)
            start = 0
            async for batch in repository.indexed_entries(session, log.id, 0, log.size):
                _check_bodies(log, batch)
                files = tiles.bundles([body for body, _ in batch], start)
                await in_thread(self._store.write, log.slug, files)
                start += len(batch)
        await in_thread(self._repair_partial, log, found)
        if published is None or size < log.size:
            published = await in_thread(self._publish, log, edge, published)
        return _Known(edge, published)

    def _on_disk(self, slug: str) -> int:
        published = self._store.read(slug, "checkpoint")
        return -1 if published is None else checkpoint.parse(published).size

    def _published_size(self, log: Log, published: bytes | None, leaves: Sequence[bytes]) -> int:
        """Return the size of the published checkpoint, after making sure that the database bears it out."""
        if published is None:
            return 0
        try:
            head = checkpoint.verify(published, log.origin, self._public_key)
        except checkpoint.CheckpointError as error:
            raise RecordConflict(
                f"The published checkpoint of {log.slug!r} is not ours: {error}. If the key was lost, restore it; "
                "never sign the same record with another one."
            ) from error
        if head.size > len(leaves):
            raise RecordConflict(
                f"The published checkpoint of {log.slug!r} has {head.size} entries, the database only {len(leaves)}. "
                "The database was set back: restore its newest state."
            )
        if merkle.root(leaves[: head.size]) != head.root:
            raise RecordConflict(
                f"The published checkpoint of {log.slug!r} and the database disagree about the first {head.size} "
                "entries. Restore the database that published it; nothing may be signed before."
            )
        return head.size

    def _repair_partial(self, log: Log, found: Sequence[tiles.Tile]) -> None:
        """Rewrite partial tiles of earlier sizes that are not the beginning of the present tile of their place."""
        for tile in found:
            present = tile.grown(log.size)
            whole = self._store.read(log.slug, present.path)
            if whole is not None and present.width > tile.width:
                self._store.write(log.slug, {tile.path: tile.cut(whole)})


def _check_bodies(log: Log, entries: Sequence[tuple[bytes, bytes]]) -> None:
    if any(merkle.leaf_hash(body) != leaf for body, leaf in entries):
        raise RecordConflict(f"An entry of the record {log.slug!r} is damaged: restore the database from a backup.")
