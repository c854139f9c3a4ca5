"""Queries of accounts: addresses, idle times, and what retention takes away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Delete, Update, delete, exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.sessions import LIFETIMES
from pb_service.features.accounts.tables import AccessLog, Account, AccountSession, AccountToken, RoleGrant


async def account_by_id(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def lock_account(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return an account and keep everybody else from it until this transaction ends."""
    return await session.get(Account, account_id, with_for_update=True, populate_existing=True)


async def account_by_email_key(session: AsyncSession, email_key: str) -> Account | None:
    return await session.scalar(select(Account).where(Account.email_key == email_key))


async def grants_ever(session: AsyncSession, account_id: UUID) -> Sequence[RoleGrant]:
    """Every role that an account holds or held, oldest first."""
    found = select(RoleGrant).where(RoleGrant.account_id == account_id).order_by(RoleGrant.granted_at, RoleGrant.id)
    return (await session.scalars(found)).all()


async def delete_account(session: AsyncSession, account_id: UUID) -> None:
    """Delete an account with its sessions, links, roles and factors, which go by foreign key."""
    await session.execute(delete(Account).where(Account.id == account_id))


async def begin_retention(session: AsyncSession) -> None:
    """Tell the guard of the access log that this transaction shortens it (alembic, revision 0004)."""
    await session.execute(text("SET LOCAL pb.retention = 'on'"))


async def drop_ended_sessions(session: AsyncSession, now: datetime) -> int:
    """Delete sessions that are over, without waiting for their browser to come back."""
    idle = [
        (AccountSession.kind == kind) & (AccountSession.seen_at <= now - life) for kind, (life, _) in LIFETIMES.items()
    ]
    return await _count(session, delete(AccountSession).where(or_(AccountSession.absolute_end <= now, *idle)))


async def drop_ended_links(session: AsyncSession, before: datetime) -> int:
    """Delete links that ended before a moment."""
    return await _count(session, delete(AccountToken).where(AccountToken.expires_at <= before))


async def forget_addresses(session: AsyncSession, before: datetime) -> int:
    """Take the addresses out of what was noted before a moment."""
    old = (AccessLog.at < before, AccessLog.address_prefix.is_not(None))
    return await _count(session, update(AccessLog).where(*old).values(address_prefix=None))


async def drop_log_lines(session: AsyncSession, before: datetime) -> int:
    """Delete lines of the access log that are older than they must be kept."""
    return await _count(session, delete(AccessLog).where(AccessLog.at < before))


async def idle_accounts(session: AsyncSession, *, seen_before: datetime, most: int) -> Sequence[Account]:
    """Accounts that nobody used since a moment and that were not told so yet; never those of staff with a role."""
    found = select(Account).where(Account.last_seen_at < seen_before, Account.idle_notice_at.is_(None), ~_holds_role())
    return (await session.scalars(found.order_by(Account.last_seen_at, Account.id).limit(most))).all()


async def abandoned_accounts(session: AsyncSession, *, told_before: datetime, most: int) -> Sequence[UUID]:
    """The ids of accounts that were told before a moment and did not come back."""
    found = select(Account.id).where(Account.idle_notice_at < told_before, ~_holds_role())
    return (await session.scalars(found.order_by(Account.idle_notice_at, Account.id).limit(most))).all()


async def lock_abandoned(session: AsyncSession, account_id: UUID, *, told_before: datetime) -> Account | None:
    """Return an account if it is still abandoned, kept from its owner, who may come back at this moment."""
    found = select(Account).where(Account.id == account_id, Account.idle_notice_at < told_before, ~_holds_role())
    return (await session.scalars(found.with_for_update())).one_or_none()


def _holds_role() -> ColumnElement[bool]:
    return exists().where(RoleGrant.account_id == Account.id, RoleGrant.revoked_at.is_(None))


async def _count(session: AsyncSession, statement: Update | Delete) -> int:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount
