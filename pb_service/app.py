"""The web application: the only place that knows every stage."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.config.response_cache import ResponseCacheConfig
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata import routes as opendata
from pb_service.features.record.routes import record_router
from pb_service.features.results.pages import results_router
from pb_service.features.site.pages import router as site_router
from pb_service.platform.pagecache import page_key, page_store
from pb_service.service import Service
from pb_service.web.assets import static_file
from pb_service.web.errors import exception_handlers
from pb_service.web.headers import security_headers

log_event = structlog.get_logger()


def create_app(service: Service) -> Litestar:
    """Return the web application: pages, JSON API, downloads, and the files of the record."""

    async def session() -> AsyncGenerator[AsyncSession, None]:
        async with service.database.reading() as reading:
            yield reading

    @asynccontextmanager
    async def sequencing(_app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(service.sequencer.run_forever())
        task.add_done_callback(_report_end)
        yield
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):  # an exception was reported when it ended the task
            await task

    return Litestar(
        route_handlers=[site_router, results_router, opendata.api, opendata.data, record_router, static_file],
        dependencies={
            "session": Provide(session),
            "tile_store": Provide(lambda: service.tiles, sync_to_thread=False),
            "shelf": Provide(lambda: service.bundles, sync_to_thread=False),
        },
        lifespan=[sequencing],
        before_send=[security_headers],
        compression_config=CompressionConfig(backend="gzip", minimum_size=1000),
        response_cache_config=ResponseCacheConfig(store="pages", default_expiration=30, key_builder=page_key),
        stores={"pages": page_store(service.settings.redis_url)},
        exception_handlers=exception_handlers,
        openapi_config=OpenAPIConfig(
            title="Participatory budgeting",
            version="1",
            description="Rounds, results and the files that anyone can count again. Free to use, no key.",
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
    )


def _report_end(task: asyncio.Task[None]) -> None:
    """The sequencer ends only when published and stored records contradict each other: an incident."""
    if not task.cancelled() and (error := task.exception()):
        log_event.critical("record.sequencer_stopped", error=str(error))
