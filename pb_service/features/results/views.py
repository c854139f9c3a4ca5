"""What the result pages show, as typed values; reading.py makes them from the published documents.

No words and no formatting here: texts keep their language, money stays in minor units, and the sentences are made in
sentences.py. "Rank" is the place in the order of the count, from 1; under Equal Shares the round of the purchase.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from pb_service.core.rounds.documents import (
    Reason,
    RuleDocument,
    Tie,
)
from pb_service.features.results.documents import Download, ProjectChange, Sibling, StateName

#: Losers shown before the rest is folded away.
FIRST_LOSERS = 5
#: A miss by at most a twentieth of the cost is told as the amount missed.
NEAR_MISS = 20

Texts = list[tuple[str, str]]


@dataclass(frozen=True)
class Rival:
    """A project with the same score whose turn came just before or after because of the tie rule.

    ``first``: the project at hand goes first. ``by``: the first part of the tie rule that tells the two apart.
    """

    number: int
    project_id: str
    first: bool
    by: Tie


@dataclass(frozen=True)
class ProjectRow:
    """One project with everything that its sentence needs.

    ``left``: money before its turn. ``passed_over``: projects ahead that did not fit. ``cheaper_winners``:
    winners with a lower score. ``needed``: least score with which it would be funded. ``stopped_by``: id of the
    project at which counting stopped. Equal Shares only: ``payment``, the most that one of its supporters paid, and
    ``money``, what its supporters together had left at the end.
    """

    number: int
    project_id: str
    title: str
    language: str
    cost: int
    votes: int
    score: int
    by: Literal["votes", "points", "borda"]
    ballots: int
    budget: int
    won: bool
    why: Reason
    rank: int | None = None
    left: int | None = None
    passed_over: int = 0
    cheaper_winners: int = 0
    needed: int | None = None
    rival: Rival | None = None
    payment: Fraction | None = None
    money: Fraction | None = None
    stopped_by: str = ""
    official: bool | None = None
    categories: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    place: tuple[str, str] | None = None

    @property
    def missing(self) -> int:
        """How much more it costs than what was left at its turn."""
        return self.cost - (self.left or 0)

    @property
    def more(self) -> int | None:
        """The fewest more votes (points) that would have been enough, for a loser."""
        return None if self.won or self.needed is None else self.needed - self.score

    @property
    def spare(self) -> int | None:
        """With how many votes (points) fewer it would still have won, for a winner."""
        return self.score - self.needed if self.won and self.needed is not None else None

    @property
    def near_miss(self) -> bool:
        return not self.won and 0 < self.missing * NEAR_MISS <= self.cost


@dataclass(frozen=True)
class TurnView:
    """One turn of the count. ``left`` is the money before it, ``after`` the money after it.

    ``supporters`` and ``payment`` (the most that one of them paid) are of Equal Shares; ``leftover`` marks turns of a
    greedy completion in the money that Equal Shares left over.
    """

    turn: int
    project: ProjectRow
    left: int
    after: int
    ok: bool
    supporters: int | None = None
    payment: Fraction | None = None
    leftover: bool = False


@dataclass(frozen=True)
class World:
    """What one order of tied projects funds from their turns on. ``out`` and ``new`` are against the result."""

    first: ProjectRow
    actual: bool
    turns: list[ProjectRow]
    out: list[ProjectRow]
    new: list[ProjectRow]
    left_over: int


@dataclass(frozen=True)
class TieView:
    """A tie that decided something, with ``left`` money at the first of its turns.

    ``others``: projects beside the tied ones whose fate hung on the order. ``either``: each of the tied ones fitted
    alone, but not all together.
    """

    score: int
    group: list[ProjectRow]
    by: Tie
    left: int
    either: bool
    others: int
    worlds: list[World]


@dataclass(frozen=True)
class ComparisonView:
    """The same ballots under another rule. ``own_here[k]``: voters with exactly k of their projects chosen."""

    rule: RuleDocument
    winners: int
    cost: int
    left_over: int
    both: list[ProjectRow]
    here: list[ProjectRow]
    there: list[ProjectRow]
    own_here: list[int]
    own_there: list[int]


@dataclass(frozen=True)
class ContestResultView:
    """The result of one contest, all that its pages show."""

    slug: str
    contest_id: str
    title: Texts
    round_name: Texts
    mode: str
    state: StateName
    changes: tuple[ProjectChange, ...]
    source: str
    licence: str
    currency: str
    unit: int
    opens: int
    closes: int
    fmt: str
    ballots: int
    blank: int
    over: int
    budget: int
    cost: int
    rule: RuleDocument
    projects: list[ProjectRow]
    chosen: list[ProjectRow]
    not_chosen: list[ProjectRow]
    turns: list[TurnView]
    ties: list[TieView]
    comparison: ComparisonView | None
    endowment: Fraction | None
    increments: int | None
    official: bool | None
    fingerprint: str
    downloads: tuple[Download, ...]
    siblings: tuple[Sibling, ...]

    @property
    def left_over(self) -> int:
        return self.budget - self.cost

    @property
    def scored_by(self) -> Literal["votes", "points", "borda"]:
        return self.rule["by"] if self.rule["name"] == "greedy" else "votes"

    @property
    def greedy(self) -> bool:
        return self.rule["name"] == "greedy"

    @cached_property
    def by_number(self) -> dict[int, ProjectRow]:
        return {row.number: row for row in self.projects}

    @cached_property
    def turn_of(self) -> dict[int, int]:
        """The turn of each project that had one."""
        return {turn.project.number: turn.turn for turn in self.turns}

    @property
    def stronger_losers(self) -> int:
        """Losers with a higher score than the weakest winner."""
        weakest = min((row.score for row in self.chosen), default=0)
        return sum(row.score > weakest for row in self.not_chosen)

    @property
    def telling_turn(self) -> TurnView | None:
        """The turn that tells most about how the money ran out: the narrowest miss, else the last purchase."""
        missed = [turn for turn in self.turns if not turn.ok and turn.project.cost <= self.budget]
        if missed:
            return min(missed, key=lambda turn: (Fraction(turn.project.missing, turn.project.cost), turn.turn))
        return self.turns[-1] if self.turns else None
