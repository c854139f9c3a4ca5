"""The demonstration's vote: an invented town's round, brought from its ideas to an open vote by the acts that staff
take.

What lies before the vote is told as if it had happened over the last weeks, since nobody can vote on a list before it
was made. The officials' signing keys are drawn here and thrown away: nobody can sign in their name afterwards.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.cli.console import say
from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import CostLine, CostSheet
from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.places import Place
from pb_service.core.record import canonical, entries
from pb_service.core.record.canonical import b64u
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import (
    STEPS,
    ClosingStep,
    Contact,
    CriteriaStep,
    Criterion,
    DatesStep,
    District,
    DistrictsStep,
    EligibilityStep,
    MoneyStep,
    PlannedPhase,
    Setup,
    TextsStep,
    to_content,
)
from pb_service.demo.harbour import DISTRICTS, NAME, PROJECTS, SLUG, SUMMARY, TOTAL, DemoProject, text
from pb_service.features.accounts import identity_repository, signing_keys
from pb_service.features.accounts.policy import Actor, Grant, Role
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.accounts.signing_keys import GrantOrder
from pb_service.features.accounts.two_people import SIGNERS
from pb_service.features.assessment import costing, feasibility, lists, moderation
from pb_service.features.assessment import projects as ballot_projects
from pb_service.features.assessment.feasibility import Answer
from pb_service.features.assessment.jobs import PEOPLE_KEY
from pb_service.features.assessment.projects import Details
from pb_service.features.opening import repository as openings
from pb_service.features.opening import service as opening
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.opening.service import Order
from pb_service.features.proposals.entering import enter
from pb_service.features.rounds.drafts import create_draft, publish, save_step
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.timetable import push_phase
from pb_service.service import Service

_ZONE = "Europe/Helsinki"
_REASON = text("Kokeilukierros", "En provomgång", "A round to try things out")
#: How long the vote is open, and how long ago the story begins.
_DAYS_OPEN, _DAYS_BEFORE = 14, 60

_PEOPLE: tuple[tuple[str, Role], ...] = (
    ("manager", "manager"),
    ("manager2", "manager"),
    ("moderator", "moderator"),
    ("desk", "desk"),
    ("desk2", "desk"),
    ("assessor", "assessor"),
    ("assessor2", "assessor"),
    ("registrar", "registrar"),
    ("auditor", "auditor"),
)
_SIGNERS: tuple[tuple[str, Role], ...] = (
    ("registrar", "registrar"),
    ("auditor", "auditor"),
    ("desk", "desk"),
    ("desk2", "desk"),
)


async def open_demonstration_vote(service: Service) -> None:
    """Make the round, if it is not there, and open its vote. What was interrupted left nothing."""
    async with service.database.reading() as session:
        try:
            await find_round(session, SLUG, whole=False)
        except RoundNotFound:
            pass
        else:
            return
    say("Opening a vote in an invented town, in which you can cast a ballot.")
    await Story(service, SLUG, _setup, PROJECTS).tell()


class Story:
    """How a round came to its open vote: who did what, and when it is said to have happened.

    ``setup_at`` is its set-up for a vote that opens at a moment; ``projects`` get their numbers in their order.
    """

    def __init__(
        self, service: Service, slug: str, setup_at: Callable[[datetime], Setup], projects: Sequence[DemoProject]
    ) -> None:
        self._service = service
        self._slug = slug
        self._setup_at = setup_at
        self._projects = projects
        self._now = service.clock().replace(second=0, microsecond=0)
        self._at = self._now - timedelta(days=_DAYS_BEFORE)
        self._key = service.keys.secret(PEOPLE_KEY)
        self._keys: dict[Role, Ed25519PrivateKey] = {}

    async def tell(self) -> None:
        """Everything in one transaction: either the round is there with its open vote, or nothing is."""
        async with self._service.database.transaction() as session:
            self._people = {name: await _actor(session, role, name, self._service.clock()) for name, role in _PEOPLE}
            await self._set_up(session)
            await self._make_list(session)
            await self._open(session)
        await self._service.sequencer.settle()

    async def _set_up(self, session: AsyncSession) -> None:
        manager, setup = self._people["manager"], self._setup_at(self._now)
        self._districts = {district.key: district for district in setup.districts.districts}
        await create_draft(session, manager, slug=self._slug, name=setup.texts.name, now=self._at)
        for name in STEPS:
            version = 1 if name in {"texts", "dates"} else 0
            step = to_content(getattr(setup, name))
            await save_step(session, manager, self._slug, name, step, version=version, now=self._at)
        await publish(session, manager, self._slug, origin_host=self._service.settings.origin, now=self._at)
        await self._push(session, "ideas")

    async def _push(self, session: AsyncSession, phase: Phase) -> None:
        self._at += timedelta(days=5)
        await push_phase(session, self._people["manager"], self._slug, phase, reason=_REASON, now=self._at)

    async def _make_list(self, session: AsyncSession) -> None:
        people = self._people
        numbers = [await self._entered(session, place, project) for place, project in enumerate(self._projects)]
        await self._push(session, "moderation")
        found = await find_round(session, self._slug, whole=False)
        for number in numbers:
            wanted = moderation.Wanted("publish")
            await moderation.decide(session, people["moderator"], found, number, wanted, key=self._key, now=self._at)
        await self._push(session, "assessment")
        for number, project in zip(numbers, self._projects, strict=True):
            await self._assessed(session, number, project)
        self._at += timedelta(days=10)
        locked = await find_round(session, self._slug, for_update=True)
        for person in ("manager", "manager2"):
            state = await lists.state_of(session, people[person], locked)
            await lists.confirm(session, people[person], locked, state.sha256, {}, key=self._key, now=self._at)
            await session.flush()

    async def _entered(self, session: AsyncSession, place: int, project: DemoProject) -> int:
        west, south = self._districts[project.district].polygons[0][0][0]
        draft = Draft(
            title=project.title["fi"].text,
            need=project.about["fi"].text,
            idea=project.about["fi"].text,
            audience="Kaikille",
            theme=project.theme,
            place=Place("point", ((west + 500_000, south + 400_000 + place % 50 * 10_000),)),
        )
        desk = self._people["desk"]
        made = await enter(session, desk, self._slug, draft, channel="paper", once=uuid4(), now=self._at)
        assert made.number is not None  # noqa: S101 - it was taken in
        return made.number

    async def _assessed(self, session: AsyncSession, number: int, project: DemoProject) -> None:
        people, key, at = self._people, self._key, self._at
        found = await find_round(session, self._slug, whole=False)
        answers = {"lawful": Answer(True, {})}
        await feasibility.decide(session, people["assessor"], found, number, answers, key=key, now=at)
        line = CostLine("Rakentaminen", 1_000, "kpl", project.cost * 100, "Arvio")
        sheet, of = costs.document(CostSheet(lines=(line,))), f"p{number}"
        await costing.set_cost(session, people["assessor"], found, of, sheet, version=0, reason={}, key=key, now=at)
        await costing.sign_cost(session, people["assessor2"], found, of, version=1, key=key, now=at)
        details = Details(contest=project.district, titles=project.title, texts=project.about)
        await ballot_projects.make(session, people["assessor"], found, [number], details, once=uuid4(), key=key, now=at)

    async def _open(self, session: AsyncSession) -> None:
        self._at = max(self._at, self._now - timedelta(days=1))
        around, people = Surroundings(self._service.keys, self._service.witnesses), self._people
        for name, role in _SIGNERS:
            await self._enrolled(session, name, role)
        found = await find_round(session, self._slug, for_update=True)
        await opening.begin(session, people["manager"], found, Order(strikes=0), around=around, now=self._at)
        await opening.prepare(session, people["manager"], found, around=around, now=self._at)
        made = await openings.opening_of(session, found.id)
        assert made is not None and made.manifest is not None  # noqa: S101, PT018 - just prepared
        entry, eid = opening.to_sign(made), entries.election_id(made.manifest)
        for role in SIGNERS:
            key = self._keys[role]
            await opening.confirm(
                session,
                people[role],
                found,
                role,
                eid,
                public_key=b64u(public_bytes(key)),
                signature=sign_entry(entry, {"p": key})["sg"][0][1],
                around=around,
                now=self._at,
            )
        await push_phase(session, people["manager"], self._slug, "voting", reason=_REASON, now=self._now)

    async def _enrolled(self, session: AsyncSession, name: str, role: Role) -> None:
        """Give somebody a signing key, granted in the round."""
        actor, key, secret = self._people[name], Ed25519PrivateKey.generate(), secrets.token_bytes(32)
        assert actor.account_id is not None  # noqa: S101 - a person
        asked = canonical.decode(signing_keys.statement(secret, actor.account_id, self._at))
        document = canonical.encode(sign_entry({**asked, "pk": b64u(public_bytes(key))}, {"p": key}))
        made = await signing_keys.enrol(
            session, actor, document, label="Demonstration", kept_in="file", secrets=[secret], now=self._at
        )
        found = await find_round(session, self._slug, whole=False)
        scope = RoundScope(found.id, found.slug, found.names, (), found.log_id)
        order = GrantOrder(key_id=made.id, role=role, district=None, from_at=self._at)
        await signing_keys.grant(session, self._people["manager"], scope, order, now=self._at)
        self._keys.setdefault(role, key)


async def _actor(session: AsyncSession, role: Role, name: str, now: datetime) -> Actor:
    """Somebody of the demonstration's staff, as if signed in and stepped up just now."""
    account_id: UUID = await identity_repository.demonstration_account(
        session, email=f"{name}@development.invalid", name=name.capitalize(), role=role, now=now
    )
    until = now + timedelta(hours=1)
    return Actor(account_id, (Grant(role),), second_factor=True, stepped_up_until=until, is_staff=True)


