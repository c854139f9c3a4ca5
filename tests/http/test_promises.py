"""Accessibility, privacy and cookies: what the pages promise, and the feedback that is answered in time."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from pb_service.app import create_app
from pb_service.features.site.feedback import ANSWER_WITHIN, late
from pb_service.features.site.jobs import apply_retention
from pb_service.features.site.statement import BUILT_IN, OWN_NAME
from pb_service.features.site.tables import Feedback
from pb_service.platform.jobs import Job
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.residents import OWN_HEADERS
from tests.staff import Desk, hire


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service without rounds whose jobs nobody runs: mails stay where they can be counted."""
    async with open_service(replace(settings, jobs="worker"), database_url, clock=clock) as opened:
        yield opened


async def send(client: httpx.AsyncClient, language: str = "sv", **fields: str) -> httpx.Response:
    shown = await client.get(f"/{language}/accessibility/feedback")
    hidden = dict(re.findall(r'type="hidden" name="(csrf|once)" value="([^"]+)"', shown.text))
    return await client.post(f"/{language}/accessibility/feedback", data={**hidden, **fields}, headers=OWN_HEADERS)


async def stored(service: Service) -> list[Feedback]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(Feedback).order_by(Feedback.received_at)))


async def mails(service: Service) -> list[dict[str, object]]:
    async with service.database.reading() as session:
        rows = await session.scalars(select(Job).where(Job.name == "mail.deliver").order_by(Job.id))
        return [row.payload for row in rows]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_statement_says_what_its_file_says(client: httpx.AsyncClient, language: str) -> None:
    shown = (await client.get(f"/{language}/accessibility")).text
    assert "WCAG 2.1 AA (EN 301 549 V3.2.1)" in shown
    assert "saavutettavuus@traficom.fi" in shown
    assert f'href="/{language}/accessibility/feedback"' in shown


@pytest.mark.parametrize(
    "broken",
    [b"conformity = ", b"\xff", b'conformity = "full"', BUILT_IN.read_bytes().replace(b'"most"', b'"full"')],
    ids=["no TOML", "no text", "incomplete", "contradictory"],
)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_a_broken_statement_is_said_to_be_and_leads_to_somebody(
    client: httpx.AsyncClient, service: Service, broken: bytes, language: str
) -> None:
    """Neither a fault of the service nor a statement that nobody has made of it."""
    (service.settings.data / OWN_NAME).write_bytes(broken)
    answer = await client.get(f"/{language}/accessibility")
    assert answer.status_code == 503
    assert f'href="/{language}/accessibility/feedback"' in answer.text
    assert "WCAG 2.1" not in answer.text
    (service.settings.data / OWN_NAME).write_bytes(BUILT_IN.read_bytes())
    assert (await client.get(f"/{language}/accessibility")).status_code == 200


async def test_a_statement_that_is_a_folder_is_broken_too(client: httpx.AsyncClient, service: Service) -> None:
    (service.settings.data / OWN_NAME).mkdir()
    assert (await client.get("/fi/accessibility")).status_code == 503


async def test_a_broken_statement_is_in_the_log_when_the_service_starts(service: Service) -> None:
    (service.settings.data / OWN_NAME).write_text("conformity = 1")
    with capture_logs() as log:
        async with running(create_app(service)):
            pass
    assert [line["event"] for line in log if line["log_level"] == "error"] == ["statement.unusable"]


async def test_reading_sets_no_cookie_and_forms_set_the_one_that_the_page_names(client: httpx.AsyncClient) -> None:
    for path in ("accessibility", "privacy", "cookies", "rounds"):
        assert "set-cookie" not in (await client.get(f"/en/{path}")).headers
    told = (await client.get("/en/cookies")).text
    assert set((await client.get("/en/accessibility/feedback")).cookies) == {"pb-visit"}
    assert "pb-visit" in told


async def test_the_privacy_page_says_the_times_in_force(client: httpx.AsyncClient, service: Service) -> None:
    shown = (await client.get("/en/privacy")).text
    assert f"{service.settings.keep_idle_accounts_months} months after you were last here" in shown
    assert f"{service.settings.keep_addresses_days} days" in shown


async def test_feedback_is_kept_and_thanked_for_in_the_senders_language(
    client: httpx.AsyncClient, service: Service
) -> None:
    answer = await send(client, message="Kartan går inte att höra", email="aino@example.org", page="/sv/rounds/spring")
    assert answer.headers["location"] == "/sv/accessibility/feedback?done=sent"
    (found,) = await stored(service)
    assert (found.message, found.language, found.answered_at) == ("Kartan går inte att höra", "sv", None)
    (mail,) = await mails(service)
    assert (mail["to"], mail["language"], mail["template"]) == ("aino@example.org", "sv", "site/feedback_received")


