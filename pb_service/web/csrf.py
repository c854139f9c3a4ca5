"""No other site can act in a reader's name: every unsafe request must come from our own pages, twice shown.

First by what the browser says of where the request comes from (Sec-Fetch-Site, Origin), which a page of another site
cannot change. Then by a token in the form (or the header `X-CSRF-Token` of our own scripts), made from the reader's
cookie with a key of ours: an HMAC (SHA-256) over the cookie's value under a fresh mask, so that two pages never hold
the same bytes and compression tells nothing. Signing in changes the cookie and so ends all earlier tokens.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Any, ClassVar
from urllib.parse import urlsplit

from litestar import Request, Response

from pb_service.platform.errors import DomainError
from pb_service.platform.keys import Ring
from pb_service.web.cookies import read_cookie, set_cookie
from pb_service.web.forms import parse

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf"
HEADER = "x-csrf-token"

_MASK = 16
PageRequest = Request[Any, Any, Any]


class ForgedRequest(DomainError):
    """The request did not come from a page of ours, or from one that is too old."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "forged-request"


class StalePage(ForgedRequest):
    """The request comes from a page of ours whose token holds no more: its reader has signed in or out since."""

    type: ClassVar[str] = "stale-page"


class CsrfToken:
    """The token of one page, made when a template first writes it: pages without a form need no cookie."""

    def __init__(self, request: PageRequest) -> None:
        self._request = request
        self._visit = ""
        self._text = ""

    def __str__(self) -> str:
        if not self._text:
            bound = _bound_to(self._request)
            if not bound:
                bound = self._visit = secrets.token_urlsafe(32)
            self._text = _token(_keys(self._request).current, bound, secrets.token_bytes(_MASK))
        return self._text

    __html__ = __str__

    def keep(self, response: Response[Any]) -> None:
        """Tie the answer to the reader it was made for: never in a shared cache, and with the cookie of the token."""
        if self._text:
            response.headers["cache-control"] = "no-store"
        if self._visit:
            set_cookie(response, self._request, "pb-visit", self._visit)


async def check_own(request: PageRequest) -> None:
    """Refuse an unsafe request that does not come from a page of ours. Raises ForgedRequest, StalePage."""
    if not _from_here(request):
        raise ForgedRequest("The request does not come from a page of this service.")
    given = request.headers.get(HEADER) or (await parse(request)).value(FIELD)
    bound = _bound_to(request)
    if not bound or not _is_valid(request, bound, given):
        raise StalePage("The page was open for too long, or in another session. Go back, reload it, and try again.")


def _from_here(request: PageRequest) -> bool:
    """What the browser says of the sender. Both headers must agree with us when they are there; one must be."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        return False
    ours = {request.headers.get("host", "").lower(), request.app.state.public_host}
    return site in (None, "same-origin") and (origin is None or urlsplit(origin).netloc.lower() in ours)


def _bound_to(request: PageRequest) -> str:
    return read_cookie(request, "pb-session") or read_cookie(request, "pb-visit")


def _token(key: bytes, bound: str, mask: bytes) -> str:
    mac = hmac.new(key, b"pb/csrf/" + mask + bound.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(mask + mac).decode()


def _is_valid(request: PageRequest, bound: str, given: str) -> bool:
    try:
        mask = urlsafe_b64decode(given.encode("ascii"))[:_MASK]
    except (UnicodeEncodeError, Base64Error):
        return False
    accepted = _keys(request).accepted(request.app.state.clock())
    return any(hmac.compare_digest(_token(key, bound, mask), given) for key in accepted)


def _keys(request: PageRequest) -> Ring:
    keys: Ring = request.app.state.cookie_keys
    return keys
