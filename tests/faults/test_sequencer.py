"""The sequencer's durable writes, each failed or done with its reply lost; kills, rivals, set-back databases, forks.

Whatever happens, a published checkpoint is borne out by database and tiles, every later one extends it, and after a
restart the record goes on. Where that cannot be kept, the sequencer refuses to work.
"""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import checkpoint, merkle, signatures, tiles
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.features.record import repository, service
from pb_service.features.record.errors import HeadMoved, RecordConflict
from pb_service.features.record.sequencer import ELECTION_LOCK, Sequencer
from pb_service.features.record.store import TileStore
from pb_service.platform.db import Database

SLUG = "demo"
ORIGIN = "localhost/pb/demo"
SEED = b"\x07" * 32
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
#: What a run writes that takes a log from 100 to 400 entries: five tiles and bundles, then the checkpoint.
FILES = 6
#: Seconds after which what is waited for will not come any more.
PATIENCE = 120


class FaultyDatabase(Database):
    """Fails at the end of the first transaction: rolled back (`done` False), or committed and the reply lost."""

    def __init__(self, url: str, *, done: bool) -> None:
        super().__init__(url, pool_size=5)
        self.armed, self._done = True, done

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        fails, self.armed = self.armed, False
        async with super().transaction() as session:
            yield session
            if fails and not self._done:
                raise ConnectionResetError
        if fails:
            raise ConnectionResetError


class FaultyStore(TileStore):
    """Fails once, at the write of file number `at`, before or after it is in its place."""

    def __init__(self, root: Path, *, at: int, done: bool) -> None:
        super().__init__(root)
        self.writes, self._at, self._done = 0, at, done

    def _replace(self, target: Path, content: bytes) -> None:
        self.writes += 1
        fails = self.writes == self._at
        if fails and not self._done:
            raise OSError
        super()._replace(target, content)
        if fails:
            raise OSError


