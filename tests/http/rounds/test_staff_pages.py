"""The rounds of staff by screen: a new one, publication with step-up, and the course of a round with its reasons."""

import re
from datetime import timedelta

import pytest

from pb_service.features.accounts.policy import Grant
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.schedule import run_sweep
from tests.conftest import FakeClock
from tests.http.rounds.conftest import Office
from tests.rounds import publish_round, staff
from tests.staff import hire

REASON = {
    "reason.fi.text": "Syy", "reason.fi.state": "original", "reason.sv.text": "Orsak", "reason.sv.state": "translated"
}  # fmt: skip
ROUND = "staff/rounds/spring"


async def test_a_name_is_enough_to_begin_and_makes_the_address(office: Office) -> None:
    answer = await office.desk.post("staff/rounds/new", on="staff/rounds/new", name="Vår miljon 2027", language="sv")
    assert answer.headers["location"] == "/en/staff/rounds/var-miljon-2027/setup/texts?done=created"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "", "language": "fi"}, "Name of the round: fill this in"),
        ({"name": "X"}, "Language of the name: choose one of these"),
        ({"name": "Kevät", "language": "fi", "slug": "spring"}, "There is a round with this address already."),
        ({"name": "X", "language": "fi", "slug": "../etc"}, "small letters, digits and hyphens only"),
        ({"name": "X", "language": "fi", "slug": "rehearsal-x"}, "small letters, digits and hyphens only"),
    ],
)
async def test_a_round_that_cannot_be_begun_is_told_at_its_field(
    office: Office, fields: dict[str, str], told: str
) -> None:
    answer = await office.desk.post("staff/rounds/new", on="staff/rounds/new", **fields)
    assert answer.status_code == 422
    assert told in answer.text


async def test_the_checklist_leads_to_what_is_missing(office: Office) -> None:
    await office.desk.post("staff/rounds/new", on="staff/rounds/new", name="Kesken", language="fi")
    shown = (await office.desk.get("staff/rounds/kesken")).text
    assert 'href="/en/staff/rounds/kesken/setup/texts#f-summary.sv">' in shown
    assert "Publish the round" not in shown
    refused = await office.desk.post("staff/rounds/kesken/publish", on="staff/rounds")
    assert refused.status_code == 409
    assert "The round cannot be published yet" in refused.text


async def test_publishing_asks_for_the_step_up_and_then_begins_the_record(office: Office) -> None:
    member = await hire(office.service, "manager", name="Maria Mattsson")
    await office.desk.enter(member, stepped_up=False)
    answer = await office.desk.get(f"{ROUND}/publish")
    assert answer.headers["location"].startswith("/en/staff/step-up?next=")
    await office.desk.enter(member)
    answer = await office.desk.post(f"{ROUND}/publish", on=f"{ROUND}/publish")
    assert answer.headers["location"] == "/en/staff/rounds/spring?done=published"
    assert "Its public record has begun." in (await office.desk.get("staff/rounds/spring?done=published")).text


async def test_the_phase_that_begins_by_itself_is_announced_and_then_shown(office: Office, clock: FakeClock) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    assert "“Ideas” begins by itself on 9 March 2026, 09:00." in (await office.desk.get(ROUND)).text
    clock.advance(timedelta(days=7))
    await office.desk.enter(await hire(office.service, "manager", name="Maria Mattsson"))
    await run_sweep(office.service, {})
    shown = (await office.desk.get(ROUND)).text
    assert '<p class="eyebrow">Ideas</p>' in shown
    assert "Phase changed: Ideas" in shown


@pytest.mark.parametrize(
    ("fields", "done"),
    [
        ({"move": "push", "target": "ideas"}, "push"),
        ({"move": "extend", "until.date": "2026-03-12", "until.time": "09:00"}, "extend"),
        ({"move": "pause"}, "pause"),
        ({"move": "pause", "reason.sv.state": "nonsense"}, "pause"),  # a state that no page offers is none
    ],
)
async def test_the_course_is_changed_with_a_reason(office: Office, fields: dict[str, str], done: str) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    answer = await office.desk.post(f"{ROUND}/phase", on=ROUND, **(REASON | fields))
    assert answer.headers["location"] == f"/en/staff/rounds/spring?done={done}"


