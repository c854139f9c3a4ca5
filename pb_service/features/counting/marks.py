"""Marks of time in the record of an open vote: one an hour, so that turnout by the hour follows from the record alone.

An envelope says no time of its own. A mark says nothing of any: it stands there whether anybody voted or not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.rounds.phases import Phase
from pb_service.core.voting.turnout import HOUR_MARK
from pb_service.features.counting import repository
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs


async def mark(session: AsyncSession, found: Round, now: datetime) -> None:
    """Let the record of a round say what time it is."""
    at = await record.moment_of_act(session, found.log, now)
    sha256 = await record.salted_file(session, {}, kind=HOUR_MARK, at=at)
    entry = entries.act(HOUR_MARK, at=int(at.timestamp()), object_id=found.slug, by="clock", file_hash=sha256)
    await record.append(session, found.log, entry)


async def mark_opening(session: AsyncSession, found: Round, _source: Phase, target: Phase, now: datetime) -> None:
    """A phase effect: the first mark comes with the vote."""
    if target == "voting" and not found.imported and found.manifest_sha256 is not None:
        await mark(session, found, now)


async def mark_all(service: Any, _payload: Mapping[str, Any]) -> None:
    """Mark the time in the record of every open vote."""
    async with service.database.transaction() as session:
        for found in await repository.open_rounds(session):
            await mark(session, found, service.clock())
        await jobs.complete(session, now=service.clock())
