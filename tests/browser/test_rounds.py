"""A round set up in a real browser, from the invitation to a phase that begins by itself; and its pages for everybody.

Keyboard only, in Swedish, on a phone of 360 pixels.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from pb_service.background import job_runner
from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.browser.test_staff import Site, invited, press, tab_to, usable, write
from tests.conftest import FakeClock
from tests.rounds import draft, geojson, publish_round, square, staff
from tests.staff import PASSWORD, code_of, hire

DISTRICTS = geojson(
    square(24.9, 60.1), square(25.0, 60.1), square(24.9, 60.2), names=["Satama", "Myllymäki", "Pohjola"]
)


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    sockets, port = listen(["127.0.0.1"], 18300, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service, served(service, sockets):
        yield Site(service, clock, given.public_url)


async def tick(page: Page, selector: str) -> None:
    await tab_to(page, selector)
    if not await page.locator(selector).is_checked():
        await page.keyboard.press("Space")


async def fill(page: Page, selector: str, text: str) -> None:
    """Type over what stands in a field."""
    await tab_to(page, selector)
    await page.keyboard.press("Control+a")
    await page.keyboard.type(text)


async def when(page: Page, path: str, day: str, clock: str) -> None:
    """A day (2027-01-11) and a time (08:00) into the browser's own fields, figure by figure, in the order it asks."""
    year, month, date = day.split("-")
    await first_that_fits(page, f'[id="f-{path}.date"]', day, [f"{month}{date}{year}", f"{date}{month}{year}"])
    hour, minute = clock.split(":")
    await first_that_fits(page, f'[id="f-{path}.time"]', clock, [f"{hour}{minute}AM", f"{hour}{minute}"])


async def first_that_fits(page: Page, selector: str, value: str, ways: list[str]) -> None:
    for way in ways:
        await tab_to(page, selector)
        await page.keyboard.type(way)
        if await page.locator(selector).input_value() == value:
            return
        await page.keyboard.press("Shift+Tab")
    pytest.fail(f"{selector} cannot be filled in with {ways}")


async def in_two_languages(page: Page, path: str, sv: str, fi: str) -> None:
    await fill(page, f'[id="f-{path}.fi"]', fi)
    await fill(page, f'[id="f-{path}.sv"]', sv)


async def go_on(page: Page, step: str) -> None:
    """Save and continue; the next step is there, fits the phone, and axe finds nothing."""
    await press(page, 'main form button.button[value="continue"]')
    await usable(page, rf"/sv/staff/rounds/[a-z0-9-]+{step}\?done=saved$")


async def come_in(site: Site, page: Page) -> None:
    """An invited manager: password, authenticator app, recovery codes."""
    await page.goto(await invited(site, "manager"))
    await write(page, "#f-name", "Oskar Nyman")
    await write(page, "#f-password", PASSWORD)
    await press(page, "main form button")
    await press(page, "form[action$='/factors/app'] button")
    secret = "".join((await page.inner_text(".secret")).split())
    await write(page, "#f-code", code_of(secret, site.service))
    await press(page, "form[action$='/app/code'] button")
    await press(page, ".buttons a.button")
    await usable(page, "/sv/staff$")


async def begin(site: Site, page: Page) -> None:
    """A new round, its texts and its timetable."""
    await page.goto(f"{site.address}/sv/staff/rounds")
    await press(page, 'a[href$="/staff/rounds/new"]')
    await usable(page, "/sv/staff/rounds/new$")
    await write(page, "#f-name", "Hamnstads miljon 2026")
    await press(page, "main form button.button")

    await usable(page, "/setup/texts")
    await fill(page, '[id="f-name.fi"]', "Satamakaupungin miljoona 2026")
    await in_two_languages(page, "summary", "Tre områden.", "Kolme aluetta.")
    await write(page, '[id="f-contact.email"]', "aino@hamnstad.example")
    await go_on(page, "/setup/dates")

    await tick(page, '[id="f-phases.ideas.planned"]')
    await when(page, "phases.ideas.starts", "2026-03-09", "08:00")
    await tick(page, '[id="f-phases.assessment.planned"]')
    await when(page, "phases.assessment.starts", "2026-04-06", "08:00")
    await go_on(page, "/setup/districts")


