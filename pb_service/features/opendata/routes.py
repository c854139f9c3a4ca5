"""The JSON API and the downloads. Addresses are stable: links to them stand in reports and papers."""

from typing import Annotated, Any

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import File
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata import service, tabular
from pb_service.features.opendata.schemas import ContestResult, DistrictFound, RoundDetail, RoundSummary
from pb_service.features.opendata.service import BundleShelf
from pb_service.features.record.store import TileStore
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.service import PlaceKind

Session = NamedDependency[AsyncSession]

#: Results change only by amendment, so a minute in a shared cache is safe and carries a rush.
_CACHE = {"Cache-Control": "public, max-age=60"}


@get("/rounds", summary="Published rounds, newest vote first", access="anyone", cache=60)
async def list_rounds(session: Session) -> list[RoundSummary]:
    return await service.list_rounds(session)


@get("/rounds/{slug:str}", summary="A round and its districts", access="anyone", cache=60)
async def get_round(session: Session, slug: FromPath[str]) -> RoundDetail:
    return await service.round_detail(session, slug)


@get(
    "/rounds/{slug:str}/districts",
    summary="A round's districts as GeoJSON",
    media_type="application/geo+json",
    access="anyone",
    cache=60,
)
async def get_districts(session: Session, slug: FromPath[str]) -> dict[str, Any]:
    return await service.round_areas(session, slug)


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
async def get_contest(session: Session, slug: FromPath[str], contest: FromPath[str]) -> ContestResult:
    return service.contest_result(await contest_documents(session, slug, contest))


@get(
    "/{slug:str}/evidence.zip",
    media_type="application/zip",
    summary="Everything needed to count a round again",
    access="anyone",
)
async def evidence(
    session: Session, shelf: NamedDependency[BundleShelf], tile_store: NamedDependency[TileStore], slug: FromPath[str]
) -> File:
    path = await shelf.bundle(session, slug, tile_store)
    return File(path, filename=f"{slug}-evidence.zip", media_type="application/zip", headers=_CACHE)


@get(
    "/{slug:str}/process.zip",
    media_type="application/zip",
    summary="The record of a round before its vote, with the files of its process, for pb-verify",
    access="anyone",
)
async def process(
    session: Session, shelf: NamedDependency[BundleShelf], tile_store: NamedDependency[TileStore], slug: FromPath[str]
) -> File:
    path = await shelf.process(session, slug, tile_store)
    return File(path, filename=f"{slug}-process.zip", media_type="application/zip", headers=_CACHE)


@get(
    "/{slug:str}/manifest.json",
    media_type=MediaType.JSON,
    summary="The manifest, byte for byte as hashed",
    access="anyone",
    cache=60,
)
async def manifest(session: Session, slug: FromPath[str]) -> Response[bytes]:
    return _download(await service.published_manifest(session, slug), f"{slug}-manifest.json", MediaType.JSON)


@get(
    "/{slug:str}/{contest:str}/ballots.pb",
    media_type=MediaType.TEXT,
    summary="A district in Pabulib's format",
    access="anyone",
    cache=60,
)
async def pabulib(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[bytes]:
    body = await service.contest_pabulib(session, slug, contest)
    return _download(body, f"{slug}-{contest}.pb", "text/plain; charset=utf-8")


@get(
    "/{slug:str}/{contest:str}/ballots.csv",
    media_type="text/csv",
    summary="Ballots as a table, sorted",
    access="anyone",
    cache=60,
)
async def ballots_csv(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[bytes]:
    documents = await contest_documents(session, slug, contest)
    text = tabular.ballots_csv(documents, await service.published_ballots(session, slug, contest))
    return _csv(text, f"{slug}-{contest}-ballots.csv")


@get(
    "/{slug:str}/{contest:str}/projects.csv",
    media_type="text/csv",
    summary="Projects with votes and reasons",
    access="anyone",
    cache=60,
)
async def projects_csv(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[bytes]:
    documents = await contest_documents(session, slug, contest)
    return _csv(tabular.projects_csv(documents), f"{slug}-{contest}-projects.csv")


@get(
    "/{slug:str}/{contest:str}/turns.csv",
    media_type="text/csv",
    summary="The count, turn by turn",
    access="anyone",
    cache=60,
)
async def turns_csv(session: Session, slug: FromPath[str], contest: FromPath[str]) -> Response[bytes]:
    documents = await contest_documents(session, slug, contest)
    return _csv(tabular.turns_csv(documents), f"{slug}-{contest}-turns.csv")


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
        return _download(body, f"{slug}-{contest}-{kind}.json", MediaType.JSON)

    return document


def _csv(text: str, name: str) -> Response[bytes]:
    # The byte order mark is for spreadsheet programs, which otherwise spoil every letter beyond ASCII.
    return _download(text.encode("utf-8-sig"), name, "text/csv; charset=utf-8")


def _download(body: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = {**_CACHE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)


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
        return _download(body, f"{slug}-{kind}.json", MediaType.JSON)

    return places


data = Router(
    "/data",
    route_handlers=[
        evidence,
        process,
        manifest,
        _places("postal", "Which district a postal code is in"),
        _places("addresses", "Which district an address is in"),
        pabulib,
        ballots_csv,
        projects_csv,
        turns_csv,
        _document("ballots", "Every ballot in clear, sorted"),
        _document("outcome", "The outcome with every step, tie and reason"),
        _document("list", "The ballot list as voters saw it"),
    ],
    tags=["open data"],
)
