"""Voting in a real browser: by keyboard on a phone, checked instead of cast, cast twice, with a network that breaks."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from pb_service.core.rounds.documents import BallotFormat
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.timetable import pause, resume
from pb_service.features.voting.tables import CastEnvelope
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, settled, violations
from tests.conftest import FakeClock
from tests.rounds import REASON
from tests.staff import PASSWORD, hire
from tests.voting import OpenVote, open_vote

PHONE = 360
#: The most often Tab is pressed on the way to a control of a page.
_MOST_TABS = 120


@dataclass(frozen=True)
class Polls:
    """The running service with the round spring, open for voting since an hour."""

    vote: OpenVote
    address: str

    def page(self, step: str = "", language: str = "sv", contest: str = "pohjoinen") -> str:
        """The address of a page of the vote."""
        return f"{self.address}/{language}/rounds/spring/vote{step}?contest={contest}"

    async def enter(self, page: Page, actor: Actor | None = None) -> Actor:
        """Sign somebody in, by default a new resident, without the pages."""
        voter, service = actor or await self.vote.voter(), self.vote.service
        assert voter.account_id
        async with service.database.transaction() as session:
            token = await sessions.start(session, voter.account_id, "resident", visitor=Visitor(), now=service.clock())
        await page.context.add_cookies([{"name": "pb-session", "value": token, "url": self.address}])
        return voter

    async def envelopes(self) -> int:
        """How many sealed ballots the record holds."""
        async with self.vote.service.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(CastEnvelope)) or 0


@asynccontextmanager
async def serving(
    settings: Settings, url: str, clock: FakeClock, fmt: BallotFormat = "knapsack", *, port: int = 18500, **steps: Any
) -> AsyncIterator[Polls]:
    """The service with an open vote, on ``port`` or one of the next that is free; ``steps`` of its set-up differ."""
    sockets, port = listen(["127.0.0.1"], port, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, url, clock=clock) as service:
        vote = await open_vote(service, clock, fmt=fmt, projects=6, **steps)
        async with served(service, sockets):
            yield Polls(vote, given.public_url)


@pytest.fixture
async def polls(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Polls]:
    async with serving(settings, database_url, clock, "knapsack") as opened:
        yield opened


async def tab_to(page: Page, selector: str) -> None:
    """Go to a control by the Tab key alone; fails if it cannot be reached or focus does not show."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            shown = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none"
            assert await page.evaluate(_IN_SIGHT), f"{selector} has focus and is covered"
            return
    pytest.fail(f"Tab never reaches {selector}")


#: Whether the element with focus is what is seen in its middle: nothing sticky lies over it (WCAG 2.4.11).
_IN_SIGHT = """() => {
    const box = document.activeElement.getBoundingClientRect();
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return document.activeElement.contains(seen) || Boolean(seen?.contains(document.activeElement));
}"""


async def press(page: Page, selector: str, key: str = "Enter") -> None:
    await tab_to(page, selector)
    await page.keyboard.press(key)


async def expect_said(page: Page, text: str | re.Pattern[str]) -> None:
    """The polite live region says this in the end; it says several things in a row once."""
    await expect(page.locator("[data-said]")).to_have_text(text)


async def choose(page: Page, *projects: int) -> None:
    for project in projects:
        await page.locator(f"#p-{project} [data-act=pick]").click()


async def seal(polls: Polls, page: Page, *projects: int) -> str:
    """Choose, review and seal; returns the seal code."""
    await page.goto(polls.page())
    await choose(page, *projects)
    await page.goto(polls.page("/review"))
    await page.locator("[data-seal]").click()
    await page.wait_for_url("**/cast*")
    await page.locator("[data-when=sealed]").wait_for()
    return await code_on(page)


async def open_for_a_check(page: Page) -> str:
    """Press Check; returns what opens the vote on another device."""
    await page.locator("[data-check]").click()
    await page.locator("[data-when=opened]").wait_for()
    return await page.locator("[data-short]").text_content() or ""


async def code_on(page: Page) -> str:
    shown = page.locator(".seal-code:visible").first
    return (await shown.text_content() or "").replace(" ", "")


