"""The ballot list on staff's desk: projects and their order, the checklist, the hash, and two confirmations."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import ballot_list
from pb_service.core.rounds.setup import LANGUAGES, Problem, Text, Wording, WordingState
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.assessment import lists, projects, repository
from pb_service.features.assessment.errors import Changed, ListChanged, ListNotReady, NotThere, Refused
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    people_key,
    reason_of,
    refuse_languages,
    round_here,
    said,
)
from pb_service.features.assessment.projects import Details
from pb_service.features.assessment.tables import BallotProject
from pb_service.features.assessment.vocabulary import TOLD, point_names, problem_sentence, told
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.platform.files import StoredFile
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.locales import translations

_STATES: tuple[WordingState, ...] = ("original", "translated", "machine")


@get("/list", access="rounds.preview")
async def show_list(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """The list as it stands, what it lacks, and its hash."""
    form = Form.filled(translations(lang_of(request)))
    return await _list_page(request, session, actor, form)


@post("/list/confirm", access="list.fix")
async def confirm(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Confirm the list that one looked at: the first of two people, or the second, who fixes it."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request, for_update=True)
    if form.value("act") == "take_back":
        await lists.take_back(transaction, actor, found, now=clock())
        return done(f"/{language}/staff/rounds/{slug}/list", "taken_back")
    if not form.checked("read"):
        form.refuse("read", words.gettext("Tick that you have looked at the list"))
        return await _list_page(request, transaction, actor, form, status=422)
    try:
        async with transaction.begin_nested():
            row = await lists.confirm(
                transaction,
                actor,
                found,
                form.value("sha256"),
                reason_of(form, "reason"),
                key=people_key(keys),
                now=clock(),
            )
    except ReasonMissing as lacking:
        refuse_languages(form, "reason", lacking.languages, language)
    except ListNotReady:
        form.refuse("read", words.gettext("The list lacks something: see the points above."))
    except (ListChanged, *TOLD) as error:
        form.refuse("read", told(error, words))
    else:
        return done(f"/{language}/staff/rounds/{slug}/list", "fixed" if row.confirmed_second_at else "confirmed")
    return await _list_page(request, transaction, actor, form, status=409)


@post("/list/projects", access="assessment.sign")
async def make_project(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Make a project of the chosen proposals, and go on to its words."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    numbers = [int(value) for value in form.values("case") if value.isascii() and value.isdecimal() and len(value) < 9]
    key = _uuid(form.value("once"))
    if not numbers or key is None:
        form.refuse("case", words.gettext("Choose at least one proposal"))
    if not form.errors and key is not None:
        try:
            async with transaction.begin_nested():
                made = await projects.make(
                    transaction, actor, found, numbers, once=key, key=people_key(keys), now=clock()
                )
        except (Refused, *TOLD) as error:
            form.refuse("case", told(error, words))
        else:
            return done(f"/{language}/staff/rounds/{slug}/list/{made.code}", "made")
    return await _list_page(request, transaction, actor, form, status=422)


@post("/list/order", access="assessment.sign")
async def move_project(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Move a project one place up or down on its ballot."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    code, _, way = form.value("move").partition(".")
    rows = await repository.projects(transaction, found.id)
    contest = next((row.contest for row in rows if row.code == code), "")
    codes = [row.code for row in rows if row.contest == contest]
    if code in codes:
        place = codes.index(code)
        other = place - 1 if way == "up" else place + 1
        if 0 <= other < len(codes):
            codes[place], codes[other] = codes[other], codes[place]
        try:
            async with transaction.begin_nested():
                await projects.arrange(transaction, actor, found, contest, codes, key=people_key(keys), now=clock())
        except (Refused, *TOLD) as error:
            form.refuse("move", told(error, words))
            return await _list_page(request, transaction, actor, form, status=409)
    return done(f"/{language}/staff/rounds/{slug}/list#p-{code}", "moved")


@get("/list/{code:str}", access="rounds.preview")
async def show_project(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """The words of a project by language, its ballot, picture and sets."""
    found = await round_here(session, request)
    project = await _project(session, found.id, request.path_params["code"])
    form = Form.of(_fields(project), translations(lang_of(request)))
    return await _project_page(request, session, actor, project, form)


@post("/list/{code:str}", access="rounds.preview")
async def save_project(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Save a project's words, or take it off the ballot."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    project = await _project(transaction, found.id, request.path_params["code"])
    key, now = people_key(keys), clock()
    details = _details(form, project)
    try:
        async with transaction.begin_nested():
            if form.value("act") == "drop":
                await projects.drop(
                    transaction, actor, found, project.code, reason_of(form, "reason"), key=key, now=now
                )
            else:
                await projects.change(
                    transaction,
                    actor,
                    found,
                    project.code,
                    details,
                    version=form.whole("version", required=False) or 0,
                    reason=reason_of(form, "reason"),
                    key=key,
                    now=now,
                )
    except ReasonMissing as lacking:
        refuse_languages(form, "reason", lacking.languages, language)
    except Refused as refused:
        context = await frame_context(transaction, found, language)
        for problem in refused.problems:
            form.refuse(_field_of(problem), problem_sentence(problem, context["words"]))
    except Changed as changed:
        form = form.with_fields(
            {name: form.values(name) for name in form.names()} | {"version": [str(changed.version)]}
        )
        form.refuse("title_fi", told(changed, words))
    except TOLD as error:
        form.refuse("title_fi", told(error, words))
    else:
        flag = "dropped" if form.value("act") == "drop" else "saved"
        return done(f"/{language}/staff/rounds/{slug}/list", flag)
    return await _project_page(request, transaction, actor, project, form, status=422)


async def _list_page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    state = await lists.state_of(session, actor, found)
    free = await repository.proposals_in(session, found.id, {"assessed"})
    confirmed = [row for row in (state.waiting, state.fixed) if row]
    ids = {each for row in confirmed for each in (row.confirmed_first_by, row.confirmed_second_by)}
    versions = [row for row in await repository.lists(session, found.id) if row.confirmed_second_at]
    rows = await repository.projects(session, found.id)
    return staff_page(
        request,
        "assessment/list.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        this_page=f"/{language}/staff/rounds/{found.slug}/list",
        state=state,
        points=[
            (point_names(words)[point.name], point, [_problem(problem, context, words) for problem in point.problems])
            for point in state.points
        ],
        ballots=[
            (ballot, context["places"].district(ballot.key), sum(item.cost or 0 for item in ballot.items))
            for ballot in state.draft.ballots
        ],
        free=free,
        fixed=state.fixed is not None,
        same=state.fixed is not None and state.fixed.body == state.body,
        versions=versions,
        names=await repository.names(session, ids),
        mine=actor.account_id,
        makes=may(actor, "assessment.sign", round_id=found.id),
        translates=may(actor, "rounds.translate", round_id=found.id),
        fixes=may(actor, "list.fix", round_id=found.id),
        changes=[(code, ", ".join(_changed_words(fields, words))) for code, fields in state.changes],
        once_key=once(),
        title_of=lambda item: said({code: w.text for code, w in item.titles.items()}, language),
        versions_of={row.code: row.version for row in rows},
    )


def _problem(problem: Problem, context: dict[str, Any], words: Reader) -> tuple[str, str]:
    """A problem of the list: (address of what it is about, sentence)."""
    values = dict(problem.values)
    if "language" in values:
        values["language"] = context["in_words"].get(str(values["language"]), values["language"])
    sentence = problem_sentence(Problem(problem.field, problem.code, values), words)
    base = f"/{words.language}/staff/rounds/{context['round'].slug}"
    keys = {key for key, _, _ in ballot_list.contests(context["setup"])}
    if problem.field.isdecimal():
        page = "costs" if problem.code in {"not_signed", "changed_after_signature"} else "list"
        return f"{base}/{page}/{problem.field}", f"{problem.field}: {sentence}"
    if problem.field.startswith("p") and problem.field[1:].isdecimal():
        return f"{base}/proposals/{problem.field[1:]}", f"{problem.field}: {sentence}"
    if problem.field in keys:
        return "", f"{context['places'].district(problem.field)}: {sentence}"
    if problem.field in {"proposals", "reviews"}:
        return f"/{words.language}/staff/inbox", sentence
    return "", sentence


def _changed_words(fields: list[str], words: Reader) -> list[str]:
    names = {
        "added": words.gettext("added"),
        "removed": words.gettext("taken off"),
        "cost": words.gettext("price"),
        "low": words.gettext("price"),
        "high": words.gettext("price"),
        "upkeep": words.gettext("upkeep"),
        "title": words.gettext("title"),
        "text": words.gettext("text"),
        "order": words.gettext("order"),
        "contest": words.gettext("ballot"),
        "rule": words.gettext("rule"),
        "budget": words.gettext("money"),
        "limits": words.gettext("limits"),
        "picture": words.gettext("picture"),
        "alt": words.gettext("picture"),
        "proposals": words.gettext("proposals"),
    }
    return list(dict.fromkeys(names.get(field, field) for field in fields))


async def _project_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    project: BallotProject,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    words = translations(language)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    sources = (await repository.sources(session, [project.id]))[project.id]
    rows = await proposals.several(session, [each for each, _ in sources])
    pictures = [
        (str(file.file_id), file.file.name or words.gettext("Picture"))
        for row in rows
        for file in row.files
        if file.file.kind == "picture"
    ]
    book = await proposals.book_to_read(session, found.id)
    chosen = await session.get(StoredFile, project.picture_id) if project.picture_id else None
    sheets = await repository.sheets(
        session,
        proposals=[rows[0].id] if len(rows) == 1 else [],
        projects=[project.id],
    )
    signs = may(actor, "assessment.sign", round_id=found.id)
    return staff_page(
        request,
        "assessment/project.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        project=project,
        version=form.value("version") or str(project.version),
        this_page=f"/{language}/staff/rounds/{found.slug}/list/{project.code}",
        ballots=[(key, context["places"].district(key)) for key, _, _ in ballot_list.contests(context["setup"])],
        sources=[(row.number, row.title, row.language) for row in rows],
        pictures=[("", words.gettext("No picture")), *pictures],
        picture=chosen,
        states=[
            ("original", words.gettext("original")),
            ("translated", words.gettext("translated")),
            ("machine", words.gettext("machine draft")),
        ],
        cost_page=f"/{language}/staff/rounds/{found.slug}/costs/"
        + (f"p{rows[0].number}" if len(rows) == 1 and not any(s.project_id for s in sheets) else project.code),
        signed=next((sheet for sheet in reversed(sheets) if sheet.signed_at), None),
        fixed=book is not None and book.list_fixed_at is not None,
        edits=signs,
        translates=signs or may(actor, "rounds.translate", round_id=found.id),
        title=said({code: each["text"] for code, each in project.titles.items()}, language),
    )


def _fields(project: BallotProject) -> dict[str, object]:
    """A project as the fields of its form."""
    fields: dict[str, object] = {
        "version": project.version,
        "contest": project.contest,
        "sets": ", ".join(project.sets),
        "mandatory": project.mandatory,
        "picture": str(project.picture_id) if project.picture_id else "",
    }
    for name, content in (("title", project.titles), ("text", project.texts), ("alt", project.alt)):
        for code in LANGUAGES:
            each = content.get(code, {})
            fields[f"{name}_{code}"] = each.get("text", "")
            fields[f"{name}_{code}_state"] = each.get("state", "translated")
    return fields


def _details(form: Form, project: BallotProject) -> Details:
    """What was typed; who may only translate sends back the rest as it was."""
    return Details(
        contest=form.value("contest") or project.contest,
        titles=_text(form, "title"),
        texts=_text(form, "text"),
        sets=tuple(part.strip() for part in form.value("sets").split(",") if part.strip()),
        mandatory=form.checked("mandatory"),
        picture_id=_uuid(form.value("picture")),
        alt=_text(form, "alt"),
    )


def _text(form: Form, name: str) -> Text:
    text: Text = {}
    for code in LANGUAGES:
        words = form.value(f"{name}_{code}")
        state = form.value(f"{name}_{code}_state")
        if words:
            text[code] = Wording(words, state if state in _STATES else "translated")
    return text


def _field_of(problem: Problem) -> str:
    """The field of the form that a problem is about."""
    name, _, code = problem.field.partition(".")
    if name in {"title", "text", "alt"}:
        return f"{name}_{code or 'fi'}"
    return name


async def _project(session: AsyncSession, round_id: UUID, code: str) -> BallotProject:
    project = await repository.project(session, round_id, code)
    if project is None:
        raise NotThere("There is no project with this number.")
    return project


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


handlers = [show_list, confirm, make_project, move_project, show_project, save_project]
