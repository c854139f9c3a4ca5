"""Appending to the record and keeping its files, in the caller's transaction."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from pb_service.core.record import canonical, merkle
from pb_service.features.record import repository, service
from pb_service.features.record.errors import InvalidLogName, UnknownRecordFile
from pb_service.features.record.tables import LogEntry
from pb_service.platform.db import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def open_demo(database: Database) -> UUID:
    async with database.transaction() as session:
        return await service.open_log(session, "demo", "localhost/pb/demo")


async def waiting(database: Database, log_id: UUID) -> list[bytes]:
    async with database.reading() as session:
        return [entry.body for entry in await repository.waiting_entries(session, log_id, 100)]


async def test_log_is_opened_once(database: Database) -> None:
    """Opening a log again gives the same log; a new one is empty."""
    assert await open_demo(database) == await open_demo(database)
    async with database.reading() as session:
        log = await repository.log_by_slug(session, "demo")
    assert log is not None
    assert (log.size, log.root) == (0, merkle.EMPTY_ROOT)


async def test_origin_never_changes(database: Database) -> None:
    """A log keeps the origin that its checkpoints name; two logs never share one."""
    await open_demo(database)
    with pytest.raises(InvalidLogName, match="an origin never changes"):
        async with database.transaction() as session:
            await service.open_log(session, "demo", "elsewhere/pb/demo")
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await service.open_log(session, "other", "localhost/pb/demo")


@pytest.mark.parametrize("slug", ["", "Demo", "-demo", "a/b", "..", "a" * 65, "ä", "demo\n"])
async def test_slugs_that_are_no_address(database: Database, slug: str) -> None:
    """A slug becomes part of paths and addresses."""
    async with database.transaction() as session:
        with pytest.raises(InvalidLogName):
            await service.open_log(session, slug, "localhost/pb/demo")


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
async def test_origins_that_no_checkpoint_can_have(database: Database, origin: str) -> None:
    """An origin is a line of the checkpoint and the name of its key."""
    async with database.transaction() as session:
        with pytest.raises(InvalidLogName):
            await service.open_log(session, "demo", origin)


async def test_entries_wait_without_an_index(database: Database) -> None:
    """Appended entries keep their order and their leaf hash, and have no index yet."""
    log_id = await open_demo(database)
    async with database.transaction() as session:
        await service.append(session, log_id, b"one", b"two")
        await service.append(session, log_id, b"three")
    assert await waiting(database, log_id) == [b"one", b"two", b"three"]
    async with database.reading() as session:
        entry = await session.get_one(LogEntry, 1)
        assert (entry.idx, entry.leaf_hash) == (None, merkle.leaf_hash(b"one"))
        assert await service.entries(session, log_id) == []


async def test_nothing_is_appended_by_half(database: Database) -> None:
    """When the fact is rolled back, its entry is too."""
    log_id = await open_demo(database)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await service.append(session, log_id, b"one")
            raise ZeroDivisionError
    assert await waiting(database, log_id) == []


async def test_entries_have_a_limit(database: Database) -> None:
    """An entry that no bundle could hold is refused before it is stored; so is one for no log."""
    log_id = await open_demo(database)
    async with database.transaction() as session:
        with pytest.raises(ValueError, match="at most 65535 bytes"):
            await service.append(session, log_id, b"a" * 65_536)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await service.append(session, UUID(int=0), b"one")


async def test_read_path_cannot_append(database: Database) -> None:
    """Whoever only reads changes nothing."""
    log_id = await open_demo(database)
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.reading() as session:
            await service.append(session, log_id, b"one")


async def test_next_index_is_that_of_the_next_entry(database: Database) -> None:
    """The index is known while others append at the same time: those before are counted, those after must wait."""
    log_id = await open_demo(database)
    before, stated = asyncio.Event(), asyncio.Event()
    seen: list[int] = []

    async def earlier() -> None:
        async with database.transaction() as session:
            await service.append(session, log_id, b"earlier")
            before.set()
            await asyncio.sleep(0.1)

    async def states_its_index() -> None:
        await before.wait()
        async with database.transaction() as session:
            seen.append(await service.next_index(session, log_id))
            stated.set()
            await asyncio.sleep(0.1)
            await service.append(session, log_id, b"states its index")

    async def later() -> None:
        await stated.wait()
        async with database.transaction() as session:
            await service.append(session, log_id, b"later")

    await asyncio.gather(earlier(), states_its_index(), later())
    assert seen == [1]
    assert await waiting(database, log_id) == [b"earlier", b"states its index", b"later"]


async def test_files_are_found_by_their_hash(database: Database) -> None:
    """A file is kept once under its SHA-256; an unknown hash is an error that a page can show."""
    async with database.transaction() as session:
        sha256 = await service.put_file(session, b"{}", kind="manifest", at=NOW)
        assert (
            await service.put_file(session, b"{}", kind="manifest", at=NOW) == sha256 == hashlib.sha256(b"{}").digest()
        )
        assert await service.get_file(session, sha256) == b"{}"
        with pytest.raises(UnknownRecordFile):
            await service.get_file(session, bytes(32))


async def test_salted_file_hides_its_content(database: Database) -> None:
    """The same content twice gives two hashes: from a hash alone nobody can tell what was said."""
    async with database.transaction() as session:
        first, second = [
            await service.salted_file(session, {"title": "A bench"}, kind="proposal.received", at=NOW) for _ in range(2)
        ]
        body = await service.get_file(session, first)
    assert first != second
    assert canonical.decode(body)["content"] == {"title": "A bench"}


async def test_salted_file_has_32_bytes_of_salt(database: Database) -> None:
    """The file is canonical JSON of kind, salt and content."""
    async with database.transaction() as session:
        sha256 = await service.salted_file(session, {"a": 1}, kind="round.created", at=NOW, random=bytes)
        body = await service.get_file(session, sha256)
    assert json.loads(body) == {"v": 1, "k": "round.created", "salt": "A" * 43, "content": {"a": 1}}
