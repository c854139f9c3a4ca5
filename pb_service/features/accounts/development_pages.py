"""The page of the development sign-in. Mounted only with PB_DEVELOPMENT (development.py says why that is safe)."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, development, sessions
from pb_service.features.accounts.development import PARTS, Part
from pb_service.features.accounts.guards import actor_of, safe_next, signed_in, visitor_of
from pb_service.features.accounts.vocabulary import duty_in_words, role_in_words
from pb_service.platform.clock import Clock
from pb_service.settings import LOCAL_HOSTS, Settings
from pb_service.web.formats import Catalogue
from pb_service.web.forms import parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations
from pb_service.web.render import page

PageRequest = Request[Any, Any, Any]


@get("/{lang:str}/sign-in/development", access="anyone", include_in_schema=False, sync_to_thread=False)
def show_parts(request: PageRequest, settings: NamedDependency[Settings], lang: FromPath[str]) -> Response[str]:
    """Offer every part, or the one that ``as`` names."""
    _only_from_this_machine(request, settings)
    language = language_of(lang)
    words = translations(language)
    wanted = request.query_params.get("as", "")
    chosen = tuple(part for part in PARTS if part == wanted) or PARTS
    response = page(
        request,
        "accounts/development.html",
        locale=language,
        parts=[(part, *_in_words(part, words)) for part in chosen],
        all_shown=len(chosen) == len(PARTS),
        next=safe_next(request.query_params.get("next"), default=""),
    )
    response.headers["cache-control"] = "no-store"
    return response


@post("/{lang:str}/sign-in/development", access="anyone", include_in_schema=False)
async def take_part(
    *,
    request: PageRequest,
    transaction: NamedDependency[AsyncSession],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    lang: FromPath[str],
) -> Response[Any]:
    """Sign in as somebody in a part. It counts as the second factor: there is nobody to ask for one."""
    _only_from_this_machine(request, settings)
    language, now = language_of(lang), clock()
    form = await parse(request)
    part = next((known for known in PARTS if known == form.choice("part", PARTS)), None)
    if part is None:
        raise NotFoundException("There is no such part.")
    account_id = await development.person(transaction, part, now=now)
    staff = part != "resident"
    token = await sessions.start(
        transaction,
        account_id,
        "staff" if staff else "resident",
        visitor=visitor_of(request),
        now=now,
        second_factor=staff,
        replaces=(await actor_of(request)).session_id,
    )
    await access_log.note(transaction, account_id, "sign-in", "development", visitor=visitor_of(request), now=now)
    default = f"/{language}/staff" if staff else f"/{language}/me"
    return signed_in(request, token, safe_next(form.value("next"), default=default))


def links(public_url: str) -> list[tuple[Part, str]]:
    """Every part and the address of its sign-in, for `pb run` to print."""
    return [(part, f"{public_url}/en/sign-in/development?{urlencode({'as': part})}") for part in PARTS]


def _only_from_this_machine(request: PageRequest, settings: Settings) -> None:
    """Answer as if there were no page unless the request comes from this machine, to its own name, through no proxy.

    The name keeps out pages of other sites that have their own name point here (DNS rebinding).
    """
    try:
        near = request.client is not None and ip_address(request.client.host).is_loopback
        named = urlsplit(f"//{request.headers.get('host', '')}").hostname in LOCAL_HOSTS
    except ValueError:
        near = named = False
    passed_on = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"} & set(request.headers)
    if not (settings.development and settings.is_this_machine_alone and near and named) or passed_on:
        raise NotFoundException("There is no page at this address.")


def _in_words(part: Part, words: Catalogue) -> tuple[str, str]:
    if part == "resident":
        return words.gettext("Resident"), words.gettext("Proposes, comments and votes.")
    return role_in_words(part, words), duty_in_words(part, words)


development_router = Router("/", route_handlers=[show_parts, take_part])
