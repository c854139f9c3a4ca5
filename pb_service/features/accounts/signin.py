"""Signing in with an e-mail address and a password, and what keeps guessers from it without locking anybody out.

Failures are counted for the pair of account and network, for the network, and for the account from browsers unknown to
it. Whoever has signed in before has a cookie that makes the browser known (an HMAC over the account, so it serves no
other one) and has a counter of their own: an attacker who uses up an account's counter stops other strangers, not its
owner, and a link by mail is always another road. Addresses without an account are counted and answered just the same,
after the same work.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pb_service.features.accounts import access_log, repository, sessions
from pb_service.features.accounts.emails import EmailRefused, email_key
from pb_service.features.accounts.passwords import Passwords
from pb_service.features.accounts.sessions import SessionKind, Visitor
from pb_service.features.accounts.tables import Account
from pb_service.platform.db import Database
from pb_service.platform.errors import DomainError
from pb_service.platform.keys import Ring
from pb_service.platform.limits import Limits, Rate

#: Wrong passwords: for an account from one network, from one network, for an account from unknown browsers, and from
#: a browser that the account knows.
PAIR = Rate("signin-pair", most=10, seconds=15 * 60)
NETWORK = Rate("signin-network", most=300, seconds=15 * 60)
STRANGERS = Rate("signin-strangers", most=50, seconds=60 * 60)
KNOWN = Rate("signin-known", most=20, seconds=15 * 60)
NOTED = Rate("signin-noted", most=1, seconds=15 * 60)

_NONCE = 16


class SignInRefused(DomainError):
    """The address or the password is wrong. Which of them is not said."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "sign-in-refused"


class AccountBlocked(DomainError):
    """The password is right and the account is blocked; the message is the reason given."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "account-blocked"


class TooManyTries(DomainError):
    """Too many wrong passwords from here or for this address; other roads are open."""

    status: ClassVar[int] = 429
    type: ClassVar[str] = "too-many-tries"


@dataclass(frozen=True)
class Attempt:
    """What somebody gave at the sign-in. ``shared``: on a computer that others use; ``known``: the browser's cookie."""

    email: str
    password: str = field(repr=False)
    shared: bool
    visitor: Visitor
    known: str = field(repr=False, default="")
    replaces: UUID | None = None


@dataclass(frozen=True)
class SignedIn:
    """The new session's cookie value, and the one by which the account knows this browser again (empty if shared)."""

    account_id: UUID
    language: str
    token: str = field(repr=False)
    known: str = field(repr=False)


@dataclass(frozen=True)
class Entrance:
    """What signing in works with. ``keys`` are the service's cookie keys."""

    database: Database
    passwords: Passwords
    limits: Limits
    keys: Ring = field(repr=False)


async def sign_in(entrance: Entrance, attempt: Attempt, *, now: datetime) -> SignedIn:
    """Begin a session. Raises SignInRefused, AccountBlocked, TooManyTries, TooBusy; each is in the access log.

    Takes the database rather than a transaction: while a password waits for its turn and is computed, no connection
    is held, or a rush at the sign-in would starve every other page.
    """
    try:
        key = email_key(attempt.email)
    except EmailRefused:
        key = ""
    async with entrance.database.reading() as session:
        account = await repository.account_by_email_key(session, key)
    counters = _counters(entrance, attempt, key, account, now)
    for rate, who in counters:
        if await entrance.limits.is_spent(rate, *who):
            if await entrance.limits.hit(NOTED, *who):  # once: the log of staff is not for strangers to fill
                await _note(entrance, attempt, account, "throttled", now)
            raise TooManyTries(
                "Too many wrong passwords. Try again in a quarter of an hour, or ask for a link by mail."
            )
    if not await entrance.passwords.matches(account.password_hash if account else None, attempt.password):
        for rate, who in counters:
            await entrance.limits.hit(rate, *who)
        await _note(entrance, attempt, account, "refused", now)
        raise SignInRefused("The e-mail address or the password is wrong.")
    assert account is not None  # noqa: S101 - nobody's password never matches
    if account.blocked_at is not None:
        await _note(entrance, attempt, account, "blocked", now)
        raise AccountBlocked(account.blocked_reason or "")
    renewed = await _renewed_hash(entrance.passwords, account, attempt.password)
    async with entrance.database.transaction() as session:
        found = await session.get(Account, account.id, with_for_update={"key_share": True})
        if found is None or not await _still_right(entrance.passwords, found, account, attempt.password):
            raise SignInRefused("The password was changed, or the account ended, at this moment.")
        found.last_seen_at, found.idle_notice_at = now, None
        if renewed:
            found.password_hash = renewed
        kind = _kind(attempt, found)
        token = await sessions.start(
            session, found.id, kind, visitor=attempt.visitor, now=now, replaces=attempt.replaces
        )
        await access_log.note(session, found.id, "sign-in", "password", visitor=attempt.visitor, now=now)
    known = "" if attempt.shared else known_browser(entrance.keys.current, account.id)
    return SignedIn(account.id, account.language, token, known)


