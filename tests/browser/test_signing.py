"""Signing keys in a real browser: made there, kept there, and signing exactly what is shown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Browser, Page, expect

from pb_service.core.record.canonical import b64u, decode, encode
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, violations
from tests.conftest import FakeClock

EXPORT = """async format => {
    const opening = indexedDB.open("pb-signing", 1);
    await new Promise(done => opening.onsuccess = done);
    const asked = opening.result.transaction("keys").objectStore("keys").getAll();
    await new Promise(done => asked.onsuccess = done);
    const { privateKey } = asked.result[0].pair;
    return crypto.subtle.exportKey(format, privateKey).then(() => "exported", error => error.name);
}"""


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(replace(settings, development=True), database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def auditor(site: str, browser: Browser) -> AsyncIterator[Page]:
    """A browser in which an auditor is signed in."""
    page = await open_page(browser)
    await sign_in(page, site)
    yield page
    await page.context.close()


async def sign_in(page: Page, site: str, part: str = "auditor") -> None:
    await page.goto(f"{site}/en/sign-in/development?as={part}")
    await page.locator("main form button").click()
    await page.wait_for_url("**/en/staff")


async def make_key(page: Page, site: str, label: str = "Laptop") -> None:
    """With the keyboard alone."""
    await page.goto(f"{site}/en/staff/keys/new")
    field = page.locator("key-maker").get_by_label("Name of the key")
    await expect(field).to_be_visible()  # once the script is there
    await field.focus()
    await page.keyboard.type(label)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/staff/keys?done=enrolled")


async def try_key(page: Page, site: str) -> None:
    await page.goto(f"{site}/en/staff/keys/try")
    await page.get_by_role("button", name="Sign the trial").click()
    await expect(page.get_by_role("status")).to_have_text("The signature by “Laptop” is valid.")


async def test_a_key_is_made_signs_and_is_still_there_after_a_reload(auditor: Page, site: str) -> None:
    await make_key(auditor, site)
    await expect(auditor.get_by_text("In this browser")).to_be_visible()
    await try_key(auditor, site)
    await auditor.reload()
    await auditor.goto(f"{site}/en/staff/keys")
    await expect(auditor.get_by_text("In this browser")).to_be_visible()
    await try_key(auditor, site)


@pytest.mark.parametrize("format_", ["pkcs8", "jwk", "raw"])
async def test_the_private_half_cannot_be_read_out(auditor: Page, site: str, format_: str) -> None:
    await make_key(auditor, site)
    assert await auditor.evaluate(EXPORT, format_) in ("InvalidAccessError", "NotSupportedError")


async def test_what_is_shown_is_what_is_signed(auditor: Page, site: str) -> None:
    """Field by field in words, and the fingerprint of the very bytes."""
    await make_key(auditor, site)
    await auditor.goto(f"{site}/en/staff/keys/try")
    shown = auditor.locator("sign-button dl")
    await expect(shown).to_contain_text("A trial that means nothing")
    await expect(shown).to_contain_text("2026")
    fingerprint = await auditor.locator("[data-fingerprint]").text_content()
    assert fingerprint == await auditor.evaluate(
        """async () => {
            const entry = document.querySelector("sign-button").dataset.entry;
            const message = new TextEncoder().encode("pb/sig/key.trial\\0" + entry);
            const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", message)).slice(0, 16);
            return [...hash].map(b => b.toString(16).padStart(2, "0")).join("").match(/.{4}/g).join(" ");
        }"""
    )


async def test_a_signature_of_something_else_is_refused(auditor: Page, site: str) -> None:
    """A page that was changed after it was shown signs what it shows; the server takes only what it asked."""
    await make_key(auditor, site)
    await auditor.goto(f"{site}/en/staff/keys/try")
    await auditor.evaluate('document.querySelector(\'input[name=entry]\').value = \'{"k":"key.trial","t":1,"v":1}\'')
    await auditor.get_by_role("button", name="Sign the trial").click()
    await expect(auditor.get_by_role("alert")).to_contain_text("There is a problem")


async def test_another_browser_has_no_key_and_says_so(auditor: Page, site: str, browser: Browser) -> None:
    await make_key(auditor, site)
    other = await open_page(browser)
    await sign_in(other, site)
    await other.goto(f"{site}/en/staff/keys")
    await expect(other.get_by_text("In another browser")).to_be_visible()
    await other.goto(f"{site}/en/staff/keys/try")
    await expect(other.get_by_text("None of your keys that may sign this is in this browser.")).to_be_visible()
    await expect(other.get_by_role("button", name="Sign the trial")).to_be_hidden()
    await other.context.close()


async def test_a_browser_without_such_keys_is_told_what_to_do(auditor: Page, site: str) -> None:
    await auditor.add_init_script(
        "crypto.subtle.generateKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))"
    )
    await auditor.goto(f"{site}/en/staff/keys/new")
    await expect(auditor.get_by_text("This browser cannot make such keys.")).to_be_visible()
    await expect(auditor.get_by_role("button", name="Make and enrol the key")).to_be_hidden()


async def test_signing_out_leaves_the_key_on_the_device(auditor: Page, site: str) -> None:
    await make_key(auditor, site)
    await auditor.get_by_role("button", name="Sign out").click()
    await sign_in(auditor, site)
    await try_key(auditor, site)


async def test_a_form_with_an_error_does_not_make_a_second_key(auditor: Page, site: str) -> None:
    await auditor.goto(f"{site}/en/staff/keys/new")
    await auditor.get_by_role("button", name="Make and enrol the key").click()
    await expect(auditor.get_by_role("alert")).to_contain_text("There is a problem")
    await make_key(auditor, site)
    count = """async () => {
        const opening = indexedDB.open("pb-signing", 1);
        await new Promise(done => opening.onsuccess = done);
        const asked = opening.result.transaction("keys").objectStore("keys").count();
        await new Promise(done => asked.onsuccess = done);
        return asked.result;
    }"""
    assert await auditor.evaluate(count) == 1


async def test_a_lost_key_is_revoked_and_leaves_this_browser_too(auditor: Page, site: str) -> None:
    await make_key(auditor, site)
    await auditor.get_by_role("link", name="Revoke").click()
    await auditor.get_by_role("button", name="Revoke the key").click()
    await auditor.wait_for_url("**/staff/keys?done=revoked")
    await make_key(auditor, site, "Laptop")
    await try_key(auditor, site)


async def test_a_key_in_a_file_signs_what_the_page_hands_out(auditor: Page, site: str) -> None:
    """Enrolled by its statement; the page gives the entry as a file, and takes the signature of it as one."""
    key = Ed25519PrivateKey.generate()
    await auditor.goto(f"{site}/en/staff/keys/new")
    statement = await fetched(auditor, "Download the statement")
    signed = encode(sign_entry({**decode(statement), "pk": b64u(public_bytes(key))}, {"p": key}))
    await auditor.locator("input[name=file_label]").fill("Safe")
    await auditor.locator("input[name=file]").set_input_files({"name": "a.json", "mimeType": "", "buffer": signed})
    await auditor.get_by_role("button", name="Enrol the key of the file").click()
    await auditor.wait_for_url("**/staff/keys?done=enrolled")
    await auditor.goto(f"{site}/en/staff/keys/try")
    await auditor.get_by_text("Sign with a key in a file").click()
    entry = decode(await fetched(auditor, "What is signed, as a file"))
    made = encode({"key": b64u(public_bytes(key)), "signature": sign_entry(entry, {"p": key})["sg"][0][1]})
    await auditor.locator("input[name=signed]").set_input_files({"name": "b.json", "mimeType": "", "buffer": made})
    await auditor.get_by_role("button", name="Send the signature").click()
    await expect(auditor.get_by_role("status")).to_have_text("The signature by “Safe” is valid.")


async def fetched(page: Page, link: str) -> bytes:
    """What a link gives as a file."""
    async with page.expect_download() as fetching:
        await page.get_by_role("link", name=link).click()
    return Path(await (await fetching.value).path()).read_bytes()  # noqa: ASYNC240 - small, and there


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_pages_are_accessible_and_fit_a_phone(site: str, browser: Browser, language: str) -> None:
    page = await open_page(browser, width=360)
    await sign_in(page, site, "auditor")
    await make_key(page, site)
    await page.context.close()
    page = await open_page(browser, width=360)
    await page.goto(f"{site}/{language}/sign-in/development")
    assert (await violations(page), await overflow(page)) == ([], 0)
    await page.goto(f"{site}/{language}/sign-in/failed?why=expired")
    assert (await violations(page), await overflow(page)) == ([], 0)
    for part, paths in (
        ("auditor", ["keys", "keys/new", "keys/try"]),
        ("manager", ["keys", "tokens", "tokens/new"]),
    ):
        await sign_in(page, site, part)
        for path in paths:
            await page.goto(f"{site}/{language}/staff/{path}")
            assert (await violations(page), path, await overflow(page)) == ([], path, 0)
    await page.context.close()
