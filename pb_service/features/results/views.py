"""What the result pages show, as typed values; reading.py makes them from the published documents.

No words and no formatting here: texts keep their language, money stays in minor units, and the sentences are made in
sentences.py. "Rank" is the place in the order of the count, from 1; under Equal Shares the round of the purchase.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from pb_service.core.rounds.documents import Compared, Reason, RuleDocument, Score, Tie
from pb_service.core.tally.fairness import Ejr
from pb_service.core.tally.needed import Need
from pb_service.features.results.documents import Download, ProjectChange, Sibling, StateName

#: Losers shown before the rest is folded away.
FIRST_LOSERS = 5
#: Ties shown; a count of many equal projects can have hundreds.
FIRST_TIES = 12
#: A miss by at most a twentieth of the cost is told as the amount missed.
NEAR_MISS = 20

#: Pairs of projects shown that are named together most often.
MOST_FRIENDS = 6
#: Reasons for which the rule passes over a project that the money would be enough for.
BARRED = ("exclusive", "category")

Texts = list[tuple[str, str]]


def score_of(rule: RuleDocument, compared: Compared | None = None) -> Score:
    """What the score of a project is a number of; a comparison that took greedy's outcome took its votes too."""
    if compared is not None and compared["taken"] == "greedy":
        return "votes"
    if rule["name"] == "greedy":
        return rule["by"]
    if rule["name"] == "phragmen" or rule["utility"] not in ("points", "borda"):
        return "votes"
    return rule["utility"]


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
    project at which counting stopped, or that bars it. ``need``: what would have let it win, where that was looked
    for. ``weak``: it lacked support for its cost, whatever its score. Equal Shares only: ``payment``, the most that one
    of its supporters paid, by the point where the rule reads points, and ``money``, what its supporters together had
    left at the end. Phragmen only: ``load``, what each of its supporters carries from its round on. ``supporters``: who
    took part in its round; under a rule that reads points not those who named it without giving it any.
    """

    number: int
    project_id: str
    title: str
    language: str
    cost: int
    votes: int
    score: int
    by: Score
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
    load: Fraction | None = None
    need: Need | None = None
    weak: bool = False
    by_points: bool = False
    supporters: int = 0
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
class PaidView:
    """Who paid in a round: ``full`` supporters the full price, ``rest`` what they had left, together ``gave``."""

    full: int
    rest: int
    gave: int


@dataclass(frozen=True)
class TurnView:
    """One turn of the count. ``left`` is the money before it, ``after`` the money after it.

    ``supporters`` and ``payment`` (the most that one of them paid) are of Equal Shares, ``load`` of Phragmen;
    ``leftover`` marks turns of a completion in the money that Equal Shares left over.
    """

    turn: int
    project: ProjectRow
    left: int
    after: int
    ok: bool
    supporters: int | None = None
    payment: Fraction | None = None
    load: Fraction | None = None
    paid: "PaidView | None" = None
    leftover: bool = False

    @property
    def barred(self) -> bool:
        """Whether its cost is not what kept it out: a set or a category of the rule did."""
        return not self.ok and self.project.why["c"] in BARRED


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
class PurseView:
    """What the supporters of a project that lost had together, what they paid for what, and what they have left.

    ``others``: what they paid for projects that ``spent`` does not name.
    """

    start: int
    spent: list[tuple[ProjectRow, int]]
    others: int
    left: int


@dataclass(frozen=True)
class EqualView:
    """Projects that a round found equal, as they were ordered; ``changes`` None: other orders were not examined."""

    group: list[ProjectRow]
    by: Tie
    round: int | None
    changes: bool | None


@dataclass(frozen=True)
class ThemeView:
    """A theme's part of the votes and of the money spent."""

    name: str
    votes: Fraction
    money: Fraction


@dataclass(frozen=True)
class FairnessView:
    """How fair the outcome is. ``claimed``: of the failure of EJR+ the project, and what the group is due."""

    own: list[int]
    spending: Fraction
    themes: list[ThemeView]
    ejr: Ejr
    claimed: ProjectRow | None
    due: Fraction


@dataclass(frozen=True)
class Together:
    """Two projects named on so many ballots together."""

    one: ProjectRow
    other: ProjectRow
    both: int


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
    equals: list[EqualView]
    fairness: FairnessView | None
    purses: dict[int, PurseView]
    together: dict[int, list[Together]]
    compared: Compared | None
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
    def scored_by(self) -> Score:
        return score_of(self.rule, self.compared)

    @property
    def greedy(self) -> bool:
        """Whether the steps are greedy's: its own, or those that a comparison took."""
        return self.rule["name"] == "greedy" or (self.compared is not None and self.compared["taken"] == "greedy")

    @property
    def skips(self) -> bool:
        """Whether the count goes on after a project that does not fit."""
        return self.rule["skip"] if self.rule["name"] == "greedy" else True

    @property
    def ranked(self) -> bool:
        """Whether a project has a rank rather than a round."""
        return self.greedy or self.rule["name"] == "max_welfare"

    @property
    def friends(self) -> list[Together]:
        """Pairs that most ballots name together, most first, each once."""
        pairs = [pair for pairs in self.together.values() for pair in pairs if pair.one.number < pair.other.number]
        extra = [
            Together(pair.other, pair.one, pair.both)
            for pairs in self.together.values()
            for pair in pairs
            if pair.one.number > pair.other.number
        ]
        known = {(pair.one.number, pair.other.number): pair for pair in [*pairs, *extra]}
        return sorted(known.values(), key=lambda pair: (-pair.both, pair.one.number, pair.other.number))[:MOST_FRIENDS]

    @cached_property
    def by_number(self) -> dict[int, ProjectRow]:
        return {row.number: row for row in self.projects}

    @cached_property
    def turn_of(self) -> dict[int, int]:
        """The turn of each project that had one."""
        return {turn.project.number: turn.turn for turn in self.turns}

    @property
    def stronger_losers(self) -> list[ProjectRow]:
        """Losers with a higher score than the weakest winner."""
        weakest = min((row.score for row in self.chosen), default=0)
        return [row for row in self.not_chosen if self.chosen and row.score > weakest]

    @property
    def keeps_out(self) -> bool:
        """Whether the rule left projects out that the figures of fairness then leave aside too."""
        return any(row.why["c"] in (*BARRED, "below_threshold") for row in self.not_chosen)

    @property
    def bars(self) -> bool:
        """Whether the rule kept out a project that the money was enough for."""
        return any(row.why["c"] in BARRED for row in self.not_chosen)

    @property
    def telling_turn(self) -> TurnView | None:
        """The turn that tells most about how the money ran out: the narrowest miss, else the last purchase."""
        missed = [turn for turn in self.turns if not (turn.ok or turn.barred) and turn.project.cost <= self.budget]
        if missed:
            return min(missed, key=lambda turn: (Fraction(turn.project.missing, turn.project.cost), turn.turn))
        return self.turns[-1] if self.turns else None