def known_browser(key: bytes, account_id: UUID) -> str:
    """Return the cookie by which an account knows a browser again. It opens nothing; it only counts apart."""
    nonce = secrets.token_bytes(_NONCE)
    return _cookie(nonce + _known_mac(key, account_id, nonce))


def is_known(keys: Sequence[bytes], account_id: UUID, cookie: str) -> bool:
    """Whether a browser's cookie was made for this account, with one of these keys."""
    try:
        given = urlsafe_b64decode(cookie.encode("ascii") + b"=" * (-len(cookie) % 4))
    except (UnicodeEncodeError, Base64Error):
        return False
    if _cookie(given) != cookie:  # failures are counted by the cookie's text: each has one spelling
        return False
    macs = [_known_mac(key, account_id, given[:_NONCE]) for key in keys]
    return any(hmac.compare_digest(mac, given[_NONCE:]) for mac in macs)


def _cookie(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _known_mac(key: bytes, account_id: UUID, nonce: bytes) -> bytes:
    return hmac.new(key, b"pb/known/" + account_id.bytes + nonce, hashlib.sha256).digest()


def _counters(
    entrance: Entrance, attempt: Attempt, key: str, account: Account | None, now: datetime
) -> list[tuple[Rate, tuple[str, ...]]]:
    """Whose failures this attempt would add to."""
    if account and attempt.known and is_known(entrance.keys.accepted(now), account.id, attempt.known):
        return [(KNOWN, (str(account.id), attempt.known))]
    network = attempt.visitor.address_prefix or "-"
    who = hashlib.sha256(key.encode()).hexdigest()  # no address in the store of counters
    return [(PAIR, (who, network)), (NETWORK, (network,)), (STRANGERS, (who,))]


async def _still_right(passwords: Passwords, found: Account, before: Account, password: str) -> bool:
    """Whether a password that was right before it was computed still is: who changes it at that moment, or blocks the
    account, ends its sessions, and none may begin after that. ``found`` is locked."""
    if found.blocked_at is not None:
        return False
    # The same password may have got a new hash meanwhile, in another tab.
    return found.password_hash == before.password_hash or await passwords.matches(found.password_hash, password)


def _kind(attempt: Attempt, account: Account) -> SessionKind:
    if account.is_staff:
        return "staff"
    return "kiosk" if attempt.shared else "resident"


async def _renewed_hash(passwords: Passwords, account: Account, password: str) -> str | None:
    """A hash with today's parameters when the stored one has weaker ones."""
    outdated = account.password_hash is not None and passwords.is_outdated(account.password_hash)
    return await passwords.hash(password) if outdated else None


async def _note(entrance: Entrance, attempt: Attempt, account: Account | None, outcome: str, now: datetime) -> None:
    async with entrance.database.transaction() as session:
        account_id = account.id if account else None
        await access_log.note(
            session, account_id, "sign-in", "password", outcome=outcome, visitor=attempt.visitor, now=now
        )
