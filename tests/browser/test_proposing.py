"""Proposing in a real browser: by keyboard on a phone, with a draft on the device, and every page looked at by axe."""

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page

from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.proposals import browse, conversation
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.tables import ProposalAuthor
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.browser.test_staff import Site
from tests.conftest import FakeClock
from tests.proposals import (
    REASON,
    open_round,
    published,
    record_kinds,
    resident,
    round_called,
    sent,
    words,
    written,
)
from tests.rounds import staff
from tests.staff import PASSWORD, hire


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    """The running service with the round spring in its phase of ideas."""
    sockets, port = listen(["127.0.0.1"], 18400, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        await open_round(service, clock)
        async with served(service, sockets):
            yield Site(service, clock, given.public_url)


#: What the mail to an invited co-author holds.
SECRET = "an-invitation"  # noqa: S105 - of a test


async def enter(site: Site, page: Page, account_id: object, kind: str = "resident") -> None:
    """Sign somebody in without the pages."""
    async with site.service.database.transaction() as session:
        token = await sessions.start(
            session,
            account_id,  # type: ignore[arg-type] # an id
            "staff" if kind == "staff" else "resident",
            visitor=Visitor(),
            now=site.clock(),
            second_factor=kind == "staff",
        )
    await page.context.add_cookies([{"name": "pb-session", "value": token, "url": site.address}])


async def go_on(page: Page) -> None:
    """Press the page's main button by keyboard and wait for the next page."""
    button = page.locator("button.button[value=next]")
    await button.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def written_in_swedish(site: Site, page: Page) -> None:
    """The six steps up to the last one."""
    await page.goto(f"{site.address}/sv/rounds/spring/propose")
    await page.locator("#f-need").fill("Det finns inget vatten vid bollplanen på sommaren.")
    await page.locator("#f-language").select_option("sv")
    await go_on(page)
    await page.locator("#f-title").fill("Dricksvatten vid bollplanen")
    await page.locator("#f-idea").fill("En kran med dricksvatten bredvid bollplanen i parken.")
    await page.locator("#f-theme").select_option("sport")
    await go_on(page)
    await page.locator("[name=place_kind][value=point]").check()
    await page.locator("#f-place").fill("60.5, 24.5")
    await go_on(page)
    await page.locator("#f-audience").fill("Alla som spelar")
    await go_on(page)
    await go_on(page)


async def test_a_resident_proposes_by_keyboard_on_a_phone_and_signs_in_at_the_end(site: Site, browser: Browser) -> None:
    await hire(site.service, name="Aino Lehto", staff=False)
    page = await open_page(browser, width=360, height=740)
    await written_in_swedish(site, page)
    await page.locator("#f-cost_hint").fill("12 000")
    await go_on(page)
    assert "/sv/sign-in" in page.url
    await page.locator("#f-email").fill("aino@example.org")
    await page.locator("#f-password").fill(PASSWORD)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    async with page.expect_navigation():
        await page.locator("button[value=send]").press("Enter")
    assert "Det har nummer 1" in await page.inner_text("[role=status]")
    assert (await record_kinds(site.service))[-1] == "proposal.received p1"
    await page.wait_for_function("localStorage.getItem('pb-draft:spring') === null")
    await page.context.close()


async def test_a_draft_on_the_device_is_offered_again(site: Site, browser: Browser) -> None:
    page = await open_page(browser, width=360, height=740)
    await page.goto(f"{site.address}/en/rounds/spring/propose/need")
    await page.locator("#f-need").fill("Something is missing here.")
    await go_on(page)
    await page.locator("[data-draft-kept]").wait_for()  # from now on each letter is kept
    await page.locator("#f-title").fill("A name")
    await page.goto(f"{site.address}/en/rounds/spring/propose/need")
    assert await page.locator("#f-need").input_value() == ""
    await page.locator("[data-draft-take]").press("Enter")
    assert await page.locator("#f-need").input_value() == "Something is missing here."
    await go_on(page)
    assert await page.locator("#f-title").input_value() == "A name"
    await page.goto(f"{site.address}/en/rounds/spring/propose/need")
    await page.locator("[data-draft-drop]").press("Enter")
    await page.reload()
    assert not await page.locator("[data-draft-found]").is_visible()
    await page.context.close()


async def test_a_press_on_the_map_is_a_place_and_a_point_has_one(site: Site, browser: Browser) -> None:
    page = await open_page(browser)
    await page.goto(f"{site.address}/en/rounds/spring/propose/place")
    picture = page.locator("border-map[data-ready] svg").first
    for x in (100, 150):
        await picture.click(position={"x": x, "y": 60})
    assert len((await page.locator("#f-place").input_value()).splitlines()) == 1
    assert await page.locator("[name=place_kind][value=point]").is_checked()
    await page.locator("[name=place_kind][value=line]").check()
    await picture.click(position={"x": 200, "y": 90})
    assert len((await page.locator("#f-place").input_value()).splitlines()) == 2
    await page.context.close()


async def shown_pages(site: Site) -> tuple[object, object, list[str], list[str]]:
    """A resident and a moderator, and the addresses of every page that they see."""
    member = await hire(site.service, name="Aino Lehto", staff=False)
    moderator = await hire(site.service, "moderator", "desk", "manager", name="Maija Virta")
    service, author, judge = site.service, Actor(account_id=member.id), await staff(site.service, "moderator")
    draft = await written(service, author, wanted=words(title="", place=None))
    one = await published(service, author, judge, wanted=words(show_author="name"))
    two = await published(service, author, judge, wanted=words("Toinen penkki rantaan"))
    asked = await sent(service, author, wanted=words("Keskeneräinen idea"))
    async with service.database.transaction() as session:
        await proposals.return_to_author(session, judge, asked.id, REASON, now=service.clock())
        await proposals.save_version(session, author, one.id, words("Viisi penkkiä"), version=1, now=service.clock())
        await proposals.merge(session, judge, one.id, [two.id], REASON, now=service.clock())
        invited = ProposalAuthor(
            proposal_id=asked.id,
            role="co",
            invited_email_key="bo@example.org",
            token_sha256=sha256(SECRET.encode()).digest(),
            invited_at=service.clock(),
        )
        session.add(invited)
    other = await published(service, await resident(service, "Bo Ek"), judge, wanted=words("Jonkun muun idea"))
    async with service.database.transaction() as session:
        found = await round_called(service)
        for said in ("Hyvä!", "Huono?"):
            await conversation.comment(
                session, author, found, other, said, language="fi", once=uuid4(), named=True, now=service.clock()
            )
        [first, _] = (await browse.conversation(session, other)).threads
        await conversation.report(session, author, other, first.comment.id, "Ei kuulu tähän", now=service.clock())
        await conversation.ask(
            session, author, found, other, "Milloin?", once=uuid4(), named=False, now=service.clock()
        )
        await conversation.support(session, author, found, other, now=service.clock())
    part = f"/rounds/spring/proposals/{other.number}/take-part"
    mine = "/me/proposals"
    desk = "/staff/rounds/spring/proposals"
    return (
        member.id,
        moderator.id,
        [
            *[f"/rounds/spring/propose/{step}" for step in ("need", "idea", "place", "people", "similar", "cost")],
            *[f"/rounds/spring/propose/{step}?draft={draft}" for step in ("need", "similar")],
            mine,
            *[f"{mine}/{each}" for each in (draft, one.id, two.id, asked.id)],
            f"{mine}/{one.id}/edit",
            f"{mine}/{one.id}/withdraw",
            f"{mine}/invitations/{SECRET}",
            part,
            f"{part}?answer={first.comment.id}",
            f"{part}?report={first.comment.id}",
        ],
        [
            "/staff/rounds/spring/comments",
            f"{desk}/new",
            f"{desk}/import",
            f"{desk}/form",
            f"{desk}/1/merge",
            f"{desk}/1/split",
            f"{desk}/1/edit",
        ],
    )


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_axe_finds_nothing_and_nothing_is_too_wide(site: Site, browser: Browser, language: str) -> None:
    reader, moderator, mine, desk = await shown_pages(site)
    found: list[object] = []
    for who, kind, paths in ((reader, "resident", mine), (moderator, "staff", desk)):
        page = await open_page(browser, width=320, height=640)
        await enter(site, page, who, kind)
        for path in paths:
            answer = await page.goto(f"{site.address}/{language}{path}")
            assert answer
            assert (path, answer.status) == (path, 200)
            await page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
            found += await violations(page)
            found += [(path, 320)] if await overflow(page) else []
        await page.context.close()
    assert found == []
