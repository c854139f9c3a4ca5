"""Registering, signing in and out, a new password: what succeeds, and what tells a stranger nothing."""

import asyncio
import re
from datetime import timedelta

import pytest

from pb_service.features.accounts.signin import KNOWN, PAIR
from pb_service.features.accounts.tables import Account
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.residents import EMAIL, Reader, log_lines
from tests.staff import PASSWORD, hire


async def test_a_resident_registers_by_mail_and_is_signed_in(reader: Reader) -> None:
    answer = await reader.register()
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/me?done=welcome")
    page = await reader.get("/en/me")
    assert EMAIL in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_opening_a_link_changes_nothing(reader: Reader, service: Service) -> None:
    await reader.submit("/en/register", email=EMAIL)
    link = await reader.link("/verify/")
    for _ in range(2):
        assert (await reader.get(link)).status_code == 200
    assert await log_lines(service) == []


async def test_a_link_works_once(reader: Reader) -> None:
    await reader.register()
    used = await reader.another().get(await reader.link("/verify/"))
    assert used.status_code == 410


async def test_a_link_expires(reader: Reader, clock: FakeClock) -> None:
    await reader.submit("/en/register", email=EMAIL)
    link = await reader.link("/verify/")
    clock.advance(timedelta(hours=24))
    assert (await reader.get(link)).status_code == 410


async def test_a_link_for_a_password_makes_no_account(reader: Reader) -> None:
    """A secret is good for its own purpose alone."""
    await reader.submit("/en/register", email=EMAIL)
    secret = (await reader.link("/verify/")).rpartition("/")[2]
    assert (await reader.get(f"/en/reset/{secret}")).status_code == 410
    assert (await reader.get(f"/en/email/{secret}")).status_code == 410


@pytest.mark.parametrize("path", ["/en/register", "/en/reset"])
async def test_known_and_unknown_addresses_get_the_same_answer(reader: Reader, service: Service, path: str) -> None:
    """The same bytes, the same headers, and one job in either case: only the mail differs."""
    await hire(service, staff=False, name="Aino")
    known, unknown = [await reader.another().submit(path, email=email) for email in (EMAIL, "nobody@example.org")]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.headers["location"] == unknown.headers["location"]
    after = [re.sub(r'value="[^"]+"', "", (await reader.get(a.headers["location"])).text) for a in (known, unknown)]
    assert after[0] == after[1]


