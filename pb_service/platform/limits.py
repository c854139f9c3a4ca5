"""How often something may be done: counted in Redis or Valkey for all processes, else in this process.

Nothing rests on the counters but the patience of an attacker. While Redis cannot be reached each process counts for
itself, and allows a quarter: several processes together then allow about what they should, and no request fails.
"""

import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

#: What part of a rate one process allows by itself while Redis is gone.
_STRICTER = 4
#: How long Redis is left alone after it did not answer.
_PAUSE_SECONDS = 5.0

log_event = structlog.get_logger()


@dataclass(frozen=True)
class Rate:
    """At most ``most`` times in any ``seconds``; ``name`` tells it from other rates."""

    name: str
    most: int
    seconds: int

    def item(self, share: int = 1) -> RateLimitItem:
        return RateLimitItemPerSecond(max(1, self.most // share), self.seconds, namespace=f"pb:{self.name}")


class Limits:
    """The counters of one process. ``who`` is whatever is counted for: an address, an account, both."""

    def __init__(self, redis_url: str | None) -> None:
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._pool = _pool(redis_url) if redis_url else None
        self._shared = MovingWindowRateLimiter(_storage(self._pool)) if self._pool else None
        self._lost_until = 0.0

    @property
    def degraded(self) -> bool:
        """Whether this process counts for itself although it should not have to."""
        return self._shared is not None and time.monotonic() < self._lost_until

    async def is_spent(self, rate: Rate, *who: str) -> bool:
        """Whether it was done as often as it may be; asking does not count."""
        if self._shared and not self.degraded:
            try:
                return not await self._shared.test(rate.item(), *who)
            except StorageError as error:
                self._lost(error)
        return not await self._alone.test(rate.item(self._share()), *who)

    async def hit(self, rate: Rate, *who: str) -> bool:
        """Count once more; return whether that was still within the rate."""
        if self._shared and not self.degraded:
            try:
                return await self._shared.hit(rate.item(), *who)
            except StorageError as error:
                self._lost(error)
        return await self._alone.hit(rate.item(self._share()), *who)

    async def close(self) -> None:
        if self._pool:
            await self._pool.aclose()

    def _share(self) -> int:
        return _STRICTER if self._shared else 1

    def _lost(self, error: StorageError) -> None:
        self._lost_until = time.monotonic() + _PAUSE_SECONDS
        log_event.warning("limits.unreachable", error=type(error.storage_error).__name__)


def _pool(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


def _storage(pool: ConnectionPool) -> RedisStorage:
    # The address that the library asks for is not used: the pool, which we can close, has it.
    return RedisStorage(
        "async+redis://",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="pb:limit",
        connection_pool=pool,  # type: ignore[arg-type] # documented; the signature leaves it out
    )
