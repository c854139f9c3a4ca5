"""The door: who is asking, and whether any handler may be reached by them at all.

`guard` stands before every handler of the application. It holds the request to what the handler declared: `access=`
(required; see web/access.py), and optionally `step_up=True` (a page that begins a dangerous act asks for the step-up
already when it is opened), `without_factor=True` (staff may use it before the second factor: to enrol one, to give one,
to sign out), `bearer=True` (a program that bears a token may do it too) or `by_link=True` (a secret in the address is
what allows the act, whoever sends it: mail programs post to RFC 8058's links). Services check the scope of an act
again, where the object is known.
"""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions.http_exceptions import NotFoundException, RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.types import ExceptionHandlersMap

from pb_service.features.accounts import policy
from pb_service.features.accounts.policy import (
    ANONYMOUS,
    Actor,
    Forbidden,
    SecondFactorNeeded,
    SignInNeeded,
    StepUpNeeded,
)
from pb_service.features.accounts.sessions import Visitor, shortened
from pb_service.web.access import ANYONE, SIGNED_IN, TOKEN
from pb_service.web.cookies import drop_cookie, read_cookie, set_cookie
from pb_service.web.csrf import FIELD, SAFE_METHODS, ForgedRequest, StalePage, check_own
from pb_service.web.errors import domain_error
from pb_service.web.forms import posted
from pb_service.web.languages import language_of_request
from pb_service.web.render import page

#: Bytes of a form that needs no session: feedback in full length, with every sign percent-encoded, and then some.
_ANYBODYS_FORM = 100_000

Connection = ASGIConnection[Any, Any, Any, Any]
PageRequest = Request[Any, Any, Any]


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let a request through to its handler, or raise why not: SignInNeeded, Forbidden, ForgedRequest, NotFoundException
    for an address that can name nothing.
    """
    access = handler.opt.get("access")
    if access is None:  # the framework's own answer to OPTIONS; create_app refuses any other
        return
    if not all(_may_name(name, value) for name, value in connection.path_params.items()):
        raise NotFoundException
    if access == TOKEN:
        # Machines bear tokens, not cookies: nothing here can be done in a reader's name.
        connection.scope["state"]["actor"] = await connection.app.state.token_bearer(connection, handler)
        return
    if handler.opt.get("bearer") and "authorization" in connection.headers:
        await _admit_bearer(connection, handler, access)
        return
    unsafe = _request(connection).method not in SAFE_METHODS
    if unsafe and _is_large(connection):
        known = await actor_of(connection)
        if known.account_id is None:
            raise RequestEntityTooLarge
        if access not in {ANYONE, SIGNED_IN}:
            policy.require_somewhere(known, access)  # before the body is read; once more below
    if unsafe and not handler.opt.get("by_link"):
        await check_own(_request(connection))
    if access == ANYONE:
        return
    actor = await actor_of(connection)
    if access == SIGNED_IN:
        require_signed_in(actor, factor=not handler.opt.get("without_factor"))
        return
    now = connection.app.state.clock() if unsafe or handler.opt.get("step_up") else None
    policy.require_somewhere(actor, access, now=now)
    policy.require_somewhere(actor, access, round_id=await _round_of(connection))


def _may_name(parameter: str, value: object) -> bool:
    """Whether a part of an address can be the name of anything: text with control characters, numbers beyond 64 bits
    and rounds in other letters than ASCII are found nowhere, and neither the database nor a header takes them.
    """
    if isinstance(value, int):
        return abs(value) < 2**63
    return str(value).isprintable() and (parameter != "slug" or str(value).isascii())


async def _admit_bearer(connection: Connection, handler: BaseRouteHandler, act: policy.Act) -> None:
    """Let the bearer of a token do what people do in a session. Acts that need a step-up have no token."""
    actor = connection.scope["state"]["actor"] = await connection.app.state.token_bearer(connection, handler)
    policy.require_somewhere(actor, act)
    policy.require_somewhere(actor, act, round_id=await _round_of(connection))


async def _round_of(connection: Connection) -> UUID | None:
    """The round that an address names, if there is one: its pages for staff are for its staff, also to look at."""
    slug = connection.path_params.get("slug")
    found: UUID | None = await connection.app.state.round_called(slug) if slug else None
    return found


def _is_large(connection: Connection) -> bool:
    """Whether a body is more than anybody's form: reading it takes a while, and only whom we know may cost us that."""
    if "transfer-encoding" in connection.headers:  # browsers say the length of a form
        return True
    length = connection.headers.get("content-length", "0")
    return not length.isdecimal() or len(length) > 12 or int(length) > _ANYBODYS_FORM


async def actor_of(connection: Connection) -> Actor:
    """Return who is asking, looked up once a request."""
    state = connection.scope["state"]
    if "actor" not in state:
        token = read_cookie(connection, "pb-session")
        state["actor"] = await connection.app.state.recogniser.recognise(token) if token else ANONYMOUS
    actor: Actor = state["actor"]
    return actor


def visitor_of(connection: Connection) -> Visitor:
    """Return what may be kept of where a request comes from."""
    client = connection.client
    agent = connection.headers.get("user-agent", "")[:200]
    return Visitor(shortened(client.host) if client else None, agent or None)


