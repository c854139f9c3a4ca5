"""Steps of a running vote that several people sign: strikes, more time, keys; and what the record says of incidents."""

from datetime import timedelta
from typing import Any

import pytest

from pb_service.core.record import entries
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts.policy import Forbidden, Role
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders, service
from pb_service.features.voting.orders import OrderRefused
from pb_service.features.voting.tables import VoteOrder
from tests.voting import Official, OpenVote, cast, close, counted, official, verified

WHY = {"fi": "Sama henkilö kahdesti.", "sv": "Samma person två gånger."}


async def ask(vote: OpenVote, what: Any, by: Any, *arguments: Any, **more: Any) -> VoteOrder:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        made: VoteOrder = await what(session, by, found, *arguments, reason=WHY, now=vote.clock(), **more)
        return made


async def sign(vote: OpenVote, order: VoteOrder, person: Official, role: Role) -> bool:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        waiting = await orders.waiting_order(session, found, order.id)
        return await orders.sign(
            session, person.actor, found, order.id, role, **person.sign(waiting.entry),
            kinds=orders.STEPS, operator=vote.service.operator_key, now=vote.clock(),
        )  # fmt: skip


async def kinds(vote: OpenVote) -> list[str]:
    await vote.service.sequencer.settle(0.01)
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        return [entries.parse(body).kind for body in await record.entries(session, found.log)]


async def test_struck_ballot_counts_no_more(vote: OpenVote) -> None:
    """Two officers and the registrar strike; the voter sees it in her own record, and the count leaves it out."""
    voter = await vote.voter()
    answer = await cast(vote, voter, [0])
    await cast(vote, await vote.voter(), [1])
    order = await ask(vote, orders.ask_strike, vote.desks[0].actor, answer.index, why="person")
    assert not await sign(vote, order, vote.desks[0], "desk")
    assert not await sign(vote, order, vote.registrar, "registrar")
    assert await sign(vote, order, vote.desks[1], "desk")
    async with vote.service.database.reading() as session:
        [own] = await service.own_entries(
            session, await vote.polling(), voter, keys=vote.service.keys, tiles=vote.service.tiles
        )
    assert own.struck_at is not None
    assert not own.counts
    await close(vote)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"


async def test_one_officer_is_not_two(vote: OpenVote) -> None:
    """The same person signs once, whatever roles she holds, and nobody signs in a role that has enough."""
    answer = await cast(vote, await vote.voter(), [0])
    order = await ask(vote, orders.ask_strike, vote.desks[0].actor, answer.index, why="person")
    await sign(vote, order, vote.desks[0], "desk")
    assert not await sign(vote, order, vote.desks[0], "desk")
    await sign(vote, order, vote.desks[1], "desk")
    third = await official(vote.service, vote.manager, vote.slug, "desk")
    with pytest.raises(OrderRefused):
        await sign(vote, order, third, "desk")
    assert "strike" not in await kinds(vote)


async def test_nothing_is_struck_that_is_no_ballot(vote: OpenVote) -> None:
    """Only an envelope or a paper entry can be struck, once, and by who may."""
    with pytest.raises(OrderRefused, match="could be struck"):
        await ask(vote, orders.ask_strike, vote.desks[0].actor, 3, why="person")
    with pytest.raises(Forbidden):
        await ask(vote, orders.ask_strike, vote.manager, 3, why="person")


async def test_vote_is_extended_by_registrar_and_auditor(vote: OpenVote) -> None:
    """A later end holds from the last signature on; an earlier one is refused."""
    async with vote.service.database.reading() as session:
        before = (await find_round(session, vote.slug, whole=False)).vote[1]
    with pytest.raises(OrderRefused):
        await ask(vote, orders.ask_extend, vote.manager, before - timedelta(hours=1))
    order = await ask(vote, orders.ask_extend, vote.manager, before + timedelta(days=1))
    assert not await sign(vote, order, vote.registrar, "registrar")
    assert await sign(vote, order, vote.auditor, "auditor")
    vote.clock.now = before + timedelta(hours=1)
    await cast(vote, await vote.voter(), [0])
    assert "extend" in await kinds(vote)


async def test_new_officer_signs_once_the_record_knows_the_key(vote: OpenVote) -> None:
    """A key that was granted after the manifest signs from its own entry on, and no more once it is taken off."""
    third = await official(vote.service, vote.manager, vote.slug, "desk")
    answer = await cast(vote, await vote.voter(), [0])
    strike = await ask(vote, orders.ask_strike, third.actor, answer.index, why="desk")
    with pytest.raises(OrderRefused, match="does not know"):
        await sign(vote, strike, third, "desk")
    added = await ask(vote, orders.ask_key, vote.manager, public_bytes(third.key))
    await sign(vote, added, vote.registrar, "registrar")
    assert await sign(vote, added, vote.auditor, "auditor")
    assert not await sign(vote, strike, third, "desk")
    off = await ask(vote, orders.take_off_key, vote.manager, "desk1")
    await sign(vote, off, vote.registrar, "registrar")
    assert await sign(vote, off, vote.auditor, "auditor")
    with pytest.raises(OrderRefused, match="does not know"):
        await sign(vote, strike, vote.desks[0], "desk")


async def test_what_a_key_had_signed_goes_with_it(vote: OpenVote) -> None:
    """Taken off before the step is logged, its signature is missing again, and another officer gives it."""
    third = await official(vote.service, vote.manager, vote.slug, "desk")
    answer = await cast(vote, await vote.voter(), [0])
    strike = await ask(vote, orders.ask_strike, vote.desks[0].actor, answer.index, why="desk")
    await sign(vote, strike, vote.desks[0], "desk")
    await sign(vote, strike, vote.desks[1], "desk")
    added = await ask(vote, orders.ask_key, vote.manager, public_bytes(third.key))
    off = await ask(vote, orders.take_off_key, vote.manager, "desk1")
    for order in (added, off):
        await sign(vote, order, vote.registrar, "registrar")
        assert await sign(vote, order, vote.auditor, "auditor")
    assert not await sign(vote, strike, vote.registrar, "registrar")
    assert await sign(vote, strike, third, "desk")


async def test_incident_stands_in_the_record(vote: OpenVote) -> None:
    """What went wrong is said in the record, in words for everybody, and the bundle holds the words."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        key = vote.service.operator_key
        await orders.note_incident(session, vote.manager, found, WHY, operator=key, now=vote.clock())
    assert "incident" in await kinds(vote)
    await close(vote)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"
