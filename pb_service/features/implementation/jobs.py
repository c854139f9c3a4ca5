"""The jobs of the stage implementation: followers are told what happened, units what waits for a word of theirs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from pb_service.features.implementation import notices, reminders
from pb_service.features.implementation.service import NOTICE_JOB
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler

REMIND_JOB = "implementation.remind"
REMIND_EVERY = timedelta(days=7)


class Surroundings(Protocol):
    """What these jobs need of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


async def tell(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Tell authors, followers and supporters what happened."""
    now = service.clock()
    async with service.database.transaction() as session:
        await notices.tell(session, int(payload["act"]), now=now)
        await jobs.complete(session, now=now)


async def remind(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Tell the people of the responsible units where a promised day has passed, or nothing was heard for long."""
    async with service.database.transaction() as session:
        await reminders.remind(session, service.clock())


HANDLERS: Mapping[str, Handler[Surroundings]] = {NOTICE_JOB: tell, REMIND_JOB: remind}
EVERY: Sequence[tuple[str, timedelta]] = ((REMIND_JOB, REMIND_EVERY),)
