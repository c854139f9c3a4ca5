"""The set-up of a round by screen: saved step by step, nothing typed is lost, nothing slips by the rules."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from pb_service.core.rounds.setup import STEPS
from pb_service.features.accounts.policy import Grant
from pb_service.features.rounds import drafts
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.schedule import run_sweep
from tests.conftest import FakeClock
from tests.http.rounds.conftest import Office, form_fields
from tests.rounds import draft, geojson, publish_round, square, staff
from tests.staff import Desk, hire

SETUP = "staff/rounds/spring/setup"


async def content_of(office: Office, step: Any) -> Any:
    """A step as it is stored now."""
    manager = await staff(office.service)
    async with office.service.database.reading() as session:
        return (await drafts.step_state(session, manager, "spring", step)).step


async def save(office: Office, step: str, act: str = "save", **changes: object) -> httpx.Response:
    fields = await office.fields(f"{SETUP}/{step}")
    wanted = {**fields, **{name.replace("__", "."): value for name, value in changes.items()}, "act": act}
    return await office.desk.post(f"{SETUP}/{step}", on=f"{SETUP}/{step}", reading="en", **wanted)


@pytest.mark.parametrize("step", STEPS)
async def test_a_page_that_is_sent_back_untouched_changes_nothing(office: Office, step: str) -> None:
    before = await content_of(office, step)
    answer = await save(office, step)
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/en/{SETUP}/{step}?done=saved")
    assert await content_of(office, step) == before


async def test_saving_goes_on_to_the_next_step_and_from_the_last_to_the_checklist(office: Office) -> None:
    assert (await save(office, "ballot", "continue")).headers["location"].startswith(f"/en/{SETUP}/rule?")
    assert (await save(office, "closing", "continue")).headers["location"].startswith("/en/staff/rounds/spring?")


async def test_what_cannot_be_read_stays_on_the_page_with_a_sentence_at_its_field(office: Office) -> None:
    answer = await save(office, "money", total="ca tolv tusen", mode="typed")
    assert answer.status_code == 422
    assert 'href="#f-total">Money in all: write the sum in euros, for example 12000</a>' in answer.text
    assert 'value="ca tolv tusen"' in answer.text
    assert "<title>Error: Money" in answer.text


async def test_what_the_rules_refuse_is_told_at_its_field_and_not_saved(office: Office) -> None:
    answer = await save(office, "dates", phases__voting__starts__date="2026-01-01")
    assert answer.status_code == 422
    assert re.search(r'href="#f-phases\.voting">Vote: must come after “Assessment”</a>', answer.text)
    assert (await content_of(office, "dates")).phases[3].starts == "2026-09-07T09:00"


async def test_a_field_that_the_page_does_not_have_is_ignored(office: Office) -> None:
    """Mass assignment: a step has the fields of its form and no others, whatever is sent along."""
    answer = await save(office, "texts", phase="voting", slug="stolen", rehearsal="yes", edited_by="me")
    assert answer.status_code == 303
    assert "spring" in (await office.desk.get("staff/rounds")).text


async def test_a_row_is_added_on_the_page_and_nothing_is_stored_yet(office: Office) -> None:
    answer = await save(office, "criteria", "criteria.add", criteria__0__label__fi__text="Kesken")
    assert answer.status_code == 200
    assert "The list has changed on this page" in answer.text
    assert 'value="Kesken"' in answer.text
    assert re.search(r'id="row-criteria\.1" tabindex="-1" data-focus', answer.text)
    assert len((await content_of(office, "criteria")).criteria) == 1


async def test_the_second_of_two_managers_is_shown_the_difference_and_loses_nothing(office: Office) -> None:
    late = await office.fields(f"{SETUP}/texts")
    assert (await save(office, "texts", name__en__text="Ours")).status_code == 303
    mine = {**late, "name.en.text": "Mine", "summary.en.text": "Also mine", "act": "save"}
    answer = await office.desk.post(f"{SETUP}/texts", on=f"{SETUP}/texts", reading="en", **mine)
    assert answer.status_code == 409
    shown = re.sub(r"\s+", " ", answer.text)
    assert '<th scope="row">Name of the round, in English</th><td data-label="Theirs, saved">Ours</td>' in shown
    assert '<td data-label="Yours, not saved">Mine</td>' in shown
    assert 'value="Mine"' in answer.text
    assert "Also mine" in answer.text
    assert (await content_of(office, "texts")).name["en"].text == "Ours"


async def test_after_seeing_the_difference_saving_again_keeps_ones_own(office: Office) -> None:
    late = await office.fields(f"{SETUP}/texts")
    await save(office, "texts", name__en__text="Ours")
    mine = {**late, "name.en.text": "Mine", "act": "save"}
    first = await office.desk.post(f"{SETUP}/texts", on=f"{SETUP}/texts", reading="en", **mine)
    version = re.search(r'name="version" value="([0-9]+)"', first.text)
    assert version
    again = await office.desk.post(
        f"{SETUP}/texts", on=f"{SETUP}/texts", reading="en", **{**mine, "version": version[1]}
    )
    assert again.status_code == 303
    assert (await content_of(office, "texts")).name["en"].text == "Mine"


async def test_a_published_round_says_what_may_still_change_and_wants_a_reason(office: Office) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    shown = (await office.desk.get(f"{SETUP}/money")).text
    assert "Every change here is an entry of its public record" in shown
    refused = await save(office, "money", total="2 000 000")
    assert refused.status_code == 422
    assert "Reason" in refused.text
    reason = {"reason__fi__text": "Lisää rahaa", "reason__fi__state": "original"}
    more = {"reason__sv__text": "Mera pengar", "reason__sv__state": "translated"}
    assert (await save(office, "money", total="2 000 000", **reason, **more)).status_code == 303
    assert (await content_of(office, "money")).total == 200_000_000


async def test_what_the_phase_has_fixed_is_refused_in_words(office: Office, clock: FakeClock) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    clock.advance(timedelta(days=10))
    await office.desk.enter(await hire(office.service, "manager", name="Eva Ek"))
    await run_sweep(office.service, {})
    reason = {"reason__fi__text": "Syy", "reason__sv__text": "Orsak", "reason__sv__state": "translated"}
    answer = await save(office, "costs", kind="class", classes__0__lowest="0", classes__0__highest="5", **reason)
    assert answer.status_code == 409
    assert "cannot change any more in the phase “Ideas”" in answer.text


async def test_what_is_fixed_is_shown_and_cannot_be_touched(office: Office, clock: FakeClock) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    clock.advance(timedelta(days=10))
    await office.desk.enter(await hire(office.service, "manager", name="Eva Ek"))
    await run_sweep(office.service, {})
    dates = (await office.desk.get(f"{SETUP}/dates")).text
    assert re.search(r'name="phases\.ideas\.starts\.date" value="2026-03-09" readonly', dates)
    assert re.search(r'name="phases\.voting\.starts\.date" value="2026-09-07">', dates)
    costs = (await office.desk.get(f"{SETUP}/costs")).text
    assert re.search(r'value="exact" checked', costs)
    assert re.search(r'value="class" disabled', costs)
    assert 'value="save"' not in costs
    assert "classes.add" not in costs


async def test_in_a_published_round_a_page_sent_back_untouched_is_no_change(office: Office, clock: FakeClock) -> None:
    await publish_round(office.service, await staff(office.service), "spring")
    clock.advance(timedelta(days=10))
    await office.desk.enter(await hire(office.service, "manager", name="Eva Ek"))
    await run_sweep(office.service, {})
    for step in STEPS:
        before = await content_of(office, step)
        assert (await save(office, step)).status_code == 303, step
        assert await content_of(office, step) == before


async def test_what_was_typed_outlives_the_session(office: Office, clock: FakeClock) -> None:
    fields = await office.fields(f"{SETUP}/texts")
    shown = await office.desk.get(f"{SETUP}/texts")
    clock.advance(timedelta(days=2))
    typed = {**fields, "summary.fi.text": "Kolme riviä\n<b>ja</b> merkki", "act": "save"}
    ended = await send(office, f"{SETUP}/texts", shown, typed)
    assert ended.status_code == 403
    assert "What you wrote is kept on this page" in ended.text
    assert 'href="/en/sign-in?next=/en/me" target="_blank"' in ended.text
    await office.desk.enter(await hire(office.service, "manager", name="Eva Ek"))
    again = await send(office, f"{SETUP}/texts", ended, form_fields(ended.text))
    assert (again.status_code, "You have signed in or out since" in again.text) == (403, True)
    saved = await send(office, f"{SETUP}/texts", again, form_fields(again.text))
    assert saved.status_code == 303
    assert (await content_of(office, "texts")).summary["fi"].text == "Kolme riviä\n<b>ja</b> merkki"


async def test_what_a_strangers_page_posts_is_not_offered_to_be_sent_again(office: Office) -> None:
    fields = await office.fields(f"{SETUP}/texts")
    answer = await office.desk.client.post(
        f"/en/{SETUP}/texts", data=fields, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "Send again" not in answer.text


async def send(office: Office, path: str, page: httpx.Response, fields: Any) -> httpx.Response:
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    data = {**fields, "csrf": csrf[1]}
    return await office.desk.client.post(f"/en/{path}", data=data, headers={"origin": "http://localhost"})


async def test_an_editor_translates_and_changes_nothing_else(office: Office, client: httpx.AsyncClient) -> None:
    desk = Desk(client, office.service)
    await desk.enter(await hire(office.service, "editor", name="Edda Engblom"))
    editor = Office(desk, office.service)
    assert (await save(editor, "texts", name__en__text="Spring", name__en__state="translated")).status_code == 303
    assert (await save(editor, "texts", contact__email="mine@example.org")).status_code == 403
    assert (await content_of(office, "texts")).contact.email == "osallistu@example.org"


async def test_a_manager_of_another_round_sees_and_changes_nothing(office: Office, client: httpx.AsyncClient) -> None:
    await draft(office.service, await staff(office.service), "autumn")
    async with office.service.database.reading() as session:
        other = (await find_round(session, "autumn")).id
    desk = Desk(client, office.service)
    await desk.enter(await hire(office.service, Grant("manager", other), name="Olga Orn"))
    assert (await desk.get(f"{SETUP}/texts")).status_code == 403
    assert "spring" not in (await desk.get("staff/rounds")).text
    assert (await desk.post("staff/rounds/spring/phase", on="staff/rounds", move="pause")).status_code == 403
    for page in ("opening", "roll", "vote-steps", "desk", "closing", "trustees", "result"):
        assert (await desk.get(f"staff/rounds/spring/{page}")).status_code == 403, page


async def test_a_file_is_looked_at_with_its_faults_before_anything_is_taken(office: Office) -> None:
    bow = [[[24.0, 60.0], [24.1, 60.1], [24.1, 60.0], [24.0, 60.1], [24.0, 60.0]]]
    answer = await upload(office, "districts", geojson(square(24, 60), bow, names=["Hyvä", "Paha"]))
    assert answer.status_code == 422
    assert "1 row cannot be taken" in answer.text
    assert "crosses itself near" in answer.text
    assert [item.key for item in (await content_of(office, "districts")).districts] == ["pohjoinen", "etela"]


async def test_districts_of_a_file_are_taken_after_the_look(office: Office) -> None:
    looked = await upload(office, "districts", geojson(square(27, 60), names=["Uusi alue"]))
    assert looked.status_code == 200
    found = re.search(r'name="upload" value="([0-9a-f-]+)"', looked.text)
    assert found
    answer = await office.desk.post(
        "staff/rounds/spring/imports/districts/take", on=f"{SETUP}/districts", upload=found[1]
    )
    assert answer.headers["location"] == f"/en/{SETUP}/districts?done=taken"
    assert [item.key for item in (await content_of(office, "districts")).districts][-1] == "uusi-alue"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\x00", b"PK\x03\x04broken", b'{"type": "Point"}'])
async def test_a_file_that_is_none_is_told_at_its_field(office: Office, body: bytes) -> None:
    answer = await upload(office, "districts", body)
    assert answer.status_code == 422
    assert 'id="error-districts"' in answer.text or "error-summary" in answer.text


async def test_borders_are_typed_corner_by_corner(office: Office) -> None:
    path = "staff/rounds/spring/borders/pohjoinen"
    fields = await office.fields(path)
    corners = "60.0, 24.0\n60.0, 24.5\n60.5, 24.5"
    assert (await office.desk.post(path, on=path, reading="en", **{**fields, "outline": corners})).status_code == 303
    (north, _) = (await content_of(office, "districts")).districts
    assert len(north.polygons[0][0]) == 4
    crossed = "60.0, 24.0\n60.5, 24.5\n60.0, 24.5\n60.5, 24.0"
    fields = await office.fields(path)
    answer = await office.desk.post(path, on=path, reading="en", **{**fields, "outline": crossed})
    assert answer.status_code == 422
    assert "crosses itself" in answer.text
    assert crossed in answer.text


async def upload(office: Office, kind: str, body: bytes) -> httpx.Response:
    shown = await office.desk.get(f"{SETUP}/districts")
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert csrf
    return await office.desk.client.post(
        f"/en/staff/rounds/spring/imports/{kind}",
        data={"csrf": csrf[1]},
        files={kind: ("file", body, "application/octet-stream")},
        headers={"origin": "http://localhost"},
    )
