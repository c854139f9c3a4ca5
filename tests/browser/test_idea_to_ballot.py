"""From an idea to the ballot in a real browser: everybody on pages alone, each person in a browser of their own."""

import asyncio
import hashlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from pb_service.features.accounts.policy import Role
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, served
from tests.conftest import FakeClock
from tests.proposals import open_round, record_kinds
from tests.service.test_commands import pb
from tests.staff import PASSWORD, Member, hire

ROUND = "rounds/spring"
DESK = "staff/rounds/spring"
#: Why, in the two languages that the municipality requires.
REASON = {"fi": "Polku on kaavassa valaistava väylä.", "sv": "Stigen är i planen en led som ska belysas."}


@dataclass(frozen=True)
class Idea:
    """What a resident proposes, in their own language."""

    language: str
    title: str
    need: str
    place: str


#: Two in one district, which are alike, and one in the other.
IDEAS = {
    "Aino Lehto": Idea("fi", "Penkkejä rantapolulle", "Rannalla ei voi istua.", "60.5, 24.5"),
    "Erik Ek": Idea("sv", "Bänkar vid stranden", "Man kan inte sitta vid stranden.", "60.501, 24.5"),
    "Mary Shaw": Idea("en", "Lights for the school path", "The path is dark in winter.", "60.5, 25.5"),
}
STAFF: dict[str, tuple[str, Role]] = {
    "Maija Moderaattori": ("sv", "moderator"),
    "Anna Arvioija": ("fi", "assessor"),
    "Mikael Sjö": ("sv", "assessor"),
    "Oskar Nyman": ("fi", "manager"),
    "Berit Holm": ("en", "manager"),
}


@dataclass
class Town:
    """The running service, and everybody's browser."""

    service: Service
    address: str
    environ: dict[str, str]
    browser: Browser
    pages: dict[str, Page] = field(default_factory=dict)

    async def comes(self, name: str, language: str, member: Member) -> None:
        """Sign somebody in on the pages: with the password, and staff with the code of their app."""
        page = await open_page(self.browser)
        await page.goto(f"{self.address}/{language}/sign-in")
        await page.locator("#f-email").fill(member.email)
        await page.locator("#f-password").fill(PASSWORD)
        await press(page, "main form button[type=submit]")
        if member.secret:
            await page.locator("[name=code]").fill(member.code(self.service))
            await press(page, "form:has([name=code]) button[type=submit]")
        self.pages[name] = page

    async def at(self, name: str, path: str) -> Page:
        """Somebody's browser at an address, in the language in which they came."""
        page = self.pages[name]
        language = re.search(r"//[^/]+/(\w\w)", page.url)
        assert language
        answer = await page.goto(f"{self.address}/{language[1]}/{path}")
        assert answer
        assert answer.status == 200, (name, path, await page.inner_text("main"))
        return page


@pytest.fixture
async def town(settings: Settings, database_url: str, clock: FakeClock, browser: Browser) -> AsyncIterator[Town]:
    sockets, port = listen(["127.0.0.1"], 18600, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}")
    environ = {"PB_DATABASE_URL": database_url, "PB_DATA": str(given.data), "PATH": "/usr/bin:/bin"}
    async with open_service(given, database_url, clock=clock) as service:
        await open_round(service, clock)
        async with served(service, sockets):
            here = Town(service, given.public_url, environ, browser)
            yield here
            for page in here.pages.values():
                await page.context.close()


async def press(page: Page, selector: str, done: str = "") -> None:
    """Press a button and wait for the page after it, whose address says what was done."""
    async with page.expect_navigation():
        await page.locator(selector).click()
    assert done in page.url, (page.url, await page.inner_text("main"))


async def fill_reason(page: Page, name: str) -> None:
    for code, text in REASON.items():
        await page.locator(f"[name='{name}_{code}']").fill(text)


