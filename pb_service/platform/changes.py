"""Word of what the public may read going from process to process, by PostgreSQL's own NOTIFY.

It leaves with the commit of what was changed, and only then: whoever hears it and looks finds the change. Nothing rests
on it but how soon pages that are kept give way: a word that is lost costs their readers half a minute. The process
that made the change hears of it before the commit returns, so that whoever is sent on to a page finds her own change.
"""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.platform.db import PATIENCE_SECONDS

_CHANNEL = "pb_public"
#: Seconds between two tries to listen again.
_PAUSE = 2

log_event = structlog.get_logger()

#: What is called in this process.
_here: set[Callable[[], None]] = set()


async def tell(session: AsyncSession) -> None:
    """Let every process know, once this transaction is committed, that something public has changed."""
    await session.execute(text(f"NOTIFY {_CHANNEL}"))
    event.listen(session.sync_session, "after_commit", _tell_here, once=True)


def _tell_here(_session: object) -> None:
    for changed in tuple(_here):
        changed()


class Listener:
    """Calls a function whenever something public has changed, and when that may have been missed."""

    def __init__(self, url: str, name: str, changed: Callable[[], None]) -> None:
        self._url = url
        self._name = name
        self._changed = changed
        self.is_listening = asyncio.Event()

    async def run_forever(self) -> None:
        """Listen until cancelled; a connection that is lost is made again."""
        _here.add(self._changed)
        try:
            while True:
                try:
                    await self._listen()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log_event.warning("changes.not_heard", error=type(error).__name__)
                await asyncio.sleep(_PAUSE)
        finally:
            _here.discard(self._changed)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        dsn = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(
            dsn, timeout=PATIENCE_SECONDS, server_settings={"application_name": self._name}
        )
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(_CHANNEL, lambda *_: self._changed())
            self._changed()  # what was told before this moment went past us
            self.is_listening.set()
            await lost.wait()
        finally:
            self.is_listening.clear()
            connection.terminate()
