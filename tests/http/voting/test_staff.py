"""Staff open, close and count a vote by their pages."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from pb_service.app import create_app
from pb_service.core.record.canonical import decode
from pb_service.features.counting import sealed
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.staff import Desk, Member, hire
from tests.voting import Official, OpenVote, begin_voting, prepared_vote

PAGE = "staff/rounds/spring/opening"


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    """A round whose list is fixed and whose officials have keys."""
    return await prepared_vote(service, clock)


@pytest.fixture
async def desk(vote: OpenVote) -> AsyncIterator[Desk]:
    app = create_app(vote.service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Desk(client, vote.service)


async def managers(vote: OpenVote) -> list[Member]:
    return [await hire(vote.service, "manager", name=name) for name in ("Katri", "Mauno")]


async def sign(desk: Desk, person: Official, role: str, page: str = PAGE) -> httpx.Response:
    """Read the page and send what the button of that person's browser sends."""
    assert person.actor.account_id
    await desk.enter(Member(person.actor.account_id, "", ""))
    shown = (await desk.get(page)).text
    entry = re.search(r'name="entry" value="([^"]+)"', shown)
    eid = re.search(r'name="eid" value="([^"]+)"', shown)
    assert entry, shown
    assert eid
    signed = person.sign(decode(entry[1].replace("&#34;", '"').encode()))
    fields = {"role": role, "eid": eid[1], "read": "yes", "key": signed["public_key"], "signature": signed["signature"]}
    return await desk.post(f"{page}/confirm", on=page, **fields)


async def test_vote_is_opened_closed_and_counted_by_pages(desk: Desk, vote: OpenVote) -> None:
    """A manager begins, registrar and auditor sign, two managers close; each page says what stands and what comes."""
    first, second = await managers(vote)
    await desk.enter(first)
    begun = await desk.post(f"{PAGE}/begin", on=PAGE, strikes="0")
    assert begun.headers["location"] == f"/en/{PAGE}?done=begun"
    shown = (await desk.get(PAGE)).text
    assert "All keys lie on this server" in shown
    assert "2 of 3 open the ballots" in shown
    one = await sign(desk, vote.registrar, "registrar")
    assert one.headers["location"] == f"/en/{PAGE}?done=confirmed"
    two = await sign(desk, vote.auditor, "auditor")
    assert two.headers["location"] == f"/en/{PAGE}?done=opened"
    assert "3 test ballots went through 3 mixes" in (await desk.get(PAGE)).text
    await begin_voting(vote)
    await close_by_pages(desk, vote, first, second)
    await sweep(vote)
    counted = (await desk.client.get("/en/rounds/spring/counting")).text
    assert "The ballots are counted." in counted
    assert "Pohjoinen" in counted


async def sweep(vote: OpenVote) -> None:
    """Let the job of the count run, as the application's runner does beside it; either may have done it."""
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring", whole=False)
    assert await sealed.count(vote.service, found.id)


async def close_by_pages(desk: Desk, vote: OpenVote, first: Member, second: Member) -> None:
    page = "staff/rounds/spring/closing"
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring", whole=False)
    assert found.closes_at
    await desk.enter(first)
    early = await desk.post(f"{page}/close", on=page, read="yes")
    assert early.status_code == 409
    vote.clock.now = found.closes_at + timedelta(minutes=15)
    await desk.enter(first)
    assert (await desk.post(f"{page}/close", on=page)).status_code == 422
    said = await desk.post(f"{page}/close", on=page, read="yes")
    assert said.headers["location"] == f"/en/{page}?done=first"
    assert "Another person closes it" in (await desk.get(page)).text
    await desk.enter(second)
    closed = await desk.post(f"{page}/close", on=page, read="yes")
    assert closed.headers["location"] == f"/en/{page}?done=closed"
    assert "Contest by contest" in (await desk.get(page)).text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_pages_speak_three_languages(desk: Desk, vote: OpenVote, language: str) -> None:
    """Every page of opening and closing is there in each language, before anything was begun too."""
    await desk.enter((await managers(vote))[0])
    for page in ("opening", "closing"):
        assert (await desk.get(f"staff/rounds/spring/{page}", language)).status_code == 200
    assert (await desk.client.get(f"/{language}/rounds/spring/counting")).status_code == 404


async def test_nobody_signs_in_anothers_role(desk: Desk, vote: OpenVote) -> None:
    """An auditor's key cannot confirm as registrar, and a manager cannot confirm at all."""
    manager, _ = await managers(vote)
    await desk.enter(manager)
    await desk.post(f"{PAGE}/begin", on=PAGE, strikes="0")
    assert (await desk.post(f"{PAGE}/confirm", on=PAGE, role="registrar")).status_code == 403
    assert (await sign(desk, vote.auditor, "registrar")).status_code == 409
