"""Requests that mean nothing: addresses that can name nothing, and JSON without an end."""

import httpx
import pytest

from pb_service.service import Service
from tests.residents import csrf_in
from tests.staff import Desk, hire


@pytest.mark.parametrize(
    "path",
    [
        "/en/rounds/%D9%A1/proposals",
        "/en/rounds/%E2%80%AE/proposals",
        "/en/rounds/%FF%FE/propose",
        "/en/rounds/spring%00/proposals",
        "/en/rounds/spring/proposals/2147483648/files/00000000-0000-0000-0000-000000000000",
        "/en/rounds/spring/proposals/-99999999999999999999/comments",
        "/api/v1/rounds/spring/proposals/99999999999999999999",
    ],
)
async def test_what_can_be_no_name_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """Neither the database nor a header takes these texts and numbers: they are refused before."""
    assert (await client.get(path)).status_code == 404


async def test_staff_find_no_steps_of_a_vote_where_ballots_came_in_clear(
    client: httpx.AsyncClient, service: Service
) -> None:
    """The record of an imported round is no sealed vote; asking for its steps is no fault of the service."""
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager", name="Katri"))
    assert (await desk.get("staff/rounds/spring/vote-steps")).status_code == 404
    assert (await desk.get("staff/rounds/spring/costs/a%00b")).status_code == 404


async def test_json_that_is_nested_without_end_is_refused(client: httpx.AsyncClient, service: Service) -> None:
    """No reader of JSON goes that deep; it is the sender's fault and not ours."""
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager", name="Katri"))
    headers = {
        "x-csrf-token": csrf_in(await desk.get("me")),
        "origin": "http://localhost",
        "content-type": "application/json",
    }
    for path in ("proposals", "cast", "booth/code"):
        sent = b'{"envelope": ' + b"[" * 5000
        answer = await client.post(f"/api/v1/rounds/spring/{path}", content=sent, headers=headers)
        assert answer.status_code in (400, 404), (path, answer.text)
