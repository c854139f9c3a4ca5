"""One port on every address, or the next one that is free on all of them."""

import socket

import pytest

from pb_service.platform.server import NoFreePort, listen


def taken() -> socket.socket:
    other = socket.create_server(("127.0.0.1", 0))
    return other


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
