"""Signing in by a provider, from leaving to coming back.

Whoever leaves gets a state of 32 random bytes; the table keeps its hash, with the hash of the cookie of the browser
that left. Who comes back must bring both, once, within ten minutes: a state that was spied out is of no use in another
browser, and a code that is slipped to somebody else signs nobody in. The verifier of PKCE follows from the state by
HMAC, so the table holds nothing with which to redeem a code; the state begins with the name of the key.

The nonce may come from the caller, as voting needs it (protocol.md 2.6): it binds the provider's signature to a key
that only the voter's device has. Such a caller begins with the purpose ``vote`` and gets the ID token back.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.identity_errors import SigninFailed
from pb_service.features.accounts.identity_tables import SigninAttempt
from pb_service.features.accounts.oidc import Answer, OidcClient, Proof
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.providers import read_providers
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder, Ring
from pb_service.settings import Settings
from pb_service.web.locales import Language

Purpose = Literal["sign-in", "vote", "join"]

#: How long somebody may be away at the provider.
LASTS = timedelta(minutes=10)
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,128}")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in that has come back to the browser in which it began."""

    driver: str
    purpose: Purpose
    nonce: str
    next_path: str
    language: Language
    shared: bool
    account_id: UUID | None
    state: str = field(repr=False)


#: What a purpose other than signing in does with a proof: it returns the path of ours where the browser goes on.
PurposeHandler = Callable[[AsyncSession, Attempt, Proof, datetime], Awaitable[str]]


@dataclass(frozen=True)
class Providers:
    """The providers in force, with what their sign-ins need. ``state_keys`` are keys of ours, for the verifiers."""

    clients: Mapping[str, OidcClient]
    public_url: str
    state_keys: Ring = field(repr=False)
    purposes: Mapping[Purpose, PurposeHandler] = field(default_factory=dict)

    def return_address(self, provider: str) -> str:
        """Where the provider sends the browser back to; each has its own, so that none can answer for another."""
        return f"{self.public_url}/sign-in/{provider}/return"

    def verifier(self, state: str) -> str:
        """The PKCE verifier that belongs to a state of ours: 43 characters of base64url. Raises SigninFailed."""
        for secret in self.state_keys.secrets:
            if state.startswith(secret.id):
                return b64u(hmac.digest(secret.key, b"pb/pkce/" + state.encode(), hashlib.sha256))
        raise SigninFailed("expired", "the key of this state is gone")

    def new_state(self) -> str:
        """A state that nobody can guess."""
        return self.state_keys.secrets[0].id + secrets.token_urlsafe(32)

    async def close(self) -> None:
        for client in self.clients.values():
            await client.close()


def providers_of(
    settings: Settings, keys: KeyFolder, clock: Clock, purposes: Mapping[Purpose, PurposeHandler] | None = None
) -> Providers:
    """Return the providers of the file that PB_SIGNIN names, or none. Raises SigninConfigError."""
    found = read_providers(settings.signin) if settings.signin else []
    return Providers(
        clients={provider.key: OidcClient(provider, clock=clock) for provider in found},
        public_url=settings.public_url,
        state_keys=keys.ring("cookie"),
        purposes={} if purposes is None else purposes,  # may be filled later
    )


async def begin(
    session: AsyncSession,
    providers: Providers,
    provider: str,
    *,
    browser: str,
    language: Language,
    next_path: str,
    now: datetime,
    nonce: str | None = None,
    purpose: Purpose = "sign-in",
    shared: bool = False,
    account_id: UUID | None = None,
) -> str:
    """Return the provider's address to which the browser goes; ``browser`` is the secret in its cookie.
    ``shared``: other people use the computer too. ``account_id``: with the purpose ``join``, whose account the identity
    shall be joined to.

    Raises SigninFailed when there is no such provider, or it does not answer; ValueError for a nonce that is not 22 to
    128 characters of base64url.
    """
    if nonce is not None and not _NONCE.fullmatch(nonce):
        raise ValueError("a nonce has 22 to 128 characters of base64url")
    client = _client(providers, provider)
    state = providers.new_state()
    nonce = nonce or secrets.token_urlsafe(32)
    address = await client.address(
        state=state,
        nonce=nonce,
        verifier=providers.verifier(state),
        redirect_uri=providers.return_address(provider),
        voting=purpose == "vote",
        language=language,
        again=shared,  # the last one at this computer may be signed in at the provider still
    )
    await repository.delete_attempts(session, now)
    await repository.add_attempt(
        session,
        SigninAttempt(
            state_sha256=_sha256(state),
            browser_sha256=_sha256(browser),
            driver=provider,
            purpose=purpose,
            nonce=nonce,
            next_path=next_path,
            language=language,
            shared=shared,
            account_id=account_id,
            expires_at=now + LASTS,
        ),
    )
    return address


async def come_back(session: AsyncSession, provider: str, *, state: str, browser: str, now: datetime) -> Attempt:
    """Use an attempt up and return it. Raises SigninFailed when it is not this browser's, too old, or used before.

    Commit this transaction whatever comes after it (docs/adr/0037): a state works once, also when the sign-in fails.
    """
    found = await repository.take_attempt(session, _sha256(state))
    if found is None:
        raise SigninFailed("used", "no sign-in waits for this state")
    if now >= found.expires_at:
        raise SigninFailed("expired", "the sign-in took too long")
    if not browser or not hmac.compare_digest(found.browser_sha256, _sha256(browser)):
        raise SigninFailed("elsewhere", "the sign-in began in another browser")
    if found.driver != provider:
        raise SigninFailed("invalid", "the sign-in began at another provider")
    return Attempt(
        driver=found.driver,
        purpose=found.purpose,  # type: ignore[arg-type] # the table's check
        nonce=found.nonce,
        next_path=found.next_path,
        shared=found.shared,
        account_id=found.account_id,
        language=found.language,  # type: ignore[arg-type] # ours, written above
        state=state,
    )


async def prove(providers: Providers, attempt: Attempt, answer: Answer) -> Proof:
    """Ask the provider who came back. No transaction is open meanwhile: providers can be slow. Raises SigninFailed."""
    return await _client(providers, attempt.driver).prove(
        answer,
        nonce=attempt.nonce,
        verifier=providers.verifier(attempt.state),
        redirect_uri=providers.return_address(attempt.driver),
        voting=attempt.purpose == "vote",
    )


async def driver_of(session: AsyncSession, actor: Actor) -> str | None:
    """Return the provider by which the actor's session began, or None."""
    return await repository.session_driver(session, actor.session_id) if actor.session_id else None


async def sign_out_address(providers: Providers, provider: str, *, language: Language) -> str | None:
    """Return where the person can sign out at a provider too, or None if it has no such place.

    A provider that does not answer has none: signing out here never waits for anybody's success elsewhere.
    """
    try:
        client = _client(providers, provider)
        return await client.sign_out_address(return_to=f"{providers.public_url}/", language=language)
    except SigninFailed:
        return None


def _client(providers: Providers, provider: str) -> OidcClient:
    if provider not in providers.clients:
        raise SigninFailed("unavailable", "there is no such provider")
    return providers.clients[provider]


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
