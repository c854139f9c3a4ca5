"""The set-up of a round by screen: a page for each step, saved as one goes, and the borders of districts."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.setup import STEPS, StepName, Text
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.rounds import drafts
from pb_service.features.rounds.errors import ChangeRefused, SetupRefused, StepChanged
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import (
    changeable_fields,
    changes_table,
    differences,
    locked_fields,
    put_problems,
    round_context,
    shown_phases,
    step_bar,
    step_context,
)
from pb_service.features.rounds.saved import StepState
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.steps import layout
from pb_service.features.rounds.steps.kinds import Words
from pb_service.features.rounds.steps.labels import label_of
from pb_service.features.rounds.steps.rows import rearranged
from pb_service.platform.clock import Clock
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]

_SAVE, _CONTINUE = "save", "continue"


@get("/setup/{step:str}", access="rounds.preview")
async def show_step(
    *, request: PageRequest, session: Session, actor: Who, lang: FromPath[str], slug: FromPath[str], step: FromPath[str]
) -> Response[str]:
    """A step as it was saved last."""
    language, name = language_of(lang), step_of(step)
    state = await drafts.step_state(session, actor, slug, name)
    form = Form.of(layout.shown(name, state.step), translations(language))
    return await step_page(request, session, actor, state, form)


@post("/setup/{step:str}", access="rounds.translate")
async def save_step(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    step: FromPath[str],
) -> Response[Any]:
    """Save a step and go on, or change the rows of a list in it."""
    language, name = language_of(lang), step_of(step)
    form = await parse(request)
    state = await drafts.step_state(transaction, actor, slug, name)
    action = form.value("act") or _SAVE
    if action not in (_SAVE, _CONTINUE):
        form, focus = rearranged(form, action) or (form, "")
        return await step_page(request, transaction, actor, state, form, focus=focus, unsaved=True)

    def label(path: str) -> str:
        return label_of(name, path, language)

    content = layout.read(name, form, label, state.step)
    reason = reason_of(form, language)
    version = form.whole("version", most=10**9)
    if form.errors:
        return await step_page(request, transaction, actor, state, form, status=422)
    try:
        async with transaction.begin_nested():
            await drafts.save_step(transaction, actor, slug, name, content, version=version, reason=reason, now=clock())
    except (SetupRefused, ChangeRefused) as refused:
        put_problems(form, refused.problems, name, language)
        return await step_page(request, transaction, actor, state, form, status=refused.status)
    except StepChanged as changed:
        return await step_page(request, transaction, actor, changed.state, form, status=changed.status, yours=content)
    return done(_after(name, slug, language, go_on=action == _CONTINUE))


def step_of(name: str) -> StepName:
    """Return the step of an address. Raises NotFoundException for any other."""
    for step in STEPS:
        if step == name:
            return step
    raise NotFoundException("The set-up has no such step.")


def reason_of(form: Form, language: Language) -> Text:
    """The published reason of a change in a round that is public already."""
    words = translations(language)
    return msgspec.convert(Words().read(form, "reason", lambda _: words.gettext("Reason")), Text)


def _after(step: StepName, slug: str, language: Language, *, go_on: bool) -> str:
    """Where to go after saving: the same step, the next one, or after the last the checklist."""
    base = f"/{language}/staff/rounds/{slug}"
    if not go_on:
        return f"{base}/setup/{step}"
    steps = list(STEPS)
    place = steps.index(step) + 1
    return f"{base}/setup/{steps[place]}" if place < len(steps) else base


async def step_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    state: StepState,
    form: Form,
    *,
    status: int = 200,
    focus: str = "",
    unsaved: bool = False,
    yours: Mapping[str, Any] | None = None,
) -> Response[str]:
    """A step with its form; ``yours`` is what could not be saved because somebody else was faster."""
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    setup = await setup_of(session, found)
    settings = await municipality(session)
    bar = step_bar(await drafts.checklist(session, actor, found.slug), found.slug, state.name, language)
    return staff_page(
        request,
        "rounds/setup.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        bar=bar,
        at_step=next(line for line in bar if line.is_here),
        form=form,
        state=state,
        version=state.version,
        label=lambda path: label_of(state.name, path, language),
        required_languages=settings.languages,
        changeable=changeable_fields(state, language),
        locked=locked_fields(found, form, state.name, edits=may(actor, "rounds.edit", round_id=found.id)),
        changes=changes_table(language),
        phases=shown_phases(language),
        focus=focus,
        unsaved=unsaved,
        differences=differences(state.name, state.step, yours, language) if yours is not None else [],
        **step_context(setup, state, form, language),
    )


handlers = [show_step, save_step]
