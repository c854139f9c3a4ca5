"""Result pages over HTTP: the round spring has a greedy district, north, and an Equal Shares district, south."""

import hashlib

import httpx
import pytest

PAGES = ["", "/count", "/count?turn=1", "/projects/0"]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_each_page_exists_in_each_language(client: httpx.AsyncClient, language: str) -> None:
    for page in [f"{district}{page}" for district in ("north", "south") for page in PAGES]:
        answer = await client.get(f"/{language}/rounds/spring/{page}")
        assert answer.status_code == 200, page
        assert f'<html lang="{language}"' in answer.text


async def test_the_district_page_says_what_won(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/rounds/spring/north")).text
    assert "2 of 3 projects were chosen" in page


@pytest.mark.parametrize(
    "path", ["rounds/spring/east", "rounds/spring/north/count?turn=9", "rounds/spring/north/projects/9"]
)
async def test_what_does_not_exist_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/en/{path}")).status_code == 404


async def test_a_turn_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/en/rounds/spring/north/count?turn=first")).status_code == 400


async def test_every_download_on_the_page_can_be_had(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/rounds/spring/north")).text
    links = [part.split('"')[0] for part in page.split('<a href="')[1:] if part.startswith("/data/")]
    assert len(links) >= 5
    for link in links:
        assert (await client.get(link)).status_code == 200, link


async def test_the_audit_report_has_checks_hashes_and_counts(client: httpx.AsyncClient) -> None:
    """What an auditor attaches to the decision, linked from the result."""
    assert 'href="/en/rounds/spring/report"' in (await client.get("/en/rounds/spring/north")).text
    page = (await client.get("/en/rounds/spring/report")).text
    outcome = (await client.get("/data/spring/north/outcome.json")).content
    manifest = (await client.get("/data/spring/manifest.json")).content
    assert hashlib.sha256(outcome).hexdigest() in page
    assert hashlib.sha256(manifest).hexdigest() in page
    assert "Read and compared by" in page
