"""Sessions of browsers: a secret in a cookie, its SHA-256 in the database, and an end that always comes.

A session ends when it was idle for too long, at its absolute end, when it is revoked, and with the account. What has
ended is deleted when it is met, so that a clock that goes backwards brings nothing back. Ids are made here alone: one
that a browser brings and the database does not know is nobody's.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Literal
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import ANONYMOUS, Actor, Grant
from pb_service.features.accounts.tables import Account, AccountSession, RoleGrant

SessionKind = Literal["resident", "staff", "kiosk"]

#: Idle and absolute length of a session, by kind.
LIFETIMES: dict[str, tuple[timedelta, timedelta]] = {
    "resident": (timedelta(hours=2), timedelta(hours=12)),
    "staff": (timedelta(minutes=30), timedelta(hours=10)),
    "kiosk": (timedelta(minutes=3), timedelta(minutes=30)),
}
#: How long a password or factor given again counts for dangerous acts.
STEP_UP_LASTS = timedelta(minutes=10)
#: How often at most the time of the last request is written.
_SEEN_EVERY = timedelta(seconds=30)


@dataclass(frozen=True)
class Visitor:
    """What is kept of where a request came from: a shortened address, and the browser's first words of itself."""

    address_prefix: str | None = None
    agent: str | None = None


def shortened(address: str) -> str | None:
    """The network of an address, /24 or /48: enough to tell an attack from a neighbour, too little for a person."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


async def start(
    session: AsyncSession,
    account_id: UUID,
    kind: SessionKind,
    *,
    visitor: Visitor,
    now: datetime,
    second_factor: bool = False,
    replaces: UUID | None = None,
) -> str:
    """Begin a session and return the cookie's value; the browser's earlier session, if any, ends with it."""
    if replaces:
        await end(session, replaces)
    token = secrets.token_urlsafe(32)
    session.add(
        AccountSession(
            token_sha256=_sha256(token),
            account_id=account_id,
            kind=kind,
            created_at=now,
            seen_at=now,
            absolute_end=now + LIFETIMES[kind][1],
            second_factor_at=now if second_factor else None,
            stepped_up_at=now if second_factor else None,
            address_prefix=visitor.address_prefix,
            agent=visitor.agent,
        )
    )
    await session.flush()
    return token


async def rotate(
    session: AsyncSession, session_id: UUID, *, now: datetime, second_factor: bool = False, stepped_up: bool = False
) -> str:
    """Give a session a new secret because it may do more from now on; return the cookie's new value."""
    token = secrets.token_urlsafe(32)
    values: dict[str, object] = {"token_sha256": _sha256(token), "seen_at": now}
    if second_factor:
        values["second_factor_at"] = now
    if second_factor or stepped_up:
        values["stepped_up_at"] = now
    await session.execute(update(AccountSession).where(AccountSession.id == session_id).values(**values))
    return token


async def recognise(session: AsyncSession, token: str, *, now: datetime) -> Actor:
    """Return who bears a cookie's value; nobody when it is unknown, has ended, or the account is blocked.

    Writes when the session was last seen, and forgets it when it has ended.
    """
    row = (
        await session.execute(
            select(AccountSession, Account)
            .join(Account, Account.id == AccountSession.account_id)
            .where(AccountSession.token_sha256 == _sha256(token))
        )
    ).one_or_none()
    if row is None:
        return ANONYMOUS
    found, account = row
    if has_ended(found, now) or account.blocked_at is not None:
        await end(session, found.id)
        return ANONYMOUS
    if now - found.seen_at >= _SEEN_EVERY and not await _note_seen(session, found, now):
        return ANONYMOUS
    return _actor(found, account, await grants_of(session, account.id))


async def recognise_many(session: AsyncSession, tokens: Collection[str], *, now: datetime) -> dict[str, Actor | None]:
    """As `recognise`, for many at once. None: somebody is at work on this session, or it has ended, and the token has
    to be looked at alone. So nobody here waits for anybody, whatever the order in which others take their rows."""
    by_hash = {_sha256(token): token for token in tokens}
    query = (
        select(AccountSession, Account)
        .join(Account, Account.id == AccountSession.account_id)
        .where(AccountSession.token_sha256 == func.any(cast(list(by_hash), ARRAY(LargeBinary))))
    )
    rows = [(row[0], row[1]) for row in await session.execute(query)]
    whole = [found for found, account in rows if not has_ended(found, now) and account.blocked_at is None]
    due = {found.id for found in whole if now - found.seen_at >= _SEEN_EVERY}
    sure = {found.id for found in whole} - due | await _note_all_seen(session, due, now)
    grants = await _all_grants(session, [account.id for _, account in rows])
    return dict.fromkeys(tokens, ANONYMOUS) | {
        by_hash[found.token_sha256]: _actor(found, account, grants.get(account.id, ())) if found.id in sure else None
        for found, account in rows
    }


