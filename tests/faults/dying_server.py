"""The web application in a process that kills itself at a durable step of casting: a program, not a test.

Arguments: database, data folder, the moment at which its clock stands (seconds UTC), then `step when number`: at the
step's so manieth time, `before` or `after` it is durable. Steps: `store` (the envelopes' transaction), `sequence`
(their indices), `file` (tiles and checkpoint); `never` for a server that lives. It prints its port.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.app import create_app
from pb_service.features.record.sequencer import Sequencer
from pb_service.features.record.store import TileStore
from pb_service.features.voting.casting import CastingService
from pb_service.platform.db import Database
from pb_service.platform.server import listen, serve_app
from pb_service.service import open_service
from pb_service.settings import Settings


class Fate:
    """Counts the times of one step and ends the process at the right one, as a power cut would."""

    def __init__(self, when: str, number: int) -> None:
        self._when, self._number, self._count = when, number, 0

    def begin(self) -> None:
        self._count += 1

    def meet(self, when: str) -> None:
        if when == self._when and self._count >= self._number:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase(Database):
    """Dies at the end of a transaction, rolled back or committed."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url, pool_size=5)
        self._fate = fate

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        self._fate.begin()
        async with super().transaction() as session:
            yield session
            self._fate.meet("before")
        self._fate.meet("after")


class MortalStore(TileStore):
    """Dies before or after a file is in its place."""

    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root)
        self._fate = fate

    def _replace(self, target: Path, content: bytes) -> None:
        self._fate.begin()
        self._fate.meet("before")
        super()._replace(target, content)
        self._fate.meet("after")


async def main(arguments: Sequence[str]) -> None:
    """Serve until the fate of the arguments comes true."""
    url, data, at, step, when, number = arguments
    fate, now = Fate(when, int(number)), datetime.fromtimestamp(int(at), UTC)
    settings = Settings.from_environment({"PB_DATA": data, "PB_JOBS": "worker", "PB_LISTEN": "127.0.0.1"})
    async with open_service(settings, url, clock=lambda: now) as service:
        tiles = MortalStore(service.tiles.root, fate) if step == "file" else service.tiles
        stored = MortalDatabase(url, fate) if step == "store" else service.database
        sequenced = MortalDatabase(url, fate) if step == "sequence" else service.database
        mortal = replace(
            service,
            sequencer=Sequencer(sequenced, tiles, service.log_key),
            casting=CastingService(stored, service.tiles, service.keys, service.clock),
        )
        sockets, port = listen(settings.listen, 20_000 + os.getpid() % 20_000, say=lambda _: None)
        print(port, flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on, and a full pipe would stop us
        await serve_app(create_app(mortal), sockets)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
