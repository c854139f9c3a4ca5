"""Voting with the code of a letter in a real browser, on a phone: typed, scanned, mistyped, and forgotten again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Browser, Page, Request, expect

from pb_service.core.voting.codes import check_symbol, printed
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.browser.test_voting import choose, code_on, receipt_on
from tests.conftest import FakeClock
from tests.letters import lettered_vote
from tests.voting import OpenVote

PHONE = 360


@dataclass(frozen=True)
class Polls:
    """A vote whose voters have letters."""

    vote: OpenVote
    codes: list[str]
    address: str

    def page(self, step: str = "", language: str = "fi") -> str:
        return f"{self.address}/{language}/rounds/spring/vote{step}?contest={self.vote.contest}"

    def scanned(self, code: str, language: str = "fi") -> str:
        """What the QR code of a letter holds."""
        return f"{self.address}/{language}/rounds/spring/vote/identify#{code}{check_symbol(code)}"


@pytest.fixture
async def polls(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Polls]:
    sockets, port = listen(["127.0.0.1"], 18500, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        vote, codes = await lettered_vote(service, clock)
        async with served(service, sockets):
            yield Polls(vote, codes, given.public_url)


class Wire:
    """Everything that a page sends."""

    def __init__(self, page: Page) -> None:
        self.sent: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.sent += [request.url, request.post_data or "", str(request.headers)]

    def tells(self, code: str) -> bool:
        return any(code in text or printed(code) in text for text in self.sent)


async def seal_and_cast(page: Page) -> str:
    """Seal what was chosen, cast it, and return the code of the proven receipt."""
    await page.locator("[data-seal]").click()
    await page.wait_for_url("**/cast*")
    await page.locator("[data-when=sealed]").wait_for()
    code = await code_on(page)
    await page.locator("[data-cast]").click()
    assert await receipt_on(page) == code
    return code


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_a_typed_code_votes_on_a_phone(polls: Polls, browser: Browser, language: str) -> None:
    """Choices, code, review, receipt; a slip is told at the field; the code is never sent; axe finds nothing."""
    page = await open_page(browser, width=PHONE, height=740)
    wire, code = Wire(page), polls.codes[0]
    await page.goto(polls.page(language=language))
    await choose(page, 0)
    await page.goto(polls.page("/review", language))
    assert await violations(page) == []
    assert await overflow(page) == 0
    field = page.locator("[data-letter-code]")
    wrong = ("7" if code[0] != "7" else "8") + code[1:] + check_symbol(code)
    for typed in ("ABCD", wrong):
        await field.fill(typed)
        await field.press("Enter")
        await page.locator("[data-code-error]:visible").wait_for()
        assert await field.get_attribute("aria-invalid") == "true"
    assert await violations(page) == []
    await field.fill(printed(code).lower().replace("-", " ").replace("0", "o"))
    await field.press("Enter")
    await page.locator("[data-seal]:visible").wait_for()
    await seal_and_cast(page)
    assert not wire.tells(code)
    assert await violations(page) == []
    assert await overflow(page) == 0
    await page.context.close()


async def test_a_scanned_code_leaves_the_address_and_votes_again(polls: Polls, browser: Browser) -> None:
    """The square leads to the ballot; the second vote replaces the first, with the same code."""
    page = await open_page(browser, width=PHONE, height=740)
    wire, code = Wire(page), polls.codes[1]
    await page.goto(polls.scanned(code))
    await page.wait_for_url("**/vote")
    assert code not in page.url
    for ballot in (0, 1):
        await page.goto(polls.page())
        await choose(page, ballot)
        await page.goto(polls.page("/review"))
        await seal_and_cast(page)
    await page.goto(polls.page("/record"))
    await page.locator("[data-when=agrees]").wait_for()
    assert await page.locator(".record-list .chip").count() == 2
    assert not wire.tells(code)
    await page.context.close()


async def test_a_code_that_opens_nothing_is_said_and_forgotten_codes_vote_no_more(
    polls: Polls, browser: Browser
) -> None:
    """After the button nothing on the device knows the code, and the review asks who is there."""
    page = await open_page(browser, width=PHONE, height=740)
    await page.goto(polls.scanned("0" * 20, "en"))
    await page.locator("[data-code-error]:visible").wait_for()
    assert "No letter in force" in await page.locator("[data-code-error]").inner_text()
    await page.goto("about:blank")
    await page.goto(polls.scanned(polls.codes[2], "en"))
    await page.wait_for_url("**/vote")
    await page.goto(polls.page(language="en"))
    await choose(page, 0)
    await page.goto(polls.page("/review", "en"))
    await seal_and_cast(page)
    await page.locator("[data-forget]").click()
    await page.locator("[data-forgotten]:visible").wait_for()
    assert await page.evaluate("Object.keys(sessionStorage).length") == 0
    await page.goto(polls.page("/review", "en"))
    assert await page.locator("[data-letter-code]").is_visible()
    await page.context.close()


async def test_at_a_kiosk_a_letter_opens_nothing_for_the_next_one(polls: Polls, browser: Browser) -> None:
    """Whoever walks away in the middle leaves nothing, and whoever is done leads the device back to its start."""
    page = await open_page(browser, width=PHONE)
    await page.clock.install()
    await page.goto(f"{polls.address}/en/rounds/spring/vote/kiosk")
    await page.locator("[data-kiosk-set]").click()
    for is_left in (True, False):
        await page.locator("[data-kiosk-begin]").wait_for()
        await page.goto(polls.page(language="en"))
        await choose(page, 0)
        await page.goto(polls.page("/review", "en"))
        await page.locator("[data-letter-code]").fill(printed(polls.codes[3]))
        await page.locator("[data-letter-code]").press("Enter")
        await page.locator("[data-seal]:visible").wait_for()
        if is_left:
            await page.clock.run_for(185_000)
        else:
            await seal_and_cast(page)
            assert await page.locator("[data-identified]:visible, form[data-leave]:visible").count() == 0
            assert (await violations(page), await overflow(page)) == ([], 0)
            await page.locator("[data-done]").click()
        await page.locator("[data-kiosk-begin]").wait_for()
        kept = await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        assert kept == ["pb-kiosk"]
        assert await page.context.cookies() == []
    await page.goto(polls.page("/record", "en"))
    await expect(page.locator("main")).to_contain_text("Then you see all that was done with your right to vote")
    await page.context.close()
