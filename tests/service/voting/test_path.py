"""From a fixed ballot list to counted ballots: every step by the functions that pages and jobs call."""

import asyncio
from datetime import timedelta

import pytest

from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.features.counting import closing
from pb_service.features.counting.errors import ClosingRefused
from pb_service.features.opening import service as opening
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.errors import PhaseRefused
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.voting import (
    OpenVote,
    begin_opening,
    begin_voting,
    cast,
    close,
    confirm_manifest,
    counted,
    prepared_vote,
    verified,
)


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
        south = await contest_documents(session, vote.slug, "etela")
        files = await vote.service.bundles.contest(session, vote.slug, "pohjoinen")
    assert len(read_pabulib(files["ballots.pb"].path.read_bytes(), name="pohjoinen.pb").ballots) == 4
    assert found.phase == "results"
    assert north.outcome["counts"] == {"ballots": 4, "blank": 0, "over": 0}
    assert [project["votes"] for project in north.outcome["projects"]] == [3, 1, 1]
    assert [project["votes"] for project in south.outcome["projects"]] == [0, 1, 0]
    assert (await verified(vote))["verdict"] == "pass"


async def test_nobody_voted(vote: OpenVote) -> None:
    """A vote without a ballot is closed, counted and verified like any other."""
    await close(vote)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"


async def test_vote_opens_by_two_people(service: Service, clock: FakeClock) -> None:
    """Registrar and auditor must both sign; before that no phase of voting, and one person cannot sign for both."""
    vote = await prepared_vote(service, clock)
    with pytest.raises(OpeningRefused, match="not_begun"):
        await _confirm_nothing(vote)
    await begin_opening(vote)
    assert not await confirm_manifest(vote, "registrar")
    with pytest.raises(PhaseRefused):
        await begin_voting(vote)
    assert await confirm_manifest(vote, "auditor")
    with pytest.raises(OpeningRefused, match="fixed"):
        await confirm_manifest(vote, "auditor")


async def _confirm_nothing(vote: OpenVote) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        around = Surroundings(vote.service.keys, None)
        await opening.prepare(session, vote.manager, found, around=around, now=vote.clock())


async def test_vote_does_not_open_before_its_time(service: Service, clock: FakeClock) -> None:
    """The phase begins at the moment that the manifest says, not before."""
    vote = await prepared_vote(service, clock)
    await begin_opening(vote)
    await confirm_manifest(vote, "registrar")
    await confirm_manifest(vote, "auditor")
    with pytest.raises(PhaseRefused):
        await begin_voting(vote, late=-timedelta(seconds=1))
    await begin_voting(vote, late=timedelta())


async def test_vote_is_closed_by_two_people_after_its_end(vote: OpenVote) -> None:
    """Neither before the end and its grace, nor by one person alone."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True, whole=False)
        assert found.closes_at
        key = vote.service.operator_key
        vote.clock.now = found.closes_at + timedelta(seconds=899)
        with pytest.raises(ClosingRefused, match="not over"):
            await closing.close_vote(session, vote.manager, found, operator=key, now=vote.clock())
        vote.clock.now += timedelta(seconds=1)
        for _ in range(2):
            assert not await closing.close_vote(session, vote.manager, found, operator=key, now=vote.clock())
    assert found.phase == "voting"


async def test_interrupted_count_goes_on(vote: OpenVote) -> None:
    """A count that is stopped at any moment is taken up where the record stands, and ends the same."""
    await cast(vote, await vote.voter(), [0])
    await close(vote)
    for seconds in (0.05, 0.2, 0.4):
        counting = asyncio.create_task(counted(vote))
        await asyncio.sleep(seconds)
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"
