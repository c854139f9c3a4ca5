"""Residents in a real browser: from signing up to signing out by keyboard on a phone, in Swedish."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from pb_service.service import Service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, violations
from tests.mailbox import delivered, words
from tests.staff import PASSWORD, hire

EMAIL = "aino@example.org"


@pytest.fixture
def settings(folder: object) -> Settings:
    """Jobs run when a test says so, not beside it."""
    return Settings.from_environment({"PB_DATA": f"{folder}/data", "PB_JOBS": "worker"})


async def link(service: Service, part: str) -> str:
    mails = "\n".join(words(mail) for mail in await delivered(service))
    return str(re.findall(rf"http://localhost:8000(/\S*{part}\S*)", mails)[-1])


_NAME = """() => {
    const e = document.activeElement;
    return e.labels?.[0]?.textContent || e.getAttribute("aria-label") || e.textContent || "";
}"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with that name has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        label = str(await page.evaluate(_NAME))
        if label.strip() == name:
            return
    pytest.fail(f"Tab never comes to {name!r} on {page.url}")


async def fill(page: Page, name: str, text: str) -> None:
    await tab_to(page, name)
    await page.keyboard.type(text)


async def arrive(page: Page, heading: str) -> None:
    """Press Enter and wait for the page with that heading; it must be sound."""
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    await sound(page)


async def sound(page: Page) -> None:
    """Nothing that axe finds, nothing wider than the phone."""
    assert await violations(page) == []
    assert await overflow(page) == 0


async def test_from_signing_up_to_signing_out_by_keyboard_on_a_phone_in_swedish(
    browser: Browser, site: str, service: Service
) -> None:
    page = await open_page(browser, width=360, height=740)
    await page.goto(f"{site}/sv/me")
    await expect(page.get_by_role("heading", name="Logga in", level=1)).to_be_visible()
    await sound(page)
    await tab_to(page, "Skapa ett konto")
    await arrive(page, "Skapa ett konto")
    await fill(page, "E-postadress", EMAIL)
    await arrive(page, "Titta i din e-post")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()

    await page.goto(site + await link(service, "/verify/"))
    await fill(page, "Nytt lösenord", "Salasana123")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page).to_have_title(re.compile("^Fel"))
    await sound(page)
    await fill(page, "Nytt lösenord", PASSWORD)
    await arrive(page, "Min sida")
    for name in ("Lösenord och sessioner", "Mina uppgifter", "Ta bort mitt konto"):
        await tab_to(page, name)
        await arrive(page, name)
    await tab_to(page, "Logga ut")
    await arrive(page, "Du har loggats ut")
    await page.go_back()
    await expect(page.get_by_role("heading", name="Logga in", level=1)).to_be_visible()
    await page.context.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_every_page_of_accounts_is_accessible(
    browser: Browser, site: str, service: Service, language: str
) -> None:
    await hire(service, staff=False, name="Aino")
    page = await open_page(browser, width=360, height=740)
    for path in ("register", "register?done=sent", "reset", "reset?done=sent", "sign-in", "signed-out", "verify/ended"):
        await page.goto(f"{site}/{language}/{path}")
        await sound(page)
    await page.goto(f"{site}/{language}/sign-in")
    await page.locator("#f-email").fill(EMAIL)
    await page.locator("#f-password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/me")
    # "staff" is refused to a resident: the page that says so is one of ours too
    for path in (
        "me",
        "me?done=saved",
        "me/security",
        "me/ways",
        "me/ways?done=taken",
        "me/data",
        "me/delete",
        "staff",
    ):
        await page.goto(f"{site}/{language}/{path}")
        await sound(page)
    await page.context.close()


async def test_passwords_can_be_pasted_and_fields_say_what_they_are(browser: Browser, site: str) -> None:
    """WCAG 3.3.8: a password manager and the clipboard must work."""
    page = await open_page(browser)
    await page.goto(f"{site}/en/sign-in")
    field = page.get_by_label("Password")
    assert await field.evaluate(
        "e => e.dispatchEvent(new ClipboardEvent('paste', {cancelable: true, bubbles: true}))"
    ), "nothing on the page cancels pasting"
    assert await field.get_attribute("autocomplete") == "current-password"
    assert await page.get_by_label("E-mail address").get_attribute("autocomplete") == "username"
    await page.context.close()


async def test_on_a_shared_computer_the_reader_is_warned_and_then_signed_out(
    browser: Browser, site: str, service: Service
) -> None:
    await hire(service, staff=False, name="Aino")
    page = await open_page(browser, width=360, height=740)
    await page.clock.install()
    await page.goto(f"{site}/en/sign-in")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Others use this computer too").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/me")
    await page.evaluate("localStorage.setItem('draft', 'mine')")
    await page.clock.run_for(125_000)
    await expect(page.get_by_role("alert")).to_contain_text("signed out in a minute")
    await sound(page)
    await page.get_by_role("button", name="Stay signed in").click()
    await expect(page.get_by_role("alert")).to_be_hidden()
    await page.clock.run_for(185_000)
    await expect(page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    assert await page.evaluate("localStorage.length") == 0
    await page.context.close()
