"""The jobs of the stage voting: mails about ballots that were cast, reminders, and what is erased after a vote."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from pb_service.features.voting import anomalies, notices
from pb_service.features.voting.polling import Pollings
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler
from pb_service.platform.keys import KeyFolder
from pb_service.settings import Settings

NOTICE_JOB, REMIND_JOB, TIDY_JOB = "voting.notices", "voting.remind", "voting.tidy"
#: Mails of a run at most: in the last hours of a vote casting goes first, and mails follow.
_MOST_MAILS = 1_000


class Surroundings(Protocol):
    """What these jobs need of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...

    @property
    def pollings(self) -> Pollings: ...

    @property
    def settings(self) -> Settings: ...


async def send_notices(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Tell people that a ballot was cast in their name, some in a transaction each time."""
    for _ in range(_MOST_MAILS // notices.AT_ONCE):
        async with service.database.transaction() as session:
            written = await notices.send_notices(session, service.pollings, now=service.clock())
        if written < notices.AT_ONCE:
            return


async def send_reminders(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Remind those who asked and have not voted, some in a transaction each time."""
    while True:
        async with service.database.transaction() as session:
            sent = await notices.send_reminders(session, service.pollings, service.keys, now=service.clock())
        if sent < notices.AT_ONCE:
            return


async def tidy(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Erase what was kept of addresses and accounts for a look at bursts."""
    kept = timedelta(days=service.settings.keep_addresses_days)
    async with service.database.transaction() as session:
        await anomalies.erase_traces(session, before=service.clock() - kept)


HANDLERS: Mapping[str, Handler[Any]] = {NOTICE_JOB: send_notices, REMIND_JOB: send_reminders, TIDY_JOB: tidy}
EVERY: Sequence[tuple[str, timedelta]] = (
    (NOTICE_JOB, timedelta(minutes=1)),
    (REMIND_JOB, timedelta(minutes=10)),
    (TIDY_JOB, timedelta(days=1)),
)
