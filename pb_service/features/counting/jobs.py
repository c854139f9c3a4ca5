"""The job of the stage counting: the count of a closed vote. A runner that dies leaves it to another one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pb_service.features.counting import sealed
from pb_service.features.counting.closing import COUNT_JOB
from pb_service.features.counting.sealed import Surroundings
from pb_service.platform.jobs import Handler


async def count(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Count a closed round as far as this server can."""
    await sealed.count(service, UUID(payload["round"]))


HANDLERS: Mapping[str, Handler[Surroundings]] = {COUNT_JOB: count}
