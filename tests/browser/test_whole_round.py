"""A whole round in real browsers, on phones, in three languages: from the first choice to winners counted by hand.

The ballots and who won stand in `VOTERS` and `WINNERS`; nothing else of the outcome is taken from the program.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.record.entries import signed_entry
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.setup import PlannedName
from pb_service.core.sealing import payload
from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.tables import Account
from pb_service.features.counting import sealed
from pb_service.features.opening import service as opening
from pb_service.features.opening.state import VoteState, state_of
from pb_service.features.record import service as record
from pb_service.features.record.tables import LogEntry
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders
from pb_service.features.voting.tables import PaperHandout
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow
from tests.browser.test_provider import PROVIDER
from tests.browser.test_voting import PHONE, Polls, code_on, press, receipt_on, serving, tab_to
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.provider import running_provider
from tests.rounds import STARTS, dates
from tests.service.voting.test_orders import ask, sign
from tests.staff import PASSWORD, hire
from tests.voting import Official, counted, verified

PORT = 18600


@dataclass
class Voter:
    """A resident: how she identifies herself, in which language, and what she casts, one ballot after another.

    ``device`` is her own phone, or a kiosk that others use after her. ``codes`` are those of her receipts.
    """

    name: str
    road: "Road"
    language: str
    ballots: list[list[int]]
    contest: str = "pohjoinen"
    device: str = "phone"
    by_keyboard: bool = False
    codes: list[str] = field(default_factory=list)
    index: int = 0

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"


#: From the step that asks who she is to the review.
Road = Callable[[Polls, Page, Voter], Awaitable[None]]


async def by_password(_polls: Polls, page: Page, voter: Voter) -> None:
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


async def by_registration(polls: Polls, page: Page, voter: Voter) -> None:
    """With an account that she makes in the middle of her vote, by a link in a mail."""
    await go(page, voter, "a[href*='/register?next=']")
    await page.locator("#f-email").fill(voter.email)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/register?done=sent")
    mails = "\n".join(words(mail) for mail in await delivered(polls.vote.service))
    await page.goto(re.findall(rf"{polls.address}/\S*/verify/\S*", mails)[-1])
    await page.locator("#f-password").fill(PASSWORD)
    await page.keyboard.press("Enter")


async def by_provider(polls: Polls, page: Page, voter: Voter) -> None:
    """With the identification of the town (OpenID Connect), whose tokens are made at the machine's own time."""
    polls.vote.clock.now = datetime.now(UTC) + timedelta(seconds=2)
    await go(page, voter, "a[href*='/sign-in?next=']")
    await go(page, voter, "a[href*='/sign-in/with/town']")


#: What everybody casts. Three ballots, those for 3, must not count in the end: Dan's first one, Fia's, which is struck,
#: and Gun's, who is given paper afterwards.
VOTERS = [
    Voter("aino", by_password, "sv", [[0, 1]], by_keyboard=True),
    Voter("otto", by_provider, "fi", [[1, 2]]),
    Voter("cia", by_password, "en", [[1, 4]], device="kiosk"),
    Voter("hilja", by_password, "fi", [[0]], contest="etela", device="kiosk"),
    Voter("dan", by_registration, "en", [[3], [4]]),
    Voter("fia", by_password, "sv", [[3]]),
    Voter("gun", by_password, "fi", [[3]]),
]
#: She chooses, signs in, and leaves.
ABSTAINS = Voter("eino", by_password, "sv", [[3]])
PAPER = [2, 4]
#: Of pohjoinen 0 has 1 vote (40,000), 1 has 3 (70,000), 2 has 2 (100,000), 3 has none, 4 has 3 (160,000): 1 and 4 go
#: first whatever breaks their tie, then 2; of 333,333.33 euros 3,333.33 are left.
VOTES = [1, 3, 2, 0, 3, 0]
WINNERS = [1, 2, 4]


