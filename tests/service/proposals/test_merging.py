"""Merges and splits: supporters count once, authors are told, everything is in the record, and an undo puts it back."""

from uuid import UUID

import pytest

from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.errors import ActRefused, MergeRefused, OwnProposal
from pb_service.features.proposals.tables import Proposal, ProposalSupport
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import (
    REASON,
    now_of,
    open_round,
    published,
    record_kinds,
    resident,
    round_called,
    words,
)
from tests.rounds import staff


@pytest.fixture
async def moderator(service: Service, clock: FakeClock) -> Actor:
    await open_round(service, clock)
    return await staff(service, "moderator")


async def three(service: Service, moderator: Actor) -> list[Proposal]:
    return [
        await published(service, await resident(service, f"Asukas{number}"), moderator, wanted=words(f"Idea {number}"))
        for number in range(3)
    ]


async def support(service: Service, made: Proposal, *people: Actor) -> None:
    async with service.database.transaction() as session:
        for person in people:
            session.add(ProposalSupport(proposal_id=made.id, account_id=person.account_id, at=service.clock()))


async def supporters(service: Service, made: Proposal) -> int:
    async with service.database.reading() as session:
        return await repository.supporters(session, made.id)


async def merge(service: Service, actor: Actor, into: Proposal, *sources: Proposal) -> UUID:
    async with service.database.transaction() as session:
        ids = [source.id for source in sources]
        return (await proposals.merge(session, actor, into.id, ids, REASON, now=service.clock())).id


async def undo(service: Service, actor: Actor, joint: UUID) -> None:
    async with service.database.transaction() as session:
        await proposals.undo(session, actor, joint, now=service.clock())


async def test_who_supported_both_counts_once(service: Service, moderator: Actor) -> None:
    one, two, _ = await three(service, moderator)
    people = [await resident(service, name) for name in ("A", "B", "C")]
    await support(service, one, *people[:2])
    await support(service, two, *people[1:])
    joint = await merge(service, moderator, one, two)
    assert await supporters(service, one) == 3
    assert (await now_of(service, two.id)).state == "merged"
    await undo(service, moderator, joint)
    assert (await supporters(service, one), await supporters(service, two)) == (2, 2)
    assert (await record_kinds(service))[-2:] == ["proposal.merged p1", "proposal.unmerged p1"]


async def test_a_merge_of_merged_counts_at_its_end_and_is_undone_step_by_step(
    service: Service, moderator: Actor
) -> None:
    one, two, three_ = await three(service, moderator)
    await support(service, one, await resident(service, "A"))
    first = await merge(service, moderator, two, one)
    second = await merge(service, moderator, three_, two)
    assert await supporters(service, three_) == 1
    with pytest.raises(MergeRefused, match="used"):
        await undo(service, moderator, first)
    await undo(service, moderator, second)
    assert (await supporters(service, three_), await supporters(service, two)) == (0, 1)
    await undo(service, moderator, first)
    assert await supporters(service, one) == 1


async def test_nothing_is_merged_into_itself_or_in_a_circle(service: Service, moderator: Actor) -> None:
    one, two, _ = await three(service, moderator)
    with pytest.raises(MergeRefused):
        await merge(service, moderator, one, one)
    await merge(service, moderator, one, two)
    with pytest.raises(MergeRefused):
        await merge(service, moderator, two, one)


async def test_a_moderator_does_not_merge_her_own(service: Service, moderator: Actor) -> None:
    one, two, _ = await three(service, moderator)
    async with service.database.reading() as session:
        found = await repository.by_id(session, two.id)
    assert found
    herself = Actor(**{**vars(moderator), "account_id": found.authors[0].account_id})
    with pytest.raises(OwnProposal):
        await merge(service, herself, one, two)


async def test_every_part_of_a_split_has_the_supporters_and_the_authors(service: Service, moderator: Actor) -> None:
    one, *_ = await three(service, moderator)
    await support(service, one, await resident(service, "A"), await resident(service, "B"))
    async with service.database.transaction() as session:
        parts = [words("Penkit"), words("Valaistus")]
        joint = await proposals.split(session, moderator, one.id, parts, REASON, now=service.clock())
    async with service.database.reading() as session:
        made = await repository.several(session, joint.into_ids)
        assert [(row.number, row.state, len(row.authors)) for row in made] == [
            (4, "published", 1),
            (5, "published", 1),
        ]
    assert [await supporters(service, row) for row in made] == [2, 2]
    await undo(service, moderator, joint.id)
    assert ((await now_of(service, one.id)).state, await supporters(service, one)) == ("published", 2)
    assert {(await now_of(service, row.id)).state for row in made} == {"merged"}
    assert (await record_kinds(service))[-2:] == ["proposal.split p1", "proposal.unsplit p1"]


async def test_there_is_no_undo_after_the_list_is_fixed(service: Service, moderator: Actor) -> None:
    one, two, _ = await three(service, moderator)
    joint = await merge(service, moderator, one, two)
    async with service.database.transaction() as session:
        await proposals.fix_book(session, await round_called(service), now=service.clock())
    with pytest.raises(ActRefused, match="fixed"):
        await undo(service, moderator, joint)
    assert (await now_of(service, two.id)).merged_into == one.id


async def test_authors_say_whether_they_agree(service: Service, moderator: Actor) -> None:
    one, two, _ = await three(service, moderator)
    joint = await merge(service, moderator, one, two)
    async with service.database.reading() as session:
        found = await repository.by_id(session, two.id)
    assert found
    author = Actor(account_id=found.authors[0].account_id)
    for agrees in (True, False):
        async with service.database.transaction() as session:
            await proposals.consent(session, author, joint, agrees=agrees, note="Ei sama asia", now=service.clock())
    async with service.database.reading() as session:
        [said] = (await repository.consents(session, [joint]))[joint]
    assert (said.agrees, said.note) == (False, "Ei sama asia")
