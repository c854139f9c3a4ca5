"""Print how many sealed ballots a second this machine takes over HTTP, and how long voters wait for their receipts.

scripts/bench cast [--rate N] [--seconds N] [--processes N]

Everything is on: sessions, every check, one durable commit for those who come together, the sequencer, receipts with
inclusion proofs. Envelopes are sealed beforehand, each by another person. They are posted at fixed moments, and each is
timed from its moment, whether the server was ready or not. Clients run on the same machine and take their part of it.
At the end the receipts are compared with the record.
"""

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import insert

from pb_service.app import create_app
from pb_service.cli.demo_vote import open_demonstration_vote
from pb_service.core.record import checkpoint, entries
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Place, seal
from pb_service.core.sealing.payload import BallotShape
from pb_service.demo.harbour import DISTRICTS, SLUG
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting.casting import fields_of
from pb_service.platform.db import uuid7
from pb_service.platform.logs import configure
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.platform.server import listen, serve_app
from pb_service.service import Service, open_service
from pb_service.settings import CHECKOUT, Settings
from pb_service.web import csrf

CONTEST = DISTRICTS[0][0]
FIRST_PORT = 18_100
CONNECTIONS = 400
LONGEST = 30  # seconds that a client waits


@dataclass
class Sent:
    """What became of the posts: seconds from each one's moment to its answer, by status, and the indices told."""

    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    indices: set[int] = field(default_factory=set)


def sealed(count: int, place: Place, key: bytes, shape: BallotShape) -> bytes:
    """One person's ballot as it is posted."""
    envelope, _ = seal(payload.encode([count % len(shape.costs)], shape), place, key, secrets.token_bytes)
    return msgspec.json.encode({name: value for name, value in fields_of(envelope, "acct").items() if name != "y"})


async def people(service: Service, count: int) -> list[tuple[UUID, str]]:
    """Make accounts with sessions and return (account, cookie) of each."""
    now = service.clock()
    made = [(uuid7(), secrets.token_urlsafe(32)) for _ in range(count)]
    common = {"created_at": now, "seen_at": now, "absolute_end": now + sessions.LIFETIMES["resident"][1]}
    for start in range(0, count, 2_000):
        part = made[start : start + 2_000]
        async with service.database.transaction() as session:
            await session.execute(
                insert(Account),
                [{"id": who, "language": "fi", "created_at": now, "last_seen_at": now} for who, _ in part],
            )
            rows = [
                {"account_id": who, "token_sha256": sessions._sha256(cookie), "kind": "resident", **common}
                for who, cookie in part
            ]
            await session.execute(insert(AccountSession), rows)
    return made


async def posts(service: Service, count: int) -> list[bytes]:
    """Return that many HTTP requests, each another person's ballot."""
    async with service.database.reading() as session:
        polling = await service.pollings.find(session, SLUG)
        base = checkpoint.parse(service.tiles.read(SLUG, "checkpoint") or b"").size
    voters = await people(service, count)
    eid, key = polling.manifest.eid, polling.manifest.key
    shape = polling.manifest.contests[CONTEST].shape
    places = [Place(eid, CONTEST, polling.standings(Actor(who), service.keys)[0].alias, base) for who, _ in voters]
    with ProcessPoolExecutor() as pool:
        spread = pool.map(sealed, range(count), places, [key] * count, [shape] * count, chunksize=200)
        bodies = list(spread)
    secret = service.keys.ring("cookie").current
    return [_request(cookie, csrf._token(secret, cookie, secrets.token_bytes(16)), body)
            for (_, cookie), body in zip(voters, bodies, strict=True)]  # fmt: skip


def _request(cookie: str, token: str, body: bytes) -> bytes:
    head = (
        f"POST /api/v1/rounds/{SLUG}/cast HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n"
        f"cookie: pb-session={cookie}\r\nx-csrf-token: {token}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len"))
        return int(head.split(b" ")[1]), await reader.readexactly(size)


async def load(requests: list[bytes], rate: int, ports: list[int]) -> Sent:
    """Post each at its moment."""
    found = Sent()
    free: asyncio.Queue[Client] = asyncio.Queue()
    for number in range(CONNECTIONS):
        free.put_nowait(Client(ports[number % len(ports)]))
    begin = time.perf_counter() + 0.5

    async def one(number: int, request: bytes) -> None:
        moment = begin + number / rate
        await asyncio.sleep(moment - time.perf_counter())
        client = await free.get()
        try:
            status, body = await asyncio.wait_for(client.post(request), LONGEST)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status, body, client = 0, b"", Client(ports[number % len(ports)])
        found.took.append(time.perf_counter() - moment)
        found.statuses[status] += 1
        if status in {200, 201}:
            found.indices.add(msgspec.json.decode(body)["index"])
        free.put_nowait(client)

    await asyncio.gather(*(one(number, request) for number, request in enumerate(requests)))
    return found


