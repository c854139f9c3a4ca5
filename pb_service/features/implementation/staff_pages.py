"""Staff pages of what is being built: the board of a round, and the desk of one project with a form for each act."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation.history import ENDED, State
from pb_service.core.implementation.orders import (
    Assign,
    Close,
    Correct,
    Drop,
    Erase,
    GiveUp,
    Move,
    Order,
    Plan,
    Postpone,
    Reach,
    Recost,
    Reopen,
    Spend,
    Tell,
    Unpicture,
)
from pb_service.core.implementation.rules import MOST_ALT, MOST_ANSWER, MOST_TEXT, MOST_TITLE, MOST_WORDS
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.assessment.page_parts import (
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    round_here,
)
from pb_service.features.implementation import presentation, reading, service
from pb_service.features.implementation.errors import ImplementationChanged, ImplementationRefused, NotBuiltYet
from pb_service.features.implementation.reading import Built
from pb_service.features.implementation.vocabulary import closing_questions, in_reader, refusal, state_names
from pb_service.features.proposals.sentences import file_refusal
from pb_service.platform.files import FileRefused, FileStore
from pb_service.platform.pictures import PictureRefused
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.locales import LANGUAGES, translations

Files = NamedDependency[FileStore]
#: A picture in full size, with the texts of its form.
_MOST_BYTES = 16_000_000
#: Words at most of each text of a form; pages refuse nothing that the service takes.
_MOST = {"title": MOST_TITLE, "text": MOST_TEXT, "reason": MOST_TEXT, "what": MOST_WORDS}


@get("/", access="rounds.preview")
async def show_board(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """Every funded project, what is late first, and which of them this person works on."""
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    try:
        shown = await reading.board(session, found, clock())
    except NotBuiltYet:
        shown = None
    lines = (
        [
            presentation.line_of(one, f"{context['base']}/implementation", shown.today, words, language)
            for one in shown.projects
        ]
        if shown
        else []
    )
    own = await service.units_of(session, actor)
    mine = {
        line.built.key
        for line in lines
        if service.may_work(actor, found, line.built.funded.contest, line.built.unit_id, own)
    }
    return staff_page(
        request,
        "implementation/staff_board.html",
        locale=language,
        **{
            **context,
            "section": "rounds",
            "is_confirmed": shown is not None,
            "lines": sorted(lines, key=lambda line: (line.built.state in ENDED, not line.is_late)),
            "mine": mine,
        },
    )


@get("/{contest:str}/{project:str}", access="rounds.preview")
async def show_desk(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """One project: how it stands, its history, and what this person may do."""
    return await _desk(request, session, actor, clock, Form.filled(translations(lang_of(request))))


@post("/{contest:str}/{project:str}", access="implementation.edit")
async def add_act(request: PageRequest, transaction: Session, actor: Who, clock: Now, files: Files) -> Response[Any]:
    """Add what the form says to the history."""
    language, form = lang_of(request), await parse(request)
    kind = form.choice("act", tuple(_ORDERS))
    order = _order(form, kind, language) if kind else None
    if order is None or form.errors:
        return await _desk(request, transaction, actor, clock, form, status=422)
    found = await round_here(transaction, request, for_update=True)
    try:
        async with transaction.begin_nested():
            await service.act(
                transaction,
                actor,
                found,
                (request.path_params["contest"], request.path_params["project"]),
                order,
                version=_version(form),
                once=_once(form),
                files=files,
                now=clock(),
            )
    except ImplementationChanged:
        return await _desk(request, transaction, actor, clock, form, status=409, is_changed=True)
    except ImplementationRefused as refused:
        await _refuse(transaction, request, form, kind, refused.problems)
        return await _desk(request, transaction, actor, clock, form, status=422)
    return done(_address(request), kind)


@post("/{contest:str}/{project:str}/picture", access="implementation.edit", request_max_body_size=_MOST_BYTES)
async def add_picture(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, files: Files
) -> Response[Any]:
    """Add a picture."""
    language, form = lang_of(request), await parse(request)
    words = translations(language)
    upload = form.upload("pictured_file", label=words.gettext("Picture"), most=15_000_000)
    alt = _texts(form, "pictured_alt", MOST_ALT)
    if upload is None or form.errors:
        return await _desk(request, transaction, actor, clock, form, status=422)
    found = await round_here(transaction, request, for_update=True)
    try:
        async with transaction.begin_nested():
            await service.add_picture(
                transaction,
                actor,
                files,
                found,
                (request.path_params["contest"], request.path_params["project"]),
                body=upload.body,
                name=upload.filename,
                alt=alt,
                version=_version(form),
                once=_once(form),
                now=clock(),
            )
    except ImplementationChanged:
        return await _desk(request, transaction, actor, clock, form, status=409, is_changed=True)
    except ImplementationRefused as refused:
        await _refuse(transaction, request, form, "pictured", refused.problems)
    except (FileRefused, PictureRefused) as error:
        form.refuse("pictured_file", file_refusal(error, words))
    else:
        return done(_address(request), "pictured")
    return await _desk(request, transaction, actor, clock, form, status=422)


#: How the form of each act is read: its fields begin with the name of the act.
_ORDERS = {
    "assigned": Assign,
    "moved": Move,
    "planned": Plan,
    "postponed": Postpone,
    "reached": Reach,
    "dropped": Drop,
    "spent": Spend,
    "corrected": Correct,
    "recosted": Recost,
    "told": Tell,
    "unpictured": Unpicture,
    "erased": Erase,
    "gaveup": GiveUp,
    "closed": Close,
    "reopened": Reopen,
}


def _order(form: Form, kind: str, language: str) -> Order | None:  # noqa: PLR0911, PLR0912 - one an act
    """The order that was typed; what cannot be read is noted in the form."""
    labels = field_labels(form_words(language))

    def day(name: str) -> Any:
        return form.date(f"{kind}_{name}", label=labels[name])

    def texts(name: str) -> dict[str, str]:
        return _texts(form, f"{kind}_{name}", _MOST.get(name, MOST_ANSWER))

    def number(name: str) -> int:
        return form.whole(f"{kind}_{name}", label=labels[name])

    match kind:
        case "assigned":
            try:
                return Assign(unit=UUID(form.value("assigned_unit")))
            except ValueError:
                form.refuse("assigned_unit", refusal(Problem("unit", "unknown"), labels["unit"], form_words(language)))
                return None
        case "moved":
            state: Any = form.choice("moved_state", ("planning", "under_way", "delayed"), label=labels["state"])
            return Move(state=state, reason=texts("reason"))
        case "planned":
            return Plan(title=texts("title"), due=day("due"))
        case "postponed":
            return Postpone(milestone=number("milestone"), due=day("due"), reason=texts("reason"))
        case "reached":
            return Reach(milestone=number("milestone"), on=day("on"))
        case "dropped":
            return Drop(milestone=number("milestone"), reason=texts("reason"))
        case "spent":
            amount = form.money("spent_amount", label=labels["amount"])
            what = form.text("spent_what", label=labels["what"], most=MOST_WORDS)
            receipt = form.text("spent_receipt", label=labels["receipt"], required=False, most=MOST_WORDS)
            return Spend(on=day("on"), what={language: what} if what else {}, amount=amount, receipt=receipt)
        case "corrected":
            return Correct(entry=number("entry"), reason=texts("reason"))
        case "recosted":
            amount = form.money("recosted_amount", label=labels["amount"])
            return Recost(amount=amount, reason=texts("reason"), decision=form.value("recosted_decision"))
        case "told":
            return Tell(text=texts("text"))
        case "unpictured":
            return Unpicture(picture=number("picture"), reason=texts("reason"))
        case "erased":
            return Erase(line=number("line"), reason=texts("reason"))
        case "gaveup":
            return GiveUp(reason=texts("reason"), decision=form.value("gaveup_decision"))
        case "closed":
            return Close(happened=texts("happened"), learned=texts("learned"), develop=texts("develop"))
        case _:
            return Reopen(reason=texts("reason"))


def form_words(language: Any) -> Reader:
    return Reader(language, translations(language))


def field_labels(words: Reader) -> Mapping[str, str]:
    """What the fields of the forms are called."""
    return {
        "unit": words.gettext("Responsible unit"),
        "state": words.gettext("State"),
        "reason": words.gettext("Reason"),
        "title": words.gettext("Milestone"),
        "due": words.gettext("Until which day"),
        "on": words.gettext("Day"),
        "milestone": words.gettext("Milestone"),
        "amount": words.gettext("Sum"),
        "what": words.gettext("What for"),
        "receipt": words.gettext("Number of the receipt"),
        "entry": words.gettext("Entry"),
        "decision": words.gettext("Reference number of the decision"),
        "text": words.gettext("News"),
        "file": words.gettext("Picture"),
        "alt": words.gettext("What the picture shows"),
        "picture": words.gettext("Picture"),
        "line": words.gettext("Line"),
        "act": words.gettext("This cannot be done now"),
        **closing_questions(words),
    }


async def _refuse(session: AsyncSession, request: PageRequest, form: Form, kind: str, problems: list[Problem]) -> None:
    """Note each problem at its field, as a sentence; those of the whole act at the act's own."""
    language = lang_of(request)
    context = await frame_context(session, await round_here(session, request), language)
    words: Reader = context["words"]
    labels = field_labels(words)
    for problem in problems:
        name, _, code = problem.field.partition("_")
        label = f"{labels[name]} ({context['in_words'][code]})" if code in LANGUAGES else labels[name]
        form.refuse(f"{kind}_{problem.field}", refusal(problem, label, words))


