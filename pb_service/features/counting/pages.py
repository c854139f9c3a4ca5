"""Closing and counting: staff's page with the two buttons, and the public page that says how far the count is."""

from typing import Any

from litestar import Response, Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import PHASES
from pb_service.core.rounds.setup import Setup
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    reader,
)
from pb_service.features.counting import closing
from pb_service.features.counting.errors import ClosingRefused
from pb_service.features.counting.progress import Progress, Stage, progress_of
from pb_service.features.opening.state import state_of
from pb_service.features.opening.vocabulary import mode_in_words
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.orders import COUNT_JOB
from pb_service.platform import jobs
from pb_service.web.formats import Reader, text_in
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations
from pb_service.web.render import page


@get("/closing", access="rounds.preview")
async def show_closing(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """What can be closed, who said so, and how far the count is."""
    return await _page(request, session, actor, clock, Form.filled(translations(lang_of(request))))


@post("/closing/close", access="counts.close")
async def close(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Say that the vote is over; the second person closes it."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    if not form.checked("read"):
        form.refuse("read", words.gettext("Tick that the vote may be closed"))
        return await _page(request, transaction, actor, clock, form, status=422)
    try:
        async with transaction.begin_nested():
            key = keys.ed25519("op")
            is_closed = await closing.close_vote(transaction, actor, found, operator=key, now=clock())
    except ClosingRefused as error:
        form.refuse("read", refusal_in_words(error.code, words))
        return await _page(request, transaction, actor, clock, form, status=409)
    return done(_here(request), "closed" if is_closed else "first")


@post("/closing/go-on", access="counts.close")
async def go_on(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for the count again after a step was refused."""
    await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    require(actor, "counts.close", round_id=found.id, now=clock())
    if found.phase == "counting":
        payload = {"round": str(found.id)}
        await jobs.enqueue(transaction, COUNT_JOB, payload, key=f"count:{found.id}")
    return done(_here(request), "asked")


@get("/counting", access="anyone")
async def show_counting(request: PageRequest, session: Session) -> Response[str]:
    """How far the count is, for everybody."""
    language = lang_of(request)
    found = await published_round(session, request.path_params["slug"])
    setup = await setup_of(session, found)
    if found.imported or PHASES.index(found.phase) < PHASES.index("counting"):
        raise RoundNotFound("There is no count in this round yet.")
    words = reader(setup, language)
    progress = await progress_of(session, found, setup)
    return page(
        request,
        "counting/progress.html",
        locale=language,
        round=found,
        round_name=name_of(found.names, language),
        words=words,
        mode=mode_in_words(found.mode, words),
        heading=heading(progress, found.mode, words),
        **shown(progress, words),
    )


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, clock: Now, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    setup: Setup = context["setup"]
    words: Reader = context["words"]
    progress = await progress_of(session, found, setup)
    return staff_page(
        request,
        "counting/closing.html",
        locale=language,
        status_code=status,
        form=form,
        closes=may(actor, "counts.close", round_id=found.id),
        mine=progress.closing is not None and progress.closing.first_by == actor.account_id,
        over_at=closing.over_at(found),
        is_over=(over := closing.over_at(found)) is not None and over <= clock(),
        mode=mode_in_words(found.mode if found.mode != "open" else "self", words),
        is_voted_on=_is_voted_on(found),
        now=words.gettext("People vote.") if found.phase == "voting" else heading(progress, found.mode, words),
        next_step=_next_step(progress, words),
        awaits_paper=await _awaiting_paper(session, found, progress, words),
        **shown(progress, words),
        **{**context, "section": "rounds"},
    )


def shown(progress: Progress, words: Reader) -> dict[str, Any]:
    """What both pages show of a count."""
    return {
        "progress": progress,
        "stages": [
            {
                "name": stage_in_words(stage, words),
                "when": words.moment(stage.at) if stage.at else "",
                "note": _note(stage, progress, words),
                "state": stage.state,
            }
            for stage in progress.stages
        ],
        "title_of": lambda title: text_in(title, words.language),
    }


def heading(progress: Progress, mode: str, words: Reader) -> str:
    """What goes on just now; that nobody could read a ballot only where the mode keeps it."""
    now = next((stage.kind for stage in progress.stages if stage.state == "now"), "")
    if progress.waits:
        return words.gettext("The count waits: a proof did not hold.")
    return {
        "close": words.gettext("The vote is being closed."),
        "input": words.gettext("The vote is closed.")
        if mode == "self"
        else words.gettext("The vote is closed. Nobody has been able to read a ballot."),
        "mix": words.gettext("The ballots are being mixed.")
        if mode == "self"
        else words.gettext("The ballots are being mixed. Nobody has been able to read them yet."),
        "dec": words.gettext("The mixed ballots are being opened."),
        "result": words.gettext("The ballots are being counted."),
    }.get(now, words.gettext("The ballots are counted."))


def _next_step(progress: Progress, words: Reader) -> str:
    """What comes by itself, and what needs somebody."""
    now = next((stage.kind for stage in progress.stages if stage.state == "now"), "")
    return {
        "input": words.gettext("The lists are made when the time for strikes is over. It goes on by itself."),
        "mix": words.gettext("It goes on by itself; trustees outside have their errand on their page."),
        "dec": words.gettext("It goes on by itself; trustees outside have their errand on their page."),
        "result": words.gettext("The result is published by itself as preliminary, and then confirmed by a decision."),
    }.get(now, words.gettext("The result is published. Next a decision confirms it: “States of the result”."))


async def _awaiting_paper(session: AsyncSession, found: Round, progress: Progress, words: Reader) -> list[str]:
    """The contests whose opened ballots wait for those on paper."""
    lines = [line for line in progress.contests if line.rows is not None and line.result is None]
    election = (await state_of(session, found.log)).election if lines else None
    return [text_in(line.title, words.language)[1] for line in lines if election and election.awaits_paper(line.id)]


def stage_in_words(stage: Stage, words: Reader) -> str:
    """What a stage is called."""
    return {
        "close": words.gettext("Closed"),
        "input": words.gettext("Lists"),
        "mix": words.gettext("Mix %(number)s") % {"number": words.number(stage.trustee)},
        "dec": words.gettext("Opening"),
        "result": words.gettext("Count"),
    }[stage.kind]


def _note(stage: Stage, progress: Progress, words: Reader) -> str:
    if stage.kind == "mix":
        return progress.trustees[stage.trustee - 1]
    if stage.kind == "input" and stage.state == "done":
        number = progress.counted
        said = words.ngettext("%(count)s envelope counts", "%(count)s envelopes count", number)
        return said % {"count": words.number(number)}
    if stage.kind == "dec":
        numbers = {"quorum": words.number(progress.quorum), "all": words.number(len(progress.trustees))}
        return words.gettext("at least %(quorum)s of %(all)s") % numbers
    return words.gettext("preliminary result") if stage.kind == "result" else ""


def refusal_in_words(code: str, words: Any) -> str:
    """Why the vote cannot be closed."""
    sentences: dict[str, str] = {
        "early": words.gettext("Not before the end, and a quarter of an hour more for those who are voting then."),
        "paused": words.gettext("The round is paused. Let it go on first."),
        "imported": words.gettext("The vote of this round was held elsewhere."),
    }
    said: str = sentences.get(code, words.gettext("The round is not in its phase of voting."))
    return said


def _is_voted_on(found: Round) -> bool:
    return not found.imported and found.manifest_sha256 is not None


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/closing"


closing_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}", route_handlers=[show_closing, close, go_on], include_in_schema=False
)
counting_router = Router("/{lang:str}/rounds/{slug:str}", route_handlers=[show_counting], include_in_schema=False)