async def go(page: Page, voter: Voter, selector: str) -> None:
    """Press a control, by the keyboard alone or not."""
    if voter.by_keyboard:
        await press(page, selector)
    else:
        await page.locator(selector).first.click()


def _local(moment: datetime) -> str:
    """A moment as a timetable has it."""
    return f"{moment:%Y-%m-%dT%H:%M}"


@asynccontextmanager
async def town(settings: Settings, url: str, clock: FakeClock, folder: Path) -> AsyncIterator[Polls]:
    """The service with a provider and a vote that opened an hour ago by the machine's own clock."""
    here = datetime.now(ZoneInfo("Europe/Helsinki"))
    starts: dict[PlannedName, str] = {
        **STARTS,
        "voting": _local(here - timedelta(hours=1)),
        "counting": _local(here + timedelta(days=2)),
        "results": _local(here + timedelta(days=9)),
    }
    returns = [f"http://localhost:{port}/sign-in/town/return" for port in range(PORT, PORT + 20)]
    with running_provider(returns) as provider:
        (folder / "signin.toml").write_text(PROVIDER.format(issuer=provider.issuer))
        (folder / "budget.secret").write_text("secret-of-the-tests")
        given = replace(settings, signin=folder / "signin.toml")
        async with serving(given, url, clock, port=PORT, dates=dates(starts)) as polls:
            yield polls


async def begin_kiosk(polls: Polls, page: Page) -> None:
    await page.goto(f"{polls.address}/fi/rounds/spring/vote/kiosk")
    await page.locator("[data-kiosk-set]").click()
    await page.locator("[data-kiosk-begin]").wait_for()


async def choose_and_review(polls: Polls, page: Page, voter: Voter, ballot: list[int]) -> None:
    """From the start of the vote to the review; whoever is not signed in takes her road on the way."""
    if voter.device == "kiosk":
        if await page.locator("html").get_attribute("lang") != voter.language:
            await page.locator(f"a[hreflang={voter.language}]").first.click()
            await page.wait_for_url(f"**/{voter.language}/**/kiosk")
        await go(page, voter, "[data-kiosk-begin]")
    elif voter.by_keyboard:
        await page.goto(f"{polls.address}/{voter.language}/rounds/spring")
        await go(page, voter, "a[href$='/vote']")
    else:
        await page.goto(f"{polls.address}/{voter.language}/rounds/spring/vote")
    await page.wait_for_url("**/vote")
    await go(page, voter, f"a[href$='contest={voter.contest}']")
    await page.locator("[data-basket]").wait_for()
    for project in ballot:
        await go(page, voter, f"#p-{project} [data-act=pick]")
    await go(page, voter, "[data-review]")
    await page.wait_for_url("**/review?*")
    if not await page.locator("[data-chosen-list]").count():
        await voter.road(polls, page, voter)
    await page.locator("[data-chosen-list]").wait_for()
    assert await page.locator("[data-chosen-list] li:visible").count() == len(ballot)
    assert await overflow(page) == 0


async def cast_all(polls: Polls, page: Page, voter: Voter) -> None:
    """Cast what she has to cast and note her receipts; at a kiosk she signs out, and nothing of her stays."""
    for ballot in voter.ballots:
        await choose_and_review(polls, page, voter, ballot)
        await go(page, voter, "[data-seal]")
        await page.wait_for_url("**/cast?*")
        code = await code_on(page)
        await go(page, voter, "[data-cast]")
        assert await receipt_on(page) == code
        voter.codes.append(code)
        voter.index = int(re.sub(r"\D", "", await page.locator("[data-index]").inner_text()))
    if voter.device == "kiosk":
        await page.locator("form[data-leave] button").first.click()
        await page.locator("[data-kiosk-begin]").wait_for()
        assert await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]") == ["pb-kiosk"]


