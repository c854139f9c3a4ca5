"""Whether this process can do its work: what is in order, what is missing, and what it goes on without."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pb_service.platform.alarms import redis_answers
from pb_service.platform.db import LOST, Database
from pb_service.platform.migrate import is_current

#: An answer about health that itself takes long is of no use to whoever decides by it.
PATIENCE_SECONDS = 3

Part = Literal["ok", "unreachable", "behind", "stopped", "elsewhere", "lost", "unset"]


@dataclass(frozen=True)
class Report:
    """The state of each part; ``status`` is unready if requests cannot be answered, degraded if with less."""

    status: Literal["ready", "degraded", "unready"]
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Health:
    """Looks at the parts of one process; ``tasks`` are its background tasks, at work or ended."""

    database: Database
    redis_url: str | None
    jobs_here: bool
    tasks: Mapping[str, "asyncio.Task[Any]"]

    async def look(self) -> Report:
        """Look at everything now."""
        tables, redis = await asyncio.gather(self._tables(), self._redis())
        parts: dict[str, Part] = {
            "database": "unreachable" if tables == "unreachable" else "ok",
            "tables": tables,
            "sequencer": self._task("sequencer"),
            "jobs": self._task("jobs") if self.jobs_here else "elsewhere",
            "redis": redis,
        }
        if any(parts[part] != "ok" for part in ("database", "tables", "sequencer")):
            return Report("unready", parts)
        if parts["jobs"] == "stopped" or redis == "lost":
            return Report("degraded", parts)
        return Report("ready", parts)

    async def _tables(self) -> Part:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return "ok" if await is_current(self.database.engine) else "behind"
        except LOST:
            return "unreachable"

    async def _redis(self) -> Part:
        if self.redis_url is None:
            return "unset"
        return "ok" if await redis_answers(self.redis_url) else "lost"

    def _task(self, name: str) -> Part:
        task = self.tasks.get(name)
        return "stopped" if task is None or task.done() else "ok"
