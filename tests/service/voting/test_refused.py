"""A proof that does not hold: the step is refused and shown, nothing of it is logged, and the count can go on."""

from sqlalchemy import text

from pb_service.core.record import entries
from pb_service.core.voting.counting import next_step
from pb_service.features.counting import repository, sealed
from pb_service.features.counting.progress import progress_of
from pb_service.features.opening.state import state_of
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from tests.voting import OpenVote, cast, close, verified


async def found_round(vote: OpenVote) -> Round:
    async with vote.service.database.reading() as session:
        return await find_round(session, vote.slug)


async def until(vote: OpenVote, kind: str) -> None:
    """Count up to the first step of that kind."""
    found = await found_round(vote)
    async with sealed.counting(vote.service, found) as work:
        while True:
            async with vote.service.database.transaction() as session:
                election = (await state_of(session, found.log, hold=True)).election
            step = next_step(election)
            assert step
            if step.kind == kind:
                return
            assert await work._take(election, step)


async def damage(vote: OpenVote, digit: int) -> None:
    """Turn a bit of every proof, and back."""
    turned = "UPDATE record_file SET body = set_byte(body, 40, get_byte(body, 40) # :bit) WHERE kind = 'mix-proof'"
    async with vote.service.database.transaction() as session:
        await session.execute(text(turned), {"bit": digit})


async def test_proof_that_fails_is_refused_and_shown(vote: OpenVote) -> None:
    """Nobody opens a list whose mixes do not hold; once the file is whole again the count ends as it should."""
    await cast(vote, await vote.voter(), [0])
    await cast(vote, await vote.voter(), [1])
    await close(vote)
    await until(vote, "dec")
    await damage(vote, 1)
    found = await found_round(vote)
    assert not await sealed.count(vote.service, found.id)
    async with vote.service.database.reading() as session:
        progress = await progress_of(session, found, await setup_of(session, found))
        kinds = [entries.parse(body).kind for body in await record.entries_from(session, found.log, 0, waiting=True)]
        refused = [step for step in await repository.steps_of(session, found.id) if step.is_refused]
    assert progress.waits
    assert "does not hold" in refused[0].about["why"]
    assert "dec" not in kinds
    await damage(vote, 1)
    assert await sealed.count(vote.service, found.id)
    await vote.service.sequencer.settle(0.01)
    assert (await verified(vote))["verdict"] == "pass"
