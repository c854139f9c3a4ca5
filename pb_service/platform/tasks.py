"""Tasks that run until they are cancelled, and outlive everything else."""

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError if this task was asked to end: for whoever catches passing failures and goes on.

    A connection that is lost while a cancelled task leaves its blocks raises its own error in place of the
    cancellation; whoever outlives that error would live for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
