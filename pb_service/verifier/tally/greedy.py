"""The rule `greedy`: projects by score, each funded when it fits into what is left."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pb_service.verifier.tally.election import Election, Why


def count(election: Election, rule: dict[str, Any]) -> dict[str, Any]:
    """`won`, `why` and `scores` by project, `steps` and `ties` of the outcome; `rule` is that of the election or,
    for a comparison, one with its constraints."""
    scores = election.scores(rule["by"])
    threshold = rule.get("threshold")
    low = {project for project in election.candidates if threshold is not None and scores[project] < threshold}
    keys = [Fraction(score, cost) for score, cost in zip(scores, election.costs, strict=True)]
    if not rule.get("density"):
        keys = [Fraction(score) for score in scores]
    ordered = by_score(election, (project for project in election.candidates if project not in low), keys)
    steps, bars = turns(election, ordered, election.budget, frozenset(), skip=rule["skip"])
    why: dict[int, Why] = {project: {"c": "below_threshold", "threshold": threshold} for project in low}
    for rank, project in enumerate(ordered, 1):
        if rank > len(steps):
            why[project] = {"c": "stopped", "rank": rank, "by": steps[-1]["i"]}
        elif project in bars:
            why[project] = bars[project] | {"rank": rank}
        else:
            reason = "chosen" if steps[rank - 1]["ok"] else "too_dear"
            why[project] = {"c": reason, "rank": rank, "left": steps[rank - 1]["left"]}
    ties = []
    for value, projects in election.shared(ordered, keys.__getitem__):
        at = {"density": str(value)} if rule.get("density") else {"score": int(value)}
        ties.append(election.tie(projects, **at))
    won = {step["i"] for step in steps if step["ok"]}
    return {"won": won, "why": why, "scores": scores, "steps": steps, "ties": ties}


def by_score(election: Election, projects: Iterable[int], scores: list[Any]) -> list[int]:
    """Higher score first, equal ones in tie order."""
    return sorted(election.order(projects), key=lambda project: -scores[project])


def turns(
    election: Election, ordered: list[int], money: int, before: frozenset[int], *, skip: bool
) -> tuple[list[dict[str, Any]], dict[int, Why]]:
    """Each project's turn in this order, after those funded `before`; and why a project was barred at its turn.

    Without `skip` the first that does not fit has the last turn; a barred one only passes.
    """
    steps, bars, funded = [], {}, set(before)
    for project in ordered:
        bar = election.bar(project, funded)
        fits = not bar and election.costs[project] <= money
        steps.append({"i": project, "left": money, "ok": fits})
        if fits:
            money -= election.costs[project]
            funded.add(project)
        elif bar:
            bars[project] = bar
        elif not skip:
            break
    return steps, bars
