"""The record over HTTP: what C2SP tlog-tiles asks of a log."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide

from pb_service.core.record import tiles
from pb_service.features.record.routes import record_router
from pb_service.features.record.store import TileStore

ENTRIES = [str(index).encode() for index in range(300)]


@pytest.fixture
def store(tmp_path: Path) -> TileStore:
    """The files of a log of 300 entries, and a secret beside them."""
    (tmp_path / "secret").write_text("secret")
    store = TileStore(tmp_path / "record")
    store.write("demo", tiles.log_files(ENTRIES) | {"checkpoint": "origin\u2014\n".encode()})
    return store


@pytest.fixture
async def client(store: TileStore) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([record_router], dependencies={"tile_store": Provide(lambda: store, sync_to_thread=False)})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # two spellings of the same protocol
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_checkpoint(client: httpx.AsyncClient) -> None:
    """The checkpoint is text, and no cache keeps it without asking."""
    answer = await client.get("/pb/demo/checkpoint")
    assert (answer.status_code, answer.text) == (200, "origin\u2014\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_what_witnesses_have_signed(client: httpx.AsyncClient, store: TileStore) -> None:
    """It stands at its own address, and is the checkpoint too while that is the newest head."""
    assert (await client.get("/pb/demo/witnessed")).status_code == 404
    store.write("demo", {"witnessed": "origin\u2014\ncosigned\n".encode()})
    for path in ("checkpoint", "witnessed"):
        answer = await client.get(f"/pb/demo/{path}")
        assert (answer.text, answer.headers["cache-control"]) == ("origin\u2014\ncosigned\n", "no-cache")
    store.write("demo", {"checkpoint": b"newer\n"})
    assert (await client.get("/pb/demo/checkpoint")).text == "newer\n"
    assert (await client.get("/pb/demo/witnessed")).text == "origin\u2014\ncosigned\n"


@pytest.mark.parametrize("path", sorted(tiles.log_files(ENTRIES)))
async def test_tiles(client: httpx.AsyncClient, path: str) -> None:
    """Tiles and bundles are bytes that never change."""
    answer = await client.get(f"/pb/demo/{path}")
    assert (answer.status_code, answer.content) == (200, tiles.log_files(ENTRIES)[path])
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["tile/0/000.p/7", "tile/entries/000.p/7"])
async def test_partial_tile_whose_file_is_gone(client: httpx.AsyncClient, path: str) -> None:
    """A partial tile that an older checkpoint needs is cut from the full one."""
    answer = await client.get(f"/pb/demo/{path}")
    assert answer.content == tiles.log_files(ENTRIES[:7])[path]


@pytest.mark.parametrize(
    "path",
    [
        "/pb/other/checkpoint",
        "/pb/other/witnessed",
        "/pb/..%2f/witnessed",
        "/pb/..%2f/checkpoint",
        "/pb/%2e%2e/checkpoint",
        "/pb/demo%00/checkpoint",
        "/pb/demo/secret",
        "/pb/demo/.lock",
        "/pb/demo/tile/",
        "/pb/demo/tile/0/001",
        "/pb/demo/tile/0/001.p/45",
        "/pb/demo/tile/0/..%2f0/000",
        "/pb/demo/tile/..%2f..%2f..%2fsecret",
        "/pb/demo/tile/%2e%2e/%2e%2e/%2e%2e/secret",
        "/pb/demo/tile/%2fetc/passwd",
        "/pb/demo/tile/0/.new-000",
        "/pb/..%2frecord%2fdemo/tile/0/000",
        "/pb/DEMO/tile/0/000",
        f"/pb/demo/tile/0/{'x999/' * 2000}000",
    ],
)
async def test_nothing_else_is_there(client: httpx.AsyncClient, path: str) -> None:
    """Unknown logs and tiles, and every path that would lead elsewhere, are not found."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_the_record_cannot_be_written(client: httpx.AsyncClient) -> None:
    """Only reading is offered."""
    assert (await client.put("/pb/demo/checkpoint", content=b"x")).status_code == 405
    assert (await client.post("/pb/demo/tile/0/000", content=b"x")).status_code == 405
