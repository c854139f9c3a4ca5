"""Paper is given by two officers, once a person, and goes before every vote online."""

from datetime import timedelta

import pytest

from pb_service.features.accounts.policy import Actor, Forbidden
from pb_service.features.accounts.tables import Account
from pb_service.features.desk import handing, places
from pb_service.features.desk.errors import DeskRefused
from pb_service.features.desk.people import Typed, find_person
from pb_service.features.roll.standing import Standing
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders, service
from pb_service.features.voting.errors import OnPaper
from pb_service.features.voting.orders import OrderRefused
from tests.desk import DeskVote, neighbour
from tests.voting import cast


async def stands(desk: DeskVote, actor: Actor) -> service.Stands:
    polling = await desk.vote.polling()
    async with desk.vote.service.database.reading() as session:
        [place] = await service.places(session, polling, actor, keys=desk.vote.service.keys)
    return place.stands


async def mail_of(desk: DeskVote, actor: Actor) -> str:
    async with desk.vote.service.database.reading() as session:
        return (await session.get_one(Account, actor.account_id)).email or ""


async def test_paper_replaces_what_was_cast_online(desk: DeskVote) -> None:
    """With both signatures paper counts for the person of the account, and an envelope afterwards is refused."""
    voter = await desk.vote.voter()
    await cast(desk.vote, voter, [0])
    person = await desk.person(Typed(email=await mail_of(desk, voter)))
    order = await desk.ask(person)
    assert not await desk.sign(order, desk.vote.desks[0])
    assert (await stands(desk, voter)).kind == "envelope"
    assert await desk.sign(order, desk.vote.desks[1])
    assert (await stands(desk, voter)).kind == "paper"
    with pytest.raises(OnPaper):
        await cast(desk.vote, voter, [1])
    polling = await desk.vote.polling()
    async with desk.vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        [state] = await handing.state_of_person(session, polling, found, person)
    assert state.stands.kind == "paper"
    assert state.online_at is not None


async def test_nobody_is_given_paper_twice(desk: DeskVote) -> None:
    """The same name and day of birth are the same person, however they are typed; not even two begun at once."""
    await desk.give(await desk.person(neighbour(1)))
    again = await desk.person(Typed(name="  aino   ESIMERKKI 1 ", born=neighbour(1).born))
    with pytest.raises(DeskRefused) as refused:
        await desk.ask(again, "etela")
    assert refused.value.code == "paper"
    other = await desk.person(neighbour(2))
    await desk.ask(other)
    with pytest.raises(DeskRefused) as refused:
        await desk.ask(other)
    assert refused.value.code == "waiting"


async def test_one_officer_is_not_two(desk: DeskVote) -> None:
    """The second signature is another officer's, and nobody else signs at a desk."""
    order = await desk.ask(await desk.person(neighbour(1)))
    await desk.sign(order, desk.vote.desks[0])
    assert not await desk.sign(order, desk.vote.desks[0])
    with pytest.raises(OrderRefused):
        await desk.sign(order, desk.vote.registrar, "registrar")
    with pytest.raises(Forbidden):
        await desk.ask(await desk.person(neighbour(2)), by=desk.vote.manager)


async def test_the_second_officer_looks_the_person_up_before_signing(desk: DeskVote) -> None:
    """Not with nothing, another person, a colleague's look-up, one for another paper ballot, or an old one."""
    first, second = desk.vote.desks
    person, other = await desk.person(neighbour(1)), await desk.person(neighbour(2))
    order, elsewhere = await desk.ask(person), await desk.ask(other)
    assert not await desk.hand(order, first)  # who began has looked the person up
    by_first = await desk.look_up(order, first.actor, person)
    seen = await desk.look_up(order, second.actor, person)
    assert await desk.look_up(order, second.actor, other) == ""
    for wrong in ("", "no", f"1{seen}", by_first, await desk.look_up(elsewhere, second.actor, other)):
        with pytest.raises(DeskRefused) as refused:
            await desk.hand(order, second, wrong)
        assert refused.value.code == "unseen"
    now = desk.vote.clock.now
    desk.vote.clock.now = now + timedelta(minutes=15)
    with pytest.raises(DeskRefused, match="Look the person up"):
        await desk.hand(order, second, seen)
    desk.vote.clock.now = now
    assert await desk.hand(order, second, seen)


async def test_each_kind_of_step_is_signed_at_its_own_door(desk: DeskVote) -> None:
    """Paper cannot be signed where strikes are, without looking anybody up."""
    vote, order = desk.vote, await desk.ask(await desk.person(neighbour(1)))
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        signed = vote.desks[1].sign((await orders.waiting_order(session, found, order.id)).entry)
        with pytest.raises(OrderRefused, match="not signed here"):
            await orders.sign(
                session, vote.desks[1].actor, found, order.id, "desk", **signed,
                kinds=orders.STEPS, operator=vote.service.operator_key, now=vote.clock(),
            )  # fmt: skip


async def test_shift_opens_the_place(desk: DeskVote) -> None:
    """Where shifts are planned, who has none there now gives no paper."""
    vote, now = desk.vote, desk.vote.clock()
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        account = vote.desks[0].actor.account_id
        assert account
        times = now - timedelta(hours=1), now + timedelta(hours=1)
        await places.add_shift(session, vote.manager, found, desk.place.id, account_id=account, times=times, now=now)
    with pytest.raises(DeskRefused) as refused:
        await desk.ask(await desk.person(neighbour(1)), by=vote.desks[1].actor)
    assert refused.value.code == "shift"
    await desk.ask(await desk.person(neighbour(1)))


async def test_nobody_is_found_by_half_of_a_name(desk: DeskVote) -> None:
    """Without an account, a name alone is nobody; an address without an account is nobody."""
    polling, keys = await desk.vote.polling(), desk.vote.service.keys
    async with desk.vote.service.database.reading() as session:
        for typed in (Typed(name="Aino"), Typed(email="nobody@example.org"), Typed(email="no address"), Typed()):
            assert await find_person(session, polling, typed, keys=keys) is None


async def test_struck_paper_lets_the_online_vote_count_again(desk: DeskVote) -> None:
    """Paper that was returned unused is struck by two officers and a registrar; what was cast before counts again."""
    voter, vote = await desk.vote.voter(), desk.vote
    await cast(vote, voter, [0])
    person = await desk.person(Typed(email=await mail_of(desk, voter)))
    await desk.give(person)
    await vote.service.sequencer.settle(0.01)
    polling = await vote.polling()
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        given = await service.stands_in(session, polling, Standing("district", person.aliases["district"], "desk"))
        reason = {"fi": "Palautettu.", "sv": "Återlämnad."}
        order = await orders.ask_strike(
            session,
            vote.desks[0].actor,
            found,
            given.index,
            why="desk",
            reason=reason,
            now=vote.clock(),
        )
    await desk.sign(order, vote.desks[0])
    await desk.sign(order, vote.desks[1])
    assert await desk.sign(order, vote.registrar, "registrar")
    assert (await stands(desk, voter)).kind == "envelope"
