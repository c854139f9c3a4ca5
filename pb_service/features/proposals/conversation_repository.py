"""Every query of support, follows, comments and questions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, distinct, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import SETTLED
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals.tables import (
    CommentReport,
    Proposal,
    ProposalComment,
    ProposalFollow,
    ProposalQuestion,
    ProposalSupport,
)


async def one_at_a_time(session: AsyncSession, account_id: UUID) -> None:
    """Make what one person does at the same moment happen one after the other, until the transaction ends."""
    await session.execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))


async def supports(session: AsyncSession, counted_in: UUID, account_id: UUID) -> bool:
    """Return whether somebody supports a proposal or something that was merged into it."""
    found = (
        select(ProposalSupport.proposal_id)
        .join(Proposal, Proposal.id == ProposalSupport.proposal_id)
        .where(Proposal.counted_in == counted_in, ProposalSupport.account_id == account_id)
    )
    return (await session.scalars(found.limit(1))).first() is not None


async def supported_in(session: AsyncSession, round_id: UUID, account_id: UUID) -> int:
    """Return how many proposals of a round somebody supports; those that ended give their support back."""
    target = select(Proposal.id).where(Proposal.round_id == round_id, Proposal.state.not_in(sorted(SETTLED)))
    found = (
        select(func.count(distinct(Proposal.counted_in)))
        .join(ProposalSupport, ProposalSupport.proposal_id == Proposal.id)
        .where(ProposalSupport.account_id == account_id, Proposal.counted_in.in_(target))
    )
    return await session.scalar(found) or 0


async def add_support(session: AsyncSession, proposal_id: UUID, account_id: UUID, at: datetime) -> None:
    made = insert(ProposalSupport).values(proposal_id=proposal_id, account_id=account_id, at=at)
    await session.execute(made.on_conflict_do_nothing())


async def drop_support(session: AsyncSession, counted_in: UUID, account_id: UUID) -> None:
    """Take back somebody's support of a proposal and of everything that was merged into it."""
    of = select(Proposal.id).where(Proposal.counted_in == counted_in)
    theirs = (ProposalSupport.account_id == account_id, ProposalSupport.proposal_id.in_(of))
    await session.execute(delete(ProposalSupport).where(*theirs))


async def follow_of(session: AsyncSession, proposal_id: UUID, account_id: UUID) -> ProposalFollow | None:
    return await session.get(ProposalFollow, (proposal_id, account_id))


async def set_follow(session: AsyncSession, proposal_id: UUID, account_id: UUID, how: str, at: datetime) -> None:
    made = insert(ProposalFollow).values(proposal_id=proposal_id, account_id=account_id, how=how, at=at)
    changed = made.on_conflict_do_update(index_elements=["proposal_id", "account_id"], set_={"how": how, "at": at})
    await session.execute(changed)


async def add_once(
    session: AsyncSession, table: type[ProposalComment | ProposalQuestion], values: dict[str, Any]
) -> bool:
    """Add a comment or question; return whether it is new: the same form sent twice adds one."""
    made = insert(table).values(**values).on_conflict_do_nothing(index_elements=["once"]).returning(table.id)
    return (await session.execute(made)).first() is not None


async def comment(session: AsyncSession, comment_id: UUID, *, for_update: bool = False) -> ProposalComment | None:
    return await session.get(ProposalComment, comment_id, with_for_update=for_update or None)


async def question(session: AsyncSession, question_id: UUID, *, for_update: bool = False) -> ProposalQuestion | None:
    return await session.get(ProposalQuestion, question_id, with_for_update=for_update or None)


async def proposal_of(session: AsyncSession, proposal_id: UUID) -> Proposal:
    """Return a proposal that a comment or question belongs to."""
    return await session.get_one(Proposal, proposal_id)


async def report(session: AsyncSession, comment_id: UUID, account_id: UUID, reason: str, at: datetime) -> None:
    """Note that somebody reported a comment; once a person is enough."""
    made = insert(CommentReport).values(comment_id=comment_id, account_id=account_id, reason=reason, at=at)
    await session.execute(made.on_conflict_do_nothing(index_elements=["comment_id", "account_id"]))


async def settle_reports(session: AsyncSession, comment_id: UUID, by: UUID | None, at: datetime) -> None:
    """Note that a moderator has looked at the reports of a comment."""
    open_ones = select(CommentReport).where(CommentReport.comment_id == comment_id, CommentReport.settled_at.is_(None))
    for each in await session.scalars(open_ones.with_for_update()):
        each.settled_at, each.settled_by = at, by


async def reported(
    session: AsyncSession, round_id: UUID, *, most: int
) -> Sequence[tuple[ProposalComment, Proposal, list[CommentReport]]]:
    """Return the comments of a round with open reports, the one reported first first, with the reports."""
    first = func.min(CommentReport.at)
    of = (
        select(CommentReport.comment_id, first)
        .join(ProposalComment, ProposalComment.id == CommentReport.comment_id)
        .join(Proposal, Proposal.id == ProposalComment.proposal_id)
        .where(Proposal.round_id == round_id, CommentReport.settled_at.is_(None))
        .group_by(CommentReport.comment_id)
        .order_by(first, CommentReport.comment_id)
        .limit(most)
    )
    found = []
    for comment_id, _ in (await session.execute(of)).all():
        about = await session.get_one(ProposalComment, comment_id)
        reports = select(CommentReport).where(
            CommentReport.comment_id == comment_id, CommentReport.settled_at.is_(None)
        )
        listed = list(await session.scalars(reports.order_by(CommentReport.at, CommentReport.id)))
        found.append((about, await proposal_of(session, about.proposal_id), listed))
    return found


async def newest_comments(
    session: AsyncSession, round_id: UUID, *, most: int
) -> Sequence[tuple[ProposalComment, Proposal]]:
    """Return the newest comments of a round, hidden ones too, with their proposals."""
    found = (
        select(ProposalComment, Proposal)
        .join(Proposal, Proposal.id == ProposalComment.proposal_id)
        .where(Proposal.round_id == round_id)
        .order_by(ProposalComment.at.desc(), ProposalComment.id.desc())
        .limit(most)
    )
    return [(row[0], row[1]) for row in await session.execute(found)]


async def waiting_questions(
    session: AsyncSession, round_id: UUID, *, most: int
) -> Sequence[tuple[ProposalQuestion, Proposal]]:
    """Return the questions of a round that nobody has answered, the oldest first, with their proposals."""
    found = (
        select(ProposalQuestion, Proposal)
        .join(Proposal, Proposal.id == ProposalQuestion.proposal_id)
        .where(
            Proposal.round_id == round_id, ProposalQuestion.answered_at.is_(None), ProposalQuestion.hidden_at.is_(None)
        )
        .order_by(ProposalQuestion.at, ProposalQuestion.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in await session.execute(found)]
