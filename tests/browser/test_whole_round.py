"""A whole round in real browsers, on phones, in three languages: from the first choice to winners counted by hand.

People of a roll vote in the districts, by strong identification, by the code of a letter, or at a desk; whoever has an
account votes for the whole city. The ballots and who won stand in `VOTERS`, `VOTES` and `WINNERS`; nothing else of the
outcome is taken from the program.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, Route, expect

from pb_service.core.rounds.documents import Ballot
from pb_service.core.rounds.setup import Contact, DistrictsStep, EligibilityStep, MoneyStep, PlannedName
from pb_service.features.accounts import sessions
from pb_service.features.accounts.provider_signin import providers_of
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.desk import boxes
from pb_service.features.opening import service as opening
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.results.service import contest_documents, explain
from pb_service.features.roll.printing import Sheet, letter_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.voting import orders
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served
from tests.browser.test_desk import Site
from tests.browser.test_voting import PHONE, Polls, code_on, press, receipt_on, tab_to
from tests.conftest import FakeClock
from tests.desk import desk_vote
from tests.letters import PROVIDER, written
from tests.mailbox import delivered, words
from tests.provider import running_provider
from tests.rolls import code as person_id
from tests.rolls import listed, opened, signed, taken
from tests.rounds import STARTS, dates, district
from tests.service.voting.test_orders import ask, sign
from tests.staff import PASSWORD, hire
from tests.voting import prepared_vote, verified

PORT = 18600


@dataclass(frozen=True)
class Town(Polls):
    """The running service with its desk: the pages of two officers, what the letters say, and whom the provider knows
    next."""

    site: Site
    officers: tuple[Page, Page]
    letters: dict[str, dict[str, Any]]
    issuer: str


@dataclass
class Voter:
    """A resident: how she identifies herself, in which language, and what she casts, one ballot after another.

    ``number`` is that on the roll. ``device`` is her own phone, or a kiosk that others use after her. ``codes`` are
    those of her receipts.
    """

    name: str
    road: "Road"
    language: str
    ballots: list[list[int]]
    contest: str = "city-wide"
    number: int = 0
    device: str = "phone"
    by_keyboard: bool = False
    codes: list[str] = field(default_factory=list)
    index: int = 0

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"


#: From the step that asks who she is to the review.
Road = Callable[[Town, Page, Voter], Awaitable[None]]


async def by_password(_town: Town, page: Page, voter: Voter) -> None:
    """With an account that she has already."""
    await go(page, voter, "a[href*='/sign-in?next=']")
    await type_password(page, voter)


async def type_password(page: Page, voter: Voter) -> None:
    await page.wait_for_url(re.compile(r"/sign-in\?"))
    for field_id, typed in (("#f-email", voter.email), ("#f-password", PASSWORD)):
        if voter.by_keyboard:
            await tab_to(page, field_id)
        else:
            await page.locator(field_id).focus()
        await page.keyboard.type(typed)
    await page.keyboard.press("Enter")


async def by_registration(town: Town, page: Page, voter: Voter) -> None:
    """With an account that she makes in the middle of her vote, by a link in a mail."""
    await go(page, voter, "a[href*='/register?next=']")
    await page.locator("#f-email").fill(voter.email)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/register?done=sent")
    mails = "\n".join(words(mail) for mail in await delivered(town.vote.service))
    await page.goto(re.findall(rf"{town.address}/\S*/verify/\S*", mails)[-1])
    await page.locator("#f-password").fill(PASSWORD)
    await page.keyboard.press("Enter")


async def by_provider(town: Town, page: Page, voter: Voter) -> None:
    """With strong identification (OpenID Connect), whose tokens are made at the machine's own time."""

    async def as_her(route: Route) -> None:
        await route.continue_(url=f"{route.request.url}&login_hint={person_id(voter.number)}")

    town.vote.clock.now = datetime.now(UTC) + timedelta(seconds=20)  # the way there may take a while
    await page.route(f"{town.issuer}/auth?*", as_her)
    await go(page, voter, "[data-road=town]")


async def by_scanned_letter(town: Town, page: Page, voter: Voter) -> None:
    """With the square of her letter, which holds the address with the code."""
    await page.goto(town.letters[voter.name]["scanned"])
    await page.wait_for_url("**/vote")
    await page.goto(town.page("/review", voter.language, voter.contest))


