"""The pages in a real browser: the whole application on a free port of this machine, with one counted round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from pb_service.app import create_app
from pb_service.platform.server import listen
from pb_service.service import Service
from tests.http.conftest import service as service  # noqa: PLC0414 - the same round as over HTTP

AXE = Path(__file__).parents[2] / "frontend_static" / "node_modules" / "axe-core" / "axe.min.js"

#: The success criteria of WCAG 2.2, levels A and AA, as far as a program can tell.
_CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


#: How long a page may take for one step, in milliseconds: the limit of patience, never a measure.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

#: What is drawn has its last look: fonts are there, and no colour is on its way to another.
_SETTLED = """async () => {
    await document.fonts.ready;
    await Promise.allSettled(document.getAnimations().map(motion => motion.finished));
}"""


@pytest.fixture
async def site(service: Service) -> AsyncIterator[str]:
    """The address of the running service."""
    sockets, port = listen(["127.0.0.1"], 18000, say=lambda _: None)
    async with served(service, sockets):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def served(service: Service, sockets: list[socket]) -> AsyncIterator[None]:
    """The application of a service on these sockets, for as long as the block lasts."""
    config = uvicorn.Config(create_app(service), log_level="warning", timeout_graceful_shutdown=30)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets))
    while not server.started:
        await asyncio.wait([task], timeout=0.01)
        assert not task.done(), "the server did not start"
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def open_page(browser: Browser, *, width: int = 1280, height: int = 800, **options: Any) -> Page:
    """A page in a context of its own that collects what the console says; close it with ``page.context.close()``."""
    context: BrowserContext = await browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE_MS)
    return await context.new_page()


async def settled(page: Page) -> None:
    """Wait until the page is whole: a click returns as soon as the next page begins."""
    await page.wait_for_load_state()
    await page.evaluate(_SETTLED)


async def follow(page: Page, target: Locator) -> None:
    """Click on what leads to another page, and wait until that page is whole."""
    async with page.expect_navigation():
        await target.click()


async def violations(page: Page) -> list[str]:
    """What axe finds on the page, one line for each element."""
    if not AXE.is_file():
        pytest.fail(f"{AXE} is missing: run `npm ci` in frontend_static", pytrace=False)
    await settled(page)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags})", _CRITERIA)
    return [
        f"{page.url} {rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    await settled(page)
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