async def _desk(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    clock: Any,
    form: Form,
    *,
    status: int = 200,
    is_changed: bool = False,
) -> Response[str]:
    language = lang_of(request)
    found = await round_here(session, request)
    contest, code = request.path_params["contest"], request.path_params["project"]
    one = await reading.built(session, found, contest, code)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    today = await reading.today_of(session, found, clock())
    board = f"{context['base']}/implementation"
    history = presentation.history_of(one, found.slug, words, language)
    seen = _version(form)
    return staff_page(
        request,
        "implementation/staff_project.html",
        locale=language,
        status_code=status,
        **{
            **context,
            "section": "rounds",
            "board": board,
            "address": f"{board}/{contest}/{code}",
            "public": f"/{language}/rounds/{found.slug}/implementation/{contest}/{code}",
            "form": form,
            "today": today.isoformat(),
            "open_act": form.value("act") if form.errors or is_changed else "",
            "line": presentation.line_of(one, board, today, words, language),
            "one": one,
            "now": one.progress,
            "is_over": one.state in ENDED or found.phase not in service.BUILDING,
            "builds": found.phase in service.BUILDING,
            "is_changed": is_changed,
            "since": [line for line in history if line.number > seen] if is_changed else [],
            "steps": presentation.steps_of(one.progress, today, words, language),
            "history": history,
            "questions": closing_questions(words),
            "works": service.may_work(actor, found, contest, one.unit_id, await service.units_of(session, actor)),
            "line_choices": [
                ("", words.gettext("Choose")),
                *((str(item.number), f"{item.number}. {item.title}") for item in history if item.is_erasable),
            ],
            "decides": may(actor, "implementation.decide", round_id=found.id, district=contest),
            "once": once,
            **await _choices(session, one, words, language),
        },
    )


