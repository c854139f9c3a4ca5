"""What a rule demands beyond its order: mandatory projects, exclusive sets, categories, support for the cost.

Normative: bundle.md section 8, "Fields of every rule".
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from pb_service.core.rounds.documents import Reason, RuleDocument
from pb_service.core.tally.instance import MAX_INTEGER, Instance, TallyError

#: The fields of a rule document that this file reads.
FIELDS = frozenset({"per_cost", "mandatory", "exclusive", "categories"})

_FRACTION = re.compile(r"[1-9][0-9]{0,14}(?:/[1-9][0-9]{0,14})?", re.ASCII)


class Constraints:
    """The demands of one rule on one election, checked. ``budget`` is what mandatory projects leave, in minor units."""

    def __init__(self, instance: Instance, rule: RuleDocument) -> None:
        self.instance = instance
        self.costs = [project.cost for project in instance.projects]
        self.mandatory = _known(rule.get("mandatory", []), instance)
        self.exclusive = [frozenset(_known(numbers, instance)) for numbers in rule.get("exclusive", [])]
        self.categories = [
            (frozenset(_known(category["i"], instance)), category["budget"]) for category in rule.get("categories", [])
        ]
        self.budget = instance.budget - sum(self.costs[number] for number in self.mandatory)
        #: Projects out of the count for want of votes, with the number of votes that would do.
        self.weak = self._weak(rule["per_cost"]) if "per_cost" in rule else {}
        out = {*self.mandatory, *self.weak}
        #: Projects that the count is about, numbers increasing.
        self.candidates = [number for number in range(len(self.costs)) if number not in out]
        self._check_mandatory()

    def _weak(self, ratio: str) -> dict[int, int]:
        demanded, budget, size = Fraction(ratio), self.instance.budget, self.instance.size
        weak: dict[int, int] = {}
        for number, votes in enumerate(self.instance.votes):
            if number not in self.mandatory and Fraction(votes * budget) < demanded * self.costs[number] * size:
                weak[number] = -(-demanded * self.costs[number] * size // budget) if budget else size + 1
        return weak

    def _check_mandatory(self) -> None:
        if self.budget < 0:
            raise TallyError("The mandatory projects cost more than the budget.")
        funded = set(self.mandatory)
        if any(len(numbers & funded) > 1 for numbers in self.exclusive):
            raise TallyError("Two mandatory projects exclude each other.")
        if any(sum(self.costs[number] for number in numbers & funded) > most for numbers, most in self.categories):
            raise TallyError("The mandatory projects cost more than the budget of their category.")

    def partners(self, project: int) -> frozenset[int]:
        """Return the projects that share a set or a category with this one: those that its funding may bar."""
        if not self.exclusive and not self.categories:
            return frozenset()
        groups = [*self.exclusive, *(numbers for numbers, _ in self.categories)]
        return frozenset().union(*(numbers for numbers in groups if project in numbers))


class Ledger:
    """What has been funded so far, mandatory projects first, and which projects that bars."""

    def __init__(self, constraints: Constraints) -> None:
        self.constraints = constraints
        self.funded: set[int] = set()
        self._left = [budget for _, budget in constraints.categories]
        self._free = not constraints.exclusive and not constraints.categories
        for project in constraints.mandatory:
            self.fund(project)

    def copy(self) -> "Ledger":
        """Return a ledger of the same state, to try something in."""
        other = Ledger.__new__(Ledger)
        other.constraints, other.funded, other._left = self.constraints, {*self.funded}, [*self._left]
        other._free = self._free
        return other

    def pots(self) -> dict[int, list[int]]:
        """For each project of a category what is left of its budget, as one cell that its projects share.

        Of categories that overlap only the first is looked at.
        """
        pots: dict[int, list[int]] = {}
        for (numbers, _), left in zip(self.constraints.categories, self._left, strict=True):
            if not numbers & pots.keys():
                cell = [left]
                pots |= dict.fromkeys(numbers, cell)
        return pots

    def fund(self, project: int) -> None:
        self.funded.add(project)
        for place, (numbers, _) in enumerate(self.constraints.categories):
            if project in numbers:
                self._left[place] -= self.constraints.costs[project]

    def barred(self, project: int) -> Reason | None:
        """Say why funding a project now would break a set or a category; None if it would not."""
        if self._free:
            return None
        others = [other for numbers in self.constraints.exclusive if project in numbers for other in numbers]
        rivals = self.funded.intersection(others)
        if rivals:
            return {"c": "exclusive", "by": min(rivals)}
        for (numbers, _), left in zip(self.constraints.categories, self._left, strict=True):
            if project in numbers and self.constraints.costs[project] > left:
                return {"c": "category", "left": left}
        return None

    def open(self, projects: Iterable[int]) -> list[int]:
        """Return those of ``projects`` that are neither funded nor barred."""
        return [project for project in projects if project not in self.funded and not self.barred(project)]


def settled(constraints: Constraints) -> dict[int, Reason]:
    """Return why the projects stand as they do that the count itself is not about."""
    reasons: dict[int, Reason] = {number: {"c": "mandatory"} for number in constraints.mandatory}
    return reasons | {number: {"c": "below_threshold", "threshold": v} for number, v in constraints.weak.items()}


def check_constraints(rule: RuleDocument) -> None:
    """Raise TallyError unless the fields of this file have their form; whether projects exist is seen when counting."""
    ratio = rule.get("per_cost")
    if "per_cost" in rule and not (
        isinstance(ratio, str) and _FRACTION.fullmatch(ratio) and str(Fraction(ratio)) == ratio
    ):
        raise TallyError("The field per_cost of a rule must be a fraction above 0 in lowest terms, such as 1/3.")
    if "mandatory" in rule:
        _check_numbers(rule["mandatory"], 1, "mandatory")
    exclusive: Any = rule.get("exclusive", [[0, 1]])
    if not isinstance(exclusive, list) or not exclusive:
        raise TallyError("The field exclusive of a rule must be a list of sets of projects.")
    for numbers in exclusive:
        _check_numbers(numbers, 2, "exclusive")
    categories: Any = rule.get("categories", [{"i": [0], "budget": 0}])
    if not isinstance(categories, list) or not categories:
        raise TallyError("The field categories of a rule must be a list of categories.")
    for category in categories:
        if not isinstance(category, dict) or category.keys() != {"i", "budget"}:
            raise TallyError("A category of a rule has the fields i and budget.")
        _check_numbers(category["i"], 1, "categories")
        if type(category["budget"]) is not int or not 0 <= category["budget"] <= MAX_INTEGER:
            raise TallyError("The budget of a category must be a whole number of minor units, not negative.")


def _check_numbers(numbers: Any, least: int, field: str) -> None:
    whole = isinstance(numbers, list) and all(type(number) is int for number in numbers)
    if not whole or len(numbers) < least or numbers[0] < 0 or any(a >= b for a, b in pairwise(numbers)):
        raise TallyError(f"The field {field} of a rule must hold increasing project numbers, at least {least}.")


def _known(numbers: list[int], instance: Instance) -> tuple[int, ...]:
    if numbers and numbers[-1] >= len(instance.projects):
        raise TallyError(f"The rule names the project number {numbers[-1]}, which does not exist.")
    return tuple(numbers)
