"""The booth in a real browser: a device that many use, several votes of one person, every format by keyboard alone,
what is said aloud in three languages, and who makes an account in the middle of a vote."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pb_service.core.rounds.setup import BallotStep, DistrictsStep, MoneyStep
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, violations
from tests.browser.test_voting import (
    PHONE,
    Polls,
    choose,
    code_on,
    expect_said,
    open_for_a_check,
    plain,
    press,
    receipt_on,
    seal,
    serving,
    tab_to,
)
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.rounds import district
from tests.staff import PASSWORD, hire

#: Two districts to choose from, and a contest of the whole city beside them.
WITH_CITY: dict[str, Any] = {
    "districts": DistrictsStep(districts=(district("pohjoinen", 24), district("etela", 25, 2000)), city_wide=True),
    "money": MoneyStep(total=100_000_000, city_wide=34_000_000, mode="population"),
}


@pytest.fixture
async def polls(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Polls]:
    async with serving(settings, database_url, clock) as opened:
        yield opened


async def seal_and_cast(page: Page) -> str:
    """From the review to the receipt; returns its code."""
    await page.locator("[data-seal]").click()
    await page.wait_for_url("**/cast*")
    await page.locator("[data-when=sealed] [data-cast]").click()
    return await receipt_on(page)


async def begin_kiosk(page: Page, polls: Polls, language: str = "en") -> None:
    """Make the browser a device for many voters, as staff of a library do."""
    await page.goto(f"{polls.address}/{language}/rounds/spring/vote/kiosk")
    await page.locator("[data-kiosk-set]").click()
    await page.locator("[data-kiosk-begin]").wait_for()


async def kept(page: Page) -> list[str]:
    """The names of everything that the browser keeps of the service."""
    return sorted(await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"))


async def test_at_a_kiosk_nothing_is_left_for_the_next_voter(polls: Polls, browser: Browser) -> None:
    """The sign-in is one on a shared computer, the receipt can be printed and photographed and is kept nowhere, and
    signing out leads to where the next voter begins."""
    await hire(polls.vote.service, staff=False, email="cia@example.org")
    page = await open_page(browser, width=PHONE)
    await begin_kiosk(page, polls)
    await page.locator("[data-kiosk-begin]").click()
    await page.locator("a[href$='contest=pohjoinen']").click()
    await choose(page, 1, 4)
    await page.locator("[data-review]").click()
    await page.locator("a[href*='/sign-in?next=']").click()
    await expect(page.get_by_label("Others use this computer too")).to_be_checked()
    await page.locator("#f-email").fill("cia@example.org")
    await page.locator("#f-password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/vote/review\?"))
    await seal_and_cast(page)
    assert await page.locator("[data-copy]:visible, a[data-file]:visible").count() == 0
    await expect(page.locator("[data-qr] svg, [data-print-receipt]:visible")).to_have_count(2)
    assert not [name for name in await kept(page) if "receipt" in name or "sealed" in name]
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.get_by_role("button", name="I am done: sign me out").click()
    await page.locator("[data-kiosk-begin]").wait_for()
    assert await kept(page) == ["pb-kiosk"]
    await page.goto(polls.page("/record", "en"))
    await page.wait_for_url(re.compile("/sign-in"))
    await page.context.close()


async def test_an_abandoned_kiosk_begins_anew(polls: Polls, browser: Browser) -> None:
    """What somebody chose and left is warned of and wiped, also before any sign-in; a key keeps it."""
    page = await open_page(browser, width=PHONE)
    await page.clock.install()
    await begin_kiosk(page, polls)
    await page.goto(polls.page(language="en"))
    await choose(page, 1)
    await page.clock.run_for(125_000)
    await expect(page.locator("[data-kiosk-warning]")).to_contain_text("In a minute it begins anew")
    await page.get_by_role("button", name="I am still here").click()
    await expect(page.locator("[data-kiosk-warning]")).to_be_hidden()
    assert "pb-vote:spring" in await kept(page)
    await page.clock.run_for(185_000)
    await page.locator("[data-kiosk-begin]").wait_for()
    assert await kept(page) == ["pb-kiosk"]
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.context.close()


async def test_a_link_makes_nobodys_device_a_kiosk(polls: Polls, browser: Browser) -> None:
    """A page of another site cannot wipe what somebody has chosen at home: a button must be pressed."""
    page = await open_page(browser)
    await page.goto(polls.page())
    await choose(page, 1)
    await page.route("https://elsewhere.example/", lambda route: route.fulfill(
        content_type="text/html", body=f"<a href='{polls.address}/en/rounds/spring/vote/kiosk?on=yes'>win</a>"
    ))  # fmt: skip
    await page.goto("https://elsewhere.example/")
    await page.locator("a").click()
    await page.locator("[data-kiosk-set]").wait_for()
    assert "pb-vote:spring" in await kept(page)
    await page.context.close()


async def test_who_makes_an_account_in_between_comes_back_to_the_vote(polls: Polls, browser: Browser) -> None:
    """From the identify step over the mail to the review, with what was chosen; the same for a forgotten password."""
    page = await open_page(browser, width=PHONE)
    await page.goto(polls.page(language="en"))
    await choose(page, 2)
    await page.locator("[data-review]").click()
    await page.locator("a[href*='/register?next=']").click()
    await page.get_by_label("E-mail address").fill("dan@example.org")
    await page.get_by_role("button", name="Send me the link").click()
    await page.get_by_role("heading", name="Look in your mail").wait_for()
    await page.goto(await link_in_mail(polls, "/verify/"))
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.wait_for_url(re.compile(r"/vote/review\?contest=pohjoinen"))
    assert await page.locator("[data-chosen-list] li:visible").count() == 1
    await page.context.clear_cookies()
    await page.reload()
    await page.locator("a[href*='/sign-in?next=']").click()
    await page.get_by_role("link", name="I have forgotten my password").click()
    await page.get_by_label("E-mail address").fill("dan@example.org")
    await page.get_by_role("button", name="Send me the link").click()
    await page.get_by_role("heading", name="Look in your mail").wait_for()
    await page.goto(await link_in_mail(polls, "/reset/"))
    await page.get_by_label("New password").fill(f"{PASSWORD} again")
    await page.get_by_role("button", name="Set the password").click()
    await page.wait_for_url(re.compile(r"/vote/review\?contest=pohjoinen"))
    await page.context.close()


async def link_in_mail(polls: Polls, part: str) -> str:
    """The newest link with ``part`` in it."""
    mails = "\n".join(words(mail) for mail in await delivered(polls.vote.service))
    return str(re.findall(rf"{polls.address}/\S*{part}\S*", mails)[-1])


async def test_what_is_cast_what_is_begun_and_what_remains(
    settings: Settings, database_url: str, clock: FakeClock, browser: Browser
) -> None:
    """With the whole city beside one district of choice: two votes. The page of areas, the receipt and the review of
    another district say which of them are cast."""
    async with serving(settings, database_url, clock, **WITH_CITY) as polls:
        page = await open_page(browser, width=PHONE)
        await page.goto(f"{polls.address}/en/rounds/spring/vote")
        assert await page.locator("main h2").all_inner_texts() == ["One area", "The whole city"]
        await polls.enter(page)
        await page.goto(polls.page(language="en", contest="pohjoinen"))
        await choose(page, 0)
        await page.goto(polls.page(language="en", contest="city-wide"))
        await choose(page, 1)
        await page.goto(f"{polls.address}/en/rounds/spring/vote")
        await expect(page.locator("[data-votes-left]")).to_have_text("2 of your 2 votes are not cast yet.")
        assert await page.locator("[data-begun]:visible").count() == 2
        await page.goto(polls.page("/review", "en", "pohjoinen"))
        code = await seal_and_cast(page)
        assert "You have another vote left." in plain(await page.locator("main").inner_text())
        await expect(page.locator(".notice a[href$='contest=city-wide']")).to_be_visible()
        await page.goto(f"{polls.address}/en/rounds/spring/vote")
        await expect(page.locator("[data-votes-left]")).to_have_text("1 of your 2 votes is not cast yet.")
        await expect(page.locator("[data-stands='envelope:pohjoinen']")).to_be_visible()
        assert await page.locator("[data-begun]:visible").get_attribute("data-begun") == "city-wide"
        assert (await violations(page), await overflow(page)) == ([], 0)
        await page.goto(polls.page(language="en", contest="etela"))
        await choose(page, 0)
        await page.locator("[data-review]").click()
        told = (await page.locator("main").inner_text()).replace(" ", "")
        assert code in told
        assert "ittakesitsplace" in told
        await page.goto(polls.page("/review", "en", "city-wide"))
        await seal_and_cast(page)
        await page.goto(f"{polls.address}/en/rounds/spring/vote")
        await expect(page.locator("[data-votes-left]")).to_contain_text("All your votes are cast.")
        await page.context.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_check_page_is_one_file_that_needs_no_network(
    polls: Polls, browser: Browser, folder: Path, language: str
) -> None:
    """Saved and opened without any connection it shows what is in a sealed vote, and refuses what was changed."""
    page = await open_page(browser, width=PHONE)
    await polls.enter(page)
    code = await seal(polls, page, 1, 3)
    short = await open_for_a_check(page)
    await page.goto(polls.page("/check", language))
    async with page.expect_download() as saving:
        await page.locator("a[download]").click()
    saved = folder / "check.html"
    await (await saving.value).save_as(saved)
    await page.context.close()
    alone = await open_page(browser, width=PHONE, offline=True)
    await alone.goto(saved.as_uri())
    await alone.locator("[data-opening-text]").fill(short)
    await alone.locator("[data-look]").click()
    await alone.locator("[data-when=found]:visible").wait_for()
    assert await code_on(alone) == code
    assert await alone.locator("[data-choices] li").count() == 2
    assert (await violations(alone), await overflow(alone)) == ([], 0)
    await alone.locator("[data-opening-text]").fill(short.replace(".", ".A", 1))
    await alone.locator("[data-look]").click()
    await alone.locator("[data-when=wrong]:visible").wait_for()
    await alone.context.close()


#: What is said when a project is added, when a second one is, and how much is missing for one that does not fit.
KNAPSACK = {
    "fi": ("Lisätty. 1 ehdotus, jäljellä 293 333,33 €.", "Lisätty. 2 ehdotusta, jäljellä 223 333,33 €.", "66 666,67 €"),
    "sv": ("Tillagt. 1 förslag, 293 333,33 € kvar.", "Tillagt. 2 förslag, 223 333,33 € kvar.", "66 666,67 €"),
    "en": ("Added. 1 project, 293,333.33 € left.", "Added. 2 projects, 223,333.33 € left.", "66,666.67 €"),
}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_sums_are_said_politely_in_each_language(polls: Polls, browser: Browser, language: str) -> None:
    """The live region stands in the page from the start and is polite; what does not fit is an alert of its own."""
    page = await open_page(browser, width=PHONE)
    await page.goto(polls.page(language=language))
    assert await page.locator("[data-said]").get_attribute("role") == "status"
    first, second, missing = KNAPSACK[language]
    await choose(page, 0)
    await expect_said(page, first)
    await choose(page, 1)
    await expect_said(page, second)
    await choose(page, 4, 3)
    assert missing in plain(await page.locator("#p-3 [role=alert]").inner_text())
    await page.context.close()


#: With one project of a theme chosen of one at most: what is said, and what an alert says to a second one.
OF_A_KIND = {
    "fi": ("Kadut ja liikenne: ehdotuksia 1, enintään 1.", "Olet valinnut lajista ”Kadut ja liikenne” niin monta"),
    "sv": ("Gator och trafik: 1 av högst 1 förslag.", "Du har valt så många förslag av slaget ”Gator och trafik”"),
    "en": ("Streets and traffic: 1 of at most 1 projects.", "as many projects of the kind “Streets and traffic”"),
}


async def test_limits_of_a_kind_are_told_by_name(
    settings: Settings, database_url: str, clock: FakeClock, browser: Browser
) -> None:
    """By keyboard alone: the limits stand above the projects, each choice says how much of its kind is used, and one
    too many is explained where it happened and not taken."""
    ballot = BallotStep(fmt="knapsack", theme_k=1)
    async with serving(settings, database_url, clock, ballot=ballot) as polls:
        for language, (used, refused) in OF_A_KIND.items():
            page = await open_page(browser, width=PHONE)
            await page.goto(polls.page(language=language))
            await press(page, "#p-0 [data-act=pick]", "Space")
            await expect_said(page, re.compile(re.escape(used) + "$"))
            await press(page, "#p-2 [data-act=pick]")
            assert refused in await page.locator("#p-2 [role=alert]").inner_text()
            assert await page.locator("#p-2 [data-act=pick]").get_attribute("aria-pressed") == "false"
            assert await page.evaluate("document.activeElement.matches('#p-2 [data-act=pick]')")
            await press(page, "#p-1 [data-act=pick]")
            assert await page.locator("[data-kind]").all_inner_texts() != ["", ""]
            assert (await violations(page), await overflow(page)) == ([], 0)
            await page.context.close()


async def _approval(page: Page) -> None:
    await press(page, "#p-5 [data-act=pick]", "Space")
    await press(page, "#p-2 [data-act=pick]")


async def _ordinal(page: Page) -> None:
    for project in (3, 0):
        await press(page, f"#p-{project} [data-act=pick]")
    await press(page, "#p-0 [data-act=up]")


async def _points(page: Page) -> None:
    await tab_to(page, "#f-points-0")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("3")
    for _ in range(2):
        await press(page, "#p-2 [data-act=more]", "Space")


async def _scores(page: Page) -> None:
    for project, score in ((1, "5"), (4, "2")):
        await tab_to(page, f"#f-score-{project}")
        await page.keyboard.type(score)


#: By format: how it is filled in, what is said at the end in each language, and how many projects are chosen.
BY_KEYBOARD: dict[str, tuple[Any, dict[str, str], int]] = {
    "approval": (
        _approval,
        {
            "fi": "Lisätty. Ehdotuksia 2, enintään 3.",
            "sv": "Tillagt. 2 av högst 3 förslag.",
            "en": "Added. 2 of at most 3 projects.",
        },
        2,
    ),
    "ordinal": (
        _ordinal,
        {
            "fi": "Se on äänessäsi sijalla 1. Ehdotuksia 2, enintään 3.",
            "sv": "Det är nummer 1 i din röst. 2 av högst 3 förslag.",
            "en": "It is number 1 in your vote. 2 of at most 3 projects.",
        },
        2,
    ),
    "points": (
        _points,
        {
            "fi": "Tälle 2 pistettä. Pisteitä jäljellä: 5.",
            "sv": "2 poäng för det här. 5 poäng kvar.",
            "en": "2 points for this. 5 points left.",
        },
        2,
    ),
    "scores": (
        _scores,
        {"fi": "Arvosana: 2. 2 ehdotusta.", "sv": "Betyg: 2. 2 förslag.", "en": "Score: 2. 2 projects."},
        2,
    ),
}


@pytest.mark.parametrize("fmt", list(BY_KEYBOARD))
async def test_every_format_is_cast_by_keyboard_alone(
    settings: Settings, database_url: str, clock: FakeClock, browser: Browser, fmt: Any
) -> None:
    """On a phone's width, from the ballot to the receipt by Tab, Enter, Space and digits; said in three languages."""
    fill, expected, count = BY_KEYBOARD[fmt]
    async with serving(settings, database_url, clock, fmt) as polls:
        for language, text in expected.items():
            page = await open_page(browser, width=PHONE, height=740)
            await polls.enter(page)
            await page.goto(polls.page(language=language))
            await fill(page)
            await expect_said(page, text)
            await press(page, "[data-review]")
            await page.wait_for_url("**/review*")
            assert await page.locator("[data-chosen-list] li:visible").count() == count
            await press(page, "[data-seal]")
            await page.wait_for_url("**/cast*")
            code = await code_on(page)
            await press(page, "[data-cast]")
            assert await receipt_on(page) == code
            await page.context.close()
        assert await polls.envelopes() == len(expected)