def signed_in(request: PageRequest, token: str, address: str) -> Response[None]:
    """Answer a sign-in: the browser keeps the session's secret and goes on to ``address``, a path of ours."""
    response = see_other(address)
    set_cookie(response, request, "pb-session", token)
    return response


def signed_out(request: PageRequest, address: str) -> Response[None]:
    """Answer a sign-out: the browser forgets the session and everything it kept of this service."""
    response = see_other(address)
    drop_cookie(response, request, "pb-session")
    # For shared computers: pages behind the back button and drafts on the device go as well. Not the storage of staff:
    # their signing keys live there and nowhere else.
    actor: Actor = request.scope["state"].get("actor", ANONYMOUS)
    response.headers["clear-site-data"] = '"cache"' if actor.is_staff else '"cache", "storage"'
    return response


def see_other(address: str) -> Response[None]:
    """Answer 303: go to a path of ours."""
    return Response(
        None,
        media_type=MediaType.TEXT,
        status_code=303,
        headers={"location": address, "cache-control": "no-store"},
    )


def safe_next(text: str | None, *, default: str) -> str:
    """Return where to go on after signing in: a path of this service, or ``default`` for anything else.

    An absolute or protocol-relative address, one with a backslash (browsers read it as a slash) or with control
    characters would lead elsewhere: an open redirect lends our name to somebody else's page.
    """
    if (
        not text
        or len(text) > 500
        or not text.startswith("/")
        or text.startswith("//")
        or "\\" in text
        or not text.isprintable()
        or any(part in ("..", ".") for part in text.partition("?")[0].split("/"))
    ):
        return default
    return quote(text, safe="/?&=#%-._~:,+@")


def _sign_in_needed(request: PageRequest, error: SignInNeeded) -> Response[Any]:
    return _on_the_way(request, error, "sign-in")


def _second_factor_needed(request: PageRequest, error: SecondFactorNeeded) -> Response[Any]:
    return _on_the_way(request, error, "staff/second-factor")


def _step_up_needed(request: PageRequest, error: StepUpNeeded) -> Response[Any]:
    return _on_the_way(request, error, "staff/step-up")


def _on_the_way(request: PageRequest, error: Forbidden | SignInNeeded, where: str) -> Response[Any]:
    """People are led to what is missing and back; programs are told."""
    if not _is_page(request):
        return domain_error(request, error)
    if kept := _to_send_again(request, where):
        return kept
    back = request.url.path
    if request.method not in SAFE_METHODS:  # what was posted is gone: back to the page that posted it
        back = safe_next(request.headers.get("referer", "").partition(request.headers.get("host", "?"))[2], default="")
    elif request.url.query:
        back += f"?{request.url.query}"
    query = f"?next={quote(back, safe='/')}" if back else ""
    return see_other(f"/{language_of_request(request)}/{where}{query}")


def _stale(request: PageRequest, error: StalePage) -> Response[Any]:
    if not _is_page(request):
        return domain_error(request, error)
    where = "" if read_cookie(request, "pb-session") else "sign-in"
    return _to_send_again(request, where) or _refused(request, error)


def _to_send_again(request: PageRequest, where: str) -> Response[Any] | None:
    """Show what was posted as a page that sends it again, so that nothing typed is lost with a session; ``where`` is
    what has to be done first, in another tab. None for what cannot be shown: no form, or one with secrets.

    Only for a form that came from a page of ours (csrf.py has looked): nobody else's form gets a valid token here.
    """
    form = None if request.method in SAFE_METHODS else posted(request)
    if form is None:
        return None
    language = language_of_request(request)
    return page(
        request,
        "accounts/send_again.html",
        locale=language,
        status_code=403,
        action=request.url.path,
        fields=[(name, value) for name in form.names() if name != FIELD for value in form.values(name)],
        had_files=form.has_files,
        way=f"/{language}/{where}?next=/{language}/me" if where else "",
        step_up=where == "staff/step-up",
    )


def _refused(request: PageRequest, error: Forbidden | ForgedRequest) -> Response[Any]:
    if not _is_page(request):
        return domain_error(request, error)
    return page(
        request,
        "accounts/refused.html",
        locale=language_of_request(request),
        status_code=error.status,
        forged=isinstance(error, ForgedRequest),
    )


def _is_page(request: PageRequest) -> bool:
    return not request.url.path.startswith(("/api", "/data/", "/pb/"))


exception_handlers: ExceptionHandlersMap = {
    SignInNeeded: _sign_in_needed,
    SecondFactorNeeded: _second_factor_needed,
    StepUpNeeded: _step_up_needed,
    Forbidden: _refused,
    ForgedRequest: _refused,
    StalePage: _stale,
}


def require_signed_in(actor: Actor, *, factor: bool = True) -> None:
    """Refuse who is not signed in, and with ``factor`` staff without a second factor. Raises SignInNeeded,
    SecondFactorNeeded.
    """
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if factor and actor.grants and not actor.second_factor:
        raise SecondFactorNeeded("Your role needs a second factor: give it, or enrol one, first.")


def _request(connection: Connection) -> PageRequest:
    assert isinstance(connection, Request)  # noqa: S101 - there are no websockets here
    return connection
