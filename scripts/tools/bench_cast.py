"""Print how many sealed ballots a second this machine takes over HTTP, and how long voters wait for their receipts.

scripts/bench cast [--rate N] [--seconds N] [--processes N]

Everything is on: sessions, every check, one durable commit for those who come together, the sequencer, receipts with
inclusion proofs, jobs and the mails that tell people of their ballot (into a folder). Envelopes are sealed beforehand,
each by another person. They are posted at fixed moments, and each is timed from its moment, whether the server was
ready or not. Clients run on the same machine and take their part of it; what server, database and clients used of the
cores, and what others did, is told apart, so that figures of a machine that is not quiet can be read. At the end the
receipts are compared with the record.
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
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import msgspec
import uvloop
from sqlalchemy import insert

from pb_service.app import create_app
from pb_service.cli.demo_vote import open_demonstration_vote
from pb_service.core.record import checkpoint, entries
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Place, seal
from pb_service.core.sealing.payload import BallotShape
from pb_service.demo.harbour import DISTRICTS, SLUG
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.features.record import service as record
from pb_service.features.roll.standing import open_standings
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


def sealed(ballot: Ballot, place: Place, key: bytes, shape: BallotShape) -> bytes:
    """One person's ballot as it is posted."""
    envelope, _ = seal(payload.encode(ballot, shape), place, key, secrets.token_bytes)
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
                [
                    {
                        "id": who,
                        "email": f"{who.hex}@example.invalid",
                        "email_key": f"{who.hex}@example.invalid",
                        "email_verified_at": now,
                        "language": "fi",
                        "created_at": now,
                        "last_seen_at": now,
                    }
                    for who, _ in part
                ],
            )
            rows = [
                {"account_id": who, "token_sha256": sessions._sha256(cookie), "kind": "resident", **common}
                for who, cookie in part
            ]
            await session.execute(insert(AccountSession), rows)
    return made


async def posts(service: Service, slug: str, ballots: Sequence[tuple[str, Ballot]]) -> list[bytes]:
    """Return an HTTP request for each ballot, given with its contest, each of another person."""
    async with service.database.reading() as session:
        polling = await service.pollings.find(session, slug)
        base = checkpoint.parse(service.tiles.read(slug, "checkpoint") or b"").size
    voters = await people(service, len(ballots))
    eid, key, contests = polling.manifest.eid, polling.manifest.key, polling.manifest.contests
    places = []
    for (who, _), (contest, _) in zip(voters, ballots, strict=True):
        group = contests[contest].group
        given = open_standings(polling.rule, Actor(who), keys=service.keys)
        alias = next(one.alias for one in given if one.group == group)
        places.append(Place(eid, contest, alias, base))
    shapes = [contests[contest].shape for contest, _ in ballots]
    with ProcessPoolExecutor() as pool:
        chosen = [ballot for _, ballot in ballots]
        bodies = list(pool.map(sealed, chosen, places, [key] * len(chosen), shapes, chunksize=200))
    secret = service.keys.ring("cookie").current
    return [_request(slug, cookie, csrf._token(secret, cookie, secrets.token_bytes(16)), body)
            for (_, cookie), body in zip(voters, bodies, strict=True)]  # fmt: skip


