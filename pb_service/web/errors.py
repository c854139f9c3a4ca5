"""Every error rendered once: a page in the reader's language, or a problem document (RFC 9457) for programs."""

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from pb_service.platform.errors import DomainError
from pb_service.web.languages import language_of_request
from pb_service.web.observed import route_of
from pb_service.web.render import COME_BACK_SECONDS, page

#: Below these paths programs are answered, not people.
_FOR_PROGRAMS = ("/api", "/pb/", "/data/", "/static/")

_log = structlog.get_logger()


def domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[Any]:
    """A rule was not kept: its own status and sentence. What is out of order for a moment says when to come back."""
    answer = _answer(request, error.status, error.type, str(error), errors=error.errors())
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        _log.warning("unavailable", error=error.type, route=route_of(request.scope))
        answer.headers["retry-after"] = str(COME_BACK_SECONDS)
    return answer


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses: no such page, wrong method, malformed parameters."""
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = error.detail if error.status_code < 500 else ""
    answer = _answer(request, error.status_code, kind, detail, errors=getattr(error, "extra", None))
    answer.headers.update(error.headers or {})  # such as Allow, which RFC 9110 asks of a 405
    return answer


def too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    """What was sent is nested deeper than a reader of JSON goes. Nothing here recurses but by what was sent."""
    _log.warning("too deep", route=route_of(request.scope), exc_info=error)
    return _answer(request, 400, "bad-request", "What was sent is nested too deep.")


def unexpected_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A fault of ours: logged with its traceback; the reader learns that it is ours and what to do."""
    _log.error("unexpected error", route=route_of(request.scope), exc_info=error)
    return _answer(request, 500, "internal-server-error", "")


def _answer(
    request: Request[Any, Any, Any], status: int, kind: str, detail: str, *, errors: object = None
) -> Response[Any]:
    if request.url.path.startswith(_FOR_PROGRAMS):
        problem: dict[str, object] = {"type": kind, "title": HTTPStatus(status).phrase, "status": status}
        if detail:
            problem["detail"] = detail
        if errors:
            problem["errors"] = errors
        return Response(
            msgspec.json.encode(problem),
            media_type="application/problem+json",
            status_code=status,
            headers={"cache-control": "no-store"},  # a tile that is not there yet may be there in a moment
        )
    template = "not_found.html" if status == HTTPStatus.NOT_FOUND else "error.html"
    return page(request, template, locale=language_of_request(request), status_code=status, status=status)


exception_handlers: ExceptionHandlersMap = {
    DomainError: domain_error,
    HTTPException: http_error,
    RecursionError: too_deep,
    Exception: unexpected_error,
}
