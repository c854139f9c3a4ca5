"""Who hears of what happens to proposals: by mail at once, in a digest, or not at all."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from pb_service.background import job_runner
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import conversation, notices
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.browse_repository import by_number
from pb_service.features.proposals.conversation import How
from pb_service.features.proposals.notice_repository import Listener
from pb_service.features.proposals.tables import ProposalQuestion
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.proposals import REASON, open_round, published, resident, round_called
from tests.rounds import staff

ONE, OTHER = UUID(int=1), UUID(int=2)


def listener(account: UUID = ONE, *, author: bool = False, supports: bool = False, wish: How | None = None) -> Listener:
    return Listener(account, "a@example.org", "fi", author, supports, wish)


def how(*listeners: Listener, act: str = "publish", by: UUID | None = None) -> list[str]:
    return [each.how for each in notices.told(listeners, act, by)]


def test_authors_and_followers_hear_at_once_supporters_in_a_digest() -> None:
    assert how(listener(author=True), listener(OTHER, wish="at_once"), listener(supports=True)) == [
        "at_once", "at_once", "digest"
    ]  # fmt: skip


def test_what_somebody_chose_goes_before_the_rule() -> None:
    wishes = (listener(author=True, wish="digest"), listener(supports=True, wish="at_once"), listener(wish="never"))
    assert how(*wishes) == ["digest", "at_once"]


def test_who_did_it_is_not_told_but_for_the_receipt_of_what_they_sent() -> None:
    assert how(listener(author=True), by=ONE, act="withdraw") == []
    assert how(listener(author=True), by=ONE, act="send") == ["at_once"]


def test_what_is_between_authors_and_staff_is_told_to_authors_alone() -> None:
    assert how(listener(author=True), listener(OTHER, wish="at_once"), act="return") == ["at_once"]


async def follow(service: Service, actor: Actor, number: int, wish: How) -> None:
    found = await round_called(service)
    async with service.database.transaction() as session:
        proposal = await by_number(session, found.id, number)
        assert proposal
        await conversation.follow(session, actor, proposal, wish, now=service.clock())


async def test_a_refusal_reaches_author_and_follower_each_in_their_language_and_supporters_later(
    service: Service, clock: FakeClock
) -> None:
    """The author reads the reason and the guidance about appeals; who supports reads of it in the digest."""
    await open_round(service, clock)
    moderator, author = await staff(service, "moderator"), await resident(service, "Aino Lehto")
    follower, supporter = await resident(service, "Bo Ek"), await resident(service, "Cia Salo")
    made = await published(service, author, moderator)
    assert made.number
    await follow(service, follower, made.number, "at_once")
    found = await round_called(service)
    async with service.database.transaction() as session:
        proposal = await by_number(session, found.id, made.number)
        assert proposal
        await conversation.support(session, supporter, found, proposal, now=clock())
    await job_runner(service).run_due()
    before = len(await delivered(service))
    async with service.database.transaction() as session:
        await proposals.reject(session, moderator, made.id, "lawful", REASON, decider="0" * 16, now=clock())
    await job_runner(service).run_due()
    mails = [words(mail) for mail in (await delivered(service))[before:]]
    assert len(mails) == 2
    assert all("Syy" in mail and made.title in mail for mail in mails)
    assert ["Oikaisuvaatimus" in mail for mail in mails].count(True) == 1
    async with service.database.transaction() as session:
        assert await notices.send_digests(session, now=clock() + timedelta(days=7)) == 1
        assert await notices.send_digests(session, now=clock() + timedelta(days=7)) == 0


async def test_who_asked_hears_of_the_answer_once(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    moderator, author, asker = await staff(service, "moderator"), await resident(service), await resident(service, "Bo")
    made = await published(service, author, moderator)
    found = await round_called(service)
    async with service.database.transaction() as session:
        proposal = await by_number(session, found.id, made.number or 0)
        assert proposal
        await conversation.ask(session, asker, found, proposal, "Milloin?", once=uuid4(), named=False, now=clock())
    await job_runner(service).run_due()
    before = len(await delivered(service))
    for text in ("Keväällä.", "Syksyllä."):
        async with service.database.transaction() as session:
            asked = (await session.scalars(select(ProposalQuestion.id))).one()
            await conversation.answer(session, moderator, asked, text, now=clock())
    await job_runner(service).run_due()
    (mail,) = (await delivered(service))[before:]
    assert "Milloin?" in words(mail)
