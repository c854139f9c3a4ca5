"""The published documents of a round as typed dictionaries.

Shapes and meaning stand in docs/schemas/bundle.md, which is normative. They are plain JSON values on purpose: what is
hashed, signed, exported and shown is the same object, with nothing between that could differ.
Money is integer minor units; hashes are unpadded base64url; texts are pairs [language, text].
"""

from typing import Literal, NotRequired, TypedDict

BallotFormat = Literal["approval", "knapsack", "points", "scores", "ordinal"]
Tie = Literal["cost", "cost_desc", "votes", "draw", "id"]
Score = Literal["votes", "points", "borda"]
Utility = Literal["cost", "cardinality", "points", "borda"]

#: One ballot as published in mode ``open``: project numbers, or [project number, value] pairs for points and scores.
Ballot = list[int] | list[list[int]]


class CategoryLimit(TypedDict):
    i: list[int]
    k: NotRequired[int]
    cost: NotRequired[int]


class Limits(TypedDict, total=False):
    """What a ballot may hold; every field is optional (bundle.md section 4)."""

    kmin: int
    k: int
    cost: int
    costmin: int
    sum: int
    summin: int
    each: int
    eachmin: int
    smin: int
    smax: int
    cats: list[CategoryLimit]
    blank: bool


class Draw(TypedDict):
    """The public lot behind the tie criterion ``draw``: its text, and the seed that follows from it."""

    lot: str
    seed: str


class CategoryBudget(TypedDict):
    i: list[int]
    budget: int


class RuleFields(TypedDict):
    """What every rule may have (bundle.md section 8, "Fields of every rule")."""

    ties: list[Tie]
    draw: NotRequired[Draw]
    per_cost: NotRequired[str]
    mandatory: NotRequired[list[int]]
    exclusive: NotRequired[list[list[int]]]
    categories: NotRequired[list[CategoryBudget]]


class GreedyRule(RuleFields):
    name: Literal["greedy"]
    by: Score
    skip: bool
    density: NotRequired[Literal[True]]
    threshold: NotRequired[int]
    #: For each channel how often a ballot cast there counts; only for files of votes, never in a round.
    weights: NotRequired[dict[str, int]]


class EqualSharesRule(RuleFields):
    name: Literal["equal_shares"]
    utility: Utility
    completion: Literal["none", "add_one", "percent", "phragmen"]
    step: NotRequired[int]
    start: NotRequired[Literal["exact", "floor"]]
    stop: NotRequired[Literal["exhaustive", "exhaustive_all", "overspend"]]
    percent: NotRequired[int]
    then: NotRequired[Literal["greedy"]]
    compare: NotRequired[Literal["greedy"]]


class PhragmenRule(RuleFields):
    name: Literal["phragmen"]
    unsupported: bool


class MaxWelfareRule(RuleFields):
    name: Literal["max_welfare"]
    utility: Utility
    threshold: NotRequired[int]


RuleDocument = GreedyRule | EqualSharesRule | PhragmenRule | MaxWelfareRule


class KeyDocument(TypedDict):
    id: str
    role: str
    pk: str


class WitnessPolicy(TypedDict):
    k: int
    vkeys: list[str]


class GroupDocument(TypedDict):
    """Who may vote in some contests: ``open``, or with the root of a ``roll`` and the ``count`` of its people."""

    id: str
    cls: list[str]
    open: NotRequired[bool]
    roll: NotRequired[str]
    count: NotRequired[int]


class ContestDocument(TypedDict):
    """One contest of the manifest: a round's vote in one district."""

    id: str
    g: str
    fmt: BallotFormat
    pro: list[tuple[str, int]]
    budget: int
    list: str
    limits: Limits
    breach: Literal["count"]
    rule: RuleDocument


class ManifestDocument(TypedDict):
    v: Literal[1]
    origin: str
    mode: Literal["open"]
    names: list[tuple[str, str]]
    licence: str
    source: str
    currency: str
    unit: int
    opens: int
    closes: int
    keys: list[KeyDocument]
    wit: WitnessPolicy
    groups: list[GroupDocument]
    contests: list[ContestDocument]


class ListedProject(TypedDict):
    """A project as voters saw it. ``place`` is [latitude, longitude] as decimal strings."""

    id: str
    title: str
    categories: list[str]
    targets: list[str]
    place: NotRequired[tuple[str, str]]


class BallotListDocument(TypedDict):
    v: Literal[1]
    contest: str
    title: list[tuple[str, str]]
    language: str
    projects: list[ListedProject]


class BallotsDocument(TypedDict):
    v: Literal[1]
    e: str
    d: str
    open: list[Ballot]


class Counts(TypedDict):
    ballots: int
    blank: int
    over: int


class Reason(TypedDict):
    """Why a project won or lost: a code and its numbers; the sentence is a catalogue string (bundle.md section 8)."""

    c: Literal[
        "chosen",
        "too_dear",
        "stopped",
        "below_threshold",
        "bought",
        "short",
        "unsupported",
        "added",
        "mandatory",
        "exclusive",
        "category",
        "loaded",
        "late",
        "beyond",
        "best",
        "not_best",
    ]
    rank: NotRequired[int]
    left: NotRequired[int]
    by: NotRequired[int]
    threshold: NotRequired[int]
    round: NotRequired[int]
    price: NotRequired[str]
    money: NotRequired[str]
    load: NotRequired[str]


class ProjectOutcome(TypedDict):
    votes: int
    score: int
    won: bool
    why: Reason


class Turn(TypedDict):
    """A turn of the greedy count: ``left`` is the money before it."""

    i: int
    left: int
    ok: bool


class Purchase(TypedDict):
    """A round of Equal Shares: ``left`` is the budget minus all purchases so far, this one included."""

    i: int
    price: str
    supporters: int
    left: int


class Loading(TypedDict):
    """A round of Phragmen: ``left`` is the money left after it; without supporters a project has no ``load``."""

    i: int
    load: NotRequired[str]
    supporters: int
    left: int


class Compared(TypedDict):
    """How many ballots prefer either outcome, which was taken, and the one that was not."""

    equal_shares: int
    greedy: int
    taken: Literal["equal_shares", "greedy"]
    cost: int
    other: list[int]


class TieDocument(TypedDict):
    order: list[int]
    by: list[Tie]
    score: NotRequired[int]
    density: NotRequired[str]
    round: NotRequired[int]


class OutcomeDocument(TypedDict):
    v: Literal[1]
    e: str
    d: str
    counts: Counts
    budget: int
    cost: int
    winners: list[int]
    projects: list[ProjectOutcome]
    steps: list[Turn] | list[Purchase] | list[Loading]
    ties: list[TieDocument]
    endowment: NotRequired[str]
    increments: NotRequired[int]
    stop: NotRequired[Literal["fixed", "exhaustive", "overspend", "all"]]
    after: NotRequired[list[Loading]]
    then: NotRequired[list[Turn]]
    compare: NotRequired[Compared]
    welfare: NotRequired[int]
