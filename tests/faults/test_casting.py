"""Servers killed at every durable step of casting, under load: nothing acknowledged is lost, nothing counted twice.

Each voter goes on until she has her receipt: what she got no answer for she posts again, the same envelope. At the end
the receipts of all voters are compared with the published record.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from pb_service.core.record import checkpoint, entries, merkle, tiles
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing.election import envelope_of
from pb_service.features.voting.polling import Polling
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.voting import Booth, OpenVote, open_vote, posted

VOTERS = 8

#: Where the servers die, one after the other: each step the second time it is taken, so that something went well.
DEATHS = [
    (step, when, number)
    for step, numbers in (("store", (2,)), ("sequence", (2,)), ("file", (4, 5, 6)))
    for number in numbers
    for when in ("before", "after")
]


@dataclass
class Voter:
    """Somebody at a browser, who votes again and again; ``receipts`` by seal hash, what she was told each time."""

    booth: Booth
    vote: OpenVote
    polling: Polling
    base: int
    sealed: dict[str, Any] = field(default_factory=dict)
    receipts: dict[str, list[str]] = field(default_factory=dict)
    told: int = 0

    async def post(self, port: int) -> None:
        """Post what waits for an answer, or a new envelope. Raises httpx.HTTPError when the server dies."""
        if not self.sealed:
            self.sealed = posted(await self.vote.sealed(self.booth.actor, [self.told % 3], base=self.base))
        url = f"http://127.0.0.1:{port}"
        headers = {"origin": url, "x-csrf-token": self.booth.token}
        answer = await self.booth.client.post(f"{url}/api/v1/rounds/spring/cast", json=self.sealed, headers=headers)
        if answer.status_code in {200, 201}:
            said = answer.json()
            self.receipts.setdefault(said["seal"], []).append(said["receipt"])
            self.base, self.sealed, self.told = said["index"] + 1, {}, self.told + 1
        else:
            assert answer.status_code == 503, answer.text

    async def go_on(self, port: int) -> None:
        """Vote until the server is gone."""
        while True:
            try:
                await self.post(port)
            except httpx.HTTPError:
                return


class Server:
    """The application in another process, gone when its context is left."""

    def __init__(self, vote: OpenVote, url: str, *fate: object) -> None:
        at = int(vote.clock().timestamp())
        data = str(vote.service.settings.data)
        command = [
            sys.executable,
            str(Path(__file__).with_name("dying_server.py")),
            url,
            data,
            str(at),
            *map(str, fate),
        ]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.end()

    async def port(self) -> int:
        assert self.process.stdout
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line, await asyncio.to_thread(self.process.communicate)
        return int(line)

    async def end(self) -> int:
        """Wait until it is gone and return how it ended."""
        await asyncio.to_thread(self.process.communicate)
        return self.process.returncode


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    return await open_vote(service, clock)


async def test_door_killed_at_every_durable_step(vote: OpenVote, database_url: str) -> None:
    """Servers die in turn at each step; every acknowledged envelope is in the record once, where its receipt says."""
    polling, base = await vote.polling(), await vote.size()
    voters = [Voter(await Booth.enter(httpx.AsyncClient(timeout=60), vote), vote, polling, base) for _ in range(VOTERS)]
    for fate in DEATHS:
        async with Server(vote, database_url, *fate) as server:
            port = await server.port()
            await asyncio.gather(*(voter.go_on(port) for voter in voters))
            assert await server.end() == -signal.SIGKILL, fate
    async with Server(vote, database_url, "never", "-", 0) as server:
        port = await server.port()
        while any(voter.sealed for voter in voters):
            await asyncio.gather(*(voter.post(port) for voter in voters if voter.sealed))
    for voter in voters:
        await voter.booth.client.aclose()
    await vote.service.sequencer.settle(0.01)
    compare(vote, polling, voters)


def compare(vote: OpenVote, polling: Polling, voters: list[Voter]) -> None:
    """Compare what voters were told with the published record, from its files alone."""
    store, slug = vote.service.tiles, vote.slug
    head = checkpoint.verify(store.read(slug, "checkpoint") or b"", "example.org/pb/spring", _log_key(vote))
    record: list[bytes] = []
    for place in range(-(-head.size // tiles.WIDTH)):
        tile = tiles.Tile(None, place).grown(head.size)
        record += tiles.parse_bundle(store.read_tile(slug, tile) or b"", tile.width)
    assert merkle.root([merkle.leaf_hash(body) for body in record]) == head.root
    logged = [envelope_of(each, polling.manifest.eid) for each in map(entries.parse, record) if each.kind == "env"]
    assert set(Counter(each.seal_hash() for each in logged).values()) == {1}
    told = {seal: texts for voter in voters for seal, texts in voter.receipts.items()}
    assert {each.seal_hash().hex() for each in logged} == told.keys()
    for texts in told.values():
        for text in texts:
            receipt = Receipt.parse(text)
            receipt.verify("example.org/pb/spring", _log_key(vote))
            assert record[receipt.index] == receipt.entry
    # how many a server answers before it dies is the machine's affair
    assert min(voter.told for voter in voters) > 0
    assert sum(voter.told for voter in voters) > len(DEATHS)


def _log_key(vote: OpenVote) -> bytes:
    return public_bytes(vote.service.log_key)
