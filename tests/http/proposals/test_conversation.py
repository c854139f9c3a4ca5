"""Taking part: support with a limit, following, comments in threads, questions, reports, and what moderators do."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select

from pb_service.app import create_app
from pb_service.features.proposals.tables import Proposal, ProposalComment
from pb_service.platform.db import uuid7
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.proposals import LATER, open_round
from tests.residents import OWN_HEADERS, Reader, csrf_in
from tests.town import sixty, town_setup

PUBLIC = "/en/rounds/spring/proposals/1"
PART = f"{PUBLIC}/take-part"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with the round spring in its phase of ideas, and sixty proposals in it."""
    async with open_service(settings, database_url, clock=clock) as opened:
        await open_round(opened, clock, setup=town_setup())
        await sixty(opened)
        yield opened


@pytest.fixture
async def reader(service: Service) -> AsyncIterator[Reader]:
    """A resident who is signed in."""
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reader = Reader(client, service)
        await reader.register()
        yield reader


async def post(reader: Reader, to: str, **fields: str) -> httpx.Response:
    """Send one of the forms of the page."""
    return await reader.submit(PART, to=f"{PART}/{to}", **fields)


async def test_taking_part_from_the_sign_in_to_a_thread_of_comments(reader: Reader) -> None:
    """Who is not signed in is led there and back; support counts once; forms sent twice do it once; markup is text."""
    led = await reader.another().get(PART)
    assert (led.status_code, led.headers["location"]) == (303, f"/en/sign-in?next={PART}")
    for _ in range(2):
        answer = await post(reader, "support", act="start")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PART}?done=supported")
    page = await reader.get(PART)
    assert "1 person supports this proposal. You are one of them." in page.text
    fields = {"csrf": csrf_in(page), "once": page.text.split('name="once" value="')[1].split('"')[0]}
    sent = {**fields, "comment": "<script>alert(1)</script> Hyvä\u202e ajatus"}
    answers = [await reader.client.post(f"{PART}/comment", data=sent, headers=OWN_HEADERS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    shown = (await reader.get(PUBLIC)).text
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt; Hyvä ajatus") == 1
    assert "<script>alert" not in shown
    mine = (await reader.get("/en/me/proposals")).text
    assert "You support this." in mine
    assert f'href="{PUBLIC}"' in mine
    first = (await reader.get(PART)).text.split("?answer=")[1][:32]
    await post(reader, "comment", comment="An answer", parent=first)
    assert (await reader.get(f"{PUBLIC}/comments")).text.count('<ol class="answers"') == 1


async def test_a_comment_far_down_is_answered_and_reported_as_well(reader: Reader, service: Service) -> None:
    """The page of a form shows the newest threads; the comment that somebody wants to answer may be any."""
    await post(reader, "comment", comment="The very first")
    first = (await reader.get(f"{PUBLIC}/comments")).text.split("?answer=")[1][:32]
    async with service.database.transaction() as session:
        one = (await session.scalars(select(Proposal).where(Proposal.number == 1))).one()
        rows = [
            {"id": uuid7(), "proposal_id": one.id, "language": "fi", "body": f"{n}", "at": service.clock() + LATER}
            for n in range(60)
        ]
        await session.execute(insert(ProposalComment), rows)
    page = await reader.get(f"{PART}?answer={first}")
    assert ("You answer" in page.text, "The very first" in page.text) == (True, True)
    await reader.submit(f"{PART}?answer={first}", to=f"{PART}/comment", comment="An answer", parent=first)
    assert "The very first" in (await reader.get(f"{PART}?report={first}")).text
    thread = (await reader.get(f"{PUBLIC}/comments?thread={first}")).text
    assert thread.index("The very first") < thread.index("An answer")
    assert (await reader.get(f"{PUBLIC}/comments?thread={UUID(int=1)}")).status_code == 404


async def test_what_is_refused_is_said_at_its_field_and_what_was_typed_stays(reader: Reader) -> None:
    """An empty and a too long comment, and answers to comments of another proposal."""
    empty = await post(reader, "comment", comment="  ")
    assert (empty.status_code, "Comment: fill this in" in empty.text) == (422, True)
    too_long = await post(reader, "comment", comment="x" * 2001)
    assert "at most 2000 characters" in too_long.text
    assert "x" * 2001 in too_long.text
    await post(reader, "comment", comment="First")
    first = (await reader.get(PART)).text.split("?answer=")[1][:32]
    other = f"{PUBLIC.removesuffix('1')}2/take-part"
    assert (await reader.submit(other, to=f"{other}/comment", comment="Elsewhere", parent=first)).status_code == 404
    assert (await reader.submit(other, to=f"{other}/report", reported=first, reason="Wrong")).status_code == 404
