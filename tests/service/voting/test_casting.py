"""The door under everything that clients do: posts that come twice, late, at once, from elsewhere, or in crowds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from secrets import token_bytes

import pytest
from sqlalchemy import select, update

from pb_service.core.record import entries
from pb_service.core.sealing import envelope as sealing
from pb_service.core.sealing import payload
from pb_service.core.sealing.election import envelope_of
from pb_service.core.sealing.envelope import Envelope, Place
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.opening.state import state_of
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.casting import CastingService
from pb_service.features.voting.errors import (
    BadEnvelope,
    BaseOutdated,
    Busy,
    Closed,
    NotYours,
    OnPaper,
    Outranked,
    Paused,
    Repeated,
)
from pb_service.features.voting.tables import CastEnvelope, PaperHandout
from pb_service.platform.db import Database
from tests.voting import OpenVote, cast, close


@pytest.fixture
async def other(vote: OpenVote, database_url: str) -> AsyncIterator[CastingService]:
    """The door of a second process at the same vote."""
    database = Database(database_url, pool_size=5)
    door = CastingService(database, vote.service.tiles, vote.service.keys, vote.clock)
    yield door
    await door.close()
    await database.close()


async def envelopes(vote: OpenVote) -> list[bytes]:
    """The seal hashes of all envelopes in the record, in its order, from the entries themselves."""
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        state = await state_of(session, found.log)
        bodies = await record.entries(session, found.log)
    assert state.election.manifest
    eid = state.election.manifest.eid
    logged = [entry for entry in map(entries.parse, bodies) if entry.kind == "env"]
    return [envelope_of(entry, eid).seal_hash() for entry in logged]


async def came(vote: OpenVote, actor: Actor, at: datetime) -> Actor:
    """The same person in a session that began then."""
    assert actor.account_id
    async with vote.service.database.transaction() as session:
        secret = await sessions.start(session, actor.account_id, "resident", visitor=Visitor(), now=at)
        return await sessions.recognise(session, secret, now=at)


async def closes(vote: OpenVote) -> datetime:
    async with vote.service.database.reading() as session:
        return (await find_round(session, vote.slug, whole=False)).vote[1]


async def test_who_comes_just_when_the_work_ends_is_answered_too(vote: OpenVote) -> None:
    """Posts that follow an answer by a little more each time, past the end of the watch; none is left waiting."""
    voter, polling = await vote.voter(), await vote.polling()
    envelope, door = await vote.sealed(voter, [0]), vote.service.casting
    first = await door.cast(polling, voter, envelope)
    for step in range(150):
        again = await door.cast(polling, voter, envelope)
        assert (again.index, again.is_new) == (first.index, False)
        await asyncio.sleep(step % 50 / 2000)


async def test_ten_thousand_identical_posts_are_one_envelope(vote: OpenVote, other: CastingService) -> None:
    """However often the same envelope comes, at whichever process: one entry, one place, a receipt for each post."""
    voter, polling = await vote.voter(), await vote.polling()
    envelope = await vote.sealed(voter, [0])
    doors = [vote.service.casting, other]
    answers = await asyncio.gather(*(doors[n % 2].cast(polling, voter, envelope) for n in range(10_000)))
    assert len({answer.index for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
    assert await envelopes(vote) == [envelope.seal_hash()]


async def test_of_two_devices_at_once_one_seals_again(vote: OpenVote, other: CastingService) -> None:
    """Two envelopes of one person with the same base: one is taken, the other is told the base that works."""
    voter, polling = await vote.voter(), await vote.polling()
    one, two = await vote.sealed(voter, [0]), await vote.sealed(voter, [1], contest="etela")
    posts = [vote.service.casting.cast(polling, voter, one), other.cast(polling, voter, two)]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    [refused] = [answer for answer in answers if isinstance(answer, BaseOutdated)]
    again = await vote.sealed(voter, [1], contest="etela", base=refused.base)
    await other.cast(polling, voter, again)
    assert len(await envelopes(vote)) == 2


async def test_crowd_at_two_processes(vote: OpenVote, other: CastingService) -> None:
    """Many people who vote twice at two processes at once: each has exactly what was acknowledged to her."""
    polling, doors = await vote.polling(), [vote.service.casting, other]
    voters = [await vote.voter() for _ in range(20)]
    sealed = [await vote.sealed(voter, [n % 3]) for n, voter in enumerate(voters)]
    more = [await vote.sealed(voter, [2]) for voter in voters]
    posts = [
        doors[(n + place) % 2].cast(polling, voter, batch[n])
        for place, batch in enumerate((sealed, more, sealed))
        for n, voter in enumerate(voters)
    ]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    told = {answer.seal for answer in answers if not isinstance(answer, BaseException)}
    assert all(isinstance(answer, BaseOutdated) for answer in answers if isinstance(answer, BaseException))
    logged = await envelopes(vote)
    assert sorted(told) == sorted(logged)
    assert len(logged) == len(voters)


async def test_envelope_of_somebody_else_is_refused(vote: OpenVote) -> None:
    """Whose session it is decides the alias: nobody casts, or casts again, in another name."""
    voter, thief = await vote.voter(), await vote.voter()
    with pytest.raises(NotYours):
        await vote.service.casting.cast(await vote.polling(), thief, await vote.sealed(voter, [0]))


async def test_envelope_of_another_contest_or_election_is_refused(vote: OpenVote) -> None:
    """A sealed ballot cannot be replayed elsewhere: its proof is bound to contest, alias, base and election."""
    voter, polling = await vote.voter(), await vote.polling()
    sealed = await vote.sealed(voter, [0])
    for place in (
        Place(sealed.place.eid, "etela", sealed.place.alias, sealed.place.base),
        Place(sealed.place.eid, "pohjoinen", sealed.place.alias, sealed.place.base - 1),
    ):
        with pytest.raises(BadEnvelope):
            await vote.service.casting.cast(polling, voter, Envelope(place, sealed.pairs, sealed.proof))
    shape = polling.manifest.contests["pohjoinen"].shape
    elsewhere = Place(bytes(32), "pohjoinen", sealed.place.alias, sealed.place.base)
    moved, _ = sealing.seal(payload.encode([0], shape), elsewhere, polling.manifest.key, token_bytes)
    with pytest.raises(BadEnvelope):
        await vote.service.casting.cast(polling, voter, Envelope(sealed.place, moved.pairs, moved.proof))


async def test_envelope_that_repeats_a_point_is_refused(vote: OpenVote) -> None:
    """No first point of a pair comes twice in the record: a copy under another proof is no second ballot."""
    voter, polling = await vote.voter(), await vote.polling()
    shape, key = polling.manifest.contests["pohjoinen"].shape, polling.manifest.key
    body, secret, nonce = payload.encode([0], shape), [7] * shape.width, [9] * shape.width
    first = await vote.sealed(voter, [0])
    one = sealing._sealed(body, first.place, key, secret, nonce)
    await vote.service.casting.cast(polling, voter, one)
    place = Place(first.place.eid, "pohjoinen", first.place.alias, await vote.size())
    with pytest.raises(Repeated):
        await vote.service.casting.cast(polling, voter, sealing._sealed(body, place, key, secret, nonce))
    assert len(await envelopes(vote)) == 1
    await cast(vote, voter, [1])


async def test_after_the_end_only_who_was_there_before(vote: OpenVote) -> None:
    """For a quarter of an hour after the end those may cast who had signed in before it, and nobody else."""
    end, voter = await closes(vote), await vote.voter()
    early, late = await came(vote, voter, end - timedelta(seconds=1)), await came(vote, voter, end)
    vote.clock.now = end
    with pytest.raises(Closed):
        await cast(vote, late, [0])
    await cast(vote, early, [0])
    vote.clock.now = end + timedelta(seconds=900)
    with pytest.raises(Closed):
        await cast(vote, early, [1])


async def test_nothing_is_taken_after_the_close(vote: OpenVote) -> None:
    """Once two people have closed the vote the door is shut; what was cast before is still answered."""
    end, voter = await closes(vote), await vote.voter()
    actor = await came(vote, voter, end - timedelta(seconds=1))
    sealed = await vote.sealed(actor, [0])
    first = await vote.service.casting.cast(await vote.polling(), actor, sealed)
    await close(vote)
    with pytest.raises(Closed):
        await cast(vote, actor, [1])
    again = await vote.service.casting.cast(await vote.polling(), actor, sealed)
    assert (again.index, again.is_new) == (first.index, False)


async def test_paused_vote_takes_nothing(vote: OpenVote) -> None:
    """While the round is paused no envelope is taken."""
    async with vote.service.database.transaction() as session:
        await session.execute(update(Round).values(paused_at=vote.clock()))
    with pytest.raises(Paused):
        await cast(vote, await vote.voter(), [0])


async def test_paper_wins(vote: OpenVote) -> None:
    """Who was given a paper ballot casts no envelope, unless the paper was struck."""
    voter, polling = await vote.voter(), await vote.polling()
    async with vote.service.database.reading() as session:
        [standing] = await polling.standings(session, voter, vote.service.keys)
    async with vote.service.database.transaction() as session:
        entry_id = (await session.scalars(select(CastEnvelope.entry_id))).first() or 1
        row = PaperHandout(
            entry_id=entry_id, log_id=polling.log_id, group=standing.group, alias=standing.alias,
            contest="pohjoinen", at=vote.clock(),
        )  # fmt: skip
        session.add(row)
    with pytest.raises(OnPaper):
        await cast(vote, voter, [0])
    async with vote.service.database.transaction() as session:
        await session.execute(update(PaperHandout).values(struck_at=vote.clock()))
    await cast(vote, voter, [0])


async def test_stronger_identity_stands(vote: OpenVote) -> None:
    """A ballot that was cast with a stronger proof of identity is not replaced by a weaker one."""
    voter = await vote.voter()
    await cast(vote, voter, [0])
    async with vote.service.database.transaction() as session:
        await session.execute(update(CastEnvelope).values(rank=3))
    with pytest.raises(Outranked):
        await cast(vote, voter, [1])


async def test_crowded_door_asks_to_come_back(vote: OpenVote) -> None:
    """Beyond what a process can hold people are asked to come back; what was posted already goes on."""
    door = CastingService(vote.service.database, vote.service.tiles, vote.service.keys, vote.clock, most=1)
    voters, polling = [await vote.voter() for _ in range(2)], await vote.polling()
    sealed = [await vote.sealed(voter, [0]) for voter in voters]
    posts = [door.cast(polling, voter, envelope) for voter, envelope in zip(voters, sealed, strict=True)]
    first, second = await asyncio.gather(*posts, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, Busy)
    await door.cast(polling, voters[1], sealed[1])
    await door.close()
