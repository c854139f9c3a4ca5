"""From an imported round to a published result, one transaction an act, shared by `pb round count` and `pb run`."""

from collections.abc import Callable

from pb_service.core.record.signatures import public_bytes
from pb_service.features.counting.service import close, count
from pb_service.features.results.service import explain
from pb_service.features.rounds.service import find_round, freeze
from pb_service.service import Service

Say = Callable[[str], None]


async def count_round(service: Service, slug: str, *, say: Say) -> None:
    """Take a round from whatever phase it is in to a published preliminary result.

    Each act is a transaction of its own and its entries are published before the next one: killed between two acts,
    the command goes on where it stopped when it is given again.
    """
    operator, now = service.operator_key, service.clock
    if await _phase(service, slug) == "set_up":
        async with service.database.transaction() as session:
            await freeze(session, slug, operator=operator, log_key=public_bytes(service.log_key), now=now())
        await service.sequencer.settle()
    if await _phase(service, slug) == "voting":
        async with service.database.transaction() as session:
            await close(session, slug, operator=operator, now=now())
        await service.sequencer.settle()
    if await _phase(service, slug) == "counting":
        async with service.database.transaction() as session:
            await count(session, slug, operator=operator, now=now(), progress=lambda title: say(f"Counting {title}."))
    await service.sequencer.settle()
    async with service.database.transaction() as session:
        await explain(session, slug, progress=lambda title: say(f"Working out reasons for {title}."))


async def _phase(service: Service, slug: str) -> str:
    async with service.database.reading() as session:
        return (await find_round(session, slug)).phase
