"""What became of the projects of a round: what the result funds, and the history of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation import history
from pb_service.core.implementation.history import Act, Progress, State
from pb_service.core.record import canonical
from pb_service.core.rounds.phases import AFTER_COUNT, Phase
from pb_service.core.rounds.setup import Problem
from pb_service.features.assessment.lists import published_list
from pb_service.features.implementation import repository
from pb_service.features.implementation.errors import FundedProjectNotFound, NotBuiltYet
from pb_service.features.implementation.tables import ImplementationAct
from pb_service.features.results.states import Published, published_states
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Funded:
    """A project that a result funds, or funded before it was amended (``is_funded`` false). Money in minor units.

    ``titles`` and ``contest_titles`` are [(language, text)]; ``proposals`` the numbers of those it was made from.
    """

    contest: str
    contest_titles: Sequence[Sequence[str]]
    code: str
    titles: Sequence[Sequence[str]]
    proposals: tuple[int, ...]
    promised: int
    is_funded: bool
    promises: tuple["Promise", ...]


@dataclass(frozen=True)
class Promise:
    """What a state of the result says of a project: its place among the states, and the money or None."""

    place: int
    kind: str
    at: datetime
    amount: int | None
    reference: str


@dataclass(frozen=True)
class Built:
    """A funded project with what became of it."""

    funded: Funded
    progress: Progress
    rows: tuple[ImplementationAct, ...] = ()
    unit_id: UUID | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.funded.contest, self.funded.code

    @property
    def version(self) -> int:
        return self.progress.number

    @property
    def state(self) -> State:
        return self.progress.state


@dataclass(frozen=True)
class Board:
    """All funded projects of a round in the order of its ballots; ``today`` is the day in the round's time zone."""

    found: Round
    projects: tuple[Built, ...]
    today: date
    confirmed_at: datetime

    @property
    def newest(self) -> datetime:
        """When something happened last."""
        return max([self.confirmed_at, *(one.progress.at for one in self.projects if one.progress.at)])

    def counted(self, state: State) -> int:
        return sum(one.state == state for one in self.projects)


async def funded_projects(session: AsyncSession, found: Round) -> list[Funded]:
    """Return what the round's result funds. Raises NotBuiltYet before it is confirmed."""
    is_counted = not found.imported and found.phase in AFTER_COUNT
    states = await published_states(session, found.id) if is_counted else []
    said = [state for state in states if state.kind != "voided"]
    if not any(state.kind == "confirmed" for state in said):
        raise NotBuiltYet("The result of this round is not confirmed yet.")
    void = {state.statement["contest"] for state in states if state.kind == "voided"}
    listed = await _listed(session, found)
    projects = []
    for contest in listed:
        if contest["id"] in void:
            continue
        for project in contest["projects"]:
            amounts = [(state, (state.funded(contest["id"]) or {}).get(project["id"])) for state in said]
            funded = [amount for _, amount in amounts if amount is not None]
            if funded:
                projects.append(
                    Funded(
                        contest=contest["id"],
                        contest_titles=contest["title"],
                        code=project["id"],
                        titles=project["title"],
                        proposals=tuple(project["proposals"]),
                        promised=funded[-1],
                        is_funded=amounts[-1][1] is not None,
                        promises=_promises(amounts),
                    )
                )
    return projects


def _promises(amounts: Sequence[tuple[Published, int | None]]) -> tuple[Promise, ...]:
    """The states in which a project's money changed, and the one that confirmed it."""
    lines: list[Promise] = []
    for state, amount in amounts:
        if lines and amount == lines[-1].amount and state.kind != "confirmed":
            continue
        reference = state.statement.get("decision", {}).get("reference", "")
        lines.append(Promise(state.place, state.kind, state.at, amount, reference))
    return tuple(lines)


async def _listed(session: AsyncSession, found: Round) -> Sequence[Mapping[str, Any]]:
    """The contests of the fixed ballot list, with what their projects are called in every language."""
    row = await published_list(session, found)
    if row is None:
        raise NotBuiltYet("This round has no ballot list.")
    contests: Sequence[Mapping[str, Any]] = canonical.decode(row.body)["contests"]
    return contests


async def is_confirmed(session: AsyncSession, found: Round) -> bool:
    """Whether there is a board of this round."""
    if found.imported or found.phase not in AFTER_COUNT:
        return False
    return any(state.kind == "confirmed" for state in await published_states(session, found.id))


async def board(session: AsyncSession, found: Round, now: datetime) -> Board:
    """Return what became of every funded project of a round. Raises NotBuiltYet."""
    funded = await funded_projects(session, found)
    rows = {(row.contest, row.project): row for row in await repository.of_round(session, found.id)}
    acts = await repository.acts(session, [row.id for row in rows.values()])
    projects = []
    for project in funded:
        row = rows.get((project.contest, project.code))
        lines = tuple(acts[row.id]) if row else ()
        progress = history.progress_of(project.promised, map(act_of, lines))
        projects.append(Built(project, progress, lines, row.unit_id if row else None))
    confirmed = min(one.at for project in funded for one in project.promises) if funded else now
    return Board(found, tuple(projects), await today_of(session, found, now), confirmed)


async def built(session: AsyncSession, found: Round, contest: str, code: str) -> Built:
    """Return one funded project. Raises NotBuiltYet, FundedProjectNotFound."""
    project = next(
        (one for one in await funded_projects(session, found) if (one.contest, one.code) == (contest, code)), None
    )
    if project is None:
        raise FundedProjectNotFound("The result of this round funds no such project.")
    row = await repository.one(session, found.id, contest, code)
    lines = tuple((await repository.acts(session, [row.id]))[row.id]) if row else ()
    progress = history.progress_of(project.promised, map(act_of, lines))
    return Built(project, progress, lines, row.unit_id if row else None)


def act_of(row: ImplementationAct) -> Act:
    """A stored line of a history as it counts."""
    return Act(row.number, row.kind, row.at, canonical.decode(row.body)["content"]["said"], row.is_erased)


async def today_of(session: AsyncSession, found: Round, now: datetime) -> date:
    """The day in the round's time zone."""
    return now.astimezone(ZoneInfo((await setup_of(session, found)).dates.time_zone)).date()


async def guard_archive(session: AsyncSession, found: Round, target: Phase, now: datetime) -> Problem | None:
    """A phase guard: a round is not over while a funded project is neither done nor given up."""
    if target != "archived" or not await is_confirmed(session, found):
        return None
    waiting = [
        one
        for one in (await board(session, found, now)).projects
        if one.funded.is_funded and one.state not in history.ENDED
    ]
    return Problem("phase", "still_built", {"count": len(waiting)}) if waiting else None
