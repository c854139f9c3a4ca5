"""The page cache keeps pages for a while and is never the reason for an error."""

import asyncio

import pytest
from litestar.stores.base import Store

from pb_service.platform.pagecache import MemoryPages, RedisPages, page_store


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


async def test_a_process_keeps_a_bounded_number_of_pages() -> None:
    """Whoever asks for ever new addresses cannot fill the memory."""
    store = MemoryPages()
    for number in range(1000):
        await store.set(f"/en/?q={number}", b"page", expires_in=60)
    assert not await store.exists("/en/?q=0")
    assert await store.exists("/en/?q=999")
