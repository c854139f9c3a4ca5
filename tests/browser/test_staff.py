"""Staff in a real browser: an invitation accepted by keyboard, an app, a passkey, and pages that everybody can use."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import select

from pb_service.features.accounts import invitations, people, sessions, units
from pb_service.features.accounts.policy import Grant, Role
from pb_service.features.accounts.units import UnitDetails
from pb_service.platform.jobs import Job
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.conftest import FakeClock
from tests.staff import PASSWORD, Member, actor_of, code_of, hire, open_spring, scopes_of


@dataclass(frozen=True)
class Site:
    """The running service and its address: a name, since passkeys are for names, never for numbers."""

    service: Service
    clock: FakeClock
    address: str


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    sockets, port = listen(["127.0.0.1"], 18200, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service, served(service, sockets):
        yield Site(service, clock, given.public_url)


async def invited(site: Site, role: Role = "moderator") -> str:
    """The address in the mail of somebody who is invited in Swedish."""
    actor = await actor_of(site.service, await hire(site.service, "administrator", name="Cia Berg"))
    async with site.service.database.transaction() as session:
        await invitations.invite(
            session,
            actor,
            "aino@example.org",
            language="sv",
            wanted=Grant(role),
            reason="Ny kollega",
            scopes=await scopes_of(site.service),
            now=site.clock(),
        )
    async with site.service.database.reading() as session:
        mail = (await session.scalars(select(Job).where(Job.name == "mail.deliver"))).one()
    return site.address + str(mail.payload["context"]["path"])


async def tab_to(page: Page, selector: str) -> None:
    """Press the tabulator until what is wanted has the focus, as somebody without a mouse does."""
    for _ in range(300):
        if await page.evaluate("wanted => document.activeElement?.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{page.url}: {selector} cannot be reached with the keyboard")


async def press(page: Page, selector: str) -> None:
    """Go on by a button or a link, with the keyboard."""
    await tab_to(page, selector)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def write(page: Page, selector: str, text: str) -> None:
    await tab_to(page, selector)
    await page.keyboard.type(text)


async def usable(page: Page, where: str) -> None:
    """The page stands where it should, fits the phone, and axe finds nothing."""
    assert re.search(where, page.url), page.url
    assert (page.url, await overflow(page)) == (page.url, 0)
    assert await violations(page) == []


async def test_an_invited_member_comes_in_by_keyboard_in_swedish_on_a_phone(site: Site, browser: Browser) -> None:
    link = await invited(site)
    page = await open_page(browser, width=360, height=640)
    await page.goto(link)
    await usable(page, "/sv/invitation/")
    await write(page, "#f-name", "Aino Lehto")
    await write(page, "#f-password", PASSWORD)
    await press(page, "main form button")
    await usable(page, "/sv/staff/factors$")
    await press(page, "form[action$='/factors/app'] button")
    await usable(page, "/sv/staff/factors/app$")
    secret = "".join((await page.inner_text(".secret")).split())
    await write(page, "#f-code", code_of(secret, site.service))
    await press(page, "form[action$='/app/code'] button")
    await usable(page, "/sv/staff/factors/app/code$")
    assert await page.locator(".recovery-codes code").count() == 10
    await press(page, ".buttons a.button")
    await usable(page, "/sv/staff$")
    assert await page.inner_text("h1") == "Arbetsbord"
    await press(page, "form[action$='/sign-out'] button")

    await page.goto(f"{site.address}/sv/staff")
    assert "/sv/sign-in" in page.url
    await write(page, "#f-email", "aino@example.org")
    await write(page, "#f-password", PASSWORD)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await usable(page, "/sv/staff/second-factor")
    site.clock.advance(timedelta(seconds=30))
    await write(page, "#f-code", code_of(secret, site.service))
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert page.url == f"{site.address}/sv/staff"
    await page.context.close()


async def enter(site: Site, page: Page, member: Member, *, factor: bool = True) -> None:
    """Sign somebody in without the pages."""
    async with site.service.database.transaction() as session:
        token = await sessions.start(
            session, member.id, "staff", visitor=sessions.Visitor(), now=site.clock(), second_factor=factor
        )
    await page.context.add_cookies([{"name": "pb-session", "value": token, "url": site.address}])


async def test_a_passkey_is_made_and_then_opens_the_desk(site: Site, browser: Browser) -> None:
    member = await hire(site.service, "moderator", factor=False)
    page = await open_page(browser)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await enter(site, page, member, factor=False)
    await page.goto(f"{site.address}/en/staff/factors/passkey")
    await usable(page, "/factors/passkey$")
    await page.fill("#f-name", "My laptop")
    await page.click("text=Make the passkey")
    await page.wait_for_selector(".recovery-codes")
    await page.goto(f"{site.address}/en/staff/factors")
    assert await page.inner_text("tbody th") == "My laptop"

    await enter(site, page, member, factor=False)
    await page.goto(f"{site.address}/en/staff")
    await usable(page, "/second-factor")
    async with page.expect_navigation():
        await page.click("text=Use a passkey")
    assert page.url == f"{site.address}/en/staff"

    await devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": added["authenticatorId"]})
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await enter(site, page, member, factor=False)
    await page.goto(f"{site.address}/en/staff/second-factor")
    await page.click("text=Use a passkey")
    await page.wait_for_selector("[data-passkey-problem]:not([hidden])")
    await page.context.close()


async def full(site: Site) -> tuple[Member, Member]:
    """An administrator, and a moderator about whom everything is known: roles, decisions, a unit, a district."""
    service, now = site.service, site.clock()
    boss = await hire(service, "administrator")
    bo = await hire(service, "moderator", name="Bo Ek")
    round_id, scopes, actor = await open_spring(service), await scopes_of(service), await actor_of(service, boss)
    unit_id = uuid4()
    async with service.database.transaction() as session:
        wanted = Grant("desk", round_id, "north")
        await people.give_role(session, actor, bo.id, wanted, scopes=scopes, reason="Behövs i norr", now=now)
        details = UnitDetails({"sv": "Parker och grönområden"}, "parker@example.org", "09 123")
        await units.create_unit(session, actor, details, unit_id=unit_id, now=now)
        await units.put_member(session, actor, unit_id, bo.id, title="Trädgårdsmästare", phone="09 124", now=now)
        contact = {"round_id": round_id, "district": "north", "email": "norr@example.org", "phone": "09 125"}
        await units.name_contact(session, actor, bo.id, scopes=scopes, now=now, **contact)  # type: ignore[arg-type]
        await invitations.invite(
            session,
            actor,
            "a.very.long.address.of.somebody@example.org",
            language="sv",
            wanted=Grant("editor"),
            reason="Översätter",
            scopes=scopes,
            now=now,
        )
    return boss, bo


PAGES = [
    "",
    "/people",
    "/people/{bo}",
    "/people/{bo}/give",
    "/people/{bo}/block",
    "/people/{bo}/reset",
    "/people/{bo}/sessions",
    "/people/invite",
    "/people/resident",
    "/units",
    "/units/new",
    "/units/contacts/new",
    "/log",
    "/factors",
    "/factors/passkey",
    "/sessions",
    "/step-up",
]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("look", [{"width": 360}, {"width": 1280, "color_scheme": "dark"}], ids=["phone", "dark"])
async def test_axe_finds_nothing_and_no_page_is_too_wide(
    site: Site, browser: Browser, language: str, look: dict[str, object]
) -> None:
    boss, bo = await full(site)
    await actor_of(site.service, bo)
    page = await open_page(browser, **look)  # type: ignore[arg-type] # passed on as they are
    await enter(site, page, boss)
    found = []
    for path in PAGES:
        answer = await page.goto(f"{site.address}/{language}/staff{path.format(bo=bo.id)}")
        assert (path, answer and answer.status) == (path, 200)
        found += await violations(page)
        found += [f"{path} is too wide"] if await overflow(page) > 0 else []
    await page.context.close()
    assert found == []


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("width", [1024, 1280, 1600])
async def test_the_whole_menu_stands_on_one_line_or_behind_its_button(
    site: Site, browser: Browser, language: str, width: int
) -> None:
    """With everything that anybody may open; words are longest in Swedish."""
    boss = await hire(site.service, "administrator", "manager", name="Ylva Yliaho")
    page = await open_page(browser, width=width)
    await enter(site, page, boss)
    await page.goto(f"{site.address}/{language}/staff")
    bar = page.locator(".top-bar-staff > .page")
    boxes = [await box.bounding_box() for box in await bar.locator(".wide-menu a:visible").all()]
    shown = await bar.locator(".menu > summary").is_visible()
    height = await bar.evaluate("e => e.getBoundingClientRect().height")
    assert (len(boxes), shown) in ((9, False), (0, True))
    assert len({(box["y"], box["height"]) for box in boxes if box}) <= 1
    assert (height, await overflow(page)) == (64, 0)
    await page.context.close()