async def three_districts(page: Page) -> None:
    """Districts from a file: looked at, taken, and their money shared out."""
    await tab_to(page, "main .fold:has(input[type=file]) > summary")
    if not await page.locator("main .fold[open]:has(input[type=file])").count():
        await page.keyboard.press("Enter")
    # Asked for before the way there: the driver must know that the chooser is ours when the key is pressed.
    async with page.expect_file_chooser() as chosen:
        await tab_to(page, "input[type=file][name=districts]")
        await page.keyboard.press("Space")
    chooser = await chosen.value
    file: FilePayload = {"name": "omraden.geojson", "mimeType": "application/geo+json", "buffer": DISTRICTS}
    await chooser.set_files(file)
    await press(page, "form[action$='/imports/districts'] button.button")
    await usable(page, "/imports/districts$")
    assert await page.locator("svg.district-map path.area").count() == 3
    await press(page, "form[action$='/take'] button")
    await usable(page, r"/setup/districts\?done=taken$")
    for number, name in enumerate(("Hamnen", "Kvarnbacken", "Norrskog")):
        await fill(page, f'[id="f-districts.{number}.name.sv"]', name)
    await go_on(page, "/setup/money")
    await fill(page, "#f-total", "900 000")
    await tick(page, "#f-mode")
    await page.keyboard.press("ArrowDown")
    await press(page, 'main form button.button[value="save"]')
    assert "300\u202f000\u00a0€" in await page.inner_text(".example table")


async def the_rest(page: Page) -> None:
    """The other steps, most of them as they are offered."""
    for step in ("ballot", "rule", "eligibility", "criteria"):
        await go_on(page, f"/setup/{step}")
    await press(page, 'button[value="criteria.add"]')
    await in_two_languages(page, "criteria.0.label", "Staden äger platsen.", "Kaupunki omistaa paikan.")
    await in_two_languages(page, "criteria.0.reason", "Staden äger inte platsen.", "Kaupunki ei omista paikkaa.")
    for step in ("costs", "trustees", "closing"):
        await go_on(page, f"/setup/{step}")
    await in_two_languages(page, "appeal", "Begäran om omprövning inom 14 dagar.", "Oikaisuvaatimus 14 päivässä.")
    await go_on(page, "")


async def test_a_manager_is_invited_sets_up_a_round_publishes_it_and_sees_it_switch_phase(
    site: Site, browser: Browser
) -> None:
    page = await open_page(browser, width=360, height=740, locale="sv-FI")
    await come_in(site, page)
    await begin(site, page)
    await three_districts(page)
    await the_rest(page)

    assert "Ingenting saknas" in await page.inner_text("main")
    await press(page, 'a[href$="/preview"]')
    await usable(page, "/preview$")
    assert "Du bestämmer." in await page.inner_text("h1")
    await press(page, '.rehearsal-band a[href*="/staff/rounds/"]')
    await press(page, 'a[href$="/publish"]')
    await usable(page, "/publish$")
    await press(page, "main form button.button")
    await usable(page, r"\?done=published$")
    assert "”Idéer” börjar av sig självt den 9 mars 2026" in await page.inner_text("main")

    slug = page.url.partition("/rounds/")[2].partition("?")[0]
    assert await page.inner_text(".eyebrow >> nth=0") == "Annonserad"
    site.clock.now = site.clock.now.replace(day=9, hour=6, minute=0, second=0)  # 08:00 in Helsinki
    assert await job_runner(site.service).run_due() > 0
    await page.goto(f"{site.address}/sv/rounds/{slug}")
    await usable(page, "/sv/rounds/")
    assert "Du kan påverka till den 6 april 2026" in await page.inner_text("main")
    assert "Idéer" in await page.inner_text('.steps li[aria-current="step"]')
    await page.context.close()


PUBLIC = ["/rounds", "/rounds/spring", "/rounds/spring/district", "/rounds/spring/record", "/{rehearsal}"]
PUBLIC += ["/accessibility", "/accessibility/feedback", "/privacy", "/cookies"]
STAFF = ["", "/new", "/spring", "/autumn", "/autumn/preview", "/autumn/publish", "/autumn/erase"]
STAFF += [f"/autumn/setup/{step}" for step in ("texts", "dates", "districts", "money", "ballot", "rule")]
STAFF += [f"/autumn/setup/{step}" for step in ("eligibility", "criteria", "costs", "trustees", "closing")]
STAFF += ["/spring/setup/rule", "/autumn/borders/pohjoinen"]


