"""What the service promises its readers: accessibility with its feedback form, privacy, and cookies."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.emails import EmailRefused, email_key, plain_email
from pb_service.features.accounts.guards import visitor_of
from pb_service.features.accounts.sessions import LIFETIMES
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.public import public_rounds
from pb_service.features.site import feedback
from pb_service.features.site.presentation import kept_with_rounds
from pb_service.features.site.statement import usable_statement
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits, Rate
from pb_service.settings import Settings
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
Config = NamedDependency[Settings]
PageRequest = Request[Any, Any, Any]

#: Feedback from one network: a person writes a few times, a machine does not get further.
SENT = Rate("feedback", most=10, seconds=60 * 60)
#: Thanks to one address, from however many networks: nobody's box is flooded from here.
THANKED = Rate("feedback-thanked", most=5, seconds=60 * 60)


@get("/accessibility", access="anyone", cache=True)
async def show_accessibility(
    request: PageRequest, session: Session, settings: Config, lang: FromPath[str]
) -> Response[str]:
    """The statement; when its file cannot be used, that, and how to reach somebody meanwhile."""
    statement = usable_statement(settings.data)
    return page(
        request,
        "site/accessibility.html" if statement else "site/accessibility_missing.html",
        locale=language_of(lang),
        status_code=200 if statement else 503,
        statement=statement,
        contact=(await municipality(session)).contact,
        answer_days=feedback.ANSWER_WITHIN.days,
    )


@get("/accessibility/feedback", access="anyone", sync_to_thread=False)
def show_feedback(request: PageRequest, lang: FromPath[str]) -> Response[str]:
    """The form; ``?page=`` fills in the page that it is about."""
    about = request.query_params.get("page", "")[:300]
    form = Form.filled(translations(language_of(lang)), once=once(), page=about)
    return _feedback_page(request, form)


@post("/accessibility/feedback", access="anyone")
async def send_feedback(
    *,
    request: PageRequest,
    transaction: Session,
    clock: NamedDependency[Clock],
    limits: NamedDependency[Limits],
    lang: FromPath[str],
) -> Response[Any]:
    """Store feedback; whoever leaves an address is thanked by mail and gets the answer there."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    longest = feedback.LONGEST_MESSAGE
    message = form.text("message", label=words.gettext("What does not work"), most=longest, lines=True)
    about = form.text("page", label=words.gettext("On which page"), required=False, most=300)
    typed = form.text("email", label=words.gettext("E-mail address"), required=False, most=254)
    email = None
    if typed:
        try:
            email = plain_email(typed)
        except EmailRefused:
            form.refuse("email", words.gettext("Write an e-mail address, for example name@example.org"))
    try:
        key = UUID(form.value("once"))
    except ValueError:
        key = UUID(once())
    if not form.errors and not await limits.hit(SENT, visitor_of(request).address_prefix or "?"):
        form.refuse("message", words.gettext("Too much was sent from your network just now. Try again in an hour."))
    if form.errors:
        return _feedback_page(request, form, status=422)
    thank = email is not None and await limits.hit(THANKED, sha256(email_key(email).encode()).hexdigest())
    await feedback.receive(
        transaction,
        once=key,
        message=message,
        page=about,
        email=email,
        thank=thank,
        language=language,
        now=clock(),
    )
    return done(f"/{language}/accessibility/feedback", "sent")


@get("/privacy", access="anyone", cache=True)
async def show_privacy(request: PageRequest, session: Session, settings: Config, lang: FromPath[str]) -> Response[str]:
    """What is kept of people, for how long: from the settings in force and the rounds that are public."""
    language = language_of(lang)
    return page(
        request,
        "site/privacy.html",
        locale=language,
        settings=settings,
        municipality=await municipality(session),
        session_hours=LIFETIMES["resident"][1].total_seconds() / 3600,
        feedback_years=feedback.KEPT.days // 365,
        kept=kept_with_rounds(await public_rounds(session), language),
    )


@get("/cookies", access="anyone", cache=True, sync_to_thread=False)
def show_cookies(request: PageRequest, lang: FromPath[str]) -> Response[str]:
    """The few cookies, and why nobody is asked to accept them."""
    return page(request, "site/cookies.html", locale=language_of(lang), secure=request.app.state.secure)


def _feedback_page(request: PageRequest, form: Form, *, status: int = 200) -> Response[str]:
    answer = page(
        request,
        "site/feedback.html",
        locale=language_of(request.path_params["lang"]),
        status_code=status,
        form=form,
        done=request.query_params.get("done", ""),
        answer_days=feedback.ANSWER_WITHIN.days,
    )
    answer.headers["cache-control"] = "no-store"
    return answer


promises_router = Router(
    "/{lang:str}",
    route_handlers=[show_accessibility, show_feedback, send_feedback, show_privacy, show_cookies],
    include_in_schema=False,
)
