"""What is being built in the JSON API and as downloads: for everybody to read, and for staff to add to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation.orders import Order
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment.page_parts import reader
from pb_service.features.implementation import data as open_data
from pb_service.features.implementation import reading, service
from pb_service.features.implementation.data import ImplementationTold
from pb_service.features.implementation.errors import FundedProjectNotFound
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.platform.clock import Clock
from pb_service.platform.files import FileStore
from pb_service.settings import Settings
from pb_service.web.conditional import tag_of
from pb_service.web.languages import language_of
from pb_service.web.locales import Language

Session = NamedDependency[AsyncSession]
Now = NamedDependency[Clock]
Config = NamedDependency[Settings]
Slug = FromPath[str]
Key = FromPath[str]
Lang = Annotated[str, QueryParameter(max_length=2)]

_CACHE = {"cache-control": "public, max-age=60"}


class ActOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to be added to a project's history, over the ``version`` of it that was read: the number of its newest
    line, 0 without any. ``once``: a key of one's own; sent twice, it is done once.
    """

    version: int
    order: Order
    once: UUID | None = None


class ActMade(Struct):
    """The line that was added: its number is the project's version now."""

    number: int
    kind: str
    at: datetime
    sha256: str


@get("/rounds/{slug:str}/implementation", summary="What became of the projects of a round", access="anyone")
async def get_implementation(session: Session, clock: Now, slug: Slug) -> Response[ImplementationTold]:
    found = await _told(session, slug, clock())
    return _tagged(msgspec.json.encode(found), MediaType.JSON, {})


@post(
    "/rounds/{slug:str}/implementation/{contest:str}/{project:str}/acts",
    summary="Add to the history of a funded project",
    access="implementation.edit",
    bearer=True,
)
async def add_act(
    *,
    transaction: Session,
    actor: NamedDependency[Actor],
    clock: Now,
    files: NamedDependency[FileStore],
    slug: Slug,
    contest: Key,
    project: Key,
    data: JSONBody[ActOrder],
) -> ActMade:
    found = await find_round(transaction, slug, for_update=True, whole=False)
    made = await service.act(
        transaction,
        actor,
        found,
        (contest, project),
        data.order,
        version=data.version,
        once=data.once,
        files=files,
        now=clock(),
    )
    return ActMade(made.number, made.kind, made.at, made.sha256.hex())


@get(
    "/{slug:str}/implementation.json",
    media_type=MediaType.JSON,
    summary="What became of the projects of a round, with every history",
    access="anyone",
    cache=60,
)
async def implementation_json(session: Session, clock: Now, slug: Slug) -> Response[bytes]:
    body = msgspec.json.encode(await _told(session, slug, clock()))
    return _tagged(body, MediaType.JSON, _named(f"{slug}-implementation.json"))


@get(
    "/{slug:str}/implementation.csv",
    media_type="text/csv",
    summary="What became of the projects of a round, one row each",
    access="anyone",
    cache=60,
)
async def implementation_csv(session: Session, clock: Now, slug: Slug) -> Response[bytes]:
    shown = await reading.board(session, await published_round(session, slug, whole=False), clock())
    # The byte order mark is for spreadsheet programs, which otherwise spoil every letter beyond ASCII.
    body = open_data.as_csv(shown).encode("utf-8-sig")
    return _tagged(body, "text/csv; charset=utf-8", _named(f"{slug}-implementation.csv"))


@get(
    "/{slug:str}/implementation.atom",
    media_type="application/atom+xml",
    summary="News of what a round builds, as a feed; lang is fi, sv or en",
    access="anyone",
    cache=60,
)
async def implementation_atom(
    session: Session, clock: Now, settings: Config, slug: Slug, lang: Lang = "fi"
) -> Response[bytes]:
    return await _feed(session, clock(), settings, slug, language=language_of(lang))


@get(
    "/{slug:str}/implementation/{contest:str}/{project:str}/news.atom",
    media_type="application/atom+xml",
    summary="News of one funded project, as a feed; lang is fi, sv or en",
    access="anyone",
    cache=60,
)
async def project_atom(
    *, session: Session, clock: Now, settings: Config, slug: Slug, contest: Key, project: Key, lang: Lang = "fi"
) -> Response[bytes]:
    return await _feed(session, clock(), settings, slug, language=language_of(lang), only=(contest, project))


@get(
    "/{slug:str}/implementation/{contest:str}/{project:str}/acts/{name:str}",
    media_type=MediaType.JSON,
    summary="A line of a project's history, byte for byte as hashed: 1.json, 2.json and so on",
    access="anyone",
)
async def act_document(
    session: Session, slug: Slug, contest: Key, project: Key, name: FromPath[str]
) -> Response[bytes]:
    one = await reading.built(session, await published_round(session, slug, whole=False), contest, project)
    number = name.removesuffix(".json")
    row = next((row for row in one.rows if str(row.number) == number), None)
    if row is None:
        raise FundedProjectNotFound("There is no such line in this history.")
    return _tagged(row.body, MediaType.JSON, _named(f"{slug}-{project}-{row.number}.json"))


async def _told(session: AsyncSession, slug: str, now: datetime) -> ImplementationTold:
    found = await published_round(session, slug, whole=False)
    return open_data.told(await reading.board(session, found, now), (await setup_of(session, found)).closing.licence)


async def _feed(
    session: AsyncSession,
    now: datetime,
    settings: Settings,
    slug: str,
    *,
    language: Language,
    only: tuple[str, str] | None = None,
) -> Response[bytes]:
    """A feed of all projects of a round, or of one."""
    found = await published_round(session, slug, whole=False)
    shown = await reading.board(session, found, now)
    projects = [one for one in shown.projects if only in (None, one.key)]
    if not projects and only:
        raise FundedProjectNotFound("The result of this round funds no such project.")
    setup = await setup_of(session, found)
    place = f"/{only[0]}/{only[1]}" if only else ""
    ending = "/news.atom" if only else ".atom"
    updated = max([shown.confirmed_at, *(one.progress.at for one in projects if one.progress.at)])
    body = open_data.feed(
        projects,
        own=f"/data/{slug}/implementation{place}{ending}?lang={language}",
        page=f"/{language}/rounds/{slug}/implementation{place}",
        name=name_of(found.names, language)[1],
        licence=setup.closing.licence,
        public_url=settings.public_url,
        updated=updated,
        slug=slug,
        words=reader(setup, language),
        language=language,
    )
    return _tagged(body, "application/atom+xml; charset=utf-8", {})


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _tagged(body: bytes, media_type: str, headers: Mapping[str, str]) -> Response[Any]:
    """Answer with a body and its hash as ETag: who has it already is told so without it (web/conditional.py)."""
    return Response(body, media_type=media_type, headers={**_CACHE, **headers, **tag_of(body)})


implementation_api = Router("/api/v1", route_handlers=[get_implementation, add_act], tags=["implementation"])
implementation_data = Router(
    "/data",
    route_handlers=[implementation_json, implementation_csv, implementation_atom, project_atom, act_document],
    tags=["open data"],
)
