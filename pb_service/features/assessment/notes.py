"""Private notes of staff about a proposal or project: with mentions, and questions that hold a cost back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.texts import cleaned
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.assessment import repository
from pb_service.features.assessment.costing import costed
from pb_service.features.assessment.errors import NotThere, Refused
from pb_service.features.assessment.tables import AssessmentNote
from pb_service.features.rounds.tables import Round
from pb_service.platform import outbox

MOST_NOTE = 4_000
MOST_MENTIONS = 20


async def add(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    object_id: str,
    body: str,
    *,
    mentions: Collection[UUID] = (),
    line: str = "",
    question: bool = False,
    parent: UUID | None = None,
    once: UUID | None = None,
    now: datetime,
) -> AssessmentNote:
    """Write a note; who is mentioned gets a mail without its words. Raises Refused, NotThere, Forbidden."""
    of = await costed(session, found, object_id)
    require(actor, "assessment.work" if of.proposal else "assessment.sign", round_id=found.id, district=of.district)
    text = cleaned(body)
    if not text or len(text) > MOST_NOTE:
        raise Refused([Problem("body", "too_long" if text else "required", {"most": MOST_NOTE})])
    known = await repository.notes(session, **of.keys)
    if once and (made := next((row for row in known if row.once == once), None)):
        return made
    if parent and all(row.id != parent for row in known):
        raise NotThere("There is no such note.")
    row = AssessmentNote(
        **of.keys,
        parent=parent,
        account_id=actor.account_id,
        body=text,
        mentions=list(dict.fromkeys(mentions))[:MOST_MENTIONS],
        line=cleaned(line, lines=False)[:200] or None,
        question=question,
        once=once,
        at=now,
    )
    session.add(row)
    await session.flush()
    for account_id in row.mentions:
        account = await staff.account_by_id(session, account_id)
        if account is None or not account.is_staff or account.email is None or account.blocked_at:
            continue
        await outbox.send(
            session,
            to=account.email,
            language=account.language,
            template="assessment/mention",
            context={"slug": found.slug, "object": object_id, "title": of.title, "by": actor.name},
            kind="staff",
            account_id=account_id,
            now=now,
        )
    return row


async def settle(
    session: AsyncSession, actor: Actor, found: Round, object_id: str, note_id: UUID, *, now: datetime
) -> None:
    """Mark a question as settled. Raises NotThere, Forbidden."""
    of = await costed(session, found, object_id)
    require(actor, "assessment.sign", round_id=found.id, district=of.district)
    row = next((each for each in await repository.notes(session, **of.keys) if each.id == note_id), None)
    if row is None or not row.question:
        raise NotThere("There is no such question.")
    if row.settled_at is None:
        row.settled_at, row.settled_by = now, actor.account_id
        await session.flush()
