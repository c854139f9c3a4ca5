"""A service over a clean database, and small elections to import into it."""

from collections.abc import AsyncIterator

import pytest

from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened
