"""Reviews: an author asks that a refusal be looked at again; somebody else decides, with a reason that all may read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import ProposalForm
from pb_service.core.proposals.texts import cleaned, reason_sha256
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import hand_of
from pb_service.features.assessment.errors import NotThere, Refused, ReviewRefused, SameHand
from pb_service.features.assessment.tables import ReviewRequest
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.policy import require_resident
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.service import moved, own_proposal
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.tables import Round

#: So soon authors get an answer. How long after a refusal they may ask, the form of the round's proposals says.
ANSWERED_WITHIN = timedelta(days=14)

MOST_REQUEST = 3_000


def asked_until(proposal: Proposal, form: ProposalForm) -> datetime | None:
    """Return until when the authors of a refused proposal may ask for a review, or None. ``form`` is the round's."""
    if proposal.state not in {"rejected", "infeasible"} or proposal.decided_at is None:
        return None
    return proposal.decided_at + timedelta(days=form.review_days)


async def ask(session: AsyncSession, actor: Actor, proposal_id: UUID, body: str, *, now: datetime) -> ReviewRequest:
    """Ask for a review of one's own proposal. Asking while one is open changes nothing.

    Raises ReviewRefused (late; again: it was reviewed already; nothing was refused), Refused, ActRefused,
    ProposalNotFound, SignInNeeded.
    """
    account_id = await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    if (waiting := await repository.open_review(session, proposal.id)) is not None:
        return waiting
    form, _ = await form_of(session, proposal.round_id)
    until = asked_until(proposal, form)
    refusal = await repository.last_refusal(session, proposal.id)
    if until is None or refusal is None:
        raise ReviewRefused("nothing")
    if now > until:
        raise ReviewRefused("late")
    if any(review.asked_at >= refusal.at for review in await repository.reviews(session, [proposal.id])):
        raise ReviewRefused("again")
    text = cleaned(body)
    if not text or len(text) > MOST_REQUEST:
        raise Refused([Problem("body", "required" if not text else "too_long", {"most": MOST_REQUEST})])
    about: Literal["rejected", "infeasible"] = "rejected" if proposal.state == "rejected" else "infeasible"
    row = ReviewRequest(
        proposal_id=proposal.id,
        about=about,
        refused_by=refusal.account_id,
        asked_by=account_id,
        asked_at=now,
        body=text,
        due_at=now + ANSWERED_WITHIN,
    )
    session.add(row)
    await moved(
        session, proposal, "request_review", {}, hand="author", by_role="resident", account_id=account_id, now=now
    )
    return row


async def decide(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    *,
    outcome: Literal["reinstated", "upheld"],
    reason: Mapping[str, str],
    key: bytes,
    now: datetime,
) -> ReviewRequest:
    """Decide a review, as somebody else than who refused. A proposal that is reinstated is published again.

    Raises SameHand, NotThere, ReasonMissing, ActRefused, OwnProposal, Forbidden.
    """
    proposal = await proposals.by_number(session, found.id, number, for_update=True)
    row = await repository.open_review(session, proposal.id) if proposal else None
    if proposal is None or row is None:
        raise NotThere("No review waits for a decision here.")
    hand = hand_of(actor, "assessment.review", found, key, district=proposal.district, now=now)
    if row.refused_by == hand.account_id or row.refused_by is None:
        raise SameHand("review")
    kept = await required_reason(session, reason)
    await moved(
        session,
        proposal,
        "reinstate" if outcome == "reinstated" else "uphold",
        {"outcome": outcome, "decider": hand.pseudonym, "reason_sha256": reason_sha256(kept).hex()},
        hand="reviewer",
        by_role=hand.role,
        account_id=hand.account_id,
        shown={"outcome": outcome, "reason": kept},
        now=now,
    )
    row.outcome, row.reason = outcome, kept
    row.decided_by, row.decided_at = hand.account_id, now
    await session.flush()
    return row
