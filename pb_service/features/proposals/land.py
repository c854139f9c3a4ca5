"""The land that the municipality owns, as a layer under the places of proposals: brought as GeoJSON, one a round."""

import asyncio
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.geojson import Reading, parse_areas
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.proposals.errors import ImportRefused
from pb_service.features.proposals.tables import LandLayer
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.setups import setup_of


async def save_land(session: AsyncSession, actor: Actor, slug: str, body: bytes, *, now: datetime) -> int:
    """Keep the areas of a GeoJSON file in place of those before and return how many they are.

    Raises ImportRefused with what is wrong, Forbidden, RoundNotFound.
    """
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.edit", round_id=found.id, now=now)
    zone = (await setup_of(session, found)).dates.time_zone
    reading: Reading = await asyncio.to_thread(parse_areas, body, time_zone=zone)
    polygons = [polygon for area in reading.districts for polygon in area.polygons]
    if reading.problems or not polygons:
        raise ImportRefused("This file holds no areas that can be used.", reading.problems)
    row = {
        "polygons": polygons,
        "areas": len(reading.districts),
        "imported_by": actor.account_id,
        "imported_at": now,
    }
    kept = insert(LandLayer).values(round_id=found.id, **row)
    await session.execute(kept.on_conflict_do_update(index_elements=[LandLayer.round_id], set_=row))
    return len(reading.districts)


async def drop_land(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> None:
    """Do without the layer. Raises Forbidden, RoundNotFound."""
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.edit", round_id=found.id, now=now)
    await session.execute(delete(LandLayer).where(LandLayer.round_id == found.id))
