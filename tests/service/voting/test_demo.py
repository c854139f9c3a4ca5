"""The round in which a newcomer can vote at once."""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.cli.demo_vote import open_demonstration_vote
from pb_service.demo.harbour import PROJECTS, SLUG
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rounds import staff
from tests.voting import Official, OpenVote, cast, close, counted, verified


async def test_newcomer_can_vote_and_the_checker_agrees(service: Service, clock: FakeClock) -> None:
    """The demonstration's round is open; a ballot is cast, counted and verified. Asked for again, nothing happens."""
    await open_demonstration_vote(service)
    async with service.database.reading() as session:
        found = await find_round(session, SLUG)
    assert found.phase == "voting"
    assert sum(len(contest.projects) for contest in found.contests) == len(PROJECTS)
    await open_demonstration_vote(service)
    people = await staff(service), await staff(service)
    nobody = Official(people[0], Ed25519PrivateKey.generate())
    vote = OpenVote(service, clock, *people, nobody, nobody, (nobody, nobody), slug=SLUG, contest="vanhasatama")
    sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
    await cast(vote, await vote.voter(), [0, 1])
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
    await close(vote)
    await counted(vote)
    report = await verified(vote)
    assert report["verdict"] == "pass", [check for check in report["checks"] if check["status"] == "fail"]
