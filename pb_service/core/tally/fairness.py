"""How fair an outcome is, in figures that anybody can work out again from the ballots. They judge; they decide nothing.

All are exact: whole numbers and fractions. What each says, for one contest with its ballots, blank ones included:

``own``
    How many ballots name exactly k of the funded projects. ``own[0]`` of all ballots is the exclusion ratio.
``spending``
    What the funded projects that a ballot names cost together, on average over all ballots, in minor units.
``themes``
    For each theme the part of the votes and the part of the money that went to it. A ballot is one vote, split evenly
    among the projects that it names; a project of several themes is split evenly among them.
``ejr``
    Whether the outcome gives every group its due: EJR+ up to any one project (Brill, Peters, "Robust and Verifiable
    Proportionality Axioms for Multiwinner Voting", EC 2023). It fails where a project was not funded although a group
    names it whose part of the budget, by number, would have paid for it and for all that any of the group got. Of all
    such groups the one with most to spare is named. Under the cardinality of Equal Shares what somebody got is counted
    in projects of this cost. A project that a constraint of the rule bars is left out.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, NotRequired, TypedDict

import numpy as np

from pb_service.core.tally.instance import Instance
from pb_service.core.tally.outcome import Outcome

#: Projects that the rule itself keeps out, whoever wants them.
_BARRED: Final = frozenset({"exclusive", "category", "below_threshold"})
#: So many of the projects that a project's supporters also name are kept.
_MOST_SHARED: Final = 5
#: So many distinct ballots are crossed at once, which bounds the memory.
_AT_ONCE: Final = 8192


class Theme(TypedDict):
    """A theme's part of the votes and of the money spent, as fractions; without a name: projects without one."""

    name: str
    votes: str
    money: str


class Witness(TypedDict):
    """A group that got less than its due: who names ``project``, so many ``voters``.

    ``due`` is their part of the budget and ``most`` what the projects that any of them got cost at most, in minor
    units; under cardinality ``most`` is how many that are.
    """

    project: int
    voters: int
    due: str
    most: int


class Ejr(TypedDict):
    utility: Literal["cost", "cardinality"]
    fails: NotRequired[Witness]


class Fairness(TypedDict):
    own: list[int]
    spending: str
    themes: list[Theme]
    ejr: Ejr


def fairness(instance: Instance, outcome: Outcome, themes: Sequence[Sequence[str]]) -> Fairness:
    """Return the figures of an outcome; ``themes`` names those of each project."""
    costs, winners = [project.cost for project in instance.projects], set(outcome.winners)
    spent = sum(costs[number] * instance.votes[number] for number in winners)
    return Fairness(
        own=own_winners(instance, winners),
        spending=str(Fraction(spent, max(instance.size, 1))),
        themes=shares_of_themes(instance, winners, themes),
        ejr=ejr_plus(instance, outcome),
    )


def own_winners(instance: Instance, winners: set[int]) -> list[int]:
    """Return how many ballots name exactly k of ``winners``, for k from 0 to the most that any ballot names."""
    counts = [0]
    for ballot, cast in instance.named.items():
        own = len(winners.intersection(ballot))
        counts.extend([0] * (own + 1 - len(counts)))
        counts[own] += cast
    return counts


def shares_of_themes(instance: Instance, winners: set[int], themes: Sequence[Sequence[str]]) -> list[Theme]:
    """Return each theme's part of the votes and of the money, by name; none where fewer than two are named."""
    if len({name for names in themes for name in names}) < 2:
        return []
    # How often each project is named on ballots that name so many.
    named: dict[int, list[int]] = {}
    for ballot, cast in instance.named.items():
        row = named.setdefault(len(ballot), [0] * len(themes))
        for number in ballot:
            row[number] += cast
    voters = instance.size - instance.blank
    spent = sum(instance.projects[number].cost for number in winners)
    votes: dict[str, Fraction] = {}
    money: dict[str, Fraction] = {}
    for number, names in enumerate(themes):
        part = sum((Fraction(row[number], length) for length, row in named.items() if length), Fraction())
        for name in names or [""]:
            votes[name] = votes.get(name, Fraction()) + part / len(names or [""])
            cost = Fraction(instance.projects[number].cost if number in winners else 0)
            money[name] = money.get(name, Fraction()) + cost / len(names or [""])
    return [
        Theme(name=name, votes=str(votes[name] / max(voters, 1)), money=str(money[name] / max(spent, 1)))
        for name in sorted(votes)
    ]


def ejr_plus(instance: Instance, outcome: Outcome) -> Ejr:
    """Return whether EJR+ up to any one project holds, and if it fails the group with most to spare.

    For one project the best group for its claim is everybody who names it and got at most u, for some u: each smaller
    group got as much and is due less.
    """
    rule = outcome.rule
    in_projects = rule["name"] == "equal_shares" and rule["utility"] == "cardinality"
    result = Ejr(utility="cardinality" if in_projects else "cost")
    winners, costs = set(outcome.winners), [project.cost for project in instance.projects]
    out = {
        number
        for number, project in enumerate(outcome.projects)
        if not project["won"] and project["why"]["c"] not in _BARRED
    }
    got: dict[int, dict[int, int]] = {number: {} for number in out}
    for ballot, cast in instance.named.items():
        own = winners.intersection(ballot)
        utility = len(own) if in_projects else sum(costs[number] for number in own)
        for number in out.intersection(ballot):
            got[number][utility] = got[number].get(utility, 0) + cast
    most_spare = Fraction(-1)
    for number in sorted(out):
        voters = 0
        for utility, cast in sorted(got[number].items()):
            voters += cast
            due = Fraction(voters * instance.budget, instance.size)
            spare = due - ((utility + 1) * costs[number] if in_projects else utility + costs[number])
            if spare >= 0 and spare > most_spare:
                most_spare = spare
                result["fails"] = Witness(project=number, voters=voters, due=str(due), most=utility)
    return result


def named_together(instance: Instance) -> list[list[tuple[int, int]]]:
    """For each project the others that most of those who name it name too: pairs (project, ballots that name both)."""
    size = len(instance.projects)
    shared = np.zeros((size, size))
    lengths, entries, counts = instance.named_columns
    ends = np.cumsum(lengths)
    for start in range(0, len(lengths), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        first = int(ends[start] - lengths[start])
        rows = np.repeat(np.arange(len(lengths[part])), lengths[part])
        names = np.zeros((len(lengths[part]), size))
        names[rows, entries[first : int(ends[part][-1])]] = 1
        shared += (names * counts[part, None]).T @ names
    table: list[list[int]] = shared.astype(np.int64).tolist()
    return [
        sorted(
            ((other, both) for other, both in enumerate(row) if both and other != number),
            key=lambda pair: (-pair[1], pair[0]),
        )[:_MOST_SHARED]
        for number, row in enumerate(table)
    ]