class StalledStore(TileStore):
    """Waits before the first write until it is let go: a process that the machine has forgotten for a while."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reached, self.let_go = threading.Event(), threading.Event()

    def _replace(self, target: Path, content: bytes) -> None:
        self.reached.set()
        self.let_go.wait(PATIENCE)
        super()._replace(target, content)


@pytest.fixture
def store(tmp_path: Path) -> TileStore:
    return TileStore(tmp_path / "record")


async def append(database: Database, count: int, mark: str = "entry") -> None:
    async with database.transaction() as session:
        log_id = await service.open_log(session, SLUG, ORIGIN)
        first = await service.next_index(session, log_id)
        await service.append(session, log_id, *(f"{mark} {first + i}".encode() for i in range(count)))


def published(store: TileStore) -> Checkpoint:
    content = store.read(SLUG, "checkpoint")
    assert content is not None
    return checkpoint.verify(content, ORIGIN, signatures.public_bytes(KEY))


def published_entries(store: TileStore) -> list[bytes]:
    """The entries of the published checkpoint, from the files alone; they must have its root and exactly its tiles."""
    head = published(store)
    entries: list[bytes] = []
    for index in range(-(-head.size // tiles.WIDTH)):
        tile = tiles.Tile(None, index).grown(head.size)
        entries += tiles.parse_bundle(store.read_tile(SLUG, tile) or b"", tile.width)
    for path, content in tiles.log_files(entries).items():
        assert store.read_tile(SLUG, tiles.Tile.parse(path)) == content
    assert merkle.root([merkle.leaf_hash(entry) for entry in entries]) == head.root
    return entries


async def wait_for_size(store: TileStore, size: int, task: "asyncio.Task[object]") -> None:
    """Wait until a checkpoint of at least that size is published; the task that should do it must stay alive."""
    async with asyncio.timeout(PATIENCE):
        while store.read(SLUG, "checkpoint") is None or published(store).size < size:
            done, _ = await asyncio.wait([task], timeout=0.01)
            assert not done


async def take_lock_away(database: Database) -> None:
    """End the session that holds the election lock, without its owner noticing."""
    async with database.transaction() as session:
        pid = await session.scalar(
            text(
                "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE locktype = 'advisory'"
                " AND objid = CAST(:key % 4294967296 AS oid) AND datname = current_database() AND granted"
            ),
            {"key": ELECTION_LOCK},
        )
        # The lock is free when the session has ended, not when it has been told to end.
        assert await session.scalar(text("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": pid})


async def assert_goes_on(
    database: Database, store: TileStore, sequencer: Sequencer, old: list[bytes], size: int
) -> None:
    """The record reaches `size`, extends the old one, has every entry once, and takes further entries."""
    assert await sequencer.run_once() == {SLUG: size}
    entries = published_entries(store)
    assert entries[: len(old)] == old
    assert len(set(entries)) == len(entries) == size
    await append(database, 1)
    assert await sequencer.run_once() == {SLUG: size + 1}
    assert published_entries(store)[:size] == entries


@pytest.mark.parametrize("restart", [True, False], ids=["restart", "same process"])
@pytest.mark.parametrize("done", [False, True], ids=["not done", "reply lost"])
async def test_commit_fails(database: Database, database_url: str, store: TileStore, done: bool, restart: bool) -> None:
    """A failed commit publishes nothing; afterwards every entry gets one index, whether it was done or not."""
    await append(database, 100)
    await Sequencer(database, store, KEY).run_once()
    old = published_entries(store)
    await append(database, 300)
    faulty = FaultyDatabase(database_url, done=done)
    sequencer = Sequencer(faulty, store, KEY)
    with pytest.raises(ConnectionResetError):
        await sequencer.run_once()
    assert published_entries(store) == old
    await assert_goes_on(database, store, Sequencer(database, store, KEY) if restart else sequencer, old, 400)
    await faulty.close()


@pytest.mark.parametrize("restart", [True, False], ids=["restart", "same process"])
@pytest.mark.parametrize("done", [False, True], ids=["not done", "reply lost"])
@pytest.mark.parametrize("at", range(1, FILES + 1))
async def test_file_write_fails(database: Database, store: TileStore, at: int, done: bool, restart: bool) -> None:
    """Wherever writing stops, the published checkpoint is the old one or the whole new one, and the record goes on."""
    await append(database, 100)
    await Sequencer(database, store, KEY).run_once()
    old = published_entries(store)
    await append(database, 300)
    sequencer = Sequencer(database, FaultyStore(store.root, at=at, done=done), KEY)
    with pytest.raises(OSError):  # noqa: PT011 - the disk's own error, whatever it says
        await sequencer.run_once()
    assert len(published_entries(store)) == (400 if at == FILES and done else 100)
    await assert_goes_on(database, store, Sequencer(database, store, KEY) if restart else sequencer, old, 400)


async def test_every_file_write_was_tried(database: Database, store: TileStore) -> None:
    """The parameters above cover all writes of that run."""
    await append(database, 100)
    await Sequencer(database, store, KEY).run_once()
    await append(database, 300)
    counting = FaultyStore(store.root, at=0, done=False)
    await Sequencer(database, counting, KEY).run_once()
    assert counting.writes == FILES


async def test_first_checkpoint_is_of_the_empty_log(database: Database, store: TileStore) -> None:
    """A log without entries is published, so that nobody can later claim it began otherwise."""
    await append(database, 0)
    assert await Sequencer(database, store, KEY).run_once() == {SLUG: 0}
    assert published(store).root == merkle.EMPTY_ROOT


async def test_rolled_back_entries_never_appear(database: Database, store: TileStore) -> None:
    """An entry stands in the record if and only if the transaction of its fact was committed."""
    await append(database, 2)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await service.append(session, await service.open_log(session, SLUG, ORIGIN), b"never happened")
            raise ZeroDivisionError
    await append(database, 1)
    await Sequencer(database, store, KEY).run_once()
    assert published_entries(store) == [b"entry 0", b"entry 1", b"entry 2"]


SEQUENCER = """
import asyncio, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pb_service.features.record.sequencer import Sequencer
from pb_service.features.record.store import TileStore
from pb_service.platform.db import Database

