"""Every request gets an id, is counted and timed, and is logged by the template of its route, never by its path."""

import re
import secrets
import time
from typing import Any

import structlog
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from pb_service.platform.metrics import REQUESTS, SECONDS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"GET", "HEAD", "OPTIONS"})
_GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

log_event = structlog.get_logger()


def observed(app: ASGIApp) -> ASGIApp:
    """Return the application with every request observed; the id stands on each line that is logged meanwhile.

    A proxy may give the id in ``X-Request-Id``; the answer names it, so that a reader can quote it.
    """

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        named = request_id(Headers.from_scope(scope).get("x-request-id", ""))
        started = time.perf_counter()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)["x-request-id"] = named
                _note(scope, message["status"], time.perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=named):
            await app(scope, receive, tell)

    return observe


def request_id(given: str) -> str:
    """Return the id of a request: the one that a proxy has given, if it is one, or a new one."""
    return given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def route_of(scope: Any) -> str:
    """Return the template of a request's route, such as ``/{lang}/rounds/{slug}``; empty when there is none."""
    return str(scope.get("path_template") or "")


def _note(scope: HTTPScope, status: int, seconds: float) -> None:
    method = str(scope["method"]) if scope["method"] in _METHODS else "other"
    route = route_of(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    log = log_event.warning if status >= 500 else log_event.debug if method in _QUIET else log_event.info
    log("request", method=method, route=route, status=status, ms=round(seconds * 1000))
