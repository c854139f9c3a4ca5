"""The rule `greedy`: projects by score, each funded when it fits into what is left."""

from collections import defaultdict
from typing import Any

from pb_service.verifier.tally.election import Election


def count(election: Election) -> dict[str, Any]:
    """`projects`, `steps` and `ties` of the outcome."""
    rule = election.rule
    scores = _scores(election)
    threshold = rule.get("threshold")
    ranked = [project for project, score in enumerate(scores) if threshold is None or score >= threshold]
    ordered = by_score(election, ranked, scores)
    steps = turns(ordered, election.costs, election.contest.budget, skip=rule["skip"])
    why = {project: {"c": "below_threshold", "threshold": threshold} for project in range(len(scores))}
    for rank, project in enumerate(ordered, 1):
        if rank <= len(steps):
            reason = "chosen" if steps[rank - 1]["ok"] else "too_dear"
            why[project] = {"c": reason, "rank": rank, "left": steps[rank - 1]["left"]}
        else:
            why[project] = {"c": "stopped", "rank": rank, "by": steps[-1]["i"]}
    won = {step["i"] for step in steps if step["ok"]}
    return {
        "projects": [
            {"votes": votes, "score": score, "won": project in won, "why": why[project]}
            for project, (votes, score) in enumerate(zip(election.votes, scores, strict=True))
        ],
        "steps": steps,
        "ties": shared_scores(election, ordered, scores),
    }


def by_score(election: Election, projects: list[int], scores: list[int]) -> list[int]:
    """Higher score first, equal ones in tie order."""
    return sorted(election.order(projects), key=lambda project: -scores[project])


def turns(ordered: list[int], costs: list[int], money: int, *, skip: bool) -> list[dict[str, Any]]:
    """Each project's turn in this order; without `skip` the first that does not fit has the last turn."""
    steps = []
    for project in ordered:
        fits = costs[project] <= money
        steps.append({"i": project, "left": money, "ok": fits})
        if fits:
            money -= costs[project]
        elif not skip:
            break
    return steps


def shared_scores(election: Election, ordered: list[int], scores: list[int]) -> list[dict[str, Any]]:
    """The ties: one for each score that two or more of the ordered projects share."""
    by_value: dict[int, list[int]] = defaultdict(list)
    for project in ordered:
        by_value[scores[project]].append(project)
    return [election.tie(projects, score=score) for score, projects in by_value.items() if len(projects) > 1]


def _scores(election: Election) -> list[int]:
    scores = [0] * len(election.costs)
    by = election.rule["by"]
    if by == "votes":
        return election.votes
    if by == "points":
        for ballot in election.ballots:
            for project, value in ballot:
                scores[project] += value
    else:
        for choice, number in election.choices.items():
            for place, project in enumerate(choice):
                scores[project] += number * (len(choice) - 1 - place)
    return scores
