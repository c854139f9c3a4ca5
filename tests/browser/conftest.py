"""The pages in a real browser: the whole application on a free port of this machine, with one counted round."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page

from pb_service.app import create_app
from pb_service.platform.server import listen
from pb_service.service import Service
from tests.http.conftest import service as service  # noqa: PLC0414 - the same round as over HTTP

AXE = Path(__file__).parents[2] / "frontend_static" / "node_modules" / "axe-core" / "axe.min.js"

#: The success criteria of WCAG 2.2, levels A and AA, as far as a program can tell.
_CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
async def site(service: Service) -> AsyncIterator[str]:
    """The address of the running service."""
    sockets, port = listen(["127.0.0.1"], 18000, say=lambda _: None)
    server = uvicorn.Server(uvicorn.Config(create_app(service), log_level="warning"))
    task = asyncio.create_task(server.serve(sockets))
    while not server.started:  # noqa: ASYNC110 - the server tells nobody else
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def open_page(browser: Browser, *, width: int = 1280, height: int = 800, **options: Any) -> Page:
    """A page in a context of its own that collects what the console says; close it with ``page.context.close()``."""
    context: BrowserContext = await browser.new_context(viewport={"width": width, "height": height}, **options)
    return await context.new_page()


async def violations(page: Page) -> list[str]:
    """What axe finds on the page, one line for each element."""
    if not AXE.is_file():
        pytest.fail(f"{AXE} is missing: run `npm ci` in frontend_static", pytrace=False)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags})", _CRITERIA)
    return [
        f"{page.url} {rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
