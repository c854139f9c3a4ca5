"""An invented town with five districts, and sixty published proposals of ours in it (tests/data/proposals)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.places import Place, to_geojson
from pb_service.core.proposals.similarity import shingles, sketch
from pb_service.core.rounds.setup import District, DistrictsStep, MoneyStep, Setup
from pb_service.features.proposals.tables import Proposal, ProposalBook
from pb_service.features.rounds.finding import find_round
from pb_service.platform.db import uuid7
from pb_service.service import Service
from tests.rounds import text, whole_setup

TEXTS: Sequence[Mapping[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "proposals" / "texts.json").read_text(encoding="utf-8")
)

#: Corners of the districts, longitude and latitude in thousandths of a degree.
_CORNERS = {
    "vanhasatama": ((24_670, 60_155), (24_703, 60_155), (24_703, 60_195), (24_670, 60_195)),
    "myllymaki": ((24_703, 60_165), (24_780, 60_165), (24_780, 60_195), (24_703, 60_195)),
    "rantakyla": (
        (24_670, 60_100),
        (24_780, 60_100),
        (24_780, 60_165),
        (24_703, 60_165),
        (24_703, 60_155),
        (24_670, 60_155),
    ),
    "pohjoismetsa": ((24_670, 60_195), (24_780, 60_195), (24_780, 60_240), (24_670, 60_240)),
    "ulkosaaret": ((24_600, 60_100), (24_670, 60_100), (24_670, 60_240), (24_600, 60_240)),
}
_NAMES = {
    "vanhasatama": text("Vanha satama", "Gamla hamnen", "Old Harbour"),
    "myllymaki": text("Myllymäki", "Kvarnbacken", "Mill Hill"),
    "rantakyla": text("Rantakylä", "Strandby", "Beach Village"),
    "pohjoismetsa": text("Pohjoismetsä", "Norrskog", "Northwood"),
    "ulkosaaret": text("Ulkosaaret", "Ytterholmarna", "Outer Islands"),
}


def town_setup(**steps: Any) -> Setup:
    """The set-up of a round in the town, with a million to share out by population."""
    districts = []
    for key, corners in _CORNERS.items():
        ring = tuple((x * 1000, y * 1000) for x, y in (*corners, corners[0]))
        districts.append(District(key=key, name=_NAMES[key], population=5000, polygons=((ring,),)))
    given: dict[str, Any] = {
        "districts": DistrictsStep(districts=tuple(districts), city_wide=True),
        "money": MoneyStep(total=100_000_000, city_wide=10_000_000, mode="population", quantum=100_000),
        **steps,
    }
    return whole_setup(**given)


async def fill(session: AsyncSession, round_id: UUID, texts: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Put published proposals into a round, as they would stand there after being sent and published."""
    rows = [_row(round_id, each, at + timedelta(minutes=each["number"])) for each in texts]
    await session.execute(insert(Proposal), rows)
    book = await session.get(ProposalBook, round_id)
    if book is None:
        session.add(ProposalBook(round_id=round_id, last_number=len(rows)))
    else:
        book.last_number = len(rows)


def _row(round_id: UUID, each: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    proposal_id, runs = uuid7(), shingles(each["title"], each["need"], each["idea"])
    place = Place("point", (tuple(each["place"]),)) if each.get("place") else None
    return {
        "id": proposal_id,
        "counted_in": proposal_id,
        "round_id": round_id,
        "number": each["number"],
        "state": "published",
        "version": 1,
        "district": each["district"],
        "language": each["language"],
        "title": each["title"],
        "need": each["need"],
        "idea": each["idea"],
        "audience": each["audience"],
        "theme": each["theme"],
        "cost_hint": each.get("cost", each["number"] * 100_000),
        "place": to_geojson(place) if place else None,
        "show_author": "hidden",
        "shingles": runs,
        "sketch": sketch(runs),
        "created_at": at,
        "changed_at": at,
        "received_at": at,
        "published_at": at,
    }


async def sixty(service: Service, slug: str = "spring") -> dict[int, UUID]:
    """Put the sixty into a round and return their ids by number."""
    async with service.database.transaction() as session:
        found = await find_round(session, slug, whole=False)
        await fill(session, found.id, TEXTS, service.clock())
    return await numbered(service, slug)


async def numbered(service: Service, slug: str = "spring") -> dict[int, UUID]:
    """The ids of a round's proposals by number."""
    async with service.database.reading() as session:
        found = await find_round(session, slug, whole=False)
        rows = await session.execute(select(Proposal.number, Proposal.id).where(Proposal.round_id == found.id))
        return {row[0]: row[1] for row in rows if row[0] is not None}
