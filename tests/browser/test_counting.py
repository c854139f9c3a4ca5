"""The pages of trustees, closing, counting and results in a real browser: on a phone, in three languages, with axe."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Browser

from pb_service.app import create_app
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts import sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.opening import repository as openings
from pb_service.features.opening import service as opening
from pb_service.features.opening import trustees
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.results.turnout import publish_turnout
from pb_service.features.rounds.finding import find_round
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, violations
from tests.conftest import FakeClock
from tests.staff import Member, hire
from tests.trustees import APART, NAMES, witnesses
from tests.voting import cast, close, counted, open_vote, prepared_vote

PHONE = 360


@dataclass(frozen=True)
class House:
    """A counted round, one whose ceremony is under way, and who looks at them."""

    service: Service
    address: str
    manager: Member
    trustee: Member


@pytest.fixture
async def house(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[House]:
    sockets, port = listen(["127.0.0.1"], 18700, say=lambda _: None)
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    async with open_service(given, database_url, clock=clock) as service:
        trustee = await begin_apart(service, clock)
        vote = await open_vote(service, clock)
        sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
        for choice in ([0], [0], [1], [0, 2]):
            await cast(vote, await vote.voter(), choice)
        await close(vote)
        await counted(vote)
        async with service.database.transaction() as session:
            await publish_turnout(session, vote.slug, now=clock())
        manager = await hire(service, "manager", name="Katri")
        await service.sequencer.settle(0.01)
        server = uvicorn.Server(uvicorn.Config(create_app(service), log_level="warning"))
        task = asyncio.create_task(server.serve(sockets))
        while not server.started:  # noqa: ASYNC110 - the server tells nobody else
            await asyncio.sleep(0.01)
        yield House(service, given.public_url, manager, trustee)
        server.should_exit = True
        await task
        sequencing.cancel()
        await asyncio.gather(sequencing, return_exceptions=True)


async def begin_apart(service: Service, clock: FakeClock) -> Member:
    """A round with three trustees outside whose ceremony has begun; returns the first, whose turn it is."""
    vote = await prepared_vote(service, clock, slug="autumn", trustees=APART)
    people = [await hire(service, "trustee", name=name) for name in NAMES]
    async with service.database.transaction() as session:
        found = await find_round(session, "autumn", for_update=True)
        for number, person in enumerate(people, start=1):
            ids = frozenset(one.id for one in people)
            await trustees.set_seat(session, vote.manager, found, number, person.id, count=3, trustees=ids, now=clock())
            seat = await openings.seat_of(session, found.id, person.id)
            assert seat
            seat.public_key, seat.keyed_at = public_bytes(Ed25519PrivateKey.generate()), clock()
        await session.flush()
        around = Surroundings(service.keys, witnesses()[1])
        await opening.begin(session, vote.manager, found, opening.Order(), around=around, now=clock())
    return people[0]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_pages_of_the_count_on_a_phone(browser: Browser, house: House, language: str) -> None:
    """Nothing is wider than the window and axe finds nothing: for everybody, for a trustee, for the manager."""
    page = await open_page(browser, width=PHONE, height=740)
    staff = f"{house.address}/{language}/staff/rounds"
    public = f"{house.address}/{language}/rounds/spring"
    pages = [
        (None, [f"{public}/{name}" for name in ("counting", "result", "report", "pohjoinen")]),
        (house.trustee, [f"{staff}/autumn/trustees"]),
        (
            house.manager,
            [
                *(f"{staff}/autumn/{name}" for name in ("opening", "trustees")),
                *(f"{staff}/spring/{name}" for name in ("closing", "trustees", "result", "evidence")),
            ],
        ),
    ]
    found: list[str] = []
    for member, addresses in pages:
        if member is not None:
            async with house.service.database.transaction() as session:
                now = house.service.clock()
                token = await sessions.start(
                    session, member.id, "staff", visitor=Visitor(), now=now, second_factor=True
                )
            await page.context.add_cookies([{"name": "pb-session", "value": token, "url": house.address}])
        for address in addresses:
            answer = await page.goto(address)
            assert answer
            assert answer.status == 200, address
            found += await violations(page)
            if wider := await overflow(page):
                found.append(f"{address}: {wider} px wider than the window")
    assert not found, "\n".join(found)
    await page.context.close()