async def _choices(session: AsyncSession, one: Built, words: Reader, language: Any) -> dict[str, Any]:
    """What the selects of the forms offer."""
    choose = ("", words.gettext("Choose"))
    names, now = state_names(words), one.progress
    stages: tuple[State, ...] = ("planning", "under_way", "delayed")
    return {
        "units": [
            choose,
            *((str(unit.id), in_reader(unit.names, language).text) for unit in await staff.units(session)),
        ],
        "stages": [choose, *((stage, names[stage]) for stage in stages if stage != now.state)],
        "milestones": [
            choose,
            *((str(step.number), in_reader(step.title, language).text) for step in now.milestones if step.is_open),
        ],
        "entries": [
            choose,
            *(
                (str(item.number), f"{words.date_of(item.on)}: {words.money(item.amount)}")
                for item in now.spendings
                if item.why_not is None
            ),
        ],
        "picture_choices": [
            choose,
            *((str(item.number), in_reader(item.alt, language).text) for item in now.pictures),
        ],
    }


def _texts(form: Form, name: str, most: int) -> dict[str, str]:
    """A text by language as it was typed; languages without words are left out."""
    typed = {code: form.text(f"{name}_{code}", required=False, most=most, lines=True) for code in LANGUAGES}
    return {code: text for code, text in typed.items() if text}


def _version(form: Form) -> int:
    """The version that was looked at; a form without one was looked at before anything was there."""
    typed = form.value("version")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def _once(form: Form) -> UUID | None:
    try:
        return UUID(form.value("once"))
    except ValueError:
        return None


def _address(request: PageRequest) -> str:
    params = request.path_params
    return f"/{lang_of(request)}/staff/rounds/{params['slug']}/implementation/{params['contest']}/{params['project']}"


implementation_staff_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/implementation",
    route_handlers=[show_board, show_desk, add_act, add_picture],
    include_in_schema=False,
)
