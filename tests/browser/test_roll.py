"""The pages of a roll in a real browser, on a phone and in three languages: axe finds nothing, nothing overflows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page

from pb_service.core.rounds.setup import EligibilityStep
from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import SessionKind, Visitor
from pb_service.features.roll.reading import read_batch
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.conftest import FakeClock
from tests.rolls import code, handed_in, listed, proven, read_in, signed, taken
from tests.voting import OpenVote, prepared_vote

PHONE = 360


@dataclass(frozen=True)
class Office:
    """A round with a roll, and where its pages are."""

    vote: OpenVote
    address: str

    async def enter(self, page: Page, account_id: UUID | None, kind: SessionKind = "staff") -> None:
        """Sign somebody in."""
        assert account_id
        service = self.vote.service
        async with service.database.transaction() as session:
            token = await sessions.start(
                session, account_id, kind, visitor=Visitor(), now=service.clock(), second_factor=kind == "staff"
            )
        await page.context.add_cookies([{"name": "pb-session", "value": token, "url": self.address}])


@pytest.fixture
async def office(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    sockets, port = listen(["127.0.0.1"], 18600, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        rule = EligibilityStep(min_age=12, age_on="2026-12-31", roll="all", declaration=True)
        vote = await prepared_vote(service, clock, eligibility=rule)
        async with served(service, sockets):
            yield Office(vote, given.public_url)


async def looked_at(page: Page, address: str) -> None:
    await page.goto(address)
    assert await violations(page) == [], address
    assert await overflow(page) == 0, address


async def test_the_pages_of_a_roll(office: Office, browser: Browser) -> None:
    """Those of registrars for a list in every state, and those of residents."""
    service, registrar = office.vote.service, office.vote.registrar.actor
    fresh = await handed_in(service, registrar, listed(range(5)))
    await taken(service, registrar, listed(range(20)))
    rows = listed(range(15)) + f"{code(3)};Etela;fi\r\n{code(4)[:-1]}*;Etela;sv\r\n".encode()
    compared = await read_in(service, registrar, rows)
    await signed(office.vote)
    resident = await proven(service, 3)
    for language in ("fi", "sv", "en"):
        page = await open_page(browser, width=PHONE, height=740)
        await office.enter(page, registrar.account_id)
        staff = f"{office.address}/{language}/staff/rounds/spring/roll"
        for path in (f"/imports/{fresh.id}", f"/imports/{compared.id}"):
            await looked_at(page, staff + path)
        await looked_at(page, f"{office.address}/{language}/staff/rounds/spring/setup/eligibility")
        await page.context.clear_cookies()
        await office.enter(page, resident.account_id, "resident")
        for path in ("/roll", "/declare"):
            await looked_at(page, f"{office.address}/{language}/rounds/spring{path}")
        await page.context.close()


async def test_a_list_is_followed_while_it_is_read(office: Office, browser: Browser) -> None:
    """By the keyboard alone: columns are sent, the page follows the reading and then shows the difference by itself."""
    service, registrar = office.vote.service, office.vote.registrar.actor
    batch = await handed_in(service, registrar, listed(range(30)))
    page = await open_page(browser, width=PHONE, height=740)
    await office.enter(page, registrar.account_id)
    await page.goto(f"{office.address}/en/staff/rounds/spring/roll/imports/{batch.id}")
    await page.get_by_role("button", name="Read the whole list").press("Enter")
    await page.locator("[data-progress]").wait_for()
    await read_batch(service, batch.id)
    await page.get_by_role("button", name="Make this the roll").press("Enter")
    await page.wait_for_url("**/roll?done=taken")
    assert await page.get_by_role("status").first.inner_text() == "The list is the roll now."
    await page.context.close()
