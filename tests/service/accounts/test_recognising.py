"""Sessions that are looked up together: each is what it is alone, and none is remembered."""

import asyncio
from datetime import timedelta

from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import ANONYMOUS
from pb_service.features.accounts.recognising import Recogniser
from pb_service.features.accounts.tables import AccountSession
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.service.accounts.test_races import begin, blocked
from tests.staff import hire


async def test_a_crowd_is_recognised_as_each_alone(service: Service, clock: FakeClock) -> None:
    """Roles, staff and residents, one who was never signed in, one whose session is over: all at once."""
    recogniser = Recogniser(service.database, clock)
    idle = await begin(service, await hire(service, name="Iivo", staff=False))
    clock.advance(sessions.LIFETIMES["resident"][0])
    people = [await hire(service, "manager"), *[await hire(service, name=f"A{n}", staff=False) for n in range(5)]]
    tokens = [await begin(service, person) for person in people]
    clock.advance(timedelta(minutes=1))  # so that it is written that they were seen
    crowd = [*tokens, "nobody's", idle, *tokens]
    together = await asyncio.gather(*(recogniser.recognise(token) for token in crowd))
    async with service.database.transaction() as session:
        alone = [await sessions.recognise(session, token, now=clock()) for token in crowd]
    assert together == alone
    assert [actor.account_id for actor in together[: len(people)]] == [person.id for person in people]
    assert together[len(people)] == together[len(people) + 1] == ANONYMOUS
    assert together[0].grants
    async with service.database.reading() as session:
        seen = await session.get(AccountSession, together[0].session_id)
    assert seen
    assert seen.seen_at == clock()


async def test_a_session_that_was_ended_is_nobodys_at_once(service: Service, clock: FakeClock) -> None:
    recogniser, member = Recogniser(service.database, clock), await hire(service, name="Aino", staff=False)
    token = await begin(service, member)
    assert (await recogniser.recognise(token)).account_id == member.id
    async with service.database.transaction() as session:
        await sessions.end_all(session, member.id)
    assert await recogniser.recognise(token) == ANONYMOUS


async def test_who_signs_out_in_another_tab_keeps_nobody_else_waiting(service: Service, clock: FakeClock) -> None:
    """A row on which somebody is at work is waited for by its own person alone."""
    recogniser = Recogniser(service.database, clock)
    leaving, other = [await hire(service, name=name, staff=False) for name in ("Aino", "Eino")]
    tokens = [await begin(service, person) for person in (leaving, other)]
    clock.advance(timedelta(minutes=1))
    async with service.database.transaction() as session:
        await sessions.end_all(session, leaving.id)
        asked = [asyncio.ensure_future(recogniser.recognise(token)) for token in tokens]
        assert (await asked[1]).account_id == other.id
        await blocked(service, asked[0])
    assert await asked[0] == ANONYMOUS
