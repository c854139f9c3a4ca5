"""Writing a proposal: drafts of people who are signed in or not yet, sending them, and changing what was sent."""

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft, ProposalForm, problems, public_text, tidy
from pb_service.core.proposals.places import Shapes, district_among, from_geojson, shapes_of, to_geojson
from pb_service.core.proposals.similarity import shingles, sketch
from pb_service.core.proposals.states import Act, Hand, may_edit
from pb_service.core.proposals.texts import cleaned, content, text_sha256
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import moved, next_state, phase_for
from pb_service.features.proposals.errors import ActRefused, ProposalChanged, ProposalNotFound, ProposalRefused
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.policy import is_author, require_resident
from pb_service.features.proposals.tables import Channel, Proposal, ProposalAuthor, ProposalVersion
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.db import uuid7

#: A reason for a change in one's own words.
_MOST_NOTE = 500


def draft_of(proposal: Proposal) -> Draft:
    """Return what a proposal says now."""
    return Draft(
        language=proposal.language,  # type: ignore[arg-type] # the table's check allows no other
        title=proposal.title,
        need=proposal.need,
        idea=proposal.idea,
        audience=proposal.audience,
        theme=proposal.theme,
        district=proposal.district,
        place=from_geojson(proposal.place),
        cost_hint=proposal.cost_hint,
        answers=dict(proposal.answers),
        show_author=proposal.show_author,
        group_name=proposal.group_name,
        minor=proposal.minor,
        age_group=proposal.age_group,
        join_wishes=tuple(proposal.join_wishes or ()),
    )


async def district_keys(session: AsyncSession, found: Round) -> list[str]:
    """Return the keys of the round's districts in their published order."""
    return [district.key for district in (await setup_of(session, found)).districts.districts]


async def save_draft(
    session: AsyncSession, actor: Actor, found: Round, draft: Draft, *, once: UUID, now: datetime
) -> Proposal:
    """Keep a draft of somebody who is signed in; the same form again changes the same draft.

    Raises ActRefused when ideas are not taken (any more), ProposalNotFound when the form made somebody else's draft.
    """
    account_id = await require_resident(session, actor)
    held = await repository.round_of(session, found.id)
    if not may_edit("draft", phase_for(held, "author", now)):
        raise ActRefused("phase", "draft")
    proposal = await repository.by_once(session, once, for_update=True)
    if proposal is None:
        proposal = await new_proposal(session, found, once=once, channel="web", now=now)
        await add_author(session, proposal, account_id, now=now)
    elif not is_author(proposal, account_id):
        raise ProposalNotFound("There is no such draft.")
    if proposal.state == "draft":
        fill(proposal, tidy(draft), now=now)
        await sign(session, proposal, account_id)
    await session.flush()
    return proposal


async def keep_for_claim(session: AsyncSession, found: Round, draft: Draft, *, once: UUID, now: datetime) -> str | None:
    """Keep a draft of somebody who is not signed in yet and return the secret under which it can be claimed; None if
    the form was sent before, by somebody who has claimed it. Raises ActRefused.
    """
    held = await repository.round_of(session, found.id)
    if not may_edit("draft", phase_for(held, "author", now)):
        raise ActRefused("phase", "draft")
    proposal = await repository.by_once(session, once, for_update=True)
    if proposal is None:
        proposal = await new_proposal(session, found, once=once, channel="web", now=now)
    elif proposal.claim_sha256 is None:
        return None
    secret = secrets.token_urlsafe(32)
    proposal.claim_sha256 = hashlib.sha256(secret.encode()).digest()
    fill(proposal, tidy(draft), now=now)
    await session.flush()
    return secret


async def claim_draft(session: AsyncSession, actor: Actor, secret: str, *, now: datetime) -> Proposal:
    """Give a draft that was kept before the sign-in to its author. Raises ProposalNotFound, SignInNeeded."""
    account_id = await require_resident(session, actor)
    proposal = await repository.by_claim(session, hashlib.sha256(secret.encode()).digest())
    if proposal is None:
        raise ProposalNotFound("There is no such draft any more.")
    proposal.claim_sha256 = None
    await add_author(session, proposal, account_id, now=now)
    await session.flush()
    return proposal


async def send(session: AsyncSession, actor: Actor, proposal_id: UUID, *, now: datetime) -> Proposal:
    """Send a draft: it gets its public number and its first version, and the record says so.

    Sending it again changes nothing. Raises ProposalRefused, ActRefused, ProposalNotFound, SignInNeeded.
    """
    account_id = await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    if proposal.state != "draft":
        return proposal
    found = await repository.round_of(session, proposal.round_id)
    return await receive(
        session, found, proposal, hand="author", by_role="resident", account_id=account_id, act="send", now=now
    )


