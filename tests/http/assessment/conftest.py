"""The whole web application with a round before its vote, and staff for every duty."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.assessment import Office, office
from tests.conftest import FakeClock
from tests.staff import Desk, Member, hire


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@dataclass(frozen=True)
class Hall:
    """The town's office as an application: who is at the desk changes with `as_`."""

    town: Office
    desk: Desk
    people: dict[str, Member]

    async def as_(self, who: str) -> Desk:
        await self.desk.enter(self.people[who])
        return self.desk


@pytest.fixture
async def hall(client: httpx.AsyncClient, service: Service, clock: FakeClock) -> Hall:
    town = await office(service, clock)
    people = {
        "moderator": await hire(service, "moderator", name="Maija Moderaattori"),
        "assessor": await hire(service, "assessor", name="Mikael Sjö"),
        "other": await hire(service, "assessor", name="Aino Lehto"),
        "manager": await hire(service, "manager", name="Oskar Nyman"),
        "second": await hire(service, "manager", name="Berit Ek"),
        "editor": await hire(service, "editor", name="Erik Kielinen"),
    }
    return Hall(town, Desk(client, service), people)
