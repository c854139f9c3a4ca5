"""Splitting by screen: what is refused keeps what was typed."""

import httpx

from pb_service.service import Service
from tests.proposals import published, resident
from tests.rounds import staff
from tests.staff import Desk, hire

PAGE = "staff/rounds/spring/proposals/1/split"


async def test_a_part_without_a_title_is_told_and_nothing_typed_is_lost(
    client: httpx.AsyncClient, service: Service
) -> None:
    await published(service, await resident(service), await staff(service, "moderator"))
    desk = Desk(client, service)
    await desk.enter(await hire(service, "moderator", name="Maria Mattsson"))
    typed = {"parts.0.title": "Penkit", "parts.0.need": "Istua", "parts.0.idea": "Penkkejä rantaan"}
    reasons = {"reason.fi": "Kaksi asiaa", "reason.sv": "Två saker"}
    answer = await desk.post(PAGE, on=PAGE, **typed, **{"parts.1.title": "", "parts.1.need": "Nähdä"}, **reasons)
    assert answer.status_code == 422, answer.text[:2000]
    assert "There is a problem" in answer.text
    assert "Penkkejä rantaan" in answer.text
