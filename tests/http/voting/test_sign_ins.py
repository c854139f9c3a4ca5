"""Voting with strong identification over HTTP, with a real provider: the token binds the voter's key, is sealed to the
auditors, and stands every check of theirs."""

import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from pb_service.app import create_app
from pb_service.cli.export import bundle_of
from pb_service.core.record.canonical import b64u, decode, encode
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.features.opening.drafting import evidence_key
from pb_service.features.roll.evidence import people_of
from pb_service.features.roll.standing import roll_key
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import roll_changes
from pb_service.features.voting.evidence import token_lines
from pb_service.features.voting.pass_jobs import tidy
from pb_service.features.voting.passes import LASTS
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.letters import KeyBooth, strong_vote
from tests.provider import RealProvider, running_provider
from tests.rolls import code
from tests.voting import OpenVote, close, counted

SITE = "http://localhost:8000"


@dataclass
class Street:
    """A vote with a roll, a provider that knows its people, and a browser."""

    vote: OpenVote
    provider: RealProvider
    client: httpx.AsyncClient
    clock: FakeClock
    letter: str

    async def leave(self, *, key: Ed25519PrivateKey, blind: bytes) -> tuple[KeyBooth, httpx.Response]:
        """Leave for the provider as the booth's script does."""
        booth = KeyBooth.enter(self.client, self.vote)
        booth.signer, booth.cls = key, "idt"
        self.clock.now = datetime.now(UTC) + timedelta(seconds=2)  # tokens are made by the machine's clock
        given = {"provider": "town", "p": b64u(public_bytes(key)), "o": b64u(blind), "lang": "en"}
        return booth, await booth.post("booth/sign-in", {**given, "contest": self.vote.contest})

    async def sign_in(self, person: str) -> tuple[KeyBooth, httpx.Response]:
        """Sign somebody in for voting, with a key of a new window."""
        booth, left = await self.leave(key=Ed25519PrivateKey.generate(), blind=secrets.token_bytes(32))
        assert left.status_code == 200, left.text
        back = await self.provider.visit(left.json()["address"], person=person)
        return booth, await self.client.get(back)


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    with running_provider([f"{SITE}/sign-in/town/return"]) as running_one:
        yield running_one


@pytest.fixture
async def street(
    settings: Settings, database_url: str, clock: FakeClock, provider: RealProvider, folder: Path
) -> AsyncIterator[Street]:
    """A vote that is open at the machine's own time: that is when the provider's tokens are made."""
    async with strong_vote(settings, database_url, clock, provider=provider, folder=folder) as (vote, letter):
        app = create_app(vote.service)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with running(app), httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            yield Street(vote, provider, client, clock, letter)


async def test_a_signed_in_voter_casts_under_the_alias_of_the_roll(street: Street) -> None:
    """The way back leads to the review; the entry has session key, token hash and one signature."""
    booth, back = await street.sign_in(code(1))
    assert back.headers["location"] == f"/en/rounds/spring/vote/review?contest={street.vote.contest}"
    answer = await booth.cast([0])
    assert answer.status_code == 201, answer.text
    entry = decode(Receipt.parse(answer.json()["receipt"]).entry)
    assert (entry["y"], [name for name, _ in entry["sg"]]) == ("idt", ["p"])
    again, _ = await street.sign_in(code(1))
    assert (await again.place())["alias"] == entry["a"]
    assert (await again.place())["stands"]["kind"] == "envelope"


async def test_a_stronger_class_goes_before_a_weaker_one(street: Street) -> None:
    """Who votes by code and then with strong identification has the second; her code changes nothing after that."""
    by_code = KeyBooth.enter(street.client, street.vote)
    await by_code.use(street.letter)
    assert (await by_code.cast([0])).status_code == 201
    identified, _ = await street.sign_in(code(4))
    assert (await identified.cast([1])).status_code == 201
    by_code = KeyBooth.enter(street.client, street.vote)
    await by_code.use(street.letter)
    refused = await by_code.cast([0])
    assert (refused.status_code, refused.json()["type"]) == (409, "rank")


