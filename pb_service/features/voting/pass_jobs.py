"""The job of voters without accounts: what says who they were goes when nothing needs it any more."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from pb_service.features.voting import passes
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler

TIDY_JOB = "voting.passes"


class Surroundings(Protocol):
    """What the job needs of the service."""

    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...


async def tidy(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Delete passes that have ended, and the evidence of sign-ins whose roll was erased: nothing says any more whose
    it is.
    """
    async with service.database.transaction() as session:
        await passes.erase_ended(session, service.clock())
        await passes.erase_evidence(session)


HANDLERS: Mapping[str, Handler[Any]] = {TIDY_JOB: tidy}
EVERY: Sequence[tuple[str, timedelta]] = ((TIDY_JOB, timedelta(hours=1)),)
