"""A round in its phases before the vote, with every duty in another hand."""

import pytest

from pb_service.service import Service
from tests.assessment import Office, office
from tests.conftest import FakeClock


@pytest.fixture
async def town(service: Service, clock: FakeClock) -> Office:
    return await office(service, clock)
