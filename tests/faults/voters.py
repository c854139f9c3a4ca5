"""Voters who go on until they have their receipts, servers that can be killed, and the comparison at the end."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from pb_service.core.record import checkpoint, entries, merkle, tiles
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing.election import envelope_of
from pb_service.features.voting.polling import Polling
from pb_service.platform.db import DatabaseUnavailable
from tests.voting import Booth, OpenVote, posted

#: How long a voter waits for an answer before she posts again.
_PATIENCE = 60
#: Seconds after which what is waited for will not come any more.
_LONG = 120


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

    async def keep_on(self, port: int) -> None:
        """Vote until cancelled, whatever happens; what was posted without an answer waits for `finish` then."""
        while True:
            told = self.told
            with suppress(httpx.HTTPError, DatabaseUnavailable):  # she looks into the database to seal
                await self.post(port)
            if self.told == told:
                await asyncio.sleep(0.1)

    async def finish(self, port: int) -> None:
        """Post what waits for an answer until it is there."""
        while self.sealed:
            try:
                await self.post(port)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)


async def crowd(vote: OpenVote, size: int, *, patience: float = _PATIENCE) -> list[Voter]:
    """Residents at browsers of their own, signed in."""
    polling, base = await vote.polling(), await vote.size()
    clients = [httpx.AsyncClient(timeout=patience) for _ in range(size)]
    return [Voter(await Booth.enter(client, vote), vote, polling, base) for client in clients]


@asynccontextmanager
async def voting(voters: Collection[Voter], port: int) -> AsyncIterator[None]:
    """Let everybody vote again and again meanwhile."""
    tasks = [asyncio.create_task(voter.keep_on(port)) for voter in voters]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):  # what she was answered; whatever else was waited for in vain comes of it
                raise ended


async def answered(voters: Collection[Voter], times: int = 1) -> None:
    """Wait until everybody has been told so often more that her vote is in the record."""
    wanted = {id(voter): voter.told + times for voter in voters}
    await until(lambda: all(voter.told >= wanted[id(voter)] for voter in voters))


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(_LONG):
        while not fact():  # noqa: ASYNC110 - it is another's state
            await asyncio.sleep(0.02)


async def settle(vote: OpenVote, voters: Collection[Voter], port: int) -> None:
    """Let everybody get the answers that are due, then compare what all were told with the record."""
    async with asyncio.timeout(_LONG):
        await asyncio.gather(*(voter.finish(port) for voter in voters))
    for voter in voters:
        await voter.booth.client.aclose()
    await vote.service.sequencer.settle(0.01)
    compare(vote, voters)


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
        """Where it listens."""
        assert self.process.stdout
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line, await asyncio.to_thread(self.process.communicate)
        return int(line)

    async def end(self) -> int:
        """Wait until it is gone and return how it ended."""
        await asyncio.to_thread(self.process.communicate)
        return self.process.returncode


def compare(vote: OpenVote, voters: Collection[Voter]) -> None:
    """Compare what voters were told with the published record, from its files alone."""
    store, slug, polling = vote.service.tiles, vote.slug, next(iter(voters)).polling
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
    assert min(voter.told for voter in voters) > 0


def _log_key(vote: OpenVote) -> bytes:
    return public_bytes(vote.service.log_key)
