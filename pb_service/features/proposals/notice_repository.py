"""Every query behind the notices about proposals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.tables import Account
from pb_service.features.proposals.tables import (
    Proposal,
    ProposalAct,
    ProposalAuthor,
    ProposalFollow,
    ProposalNews,
    ProposalQuestion,
    ProposalSupport,
)
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Listener:
    """An account that has to do with a proposal. ``wish`` is what it chose for it: at_once, digest, never, or nothing.

    ``own_proposal`` is the proposal that it wrote: this one, or one that became part of it.
    """

    account_id: UUID
    email: str
    language: str
    is_author: bool
    supports: bool
    wish: str | None
    own_proposal: UUID | None = None


async def act(session: AsyncSession, row_id: int) -> ProposalAct | None:
    return await session.get(ProposalAct, row_id)


async def proposal(session: AsyncSession, proposal_id: UUID) -> Proposal | None:
    return await session.get(Proposal, proposal_id)


async def question(session: AsyncSession, question_id: UUID) -> ProposalQuestion | None:
    return await session.get(ProposalQuestion, question_id)


async def account(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def round_of(session: AsyncSession, found: Proposal) -> Round:
    return await session.get_one(Round, found.round_id)


async def listeners(session: AsyncSession, about: Proposal) -> list[Listener]:
    """Return everybody with a mail address who wrote, follows or supports a proposal or what became part of it.

    In the order of their accounts. What somebody chose for the proposal itself goes before what they chose for a part.
    """
    of = select(Proposal.id).where((Proposal.counted_in == about.id) | (Proposal.id == about.id))
    wrote = {
        row[0]: row[1]
        for row in await session.execute(
            select(ProposalAuthor.account_id, ProposalAuthor.proposal_id)
            .where(ProposalAuthor.proposal_id.in_(of), ProposalAuthor.accepted_at.is_not(None))
            .order_by(ProposalAuthor.proposal_id == about.id, ProposalAuthor.id)
        )
        if row[0] is not None
    }
    wishes = {
        row[0]: row[1]
        for row in await session.execute(
            select(ProposalFollow.account_id, ProposalFollow.how)
            .where(ProposalFollow.proposal_id.in_(of))
            .order_by(ProposalFollow.proposal_id == about.id, ProposalFollow.at)
        )
    }
    supporting = set(
        await session.scalars(select(ProposalSupport.account_id).where(ProposalSupport.proposal_id.in_(of)))
    )
    concerned = {*wrote, *wishes, *supporting}
    reachable = select(Account.id, Account.email, Account.language).where(
        Account.id.in_(concerned), Account.email.is_not(None), Account.email_verified_at.is_not(None)
    )
    return [
        Listener(
            account_id=row[0],
            email=row[1] or "",
            language=row[2],
            is_author=row[0] in wrote,
            supports=row[0] in supporting,
            wish=wishes.get(row[0]),
            own_proposal=wrote.get(row[0]),
        )
        for row in await session.execute(reachable.order_by(Account.id))
    ]


async def keep_for_digest(
    session: AsyncSession, proposal_id: UUID, act: str, account_ids: Sequence[UUID], *, at: datetime
) -> None:
    """Note an act for the next digest of these accounts."""
    rows: list[dict[str, Any]] = [
        {"account_id": account_id, "proposal_id": proposal_id, "act": act, "about": {}, "at": at}
        for account_id in account_ids
    ]
    if rows:
        await session.execute(insert(ProposalNews), rows)


async def waiting(session: AsyncSession, *, most: int) -> list[UUID]:
    """Return accounts for which something waits, at most ``most``."""
    found = select(ProposalNews.account_id).where(ProposalNews.sent_at.is_(None)).distinct()
    return list(await session.scalars(found.order_by(ProposalNews.account_id).limit(most)))


async def take_news(
    session: AsyncSession, account_id: UUID, now: datetime
) -> list[tuple[Proposal, str, str, datetime]]:
    """Mark what waits for an account as sent, and return it oldest first: proposal, round, act, time."""
    mine = (ProposalNews.account_id == account_id, ProposalNews.sent_at.is_(None))
    taken = list(
        await session.scalars(update(ProposalNews).where(*mine).values(sent_at=now).returning(ProposalNews.id))
    )
    found = (
        select(Proposal, Round.slug, ProposalNews.act, ProposalNews.at)
        .join(Proposal, Proposal.id == ProposalNews.proposal_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(ProposalNews.id.in_(taken), Proposal.state != "hidden")
        .order_by(ProposalNews.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await session.execute(found)]
