"""Contact persons of districts, as residents find them."""

import httpx

from pb_service.features.accounts import units
from pb_service.service import Service
from tests.http.test_own_rounds import client as client  # noqa: PLC0414 - the same published round
from tests.http.test_own_rounds import service as service  # noqa: PLC0414
from tests.staff import actor_of, hire, scopes_of


async def test_residents_are_told_whom_to_ask_in_their_district(client: httpx.AsyncClient, service: Service) -> None:
    boss, bo = await hire(service, "administrator"), await hire(service, "moderator", name="Bo Ek")
    scopes = await scopes_of(service)
    round_id = next(scope.id for scope in scopes.rounds if scope.slug == "spring")
    actor, now = await actor_of(service, boss), service.clock()
    contact = {"round_id": round_id, "district": "etela", "email": "south@example.org", "phone": "09 125"}
    async with service.database.transaction() as session:
        await units.name_contact(session, actor, bo.id, scopes=scopes, now=now, **contact)  # type: ignore[arg-type]
    text = (await client.get("/en/rounds/spring/district", params={"district": "etela"})).text
    assert "Bo Ek" in text
    assert "mailto:south@example.org" in text
