"""Votes sealed on a device at the desk, the minutes after the end, void contests, and reviews asked for by a code."""

import secrets
from datetime import timedelta
from typing import Any

import httpx
import pytest

from pb_service.core.record.canonical import decode, unb64u
from pb_service.core.record.receipt import Receipt
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Place, seal
from pb_service.features.accounts.tables import Account
from pb_service.features.desk import handing
from pb_service.features.desk.people import Person, Typed
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders
from pb_service.features.voting.orders import OrderRefused, Waiting
from tests.desk import DeskVote, desk_vote, neighbour
from tests.letters import KeyBooth
from tests.residents import OWN_HEADERS, csrf_in
from tests.service.voting.test_orders import ask, sign
from tests.voting import Booth, OpenVote, posted

REVIEW = "/en/rounds/spring/vote/review?contest=pohjoinen"


@pytest.fixture
async def desk(vote: OpenVote, client: httpx.AsyncClient) -> DeskVote:
    assert client
    return await desk_vote(vote)


async def called(desk: DeskVote, person: Person) -> str:
    """The code that an officer gives somebody."""
    vote = desk.vote
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug)
        polling, officer = await vote.polling(), vote.desks[0].actor
        return await handing.call_to_device(session, officer, found, polling, person, now=vote.clock())


async def sealed(booth: KeyBooth, ballot: Ballot) -> dict[str, Any]:
    """An envelope as the device makes it, which has no key of its own."""
    place, manifest = await booth.place(), (await booth.vote.polling()).manifest
    assert place["cls"] == "desk"
    where = Place(manifest.eid, "pohjoinen", unb64u(place["alias"], 32), place["base"])
    shape = manifest.contests["pohjoinen"].shape
    return posted(seal(payload.encode(ballot, shape), where, manifest.key, secrets.token_bytes)[0])


async def waiting(desk: DeskVote) -> Waiting:
    """What lies before the officers."""
    async with desk.vote.service.database.reading() as session:
        found = await find_round(session, desk.vote.slug)
        [one] = await orders.orders(session, found, ["env"], open_only=True)
        return one


async def test_two_officers_sign_what_is_sealed_at_the_desk(desk: DeskVote, client: httpx.AsyncClient) -> None:
    """It waits for both, then it stands as class desk with its receipt; a vote by the account cannot replace it, and
    the review says so before anything is sealed."""
    own = await Booth.enter(client, desk.vote)
    async with desk.vote.service.database.transaction() as session:
        account = await session.get_one(Account, own.actor.account_id)
        account.email = account.email_key = "aino@example.org"
    code = await called(desk, await desk.person(Typed(email="aino@example.org")))
    booth = KeyBooth.enter(client, desk.vote)
    assert (await booth.post("booth/desk", {"code": f" {code[:4].lower()}-{code[4:]} "})).status_code == 200
    assert (await booth.post("booth/desk", {"code": code})).status_code == 403, "it is used up"
    envelope = await sealed(booth, [0])
    assert (await booth.post("cast", envelope)).status_code == 202
    order = (await waiting(desk)).order
    assert not await desk.sign(order, desk.vote.desks[0])
    assert (await booth.post("cast", envelope)).status_code == 202
    assert await desk.sign(order, desk.vote.desks[1])
    await desk.vote.service.sequencer.settle(0.01)
    answer = await booth.post("cast", envelope)
    assert answer.status_code == 200, answer.text
    entry = decode(Receipt.parse(answer.json()["receipt"]).entry)
    assert (entry["y"], [name for name, _ in entry["sg"]]) == ("desk", ["desk1", "desk2"])
    client.cookies.clear()
    again = await Booth.enter(client, desk.vote, own.actor)
    refused = await again.cast(posted(await desk.vote.sealed(own.actor, [1])))
    assert (refused.status_code, refused.json().get("type")) == (409, "rank"), refused.text
    shown = (await client.get(REVIEW)).text
    assert "Your vote stands, and cannot be changed in this way." in shown
    assert "data-seal" not in shown


