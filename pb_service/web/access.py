"""Every handler says who may use it, or the service does not start; what is not for anyone is kept by no cache."""

from collections.abc import Collection

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

#: What a handler may declare as `access=` beside the name of an act: everybody; whoever is signed in; whoever bears an
#: API token.
ANYONE, SIGNED_IN, TOKEN = "anyone", "signed-in", "token"

#: What makes an answer one person's own.
_PERSONAL = frozenset({"actor", "transaction"})


class UndeclaredAccess(RuntimeError):
    """A handler does not say, or says wrongly, who may use it. The message names it."""


def handlers_of(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    """Every handler that readers can reach, with its path; the framework's own answers to OPTIONS are left out."""
    found = [
        (route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]
    return sorted(found, key=lambda pair: (pair[0], sorted(pair[1].http_methods)))


def check_access(app: Litestar, acts: Collection[str]) -> None:
    """Refuse an application in which a handler is open by forgetfulness. Raises UndeclaredAccess."""
    for path, handler in handlers_of(app):
        access = handler.opt.get("access")
        if access not in (ANYONE, SIGNED_IN, TOKEN, *acts):
            raise UndeclaredAccess(f"{path}: `access=` must say who may use it, not {access!r}")
        if handler.cache and (access != ANYONE or _PERSONAL & set(handler.parsed_fn_signature.parameters)):
            raise UndeclaredAccess(f"{path}: a page that is not the same for everybody must not be cached")


async def keep_private(message: Message, scope: Scope) -> None:
    """A ``before_send`` hook: answers that are not for anyone are kept neither by browsers nor by proxies."""
    handler = scope.get("route_handler")
    if message["type"] == "http.response.start" and handler and handler.opt.get("access", ANYONE) != ANYONE:
        MutableScopeHeaders.from_message(message)["cache-control"] = "no-store"
