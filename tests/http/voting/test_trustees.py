"""Trustees outside hold ceremony, rehearsal, mixes and opening by errand files that they carry to real tools."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from pb_service.app import create_app
from pb_service.core.record.canonical import decode
from pb_service.features.counting import sealed
from pb_service.features.opening import repository as openings
from pb_service.features.opening.state import state_of
from pb_service.features.results.service import explain
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.http.voting.test_staff import sign
from tests.staff import Desk, Member, hire
from tests.trustees import APART, Trustees, damaged, witnesses
from tests.voting import OpenVote, begin_voting, cast, close, prepared_vote, verified

SLUG = "spring"
Seated = tuple[Trustees, OpenVote, Member]
OPENING = f"staff/rounds/{SLUG}/opening"


@pytest.fixture
async def trustees(service: Service, clock: FakeClock, folder: Path) -> AsyncIterator[Seated]:
    """Three people with folders and seats in a round of mode split, and the manager."""
    key, policy = witnesses()
    service = replace(service, witnesses=policy)
    vote = await prepared_vote(service, clock, slug=SLUG, trustees=APART)
    app = create_app(replace(service, settings=replace(service.settings, jobs="worker")))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        desk = Desk(client, service)
        found = Trustees(service, desk, SLUG, folder, key)
        manager = await hire(service, "manager", name="Katri")
        await found.hire()
        await desk.enter(manager)
        for number, holder in enumerate(found.holders, start=1):
            seat = {"number": str(number), "person": str(holder.member.id)}
            assert (await desk.post(f"{found.page}/seat", on=found.page, **seat)).status_code == 303
        for holder in found.holders:
            await desk.enter(holder.member)
            given = await desk.post(f"{found.page}/key", on=found.page, public_key=holder.key)
            assert given.status_code == 303, given.text
        yield found, vote, manager


async def begin(trustees: Trustees, manager: Member) -> None:
    await trustees.desk.enter(manager)
    begun = await trustees.desk.post(f"{OPENING}/begin", on=OPENING, strikes="0")
    assert begun.headers["location"] == f"/en/{OPENING}?done=started"


async def test_whole_vote_with_three_trustees_outside_one_of_them_lost(
    trustees: Seated,
) -> None:
    """Ceremony, rehearsal and confirmation by all three; then one is lost and a proof is wrong, and two finish."""
    holders, vote, manager = trustees
    desk = holders.desk
    await begin(holders, manager)
    assert len(await holders.go_round()) == 9
    await desk.enter(manager)
    prepared = await desk.post(f"{OPENING}/prepare", on=OPENING)
    assert prepared.headers["location"] == f"/en/{OPENING}?done=prepared"
    await sign(desk, vote.registrar, "registrar", OPENING)
    signed = await sign(desk, vote.auditor, "auditor", OPENING)
    assert signed.headers["location"] == f"/en/{OPENING}?done=fixed"
    assert len(await holders.go_round()) == 9
    assert "vote opens at its time" not in (await desk.get(OPENING)).text
    assert "3 test ballots went through 3 mixes" in (await desk.get(OPENING)).text
    await begin_voting(vote)
    for choice in ([0], [0], [1], [0, 2]):
        await cast(vote, await vote.voter(), choice)
    await close(vote)
    await count(vote)
    assert await holders.go_round(but=(3,)) == ["Aila", "Birk"]
    third = await holders.errand(holders.holders[2])
    assert third
    await desk.enter(manager)
    reason = {f"reason_{code}": "She is ill." for code in ("fi", "sv", "en")}
    lost = await desk.post(f"{holders.page}/lost", on=holders.page, number="3", lost="yes", **reason)
    assert lost.headers["location"] == f"/en/{holders.page}?done=lost"
    await holders.publish()
    first = holders.holders[0]
    errand = await holders.errand(first)
    assert errand
    answer = await holders.answer(first, errand, "--without", "3")
    wrong = await holders.upload(first, damaged(answer, lambda name, body: spoilt(body) if "file" in name else body))
    assert wrong.status_code == 409
    assert "Refused:" in wrong.text
    assert "Nothing of these is in the record" in wrong.text
    assert (await holders.upload(first, answer)).status_code == 303
    assert (await holders.upload(first, answer)).status_code == 303  # once more changes nothing
    await count(vote)
    assert await holders.go_round("--without", "3", but=(3,)) == ["Birk"]
    await count(vote)
    async with vote.service.database.transaction() as session:
        await explain(session, SLUG)
    await holders.publish()
    report = await verified(vote)
    assert report["verdict"] == "pass", report


def spoilt(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


async def count(vote: OpenVote) -> None:
    """Let the job of the count run."""
    await vote.service.sequencer.settle()
    async with vote.service.database.reading() as session:
        found = await find_round(session, SLUG, whole=False)
    await sealed.count(vote.service, found.id)


async def test_registrar_gives_up_a_stalled_ceremony_and_it_begins_again(
    trustees: Seated,
) -> None:
    """One trustee is silent: the page says since when; the registrar signs, and the next ceremony begins."""
    holders, vote, manager = trustees
    desk = holders.desk
    await begin(holders, manager)
    assert await holders.go_round(but=(2,)) == ["Aila"]
    vote.clock.now += timedelta(days=2)
    await desk.enter(manager)
    assert "waited for since" in (await desk.get(holders.page)).text
    early = await desk.post(f"{OPENING}/begin", on=OPENING, strikes="0")
    assert early.status_code == 409
    assert vote.registrar.actor.account_id
    await desk.enter(Member(vote.registrar.actor.account_id, "", ""))
    shown = (await desk.get(f"{holders.page}?why=silent")).text
    entry = re.search(r'name="entry" value="([^"]+)"', shown)
    assert entry, shown
    signed = vote.registrar.sign(decode(entry[1].replace("&#34;", '"').encode()))
    given = {"why": "silent", "key": signed["public_key"], "signature": signed["signature"]}
    gone = await desk.post(f"{holders.page}/abandon", on=holders.page, **given)
    assert gone.headers["location"] == f"/en/{holders.page}?done=abandoned", gone.text
    await begin(holders, manager)
    assert len(await holders.go_round()) == 9
    async with vote.service.database.reading() as session:
        found = await find_round(session, SLUG)
        election = (await state_of(session, found.log)).election
        opening = await openings.opening_of(session, found.id)
    assert opening
    assert election.setup
    assert (election.setup.attempt, election.ended, len(election.messages["tk3"])) == (2, None, 3)


async def test_nobody_hands_in_for_another(trustees: Seated) -> None:
    """Who is no trustee gets no errand; a trustee's message uploaded by another, or out of turn, is refused."""
    holders, _, manager = trustees
    await begin(holders, manager)
    await holders.publish()
    first, second, _ = holders.holders
    errand = await holders.errand(first)
    assert errand
    assert await holders.errand(second) is None
    await holders.desk.enter(first.member)
    answer = await holders.answer(first, errand)
    assert (await holders.upload_as(second, answer)).status_code == 409
    await holders.desk.enter(manager)
    assert (await holders.desk.get(f"{holders.page}/errand.zip")).status_code == 403


