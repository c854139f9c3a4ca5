"""The way of a proposal to the ballot: decided, assessed, costed by two, made a project, its list fixed by two."""

import zipfile

import pytest
from sqlalchemy import select

from pb_service.core.record import canonical
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.assessment import lists
from pb_service.features.assessment.errors import ListChanged, ListNotReady, NotNow
from pb_service.features.assessment.evidence import process_files
from pb_service.features.assessment.moderation import Wanted
from pb_service.features.opendata.bundle import process_bundle, published_checkpoint
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.record import repository as record
from pb_service.features.rounds.tables import Contest
from pb_service.verifier.__main__ import main
from pb_service.verifier.log import Key
from pb_service.verifier.process import Process
from tests.assessment import Office
from tests.proposals import REASON, now_of, record_kinds, round_called


async def test_the_whole_way_stands_in_the_record(town: Office) -> None:
    await town.fixed()
    kinds = [kind for kind in await record_kinds(town.service) if not kind.startswith(("round.", "phase."))]
    assert kinds[:6] == [
        "proposal.received p1",
        "proposal.published p1",
        "assessment.decided p1",
        "cost.set p1",
        "cost.signed p1",
        "proposal.received p2",
    ]
    assert kinds[-3:] == ["project.made 101", "project.made 102", "list.fixed list"]


async def test_the_verifier_finds_the_whole_process_in_order(town: Office) -> None:
    refused = await town.sent("Kieletty")
    await town.decide(refused.number or 0, Wanted("reject", "lawful", REASON))
    await town.fixed()
    found = await round_called(town.service)
    async with town.service.database.reading() as session:
        entries = await record.all_bodies(session, found.log)
        files = await process_files(session, found, entries)
    process = Process(entries, files)
    process.run()
    assert {name: problems for name, problems in process.problems.items() if problems} == {}
    assert process.figures["P3"] == {"projects": 2, "proposals": 3}
    assert set(files) == {name for name in process.known if name in files}  # nothing that no act names


async def test_the_next_stage_finds_contests_and_projects(town: Office) -> None:
    row = await town.fixed()
    listed = canonical.decode(row.body)
    async with town.service.database.reading() as session:
        contests = (await session.scalars(select(Contest).order_by(Contest.position))).all()
        for contest in contests:
            await session.refresh(contest, ["projects"])
    assert [(contest.key, contest.budget) for contest in contests] == [
        ("pohjoinen", 33_333_333),
        ("etela", 66_666_667),
    ]
    assert [[(each.code, each.cost) for each in contest.projects] for contest in contests] == [
        [("101", 500_000)],
        [("102", 700_000)],
    ]
    assert [contest.rule for contest in contests] == [contest["rule"] for contest in listed["contests"]]
    assert contests[0].limits == listed["contests"][0]["limits"] == {"blank": True, "cost": 33_333_333}


async def test_one_person_alone_does_not_fix_the_list(town: Office) -> None:
    number = await town.costed()
    await town.make([number])
    assert ("etela", "no_projects") in await town.lacking()
    other = await town.costed("Toinen penkki")
    await town.make([other], "etela")
    await town.phase("assessment")
    first = await town.confirm(town.manager)
    assert (await town.confirm(town.manager)).id == first.id
    async with town.service.database.reading() as session:
        assert await lists.published_list(session, await round_called(town.service)) is None
    assert (await town.confirm(town.other_manager)).confirmed_second_at


async def test_a_list_that_changed_since_it_was_looked_at_is_not_confirmed(town: Office) -> None:
    row = await town.fixed()
    with pytest.raises(ListChanged):
        await town.confirm(town.manager, "0" * 64)
    assert row.sha256.hex() == await town.list_hash()


async def test_a_change_between_the_two_confirmations_needs_both_again(town: Office) -> None:
    numbers = [await town.costed("Yksi penkki"), await town.costed("Kaksi penkkiä")]
    await town.make([numbers[0]])
    await town.make([numbers[1]], "etela")
    await town.phase("assessment")
    await town.confirm(town.manager)
    await town.set_cost("p1", 600_000, version=1, reason=REASON)
    await town.sign("p1", version=2)
    row = await town.confirm(town.other_manager)
    assert row.confirmed_second_at is None
    assert (await town.confirm(town.manager)).confirmed_second_at is not None


async def test_a_list_that_lacks_something_is_not_confirmed(town: Office) -> None:
    number = await town.published()
    await town.assess(number)
    await town.make([number])
    await town.phase("assessment")
    with pytest.raises(ListNotReady) as lacking:
        await town.confirm(town.manager, "0" * 64)
    assert {point.name for point in lacking.value.points} == {"districts", "costs"}


async def test_assessors_do_not_fix_the_list_and_managers_do_not_cost(town: Office) -> None:
    number = await town.published()
    with pytest.raises(Forbidden):
        await town.set_cost(f"p{number}", actor=town.manager)
    with pytest.raises(Forbidden):
        await town.confirm(town.assessor, "0" * 64)


async def test_after_the_list_is_fixed_a_cost_changes_by_an_amendment(town: Office) -> None:
    before = await town.fixed()
    with pytest.raises(ReasonMissing):
        await town.set_cost("p1", 600_000, version=1)
    await town.set_cost("p1", 600_000, version=1, reason=REASON)
    await town.sign("p1", version=2)
    with pytest.raises(ReasonMissing):
        await town.confirm(town.manager)
    await town.confirm(town.manager, reason=REASON)
    after = await town.confirm(town.other_manager)
    assert (after.version, after.sha256 != before.sha256) == (before.version + 1, True)
    assert (await record_kinds(town.service))[-3:] == ["cost.set p1", "cost.signed p1", "list.amended list"]


async def test_after_the_list_is_fixed_nothing_new_comes_on_it(town: Office) -> None:
    await town.fixed()
    with pytest.raises(NotNow):
        await town.make([1])


async def test_the_vote_may_not_begin_before_the_list_is_fixed(town: Office) -> None:
    found = await round_called(town.service)
    async with town.service.database.reading() as session:
        problem = await lists.guard_vote(session, found, "voting", town.clock())
    assert problem is not None
    assert problem.code == "no_list"
    await town.fixed()
    async with town.service.database.reading() as session:
        assert await lists.guard_vote(session, found, "voting", town.clock()) is None
    assert (await now_of(town.service, (await town.author_proposals())[0])).state == "on_ballot"


async def test_the_bundle_of_the_process_is_verified_by_the_published_key(town: Office) -> None:
    """What /data/<round>/process.zip serves, checked by the program on its own; the same state gives the same bytes."""
    row = await town.fixed()
    await town.service.sequencer.settle()
    async with town.service.database.reading() as session:
        path = (await town.service.bundles.process(session, town.slug, town.service.tiles)).path
        again = await process_bundle(
            session, await round_called(town.service), published_checkpoint(town.service.tiles, town.slug)
        )
    assert path.read_bytes() == again
    assert f"process/{row.sha256.hex()}.json" in zipfile.ZipFile(path).namelist()
    origin = "example.org/pb/spring"
    public = public_bytes(town.service.log_key)
    key = Key(origin, public)
    assert main([str(path), "--key", key.vkey]) == 0
    assert main([str(path), "--key", Key(origin, bytes(32)).vkey]) == 1
