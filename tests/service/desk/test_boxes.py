"""Paper is counted by people who check each other, and the vote's count waits for their list."""

import pytest

from pb_service.core.record.canonical import decode
from pb_service.core.sealing import payload
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.features.counting.repository import counts_of_round
from pb_service.features.desk import boxes
from pb_service.features.desk.errors import DeskRefused
from pb_service.features.desk.people import Typed
from pb_service.features.record.service import get_file
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders
from pb_service.features.voting.orders import OrderRefused
from tests.desk import BOX, DeskVote, neighbour
from tests.voting import cast, verified


async def refusal(coroutine: object) -> str:
    with pytest.raises(DeskRefused) as refused:
        await coroutine  # type: ignore[misc]
    return refused.value.code


async def test_paper_is_counted_and_everybody_can_check_it(desk: DeskVote) -> None:
    """Five papers, one void and one never put into the box; the count waits for the list, and pb-verify passes."""
    vote = desk.vote
    voter = await vote.voter()
    await cast(vote, voter, [0])
    await cast(vote, await vote.voter(), [1])
    for number in range(5):
        await desk.give(await desk.person(neighbour(number)))
    await desk.close()
    assert not await desk.count_sealed()
    await desk.account(6, spoilt=1, returned=1)
    said = {1: [1], 2: [1], 3: [0], 4: None}
    await desk.read(vote.desks[0].actor, boxes.FIRST, said)
    await desk.read(vote.desks[1].actor, boxes.SECOND, said)
    assert await desk.sample(said)
    order = await desk.listed()
    assert not await desk.sign(order, vote.desks[0])
    assert not await desk.sign(order, vote.auditor, "auditor")
    assert await desk.sign(order, vote.desks[1])
    assert await desk.count_sealed()
    await vote.service.sequencer.settle(0.01)
    report = await verified(vote)
    assert report["verdict"] == "pass"
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        counted = {contest.key: count for contest, count in await counts_of_round(session, found.id)}
        outcome = decode(await get_file(session, counted["pohjoinen"].outcome_sha256))
        ballots = decode(await get_file(session, counted["pohjoinen"].ballots_sha256))
        files = await vote.service.bundles.contest(session, "spring", "pohjoinen")
    assert len(read_pabulib(files["ballots.pb"].path.read_bytes(), name="pohjoinen.pb").ballots) == 5
    assert (outcome["counts"]["ballots"], len(ballots["on"]), len(ballots["pa"])) == (5, 2, 3)


async def test_readings_that_differ_are_settled_by_a_third_person(desk: DeskVote) -> None:
    """Each reading is another person's; the third reads only what differs, and his reading holds."""
    vote = desk.vote
    for number in range(3):
        await desk.give(await desk.person(neighbour(number)))
    await desk.close()
    await desk.account(3)
    await desk.read(vote.desks[0].actor, boxes.FIRST, {1: [0], 2: [1], 3: [2]})
    assert await refusal(desk.read(vote.desks[0].actor, boxes.SECOND, {1: [0]})) == "same_hand"
    await desk.read(vote.desks[1].actor, boxes.SECOND, {1: [0], 2: [2], 3: None})
    box = await desk.box()
    assert (box.differ, box.step) == ([2, 3], "settle")
    assert await refusal(desk.read(vote.desks[1].actor, boxes.THIRD, {2: [1]})) == "same_hand"
    assert await refusal(desk.read(desk.third, boxes.THIRD, {1: [1]})) == "order"
    assert await refusal(desk.listed()) in {"early", "not_ready"}
    await desk.read(desk.third, boxes.THIRD, {2: [1], 3: None})
    await desk.sample({1: [0], 2: [1], 3: None})
    box = await desk.box()
    assert box.step == "ready"
    shape = (await vote.polling()).manifest.contests["pohjoinen"].shape
    assert [box.final(number) for number in box.numbers] == [
        payload.encode([0], shape),
        payload.encode([1], shape),
        None,
    ]


async def test_box_whose_account_does_not_balance_is_refused(desk: DeskVote) -> None:
    """Sheets given = in the box + spoilt + returned; never more ballots than people, nor fewer sheets than entries."""
    for number in range(3):
        await desk.give(await desk.person(neighbour(number)))
    assert await refusal(desk.account(3)) == "early"
    await desk.close()
    assert await refusal(desk.account(4)) == "too_many"
    assert await refusal(desk.account(2)) == "few"
    vote = desk.vote
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        made = boxes.enter_account(
            session, desk.third, found, "pohjoinen", BOX, given=4, in_box=2, spoilt=1, returned=0, now=vote.clock()
        )
        assert await refusal(made) == "unbalanced"
    assert await refusal(desk.read(vote.desks[0].actor, boxes.FIRST, {1: [0]})) == "account"
    await desk.account(4, spoilt=1)
    assert (await desk.box()).size == 3


async def test_auditor_who_reads_otherwise_stops_the_list(desk: DeskVote) -> None:
    """Where the sample differs, nothing is signed until the box was read again from the beginning."""
    vote = desk.vote
    await desk.give(await desk.person(neighbour(1)))
    await desk.close()
    await desk.count_sealed()
    await desk.account(1)
    for person, hand in ((vote.desks[0], boxes.FIRST), (vote.desks[1], boxes.SECOND)):
        await desk.read(person.actor, hand, {1: [0]})
    await desk.sample({1: [1]})
    assert (await desk.box()).step == "again"
    assert await refusal(desk.listed()) == "not_ready"
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        await boxes.begin_anew(session, desk.third, found, "pohjoinen", BOX, now=vote.clock())
    assert (await desk.box()).step == "read"


async def test_ballot_that_breaks_the_rules_is_keyed_as_void(desk: DeskVote) -> None:
    """No ballot can be keyed in that no voter could have cast online."""
    await desk.give(await desk.person(neighbour(1)))
    await desk.close()
    await desk.account(1)
    assert await refusal(desk.read(desk.third, boxes.FIRST, {1: [0, 0]})) == "ballot"
    await desk.read(desk.third, boxes.FIRST, {1: None})


async def test_list_is_made_once_and_can_be_let_go(desk: DeskVote) -> None:
    """While a list waits for signatures nothing of its boxes changes; an officer is no auditor."""
    vote = desk.vote
    await desk.give(await desk.person(Typed(name="Aino", born=neighbour(1).born)))
    await desk.close()
    await desk.account(1, returned=1)
    assert await refusal(desk.listed()) == "early"
    await desk.count_sealed()
    order = await desk.listed()
    assert await refusal(desk.account(1, returned=1)) == "listed"
    await desk.sign(order, vote.desks[0])
    with pytest.raises(OrderRefused):
        await desk.sign(order, vote.registrar, "registrar")
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        await orders.drop(session, vote.desks[0].actor, found, order.id, now=vote.clock())
    await desk.account(1, returned=1)
