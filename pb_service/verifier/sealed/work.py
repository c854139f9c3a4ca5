"""Spreads the long checks over all cores, and says how far they are."""

import multiprocessing
import multiprocessing.pool
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

WORTH_IT = 3.0  # seconds of work above which starting processes pays
AHEAD = 4  # jobs for each core that wait with their data in memory


class Job:
    """A result to come."""

    def __init__(self, result: Any = None, waiting: "multiprocessing.pool.AsyncResult[Any] | None" = None) -> None:
        self._result = result
        self._waiting = waiting

    def get(self) -> Any:
        """The result; waits for it."""
        if self._waiting is not None:
            self._result = self._waiting.get()
            self._waiting = None
        return self._result


class Work:
    """Takes jobs in any order. `seconds` is what all of them will take on one core, by estimate."""

    def __init__(
        self, seconds: float, cores: int | None = None, progress: Callable[[int], None] = lambda _percent: None
    ) -> None:
        self.cores = cores or os.cpu_count() or 1
        self._seconds = max(seconds, 0.001)
        self._pool: multiprocessing.pool.Pool | None = None
        self._waiting: deque[tuple[Job, float]] = deque()
        self._done = 0.0
        self._progress = progress

    def __enter__(self) -> "Work":
        if self.cores > 1 and self._seconds > WORTH_IT:
            # spawn: the same on every system, and no copy of this process's memory
            self._pool = multiprocessing.get_context("spawn").Pool(self.cores)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()

    def submit(self, seconds: float, function: Callable[..., Any], *arguments: Any) -> Job:
        """Starts a job of about so many seconds, when there is room for its data."""
        if self._pool is None:
            job = Job(function(*arguments))
            self._count(seconds)
            return job
        while len(self._waiting) >= AHEAD * self.cores:
            self._settle()
        job = Job(None, self._pool.apply_async(function, arguments))
        self._waiting.append((job, seconds))
        return job

    def finish(self) -> None:
        """Waits for every job."""
        while self._waiting:
            self._settle()

    def _settle(self) -> None:
        job, seconds = self._waiting.popleft()
        job.get()
        self._count(seconds)

    def _count(self, seconds: float) -> None:
        self._done += seconds
        self._progress(min(int(100 * self._done / self._seconds), 99))


def speed() -> float:
    """How long this machine takes for the work that counts, relative to the one the estimates are from."""
    number, modulus = 3**150, 2**255 - 19
    started = time.process_time()
    for _ in range(20_000):
        number = number * number % modulus
    return max((time.process_time() - started) / 0.0066, 0.1)
