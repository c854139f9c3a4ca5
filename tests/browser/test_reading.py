"""Reading proposals in a real browser: by keyboard, on a phone, in three languages, with and without JavaScript."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from pb_service.features.proposals import conversation
from pb_service.features.proposals.browse_repository import by_number
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import follow, open_page, overflow, served, violations
from tests.browser.test_staff import tab_to
from tests.conftest import FakeClock
from tests.proposals import open_round, resident, round_called
from tests.town import sixty, town_setup

BASE = "/rounds/spring/proposals"
PAGES = [
    BASE,
    f"{BASE}?view=map",
    f"{BASE}?q=lampaita&district=ulkosaaret",
    f"{BASE}?n=1.2&at=map",
    f"{BASE}?q=xyzzyplugh",
    f"{BASE}/1",
    f"{BASE}/1/comments",
    f"{BASE}/1/versions",
    f"{BASE}/compare",
    f"{BASE}/compare?n=1.2.3",
    "/rounds/spring/statistics",
]


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[str]:
    """The address of a service with sixty proposals; the first has supporters, comments and a question."""
    sockets, port = listen(["127.0.0.1"], 18400, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        await open_round(service, clock, setup=town_setup())
        await sixty(service)
        await talk(service, clock)
        async with served(service, sockets):
            yield given.public_url


async def talk(service: Service, clock: FakeClock) -> None:
    """Two people support the first proposal and talk about it."""
    one, other = await resident(service, "Aino Lehto"), await resident(service, "Bo Ek")
    found = await round_called(service)
    for actor, body in ((one, "Hyvä ajatus!\n\nMilloin tämä voisi olla valmis?"), (other, "Stödet är stort.")):
        async with service.database.transaction() as session:
            proposal = await by_number(session, found.id, 1)
            assert proposal
            await conversation.support(session, actor, found, proposal, now=clock())
            await conversation.comment(
                session, actor, found, proposal, body, language="fi", once=uuid4(), named=True, now=clock()
            )
            clock.advance(timedelta(minutes=1))
    async with service.database.transaction() as session:
        proposal = await by_number(session, found.id, 1)
        assert proposal
        await conversation.ask(
            session, one, found, proposal, "Miten käy uimakoulun?", once=uuid4(), named=False, now=clock()
        )


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_pages_are_accessible_on_a_phone_and_a_desktop(browser: Browser, site: str, language: str) -> None:
    """axe finds nothing, and nothing is wider than a phone of 360 pixels."""
    page = await open_page(browser, width=360, height=740)
    found: list[str] = []
    for path in PAGES:
        answer = await page.goto(f"{site}/{language}{path}")
        assert getattr(answer, "status", 0) == 200, path
        found += await violations(page)
        assert await overflow(page) <= 0, path
        await page.set_viewport_size({"width": 1280, "height": 900})
        found += await violations(page)
        await page.set_viewport_size({"width": 360, "height": 740})
    assert found == []
    await page.context.close()


async def test_by_keyboard_from_the_search_to_a_saved_proposal(browser: Browser, site: str) -> None:
    """The saved ones are on the device alone: another browser knows nothing of them."""
    page = await open_page(browser, width=360, height=740)
    await page.goto(f"{site}/en{BASE}")
    await tab_to(page, "#f-q")
    await page.keyboard.type("sheep")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=sheep**")
    assert await page.locator(".proposal-card").count() == 2
    await tab_to(page, ".proposal-card:first-child .save")
    await page.keyboard.press("Space")
    assert await page.locator(".save[aria-pressed=true]").count() == 1
    await tab_to(page, "[data-saved-link] a")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Saved proposals")
    await expect(page.locator(".proposal-card")).to_have_count(1)
    await page.context.close()


async def test_the_order_stays_for_who_browses(browser: Browser, site: str) -> None:
    """Back from a proposal by its link, and from the menu, the list stands as it stood."""
    page = await open_page(browser)
    await page.goto(f"{site}/en{BASE}")
    titles = await page.locator(".card-title").all_inner_texts()
    await follow(page, page.locator(".card-title a").nth(5))
    await follow(page, page.locator(".breadcrumb a").last)
    assert await page.locator(".card-title").all_inner_texts() == titles
    await page.context.close()


async def test_without_script_everything_is_found_and_read(browser: Browser, site: str) -> None:
    page = await open_page(browser, width=360, height=740, java_script_enabled=False)
    await page.goto(f"{site}/fi{BASE}")
    first = await page.locator(".card-title").all_inner_texts()
    await follow(page, page.locator('.pages a[rel="next"]'))
    assert not set(first) & set(await page.locator(".card-title").all_inner_texts())
    await page.locator("summary.filter-button").click()
    await page.locator("label", has_text="Ulkosaaret").click()
    await follow(page, page.locator(".filter-fold button[type=submit]"))
    assert (await page.locator("h1").inner_text()).startswith("12 ehdotusta")
    await follow(page, page.locator(".card-title a").first)
    assert await page.locator(".save:visible").count() == 0
    assert await page.locator("h1").count() == 1
    await page.context.close()
