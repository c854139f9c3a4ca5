"""Tokens of machines: a program of the municipality may do some acts, in some rounds, for some weeks.

A token is a JWT signed with a key of ours (HS256, the KeyFolder's secret "tokens"). It says who made it, for whom, its
id and its end; what it may do stands in the database alone, so that it can be revoked and cannot be read off it. It
never does more than its owner: of the owner's roles at that moment it has those that reach its rounds, and of their
acts those it was made for. Acts that ask people for a step-up it cannot be made for at all.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, policy, sessions
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.identity_errors import TokenRefused, TokenScopeError
from pb_service.features.accounts.identity_tables import ApiToken
from pb_service.features.accounts.policy import ACTS, STEP_UP, Act, Actor, Grant
from pb_service.features.accounts.tables import Account
from pb_service.platform.keys import Ring

#: A token lives no longer than this.
LONGEST = timedelta(days=90)
#: What a token may be made for.
GRANTABLE: tuple[Act, ...] = tuple(act for act in ACTS if act not in STEP_UP and act != "staff.enter")

_ALGORITHM = "HS256"
_AUDIENCE = "pb-api"


@dataclass(frozen=True)
class TokenSigner:
    """What tokens are signed with, and in whose name: ``issuer`` is the service's public address."""

    issuer: str
    keys: Ring = field(repr=False)

    def write(self, token_id: UUID, issued_at: datetime, expires_at: datetime) -> str:
        """Return the token's text, which is not kept anywhere."""
        claims = {
            "iss": self.issuer,
            "aud": _AUDIENCE,
            "jti": str(token_id),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self.keys.current, algorithm=_ALGORITHM)

    def read(self, text: str, now: datetime) -> UUID:
        """Return the id of a genuine token that has not expired. Raises TokenRefused."""
        try:
            claims = self._claims(text, now)
            if not claims["exp"] > now.timestamp():
                raise TokenRefused("The token is not valid.")
            return UUID(claims["jti"])
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise TokenRefused("The token is not valid.") from error

    def _claims(self, text: str, now: datetime) -> dict[str, Any]:
        """What a token says that one of our keys signed. Raises InvalidTokenError."""
        for key in self.keys.accepted(now):
            with suppress(jwt.InvalidSignatureError):
                claims: dict[str, Any] = jwt.decode(
                    text,
                    key,
                    algorithms=[_ALGORITHM],
                    audience=_AUDIENCE,
                    issuer=self.issuer,
                    # The times are compared by the caller, with the clock that was handed in.
                    options={"require": ["exp", "iat", "jti"], "verify_exp": False, "verify_iat": False},
                )
                return claims
        raise jwt.InvalidSignatureError


@dataclass(frozen=True, kw_only=True)
class TokenOrder:
    """A token to be made. ``id`` comes with the form, so that sending it twice makes one; no rounds means all."""

    id: UUID
    name: str
    acts: Collection[Act]
    round_ids: Collection[UUID] | None
    lasts: timedelta


@dataclass(frozen=True)
class Bearer:
    """Who a token speaks for, and what it may do."""

    actor: Actor
    token: ApiToken


async def make(session: AsyncSession, actor: Actor, order: TokenOrder, signer: TokenSigner, *, now: datetime) -> str:
    """Make a token of the actor's and return its text, which can be shown this once.

    Raises TokenScopeError when it would live too long, reach further than its owner, or was made before with this id.
    """
    policy.require_somewhere(actor, "tokens.manage", now=now)
    assert actor.account_id is not None  # noqa: S101 - required above
    if not timedelta() < order.lasts <= LONGEST:
        raise TokenScopeError(f"A token lives for at most {LONGEST.days} days.")
    if not order.acts or not set(order.acts) <= set(GRANTABLE):
        raise TokenScopeError("A token needs acts, and only such as ask nobody for a step-up.")
    for round_id in [None] if order.round_ids is None else order.round_ids:
        if refused := [act for act in order.acts if not policy.may(actor, act, round_id=round_id)]:
            raise TokenScopeError(f"You may not do this there yourself: {', '.join(sorted(refused))}.")
    if order.round_ids is not None and not order.round_ids:
        raise TokenScopeError("Name the rounds, or all of them.")
    if await repository.token_by_id(session, order.id):
        raise TokenScopeError("This token was made already. It was shown once.")
    token = ApiToken(
        id=order.id,
        account_id=actor.account_id,
        name=order.name,
        acts=sorted(order.acts),
        round_ids=None if order.round_ids is None else sorted(order.round_ids),
        created_at=now,
        expires_at=now + order.lasts,
    )
    await repository.add_token(session, token)
    await access_log.note(session, actor.account_id, "token.made", str(token.id), now=now)
    return signer.write(token.id, now, token.expires_at)


async def bearer(session: AsyncSession, text: str, signer: TokenSigner, *, now: datetime) -> Bearer:
    """Return who bears a token. Raises TokenRefused, for whatever reason."""
    found = await repository.token_by_id(session, signer.read(text, now))
    if found is None:
        raise TokenRefused("The token is not valid.")
    token, account = found
    if token.revoked_at is not None or now >= token.expires_at or account.blocked_at is not None:
        raise TokenRefused("The token is not valid.")
    await repository.note_use(session, token.id, now)
    grants = await sessions.grants_of(session, account.id)
    actor = Actor(
        account_id=account.id,
        grants=_within(grants, token.round_ids),
        language=account.language,
        second_factor=True,  # whoever made the token gave one; and what needs a step-up stays closed
        is_staff=account.is_staff,
        acts=frozenset(token.acts),
    )
    return Bearer(actor, token)


async def shown(session: AsyncSession, actor: Actor, *, now: datetime) -> list[tuple[ApiToken, Account]]:
    """Return the actor's tokens, or for who manages people everybody's; newest first, those in force before others."""
    policy.require_somewhere(actor, "tokens.manage")
    everybody = policy.may(actor, "people.manage")
    found = [row for row in await repository.tokens(session) if everybody or row[0].account_id == actor.account_id]
    return sorted(found, key=lambda row: not is_in_force(row[0], now))


async def revoke(session: AsyncSession, actor: Actor, token_id: UUID, *, now: datetime) -> None:
    """End a token at once: one's own, or anybody's for who manages people. Once ended, it stays so."""
    policy.require_somewhere(actor, "tokens.manage", now=now)
    found = await repository.token_by_id(session, token_id)
    if found is None or not (found[0].account_id == actor.account_id or policy.may(actor, "people.manage")):
        raise policy.Forbidden("There is no such token of yours.")
    if await repository.revoke_token(session, token_id, now):
        await access_log.note(session, actor.account_id, "token.revoked", str(token_id), now=now)


def is_in_force(token: ApiToken, now: datetime) -> bool:
    """Whether a token can still be used."""
    return token.revoked_at is None and now < token.expires_at


def _within(grants: Sequence[Grant], round_ids: Collection[UUID] | None) -> tuple[Grant, ...]:
    """The roles as far as they reach the rounds; a role for the whole service becomes one for each of them."""
    if round_ids is None:
        return tuple(grants)
    kept = [grant for grant in grants if grant.round_id in round_ids]
    whole = [grant for grant in grants if grant.round_id is None]
    return tuple(kept + [replace(grant, round_id=round_id) for grant in whole for round_id in sorted(round_ids)])