async def receipt_on(page: Page) -> str:
    """The code of the receipt, once the browser has proven it."""
    await page.wait_for_url("**/receipt*")
    await page.locator("[data-proof=holds]").wait_for()
    return await code_on(page)


def plain(text: str | None) -> str:
    """A text with ordinary spaces in its amounts."""
    return (text or "").replace("\u202f", " ").replace("\xa0", " ")


async def choose_by_keyboard(page: Page) -> None:
    """Two projects in the end, one of three taken out again, and a fourth that does not fit."""
    await press(page, "#p-0 [data-act=pick]", "Space")
    await expect_said(page, "Tillagt. 1 förslag, 293 333,33 € kvar.")
    for project in (1, 2):
        await press(page, f"#p-{project} [data-act=pick]")
    await expect_said(page, "Tillagt. 3 förslag, 123 333,33 € kvar.")
    await press(page, "#p-4 [data-act=pick]")
    assert "Det fattas 36 666,67 €" in plain(await page.locator("#p-4 [role=alert]").inner_text())
    assert await page.evaluate("document.activeElement.matches('#p-4 [data-act=pick]')")
    assert await page.locator("#p-4 [data-act=pick]").get_attribute("aria-pressed") == "false"
    await press(page, "#p-2 [data-act=pick]", "Space")
    await expect_said(page, "Borttaget. 2 förslag, 223 333,33 € kvar.")
    meter = await page.locator("[role=meter]").get_attribute("aria-valuetext")
    assert plain(meter) == "110 000 € av 333 333,33 € använda"


async def sign_in_by_keyboard(page: Page) -> None:
    """The identify step tells that nothing is cast and leads back to the review."""
    assert await page.locator("[data-chosen-only]").is_visible()
    await press(page, "a[href*='/sign-in?next=']")
    await page.wait_for_url(re.compile(r"/sign-in\?"))
    await tab_to(page, "#f-email")
    await page.keyboard.type("aino@example.org")
    await tab_to(page, "#f-password")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/vote/review\?"))


async def test_a_whole_vote_by_keyboard_on_a_phone_in_swedish(polls: Polls, browser: Browser) -> None:
    """From the round to the receipt by Tab, Enter and Space: choices survive the sign-in, sums are said politely, what
    does not fit is explained where it happened, and the browser proves the receipt itself."""
    await hire(polls.vote.service, staff=False, email="aino@example.org")
    page = await open_page(browser, width=PHONE, height=740)
    await page.goto(f"{polls.address}/sv/rounds/spring")
    await press(page, "a[href$='/vote']")
    await page.wait_for_url("**/vote")
    await press(page, "a[href$='contest=pohjoinen']")
    await page.locator("[data-basket]").wait_for()
    await choose_by_keyboard(page)
    await press(page, "[data-review]")
    await page.wait_for_url("**/review*")
    await sign_in_by_keyboard(page)
    assert await page.locator("[data-chosen-list] li:visible").count() == 2
    assert await overflow(page) == 0
    await press(page, "[data-seal]")
    await page.wait_for_url("**/cast*")
    code = await code_on(page)
    assert len(code) == 16
    assert await polls.envelopes() == 0
    await press(page, "[data-cast]", "Space")
    assert await receipt_on(page) == code
    assert await polls.envelopes() == 1
    await page.goto(polls.page())
    assert await page.locator("[aria-pressed=true]").count() == 0
    await page.context.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_axe_finds_nothing(polls: Polls, browser: Browser, language: str) -> None:
    """Every page of the vote in each language, on a phone and a desktop, in the states that it has."""
    for width, scheme in ((PHONE, "light"), (1280, "dark")):
        page = await open_page(browser, width=width, height=900, color_scheme=scheme)
        found: list[str] = []

        async def look(page: Page = page, found: list[str] = found) -> None:
            found += await violations(page)
            assert await overflow(page) == 0, page.url

        await page.goto(f"{polls.address}/{language}/rounds/spring/vote")
        await look()
        await page.goto(polls.page(language=language))
        await choose(page, 0, 1, 2, 4)
        await look()
        await page.goto(polls.page("/review", language))
        await look()
        await polls.enter(page)
        await page.reload()
        await look()
        await page.locator("[data-seal]").click()
        await page.wait_for_url("**/cast*")
        await page.locator("[data-when=sealed]").wait_for()
        await look()
        short = await open_for_a_check(page)
        await look()
        await page.goto(f"{polls.page('/check', language)}#{short}")
        await page.locator("[data-when=found]:visible").wait_for()
        await look()
        await page.goto(polls.page("/review", language))
        await page.locator("[data-seal]").click()
        await page.wait_for_url("**/cast*")
        await page.locator("[data-cast]").click()
        await receipt_on(page)
        await look()
        await page.goto(f"{polls.address}/{language}/rounds/spring/vote/record")
        await page.locator("[data-when=agrees]").wait_for()
        await look()
        assert found == []
        await page.context.close()


