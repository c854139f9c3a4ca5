"""Reading proposals without signing in: the list, its filters and orders, one proposal, several side by side."""

import re
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from pb_service.app import create_app
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.proposals import open_round, published, resident, words
from tests.rounds import staff
from tests.town import sixty, town_setup

BASE = "/en/rounds/spring/proposals"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with the round spring in its phase of ideas, and sixty proposals in it."""
    async with open_service(settings, database_url, clock=clock) as opened:
        await open_round(opened, clock, setup=town_setup())
        await sixty(opened)
        yield opened


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        running(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as client,
    ):
        yield client


def numbers(page: httpx.Response) -> Sequence[int]:
    """The proposals on a page, in its order."""
    assert page.status_code == 200, page.text[:3000]
    return [int(found) for found in re.findall(r'class="card-title"><a href="[^"]*/proposals/(\d+)"', page.text)]


async def test_the_list_is_drawn_for_each_reader_and_stays_as_it_is(client: httpx.AsyncClient) -> None:
    """The first page has 24; the address holds the draw, so that the second goes on where the first ended."""
    first = await client.get(BASE)
    other = await client.get(BASE)
    assert numbers(first) != numbers(other)
    assert numbers(await client.get(str(first.url))) == numbers(first)
    pages = [numbers(first), *[numbers(await client.get(f"{first.url}&page={page}")) for page in (2, 3)]]
    assert [len(page) for page in pages] == [24, 24, 12]
    assert sorted(number for page in pages for number in page) == list(range(1, 61))


async def test_a_link_has_a_picture_of_our_own(client: httpx.AsyncClient) -> None:
    """Of the size that others ask for, named with its whole address, and loaded from nobody else."""
    page = (await client.get(f"{BASE}/1")).text
    [address] = re.findall(r'property="og:image" content="([^"]+)"', page)
    assert address == f"http://localhost:8000{BASE}/1/card.png"
    answer = await client.get(f"{BASE}/1/card.png")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(BytesIO(answer.content)).size == (1200, 630)
    assert (await client.get(f"{BASE}/999/card.png")).status_code == 404
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!localhost)', page)


async def test_tricks_in_every_field_are_text_on_every_page(client: httpx.AsyncClient, service: Service) -> None:
    trick = '"><script>alert(1)</script>{{ 7*7 }}'
    wanted = words(
        trick, need=trick, idea=f"{trick} and much more text", audience=trick, district="myllymaki", place=None,
        show_author="group", group_name=trick,
    )  # fmt: skip
    author, moderator = await resident(service, trick), await staff(service, "moderator")
    made = await published(service, author, moderator, wanted=wanted)
    base = "/sv/rounds/spring/proposals"
    for path in (
        f"{base}/{made.number}", f"{base}?q=alert", f"{base}?view=map&q=alert", f"{base}/compare?n={made.number}.1",
        f"{base}/{made.number}/versions", f"{base}/{made.number}/comments", f"{base}?q={quote(trick)}",
        f"{base}?district={quote(trick)}&cost={quote(trick)}&n={quote(trick)}", "/data/rounds/spring/proposals.atom",
    ):  # fmt: skip
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text
        assert "script&gt;49" not in answer.text
    assert "{{ 7*7 }}" in (await client.get(f"{base}/{made.number}")).text


async def test_public_pages_set_no_cookie_and_may_be_kept(client: httpx.AsyncClient) -> None:
    for path in (
        BASE,
        f"{BASE}/1",
        f"{BASE}/1/comments",
        f"{BASE}/1/versions",
        f"{BASE}/compare?n=1.2",
        f"{BASE}?view=map",
    ):
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text[:3000]
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"].startswith("public"), path
