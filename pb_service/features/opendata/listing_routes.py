"""What there is of a round, and what it means: the listing, data-set descriptions for portals, dates, JSON Schemas."""

from functools import cache
from typing import Annotated, Any, Literal

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata import dcat
from pb_service.features.opendata.answers import download, tagged, told
from pb_service.features.opendata.checker import checker_file
from pb_service.features.opendata.dates import round_calendar
from pb_service.features.opendata.listing import CALENDAR, JSON_LD, TURTLE, listing
from pb_service.features.opendata.schema_files import SCHEMAS
from pb_service.features.opendata.schemas import Listing
from pb_service.features.opendata.shelf import BundleShelf
from pb_service.features.record.store import TileStore
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.public import public_round
from pb_service.platform.clock import Clock
from pb_service.settings import Settings

Session = NamedDependency[AsyncSession]
Shelf = NamedDependency[BundleShelf]
Tiles = NamedDependency[TileStore]
Told = NamedDependency[Settings]


@get(
    "/{slug:str}/index.json",
    media_type=MediaType.JSON,
    summary="Every file of a round, with size and SHA-256",
    access="anyone",
    cache=60,
)
async def show_listing(session: Session, shelf: Shelf, tile_store: Tiles, slug: FromPath[str]) -> Response[Listing]:
    return told((await listing(session, slug, shelf, tile_store)).listing, schema="listing")


@get(
    "/{slug:str}/dataset.jsonld",
    media_type=JSON_LD,
    summary="A round as a data set of DCAT-AP, JSON-LD",
    access="anyone",
    cache=60,
)
async def dataset_json(
    session: Session, shelf: Shelf, tile_store: Tiles, settings: Told, slug: FromPath[str]
) -> Response[bytes]:
    return tagged(dcat.as_json(await _dataset(session, shelf, tile_store, settings, slug)), JSON_LD)


@get(
    "/{slug:str}/dataset.ttl",
    media_type="text/turtle",
    summary="A round as a data set of DCAT-AP, Turtle",
    access="anyone",
    cache=60,
)
async def dataset_turtle(
    session: Session, shelf: Shelf, tile_store: Tiles, settings: Told, slug: FromPath[str]
) -> Response[bytes]:
    return tagged(dcat.as_turtle(await _dataset(session, shelf, tile_store, settings, slug)), TURTLE)


@get(
    "/catalog.jsonld",
    media_type=JSON_LD,
    summary="All rounds as a catalogue of DCAT-AP, JSON-LD: the address for data portals to harvest",
    access="anyone",
    cache=60,
)
async def catalogue_json(session: Session, shelf: Shelf, tile_store: Tiles, settings: Told) -> Response[bytes]:
    return tagged(dcat.as_json(await _catalogue(session, shelf, tile_store, settings)), JSON_LD)


@get(
    "/catalog.ttl",
    media_type="text/turtle",
    summary="All rounds as a catalogue of DCAT-AP, Turtle",
    access="anyone",
    cache=60,
)
async def catalogue_turtle(session: Session, shelf: Shelf, tile_store: Tiles, settings: Told) -> Response[bytes]:
    return tagged(dcat.as_turtle(await _catalogue(session, shelf, tile_store, settings)), TURTLE)


@get(
    "/{slug:str}/calendar.ics",
    media_type="text/calendar",
    summary="The dates of a round as a calendar to subscribe to",
    access="anyone",
)
async def calendar(
    *,
    session: Session,
    clock: NamedDependency[Clock],
    settings: Told,
    slug: FromPath[str],
    lang: Annotated[Literal["fi", "sv", "en"], QueryParameter()] = "fi",
) -> Response[bytes]:
    shown = await public_round(session, slug)
    changed = max((act.at for act in shown.acts), default=shown.published_at) or clock()
    body = round_calendar(shown, lang, public_url=settings.public_url, now=changed)
    return download(body, f"{slug}.ics", CALENDAR, modified=changed)


@get(
    "/schemas/{name:str}",
    media_type="application/schema+json",
    summary="A JSON Schema of answers and documents, by its name and version",
    access="anyone",
    sync_to_thread=False,
)
def schema(name: FromPath[str]) -> Response[bytes]:
    if name not in SCHEMAS:
        raise NotFoundException(f"There is no such schema; there are {', '.join(sorted(SCHEMAS))}.")
    return tagged(SCHEMAS[name], "application/schema+json")


@get(
    "/pb-verify.pyz",
    media_type="application/zip",
    summary="The checker of evidence bundles in one file, for any Python from 3.11 on",
    description="From the same sources the same bytes: compare its SHA-256 with that of somebody who built it alone.",
    access="anyone",
    sync_to_thread=True,
)
def checker() -> Response[bytes]:
    return download(_checker(), "pb-verify.pyz", "application/zip")


@cache
def _checker() -> bytes:
    return checker_file()


async def _dataset(
    session: AsyncSession, shelf: BundleShelf, tiles: TileStore, settings: Settings, slug: str
) -> dict[str, Any]:
    found = await listing(session, slug, shelf, tiles)
    return dcat.dataset(found, await municipality(session), settings.public_url)


async def _catalogue(session: AsyncSession, shelf: BundleShelf, tiles: TileStore, settings: Settings) -> dict[str, Any]:
    found = [await listing(session, each.slug, shelf, tiles) for each in await rounds.published(session)]
    return dcat.catalogue(found, await municipality(session), settings.public_url)


listing_data = Router(
    "/data",
    route_handlers=[
        show_listing,
        dataset_json,
        dataset_turtle,
        catalogue_json,
        catalogue_turtle,
        calendar,
        schema,
        checker,
    ],
    tags=["open data"],
)