async def test_what_officers_do_not_sign_is_not_cast(desk: DeskVote, client: httpx.AsyncClient) -> None:
    """A second envelope of the same person takes the place of the first; nothing is signed over a paper ballot."""
    person = await desk.person(neighbour(1))
    booth = KeyBooth.enter(client, desk.vote)
    await booth.post("booth/desk", {"code": await called(desk, person)})
    first, second = await sealed(booth, [0]), await sealed(booth, [1])
    await booth.post("cast", first)
    await booth.post("cast", second)
    assert (await booth.post("cast", first)).json()["type"] == "not-signed"
    order = (await waiting(desk)).order
    await desk.give(person)
    with pytest.raises(OrderRefused, match="paper wins"):
        await desk.sign(order, desk.vote.desks[0])
    assert (await booth.post("cast", second)).json()["type"] == "paper"


async def test_the_code_of_a_desk_is_no_cookie(desk: DeskVote, client: httpx.AsyncClient) -> None:
    """Sent as one it opens nothing, or it could be tried without being counted and used without being used up."""
    code = await called(desk, await desk.person(neighbour(1)))
    KeyBooth.enter(client, desk.vote)
    for spelled in (code, f"desk {code}", f"desk%20{code}", f'"desk {code}"'):
        answer = await client.get("/api/v1/rounds/spring/booth/me", headers={"cookie": f"pb-booth={spelled}"})
        assert answer.status_code == 401, answer.text


async def test_after_the_end_only_those_cast_who_came_before(vote: OpenVote, client: httpx.AsyncClient) -> None:
    """For fifteen minutes to the second; the pages say it to who comes too late."""
    async with vote.service.database.reading() as session:
        closes = (await find_round(session, vote.slug)).vote[1]
    vote.clock.now = closes - timedelta(seconds=1)
    early = await Booth.enter(client, vote)
    cookie = client.cookies["pb-session"]
    vote.clock.now = closes
    late = await Booth.enter(client, vote)
    shown = (await client.get(REVIEW)).text
    assert "only those cast who had shown who they are before" in shown
    assert "data-seal" not in shown
    assert (await late.cast(posted(await vote.sealed(late.actor, [0])))).json()["type"] == "closed"
    client.cookies.set("pb-session", cookie)
    vote.clock.now = closes + timedelta(minutes=15) - timedelta(seconds=1)
    assert "data-seal" in (await client.get(REVIEW)).text
    assert (await early.cast(posted(await vote.sealed(early.actor, [0])))).status_code == 201
    vote.clock.now = closes + timedelta(minutes=15)
    assert (await early.cast(posted(await vote.sealed(early.actor, [1])))).json()["type"] == "closed"


async def test_a_void_contest_says_so_and_offers_nothing(vote: OpenVote, client: httpx.AsyncClient) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, whole=False)
        await rounds.mark_void(session, found.id, "pohjoinen", [["fi", "Väärä luettelo"]], vote.clock())
    shown = (await client.get("/fi/rounds/spring/vote?contest=pohjoinen")).text
    assert "Väärä luettelo" in shown
    assert "data-act=" not in shown
    assert "data-act=" in (await client.get("/fi/rounds/spring/vote?contest=etela")).text


async def test_who_has_nothing_but_a_receipt_asks_for_a_review(vote: OpenVote, client: httpx.AsyncClient) -> None:
    """The check page says why the vote was struck, takes one request, and shows what became of it."""
    booth = await Booth.enter(client, vote)
    answer = (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).json()
    order = await ask(vote, orders.ask_strike, vote.desks[0].actor, answer["index"], why="person")
    for person, role in ((vote.desks[0], "desk"), (vote.desks[1], "desk"), (vote.registrar, "registrar")):
        await sign(vote, order, person, role)  # type: ignore[arg-type] # two roles
    client.cookies.clear()
    page = f"/en/rounds/spring/vote/check?code={answer['code']}"
    shown = await client.get(page)
    assert "Sama henkilö kahdesti." in shown.text
    fields = {"csrf": csrf_in(shown), "code": answer["code"], "text": "I voted once."}
    asked = await client.post("/en/rounds/spring/vote/check/review", data=fields, headers=OWN_HEADERS)
    assert asked.status_code == 303, asked.text
    assert "not answered yet" in (await client.get(page)).text
    again = await client.post("/en/rounds/spring/vote/check/review", data=fields, headers=OWN_HEADERS)
    assert again.status_code == 422
