"""The cookies of the service: who is signed in, which forms were shown, that an account has been used here before,
which proposal was written here before its author signed in, and who was identified for one vote.

All are needed for what the reader asked for, so there is nothing to consent to. Over TLS their names begin with
`__Host-`: no other host of the domain can set them, and they never travel in clear. Only two
outlive the browser: `pb-known` keeps guessers elsewhere from locking the reader out (features/accounts/signin.py),
`pb-draft` finds the draft again after the mail that verifies an address.
"""

from typing import Any, Literal

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

CookieKind = Literal["pb-session", "pb-visit", "pb-known", "pb-draft", "pb-booth"]
Connection = ASGIConnection[Any, Any, Any, Any]

#: How long a cookie is kept; the others go when the browser is closed.
_LASTS: dict[CookieKind, int] = {"pb-known": 180 * 24 * 3600, "pb-draft": 7 * 24 * 3600}

#: Longer values are nobody's: ours have 43 characters.
_MOST = 100


def cookie_name(connection: Connection, kind: CookieKind) -> str:
    """The cookie's name for the address under which this service is reached."""
    return f"__Host-{kind}" if connection.app.state.secure else kind


def read_cookie(connection: Connection, kind: CookieKind) -> str:
    """What the browser sent, or an empty text."""
    value = connection.cookies.get(cookie_name(connection, kind), "")
    return value if len(value) <= _MOST else ""


def set_cookie(response: Response[Any], connection: Connection, kind: CookieKind, value: str) -> None:
    """Have the browser keep a value; scripts cannot read it, other sites cannot send it along."""
    response.cookies.append(
        Cookie(
            key=cookie_name(connection, kind),
            value=value,
            path="/",
            max_age=_LASTS.get(kind),
            secure=connection.app.state.secure,
            httponly=True,
            samesite="lax",
        )
    )
    response.headers["cache-control"] = "no-store"


def drop_cookie(response: Response[Any], connection: Connection, kind: CookieKind) -> None:
    """Have the browser forget a value."""
    response.delete_cookie(cookie_name(connection, kind), path="/")
    response.headers["cache-control"] = "no-store"
