"""Greedy: projects have their turn in the order of their score, or of score for the cost; each that fits is funded.

What nearly all cities use. Normative: bundle.md section 8, `greedy`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import cast

from pb_service.core.rounds.documents import GreedyRule, Reason, RuleDocument, TieDocument, Turn
from pb_service.core.tally.constraints import Constraints, Ledger, settled
from pb_service.core.tally.instance import MAX_INTEGER, Instance, TallyError
from pb_service.core.tally.outcome import Outcome, project_outcomes
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.ties import TieOrder

_OPTIONAL = ("density", "threshold", "weights")
#: So that no weighed score leaves the integers of canonical JSON.
MOST_WEIGHT = 1_000_000


@dataclass(frozen=True, slots=True)
class Queue:
    """Projects in the order of their turns, and the ties that the tie rule had to decide."""

    order: list[int]
    ties: list[TieDocument]


def queue(order: TieOrder, scores: Sequence[int], numbers: Sequence[int], costs: Sequence[int] | None = None) -> Queue:
    """Order ``numbers`` by score, or with ``costs`` by score / cost, higher first, then tie order."""
    worth = [Fraction(score, costs[number] if costs else 1) for number, score in enumerate(scores)]
    ordered = sorted(numbers, key=lambda number: (-worth[number], order.rank[number]))
    ties: list[TieDocument] = []
    for equal, group in groupby(ordered, key=worth.__getitem__):
        tied = list(group)
        if len(tied) > 1:
            decided, by = order.resolve(tied)
            found: TieDocument = {"order": decided, "by": by}
            ties.append({**found, "density": str(equal)} if costs else {**found, "score": int(equal)})
    return Queue(ordered, ties)


def take_turns(constraints: Constraints, ledger: Ledger, order: Sequence[int], left: int, *, skip: bool) -> list[Turn]:
    """Give each project its turn with ``left`` money (minor units) at the start; without ``skip`` end at a misfit.

    A barred project passes in any case. What is funded is written into ``ledger``.
    """
    turns: list[Turn] = []
    for number in order:
        cost = constraints.costs[number]
        barred = ledger.barred(number) is not None
        funded = cost <= left and not barred
        turns.append({"i": number, "left": left, "ok": funded})
        if funded:
            ledger.fund(number)
            left -= cost
        elif not skip and not barred:
            break
    return turns


def _check(rule: RuleDocument) -> None:
    fields = set(rule)
    if fields - {"name", "by", "skip", "ties", *_OPTIONAL} or not {"by", "skip", "ties"} <= fields:
        raise TallyError("A greedy rule has the fields by, skip, ties and optionally density, threshold and weights.")
    rule = cast(GreedyRule, rule)
    if rule["by"] not in ("votes", "points", "borda"):
        raise TallyError(f"A greedy rule cannot score by {rule['by']!r}; it scores by votes, points or borda.")
    if type(rule["skip"]) is not bool:
        raise TallyError("The field skip of a greedy rule must be true or false.")
    if rule.get("density", True) is not True:
        raise TallyError("The field density of a greedy rule must be true or left out.")
    check_threshold(rule.get("threshold", 0))
    weights: object = rule.get("weights", {"any": 1})
    if not isinstance(weights, dict) or not weights:
        raise TallyError("The field weights of a greedy rule must be an object that gives each channel a weight.")
    for channel, weight in weights.items():
        if not 1 <= len(channel) <= 100 or type(weight) is not int or not 1 <= weight <= MOST_WEIGHT:
            raise TallyError(f"A channel's weight must be a whole number from 1 to {MOST_WEIGHT:,}.")


def check_threshold(threshold: object) -> None:
    """Raise TallyError unless ``threshold`` is a least score."""
    if type(threshold) is not int or abs(threshold) > MAX_INTEGER:
        raise TallyError("The threshold of a rule must be a whole number.")


def _run(instance: Instance, rule: RuleDocument, _progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(GreedyRule, rule)
    constraints = Constraints(instance, rule)
    ledger = Ledger(constraints)
    scores = instance.scores(rule["by"], rule.get("weights"))
    threshold = rule.get("threshold")
    reasons: dict[int, Reason] = settled(constraints)
    allowed = []
    for number in constraints.candidates:
        if threshold is None or scores[number] >= threshold:
            allowed.append(number)
        else:
            reasons[number] = {"c": "below_threshold", "threshold": threshold}
    costs = constraints.costs if "density" in rule else None
    line = queue(TieOrder.of(instance, rule), scores, allowed, costs)
    # Turns come one by one, so that each project is told what stood at its own turn.
    turns = take_turns(constraints, ledger, line.order, constraints.budget, skip=rule["skip"])
    seen = Ledger(constraints)
    for rank, turn in enumerate(turns, 1):
        number = turn["i"]
        if turn["ok"]:
            seen.fund(number)
            reasons[number] = {"c": "chosen", "rank": rank, "left": turn["left"]}
        elif barred := seen.barred(number):
            reasons[number] = {**barred, "rank": rank}
        else:
            reasons[number] = {"c": "too_dear", "rank": rank, "left": turn["left"]}
    for rank, number in enumerate(line.order[len(turns) :], len(turns) + 1):
        reasons[number] = {"c": "stopped", "rank": rank, "by": turns[-1]["i"]}
    return Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(constraints.costs[number] for number in ledger.funded),
        winners=tuple(sorted(ledger.funded)),
        projects=project_outcomes(instance, scores, ledger.funded, reasons),
        steps=tuple(turns),
        ties=tuple(line.ties),
    )


def _names() -> dict[str, RuleDocument]:
    names: dict[str, RuleDocument] = {}
    for prefix, by in (("", "votes"), ("points_", "points"), ("borda_", "borda")):
        for order, fields in (("score", {}), ("density", {"density": True})):
            for suffix, skip in (("", True), ("_no_skip", False)):
                rule: dict[str, object] = {"name": "greedy", "by": by, "skip": skip, **fields, "ties": ["id"]}
                names[f"{prefix}greedy_{order}{suffix}"] = cast(GreedyRule, rule)
    return names


FAMILY = RuleFamily(name="greedy", short_names=_names(), options=frozenset({"threshold"}), check=_check, run=_run)
