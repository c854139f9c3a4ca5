"""Officers, auditors and managers at their pages: paper given and counted, a ballot struck and looked at again."""

import re

import pytest

from pb_service.features.counting import sealed
from pb_service.features.rounds.finding import find_round
from tests.desk import PAGE, enter, place_of, sign, with_place
from tests.residents import log_lines
from tests.staff import Desk, hire
from tests.voting import Booth, OpenVote, close, posted

STEPS = "staff/rounds/spring/vote-steps"
WHY = {"reason_fi": "Sama kahdesti.", "reason_sv": "Samma två gånger."}


async def give(desk: Desk, vote: OpenVote, number: int) -> str:
    """Give paper to a person without an account, and return the page of it."""
    typed = {"name": f"Aino Esimerkki {number}", "born": "1950-01-02"}
    await enter(desk, vote.desks[0])
    shown = await desk.post(f"{PAGE}/find", on=PAGE, **typed)
    assert "Nothing stands in this person" in shown.text
    at = place_of(shown.text)
    begun = await desk.post(f"{PAGE}/give", on=PAGE, **typed, contest="pohjoinen", at=at)
    page = begun.headers["location"].removeprefix("/en/").partition("?")[0]
    offered = re.sub(r'name="seen" value="[^"]*"', "", (await desk.get(page)).text)
    assert (await sign(desk, vote.desks[0], page)).headers["location"].endswith("done=signed")
    await enter(desk, vote.desks[1])
    assert "Look the person up yourself" in (await desk.get(page)).text
    wrong = await desk.post(page, on=page, **{**typed, "born": "1950-01-03"})
    assert (wrong.status_code, "Do not sign" in wrong.text) == (422, True)
    bold = await sign(desk, vote.desks[1], page, offered)
    assert (bold.status_code, "Look the person up yourself, and sign" in bold.text) == (409, True)
    same = await desk.post(page, on=page, **typed)
    assert (await sign(desk, vote.desks[1], page, same.text)).headers["location"].endswith("done=logged")
    return page


async def test_paper_is_given_and_counted_by_pages(desk: Desk, vote: OpenVote) -> None:
    """From looking a person up to the list that lets the count go on, and the two PDFs."""
    await with_place(desk, vote)
    page = await give(desk, vote, 1)
    assert "the paper ballot counts" in (await desk.get(page)).text
    looks = [act for act, _ in await log_lines(vote.service)].count("desk.looked-up")
    assert looks == 3  # the first officer's, and the second's wrong and right one
    printed = await desk.get(f"{PAGE}/ballots/pohjoinen?variants=2")
    assert printed.content.startswith(b"%PDF-")
    await close(vote)
    await vote.service.sequencer.settle(0.01)
    await count(vote)
    await enter(desk, vote.desks[0])
    box = f"{PAGE}/boxes/pohjoinen/K-1"
    account = {"given": "1", "in_box": "1", "spoilt": "0", "returned": "0"}
    refused = await desk.post(f"{box}/account", on=box, **{**account, "spoilt": "1"})
    assert (refused.status_code, "does not balance" in refused.text) == (409, True)
    assert (await desk.post(f"{box}/account", on=box, **account)).headers["location"].endswith("done=account")
    for hand, officer in enumerate(vote.desks, 1):
        await enter(desk, officer)
        reading = f"{box}/read/{hand}"
        await desk.post(reading, on=reading, number="1", kind="choices", p="1")
    await enter(desk, vote.auditor)
    await desk.post(f"{box}/sample", on=box)
    reading = f"{box}/read/4"
    assert (await desk.post(reading, on=reading, number="1", kind="choices", p="1")).status_code == 303
    await enter(desk, vote.desks[0])
    made = await desk.post(f"{PAGE}/contests/pohjoinen/list", on=f"{PAGE}/boxes")
    page = made.headers["location"].removeprefix("/en/").partition("?")[0]
    assert (await sign(desk, vote.desks[0], page, role="desk")).headers["location"].endswith("done=signed")
    for person, role, flag in ((vote.auditor, "auditor", "signed"), (vote.desks[1], "desk", "logged")):
        await enter(desk, person)
        assert (await sign(desk, person, page, role=role)).headers["location"].endswith(f"done={flag}")
    assert (await desk.get(f"{PAGE}/certificate.pdf")).content.startswith(b"%PDF-")
    assert await count(vote)


