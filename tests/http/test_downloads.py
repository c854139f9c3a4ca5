"""Files to take away: byte for byte what the record names, or tables made from it."""

import csv
import hashlib
import io
import zipfile

import httpx
import pytest
from pabulib.checker import Checker

from pb_service.core.record import canonical, tiles
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.features.opendata.tabular import cell
from tests.builders import pabulib_bytes


async def get(client: httpx.AsyncClient, path: str) -> bytes:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.content


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


async def test_published_documents_have_the_hashes_that_the_record_names(client: httpx.AsyncClient) -> None:
    bundle = tiles.parse_bundle(await get(client, "/pb/spring/tile/entries/000.p/7"), 7)
    entries = [canonical.decode(entry) for entry in bundle]
    result = next(entry for entry in entries if entry["k"] == "result" and entry["d"] == "north")
    for field, name in (("bal", "ballots"), ("out", "outcome")):
        body = await get(client, f"/data/spring/north/{name}.json")
        assert canonical.b64u(hashlib.sha256(body).digest()) == result[field]
    manifest = await get(client, "/data/spring/manifest.json")
    assert canonical.b64u(hashlib.sha256(manifest).digest()) == entries[3]["f"]


async def test_the_evidence_bundle_is_the_same_at_every_download(client: httpx.AsyncClient) -> None:
    first, second = [await get(client, "/data/spring/evidence.zip") for _ in range(2)]
    assert first == second
    assert zipfile.ZipFile(io.BytesIO(first)).testzip() is None


async def test_the_table_of_projects_has_votes_and_reasons(client: httpx.AsyncClient) -> None:
    table = rows(await get(client, "/data/spring/north/projects.csv"))
    assert [(row["project_id"], row["cost"], row["votes"], row["selected"], row["reason"]) for row in table] == [
        ("a", "60", "3", "1", "chosen"),
        ("b", "50", "2", "0", "too_dear"),
        ("c", "30", "1", "1", "chosen"),
    ]


async def test_the_table_of_turns_follows_the_count(client: httpx.AsyncClient) -> None:
    table = rows(await get(client, "/data/spring/north/turns.csv"))
    assert [(row["project_id"], row["money_left"], row["funded"]) for row in table] == [
        ("a", "100", "1"),
        ("b", "40", "0"),
        ("c", "40", "1"),
    ]


async def test_the_rounds_of_equal_shares_have_a_price_and_supporters(client: httpx.AsyncClient) -> None:
    table = rows(await get(client, "/data/spring/south/turns.csv"))
    assert table
    assert all(row["price"] and row["supporters"] for row in table)


async def test_ballots_are_sorted_so_that_their_order_says_nothing(client: httpx.AsyncClient) -> None:
    table = rows(await get(client, "/data/spring/north/ballots.csv"))
    assert [row["projects"] for row in table] == ["a", "a,b", "a,c", "b"]


def test_a_title_cannot_become_a_formula_in_a_spreadsheet() -> None:
    """Titles come from residents; a cell that begins with = is run by spreadsheet programs."""
    assert cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert cell("-5") == "'-5"
    assert cell("Bench") == "Bench"


@pytest.mark.parametrize("contest", ["north", "south"])
async def test_the_pabulib_file_passes_the_collection_s_own_checker(client: httpx.AsyncClient, contest: str) -> None:
    data = await get(client, f"/data/spring/{contest}/ballots.pb")
    results = Checker().process_files([data.decode()])
    assert results["metadata"]["invalid"] == 0, results


async def test_the_pabulib_file_is_the_same_election(client: httpx.AsyncClient) -> None:
    ours = read_pabulib(await get(client, "/data/spring/north/ballots.pb"), name="ours")
    theirs = read_pabulib(pabulib_bytes("North"), name="theirs")
    assert ours.sorted_ballots() == theirs.sorted_ballots()
    assert [(p.id, p.cost, p.selected) for p in ours.projects] == [(p.id, p.cost, p.selected) for p in theirs.projects]
