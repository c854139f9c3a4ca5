"""The job of the stage implementation: those who follow a project are told what happened to it."""

from collections.abc import Mapping
from typing import Any, Protocol

from pb_service.features.implementation import notices
from pb_service.features.implementation.service import NOTICE_JOB
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler


class Surroundings(Protocol):
    """What this job needs of the service."""

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


HANDLERS: Mapping[str, Handler[Surroundings]] = {NOTICE_JOB: tell}
