"""What stands around a case: its place on the map, proposals like it, and what it was joined with or split into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.places import from_geojson, middle
from pb_service.core.rounds.outlines import Map, drawn_map
from pb_service.core.rounds.setup import Setup
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.browse_presentation import on_map
from pb_service.features.proposals.drafts import draft_of
from pb_service.features.proposals.similar import Similar, similar
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.presentation import MAP_WIDTH

MOST_SIMILAR = 5


@dataclass(frozen=True)
class JointView:
    """A merge or split that holds: its proposals (``p17``), and how many authors agreed and objected."""

    id: UUID
    kind: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    at: datetime
    agreed: int
    objected: int


@dataclass(frozen=True)
class Pin:
    """A place on the drawn map of the round."""

    map: Map
    x: int
    y: int


async def similar_to(session: AsyncSession, proposal: Proposal) -> Sequence[Similar]:
    """Return public proposals of the round that are like this one, the likest first."""
    found = await similar(session, proposal.round_id, draft_of(proposal), most=MOST_SIMILAR + 1)
    return [each for each in found if each.id != proposal.id][:MOST_SIMILAR]


async def joints_of(session: AsyncSession, proposal: Proposal) -> list[JointView]:
    """Return the merges and splits that a proposal is part of and that hold, the oldest first."""
    rows = [row for row in await proposals.merges_about(session, proposal.id) if row.undone_at is None]
    numbers = await proposals.numbers_of(session, {each for row in rows for each in (*row.from_ids, *row.into_ids)})
    said = await proposals.consents(session, [row.id for row in rows])
    return [
        JointView(
            row.id,
            row.kind,
            tuple(f"p{numbers[each]}" for each in row.from_ids),
            tuple(f"p{numbers[each]}" for each in row.into_ids),
            row.at,
            sum(each.agrees for each in said.get(row.id, [])),
            sum(not each.agrees for each in said.get(row.id, [])),
        )
        for row in rows
    ]


def pin_of(setup: Setup, proposal: Proposal) -> Pin | None:
    """Return where a proposal lies on the map of the districts, or None without a place or areas."""
    place = from_geojson(proposal.place)
    drawn = drawn_map(setup.districts.districts, MAP_WIDTH) if place else None
    at = on_map(drawn, middle(place)) if drawn and place else None
    return Pin(drawn, *at) if drawn and at else None