async def test_nobodys_message_is_carried_to_an_address_that_anybody_typed(
    client: httpx.AsyncClient, service: Service, clock: FakeClock
) -> None:
    """Or the city's name would stand under whatever somebody wants to have sent; nor is a box flooded from here."""
    for number in range(7):
        await send(client, "en", message=f"Buy {number} at evil.example", email="aino@example.org")
    sent = await mails(service)
    assert (len(await stored(service)), len(sent)) == (7, 5)
    for mail in sent:
        letter = service.mailer.message({**mail, "id": "x"}, at=clock())
        assert "evil" not in letter.as_string()


async def test_the_same_form_sent_twice_is_kept_once(client: httpx.AsyncClient, service: Service) -> None:
    shown = await client.get("/en/accessibility/feedback")
    hidden = dict(re.findall(r'type="hidden" name="(csrf|once)" value="([^"]+)"', shown.text))
    for _ in range(2):
        data = {**hidden, "message": "Twice", "email": "a@example.org"}
        assert (await client.post("/en/accessibility/feedback", data=data, headers=OWN_HEADERS)).status_code == 303
    assert (len(await stored(service)), len(await mails(service))) == (1, 1)


@pytest.mark.parametrize(
    "email", ["nobody", "a@b", "a@example.org\nBcc: c@example.org", "a@example.org, b@example.org"]
)
async def test_what_is_no_single_address_never_reaches_a_mail(
    client: httpx.AsyncClient, service: Service, email: str
) -> None:
    answer = await send(client, "en", message="Hello", email=email)
    assert (answer.status_code, await stored(service), await mails(service)) == (422, [], [])
    assert "Hello" in answer.text


async def test_an_empty_message_is_refused_and_a_form_of_another_site_too(
    client: httpx.AsyncClient, service: Service
) -> None:
    assert (await send(client, "en", message="  ")).status_code == 422
    forged = await client.post(
        "/en/accessibility/feedback", data={"message": "x"}, headers={"origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    assert await stored(service) == []


async def test_one_network_cannot_flood_the_desk(client: httpx.AsyncClient) -> None:
    answers = [(await send(client, "en", message=f"Nr {number}")).status_code for number in range(11)]
    assert answers == [303] * 10 + [422]


async def test_staff_see_the_clock_and_answer_once(
    client: httpx.AsyncClient, service: Service, clock: FakeClock
) -> None:
    await send(client, message="Kartan", email="aino@example.org")
    clock.advance(timedelta(days=12, hours=1))
    desk = Desk(client, service)
    await desk.enter(await hire(service, "editor"))
    assert "1 day left" in (await desk.get("staff/feedback")).text
    (found,) = await stored(service)
    path = f"staff/feedback/{found.id}"
    fields = {f"answer-{found.id}": "Vi rättar det."}
    assert (await desk.post(path, on="staff/feedback", **fields)).status_code == 303
    assert [mail["template"] for mail in await mails(service)] == ["site/feedback_received", "site/feedback_answer"]
    again = await desk.client.post(
        f"/en/{path}", data={**fields, "csrf": await csrf(desk)}, headers={"origin": "http://localhost"}
    )
    assert again.status_code == 422
    assert "Somebody else has answered this meanwhile." in again.text


async def csrf(desk: Desk) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await desk.get("staff/feedback")).text)
    assert found
    return found[1]


async def test_after_fourteen_days_it_is_late_and_an_alarm(
    client: httpx.AsyncClient, service: Service, clock: FakeClock
) -> None:
    check = late(service.database, clock)
    await send(client, message="Hallå")
    clock.advance(ANSWER_WITHIN)
    assert await check.look() is None
    clock.advance(timedelta(days=1, seconds=1))
    trouble = await check.look()
    assert trouble is not None
    assert trouble.figure == "1"
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager"))
    assert "late by 2 days" in (await desk.get("staff/feedback")).text


async def test_who_has_no_such_role_sees_no_feedback(client: httpx.AsyncClient, service: Service) -> None:
    desk = Desk(client, service)
    await desk.enter(await hire(service, "registrar"))
    assert (await desk.get("staff/feedback")).status_code == 403


async def test_answered_feedback_goes_after_its_time_and_what_waits_stays(
    client: httpx.AsyncClient, service: Service, clock: FakeClock
) -> None:
    await send(client, message="Old")
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager"))
    (found,) = await stored(service)
    await desk.post(f"staff/feedback/{found.id}", on="staff/feedback", **{f"answer-{found.id}": "Done"})
    client.cookies.clear()
    await send(client, message="Waiting")
    clock.advance(timedelta(days=731))
    await apply_retention(service, {})
    assert [row.message for row in await stored(service)] == ["Waiting"]