async def test_what_is_kept_of_voters_ends(street: Street) -> None:
    """Passes with their time, sealed evidence with the roll."""
    booth, _ = await street.sign_in(code(1))
    await booth.cast([0])
    service = street.vote.service
    async with service.database.transaction() as session:
        await session.execute(text("UPDATE roll SET erased_at = now(), batch_id = NULL"))
    street.clock.advance(LASTS)
    await tidy(service, {})
    async with service.database.reading() as session:
        for table in ("booth_pass", "cast_evidence"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608 - names above


async def test_who_is_not_on_the_roll_is_told_so(street: Street) -> None:
    """Nothing is kept of the sign-in."""
    booth, _ = await street.sign_in(code(77))
    assert (await booth.client.get("/api/v1/rounds/spring/booth/me")).json() == []
    page = await booth.client.get(f"/en/rounds/spring/vote/review?contest={street.vote.contest}")
    assert "You may not vote here." in page.text
    async with street.vote.service.database.reading() as session:
        (kept,) = (await session.execute(text("SELECT evidence, token_hash FROM booth_pass"))).all()
    assert tuple(kept) == (None, None)


async def test_another_key_than_the_nonce_binds_casts_nothing(street: Street) -> None:
    """Who has the cookie alone, and not the window's key, cannot sign."""
    booth, _ = await street.sign_in(code(1))
    booth.signer = Ed25519PrivateKey.generate()
    assert (await booth.cast([0])).status_code == 422


async def test_no_token_stands_in_the_database_in_clear(street: Street) -> None:
    booth, _ = await street.sign_in(code(2))
    await booth.cast([1])
    async with street.vote.service.database.reading() as session:
        for table in ("booth_pass", "cast_evidence", "cast_envelope", "signin_attempt", "access_log"):
            dump = str((await session.execute(text(f"SELECT t::text FROM {table} t"))).all())  # noqa: S608 - names above
            assert not any(secret in dump for secret in (code(2), b"eyJ".hex(), code(2).encode().hex())), table


async def test_an_unsound_key_does_not_leave(street: Street) -> None:
    booth = KeyBooth.enter(street.client, street.vote)
    given = {"provider": "town", "p": b64u(bytes(32)), "o": b64u(bytes(32)), "lang": "en"}
    assert (await booth.post("booth/sign-in", given)).json()["type"] == "identify"


async def test_whoever_asks_twice_leaves_once(street: Street) -> None:
    """The first answer may be lost on the way; a key that has come back leaves no second time."""
    key, blind = Ed25519PrivateKey.generate(), secrets.token_bytes(32)
    await street.leave(key=key, blind=blind)
    booth, left = await street.leave(key=key, blind=blind)
    assert left.status_code == 200, left.text
    await street.client.get(await street.provider.visit(left.json()["address"], person=code(1)))
    assert (await booth.cast([0])).status_code == 201
    _, again = await street.leave(key=key, blind=blind)
    assert (again.status_code, again.json()["type"]) == (422, "envelope")


async def test_who_is_taken_off_the_roll_casts_no_more(street: Street) -> None:
    """Not even in a window that was identified before."""
    booth, _ = await street.sign_in(code(1))
    vote, service = street.vote, street.vote.service
    why, given = {"fi": "Muutti.", "sv": "Flyttade."}, dict[str, Any](keys=service.keys, operator=service.operator_key)
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await roll_changes.remove(session, vote.registrar.actor, found, code(1), why, **given, now=vote.clock())
    assert (await booth.client.get("/api/v1/rounds/spring/booth/me")).status_code == 401


async def test_auditors_find_every_sign_in_right(street: Street, folder: Path) -> None:
    """A1 and A2 hold, also for tokens of keys that the provider made later: the record names them first."""
    for number, ballot in ((1, [0]), (2, [1])):
        booth, _ = await street.sign_in(code(number))
        assert (await booth.cast(ballot)).status_code == 201
    street.provider.control(rotate=True)
    booth, _ = await street.sign_in(code(3))
    assert (await booth.cast([0])).status_code == 201
    await close(street.vote)
    await counted(street.vote)
    report = await audited(street.vote, folder / "evidence")
    failed = [check for check in report["checks"] if check["status"] == "fail"]
    assert report["verdict"] == "pass", json.dumps(failed)
    statuses = {check["id"]: check["status"] for check in report["checks"]}
    assert {statuses["A1"], statuses["A2"]} == {"pass"}


async def audited(vote: OpenVote, folder: Path) -> dict[str, Any]:
    """What pb-verify says of bundle and evidence."""
    service, polling = vote.service, await vote.polling()
    (folder / "rolls").mkdir(parents=True)
    settings = {"key": b64u(roll_key(service.keys, polling.round_id)), "seed": "drawn in public", "m": 2}
    (folder / "audit.json").write_bytes(encode({"v": 1, "e": b64u(polling.manifest.eid), **settings}))
    async with service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        lines = [
            line
            async for line in token_lines(session, polling.log_id, polling.manifest.eid, evidence_key(service.keys))
        ]
        (folder / "tokens.jsonl").write_bytes(b"".join(lines))
        for group in polling.manifest.groups:
            people = [line async for line in people_of(session, found, group, keys=service.keys)]
            (folder / "rolls" / f"{group}.jsonl").write_bytes(b"".join(people))
    bundle = folder.parent / "bundle.zip"
    bundle.write_bytes(await bundle_of(service, vote.slug))
    command = [sys.executable, "-m", "pb_service.verifier", str(bundle), "--format", "json", "--audit", str(folder)]
    done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[3], check=False)  # noqa: ASYNC221
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
