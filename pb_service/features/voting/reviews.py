"""What a voter may ask when a ballot in her name was struck: that somebody else looks at it again.

A review knows the entry and no person: whoever can see the entry in her own voting record asks, and reads the answer
there. Nobody answers who has signed the strike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.roll.standing import Standing
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import order_repository, orders
from pb_service.features.voting.polling import Polling
from pb_service.features.voting.tables import StrikeReview
from pb_service.platform.errors import StepRefused

MOST_TEXT = 2_000


class ReviewRefused(StepRefused):
    """A review cannot be asked for, or answered. ``code``: unknown, asked, answered, text, same_hand."""

    type: ClassVar[str] = "review-refused"
    step: ClassVar[str] = "This review cannot be taken"


@dataclass(frozen=True)
class Struck:
    """Why an entry was struck, as the officials said it, and the review if one was asked for."""

    index: int
    why: str
    reason: Mapping[str, str]
    struck_at: datetime
    review: StrikeReview | None


async def strikes_of(session: AsyncSession, found: Round) -> dict[int, Struck]:
    """Return the strikes of a round by the index of what they strike."""
    reviews = {index: review for review, index in await order_repository.reviews_of(session, found.id)}
    listed = {}
    for waiting in await orders.orders(session, found):
        if waiting.order.kind == "strike" and waiting.order.logged_at is not None:
            index, why = waiting.entry["x"], waiting.entry["why"]
            listed[index] = Struck(index, why, waiting.order.reason, waiting.order.logged_at, reviews.get(index))
    return listed


async def ask(
    session: AsyncSession, polling: Polling, own: Sequence[Standing], index: int, text: str, *, now: datetime
) -> None:
    """Ask for a review of a strike in one's own name, that of these standings. Raises ReviewRefused."""
    names = [(standing.group, standing.alias) for standing in own]
    entry_id = await order_repository.struck_entry(session, polling.log_id, names, index)
    if entry_id is None:
        raise ReviewRefused("unknown")
    if not text or len(text) > MOST_TEXT:
        raise ReviewRefused("text")
    if not await order_repository.add_review(session, entry_id, polling.round_id, text, now):
        raise ReviewRefused("asked")


async def answer(session: AsyncSession, actor: Actor, found: Round, index: int, text: str, *, now: datetime) -> None:
    """Answer a review. Raises ReviewRefused, Forbidden, StepUpNeeded."""
    require(actor, "vote.prepare", round_id=found.id, now=now)
    struck = (await strikes_of(session, found)).get(index)
    if struck is None or struck.review is None:
        raise ReviewRefused("unknown")
    if struck.review.answered_at is not None:
        raise ReviewRefused("answered")
    if not text or len(text) > MOST_TEXT:
        raise ReviewRefused("text")
    for waiting in await orders.orders(session, found):
        is_this = waiting.order.kind == "strike" and waiting.entry["x"] == index
        if is_this and any(one.account_id == actor.account_id for one in waiting.signed):
            raise ReviewRefused("same_hand")
    struck.review.answer, struck.review.answered_by, struck.review.answered_at = text, actor.account_id, now
    await access_log.note(session, actor.account_id, "vote.review", f"{found.slug} {index}", now=now)
