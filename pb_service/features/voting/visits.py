"""How many leave the booth at which step: pages that were shown, by step and language, counted and nothing else.

No cookie, no address, no order of pages: from these figures nobody's way can be told, only that of all together. They
are gathered in the process and written now and then; what a process that is killed had not written is lost.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.rounds.tables import Round
from pb_service.features.voting.tables import BoothVisit
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database

#: The steps in their order; a handler of a page says which it is by ``step=``.
STEPS = ("ballot", "identify", "review", "cast", "receipt")
#: Seconds between two writes.
EVERY = 60

log_event = structlog.get_logger()


class Visits:
    """One of these a process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: Counter[tuple[str, str, str, date]] = Counter()
        self._task: asyncio.Task[None] | None = None

    def shown(self, handler: BaseRouteHandler, place: Mapping[str, Any]) -> None:
        """Count a page of the booth that was given out without its handler; ``place``: what its path says."""
        if (step := handler.opt.get("step")) is not None:
            self._count(step, place)

    async def note(self, message: Message, scope: Scope) -> None:
        """A ``before_send`` hook: count a page of the booth."""
        if message["type"] != "http.response.start" or message["status"] not in {200, 304}:
            return
        handler = scope.get("route_handler")
        step = handler.opt.get("step") if handler else None
        if step is None:
            return
        actor = scope["state"].get("actor")
        if step in {"review", "cast"} and (actor is None or actor.account_id is None):
            step = "identify"
        self._count(step, scope["path_params"])

    def _count(self, step: str, place: Mapping[str, Any]) -> None:
        self._seen[str(place["slug"]), step, str(place["lang"]), self._clock().date()] += 1
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_later())

    async def write(self) -> None:
        """Add what was gathered to what is written."""
        seen, self._seen = self._seen, Counter()
        try:
            async with self._database.transaction() as session:
                for page, number in sorted(seen.items()):
                    await _add(session, page, number)
        except Exception as error:
            self._seen.update(seen)
            log_event.warning("voting.visits_not_written", error=type(error).__name__)

    async def close(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await self.write()

    async def _write_later(self) -> None:
        await asyncio.sleep(EVERY)
        self._task = None
        await self.write()


async def _add(session: AsyncSession, page: tuple[str, str, str, date], number: int) -> None:
    slug, step, language, day = page
    row = (
        literal(step, BoothVisit.step.type),
        literal(language, BoothVisit.language.type),
        literal(day, BoothVisit.day.type),
        literal(number, BoothVisit.shown.type),
    )
    added = insert(BoothVisit).from_select(
        ["round_id", "step", "language", "day", "shown"], select(Round.id, *row).where(Round.slug == slug)
    )
    keys = [BoothVisit.round_id, BoothVisit.step, BoothVisit.language, BoothVisit.day]
    more = {"shown": BoothVisit.shown + added.excluded.shown}
    await session.execute(added.on_conflict_do_update(index_elements=keys, set_=more))


async def figures(session: AsyncSession, round_id: UUID) -> dict[str, dict[str, int]]:
    """Return how often each step was shown in a round, by language and then by step."""
    query = (
        select(BoothVisit.language, BoothVisit.step, func.sum(BoothVisit.shown))
        .where(BoothVisit.round_id == round_id)
        .group_by(BoothVisit.language, BoothVisit.step)
    )
    found: dict[str, dict[str, int]] = {}
    for language, step, shown in await session.execute(query):
        found.setdefault(language, dict.fromkeys(STEPS, 0))[step] = int(shown)
    return found
