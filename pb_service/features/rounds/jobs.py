"""The jobs of the stage rounds: phases at their date, the sweep for missed ones, and files of erased rehearsals."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from pb_service.features.record.store import TileStore
from pb_service.features.rounds.drafts import ERASE_JOB
from pb_service.features.rounds.schedule import (
    PHASE_JOB,
    SWEEP_EVERY,
    SWEEP_JOB,
    Surroundings,
    run_phase_job,
    run_sweep,
)
from pb_service.platform.jobs import Handler


class WithTiles(Surroundings, Protocol):
    """What these jobs need of the service."""

    @property
    def tiles(self) -> TileStore: ...


async def erase_files(service: WithTiles, payload: Mapping[str, Any]) -> None:
    """Remove the published files of an erased rehearsal; its address is never given again."""
    await asyncio.to_thread(service.tiles.erase, payload["slug"])


HANDLERS: Mapping[str, Handler[WithTiles]] = {
    PHASE_JOB: run_phase_job,
    SWEEP_JOB: run_sweep,
    ERASE_JOB: erase_files,
}
EVERY: tuple[tuple[str, timedelta], ...] = ((SWEEP_JOB, SWEEP_EVERY),)
