"""The page cache keeps pages for a while and is never the reason for an error."""

import asyncio
from typing import Annotated, Any

import pytest
from litestar import Litestar, Request, get
from litestar.params import QueryParameter
from litestar.stores.base import Store
from litestar.testing import AsyncTestClient

from pb_service.platform.pagecache import MemoryPages, RedisPages, page_key, page_store


@pytest.fixture(params=["memory", "valkey"])
async def store(request: pytest.FixtureRequest, valkey_url: str) -> Store:
    chosen = page_store(valkey_url if request.param == "valkey" else None)
    await chosen.delete_all()
    return chosen


async def test_a_page_is_kept_until_it_expires(store: Store) -> None:
    async with store:
        await store.set("/en/", b"page", expires_in=1)
        assert await store.get("/en/") == b"page"
        await asyncio.sleep(1.1)
        assert await store.get("/en/") is None


async def test_a_page_can_be_thrown_away(store: Store) -> None:
    async with store:
        await store.set("/en/", b"page", expires_in=60)
        await store.set("/fi/", b"sivu", expires_in=60)
        await store.delete("/en/")
        assert not await store.exists("/en/")
        await store.delete_all()
        assert not await store.exists("/fi/")


async def test_without_a_reachable_server_there_is_simply_no_page() -> None:
    store = RedisPages("redis://127.0.0.1:1")
    async with store:
        await store.set("/en/", b"page", expires_in=60)
        assert await store.get("/en/") is None


async def test_only_what_a_page_reads_of_the_query_makes_another_page() -> None:
    """A mark for counting readers, as social networks add it to links, does not; the turn of a count does."""

    @get("/fi/count")
    async def count(request: Request[Any, Any, Any], turn: Annotated[int, QueryParameter()] = 1) -> str:
        return f"{page_key(request)} {turn}"

    async with AsyncTestClient(Litestar([count])) as client:
        paths = ("/fi/count", "/fi/count?fbclid=a&request=b", "/fi/count?turn=2", "/fi/count?turn=3&x=1")
        keys = [(await client.get(path)).text.split()[0].removeprefix("gzip:") for path in paths]
    assert keys == ["/fi/count?", "/fi/count?", "/fi/count?turn=2", "/fi/count?turn=3"]


async def test_a_process_keeps_a_bounded_number_of_pages() -> None:
    """Whoever asks for ever new addresses cannot fill the memory."""
    store = MemoryPages()
    for number in range(1000):
        await store.set(f"/en/?q={number}", b"page", expires_in=60)
    assert not await store.exists("/en/?q=0")
    assert await store.exists("/en/?q=999")
