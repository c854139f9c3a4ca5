"""The result pages in a real browser, with real numbers (Ursus 2023): reflow, accessibility, life without script."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from pb_service.features.results.presentation import count_page, district_page, project_page
from pb_service.features.results.reading import contest_result
from pb_service.features.results.views import ContestResultView
from pb_service.web.assets import DIST
from pb_service.web.formats import Reader
from pb_service.web.locales import Language, translations
from pb_service.web.render import render
from tests.browser.conftest import PATIENCE_MS, overflow, violations
from tests.contests import ursus_2023

BASE = "http://localhost/{language}/rounds/demo/here"
PAGES = ["", "/count?turn=19", "/projects/18"]


@pytest.fixture(scope="session")
def view() -> ContestResultView:
    return contest_result(ursus_2023(compared=True))


def html_of(view: ContestResultView, language: Language, path: str, turn: int) -> str:
    words = Reader(language, translations(language), currency=view.currency, unit=view.unit)
    if path.endswith("/count"):
        template, context = "results/count.html", count_page(view, words, view.turns[turn - 1])
    elif "/projects/" in path:
        template, context = (
            "results/project.html",
            project_page(view, words, view.by_number[int(path.rsplit("/", maxsplit=1)[-1])]),
        )
    else:
        template, context = "results/district.html", district_page(view, words)
    return render(template, locale=language, section="results", **context)


@asynccontextmanager
async def opened(browser: Browser, view: ContestResultView, **options: Any) -> AsyncIterator[Page]:
    """A page whose every request is answered from the templates and the built frontend; nothing else is reachable."""
    context = await browser.new_context(**options)

    async def answer(route: Route) -> None:
        path, _, query = route.request.url.removeprefix("http://localhost").partition("?")
        if path.startswith("/static/"):
            await route.fulfill(path=DIST / path.removeprefix("/static/"))
        elif path[1:3] in ("fi", "sv", "en") and "/rounds/" in path:
            turn = int(query.removeprefix("turn=").partition("#")[0] or 1)
            language: Any = path[1:3]
            await route.fulfill(body=html_of(view, language, path, turn), content_type="text/html; charset=utf-8")
        else:
            await route.abort()

    await context.route("**/*", answer)
    context.set_default_timeout(PATIENCE_MS)
    yield await context.new_page()
    await context.unroute_all(behavior="ignoreErrors")
    await context.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_nothing_is_wider_than_the_window(browser: Browser, view: ContestResultView, language: str) -> None:
    async with opened(browser, view) as page:
        for path in PAGES:
            await page.goto(BASE.format(language=language) + path)
            for width in (320, 360, 768, 1280):
                await page.set_viewport_size({"width": width, "height": 800})
                assert await overflow(page) <= 0, f"{path} at {width}"


@pytest.mark.parametrize("path", PAGES)
async def test_axe_finds_nothing(browser: Browser, view: ContestResultView, path: str) -> None:
    # Without motion the colours of the dark theme are there at once.
    async with opened(browser, view, reduced_motion="reduce") as page:
        await page.goto(BASE.format(language="en") + path)
        assert await violations(page) == []
        await page.emulate_media(color_scheme="dark")
        assert await violations(page) == []


async def test_one_drawing_of_each_picture_is_shown(browser: Browser, view: ContestResultView) -> None:
    async with opened(browser, view) as page:
        await page.goto(BASE.format(language="en"))
        for width, shown, hidden in ((360, ".pic-phone", ".pic-desktop"), (1280, ".pic-desktop", ".pic-phone")):
            await page.set_viewport_size({"width": width, "height": 800})
            await expect(page.locator(f"{shown} .money-chart")).to_be_visible()
            await expect(page.locator(f"{hidden} .money-chart")).to_be_hidden()


async def test_without_script_every_project_can_be_read_and_every_turn_reached(
    browser: Browser, view: ContestResultView
) -> None:
    async with opened(browser, view, java_script_enabled=False) as page:
        await page.goto(BASE.format(language="en"))
        await page.locator("#not-chosen summary").click()
        assert await page.locator(".why:visible").count() == len(view.projects)
        await page.locator('[data-turn] a[rel="next"]').click()
        await expect(page).to_have_url(re.compile(r"/count\?turn=20#turn$"))


async def test_with_script_the_next_turn_comes_without_leaving_the_page(
    browser: Browser, view: ContestResultView
) -> None:
    async with opened(browser, view) as page:
        await page.goto(BASE.format(language="en"))
        await page.locator('[data-turn] a[rel="next"]').click()
        await page.get_by_text("The count, turn 20 of 72").wait_for()
        assert page.url == BASE.format(language="en")
        await expect(page.locator('[data-turn] a[rel="next"]')).to_be_focused()


async def test_on_paper_there_are_no_controls(browser: Browser, view: ContestResultView) -> None:
    async with opened(browser, view) as page:
        await page.goto(BASE.format(language="en"))
        await page.emulate_media(media="print")
        await expect(page.locator(".turn-nav")).to_be_hidden()
        await expect(page.locator(".on-page")).to_be_hidden()
        await expect(page.locator(".ledger").first).to_be_visible()
