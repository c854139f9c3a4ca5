"""Several proposals that go on as one, one that goes on as several, and the undoing of both.

Supporters and comments stay where they were given and count in the proposal that goes on, each resident once; so an
undo needs only to say where they count again. Authors are told, and may agree or object; whoever merged can undo it
until the ballot list is fixed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft, problems, tidy
from pb_service.core.proposals.states import Act
from pb_service.core.proposals.texts import cleaned, reason_sha256
from pb_service.core.proposals.trace import Joint, may_merge
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import moved, write
from pb_service.features.proposals.drafts import (
    add_version,
    district_keys,
    fill,
    new_proposal,
    placed,
    staff_role,
)
from pb_service.features.proposals.errors import MergeRefused, ProposalNotFound, ProposalRefused
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.policy import is_author, require_not_own, require_resident
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.tables import Proposal, ProposalAuthor, ProposalConsent, ProposalMerge
from pb_service.features.record import service as record

#: Proposals in one merge or parts of one split at most.
MOST = 30


async def merge(
    session: AsyncSession,
    actor: Actor,
    into_id: UUID,
    from_ids: Sequence[UUID],
    reason: Mapping[str, str],
    *,
    now: datetime,
) -> ProposalMerge:
    """Let proposals go on as part of another, with a reason. The record says it in one entry of the one that goes on.

    Raises MergeRefused, ActRefused, OwnProposal, ReasonMissing, Forbidden, ProposalNotFound.
    """
    wanted = list(dict.fromkeys(from_ids))
    if not wanted or into_id in wanted or len(wanted) > MOST:
        raise MergeRefused("circle")
    kept = await required_reason(session, reason)
    rows = {row.id: row for row in await repository.several(session, [into_id, *wanted], for_update=True)}
    if len(rows) != len(wanted) + 1:
        raise ProposalNotFound("There is no such proposal.")
    into, sources = rows[into_id], [rows[source] for source in wanted]
    if any(source.round_id != into.round_id for source in sources):
        raise MergeRefused("other_round")
    role = staff_role(actor, into)
    for source in sources:
        staff_role(actor, source)
        require_not_own(source, actor.account_id)
    numbers = [number_of(source) for source in sources]
    if not may_merge(numbers, number_of(into), await joints(session, into.round_id)):
        raise MergeRefused("circle")
    for source in sources:
        source.merged_into = into.id
        await _step(session, actor, source, "merge", about={"into": into.number}, role=role, reason=kept, now=now)
    await repository.count_where(session, wanted, into.counted_in)
    told = {
        "from": sorted(numbers),
        "into": number_of(into),
        "supporters": await repository.supporters(session, into.counted_in),
        "reason_sha256": reason_sha256(kept).hex(),
    }
    await _step(session, actor, into, "absorb", about={"from": sorted(numbers)}, role=role, reason=kept, now=now)
    made = ProposalMerge(
        round_id=into.round_id,
        kind="merge",
        from_ids=wanted,
        into_ids=[into.id],
        reason=kept,
        at=now,
        by=actor.account_id,
    )
    session.add(made)
    await _tell(session, into, "proposal.merged", told, role=role, now=now)
    return made


async def split(
    session: AsyncSession,
    actor: Actor,
    proposal_id: UUID,
    parts: Sequence[Draft],
    reason: Mapping[str, str],
    *,
    now: datetime,
) -> ProposalMerge:
    """Let one proposal go on as several, whose texts staff write from it. Its authors are authors of every part, and
    who supported it supports every part; comments stay with it, where the parts lead.

    Raises ProposalRefused, MergeRefused, ActRefused, OwnProposal, ReasonMissing, Forbidden, ProposalNotFound.
    """
    if not 2 <= len(parts) <= MOST:
        raise MergeRefused("few")
    kept = await required_reason(session, reason)
    proposal = await repository.by_id(session, proposal_id, for_update=True)
    if proposal is None or proposal.number is None:
        raise ProposalNotFound("There is no such proposal.")
    role = staff_role(actor, proposal)
    found = await repository.round_of(session, proposal.round_id)
    form, _ = await form_of(session, found.id)
    book = await repository.book(session, found.id, for_update=True)
    await _step(session, actor, proposal, "split", about={}, role=role, reason=kept, now=now)
    made: list[Proposal] = []
    texts = []
    for part in parts:
        draft = await placed(session, found, tidy(part))
        if wrong := problems(form, draft, await district_keys(session, found)):
            raise ProposalRefused(wrong)
        row = await new_proposal(session, found, once=None, channel=proposal.channel, now=now)
        fill(row, draft, now=now)
        book.last_number += 1
        row.number, row.state, row.split_from = book.last_number, "published", proposal.id
        row.received_at, row.published_at = proposal.received_at, now
        row.entered_by_staff = proposal.entered_by_staff
        row.show_author, row.group_name, row.minor = proposal.show_author, proposal.group_name, proposal.minor
        row.authors = [
            ProposalAuthor(
                account_id=author.account_id,
                role=author.role,
                shown_name=author.shown_name,
                accepted_at=author.accepted_at,
            )
            for author in proposal.authors
            if author.accepted_at is not None
        ]
        texts.append(add_version(session, form, row, None, now=now)["text_sha256"])
        made.append(row)
    await session.flush()
    for row in made:
        await repository.copy_support(session, proposal.counted_in, row.id)
    numbers = [number_of(row) for row in made]
    joint = ProposalMerge(
        round_id=found.id,
        kind="split",
        from_ids=[proposal.id],
        into_ids=[row.id for row in made],
        reason=kept,
        at=now,
        by=actor.account_id,
    )
    session.add(joint)
    told = {
        "from": number_of(proposal),
        "into": numbers,
        "texts_sha256": texts,
        "reason_sha256": reason_sha256(kept).hex(),
    }
    await _tell(session, proposal, "proposal.split", told, role=role, now=now)
    return joint


async def undo(session: AsyncSession, actor: Actor, merge_id: UUID, *, now: datetime) -> ProposalMerge:
    """Undo a merge or a split that nothing was built on yet.

    Raises MergeRefused, ActRefused (the list is fixed), OwnProposal, Forbidden, ProposalNotFound.
    """
    joint = await repository.merge_by_id(session, merge_id)
    if joint is None:
        raise ProposalNotFound("There is no such merge.")
    if joint.undone_at is not None:
        raise MergeRefused("undone")
    rows = {
        row.id: row for row in await repository.several(session, [*joint.from_ids, *joint.into_ids], for_update=True)
    }
    sources, targets = [rows[each] for each in joint.from_ids], [rows[each] for each in joint.into_ids]
    role = staff_role(actor, targets[0])
    if any(target.state in {"merged", "split"} for target in targets):
        raise MergeRefused("used")
    if joint.kind == "merge":
        await _unmerge(session, actor, sources, targets[0], role=role, now=now)
    else:
        await _unsplit(session, actor, sources[0], targets, role=role, now=now)
    joint.undone_at, joint.undone_by = now, actor.account_id
    await session.flush()
    return joint


#: The name under which other stages know it.
unmerge = undo


async def consent(
    session: AsyncSession, actor: Actor, merge_id: UUID, *, agrees: bool, note: str = "", now: datetime
) -> None:
    """Say as an author of one of its proposals that one agrees to a merge or split, or not. The last word counts.

    Raises ProposalNotFound, SignInNeeded.
    """
    account_id = await require_resident(session, actor)
    joint = await repository.merge_by_id(session, merge_id)
    if joint is None or joint.undone_at is not None:
        raise ProposalNotFound("There is no such merge.")
    rows = await repository.several(session, [*joint.from_ids, *joint.into_ids])
    if not any(is_author(row, account_id) for row in rows):
        raise ProposalNotFound("There is no such merge.")
    said = ProposalConsent(
        merge_id=merge_id, account_id=account_id, agrees=agrees, note=cleaned(note)[:500] or None, at=now
    )
    await session.merge(said)
    await session.flush()


async def joints(session: AsyncSession, round_id: UUID) -> list[Joint]:
    """Return the merges and splits of a round that hold, by public numbers."""
    rows = await repository.merges_of(session, round_id)
    numbers = await repository.numbers_of(session, {each for row in rows for each in (*row.from_ids, *row.into_ids)})
    return [
        Joint(
            row.kind,
            tuple(numbers[each] for each in row.from_ids),
            tuple(numbers[each] for each in row.into_ids),
        )
        for row in rows
    ]


def number_of(proposal: Proposal) -> int:
    """Return the public number of a proposal that was received."""
    if proposal.number is None:
        raise ProposalNotFound("There is no such proposal.")
    return proposal.number


async def _unmerge(
    session: AsyncSession, actor: Actor, sources: Sequence[Proposal], into: Proposal, *, role: str, now: datetime
) -> None:
    for source in sources:
        source.merged_into = None
        await _step(session, actor, source, "unmerge", about={"into": into.number}, role=role, reason={}, now=now)
        await repository.count_again(session, source.id)
    told = {"from": sorted(number_of(source) for source in sources), "into": number_of(into)}
    await _tell(session, into, "proposal.unmerged", told, role=role, now=now)


async def _unsplit(
    session: AsyncSession, actor: Actor, source: Proposal, parts: Sequence[Proposal], *, role: str, now: datetime
) -> None:
    await _step(session, actor, source, "unsplit", about={}, role=role, reason={}, now=now)
    for part in parts:
        part.merged_into = source.id
        await _step(session, actor, part, "rejoin", about={"into": source.number}, role=role, reason={}, now=now)
    await repository.count_where(session, [part.id for part in parts], source.counted_in)
    told = {"from": number_of(source), "into": [number_of(part) for part in parts]}
    await _tell(session, source, "proposal.unsplit", told, role=role, now=now)


async def _step(
    session: AsyncSession,
    actor: Actor,
    proposal: Proposal,
    act: Act,
    *,
    about: Mapping[str, object],
    role: str,
    reason: Mapping[str, str],
    now: datetime,
) -> None:
    """One proposal's part in a joint; the record tells all parts in one entry."""
    with session.no_autoflush:  # state and merged_into change together
        await moved(
            session,
            proposal,
            act,
            about,
            hand="moderator",
            by_role=role,
            account_id=actor.account_id,
            shown={"reason": dict(reason)} if reason else None,
            told=False,
            now=now,
        )


async def _tell(
    session: AsyncSession, proposal: Proposal, kind: str, told: Mapping[str, object], *, role: str, now: datetime
) -> None:
    found = await repository.round_of(session, proposal.round_id)
    at = await record.moment_of_act(session, found.log, now)
    await write(session, found, kind, f"p{proposal.number}", told, by=role, at=at)
    await session.flush()
