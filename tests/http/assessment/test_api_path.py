"""From three ideas to a fixed list through the JSON API alone; what a program may do, and what only people do."""

import hashlib
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pb_service.core.record import canonical
from pb_service.features.assessment.evidence import process_files
from pb_service.features.record import repository as record
from pb_service.verifier.process import Process
from tests.http.accounts.test_tokens import bearer, make
from tests.http.assessment.conftest import Hall
from tests.proposals import REASON, record_kinds, round_called
from tests.staff import Member, hire

API = "/api/v1/rounds/spring"
ORIGIN = {"origin": "http://localhost"}
PLACES = {"north": [24.5, 60.5], "south": [25.5, 60.5]}
IDEAS = (
    ("fi", "Penkkejä rantapolulle", "Rannalla ei voi istua.", "north"),
    ("sv", "Bänkar vid stranden", "Man kan inte sitta där.", "north"),
    ("en", "Lights for the school path", "The path is dark in winter.", "south"),
)


class Programs:
    """Everybody's program: each speaks with the session of who is signed in."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.csrf = ""

    async def enter(self, member: Member, *, factor: bool = True) -> None:
        await self.hall.desk.enter(member, factor=factor)
        self.csrf = (await self.hall.desk.client.get("/api/v1/session")).json()["csrf"]

    async def be(self, who: str) -> None:
        await self.enter(self.hall.people[who])

    async def ask(self, method: str, path: str, expect: int = 200, **body: Any) -> Any:
        headers = {**ORIGIN, "x-csrf-token": self.csrf}
        given = await self.hall.desk.client.request(method, f"{API}{path}", json=body, headers=headers)
        assert given.status_code == expect, (path, given.status_code, given.text)
        return given.json() if given.content else None


@pytest.fixture
def programs(hall: Hall) -> Programs:
    return Programs(hall)


def idea(language: str, title: str, need: str, where: str) -> dict[str, Any]:
    return {
        "once": str(uuid4()),
        "language": language,
        "title": title,
        "need": need,
        "idea": f"{title}. {need}",
        "theme": "nature",
        "place": {"type": "Point", "coordinates": PLACES[where]},
    }


def wording(text: str) -> dict[str, dict[str, str]]:
    return {code: {"text": f"{text} ({code})"} for code in ("fi", "sv")}


async def propose(programs: Programs) -> list[Member]:
    """Each sends a proposal in their own language, and their program sends it once too often."""
    await programs.hall.town.phase("ideas")
    writers = []
    for number, given in enumerate(IDEAS, start=1):
        writers.append(await hire(programs.hall.town.service, name=f"Resident{number} Ek", staff=False))
        await programs.enter(writers[-1], factor=False)
        words = idea(*given)
        for _ in range(2):
            made = await programs.ask("POST", "/proposals", 201, **words)
            assert made == {"number": number, "state": "received", "version": 1}
    return writers


async def moderate(programs: Programs, author: Member) -> None:
    """One and two are published and joined; three is rejected by one and reinstated by another."""
    await programs.hall.town.phase("moderation")
    await programs.be("moderator")
    look = await programs.ask("POST", "/decisions", outcome="publish", proposals=[1, 2, 9], look=True)
    assert [(line["number"], line["refused"]) for line in look] == [(1, ""), (2, "")]
    await programs.ask("POST", "/decisions", outcome="publish", proposals=[1, 2], when="prepared")
    published = await programs.ask("POST", "/decisions/publish")
    assert [line["refused"] for line in published] == ["", ""]
    merged = await programs.ask("POST", "/proposals/1/merges", 201, proposals=[2], reason=REASON)
    await programs.ask("DELETE", f"/merges/{merged['merge']}", 204)
    await programs.ask("POST", "/proposals/1/merges", 201, proposals=[2], reason=REASON)
    await programs.ask("POST", "/proposals/3/decision", outcome="reject", criterion="lawful", reason=REASON)
    await programs.enter(author, factor=False)
    await programs.ask("POST", "/proposals/3/review", 201, body="The path is in the plan.")
    await programs.be("moderator")
    refused = await programs.ask("PUT", "/proposals/3/review", 403, outcome="reinstated", reason=REASON)
    assert (refused["type"], refused["errors"]) == ("same-hand", [{"code": "review"}])
    await programs.be("manager")
    await programs.ask("PUT", "/proposals/3/review", outcome="reinstated", reason=REASON)


async def cost(programs: Programs, number: int) -> None:
    """Found feasible and calculated by one, signed by another."""
    await programs.be("assessor")
    await programs.ask("POST", f"/proposals/{number}/feasibility", answers={"lawful": {"ok": True}})
    line = {"what": "Penkki", "quantity": 2_500, "unit": "kpl", "price": 148_050, "source": "Puitesopimus 2026"}
    set_ = await programs.ask("PUT", f"/costs/p{number}", version=0, lines=[line], contingency=100)
    assert (set_["amount"], set_["signed"]) == (407_138, False)
    refused = await programs.ask("POST", f"/costs/p{number}/signature", 403, version=1)
    assert refused["type"] == "same-hand"
    await programs.be("other")
    assert (await programs.ask("POST", f"/costs/p{number}/signature", version=1))["signed"]


async def fix(programs: Programs) -> str:
    """Two projects, and two people who confirm one hash, which is returned."""
    for number, contest in ((1, "pohjoinen"), (3, "etela")):
        words = {"contest": contest, "titles": wording("Hanke"), "texts": wording("Lyhyesti")}
        made = await programs.ask("POST", "/projects", 201, once=str(uuid4()), proposals=[number], **words)
        assert made["proposals"] == [number]
    hashes = set()
    for who in ("manager", "second"):
        await programs.be(who)
        listed = await programs.ask("GET", "/list")
        assert all(point["met"] for point in listed["points"]), listed
        hashes.add(listed["sha256"])
        done = await programs.ask("POST", "/list/confirmations", sha256=listed["sha256"])
    assert done == {"sha256": listed["sha256"], "version": 1, "fixed": True}
    assert len(hashes) == 1
    return str(listed["sha256"])


async def test_three_ideas_come_to_a_fixed_list_through_the_api(hall: Hall, programs: Programs) -> None:
    writers = await propose(programs)
    await moderate(programs, writers[2])
    await hall.town.phase("assessment")
    await cost(programs, 1)
    await cost(programs, 3)
    sha256 = await fix(programs)
    body = (await hall.desk.client.get("/data/rounds/spring/ballot-list.json")).content
    assert hashlib.sha256(body).hexdigest() == sha256
    listed = canonical.decode(body)
    assert [[(each["id"], each["cost"]) for each in ballot["projects"]] for ballot in listed["contests"]] == [
        [("101", 407_138)],
        [("102", 407_138)],
    ]
    found = await round_called(hall.town.service)
    async with hall.town.service.database.reading() as session:
        entries = await record.all_bodies(session, found.log)
        process = Process(entries, await process_files(session, found, entries))
    process.run()
    assert {name: problems for name, problems in process.problems.items() if problems} == {}


async def test_what_is_wrong_is_told_by_field_and_nothing_is_kept(hall: Hall, programs: Programs) -> None:
    await hall.town.phase("ideas")
    writer = await hire(hall.town.service, name="Rauha Ek", staff=False)
    await programs.enter(writer, factor=False)
    words = idea(*IDEAS[0])
    refused = await programs.ask("POST", "/proposals", 422, **words | {"title": "", "theme": "space"})
    assert {(each["field"], each["code"]) for each in refused["errors"]} == {("title", "required"), ("theme", "choice")}
    outside = words | {"place": {"type": "Polygon", "coordinates": [[[24.1, 60.1], [24.2, 60.1]]]}}
    assert (await programs.ask("POST", "/proposals", 422, **outside))["errors"][0]["field"] == "place"
    await programs.ask("POST", "/proposals", 400, **words, surprise=1)
    assert "proposal.received p1" not in await record_kinds(hall.town.service)


async def test_two_who_save_a_cost_at_once_are_told_by_version(hall: Hall, programs: Programs) -> None:
    number = await hall.town.published()
    line = {"what": "Penkki", "price": 1_000, "source": "Offer"}
    await programs.be("assessor")
    await programs.ask("PUT", f"/costs/p{number}", version=0, lines=[line])
    await programs.be("other")
    late = await programs.ask("PUT", f"/costs/p{number}", 409, version=0, lines=[line | {"price": 2_000}])
    assert late["errors"] == [{"field": "version", "code": "changed", "version": 1}]
    await programs.be("moderator")
    missing = await programs.ask("POST", f"/proposals/{number}/decision", 422, outcome="return", reason={"fi": "Syy"})
    assert missing["errors"] == [{"field": "reason.sv", "code": "required"}]


async def test_a_program_of_the_town_publishes_but_fixes_no_list(hall: Hall) -> None:
    await hall.town.sent()
    await hall.town.phase("moderation")
    token = await make(hall.town.service, hall.people["manager"], ["proposals.moderate", "rounds.preview"])
    client = hall.desk.client
    client.cookies.clear()
    done = await client.post(f"{API}/proposals/1/decision", json={"outcome": "publish"}, headers=bearer(token))
    assert (done.status_code, done.text) == (200, '{"number":1,"state":"published"}')
    assert (await client.get(f"{API}/list", headers=bearer(token))).status_code == 200
    confirmed = await client.post(f"{API}/list/confirmations", json={"sha256": "0" * 64}, headers=bearer(token))
    assert confirmed.status_code in {401, 403}
    costing = await client.get(f"{API}/costs/p1", headers=bearer(token))
    assert costing.status_code == 403


async def test_a_session_without_the_token_of_its_page_writes_nothing(hall: Hall, programs: Programs) -> None:
    await hall.town.sent()
    await programs.be("moderator")
    client: httpx.AsyncClient = hall.desk.client
    body = {"outcome": "publish"}
    for headers in ({}, ORIGIN, {"x-csrf-token": programs.csrf}, {"origin": "http://evil.example"}):
        refused = await client.post(f"{API}/proposals/1/decision", json=body, headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
