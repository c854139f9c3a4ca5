"""Answers that are the same for everybody, kept in this process for a moment and given out before any routing.

What a handler declares by `cache=` (see web/access.py: it may not know who asks) is made once and then given to
everyone who asks the same, packed or plain, by its ETag or in full. It is made again when its time is over, or at once
when the database tells that something public has changed (platform/changes.py); however many ask for it meanwhile, one
of them has it made and the others wait for that.

Each process keeps its own: to have a page from elsewhere would cost more than to make it twice a minute.
"""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from litestar import Litestar
from litestar.config.response_cache import ResponseCacheConfig
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils import normalize_path

from pb_service.platform.metrics import REQUESTS, SECONDS
from pb_service.web.observed import request_id

#: Seconds that an answer is kept where its handler does not say: `cache=True`.
_SECONDS = 30
#: Answers and bytes that a process keeps; longer answers are made anew each time.
_MOST_ANSWERS, _MOST_BYTES, _LONGEST = 2_000, 64_000_000, 4_000_000
#: Bytes of a query that somebody may have linked to; an answer to a longer one is made for its reader alone.
_LONGEST_QUERY = 1_000

#: For the framework, whose own cache knows nothing of changes: it keeps nothing.
NOT_TWICE = ResponseCacheConfig(cache_response_filter=lambda _scope, _status: False)

#: What an answer says of one giving out alone.
_OF_ONE = frozenset({b"content-length", b"x-request-id"})
#: What a request says of its reader: whoever makes an answer for everybody does not get to see it.
_OF_READER = frozenset({b"accept-encoding", b"authorization", b"cookie", b"if-none-match"})

#: Bodies that are packed: of this length on, and of these kinds.
_SHORT = 1_000
_TEXTUAL = (b"text/", b"application/json", b"application/geo+json", b"application/atom+xml", b"image/svg+xml")

