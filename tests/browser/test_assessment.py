"""The desk of assessment in a real browser: every page on a phone and a desktop, a cost signed with the keyboard."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Literal

import pytest
from playwright.async_api import Browser, Page

from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.assessment.moderation import Wanted
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.assessment import NO, Office, office, sheet
from tests.browser.conftest import open_page, overflow, served, violations
from tests.browser.test_staff import press, tab_to, write
from tests.conftest import FakeClock
from tests.proposals import REASON, SOUTH
from tests.staff import Member, hire

Language = Literal["fi", "sv", "en"]
LANGUAGES: tuple[Language, ...] = ("fi", "sv", "en")


@dataclass(frozen=True)
class Hall:
    """The running service, the town in it, and people who can be signed in."""

    town: Office
    address: str
    people: dict[str, Member]

    async def enter(self, page: Page, who: str) -> None:
        """Sign somebody in without the pages."""
        service = self.town.service
        member = self.people[who]
        kind: Literal["resident", "staff"] = "resident" if who == "author" else "staff"
        async with service.database.transaction() as session:
            token = await sessions.start(
                session, member.id, kind, visitor=Visitor(), now=service.clock(), second_factor=kind == "staff"
            )
        await page.context.clear_cookies()
        await page.context.add_cookies([{"name": "pb-session", "value": token, "url": self.address}])


@pytest.fixture
async def hall(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Hall]:
    sockets, port = listen(["127.0.0.1"], 18300, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        town = await office(service, clock)
        assert town.author.account_id
        people = {
            "moderator": await hire(service, "moderator", name="Maija Moderaattori"),
            "assessor": await hire(service, "assessor", name="Mikael Sjö"),
            "manager": await hire(service, "manager", name="Oskar Nyman"),
            "author": Member(town.author.account_id, "", ""),
        }
        async with served(service, sockets):
            yield Hall(town, given.public_url, people)


async def furnished(hall: Hall) -> None:
    """A round in the middle of assessment: something in every state that a page shows."""
    town = hall.town
    await town.costed("Belysning på skolstigen genom Lillskogen", 6_200_000)
    refused = await town.published("Sadevesipuutarha Simpukkatielle")
    await town.assess(refused, NO)
    await town.sent("Hundpark med två avdelningar", place=SOUTH)
    waiting = await town.published("Väntkur vid färjefästet", place=SOUTH)
    await town.set_cost(f"p{waiting}", content=sheet(480_000, contingency=100, round_to=100_000))
    rejected = await town.sent("Konstsnöspår för skidskolan")
    await town.decide(rejected.number or 0, Wanted("reject", "lawful", REASON))
    await town.make([1])
    await town.phase("assessment")


PAGES = (
    "staff/inbox",
    "staff/inbox/workload",
    "staff/rounds/spring/decide?outcome=reject&case=3",
    "staff/rounds/spring/prepared",
    "staff/rounds/spring/rules",
    "staff/rounds/spring/proposals/1",
    "staff/rounds/spring/proposals/3",
    "staff/rounds/spring/costs/p4",
    "staff/rounds/spring/list",
    "staff/rounds/spring/list/101",
    "staff/rounds/spring/list/preview",
    "rounds/spring/list",
    "rounds/spring/proposals/2/review",
)
WHO = {"decide": "moderator", "prepared": "moderator", "rules": "moderator", "proposals/3": "moderator"}


async def test_every_page_fits_a_phone_and_axe_finds_nothing(hall: Hall, browser: Browser) -> None:
    """360 pixels wide in one of three languages in turn; the desktop in English."""
    await furnished(hall)
    for width in (360, 1280):
        page = await open_page(browser, width=width)
        for number, path in enumerate(PAGES):
            who = next((who for part, who in WHO.items() if part in path), "assessor")
            await hall.enter(page, "author" if path.endswith("/review") else who)
            language = LANGUAGES[number % 3] if width == 360 else "en"
            answer = await page.goto(f"{hall.address}/{language}/{path}")
            assert answer
            assert (answer.status, page.url) == (200, page.url), await page.inner_text("body")
            assert (page.url, await overflow(page)) == (page.url, 0)
            assert await violations(page) == []
        await page.context.close()


async def test_a_cost_is_calculated_and_signed_with_the_keyboard_alone(hall: Hall, browser: Browser) -> None:
    number = await hall.town.published()
    page = await open_page(browser, width=360, height=640)
    await hall.enter(page, "assessor")
    await page.goto(f"{hall.address}/sv/staff/rounds/spring/costs/p{number}")
    await write(page, "[name='lines.0.what']", "Bänk")
    await write(page, "[name='lines.0.source']", "Ramavtal 2026")
    await write(page, "[name='lines.0.quantity']", "2,5")
    await write(page, "[name='lines.0.price']", "100")
    await press(page, ".case-main button[type=submit]:not([name])")
    assert re.search(r"done=saved", page.url)
    assert "250" in await page.inner_text(".total")
    await hall.enter(page, "manager")
    await page.goto(f"{hall.address}/sv/staff/rounds/spring/costs/p{number}")
    await press(page, "form[action$='/sign'] button")
    assert re.search(r"done=signed", page.url)


async def test_a_proposal_is_published_from_the_inbox_with_the_keyboard(hall: Hall, browser: Browser) -> None:
    await hall.town.sent()
    page = await open_page(browser)
    await hall.enter(page, "moderator")
    await page.goto(f"{hall.address}/fi/staff/inbox")
    await press(page, "a.row-title")
    await tab_to(page, "[name=outcome]")
    await page.keyboard.press("Space")
    await press(page, "button[name=act][value=do]")
    assert re.search(r"done=publish", page.url)
