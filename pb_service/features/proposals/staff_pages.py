"""What staff do with the proposals of a round besides deciding about them: the form, paper and phone, tables, land,
joining and dividing.
"""

import re
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import STANDARD, Draft, ProposalForm, Theme, form_content
from pb_service.core.rounds.districts import slug as slug_of
from pb_service.core.rounds.setup import LANGUAGES, Problem, Text, Wording
from pb_service.core.rounds.sheet_rows import RowProblem
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.proposals import entering, merging, repository
from pb_service.features.proposals.drafts import draft_of, save_version
from pb_service.features.proposals.entering import Report
from pb_service.features.proposals.errors import (
    ActRefused,
    FormChanged,
    ImportRefused,
    MergeRefused,
    OwnProposal,
    ProposalChanged,
    ProposalNotFound,
    ProposalRefused,
    ReasonMissing,
)
from pb_service.features.proposals.forms import form_of, save_form
from pb_service.features.proposals.land import drop_land, save_land
from pb_service.features.proposals.sentences import merge_refusal, refusal, sentence
from pb_service.features.proposals.tables import Proposal
from pb_service.features.proposals.write_form import Step, check, labels, put_problems, read, shown
from pb_service.features.proposals.write_pages import LANGUAGE_NAMES, field_context
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import round_context, words_of
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.features.rounds.sentences import row_sentence
from pb_service.platform.clock import Clock
from pb_service.web.formats import Catalogue
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Lang = FromPath[str]
Slug = FromPath[str]
Number = FromPath[int]
PageRequest = Request[Any, Any, Any]

_MOST = 20_000_000
_FIELDS: tuple[Step, ...] = ("need", "idea", "place", "people", "cost")
_TEXT_FIELDS = ("need", "title", "idea", "audience")


@get("/new", access="proposals.enter")
async def show_enter(request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug) -> Response[str]:
    """The form for a proposal from paper or the telephone."""
    language = language_of(lang)
    public = await public_round(session, slug)
    require(actor, "proposals.enter", round_id=public.id)
    values = {**shown(Draft(language=language), unit=public.setup.money.unit), "once": once(), "channel": "paper"}
    return await _enter_page(request, session, public, Form.of(values, translations(language)))


@post("/new", access="proposals.enter", request_max_body_size=12_000_000)
async def take_entered(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug
) -> Response[Any]:
    """Take in what was typed from paper or heard on the telephone."""
    language = language_of(lang)
    public = await public_round(transaction, slug)
    words = words_of(language)
    asked, _ = await form_of(transaction, public.id)
    form = await parse(request)
    draft = read(form, asked, words, language=language)
    channel = form.choice("channel", ("paper", "phone"))
    author = form.text("author_name", required=False, most=100)
    key = _uuid(form.value("once"))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                made = await entering.enter(
                    transaction,
                    actor,
                    slug,
                    draft,
                    channel="phone" if channel == "phone" else "paper",
                    author_name=author,
                    once=key,
                    now=clock(),
                )
            return done(f"/{language}/staff/rounds/{slug}/proposals/new", "entered", number=str(made.number))
        except ProposalRefused as refused:
            put_problems(form, refused.problems, asked, words)
        except ActRefused as error:
            form.refuse("title", refusal(error, words))
    return await _enter_page(request, transaction, public, form, status=422)


@get("/import", access="proposals.enter")
async def show_import(request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug) -> Response[str]:
    """Choose a table of proposals."""
    require(actor, "proposals.enter", round_id=(await find_round(session, slug, whole=False)).id)
    return await _import_page(request, session, Form.filled(translations(language_of(lang))), None)