async def receive(
    session: AsyncSession,
    found: Round,
    proposal: Proposal,
    *,
    hand: Hand,
    by_role: str,
    account_id: UUID | None,
    act: Act,
    now: datetime,
    lenient: bool = False,
) -> Proposal:
    """Take a draft in. ``lenient``: from paper or a file, where nobody can be asked: a title is enough.

    Raises ProposalRefused, ActRefused.
    """
    form, _ = await form_of(session, found.id)
    book = await repository.book(session, found.id, for_update=True)
    next_state(found, book, proposal.state, act, hand=hand, now=now)
    fill(proposal, await placed(session, found, tidy(draft_of(proposal))), now=now)
    wrong = problems(form, draft_of(proposal), await district_keys(session, found))
    if lenient and proposal.title:
        wrong = [problem for problem in wrong if problem.code not in {"required", "too_short"}]
    if wrong:
        raise ProposalRefused(wrong)
    proposal.received_at = now
    about = add_version(session, form, proposal, account_id if hand == "author" else None, now=now)
    if proposal.district:
        about["district"] = proposal.district
    if proposal.cost_hint is not None:
        about["cost_hint"] = proposal.cost_hint
    await moved(session, proposal, act, about, hand=hand, by_role=by_role, account_id=account_id, now=now)
    return proposal


async def save_version(
    session: AsyncSession,
    actor: Actor,
    proposal_id: UUID,
    draft: Draft,
    *,
    version: int,
    reason: str = "",
    now: datetime,
) -> Proposal:
    """Save another version of a proposal over the one that was looked at; nothing happens if the words are the same.

    Authors change their own in the phase of ideas, and answer when they were asked for more; staff change a text with a
    reason (after a merge, say). What everybody reads is a version of its own; who shows their name how is not.
    Raises ProposalChanged, ProposalRefused, ActRefused, ProposalNotFound, Forbidden.
    """
    proposal = await repository.by_id(session, proposal_id, for_update=True)
    if proposal is None:
        raise ProposalNotFound("There is no such proposal.")
    own = is_author(proposal, actor.account_id)
    if own:
        await require_resident(session, actor)
    elif not may(actor, "proposals.moderate", round_id=proposal.round_id, district=proposal.district):
        raise ProposalNotFound("There is no such proposal.")
    if proposal.version != version:
        raise ProposalChanged(proposal.version)
    if not own:
        draft = _as_authors_chose(draft, proposal)
    if proposal.state == "draft":
        fill(proposal, tidy(draft), now=now)
        await sign(session, proposal, actor.account_id)
        return proposal
    found = await repository.round_of(session, proposal.round_id)
    book = await repository.book(session, found.id)
    form, _ = await form_of(session, found.id)
    hand: Hand = "author" if own else "moderator"
    act: Act = "edit" if not own else "answer" if proposal.state == "returned" else "change"
    next_state(found, book, proposal.state, act, hand=hand, now=now)
    wanted = await placed(session, found, tidy(draft))
    if wrong := problems(form, wanted, await district_keys(session, found)):
        raise ProposalRefused(wrong)
    before = content(public_text(form, draft_of(proposal)))
    same = content(public_text(form, wanted)) == before and (wanted.theme, wanted.district, wanted.cost_hint) == (
        proposal.theme,
        proposal.district,
        proposal.cost_hint,
    )
    fill(proposal, wanted, now=now)
    if own:
        await sign(session, proposal, actor.account_id)
    if same and act != "answer":
        return proposal
    about = add_version(session, form, proposal, actor.account_id, now=now, reason=cleaned(reason)[:_MOST_NOTE])
    await moved(
        session,
        proposal,
        act,
        about,
        hand=hand,
        by_role="resident" if own else staff_role(actor, proposal),
        account_id=actor.account_id,
        shown={"reason": cleaned(reason)[:_MOST_NOTE]} if reason else None,
        now=now,
    )
    return proposal


async def withdraw(session: AsyncSession, actor: Actor, proposal_id: UUID, *, now: datetime) -> Proposal:
    """Take a proposal back, or throw a draft away. Raises ActRefused, ProposalNotFound, SignInNeeded."""
    account_id = await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    if proposal.state == "draft":
        await session.delete(proposal)
        await session.flush()
        return proposal
    await moved(session, proposal, "withdraw", {}, hand="author", by_role="resident", account_id=account_id, now=now)
    return proposal


