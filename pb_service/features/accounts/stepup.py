"""Proving oneself: the second factor after the password, and once more before dangerous acts.

A session that may do more from now on gets a new secret. Wrong proofs are counted for the account (`Attempts`): who has
the password still cannot try codes until one fits.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, sessions
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.factors import FactorBox, factors_of, prove_by_app, prove_by_recovery_code
from pb_service.features.accounts.passkeys import Holder, RelyingParty, prove_by_passkey
from pb_service.features.accounts.policy import Actor, SecondFactorNeeded, SignInNeeded, StepUpNeeded
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.staff_errors import LastFactor, PersonNotFound

Means = Literal["code", "passkey", "recovery", "password"]

#: Compares a password with the stored hash, in the bounded pool of passwords.
CheckPassword = Callable[[str | None, str], Awaitable[bool]]


@dataclass(frozen=True)
class Proof:
    """What the person gave: the means, and the code, the authenticator's answer as JSON, or the password."""

    means: Means
    text: str


@dataclass(frozen=True)
class Prover:
    """What proofs are checked with."""

    box: FactorBox
    party: RelyingParty
    password: CheckPassword


def holder_of(actor: Actor) -> Holder:
    """Return whose session it is. Raises SignInNeeded."""
    if actor.account_id is None or actor.session_id is None:
        raise SignInNeeded("Sign in first.")
    return Holder(actor.account_id, actor.session_id)


async def prove(session: AsyncSession, actor: Actor, proof: Proof, prover: Prover, *, now: datetime) -> bool:
    """Return whether the proof is right; codes and challenges are used up by it.

    A password proves only who has given a second factor in this session already.
    """
    holder = holder_of(actor)
    match proof.means:
        case "code":
            return await prove_by_app(session, holder.account_id, prover.box, proof.text, now=now)
        case "passkey":
            return await prove_by_passkey(session, holder, prover.party, proof.text, now=now)
        case "recovery":
            return await prove_by_recovery_code(session, holder.account_id, proof.text, now=now)
        case "password":
            account = await repository.account_by_id(session, holder.account_id)
            stored = account.password_hash if account else None
            return actor.second_factor and await prover.password(stored, proof.text)


async def proven(session: AsyncSession, actor: Actor, means: Means, *, visitor: Visitor, now: datetime) -> str:
    """Note a right proof: the session may do more from now on. Return the cookie's new value."""
    holder = holder_of(actor)
    act = "step-up" if actor.second_factor else "second-factor"
    await access_log.note(session, holder.account_id, act, means, visitor=visitor, now=now)
    return await sessions.rotate(
        session, holder.session_id, now=now, second_factor=not actor.second_factor, stepped_up=True
    )


async def refused(session: AsyncSession, actor: Actor, means: Means, *, visitor: Visitor, now: datetime) -> None:
    """Note a wrong proof."""
    holder = holder_of(actor)
    act = "step-up" if actor.second_factor else "second-factor"
    await access_log.note(session, holder.account_id, act, means, outcome="refused", visitor=visitor, now=now)


async def require_own_factors(session: AsyncSession, actor: Actor, *, now: datetime) -> UUID:
    """Return the account whose factors the actor may change just now: his own.

    The first factor is enrolled right after the password; with one enrolled, changing anything needs that factor in
    this session and the step-up, or whoever stole the password would enrol a factor of his own.
    Raises SignInNeeded, SecondFactorNeeded, StepUpNeeded.
    """
    holder = holder_of(actor)
    if (await factors_of(session, holder.account_id)).any:
        if not actor.second_factor:
            raise SecondFactorNeeded("Give your second factor first.")
        if not actor.stepped_up(now):
            raise StepUpNeeded("This needs your password or second factor once more.")
    return holder.account_id


async def remove_app(session: AsyncSession, actor: Actor, *, visitor: Visitor, now: datetime) -> None:
    """Take the authenticator app away. Raises LastFactor and as `require_own_factors`."""
    account_id = await require_own_factors(session, actor, now=now)
    await _keep_one(session, account_id)
    await repository.delete_app(session, account_id)
    await access_log.note(session, account_id, "factor.removed", "app", visitor=visitor, now=now)


async def remove_passkey(
    session: AsyncSession, actor: Actor, passkey_id: UUID, *, visitor: Visitor, now: datetime
) -> None:
    """Take one of the actor's passkeys away. Raises LastFactor, PersonNotFound and as `require_own_factors`."""
    account_id = await require_own_factors(session, actor, now=now)
    await _keep_one(session, account_id)
    if not await repository.delete_passkey(session, account_id, passkey_id):
        raise PersonNotFound
    await access_log.note(session, account_id, "factor.removed", "passkey", visitor=visitor, now=now)


async def _keep_one(session: AsyncSession, account_id: UUID) -> None:
    await repository.lock_account(session, account_id)
    if (await factors_of(session, account_id)).count < 2:
        raise LastFactor
