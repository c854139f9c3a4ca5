"""The open interface over a round of one's own, from its publication on."""

from collections.abc import AsyncIterator
from hashlib import sha256

import httpx
import pytest

from pb_service.app import create_app
from pb_service.core.record import canonical
from pb_service.core.rounds.geojson import parse_geojson
from pb_service.features.rounds import service as rounds
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.rounds import REASON, draft, publish_round, staff


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with the published round spring, a draft and a rehearsal."""
    async with open_service(settings, database_url, clock=clock) as opened:
        manager = await staff(opened)
        await draft(opened, manager)
        await draft(opened, manager, "autumn")
        await publish_round(opened, manager, await draft(opened, manager, "trial", rehearsal=True))
        async with opened.database.transaction() as session:
            seen = await rounds.import_preview(
                session, manager, "spring", "postal", b"postcode;district\n00100;etela\n", filename="f", now=clock()
            )
            assert seen.upload
            await rounds.import_apply(session, manager, "spring", seen.upload, now=clock())
        await publish_round(opened, manager, "spring")
        await opened.sequencer.settle()
        yield opened


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_published_rounds_are_listed_drafts_and_rehearsals_not(client: httpx.AsyncClient) -> None:
    (listed,) = (await client.get("/api/v1/rounds")).json()
    assert (listed["id"], listed["phase"], listed["imported"], listed["rehearsal"]) == (
        "spring", "announced", False, False
    )  # fmt: skip
    assert listed["open_until"] == "2026-03-09T07:00:00Z"


async def test_a_round_shows_phases_in_utc_districts_and_money(client: httpx.AsyncClient) -> None:
    detail = (await client.get("/api/v1/rounds/spring")).json()
    assert detail["phases"][0] == {
        "phase": "ideas",
        "starts_at": "2026-03-09T07:00:00Z",
        "ends_at": "2026-04-06T06:00:00Z",
        "state": "next",
    }
    assert [(each["id"], each["money"]) for each in detail["districts"]] == [
        ("pohjoinen", 33_333_333), ("etela", 66_666_667)
    ]  # fmt: skip
    assert (detail["time_zone"], detail["election_id"], detail["evidence"], detail["contests"]) == (
        "Europe/Helsinki", None, None, []
    )  # fmt: skip
    assert (await client.get(detail["checkpoint"])).text.startswith("example.org/pb/spring\n2\n")


async def test_districts_are_geojson(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/rounds/spring/districts")
    assert answer.headers["content-type"].startswith("application/geo+json")
    reading = parse_geojson(answer.content)
    assert ([found.key for found in reading.districts], reading.problems) == (["pohjoinen", "etela"], [])


@pytest.mark.parametrize(
    ("place", "district"),
    [
        ({"lon": "24.5", "lat": "60.5"}, "pohjoinen"),
        ({"postal_code": "00100"}, "etela"),
        ({"address": "Esimerkkikatu 5, 00100 Kaupunki"}, "etela"),
        ({"lon": "0", "lat": "0"}, None),
        ({"postal_code": "' OR 1=1 --"}, None),
        ({"address": "%00"}, None),
        ({}, None),
    ],
)
async def test_a_place_has_its_district(client: httpx.AsyncClient, place: dict[str, str], district: str | None) -> None:
    answer = await client.get("/api/v1/rounds/spring/district", params=place)
    assert (answer.status_code, answer.json()["district"]) == (200, district)


@pytest.mark.parametrize("place", [{"lon": "200", "lat": "0"}, {"lon": "x", "lat": "0"}, {"address": "a" * 201}])
async def test_what_is_no_place_is_a_problem_document(client: httpx.AsyncClient, place: dict[str, str]) -> None:
    answer = await client.get("/api/v1/rounds/spring/district", params=place)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/rounds/autumn",
        "/api/v1/rounds/autumn/districts",
        "/api/v1/rounds/autumn/district?postal_code=00100",
        "/api/v1/rounds/spring/contests/etela",
        "/data/spring/manifest.json",
        "/data/spring/etela/ballots.pb",
    ],
)
async def test_what_is_not_published_yet_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_the_table_of_places_has_the_hash_that_its_act_names(client: httpx.AsyncClient, service: Service) -> None:
    answer = await client.get("/data/spring/postal.json")
    async with service.database.reading() as session:
        (act,) = [act for act in (await rounds.public_round(session, "spring")).acts if act.kind == "districts.table"]
    assert answer.json() == [["00100", "both", 0, 0, "etela"]]
    assert act.about["sha256"] == canonical.b64u(sha256(answer.content).digest())
    assert (await client.get("/data/spring/addresses.json")).status_code == 404


async def test_the_evidence_of_a_round_without_a_result_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/data/spring/evidence.zip")).status_code in {404, 409}


async def test_a_phase_that_was_pushed_is_shown_with_the_time_it_began(
    client: httpx.AsyncClient, service: Service, clock: FakeClock
) -> None:
    manager = await staff(service)
    async with service.database.transaction() as session:
        await rounds.push_phase(session, manager, "spring", "ideas", reason=REASON, now=clock())
    detail = (await client.get("/api/v1/rounds/spring")).json()
    assert (detail["round"]["phase"], detail["phases"][0]["state"], detail["phases"][0]["starts_at"]) == (
        "ideas", "now", "2026-03-02T09:00:00Z"
    )  # fmt: skip


async def test_the_pages_of_the_record_are_there_from_the_publication_on(client: httpx.AsyncClient) -> None:
    for path in ("/en/rounds/spring/record", "/fi/rounds/spring/record/0"):
        assert (await client.get(path)).status_code == 200