async def own_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID, *, for_update: bool = False) -> Proposal:
    """Return a proposal that the actor wrote or helps to write. Raises ProposalNotFound."""
    proposal = await repository.by_id(session, proposal_id, for_update=for_update)
    if proposal is None or not is_author(proposal, actor.account_id):
        raise ProposalNotFound("There is no such proposal among yours.")
    return proposal


def staff_role(actor: Actor, proposal: Proposal) -> str:
    """Return the role in which somebody moderates there, for the record. Raises Forbidden."""
    require(actor, "proposals.moderate", round_id=proposal.round_id, district=proposal.district)
    for grant in actor.grants:
        if grant.role == "moderator" and grant.reaches(proposal.round_id, proposal.district):
            return "moderator"
    return "manager"


async def placed(session: AsyncSession, found: Round, draft: Draft) -> Draft:
    """Return the draft with the district in which its place lies; a place outside all of them leaves it as chosen."""
    if draft.place is None:
        return draft
    return placed_among(shapes_of((await setup_of(session, found)).districts.districts), draft)


def placed_among(shapes: Shapes, draft: Draft) -> Draft:
    """As `placed`, for who has the districts at hand."""
    key = district_among(shapes, draft.place) if draft.place else None
    return msgspec.structs.replace(draft, district=key or draft.district)


def fill(proposal: Proposal, draft: Draft, *, now: datetime) -> None:
    """Write what a draft says into a proposal's row."""
    proposal.language, proposal.title, proposal.need = draft.language, draft.title, draft.need
    proposal.idea, proposal.audience, proposal.theme = draft.idea, draft.audience, draft.theme
    proposal.district, proposal.cost_hint, proposal.answers = draft.district, draft.cost_hint, draft.answers
    proposal.place = to_geojson(draft.place) if draft.place else None
    # The name of somebody under age is never shown, whatever was chosen.
    hides = draft.minor and draft.show_author == "name"
    proposal.show_author, proposal.minor = ("hidden" if hides else draft.show_author), draft.minor
    proposal.group_name = draft.group_name if draft.show_author == "group" else None
    proposal.age_group, proposal.join_wishes = draft.age_group, list(draft.join_wishes)
    proposal.shingles = shingles(draft.title, draft.need, draft.idea)
    proposal.sketch = sketch(proposal.shingles)
    proposal.changed_at = now


async def new_proposal(
    session: AsyncSession, found: Round, *, once: UUID | None, channel: Channel, now: datetime
) -> Proposal:
    """Return a new, empty draft."""
    made = uuid7()
    proposal = Proposal(
        id=made,
        round_id=found.id,
        state="draft",
        version=0,
        language="fi",
        once=once,
        channel=channel,
        created_at=now,
        changed_at=now,
        counted_in=made,
        answers={},
        shingles=[],
        authors=[],
        files=[],
    )
    session.add(proposal)
    return proposal


async def add_author(session: AsyncSession, proposal: Proposal, account_id: UUID, *, now: datetime) -> None:
    """Make an account the author of a draft."""
    proposal.authors.append(ProposalAuthor(account_id=account_id, role="author", accepted_at=now))
    await sign(session, proposal, account_id)


async def sign(session: AsyncSession, proposal: Proposal, account_id: UUID | None) -> None:
    """Let the author who writes now be named as they have just chosen; the names of the others are theirs to show."""
    for author in proposal.authors:
        if account_id is not None and author.account_id == account_id:
            named = proposal.show_author == "name"
            author.shown_name = (await session.get_one(Account, account_id)).name if named else None


def _as_authors_chose(draft: Draft, proposal: Proposal) -> Draft:
    """The draft of somebody of the staff: who is shown as author, and what they told of themselves, is not theirs."""
    kept = draft_of(proposal)
    return msgspec.structs.replace(
        draft,
        show_author=kept.show_author,
        group_name=kept.group_name,
        minor=kept.minor,
        age_group=kept.age_group,
        join_wishes=kept.join_wishes,
    )


def add_version(
    session: AsyncSession,
    form: ProposalForm,
    proposal: Proposal,
    account_id: UUID | None,
    *,
    now: datetime,
    reason: str = "",
) -> dict[str, Any]:
    """Keep the newest words as a version and return what the record says of it."""
    proposal.version += 1
    words = content(public_text(form, draft_of(proposal)))
    digest = text_sha256(words)
    row = ProposalVersion(
        proposal_id=proposal.id,
        version=proposal.version,
        content=words,
        text_sha256=digest,
        edited_by=account_id,
        at=now,
        reason=reason or None,
    )
    session.add(row)
    return {"version": proposal.version, "text_sha256": digest.hex()}
