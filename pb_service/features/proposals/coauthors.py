"""Co-authors: invited by mail, authors once they say yes, and free to leave."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.emails import email_key
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals import repository
from pb_service.features.proposals.drafts import own_proposal
from pb_service.features.proposals.errors import ActRefused, InvitationEnded, ProposalNotFound
from pb_service.features.proposals.policy import is_author, require_resident
from pb_service.features.proposals.tables import Proposal, ProposalAuthor
from pb_service.platform import outbox

#: Authors and people invited at most.
MOST = 10
LASTS = timedelta(days=14)


async def invite(session: AsyncSession, actor: Actor, proposal_id: UUID, email: str, *, now: datetime) -> None:
    """Invite somebody to write a proposal together: they get a mail, in the language of the proposal.

    Inviting the same address again sends another mail, whose link alone works. Raises ProposalNotFound, ActRefused.
    """
    await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    if proposal.state not in {"draft", "received", "returned", "published", "assessed"}:
        raise ActRefused("state", proposal.state)
    key, secret = email_key(email), secrets.token_urlsafe(32)
    invited = next((author for author in proposal.authors if author.invited_email_key == key), None)
    if invited is None:
        if len(proposal.authors) >= MOST:
            raise ActRefused("full", proposal.state)
        invited = ProposalAuthor(role="co", invited_email_key=key)
        proposal.authors.append(invited)
    elif invited.accepted_at is not None:
        return
    invited.token_sha256, invited.invited_at = _sha256(secret), now
    path = f"/{proposal.language}/me/proposals/invitations/{secret}"
    context = {"path": path, "title": proposal.title or "\u2026", "inviter": actor.name, "days": LASTS.days}
    await outbox.send(
        session,
        to=email,
        language=proposal.language,
        template="proposals/invitation",
        context=context,
        kind="account",
        account_id=None,
        now=now,
    )
    await session.flush()


async def invitation(session: AsyncSession, secret: str, *, now: datetime) -> Proposal:
    """Return the proposal that an invitation is about. Raises InvitationEnded."""
    return (await _invited(session, secret, for_update=False, now=now))[0]


async def accept(session: AsyncSession, actor: Actor, secret: str, *, named: bool = False, now: datetime) -> Proposal:
    """Become a co-author; ``named``: with one's name where the proposal shows names.

    The link itself shows that the mail was read. Raises InvitationEnded, SignInNeeded.
    """
    account_id = await require_resident(session, actor)
    proposal, invited = await _invited(session, secret, for_update=True, now=now)
    if is_author(proposal, account_id):
        await session.delete(invited)
    else:
        account = await session.get_one(Account, account_id)
        invited.account_id, invited.accepted_at = account_id, now
        invited.shown_name = account.name if named else None
        invited.token_sha256 = invited.invited_email_key = None
    await session.flush()
    return proposal


async def show_name(session: AsyncSession, actor: Actor, proposal_id: UUID, *, named: bool) -> None:
    """Say whether one wants to be named as an author. Raises ProposalNotFound, SignInNeeded."""
    account_id = await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    account = await session.get_one(Account, account_id)
    for author in proposal.authors:
        if author.account_id == account_id:
            author.shown_name = account.name if named else None
    await session.flush()


async def take_back(session: AsyncSession, actor: Actor, proposal_id: UUID, author_id: UUID) -> None:
    """Take an invitation back, or leave a proposal oneself; its last author stays.

    Raises ProposalNotFound, ActRefused.
    """
    account_id = await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    row = next((author for author in proposal.authors if author.id == author_id), None)
    if row is None or (row.accepted_at is not None and row.account_id != account_id):
        raise ProposalNotFound("There is no such invitation.")
    accepted = [author for author in proposal.authors if author.accepted_at is not None]
    if row.accepted_at is not None and len(accepted) == 1:
        raise ActRefused("last", proposal.state)
    await session.delete(row)
    await session.flush()


async def _invited(
    session: AsyncSession, secret: str, *, for_update: bool, now: datetime
) -> tuple[Proposal, ProposalAuthor]:
    query = select(ProposalAuthor).where(ProposalAuthor.token_sha256 == _sha256(secret))
    invited = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if invited is None or invited.invited_at is None or now > invited.invited_at + LASTS:
        raise InvitationEnded("This invitation does not work any more.")
    proposal = await repository.by_id(session, invited.proposal_id)
    if proposal is None:
        raise InvitationEnded("This invitation does not work any more.")
    return proposal, invited


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