async def propose(town: Town, name: str, idea: Idea) -> None:
    """The six steps of the writing helper, and the proposal is sent."""
    page = await town.at(name, f"{ROUND}/propose/need")
    await page.locator("#f-need").fill(idea.need)
    await page.locator("#f-language").select_option(idea.language)
    await press(page, "button[value=next]")
    await page.locator("#f-title").fill(idea.title)
    await page.locator("#f-idea").fill(f"{idea.title}. {idea.need}")
    await page.locator("#f-theme").select_option("nature")
    await press(page, "button[value=next]")
    await page.locator("[name=place_kind][value=point]").check()
    await page.locator("#f-place").fill(idea.place)
    for _ in range(4):
        await press(page, "button[value=next]")
    if await page.locator("button[value=send]").count():
        await press(page, "button[value=send]")
    assert "done=sent" in page.url, (page.url, await page.inner_text("main"))


async def move_to(town: Town, phase: str) -> None:
    """The manager begins the next phase before its day, with a reason."""
    page = await town.at("Oskar Nyman", DESK)
    form = f"form:has([name=move][value=push]):has([name=target][value={phase}])"
    await page.locator(f"details:has({form}) summary").click()
    for code, text in REASON.items():
        await page.locator(f"{form} [name='reason.{code}.text']").fill(text)
    await press(page, f"{form} button[type=submit]", "done=push")


async def decide(town: Town, number: int, outcome: str) -> None:
    page = await town.at("Maija Moderaattori", f"{DESK}/proposals/{number}")
    await page.locator(f"[name=outcome][value={outcome}]").check()
    if outcome == "reject":
        await page.locator("#f-criterion").select_option("lawful")
        await fill_reason(page, "reason")
    await press(page, "button[name=act][value=do]", f"done={outcome}")


async def assess_and_cost(town: Town, number: int, price: str) -> None:
    """One assessor finds it feasible and calculates its cost, another signs."""
    page = await town.at("Anna Arvioija", f"{DESK}/proposals/{number}")
    await page.locator("[name=ok_lawful][value=yes]").check()
    await press(page, "button[name=act][value=decide]", "done=decided")
    page = await town.at("Anna Arvioija", f"{DESK}/costs/p{number}")
    line = {"what": "Työ", "quantity": "2,5", "unit": "kpl", "price": price, "source": "Puitesopimus 2026"}
    for name, text in line.items():
        await page.locator(f"[name='lines.0.{name}']").fill(text)
    await page.locator("[name=contingency]").fill("10")
    await press(page, ".case-main form button[type=submit]:not([name])", "done=saved")
    page = await town.at("Mikael Sjö", f"{DESK}/costs/p{number}")
    await press(page, "form[action$='/sign'] button", "done=signed")


async def make_project(town: Town, number: int, contest: str) -> None:
    page = await town.at("Anna Arvioija", f"{DESK}/list")
    await page.locator(f"#c-{number}").check()
    await press(page, "form[action$='/list/projects'] button[type=submit]", "done=made")
    for code, title in (("fi", f"Hanke {number}"), ("sv", f"Projekt {number}")):
        await page.locator(f"#f-title_{code}").fill(title)
        await page.locator(f"#f-text_{code}").fill(f"{title}.")
        for name in ("title", "text"):
            await page.locator(f"#f-{name}_{code}_state").select_option("translated")
    await page.locator("#f-contest").select_option(contest)
    await press(page, ".case-main form button[type=submit]:not([name])", "done=saved")


async def confirm(town: Town, name: str, done: str) -> str:
    """One of the two people looks at the list and confirms its hash, which is returned."""
    page = await town.at(name, f"{DESK}/list")
    shown = await page.inner_text("#f-read .hash")
    await page.locator("[name=read]").check()
    await press(page, "form[action$='/list/confirm'] button[type=submit]", f"done={done}")
    return shown


