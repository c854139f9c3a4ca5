"""The set-up of a round as stored, step by step."""

from collections.abc import Mapping

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import phases
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Setup, StepName
from pb_service.features.rounds import repository
from pb_service.features.rounds.tables import Round, RoundStep


async def setup_of(session: AsyncSession, found: Round) -> Setup:
    """Return the whole set-up of a round; steps that were never saved have their defaults."""
    return setup_from((await repository.steps_of(session, [found.id]))[found.id])


def setup_from(rows: Mapping[StepName, RoundStep]) -> Setup:
    """Return a set-up from its saved steps."""
    return msgspec.convert({name: row.content for name, row in rows.items()}, Setup)


def planned_phases(found: Round, setup: Setup) -> tuple[Phase, ...]:
    """Return the phases that a round goes through, in their order, without draft and archive."""
    if found.imported:
        return phases.IMPORTED
    return ("announced", *(planned.phase for planned in setup.dates.phases))
