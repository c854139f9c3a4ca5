"""A service over a clean database, and small elections to import into it."""

from collections.abc import AsyncIterator

import pytest

from pb_service.core.record.signatures import public_bytes
from pb_service.features.rounds.service import freeze
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


async def freeze_spring(service: Service) -> bytes:
    """Fix the manifest of the round spring and return its election id."""
    async with service.database.transaction() as session:
        return await freeze(
            session,
            "spring",
            operator=service.operator_key,
            log_key=public_bytes(service.log_key),
            now=service.clock(),
        )
