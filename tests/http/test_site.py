"""Pages about the whole round over HTTP, errors as pages and as problem documents, headers, the built frontend."""

import re

import httpx
import pytest

from pb_service.features.opendata.service import store_verification
from pb_service.features.record.sequencer import Sequencer
from pb_service.service import Service

PAGES = ["", "/about", "/rounds/spring", "/rounds/spring/record", "/rounds/spring/record/0", "/rounds/spring/verify"]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_each_page_exists_in_each_language(client: httpx.AsyncClient, language: str, path: str) -> None:
    answer = await client.get(f"/{language}{path}")
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["content-language"] == language


async def test_the_front_door_leads_to_the_readers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"accept-language": "sv-FI"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/sv")
    assert "accept-language" in answer.headers["vary"].lower()


@pytest.mark.parametrize("path", PAGES)
async def test_the_language_switch_stays_on_the_page(client: httpx.AsyncClient, path: str) -> None:
    page = (await client.get(f"/en{path}")).text
    assert f'href="/fi{path}"' in page
    assert f'href="/sv{path}"' in page


async def test_every_link_of_the_pages_leads_somewhere(client: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    for path in PAGES:
        page = (await client.get(f"/en{path}")).text
        seen |= set(re.findall(r'<a [^>]*href="(/[^"#]*)', page))
    broken = [link for link in sorted(seen) if (await client.get(link, follow_redirects=True)).status_code != 200]
    assert broken == []


async def test_the_round_page_adds_its_districts_up(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/rounds/spring")).text
    assert "<h1" in page
    assert "200\u00a0€." in page
    assert "8 ballots were cast" in page


async def test_the_record_shows_its_entries_newest_first(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/rounds/spring/record")).text
    numbers = [int(number) for number in re.findall(r"/record/(\d+)\"", page)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 0


async def test_older_entries_are_asked_for_by_number(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/rounds/spring/record?before=2")).text
    assert re.findall(r"/record/(\d+)\"", page) == ["1", "0"]


async def test_an_entry_beyond_the_record_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/en/rounds/spring/record/999")).status_code == 404


async def test_the_signed_checkpoint_stands_on_the_record_page(client: httpx.AsyncClient, service: Service) -> None:
    sequencer: Sequencer = service.sequencer
    await sequencer.run_once()
    page = (await client.get("/en/rounds/spring/record")).text
    assert "\u2014 example.org/pb/spring" in page


async def test_a_failed_check_comes_first_and_says_what_to_do(client: httpx.AsyncClient, service: Service) -> None:
    report = {
        "verdict": "fail",
        "language": "en",
        "cannot_show": "",
        "checks": [
            {"id": "V1", "status": "pass", "figures": {"entries": 7}, "detail": "", "problems": [], "found": 0},
            {
                "id": "V16",
                "status": "fail",
                "figures": {},
                "detail": "",
                "problems": [{"text": "Other winners in north."}],
                "found": 1,
            },
        ],
    }
    async with service.database.transaction() as session:
        await store_verification(session, "spring", b"a bundle", report, now=service.clock())
    page = (await client.get("/en/rounds/spring/verify")).text
    assert "One check failed" in page
    assert page.index("Other winners in north.") < page.index("7 entries")


@pytest.mark.parametrize(("path", "status"), [("/fi/nothing", 404), ("/de", 404), ("/fi/rounds/nothing", 404)])
async def test_an_unknown_page_says_so_in_the_readers_language(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path, headers={"accept-language": "fi"})
    assert answer.status_code == status
    assert "Tässä osoitteessa ei ole sivua" in answer.text


async def test_programs_get_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/rounds/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "round-not-found"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_method_is_told_the_right_ones(client: httpx.AsyncClient) -> None:
    """RFC 9110 section 15.5.6."""
    for path in ("/fi", "/api/v1/rounds"):
        answer = await client.post(path)
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


async def test_a_query_that_is_no_number_is_refused_with_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sv/rounds/spring/record?before=x")
    assert answer.status_code == 400
    assert "Begäran kan inte besvaras" in answer.text


async def test_pages_need_no_inline_script_and_no_inline_style(client: httpx.AsyncClient) -> None:
    answer = await client.get("/en")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", answer.text) is None


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/en", "/api/v1/rounds", "/fi/nothing", "/static/mark.svg"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "referrer-policy" in headers, path
        assert "strict-transport-security" not in headers, path


async def test_hashed_files_may_be_kept_for_ever_and_others_not(client: httpx.AsyncClient) -> None:
    [style] = re.findall(r'href="(/static/assets/[^"]+\.css)"', (await client.get("/en")).text)
    assert "immutable" in (await client.get(style)).headers["cache-control"]
    assert "immutable" not in (await client.get("/static/mark.svg")).headers["cache-control"]


@pytest.mark.parametrize("path", ["/static/../package.json", "/static/.vite/manifest.json", "/static/%2e%2e/x.css"])
async def test_only_files_of_the_build_are_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_cached_page_is_sent_plain_to_who_cannot_unpack_it(client: httpx.AsyncClient) -> None:
    await client.get("/en", headers={"accept-encoding": "gzip"})
    answer = await client.get("/en", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert "<html" in answer.text
