"""Maximum welfare: of all sets that the budget can pay for, the one that gives all voters together most utility.

Normative: bundle.md section 8, `max_welfare`.
"""

from collections.abc import Callable, Sequence
from typing import cast

from pb_service.core.rounds.documents import MaxWelfareRule, Reason, RuleDocument
from pb_service.core.tally.constraints import Constraints, Ledger, settled
from pb_service.core.tally.instance import Instance, TallyError
from pb_service.core.tally.knapsack import Item, Unproved, most_valuable, most_valuable_within
from pb_service.core.tally.outcome import Outcome, project_outcomes
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.rules.greedy import check_threshold
from pb_service.core.tally.ties import TieOrder


def _check(rule: RuleDocument) -> None:
    fields = set(rule)
    if fields - {"name", "utility", "ties", "threshold"} or not {"utility", "ties"} <= fields:
        raise TallyError("A max_welfare rule has the fields utility, ties and optionally threshold.")
    rule = cast(MaxWelfareRule, rule)
    if rule["utility"] not in ("cost", "cardinality", "points", "borda"):
        raise TallyError("The utility of a max_welfare rule must be one of cost, cardinality, points, borda.")
    check_threshold(rule.get("threshold", 0))


class _Search:
    """The optimum, and which of several optima the tie order takes."""

    def __init__(self, constraints: Constraints, items: list[Item], progress: Callable[[int], None] | None) -> None:
        self.constraints = constraints
        self.items = items
        self.progress = progress
        self.solved = 0

    def best(self, within: list[Item], chosen: frozenset[int], at_least: int) -> frozenset[int] | None:
        """Return the best set out of ``within`` beside ``chosen``."""
        ledger = Ledger(self.constraints)
        for number in chosen:
            ledger.fund(number)
        left = self.constraints.budget - sum(self.constraints.costs[number] for number in chosen)
        self.solved += 1
        if self.progress is not None:
            self.progress(self.solved)
        if self.constraints.exclusive or self.constraints.categories:
            return most_valuable_within(within, left, ledger, at_least)
        return most_valuable(within, left, at_least)

    def first(self, rank: list[int]) -> frozenset[int]:
        """Return the optimum that has the first project on which two optima differ."""
        best = self.best(self.items, frozenset(), 0)
        if best is None:
            raise Unproved
        value = {item.number: item.value for item in self.items}
        welfare = sum(value[number] for number in best)
        chosen: frozenset[int] = frozenset()
        rest = sorted(self.items, key=lambda item: rank[item.number])
        while rest:
            item, rest = rest[0], rest[1:]
            if item.number in best:
                chosen |= {item.number}
                continue
            with_it = chosen | {item.number}
            missing = welfare - sum(value[number] for number in with_it)
            ledger = Ledger(self.constraints)
            for number in chosen:
                ledger.fund(number)
            other = None if ledger.barred(item.number) else self.best(rest, with_it, missing)
            if other is not None:
                chosen, best = with_it, with_it | other
        return best


def items_of(outcome: Outcome, costs: Sequence[int]) -> list[Item]:
    """Return the candidates of an outcome of this rule, with what each is worth."""
    by_cost = cast(MaxWelfareRule, outcome.counted)["utility"] == "cost"
    return [
        Item(number, costs[number], project["score"] * (costs[number] if by_cost else 1))
        for number, project in enumerate(outcome.projects)
        if project["why"]["c"] in ("best", "not_best")
    ]


def _run(instance: Instance, rule: RuleDocument, progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(MaxWelfareRule, rule)
    constraints = Constraints(instance, rule)
    utility = rule["utility"]
    scores = instance.scores(utility if utility in ("points", "borda") else "votes")
    threshold = rule.get("threshold")
    reasons: dict[int, Reason] = settled(constraints)
    items: list[Item] = []
    for number in constraints.candidates:
        cost = constraints.costs[number]
        if threshold is not None and scores[number] < threshold:
            reasons[number] = {"c": "below_threshold", "threshold": threshold}
        elif scores[number] <= 0:
            reasons[number] = {"c": "unsupported"}
        else:
            items.append(Item(number, cost, scores[number] * (cost if utility == "cost" else 1)))
    best = _Search(constraints, items, progress).first(TieOrder.of(instance, rule).rank)
    for item in items:
        reasons[item.number] = {"c": "best" if item.number in best else "not_best"}
    winners = {*best, *constraints.mandatory}
    return Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(constraints.costs[number] for number in winners),
        winners=tuple(sorted(winners)),
        projects=project_outcomes(instance, scores, winners, reasons),
        steps=(),
        ties=(),
        welfare=sum(item.value for item in items if item.number in best),
    )


def _names() -> dict[str, RuleDocument]:
    names: dict[str, RuleDocument] = {}
    for name, utility in (
        ("maxwelfare_card", "cardinality"),
        ("maxwelfare_cost", "cost"),
        ("points_maxwelfare", "points"),
        ("borda_maxwelfare", "borda"),
    ):
        names[name] = cast(MaxWelfareRule, {"name": "max_welfare", "utility": utility, "ties": ["id"]})
    return names


FAMILY = RuleFamily(name="max_welfare", short_names=_names(), options=frozenset({"threshold"}), check=_check, run=_run)
