"""An open vote with a place where paper is given, whose record is sequenced all the time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pb_service.service import Service
from tests.conftest import FakeClock
from tests.desk import DeskVote, desk_vote
from tests.voting import open_vote


@pytest.fixture
async def desk(service: Service, clock: FakeClock) -> AsyncIterator[DeskVote]:
    opened = await desk_vote(await open_vote(service, clock))
    sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
    yield opened
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