async def test_a_checked_vote_is_shown_elsewhere_and_never_cast(polls: Polls, browser: Browser) -> None:
    """Another device without a session shows choices and code; this one offers to seal again, and cannot cast it."""
    page = await open_page(browser, width=PHONE)
    await polls.enter(page)
    code = await seal(polls, page, 1, 3)
    short = await open_for_a_check(page)
    other = await open_page(browser)
    await other.goto(f"{polls.address}/en/rounds/spring/vote/check#{short}")
    await other.locator("[data-when=found]:visible").wait_for()
    assert await code_on(other) == code
    assert await other.locator("[data-choices] [data-title]").all_text_contents() == [
        "Valoja polulle (en)",
        "Puita kadulle (en)",
    ]
    await other.context.close()
    await page.reload()
    await page.locator("[data-when=opened]").wait_for()
    assert await page.locator("[data-cast]:visible").count() == 0
    await page.locator("[data-when=opened] a.button[href*=review]").click()
    await page.locator("[data-seal]").click()
    await page.wait_for_url("**/cast*")
    again = await code_on(page)
    await page.locator("[data-cast]").click()
    assert code != again == await receipt_on(page)
    assert await polls.envelopes() == 1
    await page.context.close()


async def test_the_file_of_a_checked_vote_is_looked_into(polls: Polls, browser: Browser) -> None:
    """The file of docs/protocol.md section 6 is taken by the check page; one in which a byte differs is not."""
    page = await open_page(browser)
    await polls.enter(page)
    await seal(polls, page, 0)
    await open_for_a_check(page)
    async with page.expect_download() as waiting:
        await page.locator("[data-when=opened] [data-file]").click()
    body = (await (await waiting.value).path()).read_bytes()
    await page.goto(polls.page("/check"))
    file = {"name": "vote.json", "mimeType": "application/json", "buffer": body}
    await page.locator("[data-opening-file]").set_input_files(file)  # type: ignore[arg-type] # a dict is a payload
    await page.locator("[data-when=found]:visible").wait_for()
    file["buffer"] = body.replace(b'"b":', b'"b":1')
    await page.locator("[data-opening-file]").set_input_files(file)  # type: ignore[arg-type] # a dict is a payload
    await page.locator("[data-when=wrong]:visible").wait_for()
    await page.context.close()


async def test_who_votes_again_sees_both_and_which_counts(polls: Polls, browser: Browser) -> None:
    """The review says that a vote stands already; the record shows both, the last one counting, and every proof."""
    page = await open_page(browser)
    await polls.enter(page)
    await page.goto(polls.page("/record", "en"))
    assert "Nothing has been cast in your name." in await page.locator("main").inner_text()
    first = await seal(polls, page, 0)
    await page.locator("[data-cast]").dblclick()
    assert await receipt_on(page) == first
    assert await polls.envelopes() == 1
    await page.goto(polls.page())
    await choose(page, 1)
    await page.goto(polls.page("/review", "en"))
    assert "You have voted already." in await page.locator("main").inner_text()
    await page.locator("[data-seal]").click()
    await page.wait_for_url("**/cast*")
    second = await code_on(page)
    await page.locator("[data-cast]").click()
    assert await receipt_on(page) == second
    await page.goto(polls.page("/record", "en"))
    await page.locator("[data-when=agrees]").wait_for()
    codes = [text.replace(" ", "") for text in await page.locator(".seal-code").all_text_contents()]
    assert codes == [second, first]
    assert await page.locator(".record-list .chip").all_inner_texts() == ["Counts as it stands", "Replaced"]
    await page.goto(f"{polls.address}/en/rounds/spring/vote/check?code={first.lower()}")
    assert "The code is in the record." in await page.locator("main").inner_text()
    await page.context.close()


