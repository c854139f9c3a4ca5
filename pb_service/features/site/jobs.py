"""The job of the stage site: answered feedback goes when its time is over."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from pb_service.features.site import repository
from pb_service.features.site.feedback import KEPT
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler

RETENTION = "site.retention"


class Surroundings(Protocol):
    """What the job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


async def apply_retention(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Delete answered feedback that is old enough."""
    async with service.database.transaction() as session:
        await repository.drop_answered_feedback(session, service.clock() - KEPT)


HANDLERS: Mapping[str, Handler[Surroundings]] = {RETENTION: apply_retention}
EVERY = ((RETENTION, timedelta(hours=24)),)
