"""Single-use secrets sent by mail. They expire, act only when a button is pressed (never by being opened: mail programs
open links), and are known here by their SHA-256 alone."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.tables import AccountToken
from pb_service.platform.errors import DomainError

Purpose = Literal["register", "reset", "change"]

#: How long a link works.
LIFETIMES: Mapping[Purpose, timedelta] = {
    "register": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "change": timedelta(hours=24),
}


class LinkEnded(DomainError):
    """The link was used, has expired, or was never ours. A new one can be asked for."""

    status: ClassVar[int] = 410
    type: ClassVar[str] = "link-ended"


@dataclass(frozen=True)
class Link:
    """What a link that works is about. ``account_id`` is None while there is no account yet."""

    account_id: UUID | None
    payload: Mapping[str, Any]


async def make(
    session: AsyncSession, purpose: Purpose, account_id: UUID | None, payload: Mapping[str, Any], *, now: datetime
) -> str:
    """Return the secret of a new link; earlier ones of the account for the same purpose no longer work."""
    if account_id:
        await revoke(session, account_id, purpose)
    secret = secrets.token_urlsafe(32)
    session.add(
        AccountToken(
            sha256=_sha256(secret),
            purpose=purpose,
            account_id=account_id,
            payload=dict(payload),
            created_at=now,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    await session.flush()
    return secret


async def look_at(session: AsyncSession, purpose: Purpose, secret: str, *, now: datetime) -> Link:
    """Return what a link is about, without using it. Raises LinkEnded."""
    found = select(AccountToken.account_id, AccountToken.payload).where(*_works(purpose, secret, now))
    return _found((await session.execute(found)).one_or_none())


async def use(session: AsyncSession, purpose: Purpose, secret: str, *, now: datetime) -> Link:
    """Use a link up and return what it is about: of two requests at once, one succeeds. Raises LinkEnded."""
    used = (
        update(AccountToken)
        .where(*_works(purpose, secret, now))
        .values(used_at=now)
        .returning(AccountToken.account_id, AccountToken.payload)
    )
    return _found((await session.execute(used)).one_or_none())


async def revoke(session: AsyncSession, account_id: UUID, *purposes: Purpose) -> None:
    """Make an account's links of these purposes, or all of them, worthless."""
    condition = AccountToken.account_id == account_id
    if purposes:
        condition &= AccountToken.purpose.in_(purposes)
    await session.execute(delete(AccountToken).where(condition))


def _works(purpose: Purpose, secret: str, now: datetime) -> tuple[Any, ...]:
    return (
        AccountToken.sha256 == _sha256(secret),
        AccountToken.purpose == purpose,
        AccountToken.used_at.is_(None),
        AccountToken.expires_at > now,
    )


def _found(row: Any) -> Link:
    if row is None:
        raise LinkEnded("This link has been used, or is too old. Ask for a new one.")
    return Link(row[0], row[1])


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
