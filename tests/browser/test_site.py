"""Pages about the whole round in a browser: accessible, usable by keyboard and without script, whole on a phone."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import follow, open_page, overflow, violations

PAGES = [
    "",
    "/about",
    "/rounds/spring",
    "/rounds/spring/record",
    "/rounds/spring/record/0",
    "/rounds/spring/verify",
    "/rounds/spring/data",
    "/help",
    "/help/vote",
    "/nothing-here",
]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_axe_finds_nothing_on_any_page(site: str, browser: Browser, language: str) -> None:
    page = await open_page(browser)
    found = []
    for path in PAGES:
        await page.goto(f"{site}/{language}{path}")
        found += await violations(page)
    await page.context.close()
    assert found == []


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"width": 360, "height": 640}], ids=["dark", "phone"])
async def test_axe_finds_nothing_in_the_dark_and_on_a_phone(
    site: str, browser: Browser, options: dict[str, object]
) -> None:
    page = await open_page(browser, **options)  # type: ignore[arg-type] # passed on as they are
    found = []
    for path in PAGES:
        await page.goto(f"{site}/en{path}")
        found += await violations(page)
    await page.context.close()
    assert found == []


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_no_page_is_wider_than_a_narrow_phone(site: str, browser: Browser, language: str) -> None:
    too_wide = []
    for width in (320, 360):
        page = await open_page(browser, width=width, height=640)
        for path in PAGES:
            await page.goto(f"{site}/{language}{path}")
            too_wide += [(path, width)] if await overflow(page) > 0 else []
        await page.context.close()
    assert too_wide == []


async def test_text_may_be_twice_as_large(site: str, browser: Browser) -> None:
    page = await open_page(browser, width=640, height=640)
    too_wide = []
    for path in PAGES:
        await page.goto(f"{site}/fi{path}")
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        too_wide += [path] if await overflow(page) > 0 else []
    await page.context.close()
    assert too_wide == []


async def test_the_browser_reports_no_error_and_no_breach_of_the_policy(site: str, browser: Browser) -> None:
    page = await open_page(browser)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES[:-1]:
        await page.goto(f"{site}/en{path}")
    await page.context.close()
    assert said == []


async def test_the_first_tab_offers_to_skip_to_the_content(site: str, browser: Browser) -> None:
    page = await open_page(browser)
    await page.goto(f"{site}/en/rounds/spring")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.context.close()


async def test_the_keyboard_reaches_everything_and_focus_is_seen(site: str, browser: Browser) -> None:
    page = await open_page(browser)
    await page.goto(f"{site}/en/rounds/spring")
    count = await page.locator("a:visible, button:visible, summary:visible, [tabindex='0']:visible").count()
    unseen, reached = [], set()
    for _ in range(count):
        await page.keyboard.press("Tab")
        place, outline = await page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.getBoundingClientRect().toJSON().y + scrollY + ' ' + e.textContent.trim(), s.outlineWidth] }"
        )
        reached.add(place)
        unseen += [] if outline == "3px" else [place]
    await page.context.close()
    assert unseen == []
    assert len(reached) == count


async def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(site: str, browser: Browser) -> None:
    page = await open_page(browser, width=360, height=640)
    await page.goto(f"{site}/sv/rounds/spring")
    menu = page.locator("details.menu")
    await menu.locator("summary").focus()
    await page.keyboard.press("Enter")
    assert await menu.get_by_role("link", name="Offentlig logg").is_visible()
    await page.keyboard.press("Escape")
    assert await menu.get_attribute("open") is None
    assert await focused(page) == "Meny"
    await page.context.close()


async def test_everything_can_be_read_without_script(site: str, browser: Browser) -> None:
    page = await open_page(browser, width=360, height=640, java_script_enabled=False)
    await page.goto(f"{site}/fi")
    await page.locator("details.menu summary").click()
    await follow(page, page.locator("details.menu").get_by_role("link", name="Julkinen loki"))
    assert await page.get_by_role("heading", level=1).inner_text() == "Julkinen loki"
    assert await page.get_by_role("row").count() > 3
    assert not await page.locator("button[data-print]").is_visible()
    await page.context.close()


async def test_the_language_switch_keeps_the_page(site: str, browser: Browser) -> None:
    page = await open_page(browser)
    await page.goto(f"{site}/en/rounds/spring/record")
    await follow(page, page.get_by_role("link", name="Suomi"))
    assert page.url == f"{site}/fi/rounds/spring/record"
    assert await page.evaluate("document.documentElement.lang") == "fi"
    await page.context.close()


async def test_printing_unfolds_what_is_folded(site: str, browser: Browser) -> None:
    page = await open_page(browser)
    await page.goto(f"{site}/en/rounds/spring/north")
    assert await page.locator("main details:not([open])").count() > 0
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert await page.locator("main details:not([open])").count() == 0
    await page.context.close()


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent.trim()"))
