"""After the vote: the flags and the steps at which people left, for managers and auditors; and the reminder button."""

from typing import Any

from litestar import Response, Router, get, post

from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.guards import safe_next, see_other
from pb_service.features.accounts.policy import require
from pb_service.features.assessment.page_parts import Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.voting import anomalies, notices, visits
from pb_service.web.formats import Reader
from pb_service.web.forms import parse


@get("/casting", access="casting.review")
async def show_casting(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """What was unusual, once the vote is closed; nothing before."""
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"], whole=False)
    require(actor, "casting.review", round_id=found.id)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    is_over = found.phase in {"counting", *AFTER_COUNT} and not found.imported
    shown = await visits.figures(session, found.id) if is_over else {}
    names = {"fi": words.gettext("Finnish"), "sv": words.gettext("Swedish"), "en": words.gettext("English")}
    return staff_page(
        request,
        "voting/casting.html",
        locale=language,
        is_over=is_over,
        flags=await anomalies.flags_of(session, found.log) if is_over else [],
        traces=await anomalies.traces_left(session, found.log) if is_over else False,
        kinds={
            "address": words.gettext("Many people at one connection within an hour"),
            "young": words.gettext("Many accounts made within a day before"),
            "minute": words.gettext("Much more than in other minutes"),
        },
        steps=visits.STEPS,
        step_names={
            "ballot": words.gettext("Ballot page"),
            "identify": words.gettext("Before sign-in"),
            "review": words.gettext("Review"),
            "cast": words.gettext("Check or cast"),
            "receipt": words.gettext("Receipt"),
        },
        visits=[(names[each], shown.get(each, dict.fromkeys(visits.STEPS, 0))) for each in names],
        **{**context, "section": "rounds"},
    )


@post("/reminder", access="signed-in")
async def ask_reminder(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for a mail before the vote ends, or take it back."""
    form = await parse(request)
    found = await published_round(transaction, request.path_params["slug"], whole=False)
    if form.value("wanted") == "no":
        await notices.do_not_remind(transaction, actor, found)
    elif found.phase == "voting":
        await notices.remind(transaction, actor, found, now=clock())
    base = f"/{lang_of(request)}/rounds/{found.slug}/vote"
    return see_other(safe_next(form.value("back"), default=f"{base}/review"))


casting_router = Router("/{lang:str}/staff/rounds/{slug:str}", route_handlers=[show_casting], include_in_schema=False)
reminder_router = Router("/{lang:str}/rounds/{slug:str}/vote", route_handlers=[ask_reminder], include_in_schema=False)
