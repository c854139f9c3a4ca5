"""Builders of assessment: staff by role, proposals found feasible, costs signed by two, projects, a fixed list."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import CostLine, CostSheet
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import costing, feasibility, lists, moderation, projects
from pb_service.features.assessment.feasibility import Answer
from pb_service.features.assessment.projects import Details
from pb_service.features.assessment.tables import BallotListRow, BallotProject
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import NORTH, REASON, SOUTH, enter_phase, open_round, resident, sent, words
from tests.rounds import staff, text

KEY = b"k" * 32
YES = {"lawful": Answer(True, {})}
NO = {"lawful": Answer(False, REASON)}


def sheet(cents: int = 500_000, **more: Any) -> dict[str, Any]:
    """A sheet of one line that comes to so much."""
    line = CostLine("Penkki", 1_000, "kpl", cents, "Puitesopimus 2026")
    return costs.document(CostSheet(lines=(line,), upkeep=(CostLine("Huolto", 1_000, "v", 10_000),), **more))


@dataclass(frozen=True)
class Office:
    """A round with its staff: each duty in another hand."""

    service: Service
    clock: FakeClock
    manager: Actor
    other_manager: Actor
    moderator: Actor
    other_moderator: Actor
    assessor: Actor
    other_assessor: Actor
    author: Actor
    slug: str = "spring"

    async def phase(self, name: Any) -> None:
        await enter_phase(self.service, self.slug, name)

    async def sent(self, title: str = "Penkkejä rantaan", **more: Any) -> Proposal:
        """A proposal that was sent in the phase of ideas."""
        await self.phase("ideas")
        made = await sent(self.service, self.author, self.slug, words(title, **more))
        await self.phase("moderation")
        return made

    async def decide(self, number: int, wanted: moderation.Wanted, actor: Actor | None = None) -> None:
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, whole=False)
            await moderation.decide(session, actor or self.moderator, found, number, wanted, key=KEY, now=self.clock())

    async def published(self, title: str = "Penkkejä rantaan", **more: Any) -> int:
        """A published proposal's number."""
        made = await self.sent(title, **more)
        await self.decide(made.number or 0, moderation.Wanted("publish"))
        return made.number or 0

    async def assess(self, number: int, answers: Any = None, actor: Actor | None = None) -> None:
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, whole=False)
            await feasibility.decide(
                session, actor or self.assessor, found, number, answers or YES, key=KEY, now=self.clock()
            )

    async def set_cost(
        self,
        of: str,
        cents: int = 500_000,
        *,
        version: int = 0,
        reason: Any = None,
        actor: Actor | None = None,
        content: Any = None,
    ) -> None:
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, whole=False)
            await costing.set_cost(
                session,
                actor or self.assessor,
                found,
                of,
                content or sheet(cents),
                version=version,
                reason=reason or {},
                key=KEY,
                now=self.clock(),
            )

    async def sign(self, of: str, *, version: int = 1, actor: Actor | None = None) -> None:
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, whole=False)
            await costing.sign_cost(
                session, actor or self.other_assessor, found, of, version=version, key=KEY, now=self.clock()
            )

    async def costed(self, title: str = "Penkkejä rantaan", cents: int = 500_000, **more: Any) -> int:
        """The number of a proposal found feasible, with a signed cost."""
        number = await self.published(title, **more)
        await self.assess(number)
        await self.set_cost(f"p{number}", cents)
        await self.sign(f"p{number}")
        return number

    async def make(self, numbers: Collection[int], contest: str = "pohjoinen", **more: Any) -> BallotProject:
        details = Details(contest=contest, titles=text("Hanke", "Projekt"), texts=text("Lyhyesti", "I korthet"), **more)
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, whole=False)
            return await projects.make(
                session, self.assessor, found, numbers, details, once=uuid4(), key=KEY, now=self.clock()
            )

    async def list_hash(self) -> str:
        async with self.service.database.reading() as session:
            found = await find_round(session, self.slug, whole=False)
            return (await lists.state_of(session, self.manager, found)).sha256

    async def lacking(self) -> list[tuple[str, str]]:
        """What the list lacks, as (field, code)."""
        async with self.service.database.reading() as session:
            found = await find_round(session, self.slug, whole=False)
            state = await lists.state_of(session, self.manager, found)
        return [(problem.field, problem.code) for point in state.points for problem in point.problems]

    async def confirm(self, actor: Actor, sha256: str = "", reason: Any = None) -> BallotListRow:
        digest = sha256 or await self.list_hash()
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, for_update=True, whole=False)
            return await lists.confirm(session, actor, found, digest, reason or {}, key=KEY, now=self.clock())

    async def author_proposals(self) -> list[UUID]:
        """The ids of what the author wrote, by number."""
        async with self.service.database.reading() as session:
            found = await find_round(session, self.slug, whole=False)
            query = select(Proposal.id).where(Proposal.round_id == found.id).order_by(Proposal.number)
            return list((await session.scalars(query)).all())

    async def fixed(self) -> BallotListRow:
        """A list of two projects, one in each district, fixed by two people."""
        north = await self.costed("Penkkejä rantaan", place=NORTH)
        south = await self.costed("Valoja polulle", 700_000, place=SOUTH)
        await self.make([north])
        await self.make([south], "etela")
        await self.phase("assessment")
        await self.confirm(self.manager)
        return await self.confirm(self.other_manager)


async def office(service: Service, clock: FakeClock) -> Office:
    manager = await open_round(service, clock)
    return Office(
        service,
        clock,
        manager,
        await staff(service, "manager"),
        await staff(service, "moderator"),
        await staff(service, "moderator"),
        await staff(service, "assessor"),
        await staff(service, "assessor"),
        await resident(service),
    )
