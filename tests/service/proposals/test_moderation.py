"""What staff decide: with a reason in every required language, never about their own proposal, always in the record."""

import pytest

from pb_service.features.accounts.policy import Actor, Forbidden
from pb_service.features.proposals import repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.errors import ActRefused, OwnProposal, ReasonMissing
from pb_service.features.proposals.policy import pseudonym
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import REASON, now_of, open_round, published, record_kinds, resident, round_called, sent
from tests.rounds import staff


async def test_a_published_proposal_is_in_the_record(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made = await published(service, await resident(service), await staff(service, "moderator"))
    assert (made.state, made.published_at) == ("published", clock())
    assert (await record_kinds(service))[-1] == "proposal.published p1"


async def test_a_rejection_needs_its_reason_in_each_required_language(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made, moderator = await sent(service, await resident(service)), await staff(service, "moderator")
    with pytest.raises(ReasonMissing) as lacking:
        async with service.database.transaction() as session:
            await proposals.reject(session, moderator, made.id, "lawful", {"fi": "Ei"}, decider="x", now=clock())
    assert lacking.value.languages == ["sv"]
    async with service.database.transaction() as session:
        await proposals.reject(session, moderator, made.id, "lawful", REASON, decider="x", now=clock())
    async with service.database.reading() as session:
        act = (await repository.acts_of(session, made.id))[-1]
    assert act.shown == {"reason": REASON, "criterion": "lawful"}
    assert (set(act.about), (await now_of(service, made.id)).state) == (
        {"number", "criterion", "reason_sha256", "decider"},
        "rejected",
    )


async def test_a_moderator_does_not_act_on_her_own_proposal(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author, moderator = await resident(service), await staff(service, "moderator")
    made = await sent(service, author)
    herself = Actor(**{**vars(moderator), "account_id": author.account_id})
    with pytest.raises(OwnProposal):
        async with service.database.transaction() as session:
            await proposals.publish(session, herself, made.id, now=clock())


async def test_residents_and_others_of_the_staff_do_not_moderate(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await sent(service, author)
    for actor in (author, await staff(service, "assessor")):
        with pytest.raises(Forbidden):
            async with service.database.transaction() as session:
                await proposals.publish(session, actor, made.id, now=clock())


async def test_nothing_moves_against_the_table(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    moderator = await staff(service, "moderator")
    made = await published(service, await resident(service), moderator)
    with pytest.raises(ActRefused, match="state"):
        async with service.database.transaction() as session:
            await proposals.publish(session, moderator, made.id, now=clock())


async def test_after_the_list_is_fixed_only_illegal_content_can_go(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author, moderator = await resident(service), await staff(service, "moderator")
    made = await published(service, author, moderator)
    async with service.database.transaction() as session:
        await proposals.fix_book(session, await round_called(service), now=clock())
    with pytest.raises(ActRefused, match="fixed"):
        async with service.database.transaction() as session:
            await proposals.withdraw(session, author, made.id, now=clock())
    async with service.database.transaction() as session:
        await proposals.hide(session, moderator, made.id, REASON, now=clock())
    assert (await now_of(service, made.id)).state == "hidden"


async def test_a_pseudonym_is_one_persons_in_one_round(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    found, one, other = await round_called(service), await resident(service), await resident(service, "Bo Ek")
    key = service.keys.secret("record-people")
    assert one.account_id
    assert other.account_id
    name = pseudonym(key, found.id, one.account_id)
    assert name == pseudonym(key, found.id, one.account_id)
    assert name not in {pseudonym(key, found.id, other.account_id), pseudonym(key, other.account_id, one.account_id)}
