"""Builders of votes: a round with a fixed ballot list, opened by two people's signatures, and ballots sealed for it."""

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.cli.export import bundle_of
from pb_service.core.proposals import ballot_list
from pb_service.core.proposals.ballot_list import Draft, Item
from pb_service.core.record import canonical, entries
from pb_service.core.record.canonical import b64u
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.core.rounds.documents import Ballot, BallotFormat
from pb_service.core.rounds.setup import BallotStep, RuleStep, Setup, TrusteesStep
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Envelope, Place, seal
from pb_service.features.accounts import sessions, signing_keys
from pb_service.features.accounts.policy import Actor, Role
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.signing_keys import GrantOrder
from pb_service.features.accounts.tables import RoleGrant
from pb_service.features.accounts.two_people import Signer
from pb_service.features.assessment import lists
from pb_service.features.assessment.tables import BallotListRow
from pb_service.features.counting import closing, sealed
from pb_service.features.opening import repository as openings
from pb_service.features.opening import service as opening
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.record.repository import get_log
from pb_service.features.results.service import explain
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.timetable import push_phase
from pb_service.features.voting.casting import Answer, fields_of
from pb_service.features.voting.polling import Polling
from pb_service.service import Service
from pb_service.web import csrf
from tests.conftest import FakeClock
from tests.proposals import enter_phase, resident
from tests.rounds import REASON, draft, publish_round, staff, text, whole_setup

SECRET = b"s" * 32
TITLES = ("Penkkejä rantaan", "Valoja polulle", "Keinut puistoon", "Puita kadulle", "Silta ojan yli", "Kirjahylly")

#: What makes each format a whole set-up.
BALLOTS: dict[BallotFormat, BallotStep] = {
    "knapsack": BallotStep(fmt="knapsack"),
    "approval": BallotStep(fmt="approval", k=3, within_budget=False),
    "points": BallotStep(fmt="points", points_total=10, points_each=5, within_budget=False),
    "scores": BallotStep(fmt="scores", score_lowest=0, score_highest=5, within_budget=False),
    "ordinal": BallotStep(fmt="ordinal", k=3, within_budget=False),
}


@dataclass(frozen=True)
class Official:
    """A person with a signing key that is granted in the round."""

    actor: Actor
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, entry: dict[str, Any]) -> dict[str, str]:
        """What this person's browser sends: the public half and the signature."""
        return {"public_key": b64u(public_bytes(self.key)), "signature": sign_entry(entry, {"p": self.key})["sg"][0][1]}


@dataclass
class OpenVote:
    """A round whose vote is open, and everybody who has an office in it."""

    service: Service
    clock: FakeClock
    manager: Actor
    other_manager: Actor
    registrar: Official
    auditor: Official
    desks: tuple[Official, Official]
    slug: str = "spring"
    contest: str = "pohjoinen"
    #: What its manifest holds of the service, where that is more than keys and witnesses.
    around: Surroundings | None = None

    @property
    def surroundings(self) -> Surroundings:
        return self.around or Surroundings(self.service.keys, self.service.witnesses)

    async def polling(self) -> Polling:
        async with self.service.database.reading() as session:
            return await self.service.pollings.find(session, self.slug)

    async def voter(self) -> Actor:
        """Somebody with an account and nothing else."""
        return await resident(self.service)

    async def sealed(self, actor: Actor, ballot: Ballot, *, contest: str = "", base: int | None = None) -> Envelope:
        """An envelope as the voter's device makes it."""
        polling, named = await self.polling(), contest or self.contest
        shape = polling.manifest.contests[named].shape
        group = polling.manifest.contests[named].group
        async with self.service.database.reading() as session:
            given = await polling.standings(session, actor, self.service.keys)
        standing = next(one for one in given if one.group == group)
        place = Place(polling.manifest.eid, named, standing.alias, await self.size() if base is None else base)
        return seal(payload.encode(ballot, shape), place, polling.manifest.key, secrets.token_bytes)[0]

    async def size(self) -> int:
        """How many entries of the record have an index."""
        async with self.service.database.reading() as session:
            found = await find_round(session, self.slug, whole=False)
            return (await get_log(session, found.log)).size


def posted(envelope: Envelope) -> dict[str, Any]:
    """An envelope as the booth posts it."""
    return {name: value for name, value in fields_of(envelope, "acct").items() if name != "y"}


