"""Every query behind the public pages of proposals. What everybody may read is decided here, by `public`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, literal, or_, select
from sqlalchemy.dialects.postgresql import BIT, REGCONFIG
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, selectinload
from sqlalchemy.sql.functions import Function

from pb_service.core.proposals.filters import Line
from pb_service.core.proposals.similarity import SKETCH_BITS, sketch
from pb_service.core.proposals.states import PUBLIC
from pb_service.features.proposals.tables import (
    Proposal,
    ProposalAct,
    ProposalComment,
    ProposalFile,
    ProposalQuestion,
    ProposalSupport,
    ProposalVersion,
)

#: Proposals that something mistyped finds at most.
_MOST_NEAR = 100
#: The dictionary of each language.
_DICTIONARIES = {"fi": "finnish", "sv": "swedish", "en": "english"}


def public() -> ColumnElement[bool]:
    """Proposals that everybody may read: see core/proposals/states.py, `is_public`."""
    return and_(
        Proposal.state.in_(sorted(PUBLIC)), or_(Proposal.published_at.is_not(None), Proposal.state == "rejected")
    )


async def lines(session: AsyncSession, round_id: UUID, amounts: Mapping[UUID, int]) -> list[Line]:
    """Return every public proposal of a round, by number, with its published cost (of ``amounts``) if it has one."""
    found = (
        select(
            Proposal.id,
            Proposal.number,
            Proposal.state,
            Proposal.district,
            Proposal.theme,
            Proposal.language,
            Proposal.title,
            Proposal.cost_hint,
            func.coalesce(Proposal.published_at, Proposal.decided_at, Proposal.received_at, Proposal.created_at),
        )
        .where(Proposal.round_id == round_id, public())
        .order_by(Proposal.number)
    )
    return [
        Line(id_, number, state, district, theme, language, title, amounts.get(id_, hint), at)
        for id_, number, state, district, theme, language, title, hint, at in await session.execute(found)
        if number is not None
    ]


async def places(session: AsyncSession, round_id: UUID) -> dict[int, dict[str, Any]]:
    """Return the places of a round's public proposals by number; those without one are left out."""
    found = select(Proposal.number, Proposal.place).where(
        Proposal.round_id == round_id, public(), Proposal.place.is_not(None)
    )
    return await _pairs(session, found)