url, root, seed = sys.argv[1:]
signer = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
asyncio.run(Sequencer(Database(url), TileStore(Path(root)), signer).run_forever(0.001))
"""


async def test_killed_sequencers(database: Database, database_url: str, store: TileStore) -> None:
    """Sequencer processes killed at any moment leave a record that the next one carries on."""
    await append(database, 1)
    heads: list[list[bytes]] = []
    for round_number in range(4):
        process = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
            [sys.executable, "-c", SEQUENCER, database_url, str(store.root), SEED.hex()], stderr=subprocess.DEVNULL
        )
        goal = 1 + 400 * round_number + 40
        async with asyncio.timeout(PATIENCE):
            while store.read(SLUG, "checkpoint") is None or published(store).size < goal:
                assert process.poll() is None
                await append(database, 9)
                await asyncio.sleep(0.002 * round_number)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        heads.append(published_entries(store))
        await append(database, 400 - 40)
    sequencer = Sequencer(database, store, KEY)
    await sequencer.settle()
    entries = published_entries(store)
    assert all(entries[: len(head)] == head for head in heads)
    assert len(set(entries)) == len(entries)


async def test_two_sequencers_at_once(database: Database, database_url: str, store: TileStore) -> None:
    """Of two sequencers one works; what is published only ever grows, entry by entry the same."""
    rival = Database(database_url, pool_size=5)
    await append(database, 1)
    tasks = [asyncio.create_task(Sequencer(each, store, KEY).run_forever(0.001)) for each in (database, rival)]
    seen: list[Checkpoint] = []
    async with asyncio.timeout(PATIENCE):
        while not seen or seen[-1].size < 300:
            await append(database, 7)
            if store.read(SLUG, "checkpoint") is not None:
                seen.append(published(store))
            if len(seen) == 10:
                tasks[0].cancel()  # the other one takes over
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await Sequencer(database, store, KEY).settle()
    leaves = [merkle.leaf_hash(entry) for entry in published_entries(store)]
    assert [head.size for head in seen] == sorted(head.size for head in seen)
    assert all(merkle.root(leaves[: head.size]) == head.root for head in seen)
    await rival.close()


async def test_only_the_elected_one_works(database: Database, store: TileStore) -> None:
    """Without the lock nothing is done; the lock is free again after every run."""
    await append(database, 1)
    first, second = Sequencer(database, store, KEY), Sequencer(database, store, KEY)
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ELECTION_LOCK})
        assert await first.run_once() == {}
    assert await second.run_once() == {SLUG: 1}
    assert await first.run_once() == {SLUG: 1}


async def test_sequencer_that_lost_its_lock(database: Database, database_url: str, store: TileStore) -> None:
    """A stalled sequencer that lost its lock cannot put its older checkpoint over the newer one of its successor."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    await append(database, 3)
    other = Database(database_url, pool_size=5)
    stalled = StalledStore(store.root)
    late = asyncio.create_task(Sequencer(other, stalled, KEY).run_once())
    assert await asyncio.to_thread(stalled.reached.wait, PATIENCE)
    await take_lock_away(database)
    await append(database, 3)
    assert await Sequencer(database, store, KEY).run_once() == {SLUG: 9}
    stalled.let_go.set()
    with pytest.raises(HeadMoved):
        await late
    assert len(published_entries(store)) == 9
    await other.close()


async def test_sequencer_that_is_cancelled_lets_go_when_its_write_has_ended(
    database: Database, database_url: str, store: TileStore
) -> None:
    """A thread cannot be stopped: while it writes nobody else is elected, and afterwards the next one goes on."""
    await append(database, 3)
    other = Database(database_url, pool_size=5)
    stalled = StalledStore(store.root)
    ending = asyncio.create_task(Sequencer(other, stalled, KEY).run_once())
    assert await asyncio.to_thread(stalled.reached.wait, PATIENCE)
    ending.cancel()
    assert await asyncio.wait([ending], timeout=0.5) == (set(), {ending})
    assert await Sequencer(database, store, KEY).run_once() == {}
    stalled.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert await Sequencer(database, store, KEY).run_once() == {SLUG: 3}
    await other.close()


class SlowReader(StalledStore):
    """Waits before it looks at the tiles."""

    def tiles(self, slug: str) -> list[tiles.Tile]:
        self.reached.set()
        self.let_go.wait(PATIENCE)
        return super().tiles(slug)


async def test_rival_at_work_is_no_conflict(database: Database, database_url: str, store: TileStore) -> None:
    """What another sequencer writes while we compare with an older head is no contradiction: compare again."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    await append(database, 3)
    other = Database(database_url, pool_size=5)
    slow = SlowReader(store.root)
    late = asyncio.create_task(Sequencer(other, slow, KEY).recover())
    assert await asyncio.to_thread(slow.reached.wait, PATIENCE)
    await take_lock_away(database)
    assert await Sequencer(database, store, KEY).run_once() == {SLUG: 6}
    slow.let_go.set()
    with pytest.raises(HeadMoved):
        await late
    assert await Sequencer(other, slow, KEY).run_once() == {SLUG: 6}
    await other.close()


async def test_head_is_compared_when_it_moves(database: Database) -> None:
    """Whoever counts from an outdated head gives no entry an index."""
    await append(database, 2)
    async with database.transaction() as session:
        [log] = await repository.all_logs(session)
        ids = [entry.id for entry in await repository.waiting_entries(session, log.id, 10)]
        outdated = tiles.Edge().extend([bytes(32)])[0]
        assert not await repository.move_head(session, log.id, outdated, ids, bytes(32))
        assert len(await repository.waiting_entries(session, log.id, 10)) == 2
        assert (await repository.get_log(session, log.id)).size == 0


async def test_settle_waits_for_the_one_at_work(database: Database, database_url: str, store: TileStore) -> None:
    """A command that appended entries can wait until the service's sequencer has published them."""
    other = Database(database_url, pool_size=5)
    await append(database, 1)
    task = asyncio.create_task(Sequencer(other, store, KEY).run_forever(0.05))
    await wait_for_size(store, 1, task)
    await append(database, 5)
    await Sequencer(database, store, KEY).settle(0.01)
    assert len(published_entries(store)) == 6
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await other.close()


