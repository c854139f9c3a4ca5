"""The whole web application without any round: pages of accounts need none."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.residents import Reader


@pytest.fixture
def settings(folder: Path) -> Settings:
    """Jobs run when a test says so (tests.mailbox.delivered), not beside it."""
    return Settings.from_environment({"PB_DATA": str(folder / "data"), "PB_JOBS": "worker"})


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def reader(client: httpx.AsyncClient, service: Service) -> Reader:
    """A browser that has not been here before."""
    return Reader(client, service)
