"""Signing in through a real OpenID provider, in a real browser, with the keyboard alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import follow, open_page, overflow, served, settled, violations
from tests.provider import RealProvider, running_provider

PROVIDER = """
[town]
name = {{ fi = "Kaupungin tunnistus", sv = "Stadens identifiering", en = "Town sign-in" }}
issuer = "{issuer}"
client_id = "budget"
secret_file = "budget.secret"
scopes = ["openid", "person"]
[town.claims]
person_id = "person"
"""


@pytest.fixture
async def site(settings: Settings, database_url: str, folder: Path) -> AsyncIterator[tuple[str, RealProvider]]:
    """The running service and its provider, each knowing the other's address."""
    sockets, port = listen(["127.0.0.1"], 18000, say=lambda _: None)
    address = f"http://localhost:{port}"
    with running_provider([f"{address}/sign-in/town/return"]) as provider:
        (folder / "signin.toml").write_text(PROVIDER.format(issuer=provider.issuer))
        (folder / "budget.secret").write_text("secret-of-the-tests")
        settings = replace(settings, signin=folder / "signin.toml", public_url=address)
        async with open_service(settings, database_url) as service, served(service, sockets):
            yield address, provider


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    opened = await open_page(browser, width=360)
    yield opened
    await opened.context.close()


async def press(page: Page, name: str) -> None:
    """Walk to a link with the keyboard and follow it."""
    await settled(page)  # the script of the page may give focus to its heading
    link = page.locator("main").get_by_role("link", name=name)
    for _ in range(60):
        if await link.evaluate("link => link === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")


async def test_a_resident_signs_in_and_out_by_the_provider(page: Page, site: tuple[str, RealProvider]) -> None:
    address, provider = site
    await page.goto(f"{address}/sv/me")
    await expect(page).to_have_url(f"{address}/sv/sign-in?next=/sv/me")
    await press(page, "Stadens identifiering")
    await expect(page).to_have_url(f"{address}/sv/me")
    assert "code" not in page.url
    await follow(page, page.get_by_role("button", name="Logga ut").first)
    await press(page, "Logga ut: Stadens identifiering")
    await page.wait_for_url(f"{provider.issuer}/session/end**")


async def test_a_provider_that_is_down_does_not_leave_the_resident_alone(
    page: Page, site: tuple[str, RealProvider]
) -> None:
    address, provider = site
    provider.stop()
    await page.goto(f"{address}/fi/sign-in")
    await press(page, "Kaupungin tunnistus")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ketään ei kirjattu sisään")
    await expect(page.get_by_role("link", name="Yritä uudelleen: Kaupungin tunnistus")).to_be_visible()
    await press(page, "Kirjaudu sähköpostiosoitteella ja salasanalla")
    await expect(page).to_have_url(f"{address}/fi/sign-in")


async def test_joining_and_taking_away_fit_a_phone_and_axe_finds_nothing(
    page: Page, site: tuple[str, RealProvider]
) -> None:
    """The link to the provider is a link: the policy of our pages lets forms go nowhere else."""
    address, _ = site
    await page.goto(f"{address}/sv/sign-in/with/town?next=/sv/me/ways")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sätt att logga in")
    found = await violations(page)
    await page.get_by_role("link", name="Ta bort Stadens identifiering").click()
    found += await violations(page)
    await page.goto(f"{address}/sv/me/ways/town/join")
    found += await violations(page)
    await page.get_by_role("button", name="Fortsätt").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Koppla: Stadens identifiering")
    found += await violations(page)
    assert (found, await overflow(page)) == ([], 0)
    await page.get_by_role("link", name="Gå till Stadens identifiering").click()
    await expect(page).to_have_url(f"{address}/sv/me/ways?done=joined")
