"""From an imported round to a published result, one transaction an act, shared by `pb round count` and `pb run`."""

from collections.abc import Callable

from pb_service.features.opendata.archive import count_imported
from pb_service.features.results.service import explain
from pb_service.service import Service

Say = Callable[[str], None]


async def count_round(service: Service, slug: str, *, say: Say) -> None:
    """Take a round from whatever phase it is in to a published preliminary result.

    Killed between two acts, the command goes on where it stopped when it is given again.
    """
    await count_imported(service, slug, progress=lambda title: say(f"Counting {title}."))
    async with service.database.transaction() as session:
        await explain(session, slug, progress=lambda title: say(f"Working out reasons for {title}."))
