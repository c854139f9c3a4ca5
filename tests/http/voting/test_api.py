"""The JSON API of the vote: what is shown, what is taken, and how what is not taken is refused."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from pb_service.app import create_app
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts.policy import Actor
from pb_service.features.voting.casting import CastingService
from pb_service.features.voting.tables import CastEnvelope
from tests.http.conftest import running
from tests.voting import Booth, OpenVote, posted

HASH = "A" * 43


@pytest.fixture
async def booth(client: httpx.AsyncClient, vote: OpenVote) -> Booth:
    """A browser in which a resident is signed in."""
    return await Booth.enter(client, vote)


async def envelopes(vote: OpenVote) -> int:
    """How many are stored."""
    async with vote.service.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(CastEnvelope)) or 0


async def test_booth_shows_the_ballots_to_everybody(client: httpx.AsyncClient) -> None:
    """Nobody need sign in to see what is voted on, and caches may keep it."""
    answer = await client.get("/api/v1/rounds/spring/booth")
    shown = answer.json()
    assert "public" in answer.headers["cache-control"]
    assert [contest["id"] for contest in shown["contests"]] == ["pohjoinen", "etela"]
    assert shown["mode"] == "self"
    assert shown["contests"][0]["projects"][0]["titles"].keys() == {"fi", "sv", "en"}


async def test_who_is_signed_in_learns_where_to_vote(booth: Booth) -> None:
    """A standing has its alias, its contests and what stands; nothing yet."""
    answer = await booth.client.get("/api/v1/rounds/spring/booth/me")
    assert answer.headers["cache-control"] == "no-store"
    [place] = answer.json()
    assert (place["group"], place["cls"], place["stands"]) == ("district", "acct", {"kind": "none"})
    assert place["contests"] == ["pohjoinen", "etela"]


async def test_envelope_is_answered_with_its_receipt(booth: Booth, vote: OpenVote) -> None:
    """A cast is answered 201 with a receipt; the same envelope again 200 with the same place in the record."""
    sealed = posted(await vote.sealed(booth.actor, [0]))
    first, again = await booth.cast(sealed), await booth.cast(sealed)
    assert (first.status_code, again.status_code) == (201, 200)
    receipt = Receipt.parse(first.json()["receipt"])
    receipt.verify("example.org/pb/spring", public_bytes(vote.service.log_key))
    assert again.json()["index"] == first.json()["index"] == receipt.index
    [place] = (await booth.client.get("/api/v1/rounds/spring/booth/me")).json()
    assert place["stands"]["code"] == first.json()["code"]


async def test_own_record_shows_every_entry(booth: Booth, vote: OpenVote) -> None:
    """Who votes again sees both entries in her name; the last one counts."""
    await booth.cast(posted(await vote.sealed(booth.actor, [0])))
    await booth.cast(posted(await vote.sealed(booth.actor, [1], contest="etela")))
    shown = (await booth.client.get("/api/v1/rounds/spring/voting-record")).json()
    assert [(entry["contest"], entry["counts"]) for entry in shown] == [("pohjoinen", False), ("etela", True)]


async def test_old_base_is_told_the_new_one(booth: Booth, vote: OpenVote) -> None:
    """Two devices that seal at once: the second learns the base to seal by again."""
    base = await vote.size()
    one, other = [await vote.sealed(booth.actor, [place], base=base) for place in (0, 1)]
    await booth.cast(posted(one))
    refused = await booth.cast(posted(other))
    assert (refused.status_code, refused.json()["type"]) == (409, "base")
    resealed = await vote.sealed(booth.actor, [1], base=refused.json()["base"])
    assert (await booth.cast(posted(resealed))).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"a": HASH}, 403, "alias"),
        ({"d": "lantinen"}, 422, "envelope"),
        ({"b": -1}, 422, "envelope"),
        ({"ct": []}, 422, "envelope"),
        ({"pf": [HASH, HASH]}, 422, "envelope"),
        ({"y": "idt"}, 422, "envelope"),
        ({"b": 2**31}, 422, "envelope"),
    ],
)
async def test_what_is_no_envelope_is_refused(
    booth: Booth, vote: OpenVote, change: dict[str, Any], status: int, kind: str
) -> None:
    """Malformed, foreign and unproved envelopes are refused, each with its kind of problem; nothing is stored."""
    refused = await booth.cast({**posted(await vote.sealed(booth.actor, [0])), **change})
    assert (refused.status_code, refused.json()["type"]) == (status, kind)
    assert await envelopes(vote) == 0


async def test_nobody_casts_without_signing_in(client: httpx.AsyncClient) -> None:
    """Without a session there is no alias to cast under."""
    booth = Booth(client, Actor(), "")
    assert (await booth.cast({})).status_code in {401, 403}
    assert (await client.get("/api/v1/rounds/spring/booth/me")).status_code == 401


async def test_full_door_says_when_to_come_back(booth: Booth, vote: OpenVote) -> None:
    """Beyond what a process can hold the answer is 503 and a time; the same envelope is taken when there is room."""
    service = vote.service
    full = CastingService(service.database, service.tiles, service.keys, vote.clock, most=0)
    crowded = create_app(replace(service, casting=full))
    transport = httpx.ASGITransport(app=crowded)
    sealed = posted(await vote.sealed(booth.actor, [0]))
    cookies = booth.client.cookies
    async with (
        running(crowded),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as it,
    ):
        refused = await replace(booth, client=it).cast(sealed)
    assert (refused.status_code, refused.json()["type"]) == (503, "busy")
    assert 2 <= int(refused.headers["retry-after"]) <= 8
    assert await envelopes(vote) == 0
    assert (await booth.cast(sealed)).status_code == 201
