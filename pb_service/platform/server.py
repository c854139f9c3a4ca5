"""Listening and serving: the same port on every address, the next free one when it is taken, and no place kept for
whoever does not finish a request."""

import asyncio
import errno
import ipaddress
import resource
import socket
from collections.abc import Callable, Sequence
from typing import cast

import uvicorn
from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: How many ports are tried before giving up; someone with more services than this sets PB_PORT.
_TRIES = 50
#: Within how many seconds the head of a request must be there, and then its body: a large file on a slow line.
HEAD_SECONDS, BODY_SECONDS = 20, 600
#: Bytes of a request's head, cookies and all, that is still not whole. Browsers send some two thousand.
HEAD_BYTES = 65_536
#: Connections at once that a process asks its machine for: envelopes that wait, readers, and the database's.
_CONNECTIONS = 8_192


class NoFreePort(OSError):
    """None of the ports from the wished one on is free on all addresses."""


def listen(addresses: Sequence[str], port: int, *, say: Callable[[str], None]) -> tuple[list[socket.socket], int]:
    """Return sockets that listen on one port of all addresses, and the port: the wished one or the next that is free.

    An IPv6 address is left out on a machine without IPv6. Raises NoFreePort.
    """
    for candidate in range(port, min(port + _TRIES, 65536)):
        sockets = _bind_all(addresses, candidate)
        if sockets:
            if candidate != port:
                say(f"Port {port} is taken by another program; using {candidate}. PB_PORT sets another one.")
            return sockets, candidate
    raise NoFreePort(f"no port from {port} to {port + _TRIES - 1} is free; set PB_PORT to one that is")


def _bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Bind every address, or none: an empty list means that the port is taken on one of them."""
    sockets: list[socket.socket] = []
    for address in addresses:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        try:
            sockets.append(_bound(family, address, port))
        except OSError as error:
            if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) and family is socket.AF_INET6:
                continue
            for bound in sockets:
                bound.close()
            if error.errno == errno.EADDRINUSE:
                return []
            raise
    return sockets


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
        bound.listen(2048)
    except OSError:
        bound.close()
        raise
    return bound


def answering_head(app: ASGIApp) -> ASGIApp:
    """Return the application with HEAD answered wherever GET is (RFC 9110 9.3.2); the server leaves the body out."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "HEAD":
            scope = cast(Scope, {**scope, "method": "GET"})
        await app(scope, receive, send)

    return answer


_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """HTTP with an end to patience: who does not finish a request in time, or its head in reason, is cut off.

    The server itself waits for ever for the rest of a request, so that a few clients who send a byte now and then could
    keep all its connections; and it keeps headers as long as they come, so that one could fill its memory.
    """

    _deadline: asyncio.TimerHandle | None = None
    #: Bytes that came of a head which is not whole yet; None while a body is read.
    _head: int | None = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._expect(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._expect(HEAD_SECONDS)
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()
        self._expect(BODY_SECONDS)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
        self._expect(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def _expect(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


def _allow_connections() -> None:
    """Raise this process's limit of open files as far as it may, if it is low: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def serve_app(app: ASGIApp, sockets: list[socket.socket]) -> None:
    """Serve until SIGINT, SIGTERM or cancellation; requests under way are finished."""
    _allow_connections()
    config = uvicorn.Config(
        answering_head(app),
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=sockets))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        # uvicorn must close its own listeners: a socket that is closed while the loop still watches it makes whatever
        # gets its number next wait for ever.
        server.should_exit = True
        await serving
        raise
    finally:
        for bound in sockets:
            bound.close()