def _request(slug: str, cookie: str, token: str, body: bytes) -> bytes:
    head = (
        f"POST /api/v1/rounds/{slug}/cast HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n"
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


@dataclass
class Spent:
    """Seconds of the cores that were used so far: by servers, PostgreSQL, clients, and by everybody on the machine."""

    servers: float
    database: float
    clients: float
    machine: float

    @classmethod
    def now(cls, servers: list[int], database: Path) -> "Spent":
        """Read them from /proc. ``database``: the folder of the cluster."""
        with (database / "postgres" / "postmaster.pid").open() as file:
            keeper = int(file.readline())
        children = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
        ticks = [int(number) for number in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        return cls(
            sum(_used(pid) for pid in servers),
            sum(_used(int(pid)) for pid in [str(keeper), *children]),
            time.process_time(),
            (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"),
        )

    def since(self, earlier: "Spent") -> "Spent":
        pairs = zip(vars(self).values(), vars(earlier).values(), strict=True)
        return Spent(*(now - before for now, before in pairs))


def _used(pid: int) -> float:
    """Seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return float(sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK"))


async def server(url: str, data: str, port: str) -> None:
    """The application in a process of its own, until it is ended."""
    configure("warning")
    settings = Settings.from_environment({"PB_DATA": data, "PB_LISTEN": "127.0.0.1", "PB_JOBS": "server"})
    async with open_service(settings, url, role="serve") as service:
        sockets, found = listen(settings.listen, int(port), say=lambda _: None)
        print(found, flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on
        await serve_app(create_app(service), sockets)


def _ready(started: "subprocess.Popen[bytes]") -> int:
    """Wait until a server says on which port it serves."""
    said = started.stdout.readline() if started.stdout else b""
    if not said:
        raise SystemExit("a server did not start")
    return int(said)


@asynccontextmanager
async def serving(url: str, data: Path, processes: int) -> AsyncIterator[tuple[list[int], list[int]]]:
    """Servers in processes of their own; yields their process numbers and ports."""
    servers: list[subprocess.Popen[bytes]] = []
    ports: list[int] = []
    try:
        for _ in range(processes):
            command = [sys.executable, str(Path(__file__)), "--server", url, str(data), str(FIRST_PORT)]
            started = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
                command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
            )
            servers.append(started)
            ports.append(await asyncio.to_thread(_ready, started))
        yield [each.pid for each in servers], ports
    finally:
        for each in servers:
            each.terminate()
            each.wait()


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
        async with service.database.reading() as session:
            width = len((await service.pollings.find(session, SLUG)).manifest.contests[CONTEST].shape.costs)
        requests = await posts(service, SLUG, [(CONTEST, [number % width]) for number in range(rate * seconds)])
        async with serving(url, data, processes) as (pids, ports):
            seen: list[float] = []
            watching = asyncio.create_task(checkpoints(service, seen))
            cluster = data.with_name("database")
            before, begin = Spent.now(pids, cluster), time.perf_counter()
            sent = await load(requests, rate, ports)
            lasted = time.perf_counter() - begin - 0.5
            spent = Spent.now(pids, cluster).since(before)
            watching.cancel()
        async with service.database.reading() as session:
            found = await find_round(session, SLUG, whole=False)
            logged = [
                index
                for index, body in enumerate(await record.entries(session, found.log))
                if entries.parse(body).kind == "env"
            ]
    report(sent, lasted, seen, rate, processes)
    report_cores(spent, lasted, len(sent.indices))
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


def report_cores(spent: Spent, lasted: float, answered: int) -> None:
    """Print what a ballot costs, and how much of the machine others had."""
    cores = os.cpu_count() or 1
    parts = {"server": spent.servers, "PostgreSQL": spent.database, "clients": spent.clients}
    told = ", ".join(f"{name} {1000 * used / max(1, answered):.2f}" for name, used in parts.items())
    others = max(0.0, spent.machine - sum(parts.values()))
    print(f"CPU ms a ballot   {told}")
    print(
        f"cores             {cores}: "
        + ", ".join(f"{name} {used / lasted:.2f}" for name, used in parts.items())
        + f", others {others / lasted:.2f}, idle {max(0.0, cores - spent.machine / lasted):.2f}"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500, help="envelopes posted a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, default=1, help="server processes")
    parser.add_argument("--server", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.server:
        uvloop.run(server(*given.server))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        with embedded_postgres(path / "database", say=lambda _: None) as url:
            uvloop.run(_run(url, path / "data", given))


async def _run(url: str, data: Path, given: argparse.Namespace) -> None:
    await upgrade(url)
    await bench(url, data, given.rate, given.seconds, given.processes)


if __name__ == "__main__":
    main()