@post("/import", access="proposals.enter", request_max_body_size=_MOST + 100_000)
async def look_at_import(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug
) -> Response[str]:
    """Show what a table holds and what is wrong with it. Nothing of the round changes."""
    language = language_of(lang)
    form = await parse(request)
    file = form.upload("file", label=translations(language).gettext("File"), most=_MOST)
    report = None
    if file:
        try:
            async with transaction.begin_nested():
                report = await entering.import_preview(
                    transaction, actor, slug, file.body, filename=file.filename, now=clock()
                )
        except ImportRefused as refused:
            _put_file_problems(form, refused, language)
    return await _import_page(request, transaction, form, report)


@post("/import/take", access="proposals.enter")
async def take_import(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug
) -> Response[Any]:
    """Import the table that was looked at."""
    language = language_of(lang)
    form = await parse(request)
    try:
        async with transaction.begin_nested():
            report = await entering.import_apply(
                transaction,
                actor,
                slug,
                _uuid(form.value("upload")),
                leave_out_bad=form.checked("leave_out"),
                now=clock(),
            )
    except ImportRefused as refused:
        _put_file_problems(form, refused, language)
        return await _import_page(request, transaction, form, None)
    except ActRefused as error:
        form.refuse("file", refusal(error, translations(language)))
        return await _import_page(request, transaction, form, None)
    flag = "running" if report.by_job else "imported"
    return done(f"/{language}/staff/rounds/{slug}/proposals/import", flag, number=str(report.new))


@get("/form", access="rounds.preview")
async def show_form(request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug) -> Response[str]:
    """The form that residents fill in, as staff set it."""
    language = language_of(lang)
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.preview", round_id=found.id)
    asked, version = await form_of(session, found.id)
    values = {**_form_values(asked), "version": version}
    return await _form_page(request, session, actor, asked, Form.of(values, translations(language)))


@post("/form", access="rounds.edit")
async def save_form_page(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug
) -> Response[Any]:
    """Save the form, or the land layer beside it."""
    language = language_of(lang)
    words = translations(language)
    found = await find_round(transaction, slug, whole=False)
    asked, _ = await form_of(transaction, found.id)
    form = await parse(request)
    content = _form_read(form, asked, words)
    version = form.whole("version", most=10**6)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await save_form(transaction, actor, slug, content, version=version, now=clock())
            return done(f"/{language}/staff/rounds/{slug}/proposals/form", "saved")
        except ProposalRefused as refused:
            for problem in refused.problems:
                form.refuse(problem.field, sentence(problem, problem.field, words))
        except FormChanged:
            form.refuse("support_limit", words.gettext("Somebody else saved this form meanwhile. Load the page again."))
        except ActRefused as error:
            form.refuse("support_limit", refusal(error, words))
    return await _form_page(request, transaction, actor, asked, form)


