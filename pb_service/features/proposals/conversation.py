"""What residents do with other people's proposals: support, follow, comment, ask, report. And what staff answer.

Who supports several proposals that became one counts once. Comments are threads of one level: an answer to an answer
stands beside it. What a moderator hides keeps its place, with the reason.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import SETTLED
from pb_service.core.proposals.texts import cleaned
from pb_service.core.rounds.phases import Phase
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals import conversation_repository as repository
from pb_service.features.proposals.acts import phase_for
from pb_service.features.proposals.conversation_errors import CommentNotFound, ConversationClosed, SupportSpent
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.policy import is_author, require_not_own, require_resident
from pb_service.features.proposals.tables import Proposal, ProposalComment, ProposalQuestion
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs

How = Literal["at_once", "digest", "never"]
HOWS: tuple[How, ...] = ("at_once", "digest", "never")

#: Longest comment, question, answer and reason, in characters.
MOST_COMMENT, MOST_QUESTION, MOST_ANSWER, MOST_REPORT = 2_000, 1_000, 4_000, 500

ANSWERED_JOB = "proposals.answered"

_SUPPORTED: frozenset[Phase] = frozenset({"ideas", "moderation", "assessment"})
_TALKED: frozenset[Phase] = _SUPPORTED | {"voting"}


@dataclass(frozen=True)
class Part:
    """What somebody has done with a proposal, and may still do."""

    is_author: bool
    supports: bool
    follows: How | None
    name: str
    supported: int
    support_limit: int | None
    may_support: bool
    may_talk: bool


def may_support(found: Round, proposal: Proposal, now: datetime) -> bool:
    """Whether anybody may support or stop supporting a proposal now."""
    return (
        found.paused_at is None
        and phase_for(found, "author", now) in _SUPPORTED
        and proposal.state not in SETTLED
        and proposal.state != "on_ballot"
    )


def may_talk(found: Round, proposal: Proposal, now: datetime) -> bool:
    """Whether anybody may comment or ask now."""
    return found.paused_at is None and phase_for(found, "author", now) in _TALKED and proposal.state != "hidden"


async def part_of(session: AsyncSession, actor: Actor, found: Round, proposal: Proposal, *, now: datetime) -> Part:
    """Return what somebody who is signed in has to do with a proposal. Its authors must be loaded."""
    account = await session.get(Account, actor.account_id) if actor.account_id else None
    if account is None:
        return Part(False, False, None, "", 0, None, False, False)
    form, _ = await form_of(session, found.id)
    follow = await repository.follow_of(session, proposal.id, account.id)
    own = is_author(proposal, account.id)
    return Part(
        is_author=own,
        supports=await repository.supports(session, proposal.counted_in, account.id),
        follows=follow.how if follow else None,
        name=account.name or "",
        supported=await repository.supported_in(session, found.id, account.id),
        support_limit=form.support_limit,
        may_support=may_support(found, proposal, now) and not own,
        may_talk=may_talk(found, proposal, now),
    )


async def support(session: AsyncSession, actor: Actor, found: Round, proposal: Proposal, *, now: datetime) -> None:
    """Support a proposal; done twice, it is the same. Who supports hears of it, unless they say otherwise.

    Raises ConversationClosed, SupportSpent, SignInNeeded, AddressNotVerified, Forbidden.
    """
    account_id = await require_resident(session, actor)
    if not may_support(found, proposal, now):
        raise ConversationClosed("paused" if found.paused_at else "phase")
    if is_author(proposal, account_id):
        raise ConversationClosed("own")
    await repository.one_at_a_time(session, account_id)
    if await repository.supports(session, proposal.counted_in, account_id):
        return
    form, _ = await form_of(session, found.id)
    if (
        form.support_limit is not None
        and await repository.supported_in(session, found.id, account_id) >= form.support_limit
    ):
        raise SupportSpent(form.support_limit)
    await repository.add_support(session, proposal.id, account_id, now)


async def unsupport(session: AsyncSession, actor: Actor, found: Round, proposal: Proposal, *, now: datetime) -> None:
    """Take one's support back. Raises ConversationClosed, SignInNeeded, AddressNotVerified, Forbidden."""
    account_id = await require_resident(session, actor)
    if not may_support(found, proposal, now):
        raise ConversationClosed("paused" if found.paused_at else "phase")
    await repository.drop_support(session, proposal.counted_in, account_id)


async def follow(session: AsyncSession, actor: Actor, proposal: Proposal, how: How, *, now: datetime) -> None:
    """Say how one wants to hear of a proposal: at once, in a digest, or never. Raises SignInNeeded, Forbidden."""
    account_id = await require_resident(session, actor)
    await repository.set_follow(session, proposal.id, account_id, how, now)


async def comment(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    proposal: Proposal,
    body: str,
    *,
    language: str,
    once: UUID,
    named: bool,
    now: datetime,
    parent: UUID | None = None,
) -> bool:
    """Comment on a proposal, or answer a comment; return False when the same form had come before.

    ``named``: under the name of one's account, else as a resident. Raises ConversationClosed, CommentNotFound for a
    comment of another proposal, ValueError for an empty text, SignInNeeded, AddressNotVerified, Forbidden.
    """
    account_id = await require_resident(session, actor)
    if not may_talk(found, proposal, now):
        raise ConversationClosed("paused" if found.paused_at else "phase")
    text = _text(body, MOST_COMMENT)
    root = await _root(session, proposal, parent) if parent else None
    values = {
        "proposal_id": root.proposal_id if root else proposal.id,
        "parent": root.id if root else None,
        "account_id": account_id,
        "shown_name": await _name(session, account_id) if named else None,
        "language": language,
        "body": text,
        "at": now,
        "once": once,
    }
    return await repository.add_once(session, ProposalComment, values)