_Headers = list[tuple[bytes, bytes]]
#: Path, what is read of the query, and scheme.
_Key = tuple[str, str, str]
#: Finds the handler of a path, with what the path says and its template. Raises for a path without one.
Find = Callable[[str], tuple[Any, Mapping[str, Any], str]]
#: Is told of each answer given out from here: its handler, and what its path says.
Shown = Callable[[Any, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is given out: what it says, until when, and whose it is."""

    until: float
    tag: bytes
    headers: _Headers
    plain: bytes
    packed: bytes
    handler: HTTPRouteHandler
    place: Mapping[str, Any]
    template: str

    def to(self, asked: "_Asked") -> tuple[Any, Any]:
        """Return the messages for one reader, who may know the answer already."""
        named = (b"x-request-id", request_id(asked.id).encode())
        status, body, own = 200, self.plain, []
        if asked.known and self.tag in {_bare(tag) for tag in asked.known.split(b",")}:
            status, body = 304, b""
        elif asked.packed and self.packed:
            body, own = self.packed, [(b"content-encoding", b"gzip")]
        if status == HTTPStatus.OK:
            own.append((b"content-length", str(len(body)).encode()))
        return (
            {"type": "http.response.start", "status": status, "headers": [*self.headers, *own, named]},
            {"type": "http.response.body", "body": body, "more_body": False},
        )

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.packed)


@dataclass(slots=True)
class _Asked:
    """What of a request's headers makes a difference."""

    packed: bool = False
    known: bytes = b""
    id: str = ""

    @classmethod
    def of(cls, scope: HTTPScope) -> "_Asked":
        asked = cls()
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                asked.packed = b"gzip" in value
            elif name == b"if-none-match":
                asked.known = value
            elif name == b"x-request-id":
                asked.id = value.decode("latin-1")
        return asked


class KeptAnswers:
    """What one process keeps. ``shown`` is told of what is given out without its handler being asked."""

    def __init__(
        self,
        find: Find,
        shown: Shown = lambda _handler, _place: None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._find = find
        self._shown = shown
        self._kept: OrderedDict[_Key, Answer] = OrderedDict()
        self._bytes = 0
        self._changes = 0
        self._making: dict[tuple[_Key, int], asyncio.Future[Answer | None]] = {}

    def forget(self) -> None:
        """Drop everything, also what is being made just now: something public has changed."""
        self._changes += 1
        self._kept.clear()
        self._bytes = 0

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from what is kept, or else by the application."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or len(scope["query_string"]) > _LONGEST_QUERY:
            await app(scope, receive, send)
            return
        began, asked, query, found = time.perf_counter(), _Asked.of(scope), "", None
        handler = self._cached(scope["path"]) if scope["query_string"] else None
        if handler is not None:
            query = _read(scope["query_string"], handler)
        if handler is not None or not scope["query_string"]:
            key = (scope["path"], query, scope["scheme"])
            found = self._fresh(key)
            if found is None and (handler := handler or self._cached(scope["path"])) is not None:
                making = self._making.get((key, self._changes))
                if making is None:
                    for message in await self._make(key, handler, app, scope, receive):
                        await send(message)
                    return
                found = await asyncio.shield(making)
        if found is None:
            await app(scope, receive, send)
            return
        start, body = found.to(asked)
        self._shown(found.handler, found.place)
        REQUESTS.labels("GET", found.template, str(start["status"])).inc()
        SECONDS.labels(found.template).observe(time.perf_counter() - began)
        await send(start)
        await send(body)

    async def _make(
        self, key: _Key, handler: HTTPRouteHandler, app: ASGIApp, scope: HTTPScope, receive: Receive
    ) -> Sequence[Message]:
        """Have an answer made for this reader and for all who ask the same meanwhile."""
        caught: list[Message] = []

        async def catch(message: Message) -> None:
            caught.append(message)

        changes = self._changes
        making = self._making[key, changes] = asyncio.get_running_loop().create_future()
        made = None
        try:
            await app(cast(Scope, {**scope, "headers": _for_everybody(scope)}), receive, catch)
            made = await self._answer(caught, handler, scope["path"])
            if made is not None and changes == self._changes:
                self._keep(key, made)
        finally:
            making.set_result(made)
            del self._making[key, changes]
        return caught if made is None else made.to(_Asked.of(scope))

    async def _answer(self, caught: Sequence[Message], handler: HTTPRouteHandler, path: str) -> Answer | None:
        """What was made, if it may be given to others."""
        start: Any = caught[0] if caught else {"status": 0}
        if start["status"] != HTTPStatus.OK:
            return None
        given = [(name.lower(), value) for name, value in start["headers"]]
        headers = [each for each in given if each[0] not in _OF_ONE]
        said = dict(given)
        caching = said.get(b"cache-control", b"")
        if b"set-cookie" in said or b"no-store" in caching or b"private" in caching or b"content-encoding" in said:
            return None
        if said.get(b"vary", b"accept-encoding").lower() != b"accept-encoding":
            return None  # another for each language or cookie: not one for everybody
        body = b"".join(cast(Any, message).get("body", b"") for message in caught[1:])
        seconds = handler.cache if handler.cache is not True and isinstance(handler.cache, int) else _SECONDS
        if not caching:
            headers.append((b"cache-control", f"public, max-age={seconds}".encode()))
        if b"vary" not in said:
            headers.append((b"vary", b"Accept-Encoding"))
        packed = await asyncio.to_thread(_packed, body, said.get(b"content-type", b""))
        tag = said.get(b"etag")
        if tag is None:
            tag = b'W/"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
            headers.append((b"etag", tag))
        _, place, template = self._find(path)
        return Answer(self._seconds() + seconds, _bare(tag), headers, body, packed, handler, place, template)

    def _keep(self, key: _Key, answer: Answer) -> None:
        if answer.size > _LONGEST:
            return
        before = self._kept.pop(key, None)
        self._kept[key] = answer
        self._bytes += answer.size - (before.size if before else 0)
        while len(self._kept) > _MOST_ANSWERS or self._bytes > _MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size

    def _fresh(self, key: _Key) -> Answer | None:
        found = self._kept.get(key)
        if found is None or found.until < self._seconds():
            return None
        self._kept.move_to_end(key)
        return found

    def _cached(self, path: str) -> HTTPRouteHandler | None:
        """The handler of a path, if what it says is for everybody."""
        try:
            handler, _, _ = self._find(path)
        except HTTPException:
            return None
        return handler if isinstance(handler, HTTPRouteHandler) and handler.cache else None


def find_in(app: Litestar) -> Find:
    """Return how an application finds the handler of a path."""

    def find(path: str) -> tuple[Any, Mapping[str, Any], str]:
        _, handler, _, place, template = app.asgi_router.handle_routing(path=normalize_path(path), method="GET")
        return handler, place, template

    return find


def _read(query: bytes, handler: HTTPRouteHandler) -> str:
    """What of a query the handler reads, in one order.

    Links that are shared carry marks such as ``fbclid``, another for each reader, and in a rush every one of them would
    have the page made anew.
    """
    parameters = handler.parsed_fn_signature.parameters
    names = {
        field.kwarg_definition.query or name
        for name, field in parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    }
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode(sorted(pair for pair in given if pair[0] in names))


def _for_everybody(scope: HTTPScope) -> _Headers:
    """A request's headers as if nobody in particular asked for the first time, and plainly: it is packed here."""
    headers = [each for each in scope["headers"] if each[0] not in _OF_READER]
    return [*headers, (b"accept-encoding", b"identity")]


def _packed(body: bytes, media_type: bytes) -> bytes:
    """A body in gzip, nothing if that is not worth while; the same bytes for the same body."""
    if len(body) < _SHORT or not media_type.startswith(_TEXTUAL):
        return b""
    return gzip.compress(body, mtime=0)


def _bare(tag: bytes) -> bytes:
    return tag.strip().removeprefix(b"W/")
