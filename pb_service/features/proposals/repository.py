"""Queries of the stage proposals: proposals with their people, files and history, the book of a round, merges."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from pb_service.features.proposals.tables import (
    LandLayer,
    Proposal,
    ProposalAct,
    ProposalAuthor,
    ProposalBook,
    ProposalConsent,
    ProposalFile,
    ProposalFollow,
    ProposalImport,
    ProposalMerge,
    ProposalSupport,
    ProposalVersion,
)
from pb_service.features.rounds.tables import Round

_WHOLE = (selectinload(Proposal.authors), selectinload(Proposal.files).selectinload(ProposalFile.file))


async def round_of(session: AsyncSession, round_id: UUID) -> Round:
    """Return a round, held in its phase until this transaction ends: a phase that begins waits for it."""
    query = select(Round).where(Round.id == round_id).with_for_update(read=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def book(session: AsyncSession, round_id: UUID, *, for_update: bool = False) -> ProposalBook:
    """Return a round's book of proposals, made at its first use; locked against numbering or only against fixing."""
    await session.execute(insert(ProposalBook).values(round_id=round_id).on_conflict_do_nothing())
    query = select(ProposalBook).where(ProposalBook.round_id == round_id).with_for_update(read=not for_update)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def book_to_read(session: AsyncSession, round_id: UUID) -> ProposalBook | None:
    """Return a round's book as it is, without a lock, or None before its first use."""
    return await session.get(ProposalBook, round_id)


async def by_id(session: AsyncSession, proposal_id: UUID, *, for_update: bool = False) -> Proposal | None:
    """Return a proposal with its people and files, or None; optionally locked against others."""
    return await _one(session, Proposal.id == proposal_id, for_update=for_update)


async def by_number(session: AsyncSession, round_id: UUID, number: int, *, for_update: bool = False) -> Proposal | None:
    """Return a round's proposal by its public number, or None."""
    if not 0 < number < 2**31:  # more than the column holds
        return None
    return await _one(session, (Proposal.round_id == round_id) & (Proposal.number == number), for_update=for_update)


async def by_once(session: AsyncSession, once: UUID, *, for_update: bool = False) -> Proposal | None:
    """Return what a form made when it was sent first, or None."""
    return await _one(session, Proposal.once == once, for_update=for_update)


async def by_claim(session: AsyncSession, claim_sha256: bytes) -> Proposal | None:
    """Return the draft that waits for its author under this secret, locked, or None."""
    return await _one(session, Proposal.claim_sha256 == claim_sha256, for_update=True)


async def several(session: AsyncSession, ids: Collection[UUID], *, for_update: bool = False) -> list[Proposal]:
    """Return proposals in the order of their ids: whoever locks several locks them in one order."""
    query = select(Proposal).where(Proposal.id.in_(list(ids))).order_by(Proposal.id).options(*_WHOLE)
    if for_update:
        query = query.with_for_update(of=Proposal)
    return list((await session.scalars(query.execution_options(populate_existing=True))).all())


async def of_account(session: AsyncSession, account_id: UUID) -> Sequence[Proposal]:
    """Return everything that an account wrote or helps to write, what was changed last first."""
    mine = exists().where(
        ProposalAuthor.proposal_id == Proposal.id,
        ProposalAuthor.account_id == account_id,
        ProposalAuthor.accepted_at.is_not(None),
    )
    query = select(Proposal).where(mine).order_by(Proposal.changed_at.desc(), Proposal.id).options(*_WHOLE)
    return (await session.scalars(query)).all()


@dataclass(frozen=True)
class Heard:
    """A proposal that an account supports or follows, and the round it is in."""

    proposal: Proposal
    slug: str
    names: Mapping[str, str]
    supports: bool
    how: str | None


