"""Listening and serving: the same port on every address, the next free one when it is taken."""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import cast

import uvicorn
from litestar.types import ASGIApp, Receive, Scope, Send

#: How many ports are tried before giving up; someone with more services than this sets PB_PORT.
_TRIES = 50


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


async def serve_app(app: ASGIApp, sockets: list[socket.socket]) -> None:
    """Serve until SIGINT, SIGTERM or cancellation; requests under way are finished."""
    config = uvicorn.Config(
        answering_head(app), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5
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
