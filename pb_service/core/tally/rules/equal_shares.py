"""Method of Equal Shares: every voter gets an equal part of the budget and pays for the projects that she supports.

Normative: bundle.md section 8, `equal_shares`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import (
    Compared,
    EqualSharesRule,
    GreedyRule,
    Loading,
    Purchase,
    Reason,
    RuleDocument,
    Score,
    TieDocument,
    Turn,
)
from pb_service.core.tally.completion import Completed, add_one
from pb_service.core.tally.constraints import FIELDS as CONSTRAINTS
from pb_service.core.tally.constraints import Constraints, Ledger, settled
from pb_service.core.tally.instance import MAX_INTEGER, Instance, TallyError
from pb_service.core.tally.loads import Loads, Start, fund_by_load
from pb_service.core.tally.outcome import Outcome, compared, project_outcomes
from pb_service.core.tally.rules import greedy
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.rules.phragmen import published_rounds
from pb_service.core.tally.shares import Electorate, run
from pb_service.core.tally.ties import TieOrder

_CHOICES = {
    "utility": ("cost", "cardinality", "points", "borda"),
    "completion": ("none", "add_one", "percent", "phragmen"),
    "start": ("exact", "floor"),
    "stop": ("exhaustive", "exhaustive_all", "overspend"),
    "then": ("greedy",),
    "compare": ("greedy",),
}
_OF_COMPLETION = {"add_one": {"step", "start", "stop"}, "percent": {"percent"}}


def _check(rule: RuleDocument) -> None:
    fields = set(rule) - {"name", "ties"}
    if fields - {*_CHOICES, "step", "percent"} or not {"utility", "completion"} <= fields or "ties" not in rule:
        raise TallyError(
            "An equal_shares rule has the fields utility, completion and ties, with add_one also step, start and stop, "
            "with percent also percent, and optionally then or compare."
        )
    rule = cast(EqualSharesRule, rule)
    for field, allowed in _CHOICES.items():
        if field in rule and rule.get(field) not in allowed:
            raise TallyError(f"The field {field} of an equal_shares rule must be one of {', '.join(allowed)}.")
    needed = _OF_COMPLETION.get(rule["completion"], set())
    if fields & {"step", "start", "stop", "percent"} != needed:
        raise TallyError(
            "The completion add_one needs the fields step, start and stop, and percent the field percent; no other "
            "completion has them."
        )
    if "step" in rule and (type(rule["step"]) is not int or not 0 < rule["step"] <= MAX_INTEGER):
        raise TallyError("The step of add_one must be a whole number of minor units above 0.")
    if "percent" in rule and (type(rule["percent"]) is not int or not 1 <= rule["percent"] <= 100):
        raise TallyError("The field percent of an equal_shares rule must be a whole number from 1 to 100.")
    if "compare" in rule and ("then" in rule or rule["completion"] == "phragmen"):
        raise TallyError("Equal Shares is compared with greedy only where nothing is funded after it.")


def score_of(rule: EqualSharesRule) -> Score:
    """Return the score that is published beside a utility."""
    return rule["utility"] if rule["utility"] in ("points", "borda") else "votes"


def _complete(
    electorate: Electorate,
    rule: EqualSharesRule,
    order: TieOrder,
    instance: Instance,
    progress: Callable[[int], None] | None,
) -> Completed:
    budget, size = electorate.constraints.budget, instance.size
    start = mpq(budget, size) if size else mpq(0)
    if size == 0 or rule["completion"] in ("none", "phragmen"):
        rounds, purse = run(electorate, start, order.rank)
        return Completed(start, 0, "fixed", rounds, purse)
    if rule["completion"] == "percent":
        step = start * rule["percent"] / 100
        return add_one(electorate, order.rank, start=start, step=step, stop="exhaustive_all", progress=progress)
    if rule["start"] == "floor":
        start = mpq(budget // (size * instance.unit) * instance.unit)
    return add_one(electorate, order.rank, start=start, step=mpq(rule["step"]), stop=rule["stop"], progress=progress)


class _Count:
    """A count under way: what each stage funds, publishes and leaves of the money."""

    def __init__(self, instance: Instance, rule: EqualSharesRule) -> None:
        self.instance = instance
        self.rule = rule
        self.constraints = Constraints(instance, rule)
        self.electorate = Electorate(instance, rule["utility"], self.constraints)
        self.order = TieOrder.of(instance, rule)
        self.scores = instance.scores(score_of(rule))
        self.ledger = Ledger(self.constraints)
        self.left = self.constraints.budget
        self.steps: list[Purchase] = []
        self.ties: list[TieDocument] = []
        self.reasons: dict[int, Reason] = {}

    def shares(self, progress: Callable[[int], None] | None) -> Completed:
        """Equal Shares with its completion by larger endowments."""
        result = _complete(self.electorate, self.rule, self.order, self.instance, progress)
        for number, purchase in enumerate(result.rounds, 1):
            project = purchase.project
            self.ledger.fund(project)
            self.left -= self.constraints.costs[project]
            price = str(purchase.price)
            supporters = self.electorate.votes[project]
            self.steps.append({"i": project, "price": price, "supporters": supporters, "left": self.left})
            self.reasons[project] = {"c": "bought", "round": number, "price": price}
            if len(purchase.tied) > 1:
                decided, by = self.order.resolve(purchase.tied)
                self.ties.append({"order": decided, "by": by, "round": number})
        return result

    def after(self, result: Completed) -> list[Loading]:
        """Phragmen's rounds, voters beginning with what they have paid."""
        purse = result.purse
        start = Start(float(purse.endowment) - purse.money, 2 * purse.slack, purse.spent)
        loads = Loads(self.electorate, start)
        rounds = fund_by_load(
            loads, self.order.rank, self.ledger, self.constraints.candidates, self.left, unsupported=False
        )
        steps, ties, reasons = published_rounds(rounds, self.electorate, self.order, len(self.steps))
        if steps:
            self.left = steps[-1]["left"]
        self.ties.extend(ties)
        self.reasons |= reasons
        return steps

    def then(self) -> list[Turn]:
        """Greedy with what is left."""
        rest = [project for project in self.constraints.candidates if project not in self.ledger.funded]
        line = greedy.queue(self.order, self.scores, rest)
        turns = greedy.take_turns(self.constraints, self.ledger, line.order, self.left, skip=True)
        self.ties.extend(line.ties)
        for rank, turn in enumerate(turns, 1):
            if turn["ok"]:
                self.reasons[turn["i"]] = {"c": "added", "rank": rank, "left": turn["left"]}
        return turns

    def explain(self, result: Completed, turns: list[Turn]) -> dict[int, Reason]:
        """Return why each project won or lost."""
        reasons = settled(self.constraints) | self.reasons
        money = result.purse.totals()
        place: dict[int, Reason] = {}
        for rank, turn in enumerate(turns, 1):
            place[turn["i"]] = cast(Reason, {"rank": rank, "left": turn["left"]})
        for project in self.constraints.candidates:
            if project in reasons:
                continue
            turned = place.get(project, cast(Reason, {}))
            if barred := self.ledger.barred(project):
                reasons[project] = cast(Reason, {**turned, **barred})
                if "left" not in barred:
                    reasons[project].pop("left", None)
            elif self.electorate.votes[project]:
                reasons[project] = cast(Reason, {"c": "short", "money": str(money[project]), **turned})
            else:
                reasons[project] = cast(Reason, {"c": "unsupported", **turned})
        return reasons


