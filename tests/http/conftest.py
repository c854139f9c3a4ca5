"""The whole web application over a clean database, with one counted round of two districts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar

from pb_service.app import create_app
from pb_service.cli.counting import count_round
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.builders import import_options, pabulib_file
from tests.conftest import FakeClock


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with the round spring, counted and published."""
    async with open_service(settings, database_url, clock=clock) as opened:
        planned = plan_import([pabulib_file("North"), pabulib_file("South", rule="equalshares/add1")], import_options())
        async with opened.database.transaction() as session:
            await import_round(session, planned, origin_host="example.org", now=clock())
        await count_round(opened, "spring", say=lambda _: None)
        yield opened


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """Hold the application's lifespan in a task of its own: it must end in the task in which it began."""
    started, ended = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with app.lifespan():
            started.set()
            await ended.wait()

    task = asyncio.create_task(hold())
    begun = asyncio.create_task(started.wait())
    await asyncio.wait({task, begun}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if begun.done():  # else the task tells why it could not begin
            yield
    finally:
        begun.cancel()
        ended.set()
        await task