async def answer_with(status: int, route: Route) -> None:
    await route.fulfill(status=status)


async def test_a_receipt_holds_in_a_record_that_has_grown(polls: Polls, browser: Browser) -> None:
    """The page asks for a fresh proof when others have voted since, and says so when there is none."""
    page, other = await open_page(browser), await open_page(browser)
    await polls.enter(page)
    await polls.enter(other)
    for window in (page, other):
        await seal(polls, window, 0)
        await window.locator("[data-cast]").click()
        await receipt_on(window)
    await page.reload()
    await page.locator("[data-proof=holds]").wait_for()
    for status, told in ((404, "fails"), (503, "unknown")):
        await page.route("**/receipts/*", partial(answer_with, status))
        await page.reload()
        await page.locator(f"[data-proof={told}]").wait_for()
    await page.context.close()
    await other.context.close()


async def lose_answer(route: Route) -> None:
    await route.fetch()
    await route.abort()


async def be_busy(route: Route) -> None:
    await route.fulfill(status=503, headers={"retry-after": "1"}, json={"type": "busy", "status": 503})


async def break_down(route: Route) -> None:
    await route.abort()


@pytest.mark.parametrize("trouble", [lose_answer, be_busy, break_down])
async def test_trouble_on_the_way_ends_with_one_receipt(
    polls: Polls, browser: Browser, trouble: Callable[[Route], Awaitable[None]]
) -> None:
    """Whatever happens to the request or its answer, the page tries again by itself, and the vote is taken once."""
    page = await open_page(browser, width=PHONE)
    await polls.enter(page)
    code = await seal(polls, page, 0)
    await page.route("**/api/v1/rounds/*/cast", trouble)
    await page.locator("[data-cast]").click()
    await page.locator("[data-when=waiting]").wait_for()
    await expect(page.locator("[data-waiting-text]")).to_contain_text("försöker själva igen")
    await page.unroute("**/api/v1/rounds/*/cast")
    assert await receipt_on(page) == code
    assert await polls.envelopes() == 1
    await page.context.close()


async def test_sending_goes_on_after_the_window_was_opened_anew(polls: Polls, browser: Browser) -> None:
    """Who pressed Cast and lost page and answer comes back to a page that sends the same vote again."""
    page = await open_page(browser)
    await polls.enter(page)
    code = await seal(polls, page, 0)
    await page.route("**/api/v1/rounds/*/cast", lose_answer)
    await page.locator("[data-cast]").click()
    await page.locator("[data-when=waiting]").wait_for()
    kept = await page.evaluate("sessionStorage.getItem('pb-sealed:spring')")
    assert '"secrets":[]' in kept
    await page.unroute("**/api/v1/rounds/*/cast")
    await page.reload()
    assert await receipt_on(page) == code
    assert await polls.envelopes() == 1
    await page.context.close()


async def test_a_vote_from_another_device_meanwhile_bothers_nobody(polls: Polls, browser: Browser) -> None:
    """The vote that was sealed before it is sealed again and cast after it; only the new code is told."""
    slow, quick = await open_page(browser), await open_page(browser)
    voter = await polls.enter(slow)
    await polls.enter(quick, voter)
    before = await seal(polls, slow, 0)
    await seal(polls, quick, 1)
    await quick.locator("[data-cast]").click()
    await receipt_on(quick)
    await slow.locator("[data-cast]").click()
    assert await receipt_on(slow) != before
    assert await slow.locator("[data-when=again]").is_visible()
    await slow.goto(polls.page("/record", "en"))
    assert await slow.locator(".record-list .chip").all_inner_texts() == ["Counts as it stands", "Replaced"]
    await slow.context.close()
    await quick.context.close()


