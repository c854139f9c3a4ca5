"""Mails about a vote: that a ballot was cast in somebody's name, and a reminder for whoever asked for one.

Neither tells a choice, nor which envelope it was. The first answers an act and cannot be refused: whoever did not cast
the ballot must learn of it while there is still time.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals.reading import reader_of, round_name
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import service
from pb_service.features.voting.casting import NOTICES_APART
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.features.voting.tables import CastNotice, VoteReminder
from pb_service.platform import outbox
from pb_service.platform.keys import KeyFolder
from pb_service.web.formats import text_in
from pb_service.web.languages import language_of
from pb_service.web.locales import Language

#: Mails that one run of a job writes in a transaction.
AT_ONCE = 200
#: When reminders leave: a day before the end; for those who ask later, three hours before it.
DAY_BEFORE, HOURS_BEFORE = timedelta(days=1), timedelta(hours=3)


async def send_notices(session: AsyncSession, pollings: Pollings, *, now: datetime) -> int:
    """Write the mails that wait, the oldest first, AT_ONCE at most; forget whom they went to an hour later."""
    query = (
        select(CastNotice, Account, Round)
        .join(Account, Account.id == CastNotice.account_id)
        .join(Round, Round.log_id == CastNotice.log_id)
        .where(CastNotice.sent_at.is_(None))
        .order_by(CastNotice.cast_at)
        .limit(AT_ONCE)
        .with_for_update(of=CastNotice, skip_locked=True)
    )
    rows = [(row[0], row[1], row[2]) for row in await session.execute(query)]
    rounds: dict[UUID, PublicRound] = {}
    for notice, account, found in rows:
        notice.sent_at = now
        if account.email is None or account.email_verified_at is None:
            continue
        polling = await pollings.find(session, found.slug)
        shown = await _shown(session, found, rounds)
        language = language_of(account.language)
        reader = reader_of(shown, language)
        await outbox.send(
            session,
            to=account.email,
            language=language,
            template="voting/cast",
            context={
                "round": round_name(shown, language).text,
                "contest": _title(polling, notice.contest, language),
                "at": reader.moment(notice.cast_at),
                "closes": reader.moment(found.vote[1]),
                "path": f"/rounds/{found.slug}/vote/record",
            },
            kind="receipt",
            account_id=account.id,
            now=now,
        )
    await session.execute(delete(CastNotice).where(CastNotice.sent_at <= now - NOTICES_APART))
    return len(rows)


async def remind(session: AsyncSession, actor: Actor, found: Round, *, now: datetime) -> None:
    """Have somebody reminded of a vote before it ends. Asked twice, it is one."""
    asked = insert(VoteReminder).values(account_id=actor.account_id, round_id=found.id, asked_at=now)
    await session.execute(asked.on_conflict_do_nothing())


async def do_not_remind(session: AsyncSession, actor: Actor, found: Round) -> None:
    """Take it back."""
    mine = (VoteReminder.account_id == actor.account_id, VoteReminder.round_id == found.id)
    await session.execute(delete(VoteReminder).where(*mine))


async def is_reminded(session: AsyncSession, actor: Actor, round_id: UUID) -> bool | None:
    """Whether somebody asked for a reminder; None for who has no address to send it to."""
    account = await session.get(Account, actor.account_id) if actor.account_id else None
    if account is None or account.email is None or account.email_verified_at is None:
        return None
    return await session.get(VoteReminder, (account.id, round_id)) is not None


async def send_reminders(session: AsyncSession, pollings: Pollings, keys: KeyFolder, *, now: datetime) -> int:
    """Remind those whose time has come, AT_ONCE at most; who has cast a ballot everywhere meanwhile gets none."""
    query = (
        select(VoteReminder, Account, Round)
        .join(Account, Account.id == VoteReminder.account_id)
        .join(Round, Round.id == VoteReminder.round_id)
        .where(Round.closes_at <= now + DAY_BEFORE)
        .where((VoteReminder.asked_at < Round.closes_at - DAY_BEFORE) | (Round.closes_at <= now + HOURS_BEFORE))
        .order_by(VoteReminder.asked_at)
        .limit(AT_ONCE)
        .with_for_update(of=VoteReminder, skip_locked=True)
    )
    rows = [(row[0], row[1], row[2]) for row in await session.execute(query)]
    rounds: dict[UUID, PublicRound] = {}
    for reminder, account, found in rows:
        await session.delete(reminder)
        if found.phase != "voting" or found.closes_at is None or found.closes_at <= now or account.email is None:
            continue
        polling = await pollings.find(session, found.slug)
        places = await service.places(session, polling, Actor(account.id), keys=keys)
        if all(place.stands.kind != "none" for place in places):
            continue
        shown = await _shown(session, found, rounds)
        language = language_of(account.language)
        await outbox.send(
            session,
            to=account.email,
            language=language,
            template="voting/reminder",
            context={
                "round": round_name(shown, language).text,
                "closes": reader_of(shown, language).moment(found.closes_at),
                "path": f"/rounds/{found.slug}/vote",
            },
            kind="round",
            account_id=account.id,
            now=now,
        )
    return len(rows)


async def _shown(session: AsyncSession, found: Round, known: dict[UUID, PublicRound]) -> PublicRound:
    """The round as readers see it, read once for all mails of a run."""
    if found.id not in known:
        known[found.id] = await public_round(session, found.slug)
    return known[found.id]


def _title(polling: Polling, contest: str, language: Language) -> str:
    """What a contest is called."""
    listed = next(each for each in polling.ballot_list["contests"] if each["id"] == contest)
    return text_in(listed["title"], language)[1] if listed["title"] else contest
