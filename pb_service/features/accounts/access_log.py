"""The access log: every sign-in, failure, change of roles, and export of personal data. A trigger keeps it append-only.

It names people by id and addresses by their network; it holds no names, e-mail addresses, tokens or free text.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.tables import AccessLog


async def note(
    session: AsyncSession,
    account_id: UUID | None,
    act: str,
    concerning: str = "",
    *,
    outcome: str = "done",
    visitor: Visitor | None = None,
    now: datetime,
) -> None:
    """Add a line, in the transaction of what it tells.

    ``account_id`` is who acted, or on whose account somebody unknown did; ``concerning`` what it was done to: ids and
    codes. A failure is noted in a transaction of its own outcome: raising would roll the line back with the rest.
    """
    session.add(
        AccessLog(
            at=now,
            account_id=account_id,
            act=act,
            object=concerning or None,
            outcome=outcome,
            address_prefix=visitor.address_prefix if visitor else None,
        )
    )
    await session.flush()


async def lines_of(session: AsyncSession, account_id: UUID, *, most: int = 50) -> Sequence[AccessLog]:
    """The newest lines about what an account did, or what was tried with it."""
    found = select(AccessLog).where(AccessLog.account_id == account_id).order_by(AccessLog.id.desc()).limit(most)
    return (await session.scalars(found)).all()
