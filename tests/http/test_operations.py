"""What machines ask: life, readiness, figures, one-click unsubscribing; and what every request leaves in the log."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stderr
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import structlog

from pb_service.app import create_app
from pb_service.platform import jobs, outbox
from pb_service.platform.logs import configure
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running

TOKEN = "a-token-of-the-tests"  # noqa: S105 - opens nothing


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service without any round."""
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service writes to its log meanwhile."""
    written = io.StringIO()
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    with redirect_stderr(written):
        configure("debug")
        yield written
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@asynccontextmanager
async def browsing(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def asked(service: Service, path: str, **headers: str) -> httpx.Response:
    async with browsing(service) as client:
        return await client.get(path, headers=headers)


async def until_ready(client: httpx.AsyncClient, status: str = "ready") -> httpx.Response:
    """Ask again until the answer is this: a machine that stands still for seconds makes every part look lost."""
    async with asyncio.timeout(120):
        while (answer := await client.get("/ready")).json()["status"] != status:  # noqa: ASYNC110 - not ours to tell
            await asyncio.sleep(0.1)
        return answer


async def test_a_living_process_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/live")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok\n", "no-store")


async def test_a_service_with_everything_is_ready(client: httpx.AsyncClient) -> None:
    answer = await until_ready(client)
    parts = {"database": "ok", "tables": "ok", "sequencer": "ok", "jobs": "ok", "redis": "unset"}
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "parts": parts})


async def test_without_redis_the_service_is_ready_and_says_what_it_lacks(service: Service) -> None:
    lost = replace(service, settings=replace(service.settings, redis_url="redis://127.0.0.1:1"))
    async with browsing(lost) as client:
        answer = await until_ready(client, "degraded")
    assert (answer.status_code, answer.json()["parts"]["redis"]) == (200, "lost")


async def test_with_redis_the_service_is_whole(service: Service, valkey_url: str) -> None:
    whole = replace(service, settings=replace(service.settings, redis_url=valkey_url))
    async with browsing(whole) as client:
        await until_ready(client)


async def test_jobs_that_run_elsewhere_are_no_fault(service: Service) -> None:
    elsewhere = replace(service, settings=replace(service.settings, jobs="worker"))
    async with browsing(elsewhere) as client:
        assert (await until_ready(client)).json()["parts"]["jobs"] == "elsewhere"


async def test_there_are_no_figures_unless_somebody_may_see_them(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404


@pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer another-token-of-tests", "Basic x", f"bearer {TOKEN} "])
async def test_figures_are_shown_to_the_holder_of_the_token_alone(service: Service, shown: str) -> None:
    service = replace(service, settings=replace(service.settings, metrics_token=TOKEN))
    answer = await asked(service, "/metrics", authorization=shown)
    assert (answer.status_code, "pb_" in answer.text) == (401, False)


async def test_figures_tell_what_waits_and_what_was_answered(service: Service, clock: FakeClock) -> None:
    service = replace(service, settings=replace(service.settings, metrics_token=TOKEN, jobs="worker"))
    async with service.database.transaction() as session:
        await jobs.enqueue(session, "of a test", {}, run_at=clock() - timedelta(hours=1))
    answer = await asked(service, "/metrics", authorization=f"Bearer {TOKEN}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'pb_jobs_now{name="of a test",state="stuck"} 1.0' in answer.text
    assert "pb_database_up 1.0" in answer.text


async def test_requests_are_counted_by_the_template_of_their_route(service: Service) -> None:
    service = replace(service, settings=replace(service.settings, metrics_token=TOKEN))
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in ("/en/rounds/no-such-round", "/no/such/path/at/all"):
            await client.get(path)
        shown = (await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})).text
    assert 'pb_requests_total{method="GET",route="/{lang}/rounds/{slug}",status="404"}' in shown
    assert 'pb_requests_total{method="GET",route="",status="404"}' in shown
    assert "no-such-round" not in shown


async def test_every_answer_has_an_id_that_its_log_lines_have_too(client: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await client.get("/live")
    given = answer.headers["x-request-id"]
    assert [line["route"] for line in lines(log) if line.get("request_id") == given] == ["/live"]


@pytest.mark.parametrize(("given", "kept"), [("abc-12345678", True), ("short", False), ('x"} forged 12345', False)])
async def test_a_proxys_request_id_is_taken_over_if_it_is_one(
    client: httpx.AsyncClient, given: str, kept: bool
) -> None:
    answer = await client.get("/live", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept


async def test_no_line_of_the_log_holds_a_secret_of_an_address(client: httpx.AsyncClient, log: io.StringIO) -> None:
    for path in ("/mail/unsubscribe/SECRET", "/en/reset/SECRET", "/SECRET?token=SECRET", "/en/rounds/SECRET"):
        await client.get(path)
        await client.post(path, content=b"password=SECRET")
    assert len(lines(log)) >= 8
    assert "SECRET" not in log.getvalue()


async def link(service: Service, kind: outbox.Kind = "round") -> str:
    found = service.mailer.unsubscribe_url("matti@example.org", kind)
    assert found
    return found.removeprefix(service.mailer.public_url)


async def refused(service: Service) -> list[outbox.Kind]:
    async with service.database.reading() as session:
        return await outbox.refusals(session, "matti@example.org")


async def test_a_mail_program_refuses_with_one_post_and_nothing_else(
    service: Service, client: httpx.AsyncClient
) -> None:
    """RFC 8058: no cookie, no origin, no token of a form."""
    path = await link(service)
    for _ in range(2):
        answer = await client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert await refused(service) == ["round"]


async def test_a_program_that_only_looks_at_the_link_changes_nothing(
    service: Service, client: httpx.AsyncClient
) -> None:
    answer = await client.get(await link(service), headers={"accept-language": "sv"})
    assert (answer.status_code, await refused(service)) == (200, [])
    assert '<html lang="sv">' in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_forged_link_refuses_nothing(service: Service, client: httpx.AsyncClient) -> None:
    path = (await link(service))[:-8] + "AAAAAAA="
    assert {(await client.get(path)).status_code, (await client.post(path)).status_code} == {404}
    assert await refused(service) == []
