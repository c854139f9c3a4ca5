"""A backup brings everything back, or is refused before anything is written."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from pb_service.cli.backup import known_heads
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.rounds.service import find_round
from pb_service.platform.backup import BackupError, restore_backup, write_backup
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import client_programs, embedded_postgres
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.builders import import_options, pabulib_file
from tests.conftest import FakeClock

PASSPHRASE = "twelve good words"  # noqa: S105 # of a test
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


async def saved(service: Service, folder: Path) -> Path:
    """A service with a round and a file, backed up while it runs."""
    async with service.database.transaction() as session:
        plan = plan_import([pabulib_file("North")], import_options())
        await import_round(session, plan, origin_host="example.org", now=service.clock())
    async with service.database.transaction() as session:
        await service.files.store(session, b"%PDF-1.7", name="plan.pdf", alt={}, now=service.clock())
    service.keys.secret("identity")
    out = folder / "service.pb-backup"
    write_backup(
        out,
        url=service.database.url,
        programs=client_programs(service.settings),
        data=service.settings.data,
        passphrase=PASSPHRASE,
        heads={"spring": 5},
        now=service.clock(),
    )
    return out


def restored(out: Path, url: str, data: Path, **options: object) -> dict[str, object]:
    given: dict[str, object] = {"passphrase": PASSPHRASE, "known_heads": {}, **options}
    return restore_backup(out, url=url, programs=client_programs(Settings()), data=data, **given)  # type: ignore[arg-type]


async def test_everything_comes_back(service: Service, folder: Path, empty_database_url: str, clock: FakeClock) -> None:
    out = await saved(service, folder)
    data = folder / "new"
    restored(out, empty_database_url, data)
    assert not await upgrade(empty_database_url)
    settings = Settings.from_environment({"PB_DATA": str(data)})
    async with open_service(settings, empty_database_url, clock=clock) as again:
        assert again.keys.secret("identity") == service.keys.secret("identity")
        assert again.log_key.private_bytes_raw() == service.log_key.private_bytes_raw()
        async with again.database.reading() as session:
            assert (await find_round(session, "spring")).slug == "spring"
    files = {path.relative_to(data / "files") for path in (data / "files").rglob("*") if path.is_file()}
    assert len(files) == 1


async def test_the_file_is_its_owners_alone_and_its_keys_are_sealed(service: Service, folder: Path) -> None:
    out = await saved(service, folder)
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        sealed = archive.read("keys.sealed")
        assert not any(name.startswith("keys/") for name in archive.namelist())
    assert service.keys.secret("cookie").hex().encode() not in sealed


async def test_no_row_of_a_backup_misses_its_file(service: Service, folder: Path) -> None:
    """Files are read after the database: what was uploaded meanwhile has its file, whatever the dump knows of it."""
    with zipfile.ZipFile(await saved(service, folder)) as archive:
        kinds = list(dict.fromkeys(name.partition("/")[0] for name in archive.namelist()))
    assert [kind for kind in kinds if kind in {"record", "database.dump", "files"}][-2:] == ["database.dump", "files"]


async def test_a_wrong_passphrase_writes_nothing(service: Service, folder: Path, empty_database_url: str) -> None:
    out = await saved(service, folder)
    with pytest.raises(BackupError, match="passphrase"):
        restored(out, empty_database_url, folder / "new", passphrase=PASSPHRASE[::-1])
    assert not (folder / "new").exists()
    assert await tables(empty_database_url) == 0


async def test_a_backup_older_than_a_published_head_is_refused(
    service: Service, folder: Path, empty_database_url: str
) -> None:
    out = await saved(service, folder)
    with pytest.raises(BackupError, match="must never be rewritten"):
        restored(out, empty_database_url, folder / "new", known_heads={"spring": 6})
    assert await tables(empty_database_url) == 0


def changed(members: dict[str, bytes]) -> None:
    members["database.dump"] = members["database.dump"][:-1]


def outside(members: dict[str, bytes]) -> None:
    members["../evil"] = b""


def without_dump(members: dict[str, bytes]) -> None:
    del members["database.dump"]


def other_version(members: dict[str, bytes]) -> None:
    members["meta.json"] = json.dumps({**json.loads(members["meta.json"]), "v": 2}).encode()


@pytest.mark.parametrize("damage", [changed, outside, without_dump, other_version])
async def test_a_damaged_backup_is_refused(
    service: Service, folder: Path, empty_database_url: str, damage: Callable[[dict[str, bytes]], None]
) -> None:
    out = await saved(service, folder)
    with zipfile.ZipFile(out) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    damage(members)
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    with pytest.raises(BackupError):
        restored(out, empty_database_url, folder / "new")
    assert await tables(empty_database_url) == 0
    assert not (folder / "evil").exists()


async def test_what_is_there_is_not_overwritten(service: Service, folder: Path, empty_database_url: str) -> None:
    out = await saved(service, folder)
    with pytest.raises(BackupError, match="not empty"):
        restored(out, empty_database_url, service.settings.data)
    with pytest.raises(BackupError, match="pg_restore failed"):
        restored(out, service.database.url, folder / "new")


def test_something_else_is_no_backup(folder: Path) -> None:
    file = folder / "x"
    file.write_bytes(b"not a zip")
    with pytest.raises(BackupError, match="cannot be read"):
        restored(file, "postgresql+asyncpg://nowhere/x", folder / "new")


def test_a_damaged_head_of_a_record_stops_a_restore(folder: Path) -> None:
    (folder / "spring").mkdir()
    (folder / "spring" / "checkpoint").write_bytes(b"?")
    with pytest.raises(BackupError, match="no head of a record"):
        known_heads(folder)


async def test_a_backup_moves_to_a_newer_postgresql(folder: Path, clock: FakeClock, empty_database_url: str) -> None:
    """The way over a major version: backed up from an older server, where the machine has one, and brought back."""
    settings = Settings.from_environment({"PB_DATA": str(folder / "old")})
    with embedded_postgres(folder / "old", pg_bin=next(iter(DEBIAN), None), say=lambda _: None, durable=False) as url:
        await upgrade(url)
        async with open_service(settings, url, clock=clock) as service:
            out = await saved(service, folder)
    restored(out, empty_database_url, folder / "new")
    assert await tables(empty_database_url) > 10


async def tables(url: str) -> int:
    parts = make_url(url)
    connection = await asyncpg.connect(user=parts.username, database=parts.database, host=parts.query["host"])
    count: int = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return count
