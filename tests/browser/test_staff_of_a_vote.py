"""Every page on which staff lead a vote, from the roll to the evidence, in a real browser and three languages.

One house for all of it: a round whose roll is checked and whose trustees have begun, two whose vote is open, one that
is closed and one that is counted. Nothing here changes it.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Browser, Page

from pb_service.core.record.canonical import decode
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor, Role
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.two_people import Signer
from pb_service.features.opendata import evidence
from pb_service.features.opening import repository as openings
from pb_service.features.opening import service as opening
from pb_service.features.opening import trustees
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.results import states
from pb_service.features.results.turnout import publish_turnout
from pb_service.features.roll import corrections, fixing
from pb_service.features.roll.corrections import Addition
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders, reviews, roll_changes
from pb_service.platform.server import listen
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.browser.conftest import open_page, overflow, served, violations
from tests.conftest import FakeClock, fresh_database
from tests.desk import BOX, DeskVote, desk_vote, neighbour
from tests.letters import written
from tests.rolls import ROLLED, code, handed_in, listed, opened, proven, read_in, signed, taken
from tests.staff import hire
from tests.trustees import APART, NAMES, witnesses
from tests.voting import Official, cast, close, counted, open_vote, prepared_vote

PHONE, DESKTOP = 360, 1280
LANGUAGES = ("fi", "sv", "en")
NORTH = "pohjoinen"
WHY = {"fi": "Sama henkilö kahdesti.", "sv": "Samma person två gånger.", "en": "The same person twice."}


@dataclass
class House:
    """The running service, who looks at it, and the pages: for whom, at what path below the staff's rounds.

    Those of nobody are public, at their own path.
    """

    service: Service
    address: str
    people: dict[str, UUID] = field(default_factory=dict)
    pages: list[tuple[str, str]] = field(default_factory=list)

    async def enter(self, page: Page, who: str) -> None:
        """Sign somebody in who has just proven herself once more."""
        now = self.service.clock()
        async with self.service.database.transaction() as session:
            token = await sessions.start(
                session, self.people[who], "staff", visitor=Visitor(), now=now, second_factor=True
            )
        await page.context.add_cookies([{"name": "pb-session", "value": token, "url": self.address}])

    def let_in(self, who: str, actor: Actor) -> None:
        assert actor.account_id
        self.people[who] = actor.account_id

    def show(self, who: str, *paths: str) -> None:
        self.pages += [(who, path) for path in paths]


@pytest.fixture(scope="module")
async def house(server_url: str, admin: asyncpg.Connection, migrated: str) -> AsyncIterator[House]:
    folder = tempfile.mkdtemp(prefix="pb-test-")
    os.chmod(folder, 0o755)  # noqa: S103 - the database server's user must enter
    sockets, port = listen(["127.0.0.1"], 18800, say=lambda _: None)
    settings = Settings.from_environment({"PB_DATA": f"{folder}/data"})
    given = replace(settings, public_url=f"http://localhost:{port}", jobs="worker")
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(
            fresh_database(server_url, admin, f"TEMPLATE {migrated} STRATEGY FILE_COPY")
        )
        service = await stack.enter_async_context(open_service(given, url, clock=clock))
        sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
        house = House(service, given.public_url)
        house.people["manager"] = (await hire(service, "manager", name="Katri")).id
        await _counted(house, clock)
        await _before(house, clock)
        await _late(house, clock)
        await _open(house, clock)
        async with served(service, sockets):
            yield house
        sequencing.cancel()
        await asyncio.gather(sequencing, return_exceptions=True)
    shutil.rmtree(folder)


async def _counted(house: House, clock: FakeClock) -> None:
    """The vote of winter: counted, confirmed, an amendment drafted, evidence asked for."""
    service = house.service
    vote = await open_vote(service, clock, slug="winter")
    for choice in ([0], [0], [1], [0, 2]):
        await cast(vote, await vote.voter(), choice)
    await close(vote)
    await counted(vote)
    async with service.database.transaction() as session:
        await publish_turnout(session, vote.slug, keys=service.keys, now=clock())
    now = clock()
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await states.draft_confirmation(
            session,
            vote.manager,
            found,
            reference="KH 2027-000123",
            decider="Board",
            decided_on=date(2027, 6, 1),
            now=now,
        )
        signers: dict[Signer, Official] = {"registrar": vote.registrar, "auditor": vote.auditor}
        for signer, person in signers.items():
            entry = decode((await states.waiting(session, found)).statement)
            await states.sign(session, person.actor, found, signer, **person.sign(entry), now=now)
        change = states.Change(NORTH, f"{NORTH}-101", False, 0)
        await states.draft_amendment(session, vote.manager, found, [change], WHY, reference="", now=now)
        await evidence.ask(session, vote.auditor.actor, found, "dice: 3 1 4", 20, now=now)
    house.let_in("auditor of winter", vote.auditor.actor)
    house.let_in("registrar of winter", vote.registrar.actor)
    for name in ("", "/result", "/closing", "/trustees", "/casting"):
        house.show("manager", f"winter{name}")
    house.show("registrar of winter", "winter/result", "winter/evidence")
    house.show("auditor of winter", "winter/evidence")
    house.show("", "rounds/winter/counting", "rounds/winter/result", "rounds/winter/report", f"rounds/winter/{NORTH}")
    paper = await _closed_with_paper(house, clock)
    house.let_in("auditor of summer", paper.vote.auditor.actor)
    house.let_in("desk of summer", paper.vote.desks[0].actor)
    house.show("manager", "summer/closing")
    box = f"summer/desk/boxes/{NORTH}/{BOX}"
    house.show("desk of summer", "summer/desk/boxes", box, f"{box}/read/1")
    house.show("auditor of summer", box)


async def _closed_with_paper(house: House, clock: FakeClock) -> DeskVote:
    """The vote of summer: closed, its envelopes listed, a box under way."""
    clock.now = FakeClock().now
    desk = await desk_vote(await open_vote(house.service, clock, slug="summer"))
    for number in range(3):
        await desk.give(await desk.person(neighbour(number)))
    await cast(desk.vote, await desk.vote.voter(), [1])
    await desk.close()
    await desk.count_sealed()
    await desk.account(3)
    await desk.read(desk.vote.desks[0].actor, 1, {1: [0], 2: [0, 1], 3: None})
    return desk


async def _before(house: House, clock: FakeClock) -> None:
    """The round of autumn: a roll that waits for signatures, requests, letters, and a ceremony under way."""
    clock.now = FakeClock().now
    service = house.service
    vote = await prepared_vote(service, clock, slug="autumn", trustees=APART, eligibility=ROLLED)
    registrar = vote.registrar.actor
    fresh = await handed_in(service, registrar, listed(range(5)), "autumn")
    await taken(service, registrar, listed(range(1, 21)), "autumn")
    rows = listed(range(15)) + f"{code(3)};Etela;fi\r\n{code(4)[:-1]}*;Etela;sv\r\n".encode()
    compared = await read_in(service, registrar, rows, "autumn")
    await written(vote, range(1, 6))
    asking = await proven(service, 30)
    async with service.database.transaction() as session:
        found = await find_round(session, "autumn")
        message = "I moved here in January, and the register has my old address."
        await corrections.ask(session, asking, found, "missing", message, now=clock())
        await fixing.begin_fixing(session, registrar, found, now=clock())
    await fixing.fix(service, found.id)
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
    house.let_in("registrar of autumn", registrar)
    house.people["trustee of autumn"] = people[0].id
    for name in ("roll", "roll/requests", "roll/changes", "letters"):
        house.show("registrar of autumn", f"autumn/{name}")
    house.show("registrar of autumn", *(f"autumn/roll/imports/{batch.id}" for batch in (fresh, compared)))
    house.show("manager", "autumn/opening", "autumn/trustees", "autumn")
    house.show("trustee of autumn", "autumn/trustees")


async def _open(house: House, clock: FakeClock) -> None:
    """The vote of spring: paper begun and given, a strike under way and one to be reviewed, more time asked for."""
    clock.now = FakeClock().now
    service = house.service
    vote = await open_vote(service, clock)
    desk, polling = await desk_vote(vote), await vote.polling()
    voters = [await vote.voter() for _ in range(12)]
    answers = []
    for number, voter in enumerate(voters):
        sealed = await vote.sealed(voter, [number % 2])
        answers.append(await service.casting.cast(polling, voter, sealed, address="192.0.2.7"))
    await desk.give(await desk.person(neighbour(1)))
    begun = await desk.ask(await desk.person(neighbour(2)))
    await desk.hand(begun, vote.desks[0])
    now = clock()
    async with service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        struck = [
            await orders.ask_strike(
                session, vote.desks[0].actor, found, answer.index, why="person", reason=WHY, now=now
            )
            for answer in answers[:2]
        ]
        assert found.closes_at
        later = found.closes_at + timedelta(hours=2)
        extended = await orders.ask_extend(session, vote.manager, found, later, WHY, now=now)
        operator = service.operator_key
        told = {"fi": "Verkko oli poikki tunnin.", "sv": "Nätet var nere en timme.", "en": "The network was down."}
        await orders.note_incident(session, vote.manager, found, told, operator=operator, now=now)
    signers: list[tuple[Official, Role]] = [(one, "desk") for one in vote.desks]
    for person, role in [*signers, (vote.registrar, "registrar")]:
        async with service.database.transaction() as session:
            found = await find_round(session, "spring", for_update=True)
            entry = (await orders.waiting_order(session, found, struck[0].id)).entry
            await orders.sign(
                session, person.actor, found, struck[0].id, role, **person.sign(entry),
                kinds=orders.STEPS, operator=operator, now=now,
            )  # fmt: skip
    await service.sequencer.settle(0.05)
    async with service.database.transaction() as session:
        own = await polling.standings(session, voters[0], service.keys)
        await reviews.ask(session, polling, own, answers[0].index, "I voted once, at home.", now=now)
    house.let_in("registrar of spring", vote.registrar.actor)
    house.let_in("officer of spring", vote.desks[0].actor)
    house.let_in("colleague of spring", vote.desks[1].actor)
    house.show("registrar of spring", "spring/roll", "spring/vote-steps")
    house.show("registrar of spring", f"spring/vote-steps/{struck[1].id}", f"spring/vote-steps/{extended.id}")
    house.show("officer of spring", "spring/desk", "spring/desk/print", "spring/desk/boxes", "spring/desk/offline")
    house.show("colleague of spring", f"spring/desk/papers/{begun.id}")
    for name in ("", "/desk", "/vote-steps", "/casting", "/closing", "/result"):
        house.show("manager", f"spring{name}")


async def _late(house: House, clock: FakeClock) -> None:
    """The vote of may, with a roll to which somebody is to be added."""
    clock.now = FakeClock().now
    service = house.service
    vote = await prepared_vote(service, clock, slug="may", eligibility=ROLLED)
    await taken(service, vote.registrar.actor, listed(range(1, 5)), "may")
    await signed(vote)
    await opened(vote)
    async with service.database.transaction() as session:
        found = await find_round(session, "may", for_update=True)
        wanted = Addition(code(40), NORTH, "fi")
        await roll_changes.ask_late(session, vote.registrar.actor, found, wanted, WHY, keys=service.keys, now=clock())
    house.let_in("registrar of may", vote.registrar.actor)
    house.show("registrar of may", "may/roll", "may/roll/changes", "may/letters")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_staff_pages_of_a_vote(house: House, browser: Browser, language: str) -> None:
    """Nothing is wider than a phone, nor than a desk; axe finds nothing. Residents see the count and the result.

    Axe looks at each page in one of the languages, in turn: what it finds hangs on the page.
    """
    page = await open_page(browser, width=PHONE, height=740)
    found, inside = [], ""
    for number, (who, path) in enumerate(sorted(house.pages)):
        if who != inside:
            await house.enter(page, who)
            inside = who
        address = f"{house.address}/{language}/{f'staff/rounds/{path}' if who else path}"
        answer = await page.goto(address)
        assert answer
        if answer.status != 200 or page.url.partition("?")[0] != address:
            found.append(f"{address}: {answer.status}, {page.url}")
            continue
        if number % len(LANGUAGES) == LANGUAGES.index(language):
            found += await violations(page)
        for width in (PHONE, DESKTOP):
            await page.set_viewport_size({"width": width, "height": 740})
            if wider := await overflow(page):
                found.append(f"{address} at {width}: {wider} px wider than the window")
    assert not found, "\n".join(found)
    await page.context.close()
