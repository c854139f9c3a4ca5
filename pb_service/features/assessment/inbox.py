"""What waits for whom: every open case of the rounds that somebody works in, what is to be done, until when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import State
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.policy import Actor, may, require_somewhere
from pb_service.features.assessment import repository
from pb_service.features.assessment.tables import CostSheetRow
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.tables import Round

Todo = Literal["moderate", "wait_publish", "wait_author", "assess", "agree", "cost", "sign", "project", "review"]
Tab = Literal["all", "late", "mine", "new", "review", "waiting"]
TABS: tuple[Tab, ...] = ("all", "late", "mine", "new", "review", "waiting")

#: What is grouped as one kind of work in the picture of the workload.
GROUPS: Mapping[str, tuple[Todo, ...]] = {
    "moderation": ("moderate", "wait_publish", "wait_author"),
    "assessment": ("assess", "agree", "review"),
    "costing": ("cost",),
    "signing": ("sign",),
    "project": ("project",),
}

_STATES: frozenset[State] = frozenset(
    {"received", "returned", "published", "assessed", "on_ballot", "rejected", "infeasible"}
)
_WAITING: frozenset[Todo] = frozenset({"wait_publish", "wait_author"})
#: Answers of so many days count in the median.
ANSWERS_OF = timedelta(days=30)


@dataclass(frozen=True)
class Case:
    """A line of the inbox. ``with_whom`` are names of units by language, or of people."""

    slug: str
    number: int
    title: str
    language: str
    district: str | None
    theme: str | None
    state: State
    todo: Todo
    due_at: datetime | None
    received_at: datetime | None
    with_whom: tuple[Mapping[str, str] | str, ...]
    mine: bool
    is_new: bool

    def late(self, now: datetime) -> bool:
        """Whether its deadline has passed."""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True)
class Load:
    """How much of each kind of work lies with somebody. ``who`` as in Case; empty: with nobody."""

    who: Mapping[str, str] | str
    counts: Mapping[str, int]
    late: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Inbox:
    """Everything open, most urgent first. ``answer_days``: median of the last answers to new proposals, or None."""

    cases: tuple[Case, ...]
    rounds: tuple[Round, ...]
    done: int
    answer_days: int | None

    def of(self, tab: Tab, now: datetime) -> list[Case]:
        """The cases of a tab."""
        chosen: Mapping[Tab, Callable[[Case], bool]] = {
            "all": lambda case: case.todo != "wait_author",
            "late": lambda case: case.late(now),
            "mine": lambda case: case.mine and case.todo not in _WAITING,
            "new": lambda case: case.is_new,
            "review": lambda case: case.todo == "review",
            "waiting": lambda case: case.todo in _WAITING,
        }
        return [case for case in self.cases if chosen[tab](case)]

    def load(self, now: datetime) -> list[Load]:
        """The workload, of the units and people that have any, the heaviest first."""
        lists: dict[str, tuple[Mapping[str, str] | str, list[Case]]] = {}
        for case in self.cases:
            for who in case.with_whom or ("",):
                lists.setdefault(str(who), (who, []))[1].append(case)
        loads = [
            Load(
                who,
                {name: sum(case.todo in todos for case in cases) for name, todos in GROUPS.items()},
                sum(case.late(now) for case in cases),
            )
            for who, cases in lists.values()
        ]
        return sorted(loads, key=lambda load: (-load.total, str(load.who)))

    def groups(self) -> dict[str, int]:
        """How much of each kind of work is open."""
        return {name: sum(case.todo in todos for case in self.cases) for name, todos in GROUPS.items()}


async def inbox(session: AsyncSession, actor: Actor, *, slug: str = "", now: datetime) -> Inbox:
    """Return what is open in the rounds that the actor works in, or in one of them. Raises Forbidden."""
    require_somewhere(actor, "staff.enter")
    all_mine = [found for found in await rounds.all_rounds(session) if _works_in(actor, found)]
    chosen = [found for found in all_mine if slug in ("", found.slug)]
    units = (
        [member.unit_id for member in await staff.memberships_of(session, actor.account_id)] if actor.account_id else []
    )
    cases: list[Case] = []
    rows: list[Proposal] = []
    for found in chosen:
        mine = [
            row
            for row in await repository.proposals_in(session, found.id, _STATES)
            if _works_on(actor, found, row.district)
        ]
        rows += mine
        cases += await _cases(session, found, mine, actor.account_id, units)
    cases.sort(key=_urgency)
    return Inbox(tuple(cases), tuple(all_mine), len(rows) - len(cases), _answer_days(rows, now))


def todo_of(
    row: Proposal, *, sheets: Sequence[CostSheetRow], opinions: int, decided: bool, review: bool, joint: bool
) -> Todo | None:
    """Return what is to be done about a proposal, or None when nothing is.

    ``sheets`` are those that count for it; ``joint``: it stands for a project of several, which has a cost of its own.
    """
    if review:
        return "review"
    if row.state == "received":
        return "wait_publish" if decided else "moderate"
    if row.state == "returned":
        return "wait_author"
    if row.state == "published":
        return "agree" if opinions else "assess"
    if not sheets and (row.state == "assessed" or joint):
        return "cost"
    unsigned = row.state in {"assessed", "on_ballot"} and bool(sheets) and sheets[-1].signed_at is None
    return "sign" if unsigned else "project" if row.state == "assessed" else None


async def _cases(
    session: AsyncSession, found: Round, rows: Sequence[Proposal], account_id: UUID | None, units: Sequence[UUID]
) -> list[Case]:
    ids = [row.id for row in rows]
    sheets = _by_proposal(await repository.sheets(session, proposals=ids))
    waiting = {row.proposal_id for row, _ in await repository.decisions_waiting(session, found.id)}
    opinions = _by_proposal(await repository.opinions(session, ids))
    reviews = {row.proposal_id: row.due_at for row in await repository.reviews(session, ids) if not row.decided_at}
    held = _by_proposal(await repository.assignments(session, ids))
    of_projects, done_elsewhere = await _project_sheets(session, ids)
    names = await repository.names(session, {row.account_id for each in held.values() for row in each})
    unit_names = {unit.id: unit.names for unit in await staff.units(session)}
    cases = []
    for row in rows:
        todo = todo_of(
            row,
            sheets=of_projects.get(row.id, sheets.get(row.id, [])),
            opinions=len(opinions.get(row.id, [])),
            decided=row.id in waiting,
            review=row.id in reviews,
            joint=row.id in of_projects,
        )
        if todo is None or row.number is None or row.id in done_elsewhere:
            continue
        mine = held.get(row.id, [])
        dues = [each.due_at for each in mine if each.due_at]
        dues += [reviews[row.id]] if row.id in reviews else []
        cases.append(
            Case(
                slug=found.slug,
                number=row.number,
                title=row.title,
                language=row.language,
                district=row.district,
                theme=row.theme,
                state=row.state,
                todo=todo,
                due_at=min(dues) if dues else None,
                received_at=row.received_at,
                with_whom=tuple(
                    unit_names.get(each.unit_id, {}) if each.unit_id else names.get(each.account_id or UUID(int=0), "")
                    for each in mine
                    if each.unit_id or each.account_id
                ),
                mine=any(each.account_id == account_id or each.unit_id in units for each in mine),
                is_new=row.state == "received" and not mine and todo == "moderate",
            )
        )
    return cases


async def _project_sheets(
    session: AsyncSession, ids: Sequence[UUID]
) -> tuple[dict[UUID, list[CostSheetRow]], set[UUID]]:
    """Return the sheets of projects with a cost of their own, by the first proposal of each; and the other proposals,
    for which nothing is left to do.
    """
    placed = {project.id for project in (await repository.projects_of(session, ids)).values()}
    rows = await repository.sheets(session, projects=placed)
    found: dict[UUID, list[CostSheetRow]] = {}
    others: set[UUID] = set()
    for project_id, source in (await repository.sources(session, placed)).items():
        own = [row for row in rows if row.project_id == project_id]
        if source and (own or len(source) > 1):
            found[source[0][0]] = own
            others |= {proposal_id for proposal_id, _ in source[1:]}
    return found, others


class _AboutProposal(Protocol):
    @property
    def proposal_id(self) -> UUID | None: ...


_Row = TypeVar("_Row", bound=_AboutProposal)


def _by_proposal(rows: Iterable[_Row]) -> dict[UUID, list[_Row]]:
    found: dict[UUID, list[_Row]] = {}
    for row in rows:
        if row.proposal_id is not None:
            found.setdefault(row.proposal_id, []).append(row)
    return found


def _urgency(case: Case) -> tuple[bool, float, str, int]:
    due = case.due_at or case.received_at
    return (case.due_at is None, due.timestamp() if due else 0.0, case.slug, case.number)


def _works_in(actor: Actor, found: Round) -> bool:
    if found.imported or found.phase not in {"ideas", "moderation", "assessment"}:
        return False
    return (
        any(
            grant.role in {"moderator", "assessor", "manager"} and grant.round_id in (None, found.id)
            for grant in actor.grants
        )
        and actor.second_factor
    )


def _works_on(actor: Actor, found: Round, district: str | None) -> bool:
    return any(
        may(actor, act, round_id=found.id, district=district)
        for act in ("assessment.work", "proposals.moderate", "assessment.sign")
    )


def _answer_days(rows: Iterable[Proposal], now: datetime) -> int | None:
    """The median of whole days from a proposal to its first answer, of those answered lately."""
    days = []
    for row in rows:
        answered = min((at for at in (row.published_at, row.decided_at) if at), default=None)
        if answered and row.received_at and answered >= now - ANSWERS_OF:
            days.append((answered - row.received_at).days)
    return median_low(days) if days else None
