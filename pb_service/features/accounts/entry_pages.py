"""Pages of who is not signed in: register, sign in and out, and where the links from mails lead.

Opening a link changes nothing, since mail programs open links to look at them: its page has a button. What is answered
to a typed address does not depend on whether it has an account.
"""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import provider_signin, service
from pb_service.features.accounts.drivers import SigninDrivers
from pb_service.features.accounts.guards import actor_of, safe_next, see_other, signed_in, signed_out, visitor_of
from pb_service.features.accounts.links import LinkEnded, Purpose
from pb_service.features.accounts.page_parts import email_in, entrance, may_ask, new_password, said, show
from pb_service.features.accounts.passwords import MOST, TooBusy
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.provider_signin import Providers
from pb_service.features.accounts.signin import AccountBlocked, Attempt, Entrance, SignInRefused, TooManyTries, sign_in
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits
from pb_service.web.cookies import read_cookie, set_cookie
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

PageRequest = Request[Any, Any, Any]
Session = NamedDependency[AsyncSession]
Now = NamedDependency[Clock]
Drivers = NamedDependency[SigninDrivers]
Checks = NamedDependency[Entrance]
Secret = FromPath[str]
Lang = FromPath[str]


@get("/register", access="anyone")
async def show_register(request: PageRequest, lang: Lang) -> Response[str]:
    language = language_of(lang)
    return show(request, "register", language, form=_mail_form(request, language))


@post("/register", access="anyone")
async def register(
    request: PageRequest, transaction: Session, limits: NamedDependency[Limits], lang: Lang
) -> Response[Any]:
    """Have a mail sent: the way to a new account, or the news that there is one."""
    language = language_of(lang)
    form, email = await _wanted_mail(request, limits, language, "register")
    if email:
        await service.ask_to_register(transaction, email, language, onward=safe_next(form.value("next"), default=""))
    return show(request, "register", language, form=form) if form.errors else done(f"/{language}/register", "sent")


@get("/verify/{secret:str}", access="anyone")
async def show_verify(request: PageRequest, session: Session, clock: Now, lang: Lang, secret: Secret) -> Response[str]:
    """Ask for a password; the account is made when it is sent."""
    language = language_of(lang)
    try:
        email = await service.email_by_link(session, "register", secret, now=clock())
    except LinkEnded:
        return _link_ended(request, language, "register")
    return show(request, "verify", language, form=Form.filled(translations(language)), email=email)


@post("/verify/{secret:str}", access="anyone")
async def verify(request: PageRequest, entrance: Checks, clock: Now, lang: Lang, secret: Secret) -> Response[Any]:
    """Make the account and sign its owner in."""
    language, now = language_of(lang), clock()
    try:
        async with entrance.database.reading() as session:
            email = await service.email_by_link(session, "register", secret, now=now)
        form = await parse(request)
        password_hash = await new_password(request, form, translations(language), entrance.passwords, email=email)
        if form.errors:
            return show(request, "verify", language, form=form, email=email)
        async with entrance.database.transaction() as session:
            opened = await service.register(
                session, secret, password_hash, language, visitor=visitor_of(request), now=now
            )
    except LinkEnded:
        return _link_ended(request, language, "register")
    return signed_in(request, opened.token, _onward(request) or f"/{language}/me?done=welcome")


@get("/sign-in", access="anyone")
async def show_sign_in(
    request: PageRequest, actor: NamedDependency[Actor], signin_drivers: Drivers, lang: Lang
) -> Response[Any]:
    language = language_of(lang)
    onward = _onward(request)
    if actor.account_id is not None:
        return see_other(onward or f"/{language}/me")
    return _sign_in_page(request, language, signin_drivers, Form.filled(translations(language), next=onward))


