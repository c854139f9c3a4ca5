"""What the stage knows of a person: their proposals, comments and support; what goes with the account, what stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.personal import PersonalData
from pb_service.features.proposals import repository
from pb_service.features.proposals.tables import (
    CommentReport,
    Proposal,
    ProposalAuthor,
    ProposalComment,
    ProposalConsent,
    ProposalFollow,
    ProposalQuestion,
    ProposalSupport,
)
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import Catalogue


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    written = await repository.of_account(session, account_id)
    slugs = {found.id: found.slug for found in (await repository.rounds_of(session, _rounds(written))).values()}
    numbered = select(Round.slug, Proposal.number).join(Proposal, Proposal.round_id == Round.id)
    supported = numbered.join(ProposalSupport).where(ProposalSupport.account_id == account_id)
    followed = numbered.join(ProposalFollow).where(ProposalFollow.account_id == account_id)
    comments = select(ProposalComment.body, ProposalComment.at).where(ProposalComment.account_id == account_id)
    questions = select(ProposalQuestion.body, ProposalQuestion.at).where(ProposalQuestion.asked_by == account_id)
    return {
        "proposals": [
            {
                "round": slugs[proposal.round_id],
                "number": proposal.number,
                "state": proposal.state,
                "title": proposal.title,
                "need": proposal.need,
                "idea": proposal.idea,
                "audience": proposal.audience,
                "age_group": proposal.age_group,
                "shown_as": proposal.show_author,
                "changed_at": proposal.changed_at.isoformat(),
            }
            for proposal in written
        ],
        "supported": [{"round": slug, "number": number} for slug, number in await session.execute(supported)],
        "followed": [{"round": slug, "number": number} for slug, number in await session.execute(followed)],
        "comments": [{"text": body, "at": at.isoformat()} for body, at in await session.execute(comments)],
        "questions": [{"text": body, "at": at.isoformat()} for body, at in await session.execute(questions)],
    }


def _rounds(written: Sequence[Proposal]) -> set[UUID]:
    return {proposal.round_id for proposal in written}


async def _erase(session: AsyncSession, account_id: UUID, now: datetime) -> None:  # noqa: ARG001 # PersonalData's
    """Drafts, support and follows go; what was sent stays, and belongs to nobody."""
    await repository.drop_drafts_of(session, account_id)
    own = select(ProposalAuthor.proposal_id).where(ProposalAuthor.account_id == account_id)
    alone = (Proposal.id.in_(own)) & (Proposal.show_author == "name")
    await session.execute(update(Proposal).where(alone).values(show_author="hidden", age_group=None))
    await session.execute(
        update(ProposalAuthor)
        .where(ProposalAuthor.account_id == account_id)
        .values(account_id=None, shown_name=None, invited_email_key=None)
    )
    for table in (ProposalSupport, ProposalFollow, ProposalConsent):
        await session.execute(delete(table).where(table.account_id == account_id))
    await session.execute(
        update(ProposalComment).where(ProposalComment.account_id == account_id).values(account_id=None, shown_name=None)
    )
    await session.execute(
        update(ProposalQuestion).where(ProposalQuestion.asked_by == account_id).values(asked_by=None, shown_name=None)
    )
    await session.execute(update(CommentReport).where(CommentReport.account_id == account_id).values(account_id=None))


def _stays(words: Catalogue) -> list[str]:
    return [
        words.gettext(
            "Proposals and comments that you sent, without your name: others have supported and answered them."
        ),
    ]


PROPOSALS = PersonalData("proposals", _collect, _erase, _stays)