async def test_lost_connections_are_outlived(database: Database, database_url: str, store: TileStore) -> None:
    """When the database drops all connections, the sequencer is elected anew and goes on."""
    await append(database, 3)
    other = Database(database_url, pool_size=5)
    task = asyncio.create_task(Sequencer(other, store, KEY).run_forever(0.001))
    await wait_for_size(store, 3, task)
    async with database.transaction() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await append(database, 3)
    await wait_for_size(store, 6, task)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await other.close()


async def test_connections_lost_while_they_are_made_are_outlived(
    database: Database, database_url: str, store: TileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver says so by errors of its own, before SQLAlchemy has the connection in hand."""
    await append(database, 1)
    made, losses = asyncpg.Connection.set_type_codec, [1, 2, 3]

    async def lost(connection: asyncpg.Connection, *arguments: object, **options: object) -> None:
        if losses:
            losses.pop()
            connection.terminate()
        await made(connection, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "set_type_codec", lost)
    other = Database(database_url, pool_size=5)
    task = asyncio.create_task(Sequencer(other, store, KEY).run_forever(0.001))
    await wait_for_size(store, 1, task)
    assert not losses
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await other.close()


@pytest.fixture
async def set_back(database: Database, admin: asyncpg.Connection, store: TileStore) -> AsyncIterator[Database]:
    """The database as it was at 5 entries, restored after 300 had been published."""
    await append(database, 5)
    await Sequencer(database, store, KEY).run_once()
    await database.close()
    url = make_url(database.url)
    await admin.execute(f"CREATE DATABASE {url.database}_backup TEMPLATE {url.database}")
    await append(database, 295)
    await Sequencer(database, store, KEY).run_once()
    restored = Database(url.set(database=f"{url.database}_backup").render_as_string(), pool_size=5)
    yield restored
    await restored.close()
    await admin.execute(f"DROP DATABASE {url.database}_backup WITH (FORCE)")


async def test_database_older_than_the_checkpoint(set_back: Database, store: TileStore) -> None:
    """A database older than the published checkpoint stops the start, and whoever tries to go on all the same."""
    before = store.read(SLUG, "checkpoint")
    with pytest.raises(RecordConflict, match="300 entries, the database only 5"):
        await Sequencer(set_back, store, KEY).recover()
    await append(set_back, 400, "another world")
    with pytest.raises(RecordConflict):
        await Sequencer(set_back, store, KEY).run_once()
    assert store.read(SLUG, "checkpoint") == before
    assert len(published_entries(store)) == 300


async def test_database_older_than_the_tiles(set_back: Database, store: TileStore) -> None:
    """Even without a checkpoint, tiles of a larger record show that the database was set back."""
    (store.root / SLUG / "checkpoint").unlink()
    with pytest.raises(RecordConflict, match="set back"):
        await Sequencer(set_back, store, KEY).recover()
    assert store.read(SLUG, "checkpoint") is None


async def test_database_set_back_while_running(database: Database, store: TileStore) -> None:
    """A sequencer that runs while the database is set back stops with the conflict instead of retrying."""
    await append(database, 300)
    running = asyncio.create_task(Sequencer(database, store, KEY).run_forever(0.001))
    await wait_for_size(store, 300, running)
    root = merkle.root([merkle.leaf_hash(f"entry {i}".encode()) for i in range(5)])
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM record_entry WHERE idx >= 5"))
        await session.execute(text("UPDATE record_log SET size = 5, root = :root"), {"root": root})
    with pytest.raises(RecordConflict, match="300 entries, the database only 5"):
        await asyncio.wait_for(running, PATIENCE)


@pytest.mark.parametrize("size", [200, 300])
async def test_forked_checkpoint(database: Database, store: TileStore, size: int) -> None:
    """A checkpoint of ours with another root than the database has at that size stops the start."""
    await append(database, 300)
    await Sequencer(database, store, KEY).run_once()
    forked = checkpoint.sign(Checkpoint(ORIGIN, size, merkle.root([b"\x00" * 32] * size)), KEY)
    store.write(SLUG, {"checkpoint": forked})
    with pytest.raises(RecordConflict, match=f"disagree about the first {size}"):
        await Sequencer(database, store, KEY).recover()
    assert store.read(SLUG, "checkpoint") == forked


async def test_checkpoint_of_another_key(database: Database, store: TileStore) -> None:
    """A lost signing key is not replaced by a new one in silence."""
    await append(database, 3)
    await Sequencer(database, store, Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)).run_once()
    with pytest.raises(RecordConflict, match="is not ours"):
        await Sequencer(database, store, KEY).recover()


async def test_damaged_checkpoint(database: Database, store: TileStore) -> None:
    """A checkpoint that cannot be read is not overwritten: nobody knows any more what it promised."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    store.write(SLUG, {"checkpoint": b"localhost/pb/demo\n3\n"})
    with pytest.raises(RecordConflict, match="is not ours"):
        await Sequencer(database, store, KEY).run_once()


async def test_witnessed_checkpoint_stays(database: Database, store: TileStore) -> None:
    """A published checkpoint that carries further signatures is accepted, and kept while the record does not grow."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    blob = base64.b64encode(b"\x00" * 76).decode()
    witnessed = (store.read(SLUG, "checkpoint") or b"") + f"\u2014 witness.example {blob}\n".encode()
    store.write(SLUG, {"checkpoint": witnessed})
    await Sequencer(database, store, KEY).recover()
    assert store.read(SLUG, "checkpoint") == witnessed


@pytest.mark.parametrize("column", ["body", "leaf_hash"])
async def test_damaged_entry(database: Database, store: TileStore, column: str) -> None:
    """An entry changed in the database stops the start: it no longer has the root that was committed."""
    await append(database, 300)
    await Sequencer(database, store, KEY).run_once()
    async with database.transaction() as session:
        await session.execute(
            text(f"UPDATE record_entry SET {column} = set_byte({column}, 0, 0) WHERE idx = 17")  # noqa: S608
        )
    with pytest.raises(RecordConflict, match="damaged"):
        await Sequencer(database, store, KEY).recover()


async def test_checkpoint_lost(database: Database, store: TileStore) -> None:
    """A checkpoint that is gone from the disk is signed anew, byte for byte the same."""
    await append(database, 300)
    await Sequencer(database, store, KEY).run_once()
    before = store.read(SLUG, "checkpoint")
    (store.root / SLUG / "checkpoint").unlink()
    await Sequencer(database, store, KEY).recover()
    assert store.read(SLUG, "checkpoint") == before


@pytest.mark.parametrize("damage", ["deleted", "changed", "cut short"])
async def test_damaged_tiles(database: Database, store: TileStore, damage: str) -> None:
    """Tiles and bundles that are gone or altered are rebuilt from the database at the start, each by itself."""
    await append(database, 700)
    sequencer = Sequencer(database, store, KEY)
    await sequencer.run_once()
    for path in tiles.log_files([b""] * 700):
        place = store.root / SLUG / path
        content = place.read_bytes()
        if damage == "deleted":
            place.unlink()
        else:
            place.write_bytes(content[:-1] + (b"" if damage == "cut short" else b"\xff"))
        await sequencer.recover()
        assert place.read_bytes() == content


async def test_damaged_tile_of_an_earlier_checkpoint(database: Database, store: TileStore) -> None:
    """Partial tiles of earlier checkpoints, which clients may still ask for, are repaired too."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    paths = list(tiles.log_files([b""] * 3))
    before = [store.read(SLUG, path) for path in paths]
    await append(database, 4)
    await Sequencer(database, store, KEY).run_once()
    for path in paths:
        (store.root / SLUG / path).write_bytes(b"altered")
    await Sequencer(database, store, KEY).recover()
    assert [store.read(SLUG, path) for path in paths] == before


async def test_leftovers_are_cleared_away(database: Database, store: TileStore) -> None:
    """What an interrupted write left beside its place is removed at the start."""
    await append(database, 3)
    await Sequencer(database, store, KEY).run_once()
    leftover = store.root / SLUG / "tile" / "0" / ".new-000-aa"
    leftover.write_bytes(b"half a ti")
    await Sequencer(database, store, KEY).recover()
    assert not leftover.exists()


async def test_logs_are_apart(database: Database, store: TileStore) -> None:
    """Each round has a log of its own."""
    await append(database, 2)
    async with database.transaction() as session:
        other: UUID = await service.open_log(session, "other", "localhost/pb/other")
        await service.append(session, other, b"one")
    assert await Sequencer(database, store, KEY).run_once() == {SLUG: 2, "other": 1}
    assert published_entries(store) == [b"entry 0", b"entry 1"]