async def listened_by(session: AsyncSession, account_id: UUID, *, most: int = 200) -> list[Heard]:
    """Return what an account supports or chose how to hear of, what changed last first, if all may read it."""
    query = (
        select(Proposal, Round.slug, Round.names, ProposalSupport.account_id, ProposalFollow.how)
        .join(Round, Round.id == Proposal.round_id)
        .outerjoin(
            ProposalSupport,
            and_(ProposalSupport.proposal_id == Proposal.id, ProposalSupport.account_id == account_id),
        )
        .outerjoin(
            ProposalFollow, and_(ProposalFollow.proposal_id == Proposal.id, ProposalFollow.account_id == account_id)
        )
        .where(
            or_(ProposalSupport.account_id.is_not(None), ProposalFollow.how.is_not(None)),
            Proposal.published_at.is_not(None),
            Proposal.state != "hidden",
        )
        .order_by(Proposal.changed_at.desc(), Proposal.id)
        .limit(most)
    )
    rows = await session.execute(query)
    return [Heard(row[0], row[1], dict(row[2]), row[3] is not None, row[4]) for row in rows]


async def rounds_of(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Round]:
    """Return rounds by id."""
    return {found.id: found for found in await session.scalars(select(Round).where(Round.id.in_(list(ids))))}


async def versions(session: AsyncSession, proposal_id: UUID) -> Sequence[ProposalVersion]:
    """Return every version of a proposal's text, the oldest first."""
    query = select(ProposalVersion).where(ProposalVersion.proposal_id == proposal_id)
    return (await session.scalars(query.order_by(ProposalVersion.version))).all()


async def acts_of(session: AsyncSession, proposal_id: UUID) -> Sequence[ProposalAct]:
    """Return what happened to a proposal, the oldest first."""
    query = select(ProposalAct).where(ProposalAct.proposal_id == proposal_id).order_by(ProposalAct.id)
    return (await session.scalars(query)).all()


async def merges_of(session: AsyncSession, round_id: UUID) -> Sequence[ProposalMerge]:
    """Return the merges and splits of a round that were not undone, the oldest first."""
    query = select(ProposalMerge).where(ProposalMerge.round_id == round_id, ProposalMerge.undone_at.is_(None))
    return (await session.scalars(query.order_by(ProposalMerge.at, ProposalMerge.id))).all()


async def merge_by_id(session: AsyncSession, merge_id: UUID) -> ProposalMerge | None:
    """Return a merge or split, locked, or None."""
    return await session.get(ProposalMerge, merge_id, with_for_update=True)


async def merges_about(session: AsyncSession, proposal_id: UUID) -> Sequence[ProposalMerge]:
    """Return the merges and splits in which a proposal has a part, undone ones left out."""
    query = select(ProposalMerge).where(
        ProposalMerge.undone_at.is_(None),
        or_(ProposalMerge.from_ids.contains([proposal_id]), ProposalMerge.into_ids.contains([proposal_id])),
    )
    return (await session.scalars(query.order_by(ProposalMerge.at, ProposalMerge.id))).all()


async def consents(session: AsyncSession, merge_ids: Collection[UUID]) -> Mapping[UUID, list[ProposalConsent]]:
    """Return what authors said about merges and splits."""
    found: dict[UUID, list[ProposalConsent]] = {merge_id: [] for merge_id in merge_ids}
    query = select(ProposalConsent).where(ProposalConsent.merge_id.in_(list(merge_ids)))
    for row in await session.scalars(query.order_by(ProposalConsent.at)):
        found[row.merge_id].append(row)
    return found


async def count_where(session: AsyncSession, ids: Collection[UUID], counted_in: UUID) -> None:
    """Let the support and comments of proposals count in another; of those that counted in one of them, too."""
    moving = list(ids)
    await session.execute(
        update(Proposal)
        .where(or_(Proposal.id.in_(moving), Proposal.counted_in.in_(moving)))
        .values(counted_in=counted_in)
        .execution_options(synchronize_session="fetch")
    )


