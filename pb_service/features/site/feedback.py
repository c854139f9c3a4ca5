"""Feedback on accessibility: kept, acknowledged, and answered within the fourteen days that the law gives.

Act 306/2019, section 9: an answer within fourteen days. The days are counted from the moment it came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Actor, require
from pb_service.features.site import repository
from pb_service.features.site.tables import Feedback
from pb_service.platform import outbox
from pb_service.platform.alarms import Check, Trouble
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.errors import DomainError

ANSWER_WITHIN = timedelta(days=14)

#: Answered feedback is kept for two years, for the supervising authority, and then deleted.
KEPT = timedelta(days=730)

LONGEST_MESSAGE = 5000


class FeedbackNotFound(DomainError):
    """There is no such feedback, or it was deleted when its time was over."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "feedback-not-found"


class FeedbackAnswered(DomainError):
    """Somebody else answered meanwhile."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "feedback-answered"


@dataclass(frozen=True)
class Waiting:
    """Feedback with its clock: ``days_left`` is negative when the answer is late."""

    feedback: Feedback
    due_at: datetime
    days_left: int


async def receive(
    session: AsyncSession,
    *,
    once: UUID,
    message: str,
    page: str,
    email: str | None,
    thank: bool,
    language: str,
    now: datetime,
) -> None:
    """Store feedback and, if ``thank``, thank for it by mail. The same form sent twice is stored once.

    The mail does not hold what was written: the address is what anybody typed, and we carry nobody's message there.
    """
    stored = await repository.add_feedback(
        session, once=once, received_at=now, language=language, message=message, page=page, email=email
    )
    if stored and email and thank:
        context: dict[str, object] = {"due_at": int((now + ANSWER_WITHIN).timestamp())}
        await _mail(session, "feedback_received", email=email, language=language, context=context, now=now)


async def waiting(session: AsyncSession, actor: Actor, *, now: datetime) -> list[Waiting]:
    """Return what waits for an answer, the most urgent first."""
    require(actor, "feedback.answer", now=now)
    return [clocked(row, now) for row in await repository.waiting_feedback(session)]


async def answered(session: AsyncSession, actor: Actor, *, now: datetime) -> Sequence[Feedback]:
    """Return what was answered lately."""
    require(actor, "feedback.answer", now=now)
    return await repository.answered_feedback(session, 50)


def clocked(feedback: Feedback, now: datetime) -> Waiting:
    """Return feedback with its clock. On the last day no whole day is left: 0."""
    due_at = feedback.received_at + ANSWER_WITHIN
    return Waiting(feedback, due_at, (due_at - now) // timedelta(days=1))


async def answer(session: AsyncSession, actor: Actor, feedback_id: UUID, text: str, *, now: datetime) -> None:
    """Answer feedback; the sender gets the answer by mail. Raises FeedbackNotFound, FeedbackAnswered, Forbidden."""
    require(actor, "feedback.answer", now=now)
    found = await repository.feedback_by_id(session, feedback_id, for_update=True)
    if found is None:
        raise FeedbackNotFound("There is no such feedback.")
    if found.answered_at is not None:
        raise FeedbackAnswered("Somebody else has answered this meanwhile.")
    found.answer, found.answered_at, found.answered_by = text, now, actor.account_id
    if found.email:
        sent = {"message": found.message, "received_at": int(found.received_at.timestamp())}
        context = {"answer": text, **sent}
        await _mail(session, "feedback_answer", email=found.email, language=found.language, context=context, now=now)


async def _mail(
    session: AsyncSession, name: str, *, email: str, language: str, context: dict[str, object], now: datetime
) -> None:
    await outbox.send(
        session,
        to=email,
        language=language,
        template=f"site/{name}",
        context=context,
        kind="receipt",
        account_id=None,
        now=now,
    )


def late(database: Database, clock: Clock) -> Check:
    """The alarm: somebody has waited for longer than the law allows."""

    async def look() -> Trouble | None:
        async with database.reading() as session:
            count = await repository.late_feedback(session, clock() - ANSWER_WITHIN)
        return Trouble(str(count)) if count else None

    return Check("feedback", look)