def _setup(now: datetime) -> Setup:
    local = now.astimezone(ZoneInfo(_ZONE)).replace(tzinfo=None)

    def at(days: int, hour: int | None = None) -> str:
        moment = local + timedelta(days=days)
        return f"{moment if hour is None else moment.replace(hour=hour, minute=0):%Y-%m-%dT%H:%M}"

    phases = (
        PlannedPhase("ideas", at(-50)),
        PlannedPhase("moderation", at(-40)),
        PlannedPhase("assessment", at(-30)),
        PlannedPhase("voting", at(0)),
        PlannedPhase("counting", at(_DAYS_OPEN, 20)),
        PlannedPhase("results", at(_DAYS_OPEN + 7, 12)),
    )
    districts = tuple(
        District(key=key, name=name, population=population, polygons=((square(x),),))
        for key, name, x, population in DISTRICTS
    )
    lawful = Criterion(
        "lawful", text("Laillinen", "Laglig", "Lawful"), text("Ei lain mukainen", "Mot lagen", "Not lawful")
    )
    return Setup(
        texts=TextsStep(name=NAME, summary=SUMMARY, contact=Contact(email="osallistu@development.invalid")),
        dates=DatesStep(time_zone=_ZONE, phases=phases),
        districts=DistrictsStep(districts=districts, choice="free"),
        money=MoneyStep(total=TOTAL * 100, mode="population", quantum=1_000_00),
        eligibility=EligibilityStep(grounds=("anyone",)),
        criteria=CriteriaStep(criteria=(lawful,)),
        closing=ClosingStep(
            appeal=text("Kokeilu: ei oikaisuvaatimusta.", "Ett prov: inget omprövningsyrkande.", "A trial: no appeal."),
            source="Demo",
        ),
    )


def square(west: int) -> tuple[tuple[int, int], ...]:
    """The outline of a district that is one degree wide, from ``west`` degrees east; its south-western corner first."""
    x, y = west * 10**6, 60 * 10**6
    return (x, y), (x + 10**6, y), (x + 10**6, y + 10**6), (x, y + 10**6), (x, y)
