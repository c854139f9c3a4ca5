"""Finding a round by its name in addresses."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.record import service as record
from pb_service.features.rounds import repository
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.tables import Contest, Round


async def find_round(session: AsyncSession, slug: str, *, for_update: bool = False, whole: bool = True) -> Round:
    """Return a round with everything in it (not ``whole``: without its contests). Raises RoundNotFound."""
    found = None
    if record.SLUG.fullmatch(slug):
        found = await repository.by_slug(session, slug, for_update=for_update, whole=whole)
    if found is None:
        raise RoundNotFound(f"There is no round called {slug!r}.")
    return found


async def round_called(session: AsyncSession, slug: str) -> UUID | None:
    """Return the id of a round, or None if there is none."""
    return await repository.id_of(session, slug) if record.SLUG.fullmatch(slug) else None


async def published_round(session: AsyncSession, slug: str, *, whole: bool = True) -> Round:
    """Return a round that anybody may see. Raises RoundNotFound for one still being set up."""
    found = await find_round(session, slug, whole=whole)
    if found.phase == "set_up":
        raise RoundNotFound(f"There is no round called {slug!r}.")
    return found


async def void_contests(session: AsyncSession, round_id: UUID) -> Mapping[str, Contest]:
    """Return the contests of a round that are void, by key."""
    return {contest.key: contest for contest in await repository.void_contests(session, round_id)}
