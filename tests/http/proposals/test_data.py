"""Proposals as open data: the API with paging and caching, the downloads, and nothing about people in any of them."""

import csv
import io
from collections.abc import AsyncIterator
from hashlib import sha256
from xml.etree import ElementTree

import httpx
import pytest

from pb_service.app import create_app
from pb_service.core.record import canonical
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.proposals import open_round, published, resident, words
from tests.rounds import staff
from tests.town import sixty, town_setup

API, DATA = "/api/v1/rounds/spring/proposals", "/data/rounds/spring"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with sixty proposals, and one that came the whole way from its author."""
    async with open_service(settings, database_url, clock=clock) as opened:
        await open_round(opened, clock, setup=town_setup())
        await sixty(opened)
        author, moderator = await resident(opened, "Aino Salaperäinen"), await staff(opened, "moderator")
        draft = words("=HYPERLINK(Penkki)", show_author="name", age_group="30-44", place=None)
        made = await published(opened, author, moderator, wanted=draft)
        assert made.number == 61
        yield opened


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_proposals_as_data(client: httpx.AsyncClient) -> None:
    """Pages lead on, an ETag spares what is known, hashes can be computed again, and no person is in any file."""
    first = await client.get(API, params={"per_page": 40})
    page = first.json()
    assert (page["total"], page["pages"], page["previous"], len(page["items"])) == (61, 2, None, 40)
    second = (await client.get(page["next"])).json()
    assert [item["number"] for item in page["items"] + second["items"]] == list(range(1, 62))
    assert first.headers["link"].partition(", ")[0] == f'<{page["next"]}>; rel="next"'
    again = await client.get(API, params={"per_page": 40}, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    found = (await client.get(API, params={"district": "ulkosaaret", "theme": "nature"})).json()
    assert {item["district"] for item in found["items"]} == {"ulkosaaret"}
    assert found["total"] == 6

    one = (await client.get(f"{API}/61")).json()
    assert [act["act"] for act in one["acts"]] == ["send", "publish"]
    (version,) = one["versions"]
    assert version["text_sha256"] == sha256(canonical.encode(version["text"])).hexdigest()
    assert (await client.get(f"{API}/999")).status_code == 404

    files = {kind: await client.get(f"{DATA}/{kind}") for kind in (
        "proposals.json", "proposals.csv", "proposal-history.csv", "proposals.atom"
    )}  # fmt: skip
    assert {kind: answer.status_code for kind, answer in files.items()} == dict.fromkeys(files, 200)
    for answer in [first, *files.values(), await client.get(f"{API}/61")]:
        assert "Salaperäinen" not in answer.text
        assert "30-44" not in answer.text
        assert answer.headers["cache-control"].startswith("public, max-age=60")
        assert "set-cookie" not in answer.headers
    tag = files["proposals.csv"].headers["etag"]
    known = await client.get(f"{DATA}/proposals.csv?again", headers={"if-none-match": f'"other", W/{tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    whole = files["proposals.json"].json()
    assert (len(whole["proposals"]), whole["licence"]) == (61, "CC BY 4.0")
    assert whole["proposals"][0]["place"] == {"type": "Point", "coordinates": [24.712, 60.142]}
    rows = list(csv.DictReader(io.StringIO(files["proposals.csv"].content.decode("utf-8-sig"))))
    assert (rows[60]["title"], rows[0]["cost_hint"]) == ("'=HYPERLINK(Penkki)", "1000")
    entries = ElementTree.fromstring(files["proposals.atom"].content).findall(f"{ATOM}entry")  # noqa: S314 - our own
    assert len(entries) == 50

    numbers = (await client.get(f"{API}/statistics")).json()
    assert (numbers["proposals"], numbers["themes"]["nature"], numbers["ages"]) == (
        61, 19, {**dict.fromkeys(["0-12", "13-17", "18-29", "30-44", "45-64", "65-"]), "none": 60}
    )  # fmt: skip
    assert (await client.get("/fi/rounds/spring/statistics")).status_code == 200
