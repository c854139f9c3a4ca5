"""Builders of code letters: a vote whose roll has codes, and a browser in which a code was used."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.core.rounds.documents import Ballot
from pb_service.core.rounds.setup import PlannedName
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Envelope, Place, seal
from pb_service.core.voting import codes
from pb_service.features.accounts.provider_signin import providers_of
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.roll import letters
from pb_service.features.roll.letters import Made, Recipient
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting.casting import fields_of
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from pb_service.web import csrf
from tests.conftest import FakeClock
from tests.provider import RealProvider
from tests.rolls import ROLLED, code, listed, opened, signed, taken
from tests.rounds import STARTS, dates
from tests.voting import OpenVote, prepared_vote

ADDRESS = ("Äijä Önnerbö-Åkerlund", "Kyläsepäntie 12 B 34", "02100 ESPOO")


def recipient(number: int, line: int = 2) -> Recipient:
    """The person with that number of the roll."""
    return Recipient(line, code(number), ADDRESS, "fi")


async def written(vote: OpenVote, numbers: Sequence[int], *, anew: bool = False) -> list[Made]:
    """Letters to these people of the roll."""
    service = vote.service
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        recipients = [recipient(number, line) for line, number in enumerate(numbers, start=2)]
        _, made = await letters.make(
            session, vote.registrar.actor, found, recipients, anew=anew, keys=service.keys, now=service.clock()
        )
    return made


async def rolled_vote(service: Service, clock: FakeClock, *, people: int = 4, **steps: Any) -> OpenVote:
    """A vote in assessment with a roll of some people in the district of `OpenVote.contest`."""
    vote = await prepared_vote(service, clock, eligibility=ROLLED, **steps)
    await taken(service, vote.registrar.actor, listed(range(1, people + 1)))
    return vote


async def lettered_vote(service: Service, clock: FakeClock, *, people: int = 4) -> tuple[OpenVote, list[str]]:
    """An open vote, and the codes of everybody's letters."""
    vote = await rolled_vote(service, clock, people=people)
    made = await written(vote, range(1, people + 1))
    await signed(vote)
    return await opened(vote), [one.code for one in made]


PROVIDER = """
[town]
name = {{ fi = "Kaupungin tunnistus", sv = "Stadens identifiering", en = "Town sign-in" }}
issuer = "{issuer}"
client_id = "budget"
secret_file = "budget.secret"
scopes = ["openid", "person"]
scheme = "fi-hetu"
[town.claims]
person_id = "person"
[town.voting]
client_id = "voting"
secret_file = "voting.secret"
"""


@asynccontextmanager
async def strong_vote(
    settings: Settings, url: str, clock: FakeClock, *, provider: RealProvider, folder: Path
) -> AsyncIterator[tuple[OpenVote, str]]:
    """A vote with a provider of strong identification, open at the machine's own time: that is when the provider makes
    its tokens. Person 4 has a letter, whose code comes along.
    """
    (folder / "signin.toml").write_text(PROVIDER.format(issuer=provider.issuer))
    (folder / "budget.secret").write_text("secret-of-the-tests")
    (folder / "voting.secret").write_text("secret-of-the-votes")
    now, zone = datetime.now(UTC), ZoneInfo("Europe/Helsinki")
    hours: dict[PlannedName, int] = {"voting": -1, "counting": 48, "results": 240}
    times: dict[PlannedName, str] = {
        phase: f"{(now + timedelta(hours=after)).astimezone(zone):%Y-%m-%dT%H:%M}" for phase, after in hours.items()
    }
    given = replace(settings, signin=folder / "signin.toml")
    async with open_service(given, url, clock=clock) as service:
        vote = await prepared_vote(service, clock, eligibility=ROLLED, dates=dates({**STARTS, **times}))
        await taken(service, vote.registrar.actor, listed(range(1, 5)))
        (letter,) = await written(vote, [4])
        await signed(vote)
        providers = providers_of(given, service.keys, lambda: datetime.now(UTC))
        vote.around = Surroundings(service.keys, service.witnesses, providers.clients)
        await opened(vote)
        await providers.close()
        clock.now = datetime.now(UTC) + timedelta(seconds=2)
        yield vote, letter.code


@dataclass
class KeyBooth:
    """A browser without a session, with the token of a page of ours; ``signer`` is the voter's own key once known."""

    client: httpx.AsyncClient
    vote: OpenVote
    token: str
    signer: Ed25519PrivateKey | None = None
    cls: str = "code"

    @classmethod
    def enter(cls, client: httpx.AsyncClient, vote: OpenVote) -> "KeyBooth":
        client.cookies.clear()
        visit = secrets.token_urlsafe(32)
        client.cookies.set("pb-visit", visit)
        ring = vote.service.keys.ring("cookie")
        return cls(client, vote, csrf._token(ring.current, visit, secrets.token_bytes(16)))

    async def post(self, step: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"origin": str(self.client.base_url).rstrip("/"), "x-csrf-token": self.token}
        return await self.client.post(f"/api/v1/rounds/{self.vote.slug}/{step}", json=body, headers=headers)

    async def use(self, typed: str) -> httpx.Response:
        """Do with a code what the booth's script does."""
        manifest = (await self.vote.polling()).manifest
        keys = {group: codes.key_of(typed, manifest.document["origin"], group) for group in manifest.groups}
        group = manifest.contests[self.vote.contest].group
        answer = await self.post("booth/code", {"keys": {name: b64u(public_bytes(key)) for name, key in keys.items()}})
        self.signer = keys[group]
        return answer

    async def place(self) -> dict[str, Any]:
        """Where this voter may vote, in the contest of the vote."""
        answer = await self.client.get(f"/api/v1/rounds/{self.vote.slug}/booth/me")
        assert answer.status_code == 200, answer.text
        return next(one for one in answer.json() if self.vote.contest in one["contests"])

    async def sealed(self, ballot: Ballot, *, base: int | None = None) -> dict[str, Any]:
        """An envelope with the voter's signature, as the booth posts it."""
        manifest, place = (await self.vote.polling()).manifest, await self.place()
        shape = manifest.contests[self.vote.contest].shape
        given = place["base"] if base is None else base
        where = Place(manifest.eid, self.vote.contest, unb64u(place["alias"], 32), given)
        envelope, _ = seal(payload.encode(ballot, shape), where, manifest.key, secrets.token_bytes)
        return {**_posted(envelope), "sg": self.signature(envelope, place.get("h"))}

    def signature(self, envelope: Envelope, token_hash: str | None) -> str:
        assert self.signer
        token = {"p": b64u(public_bytes(self.signer)), "h": token_hash} if token_hash else {}
        entry = {"v": 1, "k": "env", "e": b64u(envelope.place.eid), **fields_of(envelope, self.cls), **token}
        text: str = sign_entry(entry, {"p": self.signer})["sg"][0][1]
        return text

    async def cast(self, ballot: Ballot) -> httpx.Response:
        return await self.post("cast", await self.sealed(ballot))


def _posted(envelope: Envelope) -> dict[str, Any]:
    return {name: value for name, value in fields_of(envelope, "").items() if name != "y"}
