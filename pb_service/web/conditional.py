"""Answers with an ETag that the asker has already: told so, without the body (RFC 9110, section 13.1.2).

This stands outside of everything that makes or keeps answers, so it holds for those from the cache of pages too.
"""

import hashlib

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.types import Message, Scope

_FLAG = "not_modified"


def tag_of(body: bytes) -> dict[str, str]:
    """Return the header ETag of an answer: the start of its body's SHA-256."""
    return {"etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}


async def not_modified(message: Message, scope: Scope) -> None:
    """A ``before_send`` hook: 304 and no body for what the asker named by its ETag."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        tag = headers.get("etag")
        if tag and message["status"] == 200 and tag in _known(Headers.from_scope(scope).get("if-none-match", "")):
            message["status"] = 304
            for name in ("content-length", "content-encoding"):
                if name in headers:
                    del headers[name]
            scope["state"][_FLAG] = True
    elif message["type"] == "http.response.body" and scope["state"].get(_FLAG):
        message["body"] = b""


def _known(header: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in header.split(",")}
