"""An open vote whose record is sequenced all the time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pb_service.features.voting import casting
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.voting import OpenVote, open_vote


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A voter waits for the record as long as it takes: no test tells how fast the machine is."""
    monkeypatch.setattr(casting, "PATIENCE", 300)


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> AsyncIterator[OpenVote]:
    opened = await open_vote(service, clock)
    sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
    yield opened
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
