"""Rendered pages kept for a moment: in Redis or Valkey for all processes, else in this process. Nothing rests on it."""

from collections import OrderedDict
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from litestar import Request
from litestar.params import QueryParameter
from litestar.stores.base import Store
from redis.asyncio import Redis
from redis.exceptions import RedisError

T = TypeVar("T")

#: Pages kept in a process of its own: enough for a round's results in three languages, little enough for any machine.
_MOST_PAGES = 500

_PREFIX = "pb:page:"

log_event = structlog.get_logger()


class MemoryPages(Store):
    """The most recently used pages of this process."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[datetime, bytes]] = OrderedDict()

    async def set(self, key: str, value: str | bytes, expires_in: int | timedelta | None = None) -> None:
        lifetime = expires_in if isinstance(expires_in, timedelta) else timedelta(seconds=expires_in or 60)
        self._pages[key] = (_now() + lifetime, value.encode() if isinstance(value, str) else value)
        self._pages.move_to_end(key)
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:  # noqa: ARG002 # Store's
        until, page = self._pages.get(key, (None, None))
        if until is None or until < _now():
            self._pages.pop(key, None)
            return None
        self._pages.move_to_end(key)
        return page

    async def delete(self, key: str) -> None:
        self._pages.pop(key, None)

    async def delete_all(self) -> None:
        self._pages.clear()

    async def exists(self, key: str) -> bool:
        return await self.get(key) is not None

    async def expires_in(self, key: str) -> int | None:
        until, _ = self._pages.get(key, (None, None))
        return None if until is None else max(0, int((until - _now()).total_seconds()))


class RedisPages(Store):
    """Pages in Redis or Valkey. While it cannot be reached pages are rendered anew: slower, never an error."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)

    async def set(self, key: str, value: str | bytes, expires_in: int | timedelta | None = None) -> None:
        await self._or_none(self._redis.set(_PREFIX + key, value, ex=expires_in or 60))

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:  # noqa: ARG002 # Store's
        page = await self._or_none(self._redis.get(_PREFIX + key))
        return page.encode() if isinstance(page, str) else page

    async def delete(self, key: str) -> None:
        await self._or_none(self._redis.delete(_PREFIX + key))

    async def delete_all(self) -> None:
        try:
            async for key in self._redis.scan_iter(match=f"{_PREFIX}*"):
                await self._redis.delete(key)
        except (RedisError, OSError) as error:
            log_event.warning("pagecache.unreachable", error=type(error).__name__)

    async def exists(self, key: str) -> bool:
        return await self.get(key) is not None

    async def expires_in(self, key: str) -> int | None:
        return await self._or_none(self._redis.ttl(_PREFIX + key))

    async def __aexit__(self, *_: object) -> None:
        await self._redis.aclose()

    async def _or_none(self, answer: Awaitable[T]) -> T | None:
        try:
            return await answer
        except (RedisError, OSError) as error:
            log_event.warning("pagecache.unreachable", error=type(error).__name__)
            return None


def page_key(request: Request[Any, Any, Any]) -> str:
    """Return under which name a page is kept: packed answers apart from plain ones, for who cannot unpack them.

    Of the query only what the page reads makes a difference: links that are shared carry marks such as ``fbclid``,
    another for each reader, and in a rush every one of them would have the page rendered anew.
    """
    packed = "gzip" if "gzip" in request.headers.get("accept-encoding", "") else "plain"
    parameters = request.route_handler.parsed_fn_signature.parameters
    asked = sorted(
        (name, value)
        for name, value in request.query_params.multi_items()
        if name in parameters and isinstance(parameters[name].kwarg_definition, QueryParameter)
    )
    return f"{packed}:{request.url.path}?{urlencode(asked)}"


def page_store(redis_url: str | None) -> Store:
    """Return where pages are kept."""
    return RedisPages(redis_url) if redis_url else MemoryPages()


def _now() -> datetime:
    return datetime.now(UTC)
