"""Security headers of every answer.

Pages hold no inline script and no inline style, so the policy can be strict: whoever smuggles markup into a page still
runs nothing. HSTS is sent only over TLS, where browsers heed it.
"""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

_HEADERS = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
}
_YEAR = 365 * 24 * 3600


async def security_headers(message: Message, scope: Scope) -> None:
    """A ``before_send`` hook: add what an answer does not say itself."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("strict-transport-security", f"max-age={_YEAR}; includeSubDomains")
