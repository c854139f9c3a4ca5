"""What is being built, in a real browser: every page on a phone in three languages, closing by keyboard."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser, expect

from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, violations
from tests.conftest import FakeClock
from tests.implementation import BENCHES, LIGHTS, NORTH, SWINGS, Building, building, furnish
from tests.staff import hire

BASE = "rounds/spring/implementation"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(replace(settings, jobs="worker"), database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def made(service: Service, clock: FakeClock) -> Building:
    return await building(service, clock)


async def test_everybody_and_staff_on_a_phone_and_by_keyboard(made: Building, site: str, browser: Browser) -> None:
    """Nothing is wider than a phone, axe finds nothing in any language, and closing without answers leads to them."""
    await furnish(made)
    member = await hire(made.service, "manager", name="Maija Maki")
    async with made.service.database.transaction() as session:
        token = await sessions.start(
            session, member.id, "staff", visitor=Visitor(), now=made.clock(), second_factor=True
        )
    page = await open_page(browser, width=360, height=780)
    await page.context.add_cookies([{"name": "pb-session", "value": token, "url": site}])
    found, one = [], f"{BASE}/{NORTH}/{BENCHES}"
    for language in ("fi", "sv", "en"):
        more = {"fi": (BASE,), "sv": (one, f"staff/{BASE}"), "en": (BASE, f"{BASE}/etela/{SWINGS}")}[language]
        for path in (f"staff/{one}", *more):
            await page.goto(f"{site}/{language}/{path}")
            await page.evaluate("document.querySelectorAll('details.act-form').forEach(fold => fold.open = true)")
            assert await overflow(page) <= 0, path
            found += await violations(page)
    assert found == []
    await page.goto(f"{site}/en/staff/{BASE}/{NORTH}/{LIGHTS}")
    await page.locator("#f-closed_act > summary").focus()
    await page.keyboard.press("Enter")
    await page.locator("#f-closed_happened_fi").fill("Tehtiin")
    await page.get_by_role("button", name="Close the project as done").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".error-summary")).to_be_focused()
    assert await page.locator("#f-closed_happened_fi").input_value() == "Tehtiin"
    await page.get_by_role("link", name="What did we learn? (Finnish): fill this in").click()
    await expect(page.locator("#f-closed_learned_fi")).to_be_focused()
    await page.context.close()