@post("/land", access="rounds.edit", request_max_body_size=6_000_000)
async def take_land(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug
) -> Response[Any]:
    """Bring the land that the municipality owns, or do without it."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    if form.value("go") == "drop":
        await drop_land(transaction, actor, slug, now=clock())
        return done(f"/{language}/staff/rounds/{slug}/proposals/form", "dropped")
    file = form.upload("land", label=words.gettext("File"), most=5_000_000)
    if file:
        try:
            async with transaction.begin_nested():
                await save_land(transaction, actor, slug, file.body, now=clock())
            return done(f"/{language}/staff/rounds/{slug}/proposals/form", "land")
        except ImportRefused as refused:
            for problem in refused.problems[:5] or [Problem("areas", "empty")]:
                line = problem.field.partition(".")[2]
                row = RowProblem(int(line) if line.isdigit() else 0, "", problem.code, problem.values)
                form.refuse("land", row_sentence(row, language))
    found = await find_round(transaction, slug, whole=False)
    asked, version = await form_of(transaction, found.id)
    shown_form = Form.of({**_form_values(asked), "version": version}, words)
    for name, told in form.errors:
        shown_form.refuse(name, told)
    return await _form_page(request, transaction, actor, asked, shown_form)


@get("/{number:int}/merge", access="proposals.moderate")
async def show_merge(
    *, request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug, number: Number
) -> Response[str]:
    """Which proposals go on as part of this one."""
    proposal = await _found(session, actor, slug, number)
    form = Form.filled(translations(language_of(lang)), numbers=request.query_params.get("numbers", "")[:200])
    return await _joint_page(request, session, "merge", proposal, form)


@post("/{number:int}/merge", access="proposals.moderate")
async def merge_page(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug, number: Number
) -> Response[Any]:
    """Merge."""
    language = language_of(lang)
    words = translations(language)
    into = await _found(transaction, actor, slug, number)
    form = await parse(request)
    wanted = [int(text) for text in re.findall(r"\d{1,7}", form.text("numbers", label=words.gettext("Numbers")))]
    ids = []
    for each in wanted:
        row = await repository.by_number(transaction, into.round_id, each)
        if row is None:
            form.refuse("numbers", words.gettext("There is no proposal %(number)s") % {"number": each})
        else:
            ids.append(row.id)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await merging.merge(transaction, actor, into.id, ids, reasons_in(form), now=clock())
            return done(_case(language, slug, number), "merged")
        except (MergeRefused, ActRefused, OwnProposal, ReasonMissing) as error:
            _put_refusal(form, "numbers", error, words)
            into = await _found(transaction, actor, slug, number)  # what was begun is rolled back
    return await _joint_page(request, transaction, "merge", into, form)


@get("/{number:int}/split", access="proposals.moderate")
async def show_split(
    *, request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug, number: Number
) -> Response[str]:
    """The parts as which a proposal goes on; they begin with its text."""
    proposal = await _found(session, actor, slug, number)
    values = {
        f"parts.{part}.{name}": getattr(proposal, name) for part in range(2) for name in ("title", "need", "idea")
    }
    return await _joint_page(request, session, "split", proposal, Form.of(values, translations(language_of(lang))))


@post("/{number:int}/split", access="proposals.moderate")
async def split_page(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug, number: Number
) -> Response[Any]:
    """Split; ``go=more`` only shows one more part."""
    language = language_of(lang)
    words = translations(language)
    proposal = await _found(transaction, actor, slug, number)
    round_id = proposal.round_id
    form = await parse(request)
    parts = [_part(form, proposal, part) for part in range(parts_in(form))]
    if form.value("go") == "more":
        values = {name: form.values(name) for name in form.names()}
        values |= {f"parts.{len(parts)}.{name}": [getattr(proposal, name)] for name in ("title", "need", "idea")}
        return await _joint_page(request, transaction, "split", proposal, form.with_fields(values))
    try:
        async with transaction.begin_nested():
            await merging.split(transaction, actor, proposal.id, parts, reasons_in(form), now=clock())
        return done(_case(language, slug, number), "split")
    except ProposalRefused as refused:
        asked, _ = await form_of(transaction, round_id)
        names = labels(asked, words_of(language))
        for problem in refused.problems:
            form.refuse(f"parts.0.{problem.field}", sentence(problem, names.get(problem.field, ""), words))
    except (MergeRefused, ActRefused, OwnProposal, ReasonMissing) as error:
        _put_refusal(form, "parts.0.title", error, words)
    proposal = await _found(transaction, actor, slug, number)  # what was begun is rolled back
    return await _joint_page(request, transaction, "split", proposal, form)


@post("/joints/{merge_id:uuid}/undo", access="proposals.moderate")
async def undo_page(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: Lang,
    slug: Slug,
    merge_id: FromPath[UUID],
) -> Response[Any]:
    """Undo a merge or a split."""
    language = language_of(lang)
    form = await parse(request)
    number = form.whole("number", most=10**7)
    try:
        async with transaction.begin_nested():
            await merging.undo(transaction, actor, merge_id, now=clock())
    except (MergeRefused, ActRefused) as error:
        proposal = await _found(transaction, actor, slug, number)
        _put_refusal(form, "numbers", error, translations(language))
        return await _joint_page(request, transaction, "merge", proposal, form)
    return done(_case(language, slug, number), "undone")


@get("/{number:int}/edit", access="proposals.moderate")
async def show_staff_edit(
    *, request: PageRequest, session: Session, actor: Who, lang: Lang, slug: Slug, number: Number
) -> Response[str]:
    """The text of a proposal, to put it right as staff."""
    proposal = await _found(session, actor, slug, number)
    public = await public_round(session, slug)
    values = {**shown(draft_of(proposal), unit=public.setup.money.unit), "version": proposal.version}
    form = Form.of(values, translations(language_of(lang)))
    return await _edit_page(request, session, public, proposal, form)


@post("/{number:int}/edit", access="proposals.moderate", request_max_body_size=12_000_000)
async def staff_edit(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, slug: Slug, number: Number
) -> Response[Any]:
    """Save another version as staff, with a note why."""
    language = language_of(lang)
    proposal = await _found(transaction, actor, slug, number)
    public = await public_round(transaction, slug)
    asked, _ = await form_of(transaction, public.id)
    words = words_of(language)
    form = await parse(request)
    before = draft_of(proposal)
    draft = msgspec.structs.replace(
        read(form, asked, words, language=language),
        show_author=before.show_author,
        group_name=before.group_name,
        minor=before.minor,
        age_group=before.age_group,
        join_wishes=before.join_wishes,
    )
    check(form, asked, draft, [district.key for district in public.setup.districts.districts], words)
    note = form.text("note", label=words.gettext("Why the text is changed"), most=500)
    version = form.whole("version", most=10**6)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await save_version(transaction, actor, proposal.id, draft, version=version, reason=note, now=clock())
            return done(_case(language, slug, number), "edited")
        except ProposalRefused as refused:
            put_problems(form, refused.problems, asked, words)
        except ProposalChanged:
            form.refuse("title", words.gettext("Somebody else changed this proposal meanwhile. Load the page again."))
        except (ActRefused, OwnProposal) as error:
            _put_refusal(form, "title", error, words)
    return await _edit_page(request, transaction, public, proposal, form, status=422)


def reasons_in(form: Form) -> dict[str, str]:
    """The reason that a form holds, by language."""
    return {code: text for code in LANGUAGES if (text := form.value(f"reason.{code}"))}


def _put_refusal(
    form: Form, field: str, error: MergeRefused | ActRefused | OwnProposal | ReasonMissing, words: Catalogue
) -> None:
    if isinstance(error, ReasonMissing):
        for code in error.languages:
            form.refuse(
                f"reason.{code}", words.gettext("Everybody will read the reason: write it in this language too")
            )
    elif isinstance(error, MergeRefused):
        form.refuse(field, merge_refusal(error, words))
    elif isinstance(error, ActRefused):
        form.refuse(field, refusal(error, words))
    else:
        form.refuse(field, words.gettext("You wrote one of these proposals yourself: somebody else must do this."))


def _put_file_problems(form: Form, refused: ImportRefused, language: Language) -> None:
    for problem in refused.problems:
        form.refuse("file", row_sentence(RowProblem(0, "", problem.code, problem.values), language))


def _part(form: Form, proposal: Proposal, number: int) -> Draft:
    """One part of a split: its own words, everything else as the proposal had it."""
    return msgspec.structs.replace(
        draft_of(proposal),
        title=form.value(f"parts.{number}.title"),
        need=form.value(f"parts.{number}.need"),
        idea=form.value(f"parts.{number}.idea"),
    )


def parts_in(form: Form) -> int:
    """How many parts a form for a split holds."""
    count = 0
    while f"parts.{count}.title" in form.names() and count < merging.MOST:
        count += 1
    return count


async def _found(session: AsyncSession, actor: Actor, slug: str, number: int) -> Proposal:
    found = await find_round(session, slug, whole=False)
    proposal = await repository.by_number(session, found.id, number)
    if proposal is None:
        raise ProposalNotFound("There is no such proposal.")
    require(actor, "proposals.moderate", round_id=found.id, district=proposal.district)
    return proposal


async def _enter_page(
    request: PageRequest, session: AsyncSession, public: PublicRound, form: Form, *, status: int = 200
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, public.slug, whole=False)
    asked, _ = await form_of(session, public.id)
    return staff_page(
        request,
        "proposals/staff/enter.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        **field_context(public, asked, form, language, here=_FIELDS),
        entered=request.query_params.get("number", "")[:8],
    )


async def _edit_page(
    request: PageRequest,
    session: AsyncSession,
    public: PublicRound,
    proposal: Proposal,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, public.slug, whole=False)
    asked, _ = await form_of(session, public.id)
    return staff_page(
        request,
        "proposals/staff/edit.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        **field_context(public, asked, form, language, here=("need", "idea", "place", "people")),
        proposal=proposal,
    )


async def _import_page(request: PageRequest, session: AsyncSession, form: Form, report: Report | None) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    problems = report.problems if report else ()
    return staff_page(
        request,
        "proposals/staff/import.html",
        locale=language,
        status_code=422 if form.errors or problems else 200,
        **round_context(found, language),
        form=form,
        report=report,
        problems=[(problem.line, row_sentence(problem, language)) for problem in problems],
        imported=request.query_params.get("number", "")[:8],
        runs=await repository.imports_of(session, found.id),
    )


async def _joint_page(
    request: PageRequest, session: AsyncSession, kind: str, proposal: Proposal, form: Form
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    return staff_page(
        request,
        f"proposals/staff/{kind}.html",
        locale=language,
        status_code=422 if form.errors else 200,
        **round_context(found, language),
        form=form,
        proposal=proposal,
        parts=max(2, parts_in(form)),
        required_languages=(await municipality(session)).languages,
        language_names=LANGUAGE_NAMES,
    )


async def _form_page(
    request: PageRequest, session: AsyncSession, actor: Actor, asked: ProposalForm, form: Form
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    land = await repository.land(session, found.id)
    return staff_page(
        request,
        "proposals/staff/form.html",
        locale=language,
        status_code=422 if form.errors else 200,
        **round_context(found, language),
        form=form,
        asked=asked,
        fields=STANDARD,
        text_fields=_TEXT_FIELDS,
        label=labels(asked, words_of(language)),
        land=land,
        may_edit=may(actor, "rounds.edit", round_id=found.id),
        language_names=LANGUAGE_NAMES,
        questions=_question_rows(form),
    )


def _question_rows(form: Form) -> int:
    """How many rows of questions a form shows: those filled in, and one more."""
    filled = [
        number for number in range(21) if any(form.value(f"questions.{number}.label.{code}") for code in LANGUAGES)
    ]
    return min((max(filled) + 2) if filled else 1, 20)


def _form_values(asked: ProposalForm) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in STANDARD:
        rule = getattr(asked, name)
        values |= {f"{name}.asked": rule.asked, f"{name}.required": rule.required}
        values |= {f"{name}.least": rule.least, f"{name}.most": rule.most}
        values |= {f"{name}.help.{code}": wording.text for code, wording in rule.help.items()}
    values["themes"] = "\n".join(_line(theme) for theme in asked.themes)
    for number, question in enumerate(asked.questions):
        at = f"questions.{number}"
        values |= {f"{at}.key": question.key, f"{at}.kind": question.kind, f"{at}.most": question.most}
        values |= {f"{at}.required": question.required, f"{at}.public": question.public}
        values |= {f"{at}.label.{code}": wording.text for code, wording in question.label.items()}
        values |= {f"{at}.help.{code}": wording.text for code, wording in question.help.items()}
        values[f"{at}.options"] = "\n".join(_line(option) for option in question.options)
    values |= {"support_limit": asked.support_limit, "review_days": asked.review_days, "pictures": asked.pictures}
    return values


def _line(theme: Theme) -> str:
    """A theme as one line of a field: its names, Finnish, Swedish, English, parted by lines upright."""
    return " | ".join(theme.name[code].text if code in theme.name else "" for code in LANGUAGES)


def _form_read(form: Form, before: ProposalForm, words: Catalogue) -> dict[str, Any]:
    content = form_content(before)
    for name in STANDARD:
        rule = dict(content[name])
        rule |= {"asked": form.checked(f"{name}.asked"), "required": form.checked(f"{name}.required")}
        if name in _TEXT_FIELDS:
            rule |= {
                "least": form.whole(f"{name}.least", label=words.gettext("At least"), most=5_000),
                "most": form.whole(f"{name}.most", label=words.gettext("At most"), least=1, most=5_000),
            }
        rule["help"] = _text(form, f"{name}.help")
        content[name] = rule
    content["themes"] = _themes(form.value("themes"), before.themes)
    questions = []
    for number in range(20):
        at = f"questions.{number}"
        label = _text(form, f"{at}.label")
        if not label:
            continue
        first = next(iter(label.values()))["text"]
        known = before.questions[number] if number < len(before.questions) else None
        questions.append(
            {
                "key": form.value(f"{at}.key") or slug_of(first)[:40] or f"q{number + 1}",
                "label": label,
                "help": _text(form, f"{at}.help"),
                "kind": form.choice(f"{at}.kind", ("line", "text", "choice", "yes", "number")) or "line",
                "options": _themes(form.value(f"{at}.options"), known.options if known else ()),
                "required": form.checked(f"{at}.required"),
                "most": form.whole(f"{at}.most", required=False, least=1, most=2_000) or 200,
                "public": form.checked(f"{at}.public"),
            }
        )
    content["questions"] = questions
    content["support_limit"] = form.whole("support_limit", required=False, least=1, most=1_000)
    content["review_days"] = form.whole("review_days", label=words.gettext("Days"), least=1, most=365)
    content["pictures"] = form.whole("pictures", label=words.gettext("Files"), most=20)
    return content


def _text(form: Form, path: str) -> dict[str, Any]:
    found: Text = {}
    for code in LANGUAGES:
        if text := form.value(f"{path}.{code}"):
            found[code] = Wording(text, "translated" if found else "original")
    return {code: msgspec.to_builtins(wording) for code, wording in found.items()}


def _themes(typed: str, before: tuple[Theme, ...]) -> list[dict[str, Any]]:
    """Themes from lines; one that keeps any of its names keeps its key."""
    known = {wording.text: theme.key for theme in before for wording in theme.name.values()}
    found = []
    for line in typed.split("\n"):
        names = [part.strip() for part in line.split("|")][:3]
        if not any(names):
            continue
        texts = {code: name for code, name in zip(LANGUAGES, names, strict=False) if name}
        first = next(iter(texts.values()))
        key = next((known[name] for name in texts.values() if name in known), "") or slug_of(first)[:40] or "theme"
        name = {
            code: {"text": text, "state": "original" if number == 0 else "translated"}
            for number, (code, text) in enumerate(texts.items())
        }
        found.append({"key": key, "name": name})
    return found


def _case(language: Language, slug: str, number: int) -> str:
    return f"/{language}/staff/rounds/{slug}/proposals/{number}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundException("The form is not whole.") from None


staff_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/proposals",
    include_in_schema=False,
    route_handlers=[
        show_enter,
        take_entered,
        show_import,
        look_at_import,
        take_import,
        show_form,
        save_form_page,
        take_land,
        show_merge,
        merge_page,
        show_split,
        split_page,
        undo_page,
        show_staff_edit,
        staff_edit,
    ],
)
