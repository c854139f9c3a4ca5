"""Which proposals are like one that is being written: candidates by letters, place and theme, then weighed.

The database finds the candidates with what it has by itself, in a few milliseconds a thousand proposals: those that
share most bits of their sketch, and those of the same theme at the same place, in whatever language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.places import from_geojson, may_be_within
from pb_service.core.proposals.similarity import NEAR, SKETCH_BITS, Likeness, Traits, most_alike, shingles, sketch
from pb_service.core.proposals.states import PUBLIC
from pb_service.features.proposals.tables import Proposal

#: Proposals weighed at most by their letters, and of those at the same place.
_CANDIDATES, _NEIGHBOURS = 80, 200
#: States in which a proposal does not go on, so that joining it would lead nowhere.
_ENDED = ("rejected", "infeasible", "merged", "split", "withdrawn", "hidden")


@dataclass(frozen=True)
class Similar:
    """A proposal that is like another, and why."""

    id: UUID
    number: int
    title: str
    language: str
    district: str | None
    theme: str | None
    how: Likeness


async def similar(session: AsyncSession, round_id: UUID, draft: Draft, *, most: int = 5) -> Sequence[Similar]:
    """Return the published proposals of a round that are like a draft, the likest first."""
    letters = shingles(draft.title, draft.need, draft.idea)
    wanted = Traits(frozenset(letters), draft.place, draft.district, draft.theme)
    ids = [*await _by_letters(session, round_id, letters), *await _by_place(session, round_id, draft)]
    if not ids:
        return []
    columns = (
        Proposal.id, Proposal.number, Proposal.title, Proposal.language, Proposal.district, Proposal.theme,
        Proposal.place, Proposal.shingles,
    )  # fmt: skip
    rows = (await session.execute(select(*columns).where(Proposal.id.in_(ids)))).all()
    traits = [
        (f"{row.number:09}", Traits(frozenset(row.shingles), from_geojson(row.place), row.district, row.theme))
        for row in rows
    ]
    found = {f"{row.number:09}": row for row in rows}
    return [
        Similar(row.id, row.number, row.title, row.language, row.district, row.theme, how)
        for key, how in most_alike(wanted, traits, most=most)
        for row in [found[key]]
    ]


def _going_on(round_id: UUID) -> ColumnElement[bool]:
    states = [state for state in PUBLIC if state not in _ENDED]
    return and_(Proposal.round_id == round_id, Proposal.state.in_(states))


async def _by_letters(session: AsyncSession, round_id: UUID, letters: Sequence[str]) -> Sequence[UUID]:
    """The proposals that share most letters with a text, measured as `similarity.overlap` does."""
    if not letters:
        return []
    wanted = literal(sketch(letters), BIT(SKETCH_BITS))
    common = func.bit_count(Proposal.sketch.op("&")(wanted))
    share = 1000 * common / (func.bit_count(Proposal.sketch) + func.bit_count(wanted))
    found = select(Proposal.id).where(_going_on(round_id), Proposal.sketch.is_not(None))
    return (await session.scalars(found.order_by(share.desc(), Proposal.number).limit(_CANDIDATES))).all()


async def _by_place(session: AsyncSession, round_id: UUID, draft: Draft) -> Sequence[UUID]:
    """The proposals of the same theme that may lie at the same place."""
    if draft.place is None or draft.theme is None:
        return []
    found = select(Proposal.id, Proposal.place).where(
        _going_on(round_id), Proposal.theme == draft.theme, Proposal.place.is_not(None)
    )
    rows = await session.execute(found.order_by(Proposal.number.desc()))
    places = ((row.id, from_geojson(row.place)) for row in rows)
    near = (id_ for id_, place in places if place and may_be_within(draft.place, place, NEAR))
    return list(islice(near, _NEIGHBOURS))