def _compare(instance: Instance, rule: EqualSharesRule, shares: Outcome) -> Outcome:
    """Return the outcome that more voters prefer: that of Equal Shares unless greedy has more who do."""
    shared = {"ties", "draw", *CONSTRAINTS} & rule.keys()
    other = {"name": "greedy", "by": "votes", "skip": True, **{field: cast(Any, rule)[field] for field in shared}}
    greedily = greedy.FAMILY.run(instance, cast(GreedyRule, other), None)
    here, there = set(shares.winners), set(greedily.winners)
    prefer_here = prefer_there = 0
    for ballot, count in instance.named.items():
        gain = len(here.intersection(ballot)) - len(there.intersection(ballot))
        prefer_here += count * (gain > 0)
        prefer_there += count * (gain < 0)
    taken, left = (greedily, shares) if prefer_there > prefer_here else (shares, greedily)
    result: Compared = {
        "equal_shares": prefer_here,
        "greedy": prefer_there,
        "taken": "greedy" if taken is greedily else "equal_shares",
        "cost": left.cost,
        "other": list(left.winners),
    }
    return compared(taken, left, rule, result)


def _run(instance: Instance, rule: RuleDocument, progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(EqualSharesRule, rule)
    count = _Count(instance, rule)
    result = count.shares(progress)
    after = count.after(result) if rule["completion"] == "phragmen" else None
    turns = count.then() if "then" in rule else None
    reasons = count.explain(result, turns or [])
    winners = count.ledger.funded
    outcome = Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(count.constraints.costs[project] for project in winners),
        winners=tuple(sorted(winners)),
        projects=project_outcomes(instance, count.scores, winners, reasons),
        steps=tuple(count.steps),
        ties=tuple(count.ties),
        endowment=Fraction(int(result.endowment.numerator), int(result.endowment.denominator)),
        increments=result.increments,
        stop=result.stop,
        after=None if after is None else tuple(after),
        then=None if turns is None else tuple(turns),
    )
    return _compare(instance, rule, outcome) if "compare" in rule else outcome


def _names() -> dict[str, RuleDocument]:
    """The short names of the development set: utility, completion, and `_u` for greedy afterwards."""
    completions: dict[str, dict[str, object]] = {"none": {"completion": "none"}}
    for suffix, start, stop in (
        ("", "exact", "exhaustive"),
        ("_noexh", "exact", "overspend"),
        ("_integral", "floor", "exhaustive_all"),
    ):
        completions[f"add1{suffix}"] = {"completion": "add_one", "step": 100, "start": start, "stop": stop}
    completions["inc1pct"] = {"completion": "percent", "percent": 1}
    completions["phragmen"] = {"completion": "phragmen"}
    names: dict[str, RuleDocument] = {}
    for prefix, utility in (
        ("mes_cost", "cost"),
        ("mes_card", "cardinality"),
        ("points_mes", "points"),
        ("borda_mes", "borda"),
    ):
        for suffix, fields in completions.items():
            rule: dict[str, object] = {"name": "equal_shares", "utility": utility, **fields, "ties": ["id"]}
            names[f"{prefix}_{suffix}"] = cast(EqualSharesRule, rule)
            names[f"{prefix}_{suffix}_u"] = cast(EqualSharesRule, {**rule, "then": "greedy"})
            if suffix == "add1_noexh":
                names[f"{prefix}_{suffix}_compare"] = cast(EqualSharesRule, {**rule, "compare": "greedy"})
    return names


FAMILY = RuleFamily(name="equal_shares", short_names=_names(), options=frozenset(), check=_check, run=_run)
