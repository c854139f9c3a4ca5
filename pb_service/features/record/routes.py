"""The record over HTTP as C2SP tlog-tiles asks: a checkpoint that is never stale, tiles that never change."""

import asyncio

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from pb_service.core.record.tiles import Tile, TileError
from pb_service.features.record.service import SLUG
from pb_service.features.record.store import TileStore

_TILE_CACHING = "public, max-age=31536000, immutable"
_CHECKPOINT_CACHING = "no-cache"


@get(
    "/{slug:str}/checkpoint",
    media_type=MediaType.TEXT,
    operation_id="RecordCheckpoint",
    tags=["record"],
    access="anyone",
)
async def record_checkpoint(slug: FromPath[str], tile_store: NamedDependency[TileStore]) -> Response[bytes]:
    """The newest signed head of a round's public record: a C2SP checkpoint."""
    content = await asyncio.to_thread(tile_store.read_checkpoint, slug) if SLUG.fullmatch(slug) else None
    return _answer(content, MediaType.TEXT, _CHECKPOINT_CACHING)


@get(
    "/{slug:str}/witnessed",
    media_type=MediaType.TEXT,
    operation_id="RecordWitnessed",
    tags=["record"],
    access="anyone",
)
async def record_witnessed(slug: FromPath[str], tile_store: NamedDependency[TileStore]) -> Response[bytes]:
    """The newest head of a round's public record that a quorum of witnesses has signed too."""
    content = await asyncio.to_thread(tile_store.read, slug, "witnessed") if SLUG.fullmatch(slug) else None
    return _answer(content, MediaType.TEXT, _CHECKPOINT_CACHING)


@get("/{slug:str}/tile/{path:path}", operation_id="RecordTile", tags=["record"], access="anyone")
async def record_tile(
    slug: FromPath[str], path: FromPath[str], tile_store: NamedDependency[TileStore]
) -> Response[bytes]:
    """A hash tile or entry bundle of a round's public record, by its C2SP tlog-tiles path."""
    try:
        tile = Tile.parse(f"tile{path}")
    except TileError as error:
        raise NotFoundException from error
    content = await asyncio.to_thread(tile_store.read_tile, slug, tile) if SLUG.fullmatch(slug) else None
    return _answer(content, "application/octet-stream", _TILE_CACHING)


def _answer(content: bytes | None, media_type: str, caching: str) -> Response[bytes]:
    if content is None:
        raise NotFoundException
    return Response(content, media_type=media_type, headers={"Cache-Control": caching})


#: Needs the dependency ``tile_store``.
record_router = Router("/pb", route_handlers=[record_checkpoint, record_witnessed, record_tile])
