"""Voting with a code letter over HTTP: known by a key, signed by it, counted with it; and codes that open nothing."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from pb_service.app import create_app
from pb_service.core.record.canonical import decode
from pb_service.core.record.receipt import Receipt
from pb_service.core.voting import codes
from pb_service.features.roll import letters
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting.tables import CastNotice
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.letters import KeyBooth, lettered_vote
from tests.voting import Booth, OpenVote, close, counted, verified


@pytest.fixture
async def lettered(service: Service, clock: FakeClock) -> tuple[OpenVote, list[str]]:
    return await lettered_vote(service, clock)


@pytest.fixture
async def vote(lettered: tuple[OpenVote, list[str]]) -> OpenVote:
    return lettered[0]


@pytest.fixture
async def booth(vote: OpenVote) -> AsyncIterator[KeyBooth]:
    app = create_app(vote.service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield KeyBooth.enter(client, vote)


async def test_a_code_votes_and_the_record_holds_its_signature(
    booth: KeyBooth, lettered: tuple[OpenVote, list[str]]
) -> None:
    """The entry has class code and the code key's signature alone; the receipt comes as for everybody."""
    assert (await booth.use(lettered[1][0])).status_code == 200
    answer = await booth.cast([0])
    assert answer.status_code == 201, answer.text
    entry = decode(Receipt.parse(answer.json()["receipt"]).entry)
    assert (entry["y"], [name for name, _ in entry["sg"]]) == ("code", ["p"])
    assert "p" not in entry
    assert (await booth.place())["stands"]["code"] == answer.json()["code"]


async def test_a_vote_by_letters_is_counted_and_verified(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    """One votes twice, one votes once, two do not: the bundle holds roll and signatures, and every check passes."""
    vote, made = lettered
    for code, ballots in ((made[0], [[0], [1]]), (made[1], [[1]])):
        booth = KeyBooth.enter(booth.client, vote)
        await booth.use(code)
        for ballot in ballots:
            assert (await booth.cast(ballot)).status_code == 201
    await close(vote)
    await counted(vote)
    report = await verified(vote)
    assert report["verdict"] == "pass", [check for check in report["checks"] if check["status"] == "fail"]


async def test_wrong_codes_open_nothing_and_are_counted(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    """After twenty of them from one network the right one must wait too; slips of the pen never come here."""
    for _ in range(20):
        refused = await booth.use(codes.new_code(secrets.token_bytes))
        assert (refused.status_code, refused.json()["type"]) == (403, "code")
    waits = await booth.use(lettered[1][0])
    assert (waits.status_code, waits.json()["type"]) == (429, "tries")


async def test_a_void_code_is_dead_at_once(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    """Also in a window where it was used before."""
    vote, made = lettered
    await booth.use(made[0])
    sealed = await booth.sealed([0])
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, whole=False)
        await letters.void(session, vote.registrar.actor, found, 1, "stolen", now=vote.service.clock())
    assert (await booth.post("cast", sealed)).status_code == 401
    assert (await booth.use(made[0])).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"sg": "A" * 86}, 422, "envelope"),
        ({"sg": "short"}, 422, "envelope"),
        ({"a": "A" * 43}, 403, "alias"),
        ({"b": 0}, 422, "envelope"),
        ({"d": "etela"}, 403, "alias"),
    ],
)
async def test_what_the_code_did_not_sign_is_refused(
    booth: KeyBooth, lettered: tuple[OpenVote, list[str]], change: dict[str, Any], status: int, kind: str
) -> None:
    """Another signature, alias, base or contest than the voter's."""
    await booth.use(lettered[1][0])
    refused = await booth.post("cast", {**await booth.sealed([0]), **change})
    assert (refused.status_code, refused.json()["type"]) == (status, kind)


async def test_nobody_casts_with_anothers_code(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    """An envelope signed by one code is not taken from a browser that is known by another."""
    await booth.use(lettered[1][0])
    sealed = await booth.sealed([0])
    other = KeyBooth.enter(booth.client, booth.vote)
    await other.use(lettered[1][1])
    assert (await other.post("cast", sealed)).status_code == 403


async def test_after_leaving_nothing_is_known(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    await booth.use(lettered[1][0])
    sealed = await booth.sealed([0])
    assert (await booth.post("booth/leave", {})).status_code == 200
    assert (await booth.post("cast", sealed)).status_code == 401
    assert (await booth.client.get("/api/v1/rounds/spring/booth/me")).status_code == 401


async def test_nobody_is_told_of_a_vote_by_letter_in_the_browser_of_another(
    booth: KeyBooth, lettered: tuple[OpenVote, list[str]]
) -> None:
    """The mail that a ballot was cast goes to the voter's account, not to whoever happens to be signed in there."""
    signed_in = await Booth.enter(booth.client, booth.vote)
    booth.token = signed_in.token
    await booth.use(lettered[1][0])
    assert (await booth.cast([0])).status_code == 201
    async with booth.vote.service.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CastNotice)) == 0


async def test_pages_know_who_used_a_code(booth: KeyBooth, lettered: tuple[OpenVote, list[str]]) -> None:
    """Before it the review shows how to be identified; then review, casting, record and receipt are hers."""
    page = f"/en/rounds/spring/vote/review?contest={booth.vote.contest}"
    assert "The code in your letter" in (await booth.client.get(page)).text
    await booth.use(lettered[1][0])
    assert "Review your vote" in (await booth.client.get(page)).text
    await booth.cast([0])
    assert "Counts as it stands" in (await booth.client.get("/en/rounds/spring/vote/record")).text
    assert "Forget me here" in (await booth.client.get("/en/rounds/spring/vote/receipt")).text
