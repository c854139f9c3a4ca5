"""Count it yourself: the page of a result counts its round again in the browser, and refuses a changed bundle."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.conftest import open_page, overflow, violations

NORTH = "/rounds/spring/north"
BUTTONS = {"fi": "Laske tällä laitteella", "en": "Count on this device"}


def changed(place: int) -> Callable[[Route], Awaitable[None]]:
    """Answers with the bundle of the service, one byte of it changed on the way."""

    async def answer(route: Route) -> None:
        given = await route.fetch()
        body = bytearray(await given.body())
        body[place] ^= 1
        await route.fulfill(response=given, body=bytes(body))

    return answer


async def count(page: Page, language: str = "en") -> None:
    await page.get_by_role("button", name=BUTTONS[language]).click()
    await expect(page.locator("count-yourself progress")).to_be_hidden()


@pytest.mark.parametrize("language", ["fi", "en"])
async def test_every_district_is_counted_again_in_the_browser(browser: Browser, site: str, language: str) -> None:
    page = await open_page(browser, width=360)
    await page.goto(f"{site}/{language}{NORTH}")
    await count(page, language)
    panel = page.locator("count-yourself")
    assert await panel.get_attribute("data-state") == "equal"
    verdicts = await panel.locator("li").evaluate_all("lines => lines.map((line) => line.dataset.verdict)")
    assert verdicts == ["equal", "equal"]
    assert "#" not in await panel.inner_text()
    assert await violations(page) == []
    assert await overflow(page) <= 0
    await page.context.close()


async def test_a_changed_bundle_is_refused_with_its_place(browser: Browser, site: str) -> None:
    page = await open_page(browser)
    await page.route("**/evidence.zip", changed(200))
    await page.goto(f"{site}/en{NORTH}")
    await count(page)
    panel = page.locator("count-yourself")
    assert await panel.get_attribute("data-state") == "wrong"
    assert await panel.locator("[role=status] code").inner_text() != ""
    assert await violations(page) == []
    await page.context.close()


async def test_a_bundle_that_does_not_come_is_said(browser: Browser, site: str) -> None:
    page = await open_page(browser)
    await page.route("**/evidence.zip", lambda route: route.fulfill(status=503))
    await page.goto(f"{site}/en{NORTH}")
    await count(page)
    assert await page.locator("count-yourself").get_attribute("data-state") == "failed"
    assert await page.get_by_role("button", name=BUTTONS["en"]).is_enabled()
    await page.context.close()


async def test_without_script_nothing_is_offered_that_does_not_work(browser: Browser, site: str) -> None:
    page = await open_page(browser, java_script_enabled=False)
    await page.goto(f"{site}/en{NORTH}")
    await expect(page.locator("#check")).to_be_visible()
    await expect(page.locator("count-yourself")).to_be_hidden()
    await page.context.close()
