"""The desk in a real browser: on a phone, in three languages, and with a network that is cut."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.async_api import Browser, Page, expect

from pb_service.core.record.canonical import b64u
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.platform.server import listen
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.browser.conftest import follow, open_page, overflow, served, violations
from tests.conftest import FakeClock
from tests.desk import DeskVote, desk_vote, neighbour
from tests.voting import Official, open_vote

PHONE = 360

#: Puts keys into the browser as the page of signing keys does.
_KEEP = """async keys => {
    const opening = indexedDB.open("pb-signing", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys", { keyPath: "id" });
    await new Promise(done => opening.onsuccess = done);
    for (const { id, account, secret } of keys) {
        const bytes = text => Uint8Array.from(atob(text), symbol => symbol.charCodeAt(0));
        const privateKey = await crypto.subtle.importKey("pkcs8", bytes(secret), "Ed25519", false, ["sign"]);
        const raw = bytes(id.replaceAll("-", "+").replaceAll("_", "/"));
        const publicKey = await crypto.subtle.importKey("raw", raw, "Ed25519", true, ["verify"]);
        const storing = opening.result.transaction("keys", "readwrite");
        storing.objectStore("keys").put({ id, account, pair: { privateKey, publicKey } });
        await new Promise(done => storing.oncomplete = done);
    }
}"""


@dataclass(frozen=True)
class Site:
    """The running service with an open vote and a place where paper is given."""

    desk: DeskVote
    address: str

    def page(self, path: str, language: str = "en") -> str:
        return f"{self.address}/{language}/staff/rounds/spring/{path}"

    async def enter(self, page: Page, person: Official) -> None:
        """Sign an officer in, without the pages."""
        service = self.desk.vote.service
        assert person.actor.account_id
        async with service.database.transaction() as session:
            token = await sessions.start(
                session, person.actor.account_id, "staff", visitor=Visitor(), now=service.clock(), second_factor=True
            )
        await page.context.add_cookies([{"name": "pb-session", "value": token, "url": self.address}])

    async def keep_keys(self, page: Page) -> None:
        """Have both officers' keys in the browser."""
        await page.goto(self.page("desk"))
        await page.evaluate(_KEEP, [_key(one) for one in self.desk.vote.desks])


def _key(person: Official) -> dict[str, Any]:
    secret = person.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "id": b64u(public_bytes(person.key)),
        "account": str(person.actor.account_id),
        "secret": base64.b64encode(secret).decode(),
    }


@pytest.fixture
async def site(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    sockets, port = listen(["127.0.0.1"], 18700, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        desk = await desk_vote(await open_vote(service, clock))
        async with served(service, sockets):
            yield Site(desk, given.public_url)


async def looked_at(page: Page) -> None:
    """What must hold of every page: axe finds nothing, and nothing is wider than the phone."""
    assert await violations(page) == []
    assert await overflow(page) == 0


async def test_desk_serves_on_a_phone_in_three_languages(site: Site, browser: Browser) -> None:
    """From looking a person up to the second signature, then the pages of counting; axe finds nothing."""
    first = await open_page(browser, width=PHONE, height=720)
    await site.enter(first, site.desk.vote.desks[0])
    await site.keep_keys(first)
    for number, language in enumerate(("fi", "sv", "en")):
        typed = neighbour(number)
        assert typed.born
        await first.goto(site.page("desk", language))
        await looked_at(first)
        await first.locator("#f-name").fill(typed.name)
        await first.locator("#f-born").fill(typed.born.isoformat())
        await follow(first, first.locator("form[action$=find] button"))
        await looked_at(first)
        await first.locator("#contest-pohjoinen").check()
        await first.locator("form[action$=give] button").click()
        await first.wait_for_url("**/desk/papers/*")
        await first.locator("sign-button button:not([data-from-file])").wait_for()
        await looked_at(first)
        await first.locator("sign-button button:not([data-from-file])").click()
        await first.wait_for_url("**done=signed")
        await site.enter(first, site.desk.vote.desks[1])
        await first.goto(first.url.partition("?")[0])
        await first.locator("#f-name").fill(typed.name)
        await first.locator("#f-born").fill(typed.born.isoformat())
        await first.locator(".case-main form button").first.click()
        await first.locator("sign-button button:not([data-from-file])").click()
        await first.wait_for_url("**done=logged")
        await looked_at(first)
        await site.enter(first, site.desk.vote.desks[0])
    await first.context.close()


async def test_queue_outlives_a_network_that_is_cut(site: Site, browser: Browser) -> None:
    """What two officers sign without network waits on the device, and stands in the record when it is back."""
    page = await open_page(browser, width=PHONE, height=720)
    await site.enter(page, site.desk.vote.desks[0])
    await site.keep_keys(page)
    await page.goto(site.page("desk/offline"))
    await page.locator("#q-second option").nth(1).wait_for(state="attached")
    await page.context.set_offline(True)
    await page.locator("#f-name").fill("Aino Esimerkki")
    await page.locator("#f-born").fill("1950-01-02")
    await page.locator("#q-both").check()
    await page.locator("desk-queue form button").click()
    await expect(page.locator("[data-state]")).to_have_text("Waiting: 1")
    assert "Aino" not in await page.evaluate("localStorage.getItem('pb-desk:spring')")
    await looked_at(page)
    await page.context.set_offline(False)
    await expect(page.locator("[data-queue]")).to_contain_text("In the record.")
    await expect(page.locator("[data-state]")).to_have_text("Nothing waits.")
    await page.context.close()
