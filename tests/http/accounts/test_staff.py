"""The pages of staff over HTTP: what each role reaches, and the attacks that must fail."""

import httpx
import pytest

from pb_service.service import Service
from tests.staff import Desk, hire


@pytest.fixture
def desk(client: httpx.AsyncClient, service: Service) -> Desk:
    return Desk(client, service)


PAGES = [
    "staff",
    "staff/people",
    "staff/people?q=aino&role=administrator",
    "staff/people/invite",
    "staff/people/resident",
    "staff/units",
    "staff/units/new",
    "staff/units/contacts/new",
    "staff/log",
    "staff/factors",
    "staff/factors/passkey",
    "staff/sessions",
    "staff/step-up",
]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_an_administrator_opens_every_page(desk: Desk, service: Service, language: str) -> None:
    await desk.enter(await hire(service, "administrator"))
    for path in PAGES:
        answer = await desk.get(path, language)
        assert (path, answer.status_code) == (path, 200), answer.text
        assert answer.headers["cache-control"] == "no-store"