async def by_typed_letter(town: Town, page: Page, voter: Voter) -> None:
    """With the code as it is printed, in two lines."""
    await page.locator("[data-letter-code]").fill(" ".join(town.letters[voter.name]["code_lines"]).lower())
    await go(page, voter, "[data-code-form] button")


async def at_desk(town: Town, page: Page, voter: Voter) -> None:
    """With the code that an officer gives her who has looked her up on the roll; a helper may type for her."""
    officer = town.officers[0]
    await look_up(town, officer, {"number": person_id(voter.number)})
    await officer.locator("form[action$='/desk/device'] button").click()
    given = await officer.locator("[data-desk-code]").inner_text()
    await page.locator("details:has([data-desk-form]) summary").click()
    await page.locator("[data-desk-code]").fill(given.lower())
    await go(page, voter, "[data-desk-form] button")


#: What everybody casts on a device. Three ballots, those for 3, must not count in the end: Dan's first one, Fia's,
#: which is struck, and Gun's, who goes to paper afterwards.
VOTERS = [
    Voter("aino", by_password, "sv", [[0, 1]], by_keyboard=True),
    Voter("otto", by_provider, "fi", [[1, 2]], contest="pohjoinen", number=1),
    Voter("lempi", by_scanned_letter, "sv", [[1, 4]], contest="pohjoinen", number=2),
    Voter("cia", by_password, "en", [[1, 4]], device="kiosk"),
    Voter("hilja", by_typed_letter, "fi", [[0]], contest="etela", number=6, device="kiosk"),
    Voter("ulla", at_desk, "en", [[0, 2]], contest="pohjoinen", number=3, device="kiosk"),
    Voter("dan", by_registration, "en", [[3], [4]]),
    Voter("fia", by_password, "sv", [[3]]),
    Voter("gun", by_password, "fi", [[3]]),
]
#: She chooses, signs in, and leaves.
ABSTAINS = Voter("eino", by_password, "sv", [[3]])
#: What is found in the boxes: the ballot of Ida, who has no device at all, and the one that Gun is given.
PAPER = {"pohjoinen": [0, 1], "city-wide": [0, 4]}
#: Costs in thousands of euros. City, 300: 100, 130, 160, 40, 70, 100. 4 has three votes and goes first; 0 and 1 have
#: two each, and both still fit, to the last euro. Pohjoinen, 233.3: 40, 70, 100, 130, 160, 40. 1 has three votes, 0 and
#: 2 two each, and all fit; then 23.3 are left.
VOTES = {"city-wide": [2, 2, 0, 0, 3, 0], "pohjoinen": [2, 3, 2, 0, 1, 0], "etela": [1, 0, 0, 0, 0, 0]}
WINNERS = {"city-wide": [0, 1, 4], "pohjoinen": [0, 1, 2]}

STEPS: dict[str, Any] = {
    "districts": DistrictsStep(districts=(district("pohjoinen", 24), district("etela", 25, 2000)), city_wide=True),
    "money": MoneyStep(total=100_000_000, city_wide=30_000_000, mode="population"),
    "eligibility": EligibilityStep(roll="districts"),
}


async def go(page: Page, voter: Voter, selector: str) -> None:
    """Press a control, by the keyboard alone or not."""
    if voter.by_keyboard:
        await press(page, selector)
    else:
        await page.locator(selector).first.click()