async def test_who_registers_twice_is_told_by_mail_alone(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    await reader.submit("/en/register", email="AINO@Example.org")
    (mail,) = await delivered(service)
    assert mail["To"] == EMAIL
    assert "There is one already" in words(mail)


async def test_wrong_password_and_unknown_address_look_alike(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    answers = [await reader.another().sign_in(email, "not the password") for email in (EMAIL, "aino@example.net")]
    assert [a.status_code for a in answers] == [422, 422]
    pages = [re.sub(r'(csrf" value="[^"]+|aino@example\.\w+)', "", a.text) for a in answers]
    assert pages[0] == pages[1]


async def test_signing_in_is_logged_and_so_is_every_failure(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    await reader.sign_in(password="wrong password")  # noqa: S106 - a wrong one
    assert (await reader.sign_in()).status_code == 303
    assert await log_lines(service) == [("sign-in", "refused"), ("sign-in", "done")]


async def test_long_passwords_are_taken_and_longer_ones_refused(reader: Reader) -> None:
    long = "åäö 🚲 " * 170
    await reader.register(password=long)
    assert (await reader.another().sign_in(password=long)).status_code == 303
    assert (await reader.another().sign_in(password=long[:-1])).status_code == 422
    assert (await reader.another().sign_in(password="x" * 1025)).status_code == 422


async def test_a_common_password_is_refused_with_the_reason_at_the_field(reader: Reader) -> None:
    await reader.submit("/sv/register", email=EMAIL)
    link = await reader.link("/verify/")
    answer = await reader.submit(link, password="Salasana2026!")  # noqa: S106 - a refused one
    assert answer.status_code == 422
    assert 'href="#f-password"' in answer.text
    assert (await reader.get(link)).status_code == 200  # the link still works


async def test_the_session_is_another_one_after_signing_in(reader: Reader, service: Service) -> None:
    """Session fixation: an id that the browser had before is worth nothing afterwards."""
    await hire(service, staff=False, name="Aino")
    reader.client.cookies.set("pb-session", "chosen-by-an-attacker")
    await reader.sign_in()
    given = [cookie.value for cookie in reader.client.cookies.jar if cookie.name == "pb-session"]
    assert len(set(given) - {"chosen-by-an-attacker"}) == 1
    stranger = reader.another()
    stranger.client.cookies.set("pb-session", "chosen-by-an-attacker")
    assert not await stranger.signed_in()


async def test_signing_in_again_ends_the_session_before(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    await reader.sign_in()
    first = dict(reader.client.cookies)
    await hire(service, staff=False, name="Eino")
    token = (await reader.get("/en/me")).text.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": token, "email": "eino@example.org", "password": PASSWORD}
    await reader.client.post("/en/sign-in", data=form, headers={"origin": "http://localhost"})
    before = reader.another()
    before.client.cookies.update(first)
    assert await reader.signed_in()
    assert not await before.signed_in()


async def test_signing_out_ends_the_session_for_good(reader: Reader) -> None:
    await reader.register()
    cookies = dict(reader.client.cookies)
    answer = await reader.submit("/en/me", to="/en/sign-out")
    assert answer.headers["location"] == "/en/signed-out"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    again = reader.another()
    again.client.cookies.update(cookies)
    assert not await again.signed_in()


async def test_after_signing_in_nobody_is_led_elsewhere(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    answer = await reader.sign_in(next="//evil.example/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/me")


async def test_after_signing_in_the_reader_comes_to_where_they_wanted(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    asked = await reader.get("/en/me/security")
    assert asked.headers["location"] == "/en/sign-in?next=/en/me/security"
    answer = await reader.sign_in(next="/en/me/security")
    assert answer.headers["location"] == "/en/me/security"


async def test_where_somebody_was_on_the_way_to_goes_along_in_the_mails(reader: Reader) -> None:
    """Who needs an account, or has forgotten the password, in the middle of a vote comes back to the vote."""
    onward = "/en/rounds/spring/vote/review?contest=pohjoinen"
    await reader.submit("/en/register", email=EMAIL, next=onward)
    answer = await reader.submit(await reader.link("/verify/"), password=PASSWORD)
    assert answer.headers["location"] == onward
    await reader.submit("/en/reset", email=EMAIL, next=onward)
    answer = await reader.submit(await reader.link("/reset/"), password=f"{PASSWORD} again")
    assert answer.headers["location"] == onward


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/en/../\\evil"])
async def test_no_mail_leads_elsewhere(reader: Reader, elsewhere: str) -> None:
    """Anybody can have a mail sent to anybody: what it leads to in the end is a page of ours."""
    await reader.submit("/en/register", email=EMAIL, next=elsewhere)
    link = await reader.link("/verify/")
    assert "next" not in link
    answer = await reader.submit(f"{link}?next={elsewhere}", password=PASSWORD)
    assert answer.headers["location"] == "/en/me?done=welcome"


async def test_on_a_device_that_many_use_signing_out_leads_to_where_it_begins(reader: Reader) -> None:
    """What the browser kept is wiped on the way; nobody is led elsewhere by it."""
    for onward, location in (("/fi/rounds/spring/vote/kiosk?on=yes",) * 2, ("//evil.example/", "/en/signed-out")):
        await reader.register() if onward.startswith("/fi") else await reader.sign_in()
        answer = await reader.submit("/en/me", to="/en/sign-out", next=onward)
        assert answer.headers["location"] == location
        assert answer.headers["clear-site-data"] == '"cache", "storage"'


async def test_guessers_stop_other_strangers_but_not_the_owner(reader: Reader, service: Service) -> None:
    """The browser that the account knows has a counter of its own."""
    await hire(service, staff=False, name="Aino")
    await reader.sign_in()
    for _ in range(PAIR.most):
        await reader.another().sign_in(password="guess number n")  # noqa: S106 - a guess
    refused = await reader.another().sign_in()
    assert refused.status_code == 429
    await reader.submit("/en/me", to="/en/sign-out")
    assert (await reader.sign_in()).status_code == 303


async def test_a_known_browser_has_its_own_bound(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    await reader.sign_in()
    await reader.submit("/en/me", to="/en/sign-out")
    for _ in range(KNOWN.most):
        await reader.sign_in(password="guess number n")  # noqa: S106 - a guess
    assert (await reader.sign_in()).status_code == 429


async def test_who_is_kept_from_the_sign_in_comes_in_by_mail(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    for _ in range(PAIR.most):
        await reader.sign_in(password="guess number n")  # noqa: S106 - a guess
    await reader.submit("/en/reset", email=EMAIL)
    answer = await reader.submit(await reader.link("/reset/"), password="nine yellow trams")  # noqa: S106
    assert answer.headers["location"] == "/en/me?done=password"
    assert await reader.signed_in()


async def test_a_new_password_ends_every_other_session_and_link(reader: Reader, service: Service) -> None:
    await reader.register()
    thief = reader.another()
    await thief.sign_in()
    await reader.another().submit("/en/reset", email=EMAIL)
    link = await reader.link("/reset/")
    await reader.another().submit(link, password="nine yellow trams")  # noqa: S106
    assert not await thief.signed_in()
    assert (await thief.sign_in()).status_code == 422
    assert any("has been changed" in words(mail) for mail in await delivered(service))


async def test_a_blocked_account_is_told_the_reason_only_with_the_right_password(
    reader: Reader, service: Service
) -> None:
    member = await hire(service, staff=False, name="Aino")
    async with service.database.transaction() as session:
        account = await session.get_one(Account, member.id)
        account.blocked_at, account.blocked_reason = service.clock(), "Sold votes"
    wrong, right = await reader.sign_in(password="wrong password"), await reader.sign_in()  # noqa: S106
    assert "Sold votes" not in wrong.text
    assert (right.status_code, "Sold votes" in right.text) == (403, True)


async def test_mails_to_one_address_are_bounded_and_the_answer_does_not_tell(reader: Reader, service: Service) -> None:
    answers = {(await reader.submit("/en/register", email=EMAIL)).status_code for _ in range(8)}
    assert answers == {303}
    assert len(await delivered(service)) == 5


async def test_secrets_of_links_reach_no_log(reader: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    await reader.submit("/en/register", email=EMAIL)
    link = await reader.link("/verify/")
    await reader.submit(link, password=PASSWORD)
    ours = [line for line in "".join(capfd.readouterr()).splitlines() if "httpx" not in line]  # the browser's own log
    out = "\n".join(ours)
    assert link.rpartition("/")[2] not in out
    assert EMAIL not in out


async def test_two_who_use_a_link_at_once_make_one_account(reader: Reader, service: Service) -> None:
    await reader.submit("/en/register", email=EMAIL)
    link = await reader.link("/verify/")
    others = [reader.another() for _ in range(3)]
    answers = await asyncio.gather(*(other.submit(link, password=PASSWORD) for other in others))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410]
    assert [act for act, _ in await log_lines(service)] == ["register"]


async def test_registering_in_somebodys_name_keeps_nobody_from_a_new_password(reader: Reader, service: Service) -> None:
    """Mails to one address are counted by what they are for: a stranger uses up none of those that let its owner in."""
    await hire(service, staff=False, name="Aino")
    for _ in range(7):
        await reader.another().submit("/en/register", email=EMAIL)
    await reader.submit("/en/reset", email=EMAIL)
    assert await reader.link("/reset/")


async def test_two_links_to_one_address_at_one_moment_make_one_account(reader: Reader) -> None:
    links = []
    for browser in (reader, reader.another()):
        await browser.submit("/en/register", email=EMAIL)
        links.append(await browser.link("/verify/"))
    others = [reader.another() for _ in links]
    answers = await asyncio.gather(
        *(each.submit(link, password=PASSWORD) for each, link in zip(others, links, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 410]


async def test_who_comes_while_too_many_sign_in_is_told_when_to_come_back(reader: Reader, service: Service) -> None:
    await reader.register()
    service.passwords._asked = 10**6  # every place at the pool is taken
    answer = await reader.another().sign_in()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "Very many people are signing in just now" in answer.text
