"""The ways into one's account: joining an identity of a provider to it, and taking one away.

Both ask for the password, or for a sign-in of just now where there is none. The way to the provider begins with a form
and goes on by a link: the policy lets forms go nowhere but here. Coming back (provider_pages.py) joins only for who is
signed in to the account that left, in the browser that left.
"""

import secrets
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import identities, provider_signin, service
from pb_service.features.accounts.guards import visitor_of
from pb_service.features.accounts.identity_errors import IdentityRefused, SigninFailed
from pb_service.features.accounts.page_parts import confirm, entrance, show
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.provider_pages import DEPARTURES
from pb_service.features.accounts.provider_signin import Providers
from pb_service.features.accounts.signin import Entrance
from pb_service.platform.clock import Clock
from pb_service.web.cookies import read_cookie, set_cookie
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

PageRequest = Request[Any, Any, Any]
Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Checks = NamedDependency[Entrance]
Known = NamedDependency[Providers]
Lang = FromPath[str]


@get("/", access="signed-in")
async def show_ways(
    *, request: PageRequest, session: Session, actor: Who, providers: Known, zone: NamedDependency[str], lang: Lang
) -> Response[str]:
    """Every way in, and what else could be one."""
    language = language_of(lang)
    account = await service.own_account(session, actor)
    held = await identities.joined(session, account.id)
    names = _names(providers, language)
    return show(
        request,
        "ways",
        language,
        email=account.email or "",
        has_password=account.password_hash is not None,
        held=held,
        names=names,
        others=[(key, name) for key, name in names.items() if key not in {each.driver for each in held}],
        words=Reader(language, translations(language), zone=zone),
    )


@get("/{provider:str}/join", access="signed-in")
async def show_join(
    *, request: PageRequest, session: Session, actor: Who, providers: Known, lang: Lang, provider: FromPath[str]
) -> Response[Any]:
    """Ask for the password before leaving."""
    language = language_of(lang)
    if provider not in providers.clients:
        return done(f"/{language}/me/ways", "failed")
    return await _ask(request, session, actor, "ways_join", name=_names(providers, language)[provider])


@post("/{provider:str}/join", access="signed-in", status_code=200)
async def leave(
    *,
    request: PageRequest,
    transaction: Session,
    entrance: Checks,
    actor: Who,
    providers: Known,
    clock: Now,
    lang: Lang,
    provider: FromPath[str],
) -> Response[Any]:
    """Begin a sign-in at the provider and show the link that leads there."""
    language, now = language_of(lang), clock()
    words, name = translations(language), _names(providers, language).get(provider, "")
    form = await parse(request, words)
    await confirm(form, words, "current", entrance, actor, now=now)
    if form.errors and name:
        return await _ask(request, transaction, actor, "ways_join", form=form, name=name)
    browser = read_cookie(request, "pb-visit") or secrets.token_urlsafe(32)
    try:
        if not await entrance.limits.hit(DEPARTURES, visitor_of(request).address_prefix or "-"):
            raise SigninFailed("unavailable", "too many sign-ins from one network")
        address = await provider_signin.begin(
            transaction,
            providers,
            provider,
            browser=browser,
            language=language,
            next_path=f"/{language}/me/ways",
            now=now,
            purpose="join",
            account_id=actor.account_id,
        )
    except SigninFailed:
        return done(f"/{language}/me/ways", "failed")
    response = show(request, "ways_leave", language, name=name, address=address)
    set_cookie(response, request, "pb-visit", browser)
    return response


@get("/{joined_id:str}/part", access="signed-in")
async def show_part(
    *, request: PageRequest, session: Session, actor: Who, providers: Known, lang: Lang, joined_id: FromPath[str]
) -> Response[Any]:
    """Ask for the password before an identity is taken away."""
    language = language_of(lang)
    name = await _name_of(session, actor, providers, joined_id, language)
    if not name:
        return done(f"/{language}/me/ways", "absent")
    return await _ask(request, session, actor, "ways_part", name=name)


@post("/{joined_id:str}/part", access="signed-in")
async def part(
    *,
    request: PageRequest,
    transaction: Session,
    entrance: Checks,
    actor: Who,
    providers: Known,
    clock: Now,
    lang: Lang,
    joined_id: FromPath[str],
) -> Response[Any]:
    """Take an identity away, unless it is the last way in."""
    language, now = language_of(lang), clock()
    words = translations(language)
    form = await parse(request, words)
    await confirm(form, words, "current", entrance, actor, now=now)
    name = await _name_of(transaction, actor, providers, joined_id, language)
    if form.errors and name:
        return await _ask(request, transaction, actor, "ways_part", form=form, name=name)
    try:
        drivers, visitor = providers.clients.keys(), visitor_of(request)
        await identities.part(transaction, actor, joined_id, drivers=drivers, visitor=visitor, now=now)
    except IdentityRefused as error:
        return done(f"/{language}/me/ways", error.rule)
    return done(f"/{language}/me/ways", "parted")


async def _ask(
    request: PageRequest, session: AsyncSession, actor: Actor, template: str, *, name: str, form: Form | None = None
) -> Response[str]:
    """Show a page that asks for the password, or for a new sign-in where there is none."""
    language = language_of(request.path_params["lang"])
    account = await service.own_account(session, actor)
    return show(
        request,
        template,
        language,
        form=form or Form.filled(translations(language)),
        email=account.email or "",
        has_password=account.password_hash is not None,
        name=name,
    )


async def _name_of(
    session: AsyncSession, actor: Actor, providers: Providers, joined_id: str, language: Language
) -> str:
    """What an identity of the actor's is called; nothing when there is none of that id."""
    account = await service.own_account(session, actor)
    drivers = {each.id: each.driver for each in await identities.joined(session, account.id)}
    driver = drivers.get(joined_id, "")
    return _names(providers, language).get(driver, driver)


def _names(providers: Providers, language: Language) -> dict[str, str]:
    return {key: client.provider.names[language] for key, client in providers.clients.items()}


ways_router = Router(
    "/{lang:str}/me/ways",
    include_in_schema=False,
    dependencies={"entrance": Provide(entrance)},
    route_handlers=[show_ways, show_join, leave, show_part, part],
)