async def _pairs(session: AsyncSession, found: Select[Any, Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in await session.execute(found)}


def _asked(words: str, dictionary: str) -> Function[Any]:
    """What was typed, as a query in one dictionary: it folds inflections as the dictionary of a text does."""
    return func.websearch_to_tsquery(literal(dictionary, REGCONFIG), words)


async def matches(session: AsyncSession, round_id: UUID, words: str) -> dict[int, float]:
    """Return the numbers of public proposals that hold the words typed, with how well each does.

    Each text is asked in its own language: the stems of two languages may look alike and mean different things.
    Titles are asked for the words as they stand as well, so that names are found in any language.
    """
    plain = _asked(words, "simple")
    own = [(Proposal.language == code, _asked(words, dictionary)) for code, dictionary in _DICTIONARIES.items()]
    fits = or_(
        Proposal.search.op("@@")(plain), *(and_(spoken, Proposal.search.op("@@")(asked)) for spoken, asked in own)
    )
    rank = func.ts_rank(Proposal.search, case(*own, else_=plain)) + func.ts_rank(Proposal.search, plain)
    found = select(Proposal.number, rank).where(Proposal.round_id == round_id, public(), fits)
    return await _pairs(session, found)


async def holding(session: AsyncSession, round_id: UUID, shingles: Collection[str]) -> set[int]:
    """Return the numbers of public proposals that hold all of these runs of letters: parts of compound words."""
    found = select(Proposal.number).where(
        Proposal.round_id == round_id, public(), Proposal.shingles.contains(sorted(shingles))
    )
    return {number for number in await session.scalars(found) if number is not None}


async def nearly(session: AsyncSession, round_id: UUID, shingles: Collection[str], least: int) -> dict[int, float]:
    """Return the public proposals that hold at least so many of these runs of letters: what was mistyped.

    Sketches tell which are worth reading; of more than a page of lists, those that share most.
    """
    typed, wanted = sketch(shingles), frozenset(shingles)
    shared = func.bit_count(Proposal.sketch.op("&")(literal(typed, BIT(SKETCH_BITS))))
    # Runs that fell on one bit count once.
    enough = shared >= least - (len(wanted) - typed.count("1"))
    found = select(Proposal.number, Proposal.shingles).where(Proposal.round_id == round_id, public(), enough)
    rows: dict[int, list[str]] = await _pairs(session, found.order_by(shared.desc(), Proposal.number).limit(_MOST_NEAR))
    counts = {number: len(wanted & frozenset(runs)) for number, runs in rows.items()}
    return {number: count / len(wanted) for number, count in counts.items() if count >= least}


def _shown() -> Select[Proposal]:
    return select(Proposal).options(
        selectinload(Proposal.authors), selectinload(Proposal.files).selectinload(ProposalFile.file)
    )


async def by_numbers(session: AsyncSession, round_id: UUID, numbers: Sequence[int]) -> list[Proposal]:
    """Return public proposals with authors and files, in the order of the numbers given."""
    found = await session.scalars(_shown().where(Proposal.round_id == round_id, public(), Proposal.number.in_(numbers)))
    rows = {row.number: row for row in found}
    return [rows[number] for number in numbers if number in rows]


async def by_number(session: AsyncSession, round_id: UUID, number: int) -> Proposal | None:
    """Return a public or hidden proposal with authors and files."""
    seen = or_(public(), and_(Proposal.state == "hidden", Proposal.published_at.is_not(None)))
    return await session.scalar(_shown().where(Proposal.round_id == round_id, Proposal.number == number, seen))


async def supporters(session: AsyncSession, proposal_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many people support each: who supports several of a merge counts once."""
    found = (
        select(Proposal.counted_in, func.count(distinct(ProposalSupport.account_id)))
        .join(ProposalSupport, ProposalSupport.proposal_id == Proposal.id)
        .where(Proposal.counted_in.in_(proposal_ids))
        .group_by(Proposal.counted_in)
    )
    return await _pairs(session, found)


async def support_of_round(session: AsyncSession, round_id: UUID) -> dict[UUID, int]:
    """As `supporters`, for all proposals of a round."""
    found = (
        select(Proposal.counted_in, func.count(distinct(ProposalSupport.account_id)))
        .join(ProposalSupport, ProposalSupport.proposal_id == Proposal.id)
        .where(Proposal.round_id == round_id)
        .group_by(Proposal.counted_in)
    )
    return await _pairs(session, found)


async def comments_of(
    session: AsyncSession, proposal_id: UUID, *, first: int, most: int
) -> tuple[list[ProposalComment], int]:
    """Return a page of the comments on a proposal and what was merged into it that answer no other, newest first, and
    how many there are."""
    of = select(Proposal.id).where(Proposal.counted_in == proposal_id)
    mine = (ProposalComment.proposal_id.in_(of), ProposalComment.parent.is_(None))
    count = await session.scalar(select(func.count()).select_from(ProposalComment).where(*mine)) or 0
    newest = select(ProposalComment).where(*mine).order_by(ProposalComment.at.desc(), ProposalComment.id.desc())
    return list(await session.scalars(newest.offset(first).limit(most))), count


async def answers_to(
    session: AsyncSession, comment_ids: Collection[UUID], *, first: int, most: int
) -> list[ProposalComment]:
    """Return answers to each of these comments, oldest first: so many from a place on."""
    place = func.row_number().over(
        partition_by=ProposalComment.parent, order_by=(ProposalComment.at, ProposalComment.id)
    )
    numbered = select(ProposalComment.id, place.label("place")).where(ProposalComment.parent.in_(comment_ids))
    placed = numbered.subquery()
    found = select(ProposalComment).join(placed, placed.c.id == ProposalComment.id)
    wanted = found.where(placed.c.place > first, placed.c.place <= first + most)
    return list(await session.scalars(wanted.order_by(ProposalComment.at, ProposalComment.id)))


async def answer_counts(session: AsyncSession, comment_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many answers each of these comments has; who has none is left out."""
    found = select(ProposalComment.parent, func.count()).where(ProposalComment.parent.in_(comment_ids))
    return await _pairs(session, found.group_by(ProposalComment.parent))


async def comments_in_talk(
    session: AsyncSession, proposal_id: UUID, comment_ids: Collection[UUID]
) -> list[ProposalComment]:
    """Return those of these comments that are about a proposal or what was merged into it."""
    of = select(Proposal.id).where(Proposal.counted_in == proposal_id)
    found = select(ProposalComment).where(ProposalComment.id.in_(comment_ids), ProposalComment.proposal_id.in_(of))
    return list(await session.scalars(found.order_by(ProposalComment.id)))


async def comment_counts(session: AsyncSession, proposal_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many comments, not counting hidden ones, each proposal has with what was merged into it."""
    found = (
        select(Proposal.counted_in, func.count())
        .join(ProposalComment, ProposalComment.proposal_id == Proposal.id)
        .where(Proposal.counted_in.in_(proposal_ids), ProposalComment.hidden_at.is_(None))
        .group_by(Proposal.counted_in)
    )
    return await _pairs(session, found)


async def questions_of(session: AsyncSession, proposal_id: UUID, *, most: int) -> list[ProposalQuestion]:
    """Return the newest questions about a proposal and what was merged into it."""
    of = select(Proposal.id).where(Proposal.counted_in == proposal_id)
    found = (
        select(ProposalQuestion)
        .where(ProposalQuestion.proposal_id.in_(of), ProposalQuestion.hidden_at.is_(None))
        .order_by(ProposalQuestion.at.desc(), ProposalQuestion.id.desc())
        .limit(most)
    )
    return list(await session.scalars(found))


async def acts_of(session: AsyncSession, proposal_id: UUID) -> list[ProposalAct]:
    """Return what happened to a proposal, oldest first."""
    found = select(ProposalAct).where(ProposalAct.proposal_id == proposal_id).order_by(ProposalAct.id)
    return list(await session.scalars(found))


async def versions_of(session: AsyncSession, proposal_id: UUID) -> list[ProposalVersion]:
    """Return the versions of a proposal's text, oldest first."""
    found = select(ProposalVersion).where(ProposalVersion.proposal_id == proposal_id).order_by(ProposalVersion.version)
    return list(await session.scalars(found))


@dataclass(frozen=True)
class Relative:
    """A proposal that another came from or went into."""

    number: int
    title: str
    language: str
    at: datetime


async def came_from(session: AsyncSession, proposal: Proposal) -> list[Relative]:
    """Return the proposals that were merged into this one, directly or through others, by number."""
    found = (
        select(
            Proposal.number,
            Proposal.title,
            Proposal.language,
            func.coalesce(Proposal.published_at, Proposal.received_at),
        )
        .where(Proposal.counted_in == proposal.id, Proposal.id != proposal.id, public())
        .order_by(Proposal.number)
    )
    return [Relative(row[0] or 0, row[1], row[2], row[3]) for row in await session.execute(found)]


async def went_into(session: AsyncSession, proposal: Proposal) -> list[Relative]:
    """Return the proposal that goes on with this one, or the parts that it was split into."""
    other = aliased(Proposal)
    found = (
        select(other.number, other.title, other.language, func.coalesce(other.published_at, other.received_at))
        .where(or_(other.id == proposal.merged_into, other.split_from == proposal.id), other.number.is_not(None))
        .order_by(other.number)
    )
    return [Relative(row[0] or 0, row[1], row[2], row[3]) for row in await session.execute(found)]


@dataclass(frozen=True)
class Counted:
    """What statistics need of a public proposal."""

    district: str | None
    theme: str | None
    state: str
    language: str
    age_group: str | None
    received_at: datetime | None
    published_at: datetime | None
    decided_at: datetime | None


async def counted(session: AsyncSession, round_id: UUID) -> list[Counted]:
    """Return what statistics need of a round's public proposals."""
    found = select(
        Proposal.district,
        Proposal.theme,
        Proposal.state,
        Proposal.language,
        Proposal.age_group,
        Proposal.received_at,
        Proposal.published_at,
        Proposal.decided_at,
    ).where(Proposal.round_id == round_id, public())
    return [Counted(*row) for row in await session.execute(found.order_by(Proposal.number))]


async def people_supporting(session: AsyncSession, round_id: UUID) -> int:
    """Return how many people support at least one public proposal of a round."""
    found = select(func.count(distinct(ProposalSupport.account_id))).join(
        Proposal, Proposal.id == ProposalSupport.proposal_id
    )
    return await session.scalar(found.where(Proposal.round_id == round_id, public())) or 0


async def comments_in(session: AsyncSession, round_id: UUID) -> int:
    """Return how many comments, without hidden ones, there are on the public proposals of a round."""
    found = select(func.count()).select_from(ProposalComment).join(Proposal, Proposal.id == ProposalComment.proposal_id)
    shown = found.where(Proposal.round_id == round_id, public(), ProposalComment.hidden_at.is_(None))
    return await session.scalar(shown) or 0


@dataclass(frozen=True)
class Published:
    """What open data tells of a proposal: columns without anything personal, whatever the page shows of authors."""

    id: UUID
    number: int
    state: str
    version: int
    language: str
    title: str
    need: str
    idea: str
    audience: str
    district: str | None
    theme: str | None
    cost_hint: int | None
    place: dict[str, Any] | None
    answers: dict[str, Any]
    channel: str
    received_at: datetime | None
    published_at: datetime | None
    decided_at: datetime | None
    changed_at: datetime
    merged_into: int | None
    split_from: int | None
    counted_in: UUID


async def published_rows(
    session: AsyncSession, round_id: UUID, numbers: Sequence[int] | None = None, *, newest: int | None = None
) -> list[Published]:
    """Return public proposals as open data tells of them: all, those of some numbers, or the newest; by number.

    The newest come by the time of their publication, the last one first.
    """
    into, origin = aliased(Proposal), aliased(Proposal)
    found = (
        select(
            Proposal.id,
            Proposal.number,
            Proposal.state,
            Proposal.version,
            Proposal.language,
            Proposal.title,
            Proposal.need,
            Proposal.idea,
            Proposal.audience,
            Proposal.district,
            Proposal.theme,
            Proposal.cost_hint,
            Proposal.place,
            Proposal.answers,
            Proposal.channel,
            Proposal.received_at,
            Proposal.published_at,
            Proposal.decided_at,
            Proposal.changed_at,
            into.number.label("merged_into"),
            origin.number.label("split_from"),
            Proposal.counted_in,
        )
        .outerjoin(into, into.id == Proposal.merged_into)
        .outerjoin(origin, origin.id == Proposal.split_from)
        .where(Proposal.round_id == round_id, public())
    )
    if numbers is not None:
        found = found.where(Proposal.number.in_(numbers))
    if newest is not None:
        found = found.order_by(Proposal.published_at.desc().nulls_last(), Proposal.number.desc()).limit(newest)
    else:
        found = found.order_by(Proposal.number)
    return [Published(**row._mapping) for row in await session.execute(found)]


async def versions_in(session: AsyncSession, proposal_ids: Collection[UUID]) -> dict[UUID, list[ProposalVersion]]:
    """Return the versions of these proposals, oldest first."""
    found = select(ProposalVersion).where(ProposalVersion.proposal_id.in_(proposal_ids))
    versions: dict[UUID, list[ProposalVersion]] = {}
    for row in await session.scalars(found.order_by(ProposalVersion.proposal_id, ProposalVersion.version)):
        versions.setdefault(row.proposal_id, []).append(row)
    return versions


async def acts_in(session: AsyncSession, proposal_ids: Collection[UUID]) -> dict[UUID, list[ProposalAct]]:
    """Return what happened to these proposals, oldest first."""
    found = select(ProposalAct).where(ProposalAct.proposal_id.in_(proposal_ids)).order_by(ProposalAct.id)
    acts: dict[UUID, list[ProposalAct]] = {}
    for row in await session.scalars(found):
        acts.setdefault(row.proposal_id, []).append(row)
    return acts
