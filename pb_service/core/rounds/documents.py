"""The published documents of a round as typed dictionaries.

Shapes and meaning stand in docs/schemas/bundle.md, which is normative. They are plain JSON values on purpose: what is
hashed, signed, exported and shown is the same object, with nothing between that could differ.
Money is integer minor units; hashes are unpadded base64url; texts are pairs [language, text].
"""

from typing import Literal, NotRequired, TypedDict

BallotFormat = Literal["approval", "knapsack", "points", "scores", "ordinal"]
Tie = Literal["cost", "cost_desc", "votes", "id"]

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


class GreedyRule(TypedDict):
    name: Literal["greedy"]
    by: Literal["votes", "points", "borda"]
    skip: bool
    ties: list[Tie]
    threshold: NotRequired[int]


class EqualSharesRule(TypedDict):
    name: Literal["equal_shares"]
    utility: Literal["cost", "cardinality"]
    completion: Literal["none", "add_one"]
    ties: list[Tie]
    step: NotRequired[int]
    start: NotRequired[Literal["exact", "floor"]]
    stop: NotRequired[Literal["exhaustive", "exhaustive_all", "overspend"]]
    then: NotRequired[Literal["greedy"]]


RuleDocument = GreedyRule | EqualSharesRule


class KeyDocument(TypedDict):
    id: str
    role: str
    pk: str


class WitnessPolicy(TypedDict):
    k: int
    vkeys: list[str]


class GroupDocument(TypedDict):
    id: str
    open: bool
    cls: list[str]


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

    c: Literal["chosen", "too_dear", "stopped", "below_threshold", "bought", "short", "unsupported", "added"]
    rank: NotRequired[int]
    left: NotRequired[int]
    by: NotRequired[int]
    threshold: NotRequired[int]
    round: NotRequired[int]
    price: NotRequired[str]
    money: NotRequired[str]


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


class TieDocument(TypedDict):
    order: list[int]
    by: list[Tie]
    score: NotRequired[int]
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
    steps: list[Turn] | list[Purchase]
    ties: list[TieDocument]
    endowment: NotRequired[str]
    increments: NotRequired[int]
    stop: NotRequired[Literal["fixed", "exhaustive", "overspend", "all"]]
    then: NotRequired[list[Turn]]
