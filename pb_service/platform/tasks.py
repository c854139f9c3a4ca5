"""Tasks that run until they are cancelled, and outlive everything else."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def heed_cancellation() -> None:
    """Raise CancelledError if this task was asked to end: for whoever catches passing failures and goes on.

    A connection that is lost while a cancelled task leaves its blocks raises its own error in place of the
    cancellation; whoever outlives that error would live for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def in_thread(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do blocking work in a thread and return what it returns; a cancellation is heeded once the work has ended.

    A thread cannot be stopped: whoever held a lock for it would let the lock go while the work goes on.
    """
    working = asyncio.create_task(asyncio.to_thread(work, *arguments, **options))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        if not working.cancelled():
            working.exception()  # nobody else will ask for it
        raise