async def ask(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    proposal: Proposal,
    body: str,
    *,
    once: UUID,
    named: bool,
    now: datetime,
) -> bool:
    """Ask staff about a proposal; return False when the same form had come before. Raises as `comment`."""
    account_id = await require_resident(session, actor)
    if not may_talk(found, proposal, now):
        raise ConversationClosed("paused" if found.paused_at else "phase")
    values = {
        "proposal_id": proposal.id,
        "body": _text(body, MOST_QUESTION),
        "asked_by": account_id,
        "shown_name": await _name(session, account_id) if named else None,
        "at": now,
        "once": once,
    }
    return await repository.add_once(session, ProposalQuestion, values)


async def report(
    session: AsyncSession, actor: Actor, proposal: Proposal, comment_id: UUID, reason: str, *, now: datetime
) -> None:
    """Report a comment to the moderators, with what is wrong with it; once a person. Raises CommentNotFound."""
    account_id = await require_resident(session, actor)
    found = await _own_comment(session, proposal, comment_id)
    if found.hidden_at is None:
        await repository.report(session, found.id, account_id, _text(reason, MOST_REPORT), now)


async def hide(session: AsyncSession, actor: Actor, comment_id: UUID, reason: str, *, now: datetime) -> None:
    """Hide a comment, with the reason that stands in its place. Raises CommentNotFound, Forbidden, OwnProposal."""
    found, _ = await _moderated(session, actor, comment_id)
    found.hidden_reason = _text(reason, MOST_REPORT)
    found.hidden_at, found.hidden_by = now, actor.account_id
    await repository.settle_reports(session, comment_id, actor.account_id, now)


async def keep(session: AsyncSession, actor: Actor, comment_id: UUID, *, now: datetime) -> None:
    """Leave a reported comment as it is, or show a hidden one again. Raises CommentNotFound, Forbidden."""
    found, _ = await _moderated(session, actor, comment_id)
    found.hidden_at = found.hidden_by = found.hidden_reason = None
    await repository.settle_reports(session, comment_id, actor.account_id, now)


async def answer(session: AsyncSession, actor: Actor, question_id: UUID, text: str, *, now: datetime) -> None:
    """Answer a question, for everybody to read; an answer can be corrected. Who asked is told by mail once.

    Raises CommentNotFound, Forbidden.
    """
    found, proposal = await _question(session, actor, question_id)
    first = found.answered_at is None
    found.answer, found.answered_at, found.answered_by = _text(text, MOST_ANSWER), now, actor.account_id
    await session.flush()
    if first:
        await jobs.enqueue(session, ANSWERED_JOB, {"question": str(found.id), "proposal": str(proposal.id)})


async def hide_question(session: AsyncSession, actor: Actor, question_id: UUID, *, now: datetime) -> None:
    """Take a question away that is none. Raises CommentNotFound, Forbidden."""
    found, _ = await _question(session, actor, question_id)
    found.hidden_at = now


async def _moderated(session: AsyncSession, actor: Actor, comment_id: UUID) -> tuple[ProposalComment, Proposal]:
    found = await repository.comment(session, comment_id, for_update=True)
    if found is None:
        raise CommentNotFound("There is no such comment.")
    proposal = await repository.proposal_of(session, found.proposal_id)
    require(actor, "comments.moderate", round_id=proposal.round_id, district=proposal.district)
    await session.refresh(proposal, ["authors"])
    require_not_own(proposal, actor.account_id)
    return found, proposal


async def _question(session: AsyncSession, actor: Actor, question_id: UUID) -> tuple[ProposalQuestion, Proposal]:
    found = await repository.question(session, question_id, for_update=True)
    if found is None:
        raise CommentNotFound("There is no such question.")
    proposal = await repository.proposal_of(session, found.proposal_id)
    require(actor, "comments.moderate", round_id=proposal.round_id, district=proposal.district)
    return found, proposal


async def _root(session: AsyncSession, proposal: Proposal, comment_id: UUID) -> ProposalComment:
    """The comment that a thread begins with, whichever of its comments is answered."""
    found = await _own_comment(session, proposal, comment_id)
    if found.parent is None:
        return found
    root = await repository.comment(session, found.parent)
    return root or found


async def _own_comment(session: AsyncSession, proposal: Proposal, comment_id: UUID) -> ProposalComment:
    found = await repository.comment(session, comment_id)
    of = await repository.proposal_of(session, found.proposal_id) if found else None
    if found is None or of is None or of.counted_in != proposal.counted_in:
        raise CommentNotFound("There is no such comment on this proposal.")
    return found


async def _name(session: AsyncSession, account_id: UUID) -> str | None:
    account = await session.get(Account, account_id)
    return account.name if account else None


def _text(text: str, most: int) -> str:
    """A text cleaned. Raises ValueError for an empty one and for one that is too long."""
    kept = cleaned(text)
    if not kept or len(kept) > most:
        raise ValueError("the text is empty or too long")
    return kept
