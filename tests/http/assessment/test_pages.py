"""The desk of assessment: the whole way on pages, in three languages, with nothing typed lost."""

import re

import pytest

from tests.http.assessment.conftest import Hall
from tests.proposals import REASON, record_kinds
from tests.staff import Member

BASE = "staff/rounds/spring"


def fields(name: str, reason: dict[str, str] = REASON) -> dict[str, str]:
    return {f"{name}_{code}": text for code, text in reason.items()}


async def test_the_whole_way_from_the_inbox_to_the_fixed_list(hall: Hall) -> None:
    """A proposal is published, assessed, costed by two, made a project; two managers confirm one hash."""
    town = hall.town
    for title, place in (("Penkkejä rantaan", {}), ("Valoja polulle", {"place": None, "district": "etela"})):
        await town.sent(title, **place)
    await town.phase("assessment")
    desk = await hall.as_("moderator")
    inbox = await desk.get("staff/inbox")
    assert "Penkkejä rantaan" in inbox.text
    assert "decide on publishing" in inbox.text
    for number in (1, 2):
        page = f"{BASE}/proposals/{number}"
        done = await desk.post(f"{page}/decision", on=page, outcome="publish", act="do")
        assert done.headers["location"].endswith(f"/{number}?done=publish")
    desk = await hall.as_("assessor")
    for number in (1, 2):
        page = f"{BASE}/proposals/{number}"
        done = await desk.post(f"{page}/answers", on=page, act="decide", version=0, ok_lawful="yes")
        assert done.status_code == 303, done.text
        line = {
            "lines.0.what": "Penkki",
            "lines.0.price": "1480,50",
            "lines.0.quantity": "3,5",
            "lines.0.source": "Offer",
        }
        sheet = f"{BASE}/costs/p{number}"
        done = await desk.post(sheet, on=sheet, version=0, contingency="10", round_to="100", **line)
        assert done.status_code == 303, done.text
    desk = await hall.as_("other")
    for number in (1, 2):
        sheet = f"{BASE}/costs/p{number}"
        assert "5,700" in (await desk.get(sheet)).text
        done = await desk.post(f"{sheet}/sign", on=sheet, version=1)
        assert done.status_code == 303, done.text
        listed = (await desk.get(f"{BASE}/list")).text
        once = re.search(r'name="once" value="([^"]+)"', listed)
        assert once
        done = await desk.post(f"{BASE}/list/projects", on=f"{BASE}/list", case=str(number), once=once[1])
        assert done.headers["location"].endswith(f"/list/{100 + number}?done=made")
        page = f"{BASE}/list/{100 + number}"
        words = {f"{name}_{code}": "Sanoja" for name in ("title", "text") for code in ("fi", "sv")}
        states = {f"{name}_{code}_state": "translated" for name in ("title", "text") for code in ("fi", "sv")}
        contest = "pohjoinen" if number == 1 else "etela"
        done = await desk.post(page, on=page, version=1, contest=contest, **words, **states)
        assert done.status_code == 303, done.text
    hashes = []
    for who in ("manager", "second"):
        desk = await hall.as_(who)
        shown = re.search(r'<p class="hash"[^>]*>([0-9a-f]{64})</p>', (await desk.get(f"{BASE}/list")).text)
        assert shown
        hashes.append(shown[1])
        done = await desk.post(f"{BASE}/list/confirm", on=f"{BASE}/list", sha256=shown[1], read="yes")
        assert done.status_code == 303, done.text
    assert hashes[0] == hashes[1]
    assert done.headers["location"].endswith("?done=fixed")
    assert (await record_kinds(town.service))[-1] == "list.fixed list"


async def test_a_rejection_without_its_swedish_reason_keeps_what_was_typed(hall: Hall) -> None:
    await hall.town.sent()
    desk = await hall.as_("moderator")
    page = f"{BASE}/proposals/1"
    refused = await desk.post(
        f"{page}/decision", on=page, outcome="reject", act="do", criterion="lawful", reason_fi="Ei käy päinsä"
    )
    assert refused.status_code == 422
    assert "Ei käy päinsä" in refused.text
    assert 'href="#f-reason_sv"' in refused.text


async def test_who_calculated_cannot_sign_and_reads_why(hall: Hall) -> None:
    number = await hall.town.published()
    desk = await hall.as_("assessor")
    sheet = f"{BASE}/costs/p{number}"
    line = {"lines.0.what": "Penkki", "lines.0.price": "10", "lines.0.source": "Offer"}
    await desk.post(sheet, on=sheet, version=0, **line)
    refused = await desk.post(f"{sheet}/sign", on=sheet, version=1)
    assert refused.status_code == 409
    assert "Who calculated a cost cannot sign it" in refused.text


