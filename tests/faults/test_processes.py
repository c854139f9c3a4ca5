"""Several processes on one port: readers notice nothing when one dies, and none outlives the one that keeps them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pb_service.settings import CHECKOUT

PORT = 18_300
COMMAND = [sys.executable, "-c", "from pb_service.cli import main; main()", "serve", "--processes", "2"]
PATIENCE = 60


def children(pid: int) -> set[int]:
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before it was looked at, or while it was
        return False


async def answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{address}/ready", timeout=PATIENCE)).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def served(database_url: str, valkey_url: str, folder: Path) -> AsyncIterator[tuple[int, str]]:
    """The number of the process that keeps two others, and where they serve."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
    given |= {"PB_DATABASE_URL": database_url, "PB_REDIS_URL": valkey_url, "PB_DATA": str(folder / "data")}
    given |= {"PB_PORT": str(PORT), "PB_LISTEN": "127.0.0.1", "PYTHONPATH": str(CHECKOUT)}
    keeper = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=given
    )
    assert keeper.stdout
    said = (await asyncio.to_thread(keeper.stdout.readline)).decode()
    address = f"http://127.0.0.1:{said.strip().rstrip('.').rpartition(' ')[2]}"
    yield keeper.pid, address
    keeper.kill()
    await asyncio.to_thread(keeper.communicate)  # its output ends with the last of the processes that share it


async def test_another_takes_the_place_of_one_that_dies(served: tuple[int, str]) -> None:
    """What comes meanwhile is answered by the others; and when the keeper is killed all end."""
    keeper, address = served
    async with asyncio.timeout(2 * PATIENCE):
        while len(before := children(keeper)) < 2 or not await answers(address):  # noqa: ASYNC110 - not ours to tell
            await asyncio.sleep(0.1)
        dead = min(before)
        os.kill(dead, signal.SIGKILL)
        while lives(dead):  # noqa: ASYNC110 - it dies when the machine comes to it
            await asyncio.sleep(0.01)
        assert all([await answers(address) for _ in range(20)])
        while len((after := children(keeper)) - {dead}) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        assert len(after & before) == 1
        os.kill(keeper, signal.SIGKILL)
        while any(lives(pid) for pid in after):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