async def count_again(session: AsyncSession, proposal_id: UUID) -> None:
    """Let a proposal count for itself again, with everything that is still merged into it, all the way down."""
    below = select(Proposal.id).where(Proposal.id == proposal_id).cte(recursive=True)
    below = below.union_all(select(Proposal.id).join(below, Proposal.merged_into == below.c.id))
    await session.execute(
        update(Proposal)
        .where(Proposal.id.in_(select(below.c.id)))
        .values(counted_in=proposal_id)
        .execution_options(synchronize_session="fetch")
    )


async def numbers_of(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the public numbers of proposals that have one."""
    query = select(Proposal.id, Proposal.number).where(Proposal.id.in_(list(ids)), Proposal.number.is_not(None))
    return {each: number for each, number in await session.execute(query) if number is not None}


async def supporters(session: AsyncSession, counted_in: UUID) -> int:
    """Return how many residents support a proposal and what was merged into it; each counts once."""
    query = (
        select(func.count(func.distinct(ProposalSupport.account_id)))
        .join(Proposal, Proposal.id == ProposalSupport.proposal_id)
        .where(Proposal.counted_in == counted_in)
    )
    return (await session.scalar(query)) or 0


async def copy_support(session: AsyncSession, source: UUID, target: UUID) -> None:
    """Let those who supported a proposal (and what was merged into it) support a part of it too."""
    rows = (
        select(literal(target), ProposalSupport.account_id, func.min(ProposalSupport.at), literal(True))
        .join(Proposal, Proposal.id == ProposalSupport.proposal_id)
        .where(Proposal.counted_in == source)
        .group_by(ProposalSupport.account_id)
    )
    columns = ["proposal_id", "account_id", "at", "copied"]
    await session.execute(insert(ProposalSupport).from_select(columns, rows).on_conflict_do_nothing())


async def land(session: AsyncSession, round_id: UUID) -> LandLayer | None:
    """Return the land that the municipality owns, if staff brought it."""
    return await session.get(LandLayer, round_id)


async def imported_keys(session: AsyncSession, round_id: UUID, keys: Collection[str] | None = None) -> set[str]:
    """Return the keys of the rows that were imported into a round: all, or which of these."""
    query = select(Proposal.import_key).where(Proposal.round_id == round_id, Proposal.import_key.is_not(None))
    if keys is not None:
        query = query.where(Proposal.import_key.in_(keys))
    return {key for key in await session.scalars(query) if key}


async def imports_of(session: AsyncSession, round_id: UUID, *, most: int = 10) -> list[ProposalImport]:
    """Return the newest imports of tables into a round, the last one first."""
    query = select(ProposalImport).where(ProposalImport.round_id == round_id)
    newest = query.order_by(ProposalImport.started_at.desc(), ProposalImport.id.desc())
    return list(await session.scalars(newest.limit(most)))


async def insert_acts(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add many acts at once."""
    if rows:
        await session.execute(insert(ProposalAct), [dict(row) for row in rows])


async def drop_unclaimed(session: AsyncSession, *, before: datetime) -> None:
    """Forget the drafts of people who never signed in."""
    stale = (Proposal.state == "draft") & Proposal.claim_sha256.is_not(None) & (Proposal.changed_at < before)
    await session.execute(delete(Proposal).where(stale))


async def drop_drafts_of(session: AsyncSession, account_id: UUID) -> None:
    """Delete the drafts that an account alone writes."""
    mine = exists().where(ProposalAuthor.proposal_id == Proposal.id, ProposalAuthor.account_id == account_id)
    others = exists().where(
        ProposalAuthor.proposal_id == Proposal.id,
        ProposalAuthor.account_id != account_id,
        ProposalAuthor.accepted_at.is_not(None),
    )
    await session.execute(delete(Proposal).where(Proposal.state == "draft", mine, ~others))


async def _one(session: AsyncSession, condition: Any, *, for_update: bool) -> Proposal | None:
    query = select(Proposal).where(condition).options(*_WHOLE)
    if for_update:
        query = query.with_for_update(of=Proposal).execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()
