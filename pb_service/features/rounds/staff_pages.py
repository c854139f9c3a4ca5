"""The rounds of staff: the list, a new one, one round with its checklist, and what a manager does with it."""

from datetime import datetime
from typing import Any, cast

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.districts import slug as slug_of
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Problem, Text, Wording
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may, may_somewhere, require
from pb_service.features.rounds import drafts, public, timetable
from pb_service.features.rounds.errors import RoundExists, WithProblems
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import (
    changes_table,
    name_of,
    phase_list,
    problem_links,
    round_context,
    shown_phases,
    step_bar,
    words_of,
)
from pb_service.features.rounds.sentences import sentence
from pb_service.features.rounds.setup_pages import reason_of, step_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.steps.kinds import Moment
from pb_service.features.rounds.steps.labels import label_of, phase_names
from pb_service.platform.clock import Clock
from pb_service.settings import Settings
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import LANGUAGES, translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]


@get("/", access="rounds.preview")
async def show_rounds(request: PageRequest, session: Session, actor: Who, lang: FromPath[str]) -> Response[str]:
    """Every round that this person has anything to do with."""
    language = language_of(lang)
    zone = (await municipality(session)).time_zone
    return staff_page(
        request,
        "rounds/list.html",
        locale=language,
        section="rounds",
        rounds=await drafts.staff_rounds(session, actor),
        name_of=lambda names: name_of(names, language),
        phase_names=phase_names(translations(language)),
        told=lambda problem: sentence(problem, "dates", language),
        words=words_of(language, zone=zone),
        may_create=may_somewhere(actor, "rounds.create"),
    )


@get("/new", access="rounds.create", sync_to_thread=False)
def show_new(request: PageRequest, lang: FromPath[str]) -> Response[str]:
    """The form with which a round begins: its name is enough."""
    return _new_page(request, Form.filled(translations(language_of(lang)), language=lang))


@post("/new", access="rounds.create")
async def create_round(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: FromPath[str]
) -> Response[Any]:
    """Begin a draft, and go on with its first step."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    name = form.text("name", label=words.gettext("Name of the round"), most=200)
    spoken = form.choice("language", LANGUAGES, label=words.gettext("Language of the name"))
    address = form.text("slug", label=words.gettext("Address"), required=False, most=64) or slug_of(name)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                draft = await drafts.create_draft(
                    transaction,
                    actor,
                    slug=address,
                    name={language_of(spoken): Wording(name, "original")},
                    rehearsal=form.checked("rehearsal"),
                    now=clock(),
                )
        except WithProblems as refused:
            for problem in refused.problems:
                form.refuse("slug" if problem.field == "slug" else "name", sentence(problem, "texts", language))
        except RoundExists:
            form.refuse("slug", words.gettext("There is a round with this address already. Choose another."))
        else:
            return done(f"/{language}/staff/rounds/{draft.slug}/setup/texts", "created")
    return _new_page(request, form, status=422)


@get("/{slug:str}", access="rounds.preview")
async def show_round(
    request: PageRequest, session: Session, actor: Who, clock: Now, lang: FromPath[str]
) -> Response[str]:
    """One round: what its publication lacks, or what can be done with it now."""
    form = Form.filled(translations(language_of(lang)))
    return await _round_page(request, session, actor, form, now=clock())


@get("/{slug:str}/publish", access="rounds.publish", step_up=True)
async def show_publish(request: PageRequest, session: Session, actor: Who, lang: FromPath[str]) -> Response[str]:
    """The last look before a round becomes public."""
    return await _publish_page(request, session, actor, Form.filled(translations(language_of(lang))))


@post("/{slug:str}/publish", access="rounds.publish")
async def publish_round(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    settings: NamedDependency[Settings],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """Publish a draft."""
    language = language_of(lang)
    form = await parse(request)
    try:
        async with transaction.begin_nested():
            await drafts.publish(transaction, actor, slug, origin_host=settings.origin, now=clock())
    except WithProblems as refused:
        for problem in refused.problems:
            step, _, field = problem.field.partition(".")
            told = Problem(field, problem.code, problem.values)
            form.refuse(problem.field, sentence(told, step_of(step), language))
        return await _publish_page(request, transaction, actor, form, status=refused.status)
    return done(f"/{language}/staff/rounds/{slug}", "published")


@get("/{slug:str}/erase", access="rounds.erase", step_up=True)
async def show_erase(
    request: PageRequest, session: Session, actor: Who, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """The question before a draft or a rehearsal is erased."""
    language = language_of(lang)
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.erase", round_id=found.id)
    return staff_page(request, "rounds/erase.html", locale=language, **round_context(found, language))


@post("/{slug:str}/erase", access="rounds.erase")
async def erase_round(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Erase a draft that was never published, or a rehearsal with its record."""
    language = language_of(request.path_params["lang"])
    found = await find_round(transaction, slug, whole=False)
    erase = drafts.erase_rehearsal if found.rehearsal else drafts.erase_draft
    await erase(transaction, actor, slug, now=clock())
    return done(f"/{language}/staff/rounds", "erased")


