"""From a fixed ballot list to counted ballots: every step by the functions that pages and jobs call."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.voting import OpenVote, cast, close, counted, open_vote, verified


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


async def test_vote_is_counted_and_the_checker_agrees(vote: OpenVote) -> None:
    """Five people vote, one of them twice; two people close; every trustee mixes; pb-verify passes on the bundle."""
    for choice in ([0], [0], [1], [0, 2]):
        await cast(vote, await vote.voter(), choice)
    changed = await vote.voter()
    await cast(vote, changed, [2])
    await cast(vote, changed, [1], contest="etela")
    await close(vote)
    await counted(vote)
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug)
        north = await contest_documents(session, vote.slug, "pohjoinen")
    assert found.phase == "results"
    assert north.outcome["counts"] == {"ballots": 4, "blank": 0, "over": 0}
    assert [project["votes"] for project in north.outcome["projects"]] == [3, 1, 1]
    report = await verified(vote)
    assert {check["id"]: check["status"] for check in report["checks"] if check["status"] == "failed"} == {}
