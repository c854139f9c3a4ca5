"""Signing in by a provider: the way out, the way back, and what to do when it did not succeed."""

import secrets
from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

import structlog
from litestar import MediaType, Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, identities, identity_repository, provider_signin, sessions
from pb_service.features.accounts.drivers import SigninDrivers
from pb_service.features.accounts.guards import actor_of, safe_next, see_other, signed_in, visitor_of
from pb_service.features.accounts.identity_errors import IdentityRefused, Reason, SigninFailed
from pb_service.features.accounts.oidc import Answer, Proof
from pb_service.features.accounts.provider_signin import Attempt, Providers
from pb_service.features.accounts.tables import Account
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder
from pb_service.platform.limits import Limits, Rate
from pb_service.web.cookies import read_cookie, set_cookie
from pb_service.web.forms import done
from pb_service.web.languages import language_of, language_of_request
from pb_service.web.locales import Language
from pb_service.web.render import page

PageRequest = Request[Any, Any, Any]
Session = NamedDependency[AsyncSession]
Now = NamedDependency[Clock]
Text = Annotated[str | None, QueryParameter(max_length=4000)]

#: Departures to providers from one network: each costs a row, and the provider a request.
DEPARTURES = Rate("departures", most=60, seconds=600)

_STATUS: dict[Reason, int] = {"unavailable": 503}
_log = structlog.get_logger()


@get("/{lang:str}/sign-in/with/{provider:str}", access="anyone", include_in_schema=False)
async def leave(
    *,
    request: PageRequest,
    transaction: Session,
    clock: Now,
    providers: NamedDependency[Providers],
    limits: NamedDependency[Limits],
    lang: FromPath[str],
    provider: FromPath[str],
) -> Response[Any]:
    """Send the browser to the provider. A link, not a form: the policy lets forms go nowhere but here."""
    language = language_of(lang)
    onward = safe_next(request.query_params.get("next"), default=f"/{language}/me")
    browser = read_cookie(request, "pb-visit") or secrets.token_urlsafe(32)
    try:
        if not await limits.hit(DEPARTURES, visitor_of(request).address_prefix or "-"):
            raise SigninFailed("unavailable", "too many sign-ins from one network")
        address = await provider_signin.begin(
            transaction,
            providers,
            provider,
            browser=browser,
            language=language,
            next_path=onward,
            now=clock(),
            shared=request.query_params.get("shared") == "yes",
        )
    except SigninFailed as error:
        return _failed(error, provider if provider in providers.clients else "", language)
    response = _away(address)
    set_cookie(response, request, "pb-visit", browser)
    return response


@get("/sign-in/{provider:str}/return", access="anyone", include_in_schema=False)
async def come_back(
    *,
    request: PageRequest,
    database: NamedDependency[Database],
    clock: Now,
    keys: NamedDependency[KeyFolder],
    providers: NamedDependency[Providers],
    provider: FromPath[str],
    given_state: Annotated[str, QueryParameter(name="state", max_length=200)] = "",
    code: Text = None,
    error: Text = None,
    iss: Text = None,
) -> Response[Any]:
    """Take the browser back from the provider and sign the person in."""
    language, now = language_of_request(request), clock()
    browser = read_cookie(request, "pb-visit")
    attempt: Attempt | None = None
    try:
        # A transaction of its own, committed whatever comes after it (docs/adr/0037): a state works once.
        async with database.transaction() as using_up:
            attempt = await provider_signin.come_back(using_up, provider, state=given_state, browser=browser, now=now)
        language = attempt.language
        answer = Answer(state=given_state, code=code, error=error, iss=iss)
        # No transaction is open meanwhile: a slow provider must not keep the connections that all others need.
        proof = await provider_signin.prove(providers, attempt, answer)
        async with database.transaction() as session:
            if attempt.purpose == "join":
                return await _join(request, session, attempt, proof, keys=keys, providers=providers, now=now)
            if attempt.purpose != "sign-in":
                return see_other(await providers.purposes[attempt.purpose](session, attempt, proof, now))
            token = await _sign_in(request, session, keys, attempt, proof, now=now)
        return signed_in(request, token, attempt.next_path)
    except SigninFailed as failure:
        # Of the address only the name of a provider that there is: the rest is anybody's text.
        known = provider if provider in providers.clients else ""
        visitor = visitor_of(request)
        joins = attempt if attempt and attempt.purpose == "join" else None
        who, act = (joins.account_id, "identity.joined") if joins else (None, "sign-in")
        async with database.transaction() as session:
            await access_log.note(session, who, act, known, outcome=failure.reason, visitor=visitor, now=now)
        if joins:
            _log.warning("identity not joined", error=f"{known}: {failure.reason}: {failure.detail}")
            return done(joins.next_path, "failed")
        return _failed(failure, known, language)


