"""Greedy by score: projects have their turn in the order of their score; each that fits is funded.

What nearly all cities use. Normative: bundle.md section 8, `greedy`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from pb_service.core.rounds.documents import GreedyRule, Reason, RuleDocument, TieDocument, Turn
from pb_service.core.tally.instance import MAX_INTEGER, Instance, TallyError
from pb_service.core.tally.outcome import Outcome, project_outcomes
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.ties import TieOrder


@dataclass(frozen=True, slots=True)
class Queue:
    """Projects in the order of their turns, and the ties that the tie rule had to decide."""

    order: list[int]
    ties: list[TieDocument]


def queue(order: TieOrder, scores: Sequence[int], numbers: Sequence[int]) -> Queue:
    """Order ``numbers`` by score, higher first, then tie order."""
    ordered = sorted(numbers, key=lambda number: (-scores[number], order.rank[number]))
    ties: list[TieDocument] = []
    for score, group in groupby(ordered, key=scores.__getitem__):
        tied = list(group)
        if len(tied) > 1:
            decided, by = order.resolve(tied)
            ties.append({"order": decided, "by": by, "score": score})
    return Queue(ordered, ties)


def take_turns(instance: Instance, order: Sequence[int], left: int, *, skip: bool) -> list[Turn]:
    """Give each project its turn with ``left`` money (minor units) at the start; without ``skip`` end at a misfit."""
    turns: list[Turn] = []
    for number in order:
        cost = instance.projects[number].cost
        turns.append({"i": number, "left": left, "ok": cost <= left})
        if cost <= left:
            left -= cost
        elif not skip:
            break
    return turns


def _scores(instance: Instance, rule: GreedyRule) -> tuple[int, ...]:
    return {"votes": lambda: instance.votes, "points": lambda: instance.points, "borda": lambda: instance.borda}[
        rule["by"]
    ]()


def _check(rule: RuleDocument) -> None:
    if set(rule) - {"name", "by", "skip", "ties", "threshold"} or not {"by", "skip", "ties"} <= set(rule):
        raise TallyError("A greedy rule has the fields name, by, skip, ties and optionally threshold.")
    rule = cast(GreedyRule, rule)
    if rule["by"] not in ("votes", "points", "borda"):
        raise TallyError(f"A greedy rule cannot score by {rule['by']!r}; it scores by votes, points or borda.")
    if type(rule["skip"]) is not bool:
        raise TallyError("The field skip of a greedy rule must be true or false.")
    threshold = rule.get("threshold", 0)
    if type(threshold) is not int or abs(threshold) > MAX_INTEGER:
        raise TallyError("The threshold of a greedy rule must be a whole number.")


def _run(instance: Instance, rule: RuleDocument, _progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(GreedyRule, rule)
    scores = _scores(instance, rule)
    threshold = rule.get("threshold")
    everyone = range(len(instance.projects))
    allowed = [number for number in everyone if threshold is None or scores[number] >= threshold]
    line = queue(TieOrder(instance, rule["ties"]), scores, allowed)
    turns = take_turns(instance, line.order, instance.budget, skip=rule["skip"])
    reasons: dict[int, Reason] = {}
    if threshold is not None:
        reasons = {number: {"c": "below_threshold", "threshold": threshold} for number in everyone}
    for rank, turn in enumerate(turns, 1):
        reasons[turn["i"]] = {"c": "chosen" if turn["ok"] else "too_dear", "rank": rank, "left": turn["left"]}
    for rank, number in enumerate(line.order[len(turns) :], len(turns) + 1):
        reasons[number] = {"c": "stopped", "rank": rank, "by": turns[-1]["i"]}
    winners = {turn["i"] for turn in turns if turn["ok"]}
    return Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(instance.projects[number].cost for number in winners),
        winners=tuple(sorted(winners)),
        projects=project_outcomes(instance, scores, winners, reasons),
        steps=tuple(turns),
        ties=tuple(line.ties),
    )


def _names() -> dict[str, RuleDocument]:
    names: dict[str, RuleDocument] = {}
    for prefix, by in (("", "votes"), ("points_", "points"), ("borda_", "borda")):
        for suffix, skip in (("", True), ("_no_skip", False)):
            rule = {"name": "greedy", "by": by, "skip": skip, "ties": ["id"]}
            names[f"{prefix}greedy_score{suffix}"] = cast(GreedyRule, rule)
    return names


FAMILY = RuleFamily(name="greedy", short_names=_names(), options=frozenset({"threshold"}), check=_check, run=_run)
