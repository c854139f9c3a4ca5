"""What staff may type by mistake or malice: too much, markup, hidden marks, too late, about their own proposal."""

import re
from dataclasses import replace

import pytest

from pb_service.features.assessment.moderation import Wanted
from tests.http.assessment.conftest import Hall
from tests.http.assessment.test_api_path import ORIGIN, Programs
from tests.http.assessment.test_pages import BASE, fields
from tests.proposals import REASON, record_kinds

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HIDDEN = "a\u200bb\u202ec\u2066d"


async def test_ten_megabytes_are_refused_on_the_page_and_in_the_api_and_nothing_is_kept(hall: Hall) -> None:
    await hall.town.sent()
    programs = Programs(hall)
    await programs.be("moderator")
    huge = "x" * 10_000_000
    body = {"csrf": programs.csrf, "outcome": "return", "act": "do", "reason_fi": huge, "reason_sv": huge}
    page = await hall.desk.client.post(f"/en/{BASE}/proposals/1/decision", data=body, headers=ORIGIN)
    assert page.status_code == 413
    order = {"outcome": "return", "reason": {"fi": huge, "sv": huge}}
    headers = {**ORIGIN, "x-csrf-token": programs.csrf}
    api = await hall.desk.client.post("/api/v1/rounds/spring/proposals/1/decision", json=order, headers=headers)
    assert api.status_code == 413
    assert (await record_kinds(hall.town.service))[-1] == "proposal.received p1"


async def test_markup_and_hidden_marks_in_every_field_of_staff_are_shown_as_text(hall: Hall) -> None:
    town, typed = hall.town, f"{SCRIPT} {HIDDEN}"
    number = await town.costed()
    await town.sent("Valoja polulle")
    desk = await hall.as_("moderator")
    case, two = f"{BASE}/proposals/{number}", f"{BASE}/proposals/2"
    await desk.post(f"{case}/notes", on=case, note=typed)
    named = {"template_name": typed, "template_outcome": "return", "template_fi": typed, "template_sv": typed}
    await desk.post(f"{BASE}/templates", on=f"{BASE}/rules", **named)
    reasons = {"reason_fi": typed, "reason_sv": typed, "criterion": "lawful"}
    done = await desk.post(f"{two}/decision", on=two, outcome="reject", act="do", **reasons)
    assert done.status_code == 303
    pages = [case, two, f"{BASE}/rules", "staff/inbox", "rounds/spring/proposals/2"]
    shown = [(await desk.get(path)).text for path in pages]
    desk = await hall.as_("assessor")
    sheet = f"{BASE}/costs/p{number}"
    line = {f"lines.0.{name}": typed for name in ("what", "source")} | {"lines.0.unit": "<b>", "lines.0.price": "10"}
    done = await desk.post(sheet, on=sheet, version=1, **line, **fields("reason", {"fi": typed, "sv": typed}))
    assert done.status_code == 303, done.text
    await town.make([number])
    words = {f"{name}_{code}": typed for name in ("title", "text") for code in ("fi", "sv")}
    words |= {f"{name}_{code}_state": "translated" for name in ("title", "text") for code in ("fi", "sv")}
    project = f"{BASE}/list/101"
    done = await desk.post(project, on=project, version=1, contest="pohjoinen", sets=typed[:60], **words)
    assert done.status_code == 303, done.text
    shown += [(await desk.get(path)).text for path in (sheet, f"{BASE}/list", f"{BASE}/list/preview", project)]
    for text in shown:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert not set("\u200b\u202e\u2066") & set(text)
    assert "&lt;script&gt;alert(1)" in shown[0]


async def test_a_phase_that_ends_while_staff_type_keeps_what_was_typed(hall: Hall) -> None:
    await hall.town.sent()
    desk = await hall.as_("moderator")
    page = f"{BASE}/proposals/1"
    shown = await desk.get(page)
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert csrf
    await hall.town.phase("announced")
    late = await desk.client.post(
        f"/en/{page}/decision",
        data={"csrf": csrf[1], "outcome": "return", "act": "do", **fields("reason", {"fi": "Kerro", "sv": "Berätta"})},
        headers=ORIGIN,
    )
    assert late.status_code == 422
    assert "This does not belong to the present phase of the round." in late.text
    assert (await record_kinds(hall.town.service))[-1] == "proposal.received p1"


@pytest.mark.parametrize("act", ["do", "prepare"])
async def test_a_moderator_reads_that_somebody_else_decides_about_her_own_proposal(hall: Hall, act: str) -> None:
    town = replace(hall.town, author=replace(hall.town.author, account_id=hall.people["moderator"].id))
    await town.sent()
    desk = await hall.as_("moderator")
    page = f"{BASE}/proposals/1"
    assert "You wrote this proposal yourself" in (await desk.get(page)).text
    refused = await desk.post(f"{page}/decision", on="staff/inbox", outcome="publish", act=act)
    assert refused.status_code == 422
    assert "You wrote this proposal yourself: somebody else must decide about it." in refused.text
    assert (await record_kinds(hall.town.service))[-1] == "proposal.received p1"


async def test_hiding_needs_its_reason_and_takes_the_text_off_the_public_page(hall: Hall) -> None:
    number = await hall.town.published("Laiton teksti tähän")
    desk = await hall.as_("moderator")
    page = f"{BASE}/proposals/{number}"
    refused = await desk.post(f"{page}/hide", on=page, hide_fi="Laiton")
    assert refused.status_code == 422
    assert 'href="#f-hide_sv"' in refused.text
    done = await desk.post(f"{page}/hide", on=page, **fields("hide"))
    assert done.headers["location"].endswith("?done=hidden")
    assert "Laiton teksti" not in (await desk.get(f"rounds/spring/proposals/{number}")).text


async def test_a_list_that_is_not_fixed_has_a_page_that_says_so_and_then_one_with_its_hash(hall: Hall) -> None:
    desk = await hall.as_("manager")
    assert "The list is not fixed yet" in (await desk.get("rounds/spring/list")).text
    assert (await desk.client.get("/data/rounds/spring/ballot-list.json")).status_code == 404
    refused = await hall.town.sent("Kieletty idea")
    await hall.town.decide(refused.number or 0, Wanted("reject", "lawful", REASON))
    row = await hall.town.fixed()
    for language in ("fi", "sv"):  # the page in English was kept for half a minute
        shown = (await desk.get("rounds/spring/list", language)).text
        assert row.sha256.hex() in shown
        assert f'lang="{language}"' in shown
