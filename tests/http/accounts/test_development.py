"""The development sign-in: every role on this machine alone, and nothing at all anywhere else."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from pb_service.app import create_app
from pb_service.features.accounts import development
from pb_service.features.accounts.development import PARTS
from pb_service.features.accounts.development_pages import links
from pb_service.features.accounts.tables import Account, RoleGrant
from pb_service.service import Service, open_service
from pb_service.settings import Settings, SettingsError
from tests.conftest import FakeClock
from tests.http.conftest import running

PAGE = "/en/sign-in/development"


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(replace(settings, development=True), database_url, clock=clock) as opened:
        yield opened


async def take_part(client: httpx.AsyncClient, part: str, *, onward: str = "") -> httpx.Response:
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get(PAGE)).text)
    assert csrf
    fields = {"csrf": csrf[1], "part": part, "next": onward}
    return await client.post(PAGE, data=fields, headers={"origin": "http://localhost"})


@pytest.mark.parametrize("part", PARTS)
async def test_each_part_has_a_sign_in_with_its_role_and_a_second_factor(
    client: httpx.AsyncClient, service: Service, part: str
) -> None:
    answer = await take_part(client, part)
    assert answer.headers["location"] == ("/en/me" if part == "resident" else "/en/staff")
    assert (await client.get(answer.headers["location"])).status_code == 200
    async with service.database.reading() as session:
        roles = (await session.scalars(select(RoleGrant.role))).all()
    assert roles == ([] if part == "resident" else [part])


async def test_a_person_of_the_demonstration_is_made_once_and_has_no_password(service: Service) -> None:
    for _ in range(2):
        async with service.database.transaction() as session:
            await development.everybody(session, now=service.clock())
    async with service.database.reading() as session:
        people = (await session.scalars(select(Account))).all()
    assert len(people) == len(PARTS)
    assert all(one.password_hash is None and (one.email or "").endswith(".invalid") for one in people)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_page_lists_every_part_and_each_printed_link_leads_to_one(
    client: httpx.AsyncClient, language: str
) -> None:
    assert (await client.get(f"/{language}/sign-in/development")).text.count('name="part"') == len(PARTS)
    for part, link in links("http://localhost"):
        page = (await client.get(link)).text
        assert re.findall(r'name="part" value="(\w+)"', page) == [part]


async def test_the_sign_in_page_offers_it(client: httpx.AsyncClient) -> None:
    assert "/en/sign-in/development" in (await client.get("/en/sign-in")).text


async def test_it_needs_a_form_of_ours(client: httpx.AsyncClient) -> None:
    assert (await client.post(PAGE, data={"part": "manager"})).status_code == 403


async def test_nobody_takes_a_part_that_there_is_not(client: httpx.AsyncClient) -> None:
    assert (await take_part(client, "emperor")).status_code == 404


async def test_it_leads_nowhere_else(client: httpx.AsyncClient) -> None:
    assert (await take_part(client, "manager", onward="//evil.example")).headers["location"] == "/en/staff"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "budget.example.org"},
        {"host": "rebound.example:8000"},
        {"x-forwarded-for": "192.0.2.7"},
        {"forwarded": "for=192.0.2.7"},
        {"x-forwarded-host": "budget.example.org"},
    ],
)
async def test_by_another_name_or_through_a_proxy_there_is_no_such_page(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get(PAGE, headers=headers)).status_code == 404


async def test_from_another_machine_there_is_no_such_page(service: Service) -> None:
    app = create_app(service)
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 40000))
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as far:
        assert (await far.get(PAGE)).status_code == 404


@pytest.mark.parametrize("development_setting", [None, False])
async def test_without_the_setting_there_is_no_such_page(
    settings: Settings, database_url: str, clock: FakeClock, development_setting: bool | None
) -> None:
    async with open_service(replace(settings, development=development_setting), database_url, clock=clock) as service:
        app = create_app(service)
        transport = httpx.ASGITransport(app=app)
        async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get(PAGE)).status_code in (404, 405)
            assert (await client.post(PAGE, data={"part": "manager"})).status_code in (403, 404, 405)
            assert PAGE not in (await client.get("/en/sign-in")).text


@pytest.mark.parametrize(
    "environ",
    [
        {"PB_LISTEN": "0.0.0.0"},  # noqa: S104 - what must be refused
        {"PB_LISTEN": "127.0.0.1,192.0.2.7"},
        {"PB_LISTEN": "::"},
        {"PB_PUBLIC_URL": "https://budget.example.org"},
        {"PB_PUBLIC_URL": "http://localhost.example.org"},
    ],
)
def test_the_setting_is_refused_where_others_could_come(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="PB_DEVELOPMENT"):
        Settings.from_environment({"PB_DEVELOPMENT": "1", **environ})


def test_the_setting_is_taken_on_this_machine() -> None:
    assert Settings.from_environment({"PB_DEVELOPMENT": "1"}).development is True
    assert Settings.from_environment({"PB_DEVELOPMENT": "0"}).development is False
    assert Settings.from_environment({}).is_this_machine_alone