async def official(service: Service, manager: Actor, slug: str, role: Role) -> Official:
    """Somebody of the staff in that role, with a key of their own, enrolled and granted."""
    actor, key, now = await staff(service, role), Ed25519PrivateKey.generate(), service.clock()
    assert actor.account_id
    asked = canonical.decode(signing_keys.statement(SECRET, actor.account_id, now))
    document = canonical.encode(sign_entry({**asked, "pk": b64u(public_bytes(key))}, {"p": key}))
    async with service.database.transaction() as session:
        await _give_role(session, actor, role, now)
        made = await signing_keys.enrol(
            session, actor, document, label="laptop", kept_in="browser", secrets=[SECRET], now=now
        )
        found = await find_round(session, slug, whole=False)
        scope = RoundScope(found.id, found.slug, found.names, (), found.log_id)
        order = GrantOrder(key_id=made.id, role=role, district=None, from_at=now)
        await signing_keys.grant(session, manager, scope, order, now=now)
    return Official(actor, key)


async def _give_role(session: Any, actor: Actor, role: Role, now: Any) -> None:
    session.add(RoleGrant(account_id=actor.account_id, role=role, granted_at=now))
    await session.flush()


def setup_for(fmt: BallotFormat = "knapsack", **steps: Any) -> Setup:
    """A set-up of two districts whose ballots have that format; keys lie on this server."""
    rule = (
        RuleStep(by="points") if fmt in {"points", "scores"} else RuleStep(by="borda" if fmt == "ordinal" else "votes")
    )
    given = {"ballot": BALLOTS[fmt], "rule": rule, "trustees": TrusteesStep(), **steps}
    return whole_setup(**given)


async def fix_list(service: Service, slug: str, people: tuple[Actor, Actor], *, projects: int = 3) -> None:
    """Put a list of so many projects a district into the database as two people had fixed it."""
    async with service.database.transaction() as session:
        found = await find_round(session, slug)
        made = await lists.draft_of(session, found)
        ballots = []
        for place, ballot in enumerate(made.ballots):
            items = tuple(_item(ballot.key, place * projects + number) for number in range(projects))
            ballots.append(ballot_list.Ballot(ballot.key, ballot.title, ballot.budget, items))
        fixed = Draft(found.slug, made.setup, made.languages, tuple(ballots))
        body = ballot_list.body_of(fixed)
        now = service.clock()
        row = BallotListRow(
            round_id=found.id,
            version=1,
            body=body,
            sha256=ballot_list.sha256_of(body),
            confirmed_first_by=people[0].account_id,
            confirmed_first_at=now,
            confirmed_second_by=people[1].account_id,
            confirmed_second_at=now,
            reason={},
        )
        session.add_all([row, *lists._contests(found, fixed)])


def _item(contest: str, number: int) -> Item:
    title = TITLES[number % len(TITLES)]
    return Item(
        code=f"{contest}-{101 + number}",
        titles=text(title, f"{title} (sv)", f"{title} (en)"),
        texts=text("Lyhyesti kerrottuna.", "Kort berättat.", "In short."),
        contest=contest,
        proposals=(number + 1,),
        cost=(4 + 3 * (number % 5)) * 1_000_000,
        themes=("nature",) if number % 2 else ("streets",),
    )


async def prepared_vote(
    service: Service, clock: FakeClock, *, fmt: BallotFormat = "knapsack", slug: str = "spring", projects: int = 3,
    **steps: Any,
) -> OpenVote:  # fmt: skip
    """A round whose list is fixed and whose officials have keys, before anything of its opening."""
    manager, other = await staff(service), await staff(service)
    await draft(service, manager, slug, setup=setup_for(fmt, **steps))
    await publish_round(service, manager, slug)
    await enter_phase(service, slug, "assessment")
    await fix_list(service, slug, (manager, other), projects=projects)
    registrar, auditor = [await official(service, manager, slug, role) for role in ("registrar", "auditor")]
    desks = (await official(service, manager, slug, "desk"), await official(service, manager, slug, "desk"))
    await service.sequencer.settle()
    return OpenVote(service, clock, manager, other, registrar, auditor, desks, slug)


async def begin_opening(vote: OpenVote, *, strikes: int = 0) -> None:
    """Ceremony of the server's trustees, and a manifest to be signed."""
    around = vote.surroundings
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        order = opening.Order(strikes=strikes)
        await opening.begin(session, vote.manager, found, order, around=around, now=vote.clock())
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await opening.prepare(session, vote.manager, found, around=around, now=vote.clock())


