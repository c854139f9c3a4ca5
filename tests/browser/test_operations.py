"""The page of jobs and the page behind an unsubscribe link, in a real browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Browser

from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.platform import jobs, outbox
from pb_service.platform.jobs import BACKOFF, GiveUp, JobRunner
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.conftest import FakeClock
from tests.staff import hire


@dataclass(frozen=True)
class Site:
    """The running service and its address."""

    service: Service
    address: str


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    sockets, port = listen(["127.0.0.1"], 18400, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service, served(service, sockets):
        yield Site(service, given.public_url)


async def refuse(_: Service, payload: dict[str, object]) -> None:
    raise GiveUp("The mail server refuses the address for good: 550 5.1.1.") if payload else TimeoutError


LOOKS = [{"width": 360}, {"width": 1280, "color_scheme": "dark"}]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("look", LOOKS, ids=["phone", "dark"])
async def test_the_page_of_jobs_can_be_used_by_everybody(
    site: Site, browser: Browser, clock: FakeClock, language: str, look: dict[str, object]
) -> None:
    async with site.service.database.transaction() as session:
        await jobs.enqueue(session, "mail.deliver", {"to": "a@example.org"})
        await jobs.enqueue(session, "rounds.phase", {})
        await jobs.enqueue(session, "of a newer version", {}, run_at=clock() - 2 * BACKOFF[-1])
    for wait in BACKOFF[:3]:
        await JobRunner(site.service, {"mail.deliver": refuse, "rounds.phase": refuse}).run_due()  # type: ignore[dict-item]
        clock.advance(wait)
    boss = await hire(site.service, "administrator")
    async with site.service.database.transaction() as session:
        token = await sessions.start(session, boss.id, "staff", visitor=Visitor(), now=clock(), second_factor=True)
    page = await open_page(browser, **look)  # type: ignore[arg-type] # passed on as they are
    await page.context.add_cookies([{"name": "pb-session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}/{language}/staff/jobs")
    assert await page.locator("#stuck-h + table tbody tr").count() == 3
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.locator("#stuck-h + table a").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/drop")
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.go_back()
    await page.locator("#stuck-h + table button").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/staff/jobs?done=retried")
    assert await page.locator("#stuck-h + table tbody tr").count() == 2
    await page.context.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_a_reader_refuses_a_kind_of_mail_with_one_button(site: Site, browser: Browser, language: str) -> None:
    link = site.service.mailer.unsubscribe_url("matti@example.org", "round")
    page = await open_page(browser, width=360)
    await page.set_extra_http_headers({"accept-language": language})
    await page.goto(str(link))
    assert await page.get_attribute("html", "lang") == language
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.locator("main button").focus()
    await page.keyboard.press("Enter")
    await page.locator("main .lead").wait_for()
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.context.close()
    async with site.service.database.reading() as session:
        assert await outbox.refusals(session, "matti@example.org") == ["round"]
