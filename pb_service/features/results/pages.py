"""Result pages: a district's result, its count turn by turn, and one page for each project."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.results import service
from pb_service.features.results.errors import ProjectNotFound, TurnNotFound
from pb_service.features.results.presentation import count_page, district_page, project_page
from pb_service.features.results.reading import contest_result
from pb_service.features.results.views import ContestResultView
from pb_service.web.formats import Reader
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations
from pb_service.web.render import page

PageRequest = Request[Any, Any, Any]
#: Made by `contest_view`, so there is nothing to validate.
View = NamedDependency[SkipValidation[ContestResultView]]


async def contest_view(
    session: NamedDependency[AsyncSession], slug: FromPath[str], contest: FromPath[str]
) -> ContestResultView:
    """The contest that all pages below the router's path speak of."""
    return contest_result(await service.contest_documents(session, slug, contest))


@get("/", include_in_schema=False, cache=True, access="anyone")
async def show_district(request: PageRequest, view: View, lang: FromPath[str]) -> Response[str]:
    language = language_of(lang)
    context = district_page(view, _reader(view, language))
    return page(request, "results/district.html", locale=language, section="results", **context)


@get("/count", include_in_schema=False, cache=True, access="anyone")
async def show_count(
    request: PageRequest,
    view: View,
    lang: FromPath[str],
    turn: Annotated[int | None, QueryParameter(ge=1)] = None,
) -> Response[str]:
    """The count at one turn; without a turn, at the first."""
    language = language_of(lang)
    if turn is not None and turn > len(view.turns):
        raise TurnNotFound(f"The count has {len(view.turns)} turns; there is no turn {turn}.")
    shown = view.turns[(turn or 1) - 1] if view.turns else None
    context = count_page(view, _reader(view, language), shown)
    return page(request, "results/count.html", locale=language, section="results", **context)


@get("/projects/{number:int}", include_in_schema=False, cache=True, access="anyone")
async def show_project(
    request: PageRequest,
    view: View,
    lang: FromPath[str],
    number: FromPath[int],
) -> Response[str]:
    """A project by its number in the manifest, from 0."""
    language = language_of(lang)
    if number not in view.by_number:
        raise ProjectNotFound(f"The ballot list has no project with the number {number}.")
    context = project_page(view, _reader(view, language), view.by_number[number])
    return page(request, "results/project.html", locale=language, section="results", **context)


def _reader(view: ContestResultView, language: Language) -> Reader:
    return Reader(language, translations(language), currency=view.currency, unit=view.unit)


results_router = Router(
    "/{lang:str}/rounds/{slug:str}/{contest:str}",
    route_handlers=[show_district, show_count, show_project],
    dependencies={"view": Provide(contest_view)},
)
