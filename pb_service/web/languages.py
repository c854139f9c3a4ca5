"""Which language a reader gets: the one in the path, else the best of what the browser asks for."""

from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import NotFoundException

from pb_service.web.locales import LANGUAGES, Language

DEFAULT: Language = "fi"


def language_of(code: str) -> Language:
    """Return the language of a path's first part. Raises NotFoundException for any other."""
    for language in LANGUAGES:
        if code == language:
            return language
    raise NotFoundException("There is no page in this language.")


def preferred(accept_language: str) -> Language:
    """Return the best of our languages by an Accept-Language header (RFC 9110, section 12.5.4).

    Norwegian and Danish readers get Swedish; who asks for none of ours gets English; who asks nothing, Finnish.
    """
    best: tuple[float, Language] | None = None
    for item in accept_language.split(","):
        tag, _, weight = item.strip().partition(";")
        language = _OURS.get(tag.strip().lower().split("-")[0])
        quality = _quality(weight)
        if language and quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    if best:
        return best[1]
    return "en" if accept_language.strip() else DEFAULT


_OURS: dict[str, Language] = {"fi": "fi", "sv": "sv", "en": "en", "nb": "sv", "nn": "sv", "no": "sv", "da": "sv"}


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def language_of_request(request: Request[Any, Any, Any]) -> Language:
    """Return the language of a request's path or, without one, of its headers: for error pages."""
    first = request.url.path.removeprefix("/").split("/", 1)[0]
    for language in LANGUAGES:
        if first == language:
            return language
    return preferred(request.headers.get("accept-language", ""))


def redirect_to_language(request: Request[Any, Any, Any]) -> Response[None]:
    """Send ``/`` to the front page in the reader's language; caches must ask again for another language."""
    language = preferred(request.headers.get("accept-language", ""))
    return Response(
        None,
        media_type=MediaType.TEXT,
        status_code=302,
        headers={"location": f"/{language}", "vary": "accept-language", "cache-control": "no-cache"},
    )