async def strike(polls: Polls, index: int) -> None:
    """Two officers and the registrar take a ballot out."""
    vote = polls.vote
    order = await ask(vote, orders.ask_strike, vote.desks[0].actor, index, why="person")
    await sign(vote, order, vote.desks[0], "desk")
    await sign(vote, order, vote.desks[1], "desk")
    assert await sign(vote, order, vote.registrar, "registrar")


async def give_paper(polls: Polls, voter: Voter) -> None:
    """Two officers hand a paper ballot to somebody who has an account."""
    service, polling = polls.vote.service, await polls.vote.polling()
    async with service.database.transaction() as session:
        account = (await session.scalars(select(Account).where(Account.email_key == voter.email))).one()
        secret = await sessions.start(session, account.id, "resident", visitor=Visitor(), now=service.clock())
        actor = await sessions.recognise(session, secret, now=service.clock())
        [standing] = await polling.standings(session, actor, service.keys)
        state = await state_of(session, polling.log_id, hold=True)
        fields = {"d": voter.contest, "a": b64u(standing.alias), "no": "KIRJASTO-1"}
        await log(state, session, "paper", fields, *polls.vote.desks)
        newest = select(LogEntry.id).where(LogEntry.log_id == polling.log_id).order_by(LogEntry.id.desc())
        session.add(
            PaperHandout(
                entry_id=(await session.scalars(newest.limit(1))).one(),
                log_id=polling.log_id,
                group=standing.group,
                alias=standing.alias,
                contest=voter.contest,
                at=service.clock(),
            )
        )


async def list_paper(polls: Polls, contest: str, ballot: list[int]) -> None:
    """Two officers and the auditor sign what the paper ballots say."""
    service, polling = polls.vote.service, await polls.vote.polling()
    shape = polling.manifest.contests[contest].shape
    listed = [b64u(payload.encode(ballot, shape))]
    body = encode({"v": 1, "e": b64u(polling.manifest.eid), "d": contest, "pl": listed, "spoilt": 0})
    async with service.database.transaction() as session:
        state = await state_of(session, polling.log_id, hold=True)
        sha256 = await record.put_file(session, body, kind="paperlist", at=service.clock())
        await log(
            state,
            session,
            "paperlist",
            {"d": contest, "n": 1, "f": b64u(sha256)},
            *polls.vote.desks,
            polls.vote.auditor,
        )


async def log(state: VoteState, session: object, kind: str, fields: Mapping[str, object], *by: Official) -> None:
    """Append an entry that these people sign, each by the id that the record knows her key under."""
    names = {public: name for name, (_, public) in state.election.keys.items()}
    signers = {names[public_bytes(person.key)]: person.key for person in by}
    assert state.election.manifest
    await state.append(session, signed_entry(kind, state.election.manifest.eid, fields, signers))  # type: ignore[arg-type] # of the transaction


async def close_on_pages(polls: Polls, browser: Browser) -> None:
    """After the end and its grace two managers say on their pages that the vote is over; the count begins by itself."""
    service = polls.vote.service
    async with service.database.reading() as session:
        closes = (await find_round(session, "spring")).vote[1]
    polls.vote.clock.now = closes + timedelta(seconds=opening.GRACE)
    for name in ("Katri Koski", "Mats Berg"):
        manager = await hire(service, "manager", name=name)
        now = service.clock()
        async with service.database.transaction() as session:
            secret = await sessions.start(session, manager.id, "staff", visitor=Visitor(), now=now, second_factor=True)
        page = await open_page(browser, width=PHONE)
        await page.context.add_cookies([{"name": "pb-session", "value": secret, "url": polls.address}])
        await page.goto(f"{polls.address}/en/staff/rounds/spring/closing")
        await page.locator("form[action$='/closing/close'] input[type=checkbox]").check()
        await page.locator("form[action$='/closing/close'] button").click()
        await page.wait_for_url("**done=*")
        await page.context.close()


