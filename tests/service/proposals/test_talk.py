"""Support with a limit, threads of comments, what moderators hide, and five thousand comments on one proposal."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from pb_service.core.proposals.form import form_content
from pb_service.features.accounts.policy import Actor, Forbidden
from pb_service.features.proposals import browse, conversation, conversation_repository, forms, repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.conversation_errors import CommentNotFound, ConversationClosed, SupportSpent
from pb_service.features.proposals.errors import OwnProposal, ProposalNotFound
from pb_service.features.proposals.tables import Proposal, ProposalComment
from pb_service.features.rounds.finding import find_round
from pb_service.platform.db import uuid7
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import REASON, open_round, published, resident, round_called, words
from tests.rounds import staff


async def three(service: Service, clock: FakeClock, *, limit: int | None = None) -> tuple[list[Proposal], Actor]:
    """Three published proposals in a round with that limit of support, and its moderator."""
    manager = await open_round(service, clock)
    if limit is not None:
        async with service.database.transaction() as session:
            form, version = await forms.form_of(session, (await round_called(service)).id)
            content = form_content(form) | {"support_limit": limit}
            await forms.save_form(session, manager, "spring", content, version=version, now=clock())
    moderator, author = await staff(service, "moderator"), await resident(service)
    return [await published(service, author, moderator, wanted=words(f"Idea {n}")) for n in range(3)], moderator


async def support(service: Service, actor: Actor, proposal: Proposal) -> None:
    async with service.database.transaction() as session:
        kept = await repository.by_id(session, proposal.id)
        assert kept
        await conversation.support(session, actor, await round_called(service), kept, now=service.clock())


async def say(service: Service, actor: Actor, proposal: Proposal, body: str, parent: UUID | None = None) -> UUID:
    """Comment, and return the comment's id."""
    once = uuid4()
    async with service.database.transaction() as session:
        found = await round_called(service)
        await conversation.comment(
            session, actor, found, proposal, body, language="fi", once=once, named=False, parent=parent,
            now=service.clock(),
        )  # fmt: skip
        return (await session.scalars(select(ProposalComment.id).where(ProposalComment.once == once))).one()


async def test_support_ends_at_the_limit_and_comes_back_with_what_ended(service: Service, clock: FakeClock) -> None:
    (one, two, third), moderator = await three(service, clock, limit=2)
    reader = await resident(service, "Bo Ek")
    await support(service, reader, one)
    await support(service, reader, one)
    await support(service, reader, two)
    with pytest.raises(SupportSpent):
        await support(service, reader, third)
    async with service.database.transaction() as session:
        await proposals.merge(session, moderator, one.id, [two.id], REASON, now=clock())
    await support(service, reader, third)


async def test_nobody_supports_their_own_or_while_the_round_is_paused(service: Service, clock: FakeClock) -> None:
    (one, *_), _ = await three(service, clock)
    author = Actor(account_id=one.authors[0].account_id)
    with pytest.raises(ConversationClosed):
        await support(service, author, one)
    async with service.database.transaction() as session:
        (await find_round(session, "spring", whole=False)).paused_at = clock()
    with pytest.raises(ConversationClosed):
        await support(service, await resident(service, "Bo Ek"), one)


async def test_a_hidden_comment_keeps_its_place_and_the_reason(service: Service, clock: FakeClock) -> None:
    (one, *_), moderator = await three(service, clock)
    reader = await resident(service, "Bo Ek")
    comment = await say(service, reader, one, "Rude words")
    async with service.database.transaction() as session:
        await conversation.report(session, await resident(service, "Cy"), one, comment, "Rude", now=clock())
        assert [row[0].id for row in await conversation_repository.reported(session, one.round_id, most=5)] == [comment]
        await conversation.hide(session, moderator, comment, "Insults somebody", now=clock())
        assert await conversation_repository.reported(session, one.round_id, most=5) == []
    async with service.database.reading() as session:
        [thread] = (await browse.conversation(session, one)).threads
    assert (thread.comment.hidden_reason, thread.comment.hidden_by) == ("Insults somebody", moderator.account_id)
    with pytest.raises(Forbidden):
        async with service.database.transaction() as session:
            await conversation.hide(session, reader, comment, "No", now=clock())


async def test_a_moderator_leaves_the_comments_on_her_own_proposal_to_others(
    service: Service, clock: FakeClock
) -> None:
    (one, *_), moderator = await three(service, clock)
    async with service.database.transaction() as session:
        kept = await repository.by_id(session, one.id)
        assert kept
        kept.authors[0].account_id = moderator.account_id
    comment = await say(service, await resident(service, "Bo Ek"), one, "Critical words")
    with pytest.raises(OwnProposal):
        async with service.database.transaction() as session:
            await conversation.hide(session, moderator, comment, "I do not like it", now=clock())


async def test_an_answer_to_an_answer_stands_beside_it_and_never_under_another_proposal(
    service: Service, clock: FakeClock
) -> None:
    (one, two, _), _ = await three(service, clock)
    reader = await resident(service, "Bo Ek")
    first = await say(service, reader, one, "First")
    second = await say(service, reader, one, "Second", parent=first)
    await say(service, reader, one, "Third", parent=second)
    async with service.database.reading() as session:
        [thread] = (await browse.conversation(session, one)).threads
    assert [answer.body for answer in thread.answers] == ["Second", "Third"]
    with pytest.raises(CommentNotFound):
        await say(service, reader, two, "Elsewhere", parent=first)


async def test_five_thousand_comments_come_in_pages(service: Service, clock: FakeClock) -> None:
    """Half of them answer one comment. No page holds more than forty threads with five answers each."""
    (one, two, _), _ = await three(service, clock)
    rows = []
    root = uuid7()
    for number in range(5_000):
        parent = root if number and number % 2 else None
        rows.append(
            {
                "id": root if number == 0 else uuid7(), "proposal_id": one.id, "parent": parent, "language": "fi",
                "body": f"Comment {number}", "at": clock() + timedelta(seconds=number),
            }
        )  # fmt: skip
    async with service.database.transaction() as session:
        await session.execute(insert(ProposalComment), rows)
    async with service.database.reading() as session:
        first = await browse.conversation(session, one, page_size=browse.FIRST_COMMENTS)
        last = await browse.conversation(session, one, page=63)
        answers = await browse.conversation(session, one, root=root, page=63)
        assert (await browse.counts(session, [one.id]))[one.id].comments == 5_000
        with pytest.raises(ProposalNotFound):
            await browse.conversation(session, two, root=root)
    assert (first.total, len(first.threads), first.threads[0].comment.body) == (2_500, 10, "Comment 4998")
    [*_, oldest] = last.threads
    assert (last.pages, len(last.threads)) == (63, 20)
    assert (oldest.comment.id, oldest.count, oldest.more, len(oldest.answers)) == (root, 2_500, True, 5)
    [thread] = answers.threads
    assert (answers.pages, len(thread.answers), thread.answers[-1].body) == (63, 20, "Comment 4999")