async def server(url: str, data: str, port: str) -> None:
    """The application in a process of its own, until it is ended."""
    configure("warning")
    settings = Settings.from_environment({"PB_DATA": data, "PB_LISTEN": "127.0.0.1", "PB_JOBS": "worker"})
    async with open_service(settings, url, role="serve") as service:
        sockets, _ = listen(settings.listen, int(port), say=lambda _: None)
        print("ready", flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on
        await serve_app(create_app(service), sockets)


def _ready(started: "subprocess.Popen[bytes]") -> None:
    """Wait until a server says that it is ready."""
    if started.stdout is None or not started.stdout.readline():
        raise SystemExit("a server did not start")


async def checkpoints(service: Service, seen: list[float]) -> None:
    """Note when each new checkpoint is seen."""
    last = b""
    while True:
        note = service.tiles.read(SLUG, "checkpoint") or b""
        if note != last:
            last = note
            seen.append(time.perf_counter())
        await asyncio.sleep(0.01)


async def bench(url: str, data: Path, rate: int, seconds: int, processes: int) -> None:
    """Set a vote up, start the servers, post, and say what came of it."""
    settings = Settings.from_environment({"PB_DATA": str(data)})
    async with open_service(settings, url) as service:
        await open_demonstration_vote(service)
        print(f"Sealing {rate * seconds} ballots.", file=sys.stderr)
        requests = await posts(service, rate * seconds)
        servers, ports = [], list(range(FIRST_PORT, FIRST_PORT + processes))
        try:
            for port in ports:
                command = [sys.executable, __file__, "--server", url, str(data), str(port)]
                started = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
                    command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
                )
                servers.append(started)
                await asyncio.to_thread(_ready, started)
            seen: list[float] = []
            watching = asyncio.create_task(checkpoints(service, seen))
            begin = time.perf_counter()
            sent = await load(requests, rate, ports)
            lasted = time.perf_counter() - begin - 0.5
            watching.cancel()
        finally:
            for each in servers:
                each.terminate()
                each.wait()
        async with service.database.reading() as session:
            found = await find_round(session, SLUG, whole=False)
            logged = [
                index
                for index, body in enumerate(await record.entries(session, found.log))
                if entries.parse(body).kind == "env"
            ]
    report(sent, lasted, seen, rate, processes)
    acknowledged = sent.indices <= set(logged)
    print(f"record            {len(logged)} envelopes; every receipt in it: {'yes' if acknowledged else 'NO'}")
    if not acknowledged:
        raise SystemExit(1)


def report(sent: Sent, lasted: float, seen: list[float], rate: int, processes: int) -> None:
    """Print the figures."""
    took = sorted(sent.took)
    share = [took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.9, 0.99, 0.999)]
    gaps = sorted(later - earlier for earlier, later in pairwise(seen))
    print(f"machine           {os.cpu_count()} cores, {processes} server process(es), clients beside them")
    print(f"offered           {rate}/s, {len(took)} in all; answered {len(took) / lasted:.0f}/s")
    print(f"answers           {dict(sorted(sent.statuses.items()))}")
    print(
        "wait, seconds     "
        + "  ".join(f"p{name} {value:.3f}" for name, value in zip(("50", "90", "99", "99.9"), share, strict=True))
        + f"  max {took[-1]:.3f}"
    )
    if gaps:
        print(f"checkpoints       {len(seen)}, apart p50 {gaps[len(gaps) // 2]:.3f} s, max {gaps[-1]:.3f} s")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500, help="envelopes posted a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, default=1, help="server processes")
    parser.add_argument("--server", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.server:
        asyncio.run(server(*given.server))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        with embedded_postgres(path / "database", say=lambda _: None) as url:
            asyncio.run(_run(url, path / "data", given))


async def _run(url: str, data: Path, given: argparse.Namespace) -> None:
    await upgrade(url)
    await bench(url, data, given.rate, given.seconds, given.processes)


if __name__ == "__main__":
    main()
