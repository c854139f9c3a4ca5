"""The application over an open vote, and a browser of the staff."""

from collections.abc import AsyncIterator

import httpx
import pytest

from pb_service.app import create_app
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.staff import Desk
from tests.voting import OpenVote, open_vote


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    return await open_vote(service, clock)


@pytest.fixture
async def desk(vote: OpenVote) -> AsyncIterator[Desk]:
    app = create_app(vote.service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Desk(client, vote.service)
