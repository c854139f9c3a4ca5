"""Districts, postal codes and addresses from files: looked at row by row first, taken when somebody says yes."""

from typing import Any, cast, get_args
from uuid import UUID

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.outlines import drawn_map
from pb_service.core.rounds.setup import StepName
from pb_service.core.rounds.sheet_rows import Kind
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import drafts, imports
from pb_service.features.rounds.errors import ImportRejected, WithProblems
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.imports import ImportReport
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import MAP_WIDTH, district_names, round_context
from pb_service.features.rounds.sentences import row_sentence, sentence
from pb_service.features.rounds.setup_pages import reason_of, step_page
from pb_service.features.rounds.steps import layout
from pb_service.features.rounds.steps.labels import label_of
from pb_service.platform.clock import Clock
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]

#: Bytes of a file; a request may be a little larger.
_MOST = 12_000_000
_STEP: StepName = "districts"


@post("/imports/{kind:str}", access="rounds.import", request_max_body_size=_MOST + 100_000)
async def look_at_file(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    """Show what a file holds and what is wrong with it. Nothing of the round changes."""
    language, wanted = language_of(lang), _kind(kind)
    form = await parse(request)
    file = form.upload(wanted, label=translations(language).gettext("File"), most=_MOST)
    if file:
        try:
            async with transaction.begin_nested():
                report = await imports.import_preview(
                    transaction, actor, slug, wanted, file.body, filename=file.filename, now=clock()
                )
        except ImportRejected as rejected:
            for problem in rejected.problems:
                form.refuse(wanted, sentence(problem, _STEP, language))
        else:
            return await _report_page(request, transaction, report, form)
    state = await drafts.step_state(transaction, actor, slug, _STEP)
    shown = Form.of(layout.shown(_STEP, state.step), translations(language))
    for name, told in form.errors:
        shown.refuse(name, told)
    return await step_page(request, transaction, actor, state, shown, status=422)


@post("/imports/{kind:str}/take", access="rounds.import")
async def take_file(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    """Import the file that was looked at."""
    language, wanted = language_of(lang), _kind(kind)
    form = await parse(request)
    reason = reason_of(form, language)
    try:
        upload = UUID(form.value("upload"))
    except ValueError:
        raise NotFoundException("There is no file in this form.") from None
    try:
        async with transaction.begin_nested():
            await imports.import_apply(
                transaction, actor, slug, upload, leave_out_bad=form.checked("leave_out"), reason=reason, now=clock()
            )
    except WithProblems as refused:
        state = await drafts.step_state(transaction, actor, slug, _STEP)
        shown = Form.of(layout.shown(_STEP, state.step), translations(language))
        for problem in refused.problems:
            shown.refuse(wanted, sentence(problem, _STEP, language))
        return await step_page(request, transaction, actor, state, shown, status=refused.status)
    return done(f"/{language}/staff/rounds/{slug}/setup/{_STEP}", "taken")


def _kind(name: str) -> Kind:
    if name in get_args(Kind):
        return cast(Kind, name)
    raise NotFoundException("There is no such import.")


async def _report_page(request: PageRequest, session: AsyncSession, report: ImportReport, form: Form) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    return staff_page(
        request,
        "rounds/import.html",
        locale=language,
        status_code=422 if report.problems else 200,
        **round_context(found, language),
        report=report,
        form=form,
        label=lambda path: label_of(_STEP, path, language),
        required_languages=(await municipality(session)).languages,
        problems=[(problem.line, row_sentence(problem, language)) for problem in report.problems],
        names=district_names(report.districts, language),
        map=drawn_map(report.districts, MAP_WIDTH),
    )


handlers = [look_at_file, take_file]
