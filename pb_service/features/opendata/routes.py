"""The JSON API and the downloads. Addresses are stable: links to them stand in reports and papers."""

from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import File
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata import service
from pb_service.features.opendata.answers import download, kept, tagged, told
from pb_service.features.opendata.listing import CONTEST_FILES, GEOJSON, JSON, ZIP
from pb_service.features.opendata.schemas import ContestResult, DistrictFound, RoundDetail, RoundSummary
from pb_service.features.opendata.shelf import BundleShelf
from pb_service.features.record.store import TileStore
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.service import PlaceKind

Session = NamedDependency[AsyncSession]

Shelf = NamedDependency[BundleShelf]
Tiles = NamedDependency[TileStore]


@get("/rounds", summary="Published rounds, newest vote first", access="anyone", cache=60)
async def list_rounds(session: Session) -> Response[list[RoundSummary]]:
    return told(await service.list_rounds(session), schema="rounds")


@get("/rounds/{slug:str}", summary="A round and its districts", access="anyone", cache=60)
async def get_round(session: Session, slug: FromPath[str]) -> Response[RoundDetail]:
    return told(await service.round_detail(session, slug), schema="round")


@get(
    "/rounds/{slug:str}/districts",
    summary="A round's districts as GeoJSON",
    media_type="application/geo+json",
    access="anyone",
    cache=60,
)
async def get_districts(session: Session, slug: FromPath[str]) -> Response[bytes]:
    return tagged(msgspec.json.encode(await service.round_areas(session, slug)), GEOJSON)


@get(
    "/rounds/{slug:str}/district",
    summary="The district of a point, a postal code or an address",
    description="One of: lon and lat in degrees; postal_code; address, such as Esimerkkikatu 5, 00100.",
    access="anyone",
)
async def get_district(
    *,
    session: Session,
    slug: FromPath[str],
    lon: Annotated[float | None, QueryParameter(ge=-180, le=180)] = None,
    lat: Annotated[float | None, QueryParameter(ge=-90, le=90)] = None,
    postal_code: Annotated[str, QueryParameter(max_length=20)] = "",
    address: Annotated[str, QueryParameter(max_length=200)] = "",
) -> DistrictFound:
    point = (lon, lat) if lon is not None and lat is not None else None
    return await service.find_district(session, slug, point=point, postal_code=postal_code, address=address)


@get(
    "/rounds/{slug:str}/contests/{contest:str}",
    summary="A district's result, with a reason for each project",
    access="anyone",
    cache=60,
)
async def get_contest(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[ContestResult]:
    return told(service.contest_result(await contest_documents(session, slug, contest)), schema="result")


@get(
    "/{slug:str}/evidence.zip",
    media_type=ZIP,
    summary="Everything needed to count a round again",
    access="anyone",
)
async def evidence(session: Session, shelf: Shelf, tile_store: Tiles, slug: FromPath[str]) -> File:
    return kept(await shelf.bundle(session, slug, tile_store), f"{slug}-evidence.zip", ZIP)


@get(
    "/{slug:str}/process.zip",
    media_type=ZIP,
    summary="The record of a round before its vote, with the files of its process, for pb-verify",
    access="anyone",
)
async def process(session: Session, shelf: Shelf, tile_store: Tiles, slug: FromPath[str]) -> File:
    return kept(await shelf.process(session, slug, tile_store), f"{slug}-process.zip", ZIP)


@get(
    "/{slug:str}/manifest.json",
    media_type=MediaType.JSON,
    summary="The manifest, byte for byte as hashed",
    access="anyone",
    cache=60,
)
async def manifest(session: Session, slug: FromPath[str]) -> Response[bytes]:
    return download(await service.published_manifest(session, slug), f"{slug}-manifest.json", JSON, schema="manifest")


def _made(name: str, summary: str) -> HTTPRouteHandler:
    """Return the handler of one download of a count, given out from the shelf."""
    kind = "".join(part.title() for part in name.split("."))

    @get(
        f"/{{slug:str}}/{{contest:str}}/{name}",
        name=f"made-{name}",
        operation_id=f"Download{kind}",
        media_type=CONTEST_FILES[name].partition(";")[0],
        summary=summary,
        access="anyone",
    )
    async def made(session: Session, shelf: Shelf, slug: FromPath[str], contest: FromPath[str]) -> File:
        files = await shelf.contest(session, slug, contest)
        shown = f"{slug}-{contest}.pb" if name == "ballots.pb" else f"{slug}-{contest}-{name}"
        return kept(files[name], shown, CONTEST_FILES[name])

    return made


def _document(kind: str, summary: str) -> HTTPRouteHandler:
    """Return the handler of one kind of published document, served byte for byte as the record names it by hash."""

    @get(
        f"/{{slug:str}}/{{contest:str}}/{kind}.json",
        name=f"document-{kind}",
        operation_id=f"Document{kind.title()}",
        media_type=MediaType.JSON,
        summary=summary,
        access="anyone",
        cache=60,
    )
    async def document(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[bytes]:
        body = await service.published_file(session, slug, contest, kind)
        return download(body, f"{slug}-{contest}-{kind}.json", JSON, schema=kind)

    return document


api = Router(
    "/api/v1", route_handlers=[list_rounds, get_round, get_districts, get_district, get_contest], tags=["results"]
)


def _places(kind: PlaceKind, summary: str) -> HTTPRouteHandler:
    """Return the handler of a table of places, served byte for byte as the record names it by hash."""

    @get(
        f"/{{slug:str}}/{kind}.json",
        name=f"places-{kind}",
        operation_id=f"Places{kind.title()}",
        media_type=MediaType.JSON,
        summary=summary,
        description="Rows [place, side, first house, last house, district]; houses 0 to 0: all of the place.",
        access="anyone",
        cache=60,
    )
    async def places(session: Session, slug: FromPath[str]) -> Response[bytes]:
        body = await service.published_places(session, slug, kind)
        return download(body, f"{slug}-{kind}.json", JSON)

    return places


data = Router(
    "/data",
    route_handlers=[
        evidence,
        process,
        manifest,
        _places("postal", "Which district a postal code is in"),
        _places("addresses", "Which district an address is in"),
        _made("ballots.pb", "A district in Pabulib's format"),
        _made("ballots.csv", "Ballots as a table, sorted"),
        _made("projects.csv", "Projects with votes and reasons"),
        _made("turns.csv", "The count, turn by turn"),
        _made("projects.geojson", "Projects on the map, with votes and reasons"),
        _document("ballots", "Every ballot in clear, sorted"),
        _document("outcome", "The outcome with every step, tie and reason"),
        _document("list", "The ballot list as voters saw it"),
    ],
    tags=["open data"],
)
