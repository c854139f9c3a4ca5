"""Staff answer feedback on accessibility here, with the clock of each beside it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds.municipality import municipality
from pb_service.features.site import feedback
from pb_service.platform.clock import Clock
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]


@get("/", access="feedback.answer")
async def show_feedback_list(
    request: PageRequest, session: Session, actor: Who, clock: Now, lang: FromPath[str]
) -> Response[str]:
    """What waits, the most urgent first, and what was answered."""
    return await _list_page(request, session, actor, clock, Form.filled(translations(language_of(lang))))


@post("/{feedback_id:uuid}", access="feedback.answer")
async def answer_feedback(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, feedback_id: FromPath[UUID]
) -> Response[Any]:
    """Send an answer, or note what was done where there is nobody to write to."""
    language = language_of(request.path_params["lang"])
    words = translations(language)
    form = await parse(request)
    name = f"answer-{feedback_id}"
    text = form.text(name, label=words.gettext("Answer"), most=feedback.LONGEST_MESSAGE, lines=True)
    if not form.errors:
        try:
            await feedback.answer(transaction, actor, feedback_id, text, now=clock())
        except feedback.FeedbackAnswered:
            form.refuse(name, words.gettext("Somebody else has answered this meanwhile."))
    if form.errors:
        return await _list_page(request, transaction, actor, clock, form, status=422)
    return done(f"/{language}/staff/feedback", "answered")


async def _list_page(
    request: PageRequest, session: AsyncSession, actor: Actor, clock: Clock, form: Form, *, status: int = 200
) -> Response[str]:
    language, now = language_of(request.path_params["lang"]), clock()
    zone = (await municipality(session)).time_zone
    return staff_page(
        request,
        "site/staff/feedback.html",
        locale=language,
        status_code=status,
        section="feedback",
        words=Reader(language, translations(language), zone=zone),
        form=form,
        waiting=await feedback.waiting(session, actor, now=now),
        answered=await feedback.answered(session, actor, now=now),
        answer_days=feedback.ANSWER_WITHIN.days,
    )


feedback_router = Router(
    "/{lang:str}/staff/feedback", route_handlers=[show_feedback_list, answer_feedback], include_in_schema=False
)
