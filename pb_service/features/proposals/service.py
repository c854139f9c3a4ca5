"""What can be done to a proposal, gathered for pages, the API and later stages.

Each function takes (session, actor, …, now), checks who may and when, and leaves the commit to the edge.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import moved, phase_for, write
from pb_service.features.proposals.drafts import (
    claim_draft,
    draft_of,
    keep_for_claim,
    own_proposal,
    save_draft,
    save_version,
    send,
    withdraw,
)
from pb_service.features.proposals.forms import form_of, save_form
from pb_service.features.proposals.merging import consent, joints, merge, split, undo, unmerge
from pb_service.features.proposals.moderation import hide, publish, reject, return_to_author
from pb_service.features.rounds.tables import Round

__all__ = [
    "claim_draft",
    "consent",
    "draft_of",
    "fix_book",
    "form_of",
    "hide",
    "joints",
    "keep_for_claim",
    "merge",
    "moved",
    "own_proposal",
    "phase_for",
    "publish",
    "reject",
    "return_to_author",
    "save_draft",
    "save_form",
    "save_version",
    "send",
    "split",
    "undo",
    "unmerge",
    "withdraw",
    "write",
]


async def fix_book(session: AsyncSession, found: Round, *, now: datetime) -> None:
    """Close a round's book of proposals: its ballot list is fixed. Acts on proposals that are under way wait for it."""
    book = await repository.book(session, found.id, for_update=True)
    book.list_fixed_at = now
    await session.flush()
