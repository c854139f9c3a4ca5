"""Several processes on the same sockets: one keeps them at work, and each ends with the keeper, however that ends."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

import structlog

#: Seconds until one that ended by itself is started again, and until those that were asked to end are made to.
_PAUSE, _PATIENCE = 1.0, 15.0

log_event = structlog.get_logger()


async def keep_serving(
    arguments: Sequence[str], sockets: Sequence[socket.socket], count: int, *, say: Callable[[str], None]
) -> None:
    """Run ``count`` processes of `pb` with these arguments until SIGTERM, SIGINT or cancellation.

    Each gets the sockets by ``--sockets`` and, by ``--keeper``, the end of a pipe that closes when this one is gone.
    """
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    heard, held = os.pipe()
    passed = [*(each.fileno() for each in sockets), heard]
    command = [sys.executable, "-c", "from pb_service.cli import main; main()", *arguments]
    command += ["--sockets", ",".join(map(str, passed[:-1])), "--keeper", str(heard)]

    async def keep() -> None:
        while not ending.is_set():
            process = await asyncio.create_subprocess_exec(*command, pass_fds=passed)
            ended = asyncio.create_task(process.wait())
            asked = asyncio.create_task(ending.wait())
            try:
                await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    process.terminate()
                    await asyncio.wait({ended}, timeout=_PATIENCE)
            finally:
                asked.cancel()
                if not ended.done():
                    process.kill()
                    await ended
            if not ending.is_set():
                log_event.error("process.ended", code=process.returncode)
                say("A serving process has ended; another takes its place.")
                await asyncio.wait({asyncio.create_task(ending.wait())}, timeout=_PAUSE)

    try:
        await asyncio.gather(*(keep() for _ in range(count)))
    finally:
        os.close(held)
        os.close(heard)


def end_with(keeper: int) -> None:
    """End this process as by SIGTERM when the keeper's pipe closes."""

    def closed() -> None:
        asyncio.get_running_loop().remove_reader(keeper)
        os.kill(os.getpid(), signal.SIGTERM)

    asyncio.get_running_loop().add_reader(keeper, closed)


def handed_over(numbers: str) -> list[socket.socket]:
    """The sockets that a keeper has handed over, by their numbers."""
    return [socket.socket(fileno=int(number)) for number in numbers.split(",")]