async def merge_two(town: Town) -> None:
    """The moderator joins the second proposal with the first, which the page names as like it."""
    page = await town.at("Maija Moderaattori", f"{DESK}/proposals/1")
    await press(page, "a[href$='/proposals/1/merge?numbers=2']")
    for code, text in REASON.items():
        await page.locator(f"[name='reason.{code}']").fill(text)
    await press(page, "form[action$='/merge'] button[type=submit]", "done=merged")


async def refuse_and_review(town: Town) -> None:
    """The third is rejected, its author asks for a review, and somebody else than who refused reinstates it."""
    await decide(town, 3, "reject")
    page = await town.at("Mary Shaw", f"{ROUND}/proposals/3")
    assert REASON["fi"] in await page.inner_text("main")
    assert "Oikaisuvaatimus" in await page.inner_text("main")
    await press(page, "a[href$='/proposals/3/review']")
    await page.locator("#f-body").fill("The path is in the plan.")
    await press(page, "main form button[type=submit]", "done=asked")
    for name, done in (("Maija Moderaattori", "/review"), ("Oskar Nyman", "done=review_reinstated")):
        page = await town.at(name, f"{DESK}/proposals/3")
        await page.locator("[name=review_outcome][value=reinstated]").check()
        await fill_reason(page, "review")
        await press(page, "form[action$='/review'] button[type=submit]", done)
    page = await town.at("Mary Shaw", f"{ROUND}/proposals/3/review")
    assert REASON["fi"] in await page.inner_text("main")


async def verified(town: Town, folder: Path, told: str) -> str:
    """What the auditors' program says of the bundle that everybody can download, run as the page tells them to."""
    await town.service.sequencer.settle()
    answer = await town.pages["Aino Lehto"].request.get(f"{town.address}/data/spring/process.zip")
    bundle = folder / "process.zip"
    bundle.write_bytes(await answer.body())
    program, name, *options = told.split()
    assert (program, name) == ("pb-verify", "process.zip")
    command = [sys.executable, "-m", "pb_service.verifier", str(bundle), *options]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


async def test_three_ideas_in_three_languages_come_to_a_list_that_everybody_can_check(town: Town, folder: Path) -> None:
    for name, idea in IDEAS.items():
        await town.comes(name, idea.language, await hire(town.service, name=name, staff=False))
    for name, (language, role) in STAFF.items():
        await town.comes(name, language, await hire(town.service, role, name=name))
    for name, idea in IDEAS.items():
        await propose(town, name, idea)

    await move_to(town, "moderation")
    await decide(town, 1, "publish")
    await decide(town, 2, "publish")
    await merge_two(town)
    await refuse_and_review(town)

    await move_to(town, "assessment")
    for number, price, contest in ((1, "1480,50", "pohjoinen"), (3, "9000", "etela")):
        await assess_and_cost(town, number, price)
        await make_project(town, number, contest)
    shown = await confirm(town, "Oskar Nyman", "confirmed")
    assert await confirm(town, "Berit Holm", "fixed") == shown

    page = await town.at("Aino Lehto", f"{ROUND}/list")
    assert shown in await page.inner_text("main")
    assert "Hanke 1" in await page.inner_text("main")
    told = await page.locator("code", has_text="pb-verify").inner_text()
    served = await page.request.get(f"{town.address}/data/rounds/spring/ballot-list.json")
    assert hashlib.sha256(await served.body()).hexdigest() == shown
    printed = await asyncio.to_thread(pb, town.environ, "list", "spring")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert f"SHA-256 {shown}" in printed.stdout
    assert "4071.38 EUR" in printed.stdout

    kinds = [
        kind for kind in await record_kinds(town.service) if kind.startswith(("proposal.merged", "review", "list"))
    ]
    assert kinds == ["proposal.merged p1", "review.requested p3", "review.decided p3", "list.fixed list"]
    report = await verified(town, folder, told)
    assert [
        check for check in ("P1", "P2", "P3", "P4", "P5") if re.search(rf"PASS.*\b{check}\b|\b{check}\b.*PASS", report)
    ] == [
        "P1",
        "P2",
        "P3",
        "P4",
        "P5",
    ], report
