"""Reading proposals without signing in: the list, its filters and orders, one proposal, several side by side."""

import re
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from pb_service.app import create_app
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.proposals import open_round
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
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type] # scopes typed apart
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
