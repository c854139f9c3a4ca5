"""The jobs of the stage assessment: decisions published at their moment, and reminders."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from pb_service.features.assessment import assigning, moderation, repository
from pb_service.features.rounds import repository as rounds
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler
from pb_service.platform.keys import KeyFolder

#: The secret behind the names that the record gives to staff.
PEOPLE_KEY = "record-people"
REMIND_JOB, SWEEP_JOB = "assessment.remind", "assessment.sweep"
REMIND_EVERY, SWEEP_EVERY = timedelta(hours=6), timedelta(minutes=5)


class Surroundings(Protocol):
    """What these jobs need of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...


async def publish_due(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Publish the prepared decisions of a round whose moment has come."""
    key = service.keys.secret(PEOPLE_KEY)
    async with service.database.transaction() as session:
        found = await rounds.by_id(session, UUID(payload["round"]))
        if found is not None:
            await moderation.publish_due(session, found, key=key, now=service.clock())


async def sweep(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Publish what a job at its moment missed, after downtime or a refusal."""
    async with service.database.reading() as session:
        waiting = await repository.due_decisions(session, service.clock())
    for round_id in waiting:
        await publish_due(service, {"round": str(round_id)})


async def remind(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Tell people what is nearly due or late."""
    async with service.database.transaction() as session:
        await assigning.remind(session, service.clock())


HANDLERS: Mapping[str, Handler[Surroundings]] = {
    moderation.PUBLISH_JOB: publish_due,
    SWEEP_JOB: sweep,
    REMIND_JOB: remind,
}
EVERY: tuple[tuple[str, timedelta], ...] = ((REMIND_JOB, REMIND_EVERY), (SWEEP_JOB, SWEEP_EVERY))
