"""The jobs of the stage proposals: notices about what happened, digests, long tables, drafts that nobody claimed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from pb_service.features.proposals import entering, notices, repository
from pb_service.features.proposals.acts import NOTICE_JOB
from pb_service.features.proposals.conversation import ANSWERED_JOB
from pb_service.features.proposals.errors import ActRefused
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler

DIGEST_JOB = "proposals.digest"
DIGEST_EVERY = timedelta(days=7)
TIDY_JOB = "proposals.tidy"
#: How long a draft waits for somebody to sign in; as long as the cookie that leads to it.
UNCLAIMED = timedelta(days=7)


class Surroundings(Protocol):
    """What these jobs need of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


async def tell(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Tell authors, followers and supporters what happened to a proposal."""
    now = service.clock()
    async with service.database.transaction() as session:
        await notices.tell(session, UUID(payload["proposal"]), int(payload["row"]), now=now)
        await jobs.complete(session, now=now)


async def tell_answered(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Tell who asked that there is an answer."""
    now = service.clock()
    async with service.database.transaction() as session:
        await notices.tell_answered(session, UUID(payload["question"]), now=now)
        await jobs.complete(session, now=now)


async def send_digests(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Send the digests, some accounts in a transaction each time until nothing waits."""
    while True:
        async with service.database.transaction() as session:
            if not await notices.send_digests(session, now=service.clock()):
                return


async def take_table(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Take a long table in, a part in a transaction each time. Begun again, it goes on where it was."""
    import_id = UUID(payload["import"])
    async with service.database.reading() as session:
        begun = await entering.import_begin(session, import_id)
    if begun is None:
        return
    rows, form, districts = begun
    problem = None
    try:
        for start in range(0, len(rows), entering.AT_ONCE):
            part = rows[start : start + entering.AT_ONCE]
            async with service.database.transaction() as session:
                await entering.import_part(session, import_id, part, form, districts, now=service.clock())
    except ActRefused as refused:  # the phase has ended meanwhile, or the list is fixed
        problem = refused.code
    async with service.database.transaction() as session:
        await entering.import_end(session, import_id, problem=problem, now=service.clock())


async def tidy(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Forget the drafts of people who never signed in."""
    async with service.database.transaction() as session:
        await repository.drop_unclaimed(session, before=service.clock() - UNCLAIMED)


HANDLERS: Mapping[str, Handler[Any]] = {
    NOTICE_JOB: tell,
    ANSWERED_JOB: tell_answered,
    DIGEST_JOB: send_digests,
    entering.IMPORT_JOB: take_table,
    TIDY_JOB: tidy,
}
EVERY: Sequence[tuple[str, timedelta]] = ((DIGEST_JOB, DIGEST_EVERY), (TIDY_JOB, timedelta(days=1)))