@asynccontextmanager
async def running_town(
    settings: Settings, url: str, clock: FakeClock, folder: Path, browser: Browser
) -> AsyncIterator[Town]:
    """The service with a provider, a signed roll with letters, and a vote that opened an hour ago by this machine's
    own clock."""
    sockets, port = listen(["127.0.0.1"], PORT, say=lambda _: None)
    address = f"http://localhost:{port}"
    with running_provider([f"{address}/sign-in/town/return"]) as provider:
        (folder / "signin.toml").write_text(PROVIDER.format(issuer=provider.issuer))
        for name in ("budget", "voting"):
            (folder / f"{name}.secret").write_text("secret-of-the-tests" if name == "budget" else "secret-of-the-votes")
        given = replace(settings, signin=folder / "signin.toml", public_url=address, jobs="worker")
        now, zone = datetime.now(UTC), ZoneInfo("Europe/Helsinki")
        hours: dict[PlannedName, int] = {"voting": -1, "counting": 48, "results": 240}
        times: dict[PlannedName, str] = {
            phase: f"{(now + timedelta(hours=after)).astimezone(zone):%Y-%m-%dT%H:%M}" for phase, after in hours.items()
        }
        async with open_service(given, url, clock=clock) as service:
            vote = await prepared_vote(service, clock, projects=6, dates=dates({**STARTS, **times}), **STEPS)
            south = listed([6], district="Etela").split(b"\r\n", 1)[1]
            await taken(service, vote.registrar.actor, listed(range(1, 6)) + south)
            letters = await letters_of(service, vote, address)
            await signed(vote)
            providers = providers_of(given, service.keys, lambda: datetime.now(UTC))
            vote.around = Surroundings(service.keys, service.witnesses, providers.clients)
            await opened(vote)
            await providers.close()
            clock.now = datetime.now(UTC) + timedelta(seconds=2)
            async with served(service, sockets):
                site = Site(await desk_vote(vote), address)
                pages = (await open_page(browser, width=PHONE), await open_page(browser, width=PHONE))
                for page, officer in zip(pages, vote.desks, strict=True):
                    await site.enter(page, officer)
                    await site.keep_keys(page)
                yield Town(vote, address, site, pages, letters, provider.issuer)


async def letters_of(service: Service, vote: Any, address: str) -> dict[str, dict[str, Any]]:
    """What the letters say, each by the name of who gets it."""
    named = {voter.number: voter.name for voter in VOTERS if voter.road in {by_scanned_letter, by_typed_letter}}
    made = await written(vote, list(named))
    async with service.database.reading() as session:
        setup = await setup_of(session, await find_round(session, vote.slug))
    sheet = Sheet(vote.slug, setup, Contact(), "Kaupunki", "", address, service.clock())
    return {name: letter_of(one, sheet) for name, one in zip(named.values(), made, strict=True)}


async def begin_kiosk(town: Town, page: Page) -> None:
    await page.goto(f"{town.address}/fi/rounds/spring/vote/kiosk")
    await page.locator("[data-kiosk-set]").click()
    await page.locator("[data-kiosk-begin]").wait_for()


async def choose_and_review(town: Town, page: Page, voter: Voter, ballot: list[int]) -> None:
    """From the start of the vote to the review; whoever is not known yet takes her road on the way."""
    if voter.device == "kiosk":
        if await page.locator("html").get_attribute("lang") != voter.language:
            await page.locator(f"a[hreflang={voter.language}]").first.click()
            await page.wait_for_url(f"**/{voter.language}/**/kiosk*")
        await go(page, voter, "[data-kiosk-begin]")
    elif voter.by_keyboard:
        await page.goto(f"{town.address}/{voter.language}/rounds/spring")
        await go(page, voter, "a[href$='/vote']")
    else:
        await page.goto(f"{town.address}/{voter.language}/rounds/spring/vote")
    await page.wait_for_url("**/vote")
    await go(page, voter, f"a[href$='contest={voter.contest}']")
    await page.locator("[data-basket]").wait_for()
    for project in ballot:
        await go(page, voter, f"#p-{project} [data-act=pick]")
    await go(page, voter, "[data-review]")
    await page.wait_for_url("**/review?*")
    if not await page.locator("[data-chosen-list]").count():
        await voter.road(town, page, voter)
    await page.locator("[data-chosen-list]").wait_for()
    assert await page.locator("[data-chosen-list] li:visible").count() == len(ballot)
    assert await overflow(page) == 0


async def cast_all(town: Town, page: Page, voter: Voter) -> None:
    """Cast what she has to cast and note her receipts; at a kiosk she says that she is done, and nothing stays."""
    for ballot in voter.ballots:
        await choose_and_review(town, page, voter, ballot)
        await go(page, voter, "[data-seal]")
        await page.wait_for_url("**/cast?*")
        code = await code_on(page)
        await go(page, voter, "[data-cast]")
        if voter.road is at_desk:
            await sign_sealed(town, page, voter)
        assert await receipt_on(page) == code
        voter.codes.append(code)
        if voter.number:
            await check_window(page, voter)
        voter.index = int(re.sub(r"\D", "", await page.locator("[data-index]").inner_text()))
    if voter.device == "kiosk":
        await page.locator("form[data-leave] button:visible, [data-done]:visible").first.click()
        await page.locator("[data-kiosk-begin]").wait_for()
        assert await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]") == ["pb-kiosk"]
        assert "pb-booth" not in {cookie["name"] for cookie in await page.context.cookies()}


