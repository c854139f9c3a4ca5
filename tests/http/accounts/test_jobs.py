"""The staff page about jobs: who sees it, what it tells, and what its two buttons do."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from pb_service.features.accounts.policy import ROLES, Role
from pb_service.features.accounts.tables import AccessLog
from pb_service.platform import jobs
from pb_service.platform.jobs import GiveUp, Job, JobRunner
from pb_service.service import Service
from tests.staff import Desk, hire


@pytest.fixture
async def desk(client: httpx.AsyncClient, service: Service) -> Desk:
    desk = Desk(client, service)
    await desk.enter(await hire(service, "administrator"))
    return desk


async def refuse(_: Service, __: Mapping[str, Any]) -> None:
    raise GiveUp("The mail server refuses the address for good: 550 5.1.1.")


async def given_up(service: Service) -> int:
    async with service.database.transaction() as session:
        job_id = await jobs.enqueue(session, "mail.deliver", {"to": "matti@example.org"})
    await JobRunner(service, {"mail.deliver": refuse}).run_due()
    return job_id


async def left(service: Service) -> list[Job]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(Job)))


async def noted(service: Service) -> list[tuple[str, str | None]]:
    async with service.database.reading() as session:
        rows = await session.execute(select(AccessLog.act, AccessLog.object).where(AccessLog.act.startswith("jobs.")))
        return [(act, concerning) for act, concerning in rows]


@pytest.mark.parametrize(
    ("language", "title"), [("fi", "Lähetä viesti"), ("sv", "Skicka ett meddelande"), ("en", "Send a mail")]
)
async def test_what_is_stuck_is_shown_with_its_reason_and_without_whom_it_is_about(
    desk: Desk, service: Service, language: str, title: str
) -> None:
    await given_up(service)
    shown = (await desk.get("staff/jobs", language)).text
    assert title in shown
    assert "550 5.1.1" in shown
    assert "matti" not in shown


async def test_nothing_stuck_is_said_as_well(desk: Desk) -> None:
    assert "Nothing is stuck." in (await desk.get("staff/jobs")).text


async def test_a_job_is_run_again(desk: Desk, service: Service) -> None:
    job_id = await given_up(service)
    answer = await desk.post(f"staff/jobs/{job_id}/retry", on="staff/jobs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/staff/jobs?done=retried")
    [job] = await left(service)
    assert (job.dead_at, job.attempts) == (None, 0)
    assert await noted(service) == [("jobs.retry", str(job_id))]


async def test_a_job_is_given_up(desk: Desk, service: Service) -> None:
    job_id = await given_up(service)
    answer = await desk.post(f"staff/jobs/{job_id}/drop", on="staff/jobs")
    assert (answer.status_code, await left(service)) == (303, [])
    assert await noted(service) == [("jobs.drop", "mail.deliver")]


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
async def test_a_number_that_no_job_can_have_is_not_found(desk: Desk, number: int) -> None:
    assert (await desk.post(f"staff/jobs/{number}/retry", on="staff/jobs")).status_code == 404


async def test_a_job_that_is_gone_meanwhile_is_not_found(desk: Desk) -> None:
    assert (await desk.post("staff/jobs/1/drop", on="staff/people/invite")).status_code == 404


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
async def test_nobody_else_sees_or_touches_a_job(desk: Desk, service: Service, role: Role) -> None:
    job_id = await given_up(service)
    await desk.enter(await hire(service, role, name="Cia Berg"))
    assert (await desk.get("staff/jobs")).status_code == 403
    assert (await desk.post(f"staff/jobs/{job_id}/drop")).status_code == 403
    assert len(await left(service)) == 1


async def test_a_job_that_waits_for_too_long_is_shown(desk: Desk, service: Service) -> None:
    async with service.database.transaction() as session:
        await jobs.enqueue(session, "of a newer version", {}, run_at=service.clock() - timedelta(hours=1))
    shown = (await desk.get("staff/jobs")).text
    assert "of a newer version" in shown
    assert "Has waited for too long" in shown


MAIL_LOST = {"fi": "Viesti menetetään", "sv": "Meddelandet går förlorat", "en": "The mail is lost"}


@pytest.mark.parametrize("language", MAIL_LOST)
async def test_before_a_mail_is_dropped_it_is_said_what_is_lost_but_not_whose(
    desk: Desk, service: Service, language: str
) -> None:
    job_id = await given_up(service)
    assert f"/staff/jobs/{job_id}/drop" in (await desk.get("staff/jobs", language)).text
    shown = await desk.get(f"staff/jobs/{job_id}/drop", language)
    assert MAIL_LOST[language] in shown.text
    assert "matti" not in shown.text
    assert len(await left(service)) == 1


async def test_of_other_jobs_it_is_said_whether_they_come_again(desk: Desk, service: Service) -> None:
    sentences = {
        ("accounts.reset", None): "No link is sent",
        ("rounds.phase", None): "The phase does not begin",
        ("mail.tidy", "every:mail.tidy"): "It comes again by itself",
        ("of a newer version", None): "nothing else does it",
    }
    for (name, key), sentence in sentences.items():
        async with service.database.transaction() as session:
            job_id = await jobs.enqueue(session, name, {}, key=key)
        assert sentence in (await desk.get(f"staff/jobs/{job_id}/drop")).text, name


async def test_a_job_that_is_gone_cannot_be_asked_about(desk: Desk) -> None:
    for job_id in (1, 0, 2**63):
        assert (await desk.get(f"staff/jobs/{job_id}/drop")).status_code == 404
