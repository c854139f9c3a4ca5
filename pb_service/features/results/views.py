"""What the result pages show, as typed values made from the published documents by pure functions.

No words and no formatting here: texts keep their language, money stays in minor units, and the sentences are made in
sentences.py. "Rank" is the place in the order of the count, from 1; under Equal Shares the round of the purchase.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal, cast

from pb_service.core.rounds.documents import (
    ListedProject,
    OutcomeDocument,
    ProjectOutcome,
    Purchase,
    Reason,
    RuleDocument,
    Tie,
    Turn,
)
from pb_service.core.tally.explain import Comparison, Explanation
from pb_service.features.results.documents import ContestDocuments, Download, Sibling

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
    state: Literal["preliminary", "confirmed"]
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


def contest_result(documents: ContestDocuments) -> ContestResultView:
    """The view of one counted contest."""
    manifest, contest, outcome = documents.manifest, documents.contest, documents.outcome
    rows = _rows(documents)
    chosen = sorted((row for row in rows if row.won), key=_in_turn)
    explanation = documents.explanation
    return ContestResultView(
        slug=documents.slug,
        contest_id=contest["id"],
        title=_texts(documents.ballot_list["title"]),
        round_name=_texts(manifest["names"]),
        mode=manifest["mode"],
        state=documents.state,
        source=manifest["source"],
        licence=manifest["licence"],
        currency=manifest["currency"],
        unit=manifest["unit"],
        opens=manifest["opens"],
        closes=manifest["closes"],
        fmt=contest["fmt"],
        ballots=outcome["counts"]["ballots"],
        blank=outcome["counts"]["blank"],
        over=outcome["counts"]["over"],
        budget=outcome["budget"],
        cost=outcome["cost"],
        rule=contest["rule"],
        projects=rows,
        chosen=chosen,
        not_chosen=sorted((row for row in rows if not row.won), key=_in_turn),
        turns=_turns(outcome, rows),
        ties=_ties(explanation, outcome, rows) if explanation else [],
        comparison=_comparison(explanation["comparison"], outcome, rows)
        if explanation and "comparison" in explanation
        else None,
        endowment=Fraction(outcome["endowment"]) if "endowment" in outcome else None,
        increments=outcome.get("increments"),
        official=None if documents.official is None else sorted(documents.official) == outcome["winners"],
        fingerprint=documents.fingerprint,
        downloads=documents.downloads,
        siblings=documents.siblings,
    )


def _texts(pairs: Texts) -> Texts:
    return [(language, text) for language, text in pairs]


def _in_turn(row: ProjectRow) -> tuple[int, int, int]:
    """By rank; under Equal Shares purchases first, the rest by votes; projects without a turn by score."""
    if row.why["c"] in ("chosen", "too_dear", "stopped", "bought"):
        return 0, row.rank or 0, row.number
    if row.why["c"] == "added":
        return 1, row.rank or 0, row.number
    return 2, -row.score, row.number


def _rows(documents: ContestDocuments) -> list[ProjectRow]:
    contest, outcome = documents.contest, documents.outcome
    results, rule = outcome["projects"], contest["rule"]
    listed = documents.ballot_list["projects"]
    needed = dict(documents.explanation["needed"]) if documents.explanation else {}
    rivals = _rivals(documents)
    winning_scores = [result["score"] for result in results if result["won"]]
    missed_ranks = [r["why"]["rank"] for r in results if r["why"]["c"] == "too_dear"]
    official = None if documents.official is None else set(documents.official)

    def row(number: int, cost: int, result: ProjectOutcome, entry: ListedProject) -> ProjectRow:
        why = result["why"]
        rank = why.get("rank", why.get("round"))
        return ProjectRow(
            number=number,
            project_id=entry["id"],
            title=entry["title"],
            language=documents.ballot_list["language"],
            cost=cost,
            votes=result["votes"],
            score=result["score"],
            by=rule["by"] if rule["name"] == "greedy" else "votes",
            ballots=outcome["counts"]["ballots"],
            budget=outcome["budget"],
            won=result["won"],
            why=why,
            rank=rank,
            left=why.get("left"),
            passed_over=sum(missed < (rank or 0) for missed in missed_ranks),
            cheaper_winners=sum(score < result["score"] for score in winning_scores),
            needed=needed.get(number),
            rival=rivals.get(number),
            payment=_payment(rule, cost, why["price"]) if "price" in why else None,
            money=Fraction(why["money"]) if "money" in why else None,
            stopped_by=listed[why["by"]]["id"] if "by" in why else "",
            official=None if official is None else number in official,
            categories=tuple(entry["categories"]),
            targets=tuple(entry["targets"]),
            place=entry.get("place"),
        )

    return [row(number, cost, results[number], listed[number]) for number, (_, cost) in enumerate(contest["pro"])]


def _payment(rule: RuleDocument, cost: int, price: str) -> Fraction:
    """The most that one supporter pays: price times utility, in minor units (bundle.md section 8)."""
    return Fraction(price) * (cost if rule["name"] == "equal_shares" and rule["utility"] == "cost" else 1)


def _rivals(documents: ContestDocuments) -> dict[int, Rival]:
    """For each project in a decisive tie the one of the other fate that stood nearest to it in the order."""
    found: dict[int, Rival] = {}
    results, pro = documents.outcome["projects"], documents.contest["pro"]
    for tie in documents.explanation["ties"] if documents.explanation else []:
        for place, number in enumerate(tie["order"]):
            others = [
                (abs(place - other_place), other_place, other)
                for other_place, other in enumerate(tie["order"])
                if results[other]["won"] != results[number]["won"]
            ]
            if others:
                _, other_place, other = min(others)
                by = next(
                    part
                    for part in documents.contest["rule"]["ties"]
                    if part == "id"
                    or (part in ("cost", "cost_desc") and pro[other][1] != pro[number][1])
                    or (part == "votes" and results[other]["votes"] != results[number]["votes"])
                )
                found[number] = Rival(other, pro[other][0], place < other_place, by)
    return found


def _turns(outcome: OutcomeDocument, rows: list[ProjectRow]) -> list[TurnView]:
    turns: list[TurnView] = []

    def take_turn(step: Turn, *, leftover: bool) -> None:
        project = rows[step["i"]]
        after = step["left"] - (project.cost if step["ok"] else 0)
        turns.append(TurnView(len(turns) + 1, project, step["left"], after, step["ok"], leftover=leftover))

    if "endowment" not in outcome:
        for step in cast(list[Turn], outcome["steps"]):
            take_turn(step, leftover=False)
        return turns
    for purchase in cast(list[Purchase], outcome["steps"]):
        project = rows[purchase["i"]]
        before = purchase["left"] + project.cost
        turns.append(
            TurnView(len(turns) + 1, project, before, purchase["left"], True, purchase["supporters"], project.payment)
        )
    for step in outcome.get("then", []):
        take_turn(step, leftover=True)
    return turns


def _ties(explanation: Explanation, outcome: OutcomeDocument, rows: list[ProjectRow]) -> list[TieView]:
    views = []
    winners = set(outcome["winners"])
    for tie in explanation["ties"]:
        group = [rows[number] for number in tie["order"]]
        worlds = [
            World(
                group[0], True, [rows[number] for number in tie["turns"]], [], [], outcome["budget"] - outcome["cost"]
            )
        ]
        fates: set[int] = set()
        for other in tie["others"]:
            there = set(other["winners"])
            fates |= winners ^ there
            worlds.append(
                World(
                    first=rows[other["order"][0]],
                    actual=False,
                    turns=[rows[number] for number in other["turns"]],
                    out=sorted((rows[number] for number in winners - there), key=_in_turn),
                    new=sorted((rows[number] for number in there - winners), key=_in_turn),
                    left_over=outcome["budget"] - other["cost"],
                )
            )
        costs = [row.cost for row in group]
        views.append(
            TieView(
                score=tie["score"],
                group=group,
                by=tie["by"][-1],
                left=tie["left"],
                either=max(costs) <= tie["left"] < sum(costs),
                others=len(fates - set(tie["order"])),
                worlds=worlds,
            )
        )
    return views


def _comparison(compared: Comparison, outcome: OutcomeDocument, rows: list[ProjectRow]) -> ComparisonView:
    def named(numbers: list[int]) -> list[ProjectRow]:
        return sorted((rows[number] for number in numbers), key=lambda row: (-row.cost, row.number))

    return ComparisonView(
        rule=compared["rule"],
        winners=len(compared["winners"]),
        cost=compared["cost"],
        left_over=outcome["budget"] - compared["cost"],
        both=named(compared["both"]),
        here=named(compared["here"]),
        there=named(compared["there"]),
        own_here=compared["own_here"],
        own_there=compared["own_there"],
    )