async def check_window(page: Page, voter: Voter) -> None:
    """Whoever is known by the roll alone leaves no number and no token in the window; a receipt begins like a token."""
    kept = await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert person_id(voter.number) not in kept
    assert not re.search(r"eyJ[\w-]+\.eyJ", kept)


async def look_up(town: Town, page: Page, who: dict[str, str]) -> None:
    """Type at the desk what the document says."""
    await page.goto(town.site.page("desk"))
    await type_person(page, who)
    await page.locator("form[action$=find] button").click()


async def type_person(page: Page, who: dict[str, str]) -> None:
    for name, typed in who.items():
        await page.locator(f"#f-{name}").fill(typed)


async def sign_both(town: Town, who: dict[str, str], done: str) -> Page:
    """The first officer signs what her page shows, the second looks the person up and signs too."""
    first, second = town.officers
    await first.locator("sign-button button:not([data-from-file])").click()
    await first.wait_for_url("**done=signed")
    await second.goto(first.url.partition("?")[0])
    await type_person(second, who)
    await second.locator(".case-main form button").first.click()
    await second.locator("sign-button button:not([data-from-file])").click()
    await second.wait_for_url(f"**done={done}")
    return second


async def sign_sealed(town: Town, page: Page, voter: Voter) -> None:
    """Both officers compare the code on the device with the one on their pages, and sign."""
    await page.locator("[data-officers]").wait_for()
    first = town.officers[0]
    await first.goto(town.site.page("desk"))
    await first.locator("#waiting-h + ul a").first.click()
    shown = (await first.locator(".seal-code").inner_text()).replace(" ", "")
    assert shown == await code_on(page)
    await sign_both(town, {"number": person_id(voter.number)}, "sealed")


async def give_paper(town: Town, contest: str, who: dict[str, str]) -> Page:
    """Both officers give somebody a paper ballot; returns the page that says so."""
    first = town.officers[0]
    await look_up(town, first, who)
    await first.locator(f"#contest-{contest}").check()
    await first.locator(f"form[action$=give]:has(#contest-{contest}) button").click()
    await first.wait_for_url("**/desk/papers/*")
    return await sign_both(town, who, "logged")


async def strike(town: Town, index: int) -> None:
    """Two officers and the registrar take a ballot out."""
    vote = town.vote
    order = await ask(vote, orders.ask_strike, vote.desks[0].actor, index, why="person")
    await sign(vote, order, vote.desks[0], "desk")
    await sign(vote, order, vote.desks[1], "desk")
    assert await sign(vote, order, vote.registrar, "registrar")


async def count_box(town: Town, contest: str, ballot: Ballot) -> None:
    """Account, two readings, the auditor's sample, and the list that three people sign."""
    desk, vote = town.site.desk, town.vote
    await desk.account(1, contest=contest)
    await desk.read(vote.desks[0].actor, boxes.FIRST, {1: ballot}, contest)
    await desk.read(vote.desks[1].actor, boxes.SECOND, {1: ballot}, contest)
    await desk.sample({1: ballot}, contest)
    order = await desk.listed(contest)
    await desk.sign(order, vote.desks[0])
    await desk.sign(order, vote.desks[1])
    assert await desk.sign(order, vote.auditor, "auditor")


async def close_on_pages(town: Town, browser: Browser) -> None:
    """After the end and its grace two managers say on their pages that the vote is over; the count begins by itself."""
    service = town.vote.service
    async with service.database.reading() as session:
        closes = (await find_round(session, "spring")).vote[1]
    town.vote.clock.now = closes + timedelta(seconds=opening.GRACE)
    for name in ("Katri Koski", "Mats Berg"):
        manager = await hire(service, "manager", name=name)
        now = service.clock()
        async with service.database.transaction() as session:
            secret = await sessions.start(session, manager.id, "staff", visitor=Visitor(), now=now, second_factor=True)
        page = await open_page(browser, width=PHONE)
        await page.context.add_cookies([{"name": "pb-session", "value": secret, "url": town.address}])
        await page.goto(f"{town.address}/en/staff/rounds/spring/closing")
        await page.locator("form[action$='/closing/close'] input[type=checkbox]").check()
        await page.locator("form[action$='/closing/close'] button").click()
        await page.wait_for_url("**done=*")
        await page.context.close()


