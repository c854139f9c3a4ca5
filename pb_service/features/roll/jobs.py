"""The jobs of the stage roll: lists are read, what is not needed any more goes, and rolls end with their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pb_service.features.accounts import access_log
from pb_service.features.roll import fixing, imports, repository
from pb_service.features.roll.reading import Surroundings, read_batch
from pb_service.features.roll.standing import roll_key_name
from pb_service.features.rounds.setups import setup_of
from pb_service.platform.jobs import Handler

SWEEP_JOB, ERASE_JOB = "roll.sweep", "roll.erase"
#: How long a file that was handed in waits, sealed, for somebody to have it read.
PATIENCE = timedelta(hours=24)
_AT_ONCE = 100_000


async def read(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Read a list that somebody has handed in."""
    await read_batch(service, UUID(payload["batch"]))


async def fix(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Make the roots of a roll, to be signed."""
    await fixing.fix(service, UUID(payload["round"]))


async def tidy(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Delete the records of imports that are not needed any more, some in a transaction each time."""
    while True:
        async with service.database.transaction() as session:
            if not await repository.drop_records(session, _AT_ONCE):
                return


async def sweep(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Let go of files that were handed in and that nobody has had read."""
    now = service.clock()
    async with service.database.transaction() as session:
        for batch in await repository.waiting_since(session, ("uploaded",), now - PATIENCE):
            await imports.let_go(session, batch, now=now)


async def erase(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Erase the rolls whose time has passed: what they say of people first, then the keys that could say it again."""
    now = service.clock()
    async with service.database.transaction() as session:
        for found, final in await repository.final_rounds(session):
            months = (await setup_of(session, found)).closing.roll_months
            if now >= months_after(final, months):
                await repository.erase(session, found.id, now)
                await access_log.note(session, None, "roll.erased", found.slug, now=now)
    async with service.database.reading() as session:
        erased = await repository.erased_rounds(session)
    for round_id in erased:
        service.keys.destroy(roll_key_name(round_id))


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last one of a shorter month."""
    year, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=moment.year + year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=moment.year + year, month=month + 1)


HANDLERS: Mapping[str, Handler[Any]] = {
    imports.READ_JOB: read,
    fixing.FIX_JOB: fix,
    imports.TIDY_JOB: tidy,
    SWEEP_JOB: sweep,
    ERASE_JOB: erase,
}
EVERY: Sequence[tuple[str, timedelta]] = (
    (SWEEP_JOB, timedelta(hours=1)),
    (imports.TIDY_JOB, timedelta(days=1)),
    (ERASE_JOB, timedelta(days=1)),
)