@get("/{lang:str}/sign-in/failed", access="anyone", include_in_schema=False)
async def show_failure(
    request: PageRequest,
    providers: NamedDependency[Providers],
    signin_drivers: NamedDependency[SigninDrivers],
    lang: FromPath[str],
) -> Response[str]:
    """Say why nobody was signed in, and which other roads there are. An address of its own: it can be read again."""
    language = language_of(lang)
    reasons: tuple[Reason, ...] = get_args(Reason)
    reason: Reason = next((known for known in reasons if known == request.query_params.get("why")), "invalid")
    client = providers.clients.get(request.query_params.get("with", ""))
    onward = f"/{language}/me"
    return page(
        request,
        "accounts/sign_in_failed.html",
        locale=language,
        status_code=_STATUS.get(reason, 403),
        reason=reason,
        again=client.road(language, onward) if client else None,
        roads=signin_drivers.roads(language, onward, but=client.key if client else ""),
    )


@get("/{lang:str}/sign-out/with/{provider:str}", access="anyone", include_in_schema=False)
async def leave_provider(
    providers: NamedDependency[Providers], lang: FromPath[str], provider: FromPath[str]
) -> Response[Any]:
    """Send who has signed out here on to the provider's own sign-out, if it has one."""
    language = language_of(lang)
    address = await provider_signin.sign_out_address(providers, provider, language=language)
    return _away(address) if address else see_other(f"/{language}/signed-out")


async def _sign_in(
    request: PageRequest, session: AsyncSession, keys: KeyFolder, attempt: Attempt, proof: Proof, *, now: datetime
) -> str:
    """Begin the session of a proven person and return its secret."""
    account_id = await identities.recognise(
        session,
        proof.identity,
        driver=attempt.driver,
        keys=keys.secrets("identity"),
        person_key=keys.secret("person"),
        language=attempt.language,
        now=now,
    )
    account = await session.get_one(Account, account_id)
    token = await sessions.start(
        session,
        account_id,
        "staff" if account.is_staff else "kiosk" if attempt.shared else "resident",
        visitor=visitor_of(request),
        now=now,
        replaces=(await actor_of(request)).session_id,
    )
    await identity_repository.put_session_driver(session, token, attempt.driver)
    await access_log.note(session, account_id, "sign-in", attempt.driver, visitor=visitor_of(request), now=now)
    return token


async def _join(
    request: PageRequest,
    session: AsyncSession,
    attempt: Attempt,
    proof: Proof,
    *,
    keys: KeyFolder,
    providers: Providers,
    now: datetime,
) -> Response[Any]:
    """Join a proven identity to the account that left for it, if its owner is still signed in here."""
    actor, visitor = await actor_of(request), visitor_of(request)
    if actor.account_id is None or actor.account_id != attempt.account_id:
        raise SigninFailed("elsewhere", "who left to join an identity is not signed in here")
    try:
        await identities.join(
            session,
            actor,
            proof.identity,
            driver=attempt.driver,
            schemes={key: client.provider.scheme for key, client in providers.clients.items()},
            keys=keys.secrets("identity"),
            person_key=keys.secret("person"),
            visitor=visitor,
            now=now,
        )
    except IdentityRefused as error:
        await access_log.note(
            session, actor.account_id, "identity.joined", attempt.driver, outcome=error.rule, visitor=visitor, now=now
        )
        return done(attempt.next_path, error.rule)
    return done(attempt.next_path, "joined")


def _away(address: str) -> Response[None]:
    """Send the browser to a provider of the configuration: never to an address that a reader gave."""
    headers = {"location": address, "cache-control": "no-store"}
    return Response(None, media_type=MediaType.TEXT, status_code=303, headers=headers)


def _failed(error: SigninFailed, provider: str, language: Language) -> Response[Any]:
    """Lead to the page that says why. The code and the state that stand in this address are left behind."""
    _log.warning("sign-in failed", error=f"{provider}: {error.reason}: {error.detail}")
    return see_other(f"/{language}/sign-in/failed?{urlencode({'why': error.reason, 'with': provider})}")


provider_router = Router("/", route_handlers=[leave, come_back, show_failure, leave_provider])
