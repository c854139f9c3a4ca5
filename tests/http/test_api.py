"""The JSON API: everything the pages say, for programs."""

import httpx
import jsonschema
import pytest


async def test_rounds_are_listed_with_links(client: httpx.AsyncClient) -> None:
    (listed,) = (await client.get("/api/v1/rounds")).json()
    assert listed["id"] == "spring"
    assert listed["phase"] == "results"
    assert (await client.get(listed["href"])).status_code == 200


async def test_a_round_says_how_much_each_district_had_and_spent(client: httpx.AsyncClient) -> None:
    detail = (await client.get("/api/v1/rounds/spring")).json()
    north = detail["contests"][0]
    assert (north["budget"], north["cost"], north["ballots"], north["chosen"]) == (10_000, 9_000, 4, 2)
    assert len(detail["fingerprint"].replace(" ", "")) == 26


async def test_each_project_has_a_reason_with_its_numbers(client: httpx.AsyncClient) -> None:
    result = (await client.get("/api/v1/rounds/spring/contests/north")).json()
    assert [project["why"] for project in result["projects"]] == [
        {"c": "chosen", "rank": 1, "left": 10_000},
        {"c": "too_dear", "rank": 2, "left": 4_000},
        {"c": "chosen", "rank": 3, "left": 4_000},
    ]
    assert [project["official"] for project in result["projects"]] == [True, False, True]


async def test_every_file_that_a_result_names_is_there(client: httpx.AsyncClient) -> None:
    for contest in ("north", "south"):
        result = (await client.get(f"/api/v1/rounds/spring/contests/{contest}")).json()
        assert {(await client.get(href)).status_code for href in result["files"].values()} == {200}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/rounds/winter",
        "/api/v1/rounds/spring/contests/west",
        "/data/winter/evidence.zip",
        "/data/spring/west/ballots.pb",
        "/data/spring/north/secrets.json",
        "/api/v1/rounds/%00",
    ],
)
async def test_what_is_not_there_is_a_problem_document(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_a_round_being_set_up_is_hidden(client: httpx.AsyncClient, service: object) -> None:
    from pb_service.features.opendata.imports import import_round, plan_import
    from pb_service.service import Service
    from tests.builders import import_options, pabulib_file

    assert isinstance(service, Service)
    async with service.database.transaction() as session:
        planned = plan_import([pabulib_file("East")], import_options("autumn"))
        await import_round(session, planned, origin_host="example.org", now=service.clock())
    assert [listed["id"] for listed in (await client.get("/api/v1/rounds")).json()] == ["spring"]
    assert (await client.get("/api/v1/rounds/autumn")).status_code == 404


async def test_the_openapi_description_names_every_operation(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    assert {"/api/v1/rounds", "/api/v1/rounds/{slug}", "/data/{slug}/evidence.zip"} <= document["paths"].keys()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation.get("summary") for operation in operations)


async def test_answers_carry_the_security_headers(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/api/v1/rounds")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]


async def test_each_operation_has_examples_that_keep_to_its_description(client: httpx.AsyncClient) -> None:
    """Every parameter, body and JSON answer."""
    document = (await client.get("/api/openapi.json")).json()
    components, seen = document["components"], 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            forms = [operation["requestBody"]] if "requestBody" in operation else []
            forms += operation["responses"].values()
            bodies = [form for each in forms for media, form in each.get("content", {}).items() if "json" in media]
            for holder in [*operation["parameters"], *(body for body in bodies if "schema" in body)]:
                schema = {**holder["schema"], "components": components}
                faults = [
                    fault.message for fault in jsonschema.Draft202012Validator(schema).iter_errors(holder["example"])
                ]
                assert faults == [], f"{method} {path} {holder.get('name', '')}: {holder['example']}"
                seen += 1
    assert seen > 100
