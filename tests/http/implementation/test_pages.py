"""The pages, the data and the API of what is being built."""

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from sqlalchemy import text as sql

from pb_service.app import create_app
from pb_service.core.implementation.orders import Assign, Move, Plan, Postpone, Recost, Spend, Tell
from pb_service.core.record.canonical import b64u
from pb_service.features.assessment.tables import BallotProject, ProjectSource
from pb_service.features.proposals.tables import Proposal, ProposalFollow
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.implementation import BENCHES, LIGHTS, NORTH, Building, building, said, unit_of
from tests.mailbox import delivered, words
from tests.proposals import resident
from tests.residents import csrf_in
from tests.staff import Desk, actor_of, hire

BASE = "rounds/spring/implementation"
DESK = f"staff/{BASE}/{NORTH}/{BENCHES}"
DATA = "/data/spring/implementation"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(replace(settings, jobs="worker"), database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def site(service: Service, clock: FakeClock) -> Building:
    return await building(service, clock)


@pytest.fixture
async def client(site: Building) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(site.service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def tell_a_story(site: Building) -> None:
    """A unit, a milestone that slips, money used, another sum, and news."""
    await site.act(Assign(unit=site.unit))
    await site.act(Move(state="under_way"))
    await site.act(Plan(title=said("Penkit paikallaan"), due=date(2026, 10, 1)))
    await site.act(Postpone(milestone=3, due=date(2027, 6, 1), reason=said("Tavara viipyy")))
    await site.act(Spend(on=date(2026, 10, 2), what={"fi": "=Puutavara"}, amount=1_234_50))
    await site.act(Recost(amount=4_500_000, reason=said("Puu kallistui"), decision="KH 2027-1"))
    await site.act(Tell(text=said("Perustukset on valettu")))


async def test_everybody_sees_the_board_and_each_history(site: Building, client: httpx.AsyncClient) -> None:
    """States, money, milestones and reasons stand on the pages in three languages; filters work without script."""
    await tell_a_story(site)
    for language in ("fi", "sv", "en"):
        shown = await client.get(f"/{language}/{BASE}")
        assert shown.status_code == 200, shown.text
        assert f"/{language}/{BASE}/{NORTH}/{BENCHES}" in shown.text
        one = await client.get(f"/{language}/{BASE}/{NORTH}/{BENCHES}")
        assert one.status_code == 200, one.text
    page = one.text
    for told in ("Under way", "Tavara viipyy (en)", "KH 2027-1", "€", "1,234.50", "Perustukset on valettu (en)"):
        assert told in page
    chosen = await client.get(f"/en/{BASE}?state=under_way&district={NORTH}")
    assert f"{NORTH}/{BENCHES}" in chosen.text
    assert f"{NORTH}/{LIGHTS}" not in chosen.text
    home = await client.get("/en/rounds/spring")
    assert f"/en/{BASE}" in home.text
    assert (await client.get(f"/en/{BASE}/{NORTH}/{NORTH}-103")).status_code == 404


async def test_nothing_is_there_before_a_decision(client: httpx.AsyncClient, site: Building) -> None:
    """A round whose result is not confirmed has neither pages nor data; staff are told why."""
    async with site.service.database.transaction() as session:
        await session.execute(sql("DELETE FROM result_state WHERE kind = 'confirmed'"))
    for path in (f"/fi/{BASE}", f"/fi/{BASE}/{NORTH}/{BENCHES}", f"{DATA}.json", f"{DATA}.atom"):
        assert (await client.get(path)).status_code == 404
    assert "/implementation" not in (await client.get("/fi/rounds/spring")).text
    desk = Desk(client, site.service)
    await desk.enter(await hire(site.service, "manager", name="Maija Maki"))
    assert "when a decision has confirmed" in (await desk.get(f"staff/{BASE}")).text


async def test_data_say_what_the_pages_say(site: Building, client: httpx.AsyncClient) -> None:
    """JSON with every document of a history by its hash, a table safe for spreadsheets, and feeds in one language."""
    await tell_a_story(site)
    told = (await client.get(f"{DATA}.json")).json()
    one = told["projects"][0]
    assert (one["promised"], one["budget"], one["spent"]) == (4_000_000, 4_500_000, 123_450)
    assert one["milestones"][0]["promised"] == "2026-10-01"
    before = None
    for line in one["history"]:
        body = (await client.get(line["href"])).content
        assert hashlib.sha256(body).hexdigest() == line["sha256"]
        assert json.loads(body)["content"].get("before") == before
        before = b64u(hashlib.sha256(body).digest())
    rows = list(csv.DictReader(io.StringIO((await client.get(f"{DATA}.csv")).text.lstrip("\ufeff"))))
    assert (rows[0]["project_id"], rows[0]["money_used"], rows[0]["state"]) == (BENCHES, "1234.5", "under_way")
    for path in (f"{DATA}.atom?lang=sv", f"{DATA}/{NORTH}/{BENCHES}/news.atom?lang=sv"):
        feed = ElementTree.fromstring((await client.get(path)).content)  # noqa: S314 - our own
        titles = [entry.text or "" for entry in feed.iterfind("{*}entry/{*}title")]
        assert len(titles) == 4
        assert titles[0].startswith("Penkkejä rantaan (sv)")
    assert (await client.get("/api/v1/rounds/spring/implementation")).json()["projects"] == told["projects"]
    state = await client.get("/data/spring/states/1.json")
    known = {"if-none-match": state.headers["etag"]}
    assert (await client.get("/data/spring/states/1.json", headers=known)).status_code == 304


async def test_staff_work_by_forms(site: Building, client: httpx.AsyncClient) -> None:
    """A manager names the unit; its person enters money as people type it; a stale form keeps what was typed."""
    desk = Desk(client, site.service)
    await desk.enter(await hire(site.service, "manager", name="Maija Maki"))
    assert (await desk.get(f"staff/{BASE}")).status_code == 200
    sent = await desk.post(DESK, on=DESK, act="assigned", version="0", assigned_unit=str(site.unit))
    assert sent.status_code == 303, sent.text
    worker = await hire(site.service, "assessor", name="Väinö Virta")
    unit = await unit_of(site.service, [await actor_of(site.service, worker)], "Kadut")
    await desk.post(DESK, on=DESK, act="assigned", version="1", assigned_unit=str(unit))
    await desk.enter(worker)
    spent = {"act": "spent", "spent_on": "2.10.2026", "spent_what": "Laudat"}
    sent = await desk.post(DESK, on=DESK, reading="fi", version="2", spent_amount="12 000,50 €", **spent)
    assert sent.status_code == 303, sent.text
    assert (await site.built()).progress.spent == 1_200_050
    stale = await desk.post(DESK, on=DESK, version="2", spent_amount="99", **spent)
    assert stale.status_code == 409
    assert "Somebody else changed this" in stale.text
    assert 'value="99"' in stale.text
    wrong = await desk.post(DESK, on=DESK, version="3", spent_amount="1 000 000", **spent)
    assert wrong.status_code == 422
    assert "is left; change the money" in wrong.text
    assert 'href="#f-spent_amount"' in wrong.text
    money = {"act": "recosted", "recosted_amount": "1", "recosted_decision": "x", "recosted_reason_fi": "x"}
    assert (await desk.post(DESK, on=DESK, version="3", recosted_reason_sv="x", **money)).status_code == 403


async def test_closing_by_form_and_by_program_needs_three_answers(site: Building, client: httpx.AsyncClient) -> None:
    """Page and API refuse to close without what happened, what was learned and what is still to be developed."""
    await site.act(Move(state="under_way"))
    desk = Desk(client, site.service)
    await desk.enter(await hire(site.service, "manager", name="Maija Maki"))
    refused = await desk.post(DESK, on=DESK, act="closed", version="1", closed_happened_fi="Tehtiin")
    assert refused.status_code == 422
    for field in ("closed_happened_sv", "closed_learned_fi", "closed_develop_sv"):
        assert f'href="#f-{field}"' in refused.text
    path = f"/api/v1/{BASE}/{NORTH}/{BENCHES}/acts"
    headers = {"origin": "http://localhost", "x-csrf-token": await _token(desk)}
    order = {"act": "closed", "happened": said("A"), "learned": said("B")}
    answer = await client.post(path, json={"version": 1, "order": order}, headers=headers)
    assert answer.status_code == 422, answer.text
    assert {"field": "develop_fi", "code": "required"} in answer.json()["errors"]
    order["develop"] = said("C")
    answer = await client.post(path, json={"version": 1, "order": order}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert (await site.built()).state == "done"
    stale = await client.post(path, json={"version": 1, "order": order}, headers=headers)
    assert stale.status_code == 409
    public = await client.get(f"/sv/{BASE}/{NORTH}/{BENCHES}")
    assert "Vad lärde vi oss?" in public.text
    assert "B (sv)" in public.text


async def _token(desk: Desk) -> str:
    return csrf_in(await desk.get(DESK))


async def test_picture_is_shown_until_it_is_taken_away(site: Building, client: httpx.AsyncClient) -> None:
    """Uploaded with its texts by the form, served to everybody, refused without texts, gone when taken away."""
    desk, body = Desk(client, site.service), io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(body, "PNG")
    await desk.enter(await hire(site.service, "manager", name="Maija Maki"))
    sent = {"csrf": await _token(desk), "version": "0"}
    headers = {"origin": "http://localhost"}
    file = {"pictured_file": ("a.png", body.getvalue(), "image/png")}
    refused = await client.post(f"/en/{DESK}/picture", data=sent, files=file, headers=headers)
    assert refused.status_code == 422
    assert 'href="#f-pictured_alt_fi"' in refused.text
    alt = {f"pictured_alt_{code}": text for code, text in said("Vihreää").items()}
    taken = await client.post(f"/en/{DESK}/picture", data={**sent, **alt}, files=file, headers=headers)
    assert taken.status_code == 303, taken.text
    address = f"/en/{BASE}/{NORTH}/{BENCHES}/pictures/1"
    assert (await client.get(address)).headers["content-type"].startswith("image/")
    gone = {"act": "unpictured", "version": "1", "unpictured_picture": "1", "unpictured_reason_fi": "x"}
    assert (await desk.post(DESK, on=DESK, unpictured_reason_sv="x", **gone)).status_code == 303
    assert (await client.get(address)).status_code == 404


async def test_followers_are_told_in_their_language(site: Building, client: httpx.AsyncClient) -> None:
    """Who follows the proposal gets news by mail, in their language; who did it does not. Its page leads on."""
    follower = await resident(site.service)
    teller = await actor_of(site.service, await hire(site.service, "manager", name="Maija Maki"))
    async with site.service.database.transaction() as session:
        found = await find_round(session, site.slug, whole=False)
        made = Proposal(
            round_id=found.id, number=1, state="on_ballot", language="fi", title="Penkkejä", created_at=site.clock(),
            changed_at=site.clock(), published_at=site.clock(),
        )  # fmt: skip
        session.add(made)
        made.counted_in = made.id = site.unit  # any key
        await session.flush()
        for account_id in (follower.account_id, teller.account_id):
            session.add(ProposalFollow(proposal_id=made.id, account_id=account_id, how="at_once", at=site.clock()))
    await site.act(Tell(text=said("Perustukset on valettu")), by=teller)
    project = BallotProject(
        round_id=made.round_id, contest=NORTH, number=101, code=BENCHES, titles={}, texts={}, position=1,
        made_at=site.clock(), changed_at=site.clock(),
    )  # fmt: skip
    async with site.service.database.transaction() as session:
        session.add(project)
        await session.flush()
        session.add(ProjectSource(project_id=project.id, proposal_id=made.id))
    shown = await client.get("/en/rounds/spring/proposals/1")
    assert f"/en/{BASE}/{NORTH}/{BENCHES}" in shown.text, shown.text
    (mail,) = await delivered(site.service)
    assert "Perustukset on valettu" in words(mail)
    assert "/fi/rounds/spring/implementation/" in words(mail)


async def test_a_name_in_a_text_is_erased_by_form_everywhere(site: Building, client: httpx.AsyncClient) -> None:
    """From the page, its feed, the data and the document; that something stood there is still said."""
    await site.act(Tell(text=said("Matti Meikäläinen")))
    desk = Desk(client, site.service)
    await desk.enter(await hire(site.service, "manager", name="Maija Maki"))
    gone = {"act": "erased", "version": "1", "erased_line": "1", "erased_reason_fi": "Nimi", "erased_reason_sv": "Namn"}
    sent = await desk.post(DESK, on=DESK, **gone)
    assert sent.status_code == 303, sent.text
    paths = [f"/en/{BASE}/{NORTH}/{BENCHES}", f"{DATA}.json", f"{DATA}.atom?lang=fi"]
    paths += [f"{DATA}/{NORTH}/{BENCHES}/acts/1.json", f"/en/{DESK}", f"/en/{BASE}"]
    for path in paths:
        found = await client.get(path)
        assert found.status_code == 200
        assert "Meik" not in found.text, path
    assert "The text was erased, its hash stays." in (await client.get(paths[0])).text
