"""Who may do what with a proposal, beyond the table of roles: residents, authors, and nobody in their own case."""

import hashlib
import hmac
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Actor, Forbidden, SignInNeeded
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals.errors import AddressNotVerified, OwnProposal
from pb_service.features.proposals.tables import Proposal


async def require_resident(session: AsyncSession, actor: Actor) -> UUID:
    """Return the account of a resident who may write, comment and support.

    An account that came by another road than an e-mail address (a city's own sign-in) needs none. Raises SignInNeeded,
    AddressNotVerified, and Forbidden for the bearer of a token, who is no person.
    """
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if actor.acts is not None:
        raise Forbidden("Programs do not write in a resident's name.")
    account = await session.get(Account, actor.account_id)
    if account is None or account.blocked_at is not None:
        raise Forbidden("This account cannot take part just now.")
    if account.email is not None and account.email_verified_at is None:
        raise AddressNotVerified("Verify your e-mail address first.")
    return account.id


def is_author(proposal: Proposal, account_id: UUID | None) -> bool:
    """Whether the account is one of the authors who accepted. The proposal's authors must be loaded."""
    return account_id is not None and any(
        author.account_id == account_id and author.accepted_at is not None for author in proposal.authors
    )


def require_not_own(proposal: Proposal, account_id: UUID | None) -> None:
    """Refuse staff who act on what they wrote themselves. Raises OwnProposal."""
    if is_author(proposal, account_id):
        raise OwnProposal("You wrote this proposal yourself: somebody else must decide about it.")


def pseudonym(key: bytes, round_id: UUID, account_id: UUID) -> str:
    """Return the name under which the record knows a person within one round: the same for all their acts there, and
    nothing else can be told from it. ``key`` is the secret ``record-people`` of the key folder.
    """
    return hmac.new(key, round_id.bytes + account_id.bytes, hashlib.sha256).hexdigest()[:16]