async def test_a_whole_round(
    settings: Settings, database_url: str, clock: FakeClock, folder: Path, browser: Browser
) -> None:
    """Residents vote by password, registration, provider and kiosk, one by keyboard alone; one votes again, one is
    struck, one goes to paper, one abstains; every receipt is found, the checker agrees, and the winners are right."""
    async with town(settings, database_url, clock, folder) as polls:
        service = polls.vote.service
        for voter in [*VOTERS, ABSTAINS]:
            if voter.road is by_password:
                await hire(service, staff=False, name=voter.name.title())
        phones: dict[str, Page] = {}
        kiosk = await open_page(browser, width=PHONE)
        await begin_kiosk(polls, kiosk)
        for voter in VOTERS:
            page = kiosk if voter.device == "kiosk" else await open_page(browser, width=PHONE, height=740)
            phones[voter.name] = page
            await cast_all(polls, page, voter)
        abstains = await open_page(browser, width=PHONE)
        await choose_and_review(polls, abstains, ABSTAINS, ABSTAINS.ballots[0])
        await strike(polls, next(voter.index for voter in VOTERS if voter.name == "fia"))
        gun = next(voter for voter in VOTERS if voter.name == "gun")
        await give_paper(polls, gun)
        await service.sequencer.settle(0.01)
        await phones["gun"].goto(polls.page("/review", "fi"))
        await expect(phones["gun"].locator("main")).to_contain_text("Olet saanut äänestyslipun")
        await check_own_records(polls, phones, abstains)

        await close_on_pages(polls, browser)
        await service.sequencer.settle(0.01)
        async with service.database.reading() as session:
            found = await find_round(session, "spring", whole=False)
        assert not await sealed.count(service, found.id), "it waits for the list of paper ballots"
        await list_paper(polls, "pohjoinen", PAPER)
        await counted(polls.vote)

        await find_receipts(polls, browser)
        await abstains.goto(polls.page("/record", "sv"))
        await type_password(abstains, ABSTAINS)  # days have passed
        await expect(abstains.locator("main")).to_contain_text("Inget har avgetts i ditt namn.")
        async with service.database.reading() as session:
            north = await contest_documents(session, "spring", "pohjoinen")
            south = await contest_documents(session, "spring", "etela")
        assert [project["votes"] for project in north.outcome["projects"]] == VOTES
        assert north.outcome["winners"] == WINNERS
        assert [project["votes"] for project in south.outcome["projects"]] == [1, 0, 0, 0, 0, 0]
        assert (await verified(polls.vote))["verdict"] == "pass"
        for context in {page.context for page in [*phones.values(), abstains]}:
            await context.close()


async def check_own_records(polls: Polls, phones: dict[str, Page], abstains: Page) -> None:
    """Everybody reads in her own record what was done in her name: cast twice, struck, on paper, or nothing."""
    told = {"dan": ["Counts as it stands", "Replaced"], "fia": ["Struken"], "gun": None}
    for name, states in told.items():
        voter = next(voter for voter in VOTERS if voter.name == name)
        page = phones[name]
        await page.goto(polls.page("/record", voter.language))
        await page.locator("[data-when=agrees]").wait_for()
        found = await page.locator(".record-list .chip").all_inner_texts()
        assert found == states if states else len(found) == 2
        assert await page.locator(".record-list .seal-code").count() == len(voter.codes)
    await abstains.goto(polls.page("/record", "sv"))
    await expect(abstains.locator("main")).to_contain_text("Inget har avgetts i ditt namn.")


async def find_receipts(polls: Polls, browser: Browser) -> None:
    """Everybody who has a code finds it on the check page, in her language and without signing in."""
    page = await open_page(browser, width=PHONE)
    for voter in VOTERS:
        for code in voter.codes:
            await page.goto(f"{polls.address}/{voter.language}/rounds/spring/vote/check?code={code}")
            await expect(page.locator(".find-code .notice-ok")).to_be_visible()
    await page.context.close()