async def test_a_whole_round(
    settings: Settings, database_url: str, clock: FakeClock, folder: Path, browser: Browser
) -> None:
    """Residents vote by password, registration, strong identification, letters, kiosk and desk, sealed and on paper,
    one by keyboard alone; one votes again, one is struck, one goes to paper, one abstains; every receipt is found, the
    checker agrees, and the winners are right."""
    async with running_town(settings, database_url, clock, folder, browser) as town:
        service = town.vote.service
        for voter in [*VOTERS, ABSTAINS]:
            if voter.road is by_password:
                await hire(service, staff=False, name=voter.name.title())
        phones: dict[str, Page] = {}
        kiosk = await open_page(browser, width=PHONE)
        await begin_kiosk(town, kiosk)
        for voter in VOTERS:
            page = kiosk if voter.device == "kiosk" else await open_page(browser, width=PHONE, height=740)
            phones[voter.name] = page
            await cast_all(town, page, voter)
        abstains = await open_page(browser, width=PHONE)
        await choose_and_review(town, abstains, ABSTAINS, ABSTAINS.ballots[0])
        await strike(town, called("fia").index)
        await give_paper(town, "pohjoinen", {"number": person_id(4)})
        officer = await give_paper(town, "city-wide", {"email": called("gun").email})
        await expect(officer.locator("main")).to_contain_text("the vote online is replaced by it")
        await service.sequencer.settle(0.01)
        await phones["gun"].goto(town.page("/review", "fi", "city-wide"))
        await expect(phones["gun"].locator("main")).to_contain_text("Olet saanut äänestyslipun")
        await check_own_records(town, phones, abstains)

        await close_on_pages(town, browser)
        assert not await town.site.desk.count_sealed(), "it waits for the lists of paper ballots"
        for contest, ballot in PAPER.items():
            await count_box(town, contest, ballot)
        assert await town.site.desk.count_sealed()
        async with service.database.transaction() as session:
            await explain(session, "spring")
        await service.sequencer.settle(0.01)

        await find_receipts(town, browser)
        await abstains.goto(town.page("/record", "sv"))
        await by_password(town, abstains, ABSTAINS)  # days have passed
        await expect(abstains.locator("main")).to_contain_text("Inget har avgetts i ditt namn.")
        await check_outcome(service)
        report = await verified(town.vote)
        assert report["verdict"] == "pass"
        for context in {page.context for page in [*phones.values(), *town.officers, abstains]}:
            await context.close()


async def check_outcome(service: Service) -> None:
    """Votes and winners are those counted by hand."""
    async with service.database.reading() as session:
        for contest, votes in VOTES.items():
            outcome = (await contest_documents(session, "spring", contest)).outcome
            assert [project["votes"] for project in outcome["projects"]] == votes, contest
            assert contest not in WINNERS or sorted(outcome["winners"]) == WINNERS[contest]


def called(name: str) -> Voter:
    return next(voter for voter in VOTERS if voter.name == name)


async def check_own_records(town: Town, phones: dict[str, Page], abstains: Page) -> None:
    """Everybody reads in her own record what was done in her name: cast twice, struck, on paper, or nothing."""
    told: dict[str, Sequence[str] | None] = {
        "dan": ["Counts as it stands", "Replaced"],
        "fia": ["Struken"],
        "gun": None,
        "lempi": ["Räknas som det nu står"],
    }
    for name, states in told.items():
        voter, page = called(name), phones[name]
        await page.goto(town.page("/record", voter.language))
        await page.locator("[data-when=agrees]").wait_for()
        found = await page.locator(".record-list .chip").all_inner_texts()
        assert found == states if states else len(found) == 2
        assert await page.locator(".record-list .seal-code").count() == len(voter.codes)
    await abstains.goto(town.page("/record", "sv"))
    await expect(abstains.locator("main")).to_contain_text("Inget har avgetts i ditt namn.")


async def find_receipts(town: Town, browser: Browser) -> None:
    """Everybody who has a code finds it on the check page, in her language and without signing in."""
    page = await open_page(browser, width=PHONE)
    for voter in VOTERS:
        for code in voter.codes:
            await page.goto(f"{town.address}/{voter.language}/rounds/spring/vote/check?code={code}")
            kind = "warn" if voter.name == "fia" else "ok"
            await expect(page.locator(f".find-code .notice-{kind}")).to_be_visible()
    await page.context.close()