@post("/{slug:str}/clone", access="rounds.create")
async def clone_round(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Begin next year's round with this one's set-up."""
    language = language_of(request.path_params["lang"])
    form = await parse(request)
    wanted = form.text("new_slug", label=translations(language).gettext("Address of the new round"), most=64)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                draft = await drafts.clone(transaction, actor, slug, new_slug=wanted, now=clock())
        except WithProblems as refused:
            for problem in refused.problems:
                form.refuse("new_slug", sentence(problem, "texts", language))
        except RoundExists:
            words = translations(language)
            form.refuse("new_slug", words.gettext("There is a round with this address already. Choose another."))
        else:
            return done(f"/{language}/staff/rounds/{draft.slug}", "cloned")
    return await _round_page(request, transaction, actor, form, now=clock(), status=422)


@post("/{slug:str}/phase", access="rounds.phase")
async def move_phase(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Push, extend, pause or resume a round, or archive it; always with a reason that everybody may read."""
    language = language_of(request.path_params["lang"])
    form = await parse(request)
    move = form.choice("move", ("push", "extend", "pause", "resume", "archive"))
    until = str(Moment().read(form, "until", lambda _: translations(language).gettext("New end")))
    reason = reason_of(form, language)
    if move == "extend" and not until:
        form.refuse("until", translations(language).gettext("Write the day on which the phase is to end"))
    if not form.errors:
        try:
            # What a refusal leaves half done is taken back before the page is shown again.
            async with transaction.begin_nested():
                await _move(transaction, actor, slug, form, until=until, reason=reason, now=clock())
        except WithProblems as refused:
            for problem in refused.problems:
                field = problem.field if problem.field.startswith(("reason", "until")) else "move"
                form.refuse(field, sentence(problem, "dates", language))
        else:
            return done(f"/{language}/staff/rounds/{slug}", move)
    return await _round_page(request, transaction, actor, form, now=clock(), status=422)


async def _move(
    session: AsyncSession, actor: Actor, slug: str, form: Form, *, until: str, reason: Text, now: datetime
) -> None:
    """Do what the form asks for with the phases of a round."""
    match form.value("move"):
        case "push":
            target = cast(Phase, form.value("target"))
            await timetable.push_phase(session, actor, slug, target, reason=reason, now=now)
        case "extend":
            await timetable.extend(session, actor, slug, until, reason=reason, now=now)
        case "pause":
            await timetable.pause(session, actor, slug, reason=reason, now=now)
        case "resume":
            later = form.checked("move_dates")
            await timetable.resume(session, actor, slug, reason=reason, move_dates=later, now=now)
        case _:
            await timetable.archive(session, actor, slug, reason=reason, now=now)


def _new_page(request: PageRequest, form: Form, *, status: int = 200) -> Response[str]:
    language = language_of(request.path_params["lang"])
    return staff_page(request, "rounds/new.html", locale=language, status_code=status, section="rounds", form=form)


async def _round_page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, now: datetime, status: int = 200
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    slug = request.path_params["slug"]
    found = await find_round(session, slug, whole=False)
    setup = await setup_of(session, found)
    checklist = await drafts.checklist(session, actor, slug)
    shown = await public.preview(session, actor, slug)
    moves = await timetable.phase_moves(session, actor, slug, now=now)
    words = words_of(language, zone=setup.dates.time_zone)
    return staff_page(
        request,
        "rounds/overview.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        form=form,
        words=words,
        bar=step_bar(checklist, slug, None, language),
        checklist=checklist,
        lacking=problem_links(checklist, slug, language),
        shown=shown,
        phases_of_round=phase_list(shown.timeline, words),
        phase_names=phase_names(translations(language)),
        moves={move.act: move for move in moves},
        told=lambda problem: sentence(problem, "dates", language),
        changes=changes_table(language),
        phases=shown_phases(language),
        label=lambda path: label_of("dates", path, language),
        required_languages=(await municipality(session)).languages,
        may_push=may(actor, "rounds.phase", round_id=found.id),
        may_publish=may(actor, "rounds.publish", round_id=found.id),
        may_create=may_somewhere(actor, "rounds.create"),
        may_erase=may(actor, "rounds.erase", round_id=found.id),
        may_enter=may(actor, "proposals.enter", round_id=found.id),
        may_review_casting=may(actor, "casting.review", round_id=found.id),
    )


async def _publish_page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    checklist = await drafts.checklist(session, actor, found.slug)
    return staff_page(
        request,
        "rounds/publish.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        form=form,
        lacking=problem_links(checklist, found.slug, language),
    )


handlers = [
    show_rounds,
    show_new,
    create_round,
    show_round,
    show_publish,
    publish_round,
    show_erase,
    erase_round,
    clone_round,
    move_phase,
]