async def count(vote: OpenVote) -> bool:
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring", whole=False)
    is_published = await sealed.count(vote.service, found.id)
    await vote.service.sequencer.settle(0.01)
    return is_published


async def test_struck_voter_asks_for_a_review(desk: Desk, vote: OpenVote) -> None:
    """Two officers and a registrar strike by their pages; the voter reads why, asks, and reads the answer."""
    booth = await Booth.enter(desk.client, vote)
    envelope = await vote.sealed(booth.actor, [0])
    cast = (await booth.cast(posted(envelope))).json()
    cookie = desk.client.cookies["pb-session"]
    await enter(desk, vote.desks[0])
    reasons = {f"which_{name}": text for name, text in WHY.items()}
    begun = await desk.post(f"{STEPS}/strike", on=STEPS, which=cast["code"], why="person", **reasons)
    page = begun.headers["location"].removeprefix("/en/").partition("?")[0]
    for person, role in ((vote.desks[0], "desk"), (vote.registrar, "registrar"), (vote.desks[1], "desk")):
        await enter(desk, person)
        signed = await sign(desk, person, page, role=role)
    assert signed.headers["location"].endswith("done=logged")
    desk.client.cookies.clear()
    desk.client.cookies.set("pb-session", cookie)
    record = "rounds/spring/vote/record"
    shown = (await desk.get(record)).text
    assert "Sama kahdesti." in shown
    asked = {f"text-{cast['index']}": "I voted once."}
    assert (await desk.post(f"{record}/{cast['index']}/review", on=record, **asked)).status_code == 303
    assert (await desk.post(f"{record}/{cast['index']}/review", on="me", **asked)).status_code == 422
    manager = await hire(vote.service, "manager", name="Katri")
    await desk.enter(manager)
    assert "I voted once." in (await desk.get(STEPS)).text
    answer = {f"answer-{cast['index']}": "We looked again: it stays struck."}
    assert (await desk.post(f"{STEPS}/reviews/{cast['index']}", on=STEPS, **answer)).status_code == 303
    desk.client.cookies.clear()
    desk.client.cookies.set("pb-session", cookie)
    assert "it stays struck" in (await desk.get(record)).text


async def test_vote_is_extended_and_an_incident_told_by_pages(desk: Desk, vote: OpenVote) -> None:
    """A manager begins; registrar and auditor sign; what lacks a language or a later time is said at its field."""
    manager = await hire(vote.service, "manager", name="Katri")
    await desk.enter(manager)
    lacking = await desk.post(f"{STEPS}/incident", on=STEPS, incident_fi="Verkko oli poikki.")
    assert lacking.status_code == 409
    told = await desk.post(f"{STEPS}/incident", on=STEPS, incident_fi="Poikki.", incident_sv="Nere.")
    assert told.headers["location"].endswith("done=noted")
    reasons = {f"day_{name}": text for name, text in WHY.items()}
    earlier = await desk.post(f"{STEPS}/extend", on=STEPS, day="2020-01-01", time="20:00", **reasons)
    assert earlier.status_code == 409
    begun = await desk.post(f"{STEPS}/extend", on=STEPS, day="2099-01-01", time="20:00", **reasons)
    page = begun.headers["location"].removeprefix("/en/").partition("?")[0]
    for person, role in ((vote.registrar, "registrar"), (vote.auditor, "auditor")):
        await enter(desk, person)
        signed = await sign(desk, person, page, role=role)
    assert signed.headers["location"].endswith("done=logged")
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring", whole=False)
    assert found.closes_at
    assert found.closes_at.year in {2098, 2099}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_pages_speak_three_languages(desk: Desk, vote: OpenVote, language: str) -> None:
    """Every page of the desk is there in each language, and what is not there is not found."""
    manager = await with_place(desk, vote)
    await desk.enter(manager)
    for page in ("desk", "desk/print", "desk/boxes", "vote-steps"):
        assert (await desk.get(f"staff/rounds/spring/{page}", language)).status_code == 200
    assert (await desk.get("staff/rounds/spring/desk/boxes/pohjoinen/none", language)).status_code == 404
