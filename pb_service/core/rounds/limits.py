"""What a ballot may hold: the limits of docs/schemas/bundle.md section 4."""

from collections.abc import Mapping, Sequence
from typing import cast

from pb_service.core.rounds.documents import Ballot, BallotFormat, CategoryLimit, Counts, Limits


def named_projects(ballot: Ballot) -> list[int]:
    """Return the numbers of the projects that a ballot names, in its own order."""
    return [choice[0] if isinstance(choice, list) else choice for choice in ballot]


def breaches(ballot: Ballot, fmt: BallotFormat, limits: Limits, costs: Sequence[int]) -> list[str]:
    """Return the names of the limits that a ballot breaks, in a fixed order; an empty list means none.

    ``costs`` are the projects' costs in minor units, by number. A blank ballot breaks ``blank`` or nothing.
    """
    named = named_projects(ballot)
    if not named:
        return [] if limits.get("blank", False) else ["blank"]
    cost = sum(costs[number] for number in named)
    measured = {"kmin": len(named), "k": len(named), "costmin": cost, "cost": cost}
    values = [choice[1] for choice in ballot if isinstance(choice, list)]
    if fmt == "points":
        measured |= {"summin": sum(values), "sum": sum(values), "eachmin": min(values), "each": max(values)}
    elif fmt == "scores":
        measured |= {"smin": min(values), "smax": max(values)}
    bounds = cast(Mapping[str, int], limits)
    broken = [
        name
        for name, value in measured.items()
        if name in bounds and (value < bounds[name] if name.endswith("min") else value > bounds[name])
    ]
    if any(_breaks_category(named, category, costs) for category in limits.get("cats", [])):
        broken.append("cats")
    return broken


def _breaks_category(named: list[int], category: CategoryLimit, costs: Sequence[int]) -> bool:
    members = set(category["i"])
    chosen = [number for number in named if number in members]
    too_many = "k" in category and len(chosen) > category["k"]
    return too_many or ("cost" in category and sum(costs[number] for number in chosen) > category["cost"])


def count_ballots(ballots: Sequence[Ballot], fmt: BallotFormat, limits: Limits, costs: Sequence[int]) -> Counts:
    """Count the ballots of a contest: all, blank ones, and those that break a limit."""
    return Counts(
        ballots=len(ballots),
        blank=sum(not ballot for ballot in ballots),
        over=sum(bool(breaches(ballot, fmt, limits, costs)) for ballot in ballots),
    )
