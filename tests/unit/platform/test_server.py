"""One port on every address, or the next one that is free on all of them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from pb_service.platform.server import HEAD_BYTES, NoFreePort, listen, serve_app


def taken() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_a_taken_port_is_passed_over_and_said() -> None:
    said: list[str] = []
    with taken() as other:
        wished = other.getsockname()[1]
        sockets, port = listen(["127.0.0.1", "::1"], wished, say=said.append)
        for bound in sockets:
            assert bound.getsockname()[1] == port
            bound.close()
    assert port > wished
    assert str(port) in said[0]


def test_a_port_is_taken_when_one_of_the_addresses_has_it() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        wished = other.getsockname()[1]
        sockets, port = listen(["127.0.0.1", "::1"], wished, say=lambda _: None)
        for bound in sockets:
            bound.close()
    assert port != wished


def test_without_any_free_port_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pb_service.platform.server._TRIES", 1)
    with taken() as other, pytest.raises(NoFreePort, match="PB_PORT"):
        listen(["127.0.0.1"], other.getsockname()[1], say=lambda _: None)


@dataclass
class Served:
    """A small application on a port, and the methods that it was asked by."""

    port: int = 0
    seen: list[str] = field(default_factory=list)

    async def app(self, scope: Scope, _receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method is None:  # the server's start and end
            return
        self.seen.append(str(method))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"page", "more_body": False})


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    found = Served()
    sockets, found.port = listen(["127.0.0.1"], 18000, say=lambda _: None)  # connections wait from here on
    server = asyncio.create_task(serve_app(found.app, sockets))
    yield found
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server


async def test_head_is_answered_as_get_and_the_body_left_out(served: Served) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=30) as client:
        answer = await client.head("/")
    assert (served.seen, answer.status_code, answer.content) == (["GET"], 200, b"")


@pytest.mark.parametrize(("pieces", "asked"), [(1, ["GET"]), (200, [])])
async def test_a_head_without_end_is_cut_off(served: Served, pieces: int, asked: list[str]) -> None:
    """It would be kept in memory as long as it grows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    with suppress(ConnectionError):  # cut off
        writer.write(b"GET /")
        for _ in range(pieces):
            writer.write(b"a" * (HEAD_BYTES // 10))
            await writer.drain()
        writer.write(b" HTTP/1.1\r\nhost: town\r\nconnection: close\r\n\r\n")
        await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert served.seen == asked
