"""What moderators decide about one proposal: publish, ask for more, reject, hide. Reasons are read by everybody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import Act
from pb_service.core.proposals.texts import reason_sha256
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import moved
from pb_service.features.proposals.drafts import staff_role
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.tables import Proposal


async def publish(session: AsyncSession, actor: Actor, proposal_id: UUID, *, now: datetime) -> Proposal:
    """Let everybody read a proposal. Raises ActRefused, OwnProposal, Forbidden, ProposalNotFound."""
    return await _decide(session, actor, proposal_id, "publish", now=now)


async def return_to_author(
    session: AsyncSession, actor: Actor, proposal_id: UUID, reason: Mapping[str, str], *, now: datetime
) -> Proposal:
    """Ask the authors for more, saying what. Raises as `publish`, and ReasonMissing."""
    kept = await required_reason(session, reason)
    about = {"reason_sha256": reason_sha256(kept).hex()}
    return await _decide(session, actor, proposal_id, "return", about=about, shown={"reason": kept}, now=now)


async def reject(
    session: AsyncSession,
    actor: Actor,
    proposal_id: UUID,
    criterion: str,
    reason: Mapping[str, str],
    *,
    decider: str,
    now: datetime,
) -> Proposal:
    """Refuse a proposal by a criterion of the round, with a reason.

    ``decider`` is the pseudonym of who decides (policy.pseudonym). Raises as `publish`, and ReasonMissing.
    """
    kept = await required_reason(session, reason)
    about = {"criterion": criterion, "reason_sha256": reason_sha256(kept).hex(), "decider": decider}
    shown = {"reason": kept, "criterion": criterion}
    return await _decide(session, actor, proposal_id, "reject", about=about, shown=shown, now=now)


async def hide(
    session: AsyncSession, actor: Actor, proposal_id: UUID, reason: Mapping[str, str], *, now: datetime
) -> Proposal:
    """Hide what the law does not allow to be shown; the reason stays. Raises as `publish`, and ReasonMissing."""
    kept = await required_reason(session, reason)
    about = {"reason_sha256": reason_sha256(kept).hex()}
    return await _decide(session, actor, proposal_id, "hide", about=about, shown={"reason": kept}, now=now)


async def staff_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> tuple[Proposal, str]:
    """Return a proposal, locked, with the role in which the actor moderates it. Raises ProposalNotFound, Forbidden."""
    proposal = await repository.by_id(session, proposal_id, for_update=True)
    if proposal is None or proposal.state == "draft":
        raise ProposalNotFound("There is no such proposal.")
    return proposal, staff_role(actor, proposal)


async def _decide(
    session: AsyncSession,
    actor: Actor,
    proposal_id: UUID,
    act: Act,
    *,
    about: Mapping[str, Any] | None = None,
    shown: Mapping[str, Any] | None = None,
    now: datetime,
) -> Proposal:
    proposal, role = await staff_proposal(session, actor, proposal_id)
    await moved(
        session,
        proposal,
        act,
        about or {},
        hand="moderator",
        by_role=role,
        account_id=actor.account_id,
        shown=shown,
        now=now,
    )
    return proposal