async def test_two_who_save_a_cost_at_once_lose_nothing(hall: Hall) -> None:
    number = await hall.town.published()
    sheet = f"{BASE}/costs/p{number}"
    desk = await hall.as_("assessor")
    first = {"lines.0.what": "Penkki", "lines.0.price": "10", "lines.0.source": "Offer"}
    await desk.post(sheet, on=sheet, version=0, **first)
    desk = await hall.as_("other")
    second = {"lines.0.what": "Toinen laskelma", "lines.0.price": "20", "lines.0.source": "Offer"}
    late = await desk.post(sheet, on=sheet, version=0, **second)
    assert late.status_code == 409
    assert "Toinen laskelma" in late.text
    assert 'name="version" value="1"' in late.text


async def test_a_bad_number_in_a_cost_is_said_at_its_field(hall: Hall) -> None:
    number = await hall.town.published()
    desk = await hall.as_("assessor")
    sheet = f"{BASE}/costs/p{number}"
    line = {"lines.0.what": "Penkki", "lines.0.price": "kymppi", "lines.0.quantity": "3,5,5", "lines.0.source": "x"}
    refused = await desk.post(sheet, on=sheet, version=0, **line)
    assert refused.status_code == 422
    assert 'id="error-lines.0.price"' in refused.text
    assert 'id="error-lines.0.quantity"' in refused.text


async def test_many_are_decided_at_once_after_a_look_at_each(hall: Hall) -> None:
    for title in ("Penkkejä rantaan", "Valoja polulle", "Keinuja puistoon"):
        await hall.town.sent(title)
    desk = await hall.as_("moderator")
    look = await desk.get(f"{BASE}/decide?outcome=publish&case=1&case=2&case=3")
    assert "It can be done to 3 of 3 proposals." in look.text
    done = await desk.post(
        f"{BASE}/decide", on=f"{BASE}/decide", outcome="publish", case=["1", "2"], when="hand", act="do"
    )
    assert done.headers["location"].endswith("/prepared?done=prepared")
    assert "proposal.published p1" not in await record_kinds(hall.town.service)
    await desk.post(f"{BASE}/prepared", on=f"{BASE}/prepared")
    assert (await record_kinds(hall.town.service))[-2:] == ["proposal.published p1", "proposal.published p2"]


async def test_cases_are_given_out_with_a_deadline_and_then_late(hall: Hall) -> None:
    await hall.town.sent()
    desk = await hall.as_("moderator")
    who = f"person:{hall.people['assessor'].id}"
    done = await desk.post(f"{BASE}/cases", on="staff/inbox", case="1", to=who, due="2026-03-11")
    assert done.status_code == 303, done.text
    hall.town.clock.now = hall.town.clock.now.replace(day=14)
    desk = await hall.as_("assessor")
    mine = (await desk.get("staff/inbox?tab=mine")).text
    assert "2 days over" in mine
    assert "Mikael Sjö" in (await desk.get("staff/inbox/workload")).text


async def test_an_author_asks_for_a_review_and_somebody_else_decides(hall: Hall) -> None:
    await hall.town.sent()
    desk = await hall.as_("moderator")
    page = f"{BASE}/proposals/1"
    await desk.post(f"{page}/decision", on=page, outcome="reject", act="do", criterion="lawful", **fields("reason"))
    town = hall.town
    assert town.author.account_id
    await desk.enter(Member(town.author.account_id, "", ""), factor=False)
    ask = "rounds/spring/proposals/1/review"
    assert f'href="/en/{ask}"' in (await desk.get("rounds/spring/proposals/1")).text
    assert "Oikaisuvaatimus" in (await desk.get(ask)).text
    done = await desk.post(ask, on=ask, body="Paikka on kaupungin maata.")
    assert done.headers["location"].endswith("?done=asked")
    desk = await hall.as_("moderator")
    refused = await desk.post(f"{page}/review", on=page, review_outcome="reinstated", **fields("review"))
    assert "Who refused a proposal cannot decide its review" in refused.text
    desk = await hall.as_("manager")
    done = await desk.post(f"{page}/review", on=page, review_outcome="reinstated", **fields("review"))
    assert done.headers["location"].endswith("?done=review_reinstated")
    assert (await record_kinds(town.service))[-1] == "review.decided p1"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_every_page_speaks_the_readers_language(hall: Hall, language: str) -> None:
    number = await hall.town.costed()
    await hall.town.make([number])
    desk = await hall.as_("assessor")
    for path in (
        "staff/inbox",
        "staff/inbox/workload",
        f"{BASE}/proposals/{number}",
        f"{BASE}/costs/p{number}",
        f"{BASE}/list",
        f"{BASE}/list/101",
    ):
        shown = await desk.get(path, language)
        assert (shown.status_code, f'<html lang="{language}"' in shown.text) == (200, True), (path, shown.text[:500])
