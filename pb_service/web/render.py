"""Pages from templates: one Jinja environment a language, over the templates of every room."""

from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response

from pb_service.web.assets import asset, integrity, script_imports
from pb_service.web.csrf import CsrfToken
from pb_service.web.formats import Reader
from pb_service.web.locales import LANGUAGES, Language, rooms, translations

#: Pages may be kept for a short while by browsers and proxies; what they show changes seldom.
PAGE_CACHE = "public, max-age=30"

#: When to try again after an answer 503: embedded and managed databases are back within this, mostly.
COME_BACK_SECONDS = 10


@cache
def environment(language: Language) -> Environment:
    """Return the templates in one language. A variable that a template misses is an error, never an empty text."""
    made = Environment(
        loader=FileSystemLoader([room / "templates" for room in rooms()]),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
    )
    texts = translations(language)
    made.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined] # added by the extension
    made.globals.update(
        asset=asset,
        integrity=integrity,
        script_imports=script_imports,
        lang=language,
        path="",
        words=Reader(language, texts),
        service_name=texts.gettext("Together"),
        service_subtitle=texts.gettext("Demonstration, imported data"),
    )
    components: Any = made.get_template("components.html").module
    made.globals["icon"] = components.icon
    return made


def render(template: str, *, locale: Language, **context: Any) -> str:
    """Return a page or a part of one. ``context`` may hold ``path``, the page's address without its language."""
    return environment(locale).get_template(template).render(context)


def page(
    request: Request[Any, Any, Any], template: str, *, locale: Language, status_code: int = 200, **context: Any
) -> Response[str]:
    """Answer a request with a page in one language; the language switch keeps the address.

    Templates also get ``csrf``, the token of forms (a page that writes it is kept by no cache).
    """
    csrf = CsrfToken(request)
    body = render(template, locale=locale, path=path_without_language(request.url.path), csrf=csrf, **context)
    response = Response(
        body,
        media_type=MediaType.HTML,
        status_code=status_code,
        headers={"cache-control": PAGE_CACHE if status_code == 200 else "no-store", "content-language": locale},
    )
    if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = str(COME_BACK_SECONDS)
    csrf.keep(response)
    return response


def path_without_language(path: str) -> str:
    """``/fi/rounds/demo`` → ``/rounds/demo``; a path without a language becomes empty, the front page."""
    _, _, rest = path.removeprefix("/").partition("/")
    return f"/{rest}".rstrip("/") if path.removeprefix("/").split("/", 1)[0] in LANGUAGES else ""