async def test_one_key_may_lie_on_the_server_two_may_not(trustees: Seated) -> None:
    """Fewer keys here than open the ballots: a seat that nobody has takes its turns by itself, a second is refused."""
    holders, vote, manager = trustees
    desk = holders.desk
    await desk.enter(manager)
    await desk.post(f"{holders.page}/seat", on=holders.page, number="3", person="")
    await desk.post(f"{holders.page}/seat", on=holders.page, number="2", person="")
    refused = await desk.post(f"{OPENING}/begin", on=OPENING, strikes="0")
    assert refused.status_code == 409
    assert "Fewer keys may lie on this server" in refused.text
    second = holders.holders[1]
    await desk.post(f"{holders.page}/seat", on=holders.page, number="2", person=str(second.member.id))
    missing = await desk.post(f"{OPENING}/begin", on=OPENING, strikes="0")
    assert "Not every trustee has given the key" in missing.text
    await desk.enter(second.member)
    await desk.post(f"{holders.page}/key", on=holders.page, public_key=second.key)
    await begin(holders, manager)
    assert await holders.go_round() == ["Aila", "Birk"] * 3
    async with vote.service.database.reading() as session:
        found = await find_round(session, SLUG)
        election = (await state_of(session, found.log)).election
    assert len(election.messages["tk3"]) == 3