async def test_who_is_signed_out_meanwhile_signs_in_and_it_is_sent(polls: Polls, browser: Browser) -> None:
    """What the page says of it stays until it is read: nothing loads the page anew."""
    page = await open_page(browser)
    await page.clock.install()
    voter = await polls.enter(page)
    code = await seal(polls, page, 0)
    await page.context.clear_cookies()
    await page.locator("[data-cast]").click()
    await page.locator("[data-when=refused-signed-out] a").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.run_for(60_000)
    await settled(page)
    assert asked == []
    await page.locator("[data-when=refused-signed-out] a").click()
    await page.wait_for_url(re.compile(r"/sign-in\?"))
    await polls.enter(page, voter)
    await page.reload()
    assert await receipt_on(page) == code
    await page.context.close()


async def test_a_paused_vote_is_kept_and_one_too_late_refused(polls: Polls, browser: Browser) -> None:
    """The page says that nothing was cast and why; after the pause the same sealed vote is cast."""
    vote, page = polls.vote, await open_page(browser)
    voter = await polls.enter(page)
    code = await seal(polls, page, 0)
    async with vote.service.database.transaction() as session:
        await pause(session, vote.manager, vote.slug, reason=REASON, now=vote.clock())
    await page.locator("[data-cast]").click()
    await page.locator("[data-when=refused-paused]").wait_for()
    async with vote.service.database.transaction() as session:
        await resume(session, vote.manager, vote.slug, reason=REASON, move_dates=False, now=vote.clock())
    await page.locator("[data-when=refused-paused] a").click()
    await page.locator("[data-when=sealed] [data-cast]").click()
    assert await receipt_on(page) == code
    await seal(polls, page, 1)
    async with vote.service.database.reading() as session:
        vote.clock.now = (await find_round(session, vote.slug)).vote[1] + timedelta(hours=1)
    await polls.enter(page, voter)
    await page.locator("[data-cast]").click()
    await page.locator("[data-when=refused-closed]").wait_for()
    assert await polls.envelopes() == 1
    await page.context.close()


async def test_without_script_everything_is_read_and_desk_and_paper_are_offered(polls: Polls, browser: Browser) -> None:
    """The projects with their prices, the filters, and how else to vote; no control that would do nothing."""
    page = await open_page(browser, width=PHONE, java_script_enabled=False)
    await page.goto(polls.page(language="en"))
    text = await page.locator("main").inner_text()
    assert "Penkkejä rantaan (en)" in text
    assert "on paper" in text
    assert await page.locator("main button:visible").all_inner_texts() == []
    await page.goto(polls.page(language="en") + "&theme=nature")
    assert await page.locator("[data-project]:visible").count() == 3
    await page.context.close()


async def test_a_browser_that_may_keep_nothing_is_shown_other_ways(polls: Polls, browser: Browser) -> None:
    page = await open_page(browser)
    await page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    await page.goto(polls.page(language="en"))
    assert await page.locator("[data-without-script]").is_visible()
    assert await page.locator("[data-act]:visible").count() == 0
    await page.context.close()


async def test_the_last_half_hour_is_counted_down(polls: Polls, browser: Browser) -> None:
    """By the server's clock, also where the device's is wrong by years."""
    async with polls.vote.service.database.reading() as session:
        closes = (await find_round(session, "spring")).vote[1]
    page = await open_page(browser)
    await page.goto(polls.page(language="en"))
    assert not await page.locator("[data-countdown]").is_visible()
    polls.vote.clock.now = closes - timedelta(minutes=20)
    await page.goto(polls.page(language="en") + "&q=e")
    assert "Voting closes in 20 minutes" in await page.locator("[data-countdown]").inner_text()
    await expect_said(page, re.compile("Voting closes in 20 minutes"))
    await page.context.close()