async def pages(site: Site) -> list[str]:
    """Every page of rounds and promises, over a public round, a draft and a rehearsal."""
    manager = await staff(site.service)
    rehearsal = await draft(site.service, manager, "trial", rehearsal=True)
    for slug in ("spring", "autumn"):
        await draft(site.service, manager, slug)
    for slug in ("spring", rehearsal):
        await publish_round(site.service, manager, slug)
    public = [path.replace("{rehearsal}", f"rounds/{rehearsal}") for path in PUBLIC]
    return [*public, *(f"/staff/rounds{path}" for path in STAFF), "/staff/feedback", "/staff/municipality"]


async def signed_in(site: Site, page: Page) -> None:
    member = await hire(site.service, "manager", name="Oskar Nyman")
    async with site.service.database.transaction() as session:
        token = await sessions.start(
            session, member.id, "staff", visitor=Visitor(), now=site.clock(), second_factor=True
        )
    await page.context.add_cookies([{"name": "pb-session", "value": token, "url": site.address}])


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_axe_finds_nothing_and_nothing_is_too_wide(site: Site, browser: Browser, language: str) -> None:
    paths = await pages(site)
    page = await open_page(browser, width=320, height=640)
    await signed_in(site, page)
    found: list[object] = []
    for path in paths:
        answer = await page.goto(f"{site.address}/{language}{path}")
        assert answer
        assert (path, answer.status) == (path, 200)
        await page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        found += await violations(page)
        found += [(path, 320)] if await overflow(page) else []
    await page.context.close()
    assert found == []


async def test_axe_finds_nothing_in_the_dark(site: Site, browser: Browser) -> None:
    paths = await pages(site)
    page = await open_page(browser, color_scheme="dark")
    await signed_in(site, page)
    found = []
    for path in paths:
        await page.goto(f"{site.address}/sv{path}")
        found += await violations(page)
    await page.context.close()
    assert found == []


async def test_in_forced_colours_every_control_keeps_an_edge(site: Site, browser: Browser) -> None:
    """Where the system paints everything in its own colours, what was told by colour alone would be gone."""
    await pages(site)
    page = await open_page(browser, forced_colors="active")
    await signed_in(site, page)
    bare = []
    for step in ("texts", "dates", "rule"):
        await page.goto(f"{site.address}/sv/staff/rounds/autumn/setup/{step}")
        bare += await page.evaluate(
            "() => [...document.querySelectorAll('main :is(input, select, textarea, .button)')]"
            ".filter(e => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.visually-hidden'))"
            ".filter(e => getComputedStyle(e).appearance === 'none')"
            ".filter(e => parseFloat(getComputedStyle(e).borderTopWidth) < 1)"
            ".map(e => e.outerHTML.slice(0, 100))"
        )
    await page.context.close()
    assert bare == []


async def test_a_border_is_drawn_by_pressing_on_the_map_and_written_into_the_field(
    site: Site, browser: Browser
) -> None:
    await pages(site)
    page = await open_page(browser)
    await signed_in(site, page)
    await page.goto(f"{site.address}/en/staff/rounds/autumn/borders/pohjoinen")
    await page.locator("#f-outline").fill("")
    picture = page.locator("border-map[data-ready] svg.draws")
    for x, y in ((100, 100), (200, 100), (200, 200)):
        await picture.click(position={"x": x, "y": y})
    lines = (await page.locator("#f-outline").input_value()).splitlines()
    assert len(lines) == 3
    assert await page.locator(".draws .corner").count() == 3
    assert await page.inner_text("[data-says]") == "Corner 3 added."
    await page.locator("[data-undo]").click()
    assert len((await page.locator("#f-outline").input_value()).splitlines()) == 2
    await page.context.close()


async def test_the_district_is_found_without_script(site: Site, browser: Browser) -> None:
    await pages(site)
    page = await open_page(browser, width=360, height=740, java_script_enabled=False)
    await page.goto(f"{site.address}/sv/rounds/spring/district")
    await page.locator(".choose-list a").first.click()
    assert "Ditt område" in await page.inner_text("#answer")
    await page.context.close()


async def test_an_error_has_the_focus_and_leads_to_its_field(site: Site, browser: Browser) -> None:
    await pages(site)
    page = await open_page(browser, width=360, height=740)
    await signed_in(site, page)
    await page.goto(f"{site.address}/sv/staff/rounds/autumn/setup/money")
    await fill(page, "#f-total", "ca tolv tusen")
    await press(page, 'main form button.button[value="save"]')
    assert await page.evaluate("document.activeElement.matches('.error-summary')")
    await tab_to(page, '.error-summary a[href="#f-total"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-total")).to_be_focused()
    assert await page.locator("#f-total").input_value() == "ca tolv tusen"
    assert (await page.title()).startswith("Fel: ")
    await page.context.close()
