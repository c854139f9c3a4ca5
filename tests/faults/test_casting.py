"""Servers killed at every durable step of casting, under load: nothing acknowledged is lost, nothing counted twice.

Each voter goes on until she has her receipt: what she got no answer for she posts again, the same envelope. At the end
the receipts of all voters are compared with the published record.
"""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.faults.voters import Server, crowd, settle
from tests.voting import OpenVote, open_vote

VOTERS = 8

#: Where the servers die, one after the other: each step the second time it is taken, so that something went well.
DEATHS = [
    (step, when, number)
    for step, numbers in (("store", (2,)), ("sequence", (2,)), ("file", (4, 5, 6)))
    for number in numbers
    for when in ("before", "after")
]


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    return await open_vote(service, clock)


async def test_door_killed_at_every_durable_step(vote: OpenVote, database_url: str) -> None:
    """Servers die in turn at each step; every acknowledged envelope is in the record once, where its receipt says."""
    voters = await crowd(vote, VOTERS)
    for fate in DEATHS:
        async with Server(vote, database_url, *fate) as server:
            port = await server.port()
            await asyncio.gather(*(voter.go_on(port) for voter in voters))
            assert await server.end() == -signal.SIGKILL, fate
    async with Server(vote, database_url, "never", "-", 0) as server:
        # everybody is told at least once; how often more, before a server dies, is the machine's affair
        await settle(vote, voters, await server.port())
