"""A resident's pages: am I on the roll, a request to correct it, and the declaration that an open vote asks for."""

from typing import Any, cast

from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.setup import Problem, Setup
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, places_of, reader
from pb_service.features.roll import corrections, declarations, repository
from pb_service.features.roll.corrections import Wanted
from pb_service.features.roll.declarations import Declared
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.vocabulary import refusal_in_words
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations
from pb_service.web.render import page


@get("/roll", access="signed-in")
async def show_own_place(
    *, request: PageRequest, session: Session, actor: Who, keys: Keys, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """Whether the reader is on the roll, and what to do if it is wrong."""
    words = translations(language_of(lang))
    return await _own_page(request, session, actor, keys, slug=slug, form=Form.filled(words, wanted="missing"))


@post("/roll/ask", access="signed-in")
async def ask(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    keys: Keys,
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """Take a request for a correction."""
    language = language_of(lang)
    words, form = translations(language), await parse(request)
    wanted = form.choice("wanted", ("missing", "wrong"), label=words.gettext("What is wrong"))
    message = form.text("message", label=words.gettext("Tell us more"), most=1_000, lines=True)
    found = await published_round(transaction, slug)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await corrections.ask(transaction, actor, found, cast(Wanted, wanted), message, now=clock())
        except RollRefused as error:
            form.refuse("wanted", refusal_in_words(error.code, words))
        else:
            return done(f"/{language}/rounds/{slug}/roll", "asked")
    return await _own_page(request, transaction, actor, keys, slug=slug, form=form, status=422)


@get("/declare", access="signed-in")
async def show_declaration(
    *,
    request: PageRequest,
    session: Session,
    actor: Who,
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[str]:
    """What an open vote asks before the first ballot."""
    words = translations(language_of(lang))
    found = await published_round(session, slug)
    grounds = (await setup_of(session, found)).eligibility.grounds
    form = Form.filled(words, ground=grounds[0] if grounds else "")
    return await _declaration_page(request, session, actor, found, form)


@post("/declare", access="signed-in")
async def declare(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: FromPath[str], slug: FromPath[str]
) -> Response[Any]:
    """Take a declaration; what was typed to check it is held against the rule and forgotten."""
    language = language_of(lang)
    words, form = translations(language), await parse(request)
    found = await published_round(transaction, slug)
    setup = await setup_of(transaction, found)
    rule = setup.eligibility
    ground = form.choice("ground", rule.grounds, label=words.gettext("Why you may vote"))
    has_age = rule.min_age is not None or rule.max_age is not None
    born = form.date("born", label=words.gettext("Day of birth")) if has_age else None
    if not form.checked("true"):
        form.refuse("true", words.gettext("Tick that this is true"))
    if not form.errors:
        said = Declared(cast(Any, ground), born, form.value("postal_code"), form.value("school"))
        try:
            async with transaction.begin_nested():
                problems = await declarations.declare(transaction, actor, found, said, now=clock())
        except RollRefused as error:
            form.refuse("ground", refusal_in_words(error.code, words))
        else:
            if not problems:
                return done(_booth(language, found), "declared")
            for problem in problems:
                form.refuse(_FIELDS.get(problem.field, "ground"), _sentence(problem, reader(setup, language)))
    return await _declaration_page(request, transaction, actor, found, form, status=422)


_FIELDS = {"age": "born", "grounds": "ground", "postal_code": "postal_code", "school": "school"}


def _sentence(problem: Problem, words: Reader) -> str:
    told: str = {
        "age_unknown": words.gettext("Give your day of birth"),
        "too_young": words.gettext("By the rule of this round you are too young to vote"),
        "too_old": words.gettext("By the rule of this round you are too old to vote"),
        "no_ground": words.gettext("This is no ground to vote in this round"),
        "outside": words.gettext("People with this postal code do not vote in this round"),
        "required": words.gettext("Fill this in"),
    }.get(problem.code, words.gettext("This cannot be taken"))
    return told


def _booth(language: Language, found: Round) -> str:
    """Where the voter goes on. The device still has what was chosen, and the ballot leads to its review."""
    return f"/{language}/rounds/{found.slug}/vote"


async def _own_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    keys: Any,
    *,
    slug: str,
    form: Form,
    status: int = 200,
) -> Response[str]:
    found = await published_round(session, slug)
    language = language_of(request.path_params["lang"])
    setup = await setup_of(session, found)
    place = await corrections.own_place(session, found, actor, keys=keys)
    assert actor.account_id is not None  # noqa: S101 - signed in
    context = await _context(session, found, setup, language)
    answer = page(
        request,
        "roll/own.html",
        locale=language,
        status_code=status,
        form=form,
        state=place.state,
        district=context["places"].district(place.district) if place.district else "",
        takes_requests=await corrections.takes_requests(session, found),
        requests=await repository.own_requests(session, found.id, actor.account_id),
        waits=await repository.waiting_request(session, found.id, actor.account_id) is not None,
        done=request.query_params.get("done", ""),
        **context,
    )
    answer.headers["cache-control"] = "no-store"
    return answer


async def _declaration_page(
    request: PageRequest, session: AsyncSession, actor: Actor, found: Round, form: Form, *, status: int = 200
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    setup = await setup_of(session, found)
    rule, words = setup.eligibility, reader(setup, language)
    assert actor.account_id is not None  # noqa: S101 - signed in
    names = {
        "residence": words.gettext("I live in the municipality"),
        "school": words.gettext("I go to one of the schools of this round"),
        "anyone": words.gettext("Anybody may vote in this round"),
    }
    answer = page(
        request,
        "roll/declare.html",
        locale=language,
        status_code=status,
        form=form,
        asked=rule.declaration and not found.imported,
        declared=await repository.has_declared(session, found.id, actor.account_id),
        grounds=[(ground, names[ground]) for ground in rule.grounds],
        has_age=rule.min_age is not None or rule.max_age is not None,
        schools=[("", words.gettext("Choose")), *((school.name, school.name) for school in rule.schools)]
        if "school" in rule.grounds
        else [],
        has_codes="residence" in rule.grounds and bool(rule.postal_codes),
        **await _context(session, found, setup, language),
    )
    answer.headers["cache-control"] = "no-store"
    return answer


async def _context(session: AsyncSession, found: Round, setup: Setup, language: Language) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "round_name": name_of(found.names, language),
        "words": reader(setup, language),
        "places": await places_of(session, found, setup, language),
        "contact": setup.texts.contact,
        "own": True,
        "section": "vote",
    }


own_roll_router = Router(
    "/{lang:str}/rounds/{slug:str}",
    route_handlers=[show_own_place, ask, show_declaration, declare],
    include_in_schema=False,
)