async def test_the_round_reminds_of_a_vote_that_was_not_cast(polls: Polls, browser: Browser) -> None:
    """Until the receipt, the page of the round and one's own say that nothing is cast; without choices nothing."""
    page = await open_page(browser)
    await page.goto(f"{polls.address}/en/rounds/spring")
    assert not await page.locator("[data-not-cast]").is_visible()
    await page.goto(polls.page())
    await choose(page, 0)
    await page.goto(f"{polls.address}/en/rounds/spring")
    assert "not cast yet" in await page.locator("[data-not-cast]").inner_text()
    await polls.enter(page)
    await page.goto(f"{polls.address}/en/me")
    await page.locator("[data-not-cast] a").click()
    assert await page.locator("[data-chosen-list] li:visible").count() == 1
    await page.context.close()


async def _points(page: Page) -> None:
    for _ in range(5):
        await page.locator("#p-2 [data-act=more]").click()
    await page.locator("#p-2 [data-act=more]").click()
    assert "at most 5 points" in await page.locator("#p-2 [role=alert]").inner_text()
    await page.locator("#f-points-0").fill("3")
    await page.locator("#f-points-0").press("Enter")
    await expect_said(page, "3 points for this. 2 points left.")


async def _scores(page: Page) -> None:
    await page.locator("#f-score-1").select_option("5")
    await page.locator("#f-score-4").select_option("0")
    await page.locator("#f-score-3").select_option("2")
    await page.locator("#f-score-3").select_option("")
    await expect_said(page, "Removed. 2 projects.")


async def _ordinal(page: Page) -> None:
    await choose(page, 3, 0, 5)
    await page.locator("#p-5 [data-act=up]").click()
    await expect_said(page, "It is number 2 in your vote. 3 of at most 3 projects.")
    await choose(page, 1)
    assert "as many projects as you may" in await page.locator("#p-1 [role=alert]").inner_text()


async def _approval(page: Page) -> None:
    await choose(page, 5, 2)
    await expect_said(page, "Added. 2 of at most 3 projects.")


@pytest.mark.parametrize(
    ("fmt", "fill", "shown"),
    [
        ("points", _points, [("Penkkejä rantaan (en)", "3 points"), ("Keinut puistoon (en)", "5 points")]),
        ("scores", _scores, [("Valoja polulle (en)", "score 5"), ("Silta ojan yli (en)", "score 0")]),
        ("ordinal", _ordinal, ["Puita kadulle (en)", "Kirjahylly (en)", "Penkkejä rantaan (en)"]),
        ("approval", _approval, ["Keinut puistoon (en)", "Kirjahylly (en)"]),
    ],
)
async def test_every_format_is_sealed_as_it_was_filled_in(  # noqa: PLR0917 - two fixtures more than parameters
    settings: Settings, database_url: str, clock: FakeClock, browser: Browser, fmt: Any, fill: Any, shown: Any
) -> None:
    """What the check page finds in the sealed ballot is what was chosen, with its points, scores or order; and it can
    be cast."""
    async with serving(settings, database_url, clock, fmt) as polls:
        page = await open_page(browser, width=PHONE)
        await polls.enter(page)
        await page.goto(polls.page(language="en"))
        await fill(page)
        assert await violations(page) == []
        assert await overflow(page) == 0
        await page.locator("[data-review]").click()
        await page.locator("[data-seal]").click()
        await page.wait_for_url("**/cast*")
        short = await open_for_a_check(page)
        await page.goto(polls.page("/check", "en") + f"#{short}")
        await page.locator("[data-when=found]:visible").wait_for()
        titles = await page.locator("[data-choices] [data-title]").all_text_contents()
        values = await page.locator("[data-choices] [data-price]").all_text_contents()
        assert (list(zip(titles, values, strict=True)) if fmt in {"points", "scores"} else titles) == shown
        await page.goto(polls.page("/review", "en"))
        await page.locator("[data-seal]").click()
        await page.wait_for_url("**/cast*")
        await page.locator("[data-cast]").click()
        await receipt_on(page)
        await page.context.close()