def _actor(found: AccountSession, account: Account, grants: tuple[Grant, ...]) -> Actor:
    return Actor(
        account_id=account.id,
        grants=grants,
        language=account.language,
        session_id=found.id,
        second_factor=found.second_factor_at is not None,
        stepped_up_until=found.stepped_up_at + STEP_UP_LASTS if found.stepped_up_at else None,
        kiosk=found.kind == "kiosk",
        is_staff=account.is_staff,
        name=account.name or "",
    )


async def _note_seen(session: AsyncSession, found: AccountSession, now: datetime) -> bool:
    """Write that a session was used just now; say whether it is still there. The account first, as everybody who ends
    sessions takes them: two who took them the other way round would wait for each other."""
    seen = update(Account).where(Account.id == found.account_id).values(last_seen_at=now, idle_notice_at=None)
    await session.execute(seen)
    kept = update(AccountSession).where(AccountSession.id == found.id).values(seen_at=now)
    return (await session.scalars(kept.returning(AccountSession.id))).first() is not None


async def _note_all_seen(session: AsyncSession, session_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """As `_note_seen` for many; returns those noted, without the ones on whose rows somebody else is at work."""
    if not session_ids:
        return set()
    query = (
        select(AccountSession.id, Account.id)
        .join(Account, Account.id == AccountSession.account_id)
        .where(AccountSession.id == func.any(cast(list(session_ids), ARRAY(Uuid))))
        .with_for_update(key_share=True, skip_locked=True)
    )
    held = [(row[0], row[1]) for row in await session.execute(query)]
    for table, ids, values in (
        (Account, [account for _, account in held], {"last_seen_at": now, "idle_notice_at": None}),
        (AccountSession, [found for found, _ in held], {"seen_at": now}),
    ):
        seen = update(table).where(table.id == func.any(cast(ids, ARRAY(Uuid)))).values(**values)
        await session.execute(seen.execution_options(synchronize_session=False))
    return {found for found, _ in held}


def has_ended(found: AccountSession, now: datetime) -> bool:
    """Whether a session was idle for too long or has reached its absolute end."""
    return now >= found.absolute_end or now - found.seen_at >= LIFETIMES[found.kind][0]


async def began_lately(session: AsyncSession, session_id: UUID, *, now: datetime) -> bool:
    """Whether its owner signed in, or gave a proof once more, no longer ago than a step-up lasts."""
    found = await session.get(AccountSession, session_id)
    return found is not None and now - max(found.created_at, found.stepped_up_at or found.created_at) < STEP_UP_LASTS


async def grants_of(session: AsyncSession, account_id: UUID) -> tuple[Grant, ...]:
    """The roles an account holds now."""
    return (await _all_grants(session, [account_id])).get(account_id, ())


async def _all_grants(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, tuple[Grant, ...]]:
    rows = await session.execute(
        select(RoleGrant.account_id, RoleGrant.role, RoleGrant.round_id, RoleGrant.district)
        .where(RoleGrant.account_id == func.any(cast(list(account_ids), ARRAY(Uuid))), RoleGrant.revoked_at.is_(None))
        .order_by(RoleGrant.granted_at, RoleGrant.id)
    )
    found: dict[UUID, tuple[Grant, ...]] = {}
    for account_id, role, round_id, district in rows:
        found[account_id] = (*found.get(account_id, ()), Grant(role, round_id, district))
    return found


async def sessions_of(session: AsyncSession, account_id: UUID, *, now: datetime) -> list[AccountSession]:
    """The sessions of an account that have not ended, last seen first."""
    rows = await session.scalars(
        select(AccountSession)
        .where(AccountSession.account_id == account_id)
        .order_by(AccountSession.seen_at.desc(), AccountSession.id)
    )
    return [row for row in rows if not has_ended(row, now)]


async def end(session: AsyncSession, session_id: UUID, *, account_id: UUID | None = None) -> bool:
    """End a session; with ``account_id`` only if it is that account's. Return whether there was one."""
    condition = AccountSession.id == session_id
    if account_id:
        condition &= AccountSession.account_id == account_id
    gone = await session.scalars(delete(AccountSession).where(condition).returning(AccountSession.id))
    return gone.first() is not None


async def end_all(session: AsyncSession, account_id: UUID, *, but: UUID | None = None) -> None:
    """End every session of an account, but the one given."""
    condition = AccountSession.account_id == account_id
    if but:
        condition &= AccountSession.id != but
    await session.execute(delete(AccountSession).where(condition))


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