@pytest.mark.parametrize(
    "fields",
    [
        {"move": "push", "target": "ideas"},
        {"move": "push", "target": "counting", **REASON},
        {"move": "extend", **REASON},
        {"move": "extend", "until.date": "2026-03-01", "until.time": "09:00", **REASON},
        {"move": "resume", **REASON},
        {"move": "burn", **REASON},
    ],
)
async def test_what_the_machine_refuses_changes_nothing(office: Office, fields: dict[str, str]) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    answer = await office.desk.post(f"{ROUND}/phase", on=ROUND, **fields)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    shown = (await office.desk.get(ROUND)).text
    assert '<p class="eyebrow">Announced</p>' in shown
    assert "9 March 2026, 09:00" in shown


async def test_a_paused_round_says_so_and_goes_on(office: Office, clock: FakeClock) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    await office.desk.post(f"{ROUND}/phase", on=ROUND, move="pause", **REASON)
    clock.advance(timedelta(minutes=5))
    assert "Announced · paused" in (await office.desk.get(ROUND)).text
    answer = await office.desk.post(f"{ROUND}/phase", on=ROUND, move="resume", move_dates="yes", **REASON)
    assert answer.headers["location"].endswith("?done=resume")
    assert "10 March 2026, 09:00" in (await office.desk.get(ROUND)).text


async def test_next_years_round_begins_with_this_ones_set_up(office: Office) -> None:
    answer = await office.desk.post(f"{ROUND}/clone", on=ROUND, new_slug="spring-2027")
    assert answer.headers["location"] == "/en/staff/rounds/spring-2027?done=cloned"
    shown = (await office.desk.get("staff/rounds/spring-2027/setup/dates")).text
    assert 'value="2027-03-08"' in shown
    assert (await office.desk.post(f"{ROUND}/clone", on=ROUND, new_slug="spring")).status_code == 422


async def test_a_draft_is_erased_and_a_published_round_is_not(office: Office) -> None:
    await office.desk.post(f"{ROUND}/clone", on=ROUND, new_slug="gone")
    answer = await office.desk.post("staff/rounds/gone/erase", on="staff/rounds/gone/erase")
    assert answer.headers["location"] == "/en/staff/rounds?done=erased"
    assert (await office.desk.get("staff/rounds/gone")).status_code == 404
    await publish_round(office.service, await staff(office.service), "spring")
    assert (await office.desk.post(f"{ROUND}/erase", on=ROUND)).status_code == 409
    assert (await office.desk.get(ROUND)).status_code == 200


async def test_the_question_before_erasing_shows_nobody_a_draft_of_others(office: Office) -> None:
    """A manager of one round may erase there, and learns nothing of the drafts of other rounds."""
    await office.desk.post(f"{ROUND}/clone", on=ROUND, new_slug="other")
    async with office.service.database.reading() as session:
        other = await find_round(session, "other", whole=False)
    await office.desk.enter(await hire(office.service, Grant("manager", other.id), name="Outi Outo"))
    assert (await office.desk.get("staff/rounds/other/erase")).status_code == 200
    assert (await office.desk.get(f"{ROUND}/erase")).status_code == 403


async def test_a_preview_is_the_residents_page_and_says_that_it_is_one(office: Office) -> None:
    shown = (await office.desk.get(f"{ROUND}/preview")).text
    assert "Preview. Residents see this when the round is published." in shown
    assert "You decide." in shown


async def test_the_municipality_changes_which_languages_are_required(office: Office) -> None:
    fields = await office.fields("staff/municipality")
    answer = await office.desk.post(
        "staff/municipality", on="staff/municipality", reading="en", **{**fields, "languages": ["fi", "sv", "en"]}
    )
    assert answer.headers["location"] == "/en/staff/municipality?done=saved"
    shown = (await office.desk.get(ROUND)).text
    assert re.search(r"Name of the round, in English: the text is missing", shown)
    stale = await office.desk.post("staff/municipality", on="staff/municipality", reading="en", **fields)
    assert stale.status_code == 409
    refused = await office.desk.post(
        "staff/municipality", on="staff/municipality", reading="en", **{**fields, "time_zone": "Mars"}
    )
    assert refused.status_code == 422
