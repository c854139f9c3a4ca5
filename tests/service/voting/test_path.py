"""From a fixed ballot list to counted ballots: every step by the functions that pages and jobs call."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.voting import OpenVote, open_vote


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> AsyncIterator[OpenVote]:
    """An open vote whose record is sequenced all the time."""
    opened = await open_vote(service, clock)
    sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
    yield opened
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)


async def test_receipt_proves_that_the_envelope_is_in_the_record(vote: OpenVote) -> None:
    """Who casts is answered with a proof that the published record holds the envelope."""
    voter = await vote.voter()
    envelope = await vote.sealed(voter, [0, 1])
    answer = await vote.service.casting.cast(await vote.polling(), voter, envelope)
    receipt = Receipt.parse(answer.receipt)
    head = receipt.verify("example.org/pb/spring", public_bytes(vote.service.log_key))
    assert answer.is_new
    assert receipt.index == answer.index < head.size
    assert answer.code == envelope.seal_code()
