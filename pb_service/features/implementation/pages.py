"""Public pages of what is being built: the board of a round, and each funded project with its whole history."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from pb_service.core.implementation.history import ENDED, STATES
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.assessment.page_parts import Now, PageRequest, Session, reader
from pb_service.features.implementation import presentation, reading
from pb_service.features.implementation.errors import FundedProjectNotFound
from pb_service.features.implementation.reading import Board, Built
from pb_service.features.implementation.vocabulary import closing_questions, in_reader, state_names
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.files import FileMissing, FileStore, download_headers
from pb_service.web.bars import Amount, parts_of
from pb_service.web.formats import Reader
from pb_service.web.languages import language_of
from pb_service.web.locales import Language
from pb_service.web.render import page

Chosen = Annotated[str, QueryParameter(max_length=100)]


@get("/", access="anyone", cache=True)
async def show_board(
    *,
    request: PageRequest,
    session: Session,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    district: Chosen = "",
    stage: Annotated[str, QueryParameter(name="state", max_length=100)] = "",
) -> Response[str]:
    """Every funded project with its state, money and milestones; ``district`` and ``state`` choose among them."""
    language = language_of(lang)
    found = await published_round(session, slug, whole=False)
    shown = await reading.board(session, found, clock())
    words = reader(await setup_of(session, found), language)
    asked = {"district": district, "state": stage}
    return page(request, "implementation/board.html", locale=language, **board_context(shown, asked, words, language))


@get("/{contest:str}/{project:str}", access="anyone", cache=True)
async def show_project(
    *,
    request: PageRequest,
    session: Session,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    contest: FromPath[str],
    project: FromPath[str],
) -> Response[str]:
    """One funded project: what was promised, how far it is, what it cost, and everything that happened."""
    language = language_of(lang)
    found = await published_round(session, slug, whole=False)
    one = await reading.built(session, found, contest, project)
    setup = await setup_of(session, found)
    words = reader(setup, language)
    today = await reading.today_of(session, found, clock())
    unit = await staff.unit_by_id(session, one.unit_id) if one.unit_id else None
    context = project_context(found, one, words, language, today)
    return page(
        request, "implementation/project.html", locale=language, unit=unit, licence=setup.closing.licence, **context
    )


@get("/{contest:str}/{project:str}/pictures/{number:int}", access="anyone")
async def show_picture(
    *,
    session: Session,
    files: NamedDependency[FileStore],
    lang: FromPath[str],
    slug: FromPath[str],
    contest: FromPath[str],
    project: FromPath[str],
    number: FromPath[int],
) -> Response[bytes]:
    """A picture of a project, by the number of its line in the history."""
    language_of(lang)
    one = await reading.built(session, await published_round(session, slug, whole=False), contest, project)
    line = next((row for row in one.rows if row.number == number), None)
    if line is None or line.file_id is None or one.progress.picture(number) is None:
        raise FundedProjectNotFound("There is no such picture.")
    try:
        row, body = await files.open(session, line.file_id)
    except FileMissing as error:
        raise FundedProjectNotFound("There is no such picture.") from error
    headers = {**download_headers(row), "cache-control": "public, max-age=3600"}
    return Response(body, media_type=row.media_type, headers=headers)


def board_context(shown: Board, asked: Mapping[str, str], words: Reader, language: Language) -> dict[str, Any]:
    """The context of ``implementation/board.html``."""
    slug = shown.found.slug
    base = f"/{language}/rounds/{slug}/implementation"
    every = [presentation.line_of(one, base, shown.today, words, language) for one in shown.projects]
    districts = {line.built.funded.contest: line.district for line in every}
    lines = [
        line
        for line in every
        if asked["district"] in ("", line.built.funded.contest) and asked["state"] in ("", line.built.state)
    ]
    budget = sum(line.progress.budget for line in lines if line.built.funded.is_funded)
    spent = sum(line.progress.spent for line in lines)
    used = Amount(spent, name=words.gettext("Used: %(amount)s") % {"amount": words.money(spent)})
    query = {name: value for name, value in asked.items() if value}
    return {
        **_frame(shown.found, words, language),
        "base": base,
        "lines": lines,
        "number": len(every),
        "counts": presentation.counts_in_words(shown, words),
        "asked": asked,
        "query": urlencode(query),
        "districts": [(key, name.text) for key, name in districts.items()],
        "states": [(state, state_names(words)[state]) for state in STATES],
        "budget": budget,
        "spent": spent,
        "parts": parts_of(max(budget, spent), [used] if spent else []),
        "timeline": presentation.timelines(lines, shown.today, language),
        "today": shown.today,
        "newest": shown.newest,
    }


def project_context(found: Round, one: Built, words: Reader, language: Language, today: Any) -> dict[str, Any]:
    """The context of ``implementation/project.html``."""
    base = f"/{language}/rounds/{found.slug}/implementation"
    now = one.progress
    ending = now.ending.content if now.ending is not None and now.state == "done" else None
    asked = closing_questions(words)
    return {
        **_frame(found, words, language),
        "base": base,
        "address": f"{base}/{one.funded.contest}/{one.funded.code}",
        "line": presentation.line_of(one, base, today, words, language),
        "one": one,
        "now": now,
        "is_over": now.state in ENDED,
        "answers": [(asked[name], in_reader(ending[name], language)) for name in asked] if ending else [],
        "steps": presentation.steps_of(now, today, words, language),
        "promises": presentation.promises_of(one, words, language),
        "history": presentation.history_of(one, found.slug, words, language),
        "state_reason": in_reader(now.reason, language) if now.reason else None,
        "said": lambda texts: in_reader(texts, language),
        "news": [(act.at, in_reader(act.content["text"], language)) for act in reversed(now.news) if not act.is_erased],
    }


def _frame(found: Round, words: Reader, language: Language) -> dict[str, Any]:
    return {
        "round": found,
        "slug": found.slug,
        "own": True,
        "rehearsal": found.rehearsal,
        "round_name": name_of(found.names, language),
        "words": words,
    }


implementation_router = Router(
    "/{lang:str}/rounds/{slug:str}/implementation",
    route_handlers=[show_board, show_project, show_picture],
    include_in_schema=False,
)
