"""Whether a tie mattered: the same count with another of the tied projects first."""

from collections.abc import Sequence
from typing import cast

from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.tally.instance import Instance
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules import tally
from pb_service.core.tally.ties import TieOrder


def decisive(instance: Instance, outcome: Outcome) -> list[bool]:
    """For each tie of an outcome say whether the winners would be others if another of the tied had come first.

    Each of them is tried in turn, at the front of the tied and all else in the declared order: one count for each. The
    order is a fixed one, so it holds in every round and step, as the declared one does.
    """
    rank = TieOrder.of(instance, outcome.rule).rank
    declared = sorted(range(len(rank)), key=rank.__getitem__)
    return [
        any(
            _winners(instance, outcome.rule, declared, other, tie["order"]) != outcome.winners
            for other in tie["order"][1:]
        )
        for tie in outcome.ties
    ]


def _winners(
    instance: Instance, rule: RuleDocument, declared: Sequence[int], first: int, tied: Sequence[int]
) -> tuple[int, ...]:
    """Count with ``first`` moved ahead of ``tied``."""
    order = [project for project in declared if project != first]
    order.insert(order.index(next(project for project in order if project in tied)), first)
    ids = {project: f"{place:05}" for place, project in enumerate(order)}
    fields = {field: value for field, value in rule.items() if field != "draw"}
    return tally(instance.with_ids(ids), cast(RuleDocument, {**fields, "ties": ["id"]})).winners
