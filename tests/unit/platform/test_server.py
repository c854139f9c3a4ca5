"""One port on every address, or the next one that is free on all of them."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from pb_service.platform.server import NoFreePort, listen, serve_app


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


async def test_head_is_answered_as_get_and_the_body_left_out() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method is None:  # the server's start and end
            return
        seen.append(str(method))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"page", "more_body": False})

    sockets, port = listen(["127.0.0.1"], 18000, say=lambda _: None)
    server = asyncio.create_task(serve_app(app, sockets))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(100):
            try:
                answer = await client.head("/")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server
    assert (seen, answer.status_code, answer.content) == (["GET"], 200, b"")


async def test_a_head_without_end_is_refused_before_it_fills_the_memory() -> None:
    """The server under ours keeps headers as long as they come. A head of some size is served."""

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope.get("method") is not None:  # the server's start and end have none
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    sockets, port = listen(["127.0.0.1"], 18000, say=lambda _: None)
    server = asyncio.create_task(serve_app(app, sockets))
    served = []
    for cookies in (100, 40_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"cookie: a=b\r\n" * cookies + b"\r\n")
        with suppress(ConnectionError):  # closed while the rest was still on its way
            served.append(b" 204 " in await asyncio.wait_for(reader.readline(), 30))
        writer.close()
    assert (served[0], any(served[1:])) == (True, False)
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server
