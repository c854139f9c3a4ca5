"""Which proposals are like one that is being written: candidates by letters, place and theme, then weighed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, and_, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.places import from_geojson
from pb_service.core.proposals.similarity import Likeness, Traits, most_alike, shingles
from pb_service.core.proposals.states import PUBLIC
from pb_service.features.proposals.tables import Proposal

#: Proposals weighed at most; of those with common letters the newest.
_CANDIDATES = 3_000
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
    alike = []
    if letters:
        alike.append(Proposal.shingles.overlap(cast(letters, ARRAY(Text))))
    if draft.theme:
        alike.append(and_(Proposal.theme == draft.theme, Proposal.place.is_not(None)))
    if not alike:
        return []
    columns = (
        Proposal.id, Proposal.number, Proposal.title, Proposal.language, Proposal.district, Proposal.theme,
        Proposal.place, Proposal.shingles,
    )  # fmt: skip
    going_on = Proposal.state.in_([state for state in PUBLIC if state not in _ENDED])
    query = select(*columns).where(Proposal.round_id == round_id, going_on, or_(*alike))
    rows = (await session.execute(query.order_by(Proposal.number.desc()).limit(_CANDIDATES))).all()
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
