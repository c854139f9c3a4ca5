"""Rounds as residents read them, and which district somebody lives in."""

import re
from datetime import timedelta

import httpx
import pytest

from pb_service.features.rounds import service as rounds
from pb_service.features.rounds.schedule import run_sweep
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.residents import OWN_HEADERS
from tests.rounds import REASON, draft, publish_round, staff


@pytest.fixture
async def town(service: Service, clock: FakeClock) -> Service:
    """The round spring published, with a table of postal codes; a rehearsal beside it."""
    manager = await staff(service)
    async with service.database.transaction() as session:
        table = b"postcode;district\n00100;etela\n00200;pohjoinen\n00300;etela\n00300;pohjoinen\n"
        seen = await rounds.import_preview(
            session, manager, "spring", "postal", table[: table.index(b"00300")], filename="codes.csv", now=clock()
        )
        assert seen.upload
        await rounds.import_apply(session, manager, "spring", seen.upload, now=clock())
    await publish_round(service, manager, "spring")
    await publish_round(service, manager, await draft(service, manager, "trial", rehearsal=True))
    return service


async def ask(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    path = "/en/rounds/spring/district"
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get(path)).text)
    assert csrf
    return await client.post(path, data={"csrf": csrf[1], **fields}, headers=OWN_HEADERS)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_list_has_public_rounds_and_neither_drafts_nor_rehearsals(
    client: httpx.AsyncClient, town: Service, language: str
) -> None:
    await draft(town, await staff(town), "autumn")
    shown = (await client.get(f"/{language}/rounds")).text
    assert re.findall(rf'href="/{language}/rounds/([a-z0-9-]+)"', shown) == ["spring"]


@pytest.mark.usefixtures("town")
async def test_the_round_shows_its_steps_money_rule_and_what_happened(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/en/rounds/spring")).text
    assert "1,000,000\u00a0€.<br>You decide." in shown
    assert "“Ideas” begins on 9 March 2026, 09:00." in shown
    assert "333,333.33\u00a0€" in shown
    assert "Age: at least 12 years." in shown
    assert "The round was published." in shown


async def test_the_symbol_says_until_when_one_can_influence(
    client: httpx.AsyncClient, town: Service, clock: FakeClock
) -> None:
    assert "You can influence until" not in (await client.get("/sv/rounds/spring")).text
    clock.advance(timedelta(days=8))
    await run_sweep(town, {})
    assert "You can influence until 6 April 2026" in (await client.get("/en/rounds/spring")).text


async def test_a_pause_is_shown_with_its_reason(client: httpx.AsyncClient, town: Service, clock: FakeClock) -> None:
    async with town.database.transaction() as session:
        await rounds.pause(session, await staff(town), "spring", reason=REASON, now=clock())
    shown = (await client.get("/sv/rounds/spring")).text
    assert "Omgången är pausad." in shown
    assert '<span lang="sv">Orsak</span>' in shown


async def test_a_rehearsal_is_marked_on_every_page(client: httpx.AsyncClient, town: Service) -> None:
    async with town.database.reading() as session:
        (slug,) = [row.slug for row in await rounds.staff_rounds(session, await staff(town)) if row.rehearsal]
    for path in (f"/en/rounds/{slug}", f"/en/rounds/{slug}/district"):
        assert "Rehearsal. Nothing here is real" in (await client.get(path)).text


async def test_a_draft_is_not_there_for_residents(client: httpx.AsyncClient, town: Service) -> None:
    await draft(town, await staff(town), "autumn")
    for path in ("", "/district", "/record"):
        assert (await client.get(f"/en/rounds/autumn{path}")).status_code == 404


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"address": "00200"}, "Pohjoinen"),
        ({"address": "Storgatan 5, 00100 Hamnstad"}, "Etela"),
        ({"lat": "60,5", "lon": "24.5"}, "Pohjoinen"),
        ({"address": "99999"}, "We did not find that place"),
        ({"lat": "10", "lon": "10"}, "This place is in none of the districts"),
    ],
)
async def test_a_district_is_found_by_postal_code_address_or_place(
    client: httpx.AsyncClient, fields: dict[str, str], told: str
) -> None:
    answer = await ask(client, **fields)
    assert answer.status_code == 200
    assert told in re.sub(r"<[^>]+>", "", answer.text.partition('id="answer"')[2])[:200]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("fields", [{}, {"address": "  "}, {"lat": "north", "lon": "24"}, {"lat": "91", "lon": "24"}])
async def test_what_is_no_place_is_told_at_its_field(client: httpx.AsyncClient, fields: dict[str, str]) -> None:
    answer = await ask(client, **fields)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


@pytest.mark.usefixtures("town")
async def test_the_map_leads_to_the_answer_without_script(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/en/rounds/spring/district")).text
    link = re.search(r'<a href="([^"]+)" aria-label="Etela"', shown)
    assert link
    assert "Your district" in (await client.get(link[1].partition("#")[0])).text


@pytest.mark.usefixtures("town")
async def test_a_district_that_is_not_there_is_no_answer(client: httpx.AsyncClient) -> None:
    shown = await client.get("/en/rounds/spring/district", params={"district": '"><script>'})
    assert (shown.status_code, "Your district" in shown.text, "<script>" in shown.text) == (200, False, False)
