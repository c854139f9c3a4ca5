"""The door before every handler: CSRF, sessions, second factor, and what a handler must declare."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from sqlalchemy import select, update

from pb_service.features.accounts.policy import ACTS
from pb_service.features.accounts.sessions import LIFETIMES
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.service import Service
from pb_service.web.access import UndeclaredAccess, check_access
from tests.conftest import FakeClock
from tests.residents import EMAIL, Reader, account_id, csrf_in
from tests.staff import PASSWORD, Desk, hire

FORM = {"email": EMAIL, "password": PASSWORD}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_a_token(reader: Reader, headers: dict[str, str]) -> None:
    token = csrf_in(await reader.get("/en/sign-in"))
    answer = await reader.client.post("/en/sign-in", data={"csrf": token, **FORM}, headers=headers)
    assert answer.status_code == 403


@contextmanager
def _as_sent(reader: Reader, **fields: str) -> Iterator[Any]:
    yield reader.client.post("/en/sign-in", data={**FORM, **fields}, headers={"origin": "http://localhost"})


async def test_a_form_without_its_token_is_refused(reader: Reader) -> None:
    await reader.get("/en/sign-in")
    for fields in ({}, {"csrf": ""}, {"csrf": "AAAA"}, {"csrf": "ä" * 64}, {"csrf": "A" * 64}):
        with _as_sent(reader, **fields) as sent:
            assert (await sent).status_code == 403


async def test_a_token_of_another_browser_is_refused(reader: Reader) -> None:
    stranger = csrf_in(await reader.another().get("/en/sign-in"))
    await reader.get("/en/sign-in")
    with _as_sent(reader, csrf=stranger) as sent:
        assert (await sent).status_code == 403


async def test_a_token_from_before_the_sign_in_ends_with_it(reader: Reader, service: Service) -> None:
    await hire(service, staff=False, name="Aino")
    before = csrf_in(await reader.get("/en/sign-in"))
    await reader.sign_in()
    answer = await reader.client.post("/en/me/mails", data={"csrf": before}, headers={"origin": "http://localhost"})
    assert answer.status_code == 403


async def test_no_two_pages_hold_the_same_token(reader: Reader) -> None:
    """Compression over a page tells nothing about a token that is never the same (BREACH)."""
    assert csrf_in(await reader.get("/en/sign-in")) != csrf_in(await reader.get("/en/sign-in"))


async def test_a_script_of_ours_sends_the_token_as_a_header(reader: Reader) -> None:
    await reader.register()
    headers = {"origin": "http://localhost", "x-csrf-token": csrf_in(await reader.get("/en/me"))}
    assert (await reader.client.post("/en/me/mails", headers=headers)).status_code == 303


async def test_cookies_are_for_this_host_and_no_script(reader: Reader) -> None:
    answer = await reader.register()
    (cookie,) = [value for value in answer.headers.get_list("set-cookie") if value.startswith("pb-session=")]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"


async def test_pages_for_everybody_set_no_cookie_and_are_the_same_for_all(reader: Reader) -> None:
    before = await reader.get("/en")
    await reader.register()
    after = await reader.get("/en")
    assert "set-cookie" not in before.headers
    assert "set-cookie" not in after.headers
    assert before.content == after.content
    assert "public" in after.headers["cache-control"]


@pytest.mark.parametrize("kind", ["resident", "staff", "kiosk"])
async def test_a_session_ends_idle_and_does_not_come_back(
    reader: Reader, service: Service, clock: FakeClock, kind: str
) -> None:
    """Also when the clock goes backwards: what was met ended is gone."""
    await reader.register()
    async with service.database.transaction() as session:
        await session.execute(update(AccountSession).values(kind=kind))
    clock.advance(LIFETIMES[kind][0])
    assert not await reader.signed_in()
    clock.advance(-timedelta(hours=1))
    assert not await reader.signed_in()


async def test_a_session_in_use_lasts_until_its_absolute_end(reader: Reader, clock: FakeClock) -> None:
    await reader.register()
    for _ in range(11):
        clock.advance(timedelta(hours=1))
        assert await reader.signed_in()
    clock.advance(timedelta(hours=1))
    assert not await reader.signed_in()


async def test_a_blocked_account_is_signed_out_at_once(reader: Reader, service: Service) -> None:
    await reader.register()
    async with service.database.transaction() as session:
        account = await session.get_one(Account, await account_id(service))
        account.blocked_at, account.blocked_reason = service.clock(), "Sold votes"
    assert not await reader.signed_in()


async def test_the_database_does_not_hold_what_opens_a_session(reader: Reader, service: Service) -> None:
    answer = await reader.register()
    secret = answer.cookies["pb-session"]
    async with service.database.reading() as session:
        rows = (await session.scalars(select(AccountSession))).all()
    assert all(secret.encode() not in row.token_sha256 for row in rows)


async def test_staff_with_the_password_alone_reach_nothing_but_the_second_factor(
    reader: Reader, service: Service
) -> None:
    await hire(service, "administrator", name="Aino")
    await reader.sign_in()
    for path in ("/en/me", "/en/me/security", "/en/staff", "/en/staff/people"):
        answer = await reader.get(path)
        assert answer.headers["location"].startswith("/en/staff/second-factor"), path


async def test_a_dangerous_act_shows_what_was_typed_and_the_way_to_the_step_up(
    client: httpx.AsyncClient, service: Service
) -> None:
    desk = Desk(client, service)
    await desk.enter(await hire(service, "administrator"), stepped_up=False)
    answer = await desk.post("staff/people/invite", on="staff", email="new@example.org", role="moderator")
    assert answer.status_code == 403
    assert "/en/staff/step-up?next=" in answer.text
    assert '<textarea name="email" hidden>\nnew@example.org</textarea>' in answer.text


async def test_a_handler_that_does_not_say_who_may_use_it_stops_the_start() -> None:
    @get("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(UndeclaredAccess, match="/forgotten"):
        check_access(Litestar([forgotten], openapi_config=None), ACTS)


async def test_a_personal_page_cannot_be_cached() -> None:
    @get("/mine", cache=True, access="signed-in")
    async def mine() -> None: ...

    with pytest.raises(UndeclaredAccess, match="cached"):
        check_access(Litestar([mine], openapi_config=None), ACTS)


async def test_an_act_that_nobody_has_heard_of_stops_the_start() -> None:
    @get("/typo", access="rounds.edti")
    async def typo() -> None: ...

    with pytest.raises(UndeclaredAccess, match="edti"):
        check_access(Litestar([typo], openapi_config=None), ACTS)
