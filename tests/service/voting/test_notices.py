"""Mails about a vote: that a ballot was cast, and the reminder; what is kept for them goes again."""

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import notices
from pb_service.features.voting.tables import CastNotice, VoteReminder
from tests.mailbox import delivered, words
from tests.proposals import resident
from tests.voting import OpenVote, cast


async def in_language(vote: OpenVote, actor: Actor, language: str) -> None:
    async with vote.service.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == actor.account_id).values(language=language))


async def closes(vote: OpenVote) -> datetime:
    async with vote.service.database.reading() as session:
        return (await find_round(session, vote.slug, whole=False)).vote[1]


async def ask(vote: OpenVote, actor: Actor) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, whole=False)
        await notices.remind(session, actor, found, now=vote.clock())


async def left(vote: OpenVote, table: type[CastNotice | VoteReminder]) -> int:
    async with vote.service.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_voter_is_told_in_her_language_that_a_ballot_was_cast_and_nothing_of_it(vote: OpenVote) -> None:
    """No choice, no seal, no place in the record: that it happened, where one's entries are, and what to do."""
    voter = await vote.voter()
    await in_language(vote, voter, "sv")
    answer = await cast(vote, voter, [1])
    [mail] = await delivered(vote.service)
    told = words(mail)
    assert "En röst har avgetts i ditt namn" in mail["subject"]
    assert "/sv/rounds/spring/vote/record" in told
    for secret in (answer.code, answer.seal.hex(), f" {answer.index} ", "Valoja", "pohjoinen-"):
        assert secret not in told
    assert "List-Unsubscribe" not in mail


async def test_who_votes_again_and_again_is_told_once_an_hour(vote: OpenVote) -> None:
    """And of another contest apart; an hour later nothing says any more who was told."""
    voter = await vote.voter()
    await cast(vote, voter, [0])
    assert len(await delivered(vote.service)) == 1
    await cast(vote, voter, [1])
    vote.clock.advance(timedelta(minutes=5))
    assert len(await delivered(vote.service)) == 1
    await cast(vote, voter, [1], contest="etela")
    vote.clock.advance(timedelta(minutes=5))
    assert len(await delivered(vote.service)) == 2
    vote.clock.advance(timedelta(hours=1))
    await cast(vote, voter, [2])
    vote.clock.advance(timedelta(minutes=5))
    assert len(await delivered(vote.service)) == 3
    vote.clock.advance(timedelta(hours=2))
    await delivered(vote.service)
    assert await left(vote, CastNotice) == 0


async def test_nobody_is_told_at_an_address_that_is_not_known_to_be_theirs(vote: OpenVote) -> None:
    """An address that was never confirmed may be somebody else's."""
    await cast(vote, await resident(vote.service, verified=False), [0])
    assert await delivered(vote.service) == []
    assert await left(vote, CastNotice) == 0


async def test_who_asked_is_reminded_a_day_before_the_end_unless_she_has_voted(vote: OpenVote) -> None:
    """One mail to each who asked and has not voted, at the time; nothing of the wish is kept after it."""
    idle, voted = await vote.voter(), await vote.voter()
    for person in (idle, voted, idle):
        await ask(vote, person)
    assert await delivered(vote.service) == []
    await cast(vote, voted, [0])
    vote.clock.advance(timedelta(minutes=5))
    before = len(await delivered(vote.service))
    vote.clock.now = await closes(vote) - timedelta(hours=23)
    mails = (await delivered(vote.service))[before:]
    assert [re.search("Et ole vielä äänestänyt", mail["subject"]) is not None for mail in mails] == [True]
    assert mails[0]["List-Unsubscribe"]
    assert await left(vote, VoteReminder) == 0


async def test_who_asks_on_the_last_day_is_reminded_three_hours_before_the_end(vote: OpenVote) -> None:
    voter = await vote.voter()
    vote.clock.now = await closes(vote) - timedelta(hours=20)
    await ask(vote, voter)
    assert await delivered(vote.service) == []
    vote.clock.now = await closes(vote) - timedelta(hours=2)
    assert len(await delivered(vote.service)) == 1