async def confirm_manifest(vote: OpenVote, role: Signer, *, by: Official | None = None) -> bool:
    """Let the registrar or the auditor sign what lies there."""
    service, person = vote.service, by or (vote.registrar if role == "registrar" else vote.auditor)
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        begun = await openings.opening_of(session, found.id)
        assert begun
        assert begun.manifest
        return await opening.confirm(
            session,
            person.actor,
            found,
            role,
            entries.election_id(begun.manifest),
            **person.sign(opening.to_sign(begun)),
            around=vote.surroundings,
            now=service.clock(),
        )


async def open_vote(
    service: Service,
    clock: FakeClock,
    *,
    fmt: BallotFormat = "knapsack",
    slug: str = "spring",
    projects: int = 3,
    strikes: int = 0,
    **steps: Any,
) -> OpenVote:
    """A round in its phase of voting, an hour after it opened: two districts, an open group, class acct, mode self."""
    vote = await prepared_vote(service, clock, fmt=fmt, slug=slug, projects=projects, **steps)
    await begin_opening(vote, strikes=strikes)
    await confirm_manifest(vote, "registrar")
    await confirm_manifest(vote, "auditor")
    await begin_voting(vote)
    return vote


async def begin_voting(vote: OpenVote, *, late: timedelta = timedelta(hours=1)) -> None:
    """Let the moment of the manifest come and pass, and the manager begin the phase."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, whole=False)
        found.opens_at = found.opens_at or datetime.fromtimestamp(0, UTC)  # no manifest yet
        vote.clock.now = found.opens_at + late
        await push_phase(session, vote.manager, vote.slug, "voting", reason=REASON, now=vote.clock())
    await vote.service.sequencer.settle()


@dataclass(frozen=True)
class Booth:
    """A browser in which a resident is signed in, with the token of a page of ours."""

    client: httpx.AsyncClient
    actor: Actor
    token: str

    @classmethod
    async def enter(cls, client: httpx.AsyncClient, vote: OpenVote, voter: Actor | None = None) -> "Booth":
        """Sign somebody in, by default a new resident, without the pages."""
        service, voter = vote.service, voter or await vote.voter()
        assert voter.account_id
        now = service.clock()
        async with service.database.transaction() as session:
            secret = await sessions.start(session, voter.account_id, "resident", visitor=Visitor(), now=now)
            actor = await sessions.recognise(session, secret, now=now)
        client.cookies.set("pb-session", secret)
        token = csrf._token(service.keys.ring("cookie").current, secret, secrets.token_bytes(16))
        return cls(client, actor, token)

    async def cast(self, sealed: dict[str, Any], slug: str = "spring") -> httpx.Response:
        """Post an envelope as the booth's script does."""
        headers = {"origin": "http://localhost", "x-csrf-token": self.token}
        return await self.client.post(f"/api/v1/rounds/{slug}/cast", json=sealed, headers=headers)


async def cast(vote: OpenVote, voter: Actor, ballot: Ballot, *, contest: str = "") -> Answer:
    """Seal a ballot and cast it; something must sequence the record meanwhile."""
    return await vote.service.casting.cast(
        await vote.polling(), voter, await vote.sealed(voter, ballot, contest=contest)
    )


async def close(vote: OpenVote) -> None:
    """Let the end and the grace pass, and two people close the vote."""
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
    assert found.closes_at
    vote.clock.now = found.closes_at + timedelta(seconds=opening.GRACE)
    for person in (vote.manager, vote.other_manager):
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True, whole=False)
            key = vote.service.operator_key
            await closing.close_vote(session, person, found, operator=key, now=vote.clock())


async def counted(vote: OpenVote) -> None:
    """Count a closed vote as its jobs do, until its results are published and explained."""
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
    await vote.service.sequencer.settle(0.01)
    assert await sealed.count(vote.service, found.id)
    async with vote.service.database.transaction() as session:
        await explain(session, vote.slug)
    await vote.service.sequencer.settle(0.01)


async def verified(vote: OpenVote, *options: str) -> dict[str, Any]:
    """What pb-verify, in a process of its own, says about the evidence bundle."""
    bundle = await bundle_of(vote.service, vote.slug)
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(bundle)
        file.flush()
        command = [sys.executable, "-m", "pb_service.verifier", file.name, "--format", "json", *options]
        checkout = Path(__file__).parents[1]  # the checker of this checkout, wherever the package is installed from
        done = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=checkout
        )
        said, complaint = await done.communicate()
    assert said, complaint
    report: dict[str, Any] = json.loads(said)
    return report
