"""Method of Equal Shares: every voter gets an equal part of the budget and pays for the projects that she supports.

Normative: bundle.md section 8, `equal_shares`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import cast

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import EqualSharesRule, Purchase, Reason, RuleDocument, TieDocument, Turn
from pb_service.core.tally.completion import Completed, add_one
from pb_service.core.tally.instance import MAX_INTEGER, Instance, TallyError
from pb_service.core.tally.outcome import Outcome, project_outcomes
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.rules.greedy import queue, take_turns
from pb_service.core.tally.shares import Electorate, run
from pb_service.core.tally.ties import TieOrder

_FIELDS = {
    "utility": ("cost", "cardinality"),
    "completion": ("none", "add_one"),
    "start": ("exact", "floor"),
    "stop": ("exhaustive", "exhaustive_all", "overspend"),
    "then": ("greedy",),
}


def _check(rule: RuleDocument) -> None:
    fields = set(rule) - {"name", "ties"}
    if fields - {*_FIELDS, "step"} or not {"utility", "completion"} <= fields or "ties" not in rule:
        raise TallyError(
            "An equal_shares rule has the fields name, utility, completion and ties, with add_one also step, start and "
            "stop, and optionally then."
        )
    rule = cast(EqualSharesRule, rule)
    for field, allowed in _FIELDS.items():
        if field in rule and rule.get(field) not in allowed:
            raise TallyError(f"The field {field} of an equal_shares rule must be one of {', '.join(allowed)}.")
    if rule["completion"] == "none" and fields & {"step", "start", "stop"}:
        raise TallyError("The fields step, start and stop belong to the completion add_one.")
    if rule["completion"] == "add_one":
        if not {"step", "start", "stop"} <= fields:
            raise TallyError("The completion add_one needs the fields step, start and stop.")
        if type(rule["step"]) is not int or not 0 < rule["step"] <= MAX_INTEGER:
            raise TallyError("The step of add_one must be a whole number of minor units above 0.")


def _complete(
    instance: Instance,
    electorate: Electorate,
    rule: EqualSharesRule,
    order: TieOrder,
    progress: Callable[[int], None] | None,
) -> Completed:
    if instance.size == 0 or rule["completion"] == "none":
        endowment = mpq(instance.budget, instance.size) if instance.size else mpq(0)
        rounds, purse = run(electorate, endowment, order.rank)
        return Completed(endowment, 0, "fixed", rounds, purse)
    start = mpq(instance.budget, instance.size)
    if rule["start"] == "floor":
        start = mpq(instance.budget // (instance.size * instance.unit) * instance.unit)
    return add_one(
        electorate,
        order.rank,
        budget=instance.budget,
        start=start,
        step=rule["step"],
        stop=rule["stop"],
        progress=progress,
    )


def _run(instance: Instance, rule: RuleDocument, progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(EqualSharesRule, rule)
    order = TieOrder(instance, rule["ties"])
    costs = [project.cost for project in instance.projects]
    utility = costs if rule["utility"] == "cost" else [1] * len(costs)
    result = _complete(instance, Electorate(instance, utility), rule, order, progress)
    steps: list[Purchase] = []
    ties: list[TieDocument] = []
    reasons: dict[int, Reason] = {}
    left = instance.budget
    for number, purchase in enumerate(result.rounds, 1):
        left -= costs[purchase.project]
        price = str(purchase.price)
        votes = instance.votes[purchase.project]
        steps.append({"i": purchase.project, "price": price, "supporters": votes, "left": left})
        reasons[purchase.project] = {"c": "bought", "round": number, "price": price}
        if len(purchase.tied) > 1:
            decided, by = order.resolve(purchase.tied)
            ties.append({"order": decided, "by": by, "round": number})
    winners = set(reasons)
    for project in range(len(costs)):
        if project not in winners:
            supported = instance.votes[project] > 0
            reasons[project] = (
                {"c": "short", "money": str(result.purse.total(project))} if supported else {"c": "unsupported"}
            )
    then: list[Turn] | None = None
    if "then" in rule:
        line = queue(order, instance.votes, [project for project in range(len(costs)) if project not in winners])
        then = take_turns(instance, line.order, left, skip=True)
        ties.extend(line.ties)
        for rank, turn in enumerate(then, 1):
            if turn["ok"]:
                winners.add(turn["i"])
                reasons[turn["i"]] = {"c": "added", "rank": rank, "left": turn["left"]}
            else:
                reasons[turn["i"]] |= {"rank": rank, "left": turn["left"]}
    return Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(costs[project] for project in winners),
        winners=tuple(sorted(winners)),
        projects=project_outcomes(instance, instance.votes, winners, reasons),
        steps=tuple(steps),
        ties=tuple(ties),
        endowment=Fraction(int(result.endowment.numerator), int(result.endowment.denominator)),
        increments=result.increments,
        stop=result.stop,
        then=None if then is None else tuple(then),
    )


def _names() -> dict[str, RuleDocument]:
    """The short names of the development set: utility, completion, and `_u` for greedy afterwards."""
    completions: dict[str, dict[str, object]] = {"none": {"completion": "none"}}
    for suffix, start, stop in (
        ("", "exact", "exhaustive"),
        ("_noexh", "exact", "overspend"),
        ("_integral", "floor", "exhaustive_all"),
    ):
        completions[f"add1{suffix}"] = {"completion": "add_one", "step": 100, "start": start, "stop": stop}
    names: dict[str, RuleDocument] = {}
    for short, utility in (("cost", "cost"), ("card", "cardinality")):
        for suffix, fields in completions.items():
            rule: dict[str, object] = {"name": "equal_shares", "utility": utility, **fields, "ties": ["id"]}
            names[f"mes_{short}_{suffix}"] = cast(EqualSharesRule, rule)
            names[f"mes_{short}_{suffix}_u"] = cast(EqualSharesRule, {**rule, "then": "greedy"})
    return names


FAMILY = RuleFamily(name="equal_shares", short_names=_names(), options=frozenset(), check=_check, run=_run)
