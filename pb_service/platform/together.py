"""Many small questions at once become few large ones: the database is asked for all that have come meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Asks ``look_up`` for all keys that have come while it was busy, so that a crowd costs little more than one.

    A look-up begins after the question has come, so its answer is never older than the question. Who comes alone does
    not wait; while several come together, look-ups begin ``apart`` seconds after one another. ``look_up`` answers for
    every key that it is given; what it raises, all who wait for it get.
    """

    def __init__(
        self, look_up: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, apart: float, most: int = 500
    ) -> None:
        self._look_up = look_up
        self._apart = apart
        self._most = most
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V:
        """Return the answer for one key."""
        loop = asyncio.get_running_loop()
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = loop.create_future()
            if self._task is None:
                self._task = loop.create_task(self._work())
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                begun = loop.time()
                keys = list(self._waiting)[: self._most]
                answers = {key: self._waiting.pop(key) for key in keys}
                await self._answer(answers)
                if len(keys) > 1:
                    await asyncio.sleep(max(0, begun + self._apart - loop.time()))
        finally:
            self._task = None
            for unheard in self._waiting.values():
                unheard.cancel()

    async def _answer(self, answers: Mapping[K, "asyncio.Future[V]"]) -> None:
        try:
            found = await self._look_up(list(answers))
        except BaseException as error:
            for answer in answers.values():
                if isinstance(error, Exception):
                    answer.set_exception(error)
                    answer.exception()  # whoever asked may be gone
                else:
                    answer.cancel()
            if not isinstance(error, Exception):
                raise
            return
        for key, answer in answers.items():
            answer.set_result(found[key])
