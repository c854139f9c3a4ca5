"""The web application: the only place that knows every stage."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata import routes as opendata
from pb_service.features.record import routes as record
from pb_service.features.results import pages as results
from pb_service.features.site import pages as site
from pb_service.service import Service


def create_app(service: Service) -> Litestar:
    """Return the web application: pages, JSON API, downloads, and the files of the record."""

    async def session() -> AsyncGenerator[AsyncSession, None]:
        async with service.database.reading() as reading:
            yield reading

    @asynccontextmanager
    async def sequencing(_app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(service.sequencer.run_forever())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    dependencies: Mapping[str, Any] = {
        "session": Provide(session),
        "tile_store": Provide(lambda: service.tiles, sync_to_thread=False),
        "shelf": Provide(lambda: service.bundles, sync_to_thread=False),
    }
    return Litestar(
        route_handlers=[record.record_router, opendata.api, opendata.data, results.router, site.router],
        dependencies=dependencies,
        lifespan=[sequencing],
        openapi_config=OpenAPIConfig(
            title="Participatory budgeting",
            version="1",
            description="Rounds, results and the files that anyone can count again. Free to use, no key.",
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
    )
