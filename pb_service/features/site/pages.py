"""Pages that show several stages: front page, round, public record, verification, and about the service."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.record.store import TileStore
from pb_service.features.results.states import published_states
from pb_service.features.rounds import public
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.site import service
from pb_service.features.site.own_rounds import built_section, own_round_line, own_round_page
from pb_service.features.site.presentation import front_page, proof_page, record_page, round_page, verify_page
from pb_service.features.site.report_pages import show_report
from pb_service.platform.clock import Clock
from pb_service.web.languages import language_of, redirect_to_language
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
PageRequest = Request[Any, Any, Any]


@get("/", include_in_schema=False, sync_to_thread=False, access="anyone")
def choose_language(request: PageRequest) -> Response[None]:
    return redirect_to_language(request)


@get("/{lang:str}", include_in_schema=False, cache=True, access="anyone")
async def show_front(request: PageRequest, session: Session, lang: FromPath[str]) -> Response[str]:
    language = language_of(lang)
    rounds = await service.published_rounds(session)
    own = [
        own_round_line(shown, language) for shown in await public.public_rounds(session) if shown.phase != "archived"
    ]
    return page(request, "site/front.html", locale=language, **front_page(rounds, own, language))


@get("/{lang:str}/about", include_in_schema=False, cache=True, sync_to_thread=False, access="anyone")
def show_about(request: PageRequest, lang: FromPath[str]) -> Response[str]:
    return page(request, "site/about.html", locale=language_of(lang))


@get("/{lang:str}/rounds/{slug:str}", include_in_schema=False, cache=True, access="anyone")
async def show_round(
    request: PageRequest, session: Session, clock: NamedDependency[Clock], lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    language = language_of(lang)
    if not (await published_round(session, slug, whole=False)).imported:
        shown = await public.public_round(session, slug)
        own = own_round_page(shown, await municipality(session), language)
        built = await built_section(session, slug, own["words"], language, now=clock())
        has_result = bool(await published_states(session, shown.id))
        return page(request, "site/own_round.html", locale=language, **own, built=built, has_result=has_result)
    context = round_page(await service.round_view(session, slug), language)
    return page(request, "site/round.html", locale=language, **context)


@get("/{lang:str}/rounds/{slug:str}/record", include_in_schema=False, access="anyone")
async def show_record(
    *,
    request: PageRequest,
    session: Session,
    tile_store: NamedDependency[TileStore],
    lang: FromPath[str],
    slug: FromPath[str],
    before: Annotated[int | None, QueryParameter(ge=1)] = None,
) -> Response[str]:
    language = language_of(lang)
    context = record_page(await service.record_view(session, slug, tile_store, before=before), language)
    return page(request, "site/record.html", locale=language, **context)


@get("/{lang:str}/rounds/{slug:str}/record/{index:int}", include_in_schema=False, access="anyone")
async def show_entry(
    request: PageRequest, session: Session, lang: FromPath[str], slug: FromPath[str], index: FromPath[int]
) -> Response[str]:
    language = language_of(lang)
    shown, proof = await service.proof_view(session, slug, index)
    return page(request, "site/entry.html", locale=language, **proof_page(shown, proof, language))


@get("/{lang:str}/rounds/{slug:str}/verify", include_in_schema=False, cache=True, access="anyone")
async def show_verification(
    request: PageRequest, session: Session, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    language = language_of(lang)
    shown = await service.round_view(session, slug)
    report = await service.verification_view(session, slug)
    return page(request, "site/verify.html", locale=language, **verify_page(shown, report, language))


router = Router(
    "/",
    route_handlers=[
        choose_language,
        show_front,
        show_about,
        show_round,
        show_record,
        show_entry,
        show_verification,
        show_report,
    ],
)