@post("/sign-in", access="anyone")
async def send_sign_in(
    request: PageRequest, entrance: Checks, signin_drivers: Drivers, clock: Now, lang: Lang
) -> Response[Any]:
    """Begin a session, or say why not and which other roads there are."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    attempt = Attempt(
        email=form.text("email", label=words.gettext("E-mail address"), most=254),
        password=form.secret("password", label=words.gettext("Password"), most=MOST),
        shared=form.checked("shared"),
        visitor=visitor_of(request),
        known=read_cookie(request, "pb-known"),
        replaces=(await actor_of(request)).session_id,
    )
    if form.errors:
        return _sign_in_page(request, language, signin_drivers, form)
    try:
        found = await sign_in(entrance, attempt, now=clock())
    except (SignInRefused, AccountBlocked, TooManyTries, TooBusy) as error:
        form.refuse("email", said(error, words))
        return _sign_in_page(request, language, signin_drivers, form, status=error.status)
    response = signed_in(request, found.token, safe_next(form.value("next"), default=f"/{language}/me"))
    if found.known:
        set_cookie(response, request, "pb-known", found.known)
    return response


@post("/sign-out", access="anyone")
async def sign_out(
    request: PageRequest, transaction: Session, actor: NamedDependency[Actor], clock: Now, lang: Lang
) -> Response[Any]:
    """End the session. For anyone: who was signed out meanwhile gets the same answer."""
    query = {"with": await provider_signin.driver_of(transaction, actor)}
    await service.sign_out(transaction, actor, now=clock())
    form = await parse(request)
    if onward := safe_next(form.value("next"), default=""):  # a device that many use begins anew
        return signed_out(request, onward)
    if form.value("why") == "idle":
        query["why"] = "idle"
    kept = urlencode({name: value for name, value in query.items() if value})
    return signed_out(request, f"/{language_of(lang)}/signed-out{'?' if kept else ''}{kept}")


@get("/signed-out", access="anyone")
async def show_signed_out(request: PageRequest, providers: NamedDependency[Providers], lang: Lang) -> Response[str]:
    """Say that nobody is signed in any more; idle sessions and deleted accounts end here as well."""
    language = language_of(lang)
    client = providers.clients.get(request.query_params.get("with", ""))
    return show(
        request,
        "signed_out",
        language,
        why=request.query_params.get("why", ""),
        provider=client and (client.key, client.provider.names[language]),
    )


@get("/reset", access="anyone")
async def show_reset(request: PageRequest, lang: Lang) -> Response[str]:
    language = language_of(lang)
    return show(request, "reset", language, form=_mail_form(request, language))


@post("/reset", access="anyone")
async def ask_for_reset(
    request: PageRequest, transaction: Session, limits: NamedDependency[Limits], lang: Lang
) -> Response[Any]:
    """Have a link to a new password sent, if there is an account."""
    language = language_of(lang)
    form, email = await _wanted_mail(request, limits, language, "reset")
    if email:
        await service.ask_for_reset(transaction, email, onward=safe_next(form.value("next"), default=""))
    return show(request, "reset", language, form=form) if form.errors else done(f"/{language}/reset", "sent")


@get("/reset/{secret:str}", access="anyone")
async def show_new_password(
    request: PageRequest, session: Session, clock: Now, lang: Lang, secret: Secret
) -> Response[str]:
    language = language_of(lang)
    try:
        email = await service.email_by_link(session, "reset", secret, now=clock())
    except LinkEnded:
        return _link_ended(request, language, "reset")
    return show(request, "new_password", language, form=Form.filled(translations(language)), email=email)


@post("/reset/{secret:str}", access="anyone")
async def set_new_password(
    request: PageRequest, entrance: Checks, clock: Now, lang: Lang, secret: Secret
) -> Response[Any]:
    """Set the password, end every session, and sign the owner in."""
    language, now = language_of(lang), clock()
    try:
        async with entrance.database.reading() as session:
            email = await service.email_by_link(session, "reset", secret, now=now)
        form = await parse(request)
        password_hash = await new_password(request, form, translations(language), entrance.passwords, email=email)
        if form.errors:
            return show(request, "new_password", language, form=form, email=email)
        async with entrance.database.transaction() as session:
            opened = await service.set_password(session, secret, password_hash, visitor=visitor_of(request), now=now)
    except LinkEnded:
        return _link_ended(request, language, "reset")
    return signed_in(request, opened.token, _onward(request) or f"/{language}/me?done=password")


@get("/email/{secret:str}", access="anyone")
async def show_change(request: PageRequest, session: Session, clock: Now, lang: Lang, secret: Secret) -> Response[str]:
    language = language_of(lang)
    try:
        email = await service.email_by_link(session, "change", secret, now=clock())
    except LinkEnded:
        return _link_ended(request, language, "change")
    return show(request, "confirm_email", language, email=email)


@post("/email/{secret:str}", access="anyone")
async def change_email(request: PageRequest, entrance: Checks, clock: Now, lang: Lang, secret: Secret) -> Response[Any]:
    """Make the new address the account's; whoever opened the mail need not be signed in here."""
    language = language_of(lang)
    try:
        async with entrance.database.transaction() as session:
            await service.change_email(session, secret, visitor=visitor_of(request), now=clock())
    except LinkEnded:
        return _link_ended(request, language, "change")
    return see_other(
        f"/{language}/signed-out?why=email" if not await _is_signed_in(request) else f"/{language}/me?done=email"
    )


async def _wanted_mail(request: PageRequest, limits: Limits, language: Language, purpose: Purpose) -> tuple[Form, str]:
    """Return the form, and the address in it to which a mail may leave, or nothing."""
    words, form = translations(language), await parse(request)
    email = email_in(form, words)
    may_leave = email and await may_ask(request, form, words, limits, email, purpose=purpose)
    return form, email if may_leave else ""


def _onward(request: PageRequest) -> str:
    """Where somebody was on the way to when an account was needed: a path of ours, or nothing."""
    return safe_next(request.query_params.get("next"), default="")


def _mail_form(request: PageRequest, language: Language) -> Form:
    """The form that asks for a mail; where its reader was on the way to goes along in the mail's link."""
    return Form.filled(translations(language), next=_onward(request))


async def _is_signed_in(request: PageRequest) -> bool:
    return (await actor_of(request)).account_id is not None


def _sign_in_page(
    request: PageRequest, language: Language, drivers: SigninDrivers, form: Form, *, status: int = 0
) -> Response[str]:
    others = drivers.roads(language, safe_next(form.value("next"), default=f"/{language}/me"))
    return show(request, "sign_in", language, status=status, form=form, roads=others)


def _link_ended(request: PageRequest, language: Language, purpose: Purpose) -> Response[str]:
    return show(request, "link_ended", language, status=LinkEnded.status, purpose=purpose)


entry_router = Router(
    "/{lang:str}",
    include_in_schema=False,
    dependencies={"entrance": Provide(entrance)},
    route_handlers=[
        show_register,
        register,
        show_verify,
        verify,
        show_sign_in,
        send_sign_in,
        sign_out,
        show_signed_out,
        show_reset,
        ask_for_reset,
        show_new_password,
        set_new_password,
        show_change,
        change_email,
    ],
)
