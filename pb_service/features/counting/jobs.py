"""The jobs of the stage counting: the count of a closed vote, and the hours in the record of an open one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pb_service.features.counting import sealed
from pb_service.features.counting.marks import mark_all
from pb_service.features.counting.sealed import Surroundings
from pb_service.features.voting.orders import COUNT_JOB
from pb_service.platform.jobs import Handler


async def count(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Count a closed round as far as this server can."""
    await sealed.count(service, UUID(payload["round"]))


HOUR_JOB = "counting.hour"

HANDLERS: Mapping[str, Handler[Surroundings]] = {COUNT_JOB: count, HOUR_JOB: mark_all}
EVERY: tuple[tuple[str, timedelta], ...] = ((HOUR_JOB, timedelta(hours=1)),)
