"""The rule `phragmen`: each purchase is a load on those who support it, and the highest load is kept low.

Equal ballots have equal loads all the way, so loads are kept by group of equal ballots: as numerators over one common
denominator, which grows when a load divides unevenly.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import gcd
from typing import Any

from pb_service.verifier.tally.election import Election, Why


class Loads:
    """Rounds of the rule. `steps`, `tied` (all projects of least load, by round) and `why` grow with the rounds.

    `sizes` says how many ballots each group holds, `supporters` which groups support each project, `loads` over
    `scale` what load a ballot of each group has at first; `left` is the money left beside the projects `funded`.
    """

    def __init__(
        self,
        election: Election,
        *,
        sizes: list[int],
        supporters: list[list[int]],
        loads: list[int],
        scale: int,
        funded: Iterable[int],
        left: int,
    ) -> None:
        self.election = election
        self.sizes = sizes
        self.supporters = supporters
        self.loads = loads
        self.scale = scale
        self.funded = set(funded)
        self.left = left
        self.steps: list[dict[str, Any]] = []
        self.tied: list[list[int]] = []
        self.why: dict[int, Why] = {}

    def run(self, projects: Iterable[int], *, unsupported: bool) -> None:
        """Funds projects until one of least load does not fit, or none is left."""
        waiting = self._unbarred(set(projects))
        # No load falls, so a load once found is a bound that spares most evaluations.
        bounds = {project: Fraction(0) for project in waiting if self.supporters[project]}
        while bounds or (waiting and unsupported):
            least, tied = self._least(bounds) if bounds else (None, self.election.order(waiting))
            if any(self.election.costs[project] > self.left for project in tied):
                return
            self._fund(tied[0], least)
            self.tied.append(tied)
            waiting = self._unbarred(waiting - {tied[0]})
            bounds = {project: bound for project, bound in bounds.items() if project in waiting}

    def load(self, project: int) -> Fraction:
        """The load that funding a project would leave each of its supporters with."""
        return Fraction(self._total(project), self._number(project) * self.scale)

    def ties(self, after: int = 0) -> list[dict[str, Any]]:
        """The record of the ties, with rounds counted on `after` earlier ones."""
        rounds = enumerate(self.tied, after + 1)
        return [self.election.tie(tied, round=number) for number, tied in rounds if len(tied) > 1]

    def _least(self, bounds: dict[int, Fraction]) -> tuple[Fraction, list[int]]:
        """The least load and the projects that have it, in tie order."""
        found: dict[int, Fraction] = {}
        for project in sorted(bounds, key=bounds.__getitem__):
            if found and bounds[project] > min(found.values()):
                break
            found[project] = bounds[project] = self.load(project)
        least = min(found.values())
        return least, self.election.order(project for project, load in found.items() if load == least)

    def _fund(self, project: int, load: Fraction | None) -> None:
        self.funded.add(project)
        self.left -= self.election.costs[project]
        number, said = self._number(project), {}
        if load is not None:
            total = self._total(project)
            factor = number // gcd(total, number)
            self.scale *= factor
            self.loads = [amount * factor for amount in self.loads]
            for group in self.supporters[project]:
                self.loads[group] = total * factor // number
            said = {"load": str(load)}
        self.steps.append({"i": project, "supporters": number, "left": self.left} | said)
        self.why[project] = {"c": "loaded", "round": len(self.steps)} | said

    def _total(self, project: int) -> int:
        """The cost and the loads of the supporters, together, over the scale."""
        before = sum(self.sizes[group] * self.loads[group] for group in self.supporters[project])
        return self.election.costs[project] * self.scale + before

    def _number(self, project: int) -> int:
        return sum(self.sizes[group] for group in self.supporters[project])

    def _unbarred(self, projects: set[int]) -> set[int]:
        return {project for project in projects if not self.election.bar(project, self.funded)}


def count(election: Election) -> dict[str, Any]:
    """`won`, `why` and `scores` by project, `steps` and `ties` of the outcome."""
    supporters: list[list[int]] = [[] for _ in election.costs]
    choices = election.values("cardinality")
    for group, choice in enumerate(choices):
        for project, _ in choice:
            supporters[project].append(group)
    rounds = Loads(
        election,
        sizes=list(choices.values()),
        supporters=supporters,
        loads=[0] * len(choices),
        scale=1,
        funded=(),
        left=election.budget,
    )
    possible = [project for project in election.candidates if election.costs[project] <= election.budget]
    rounds.run(possible, unsupported=election.rule["unsupported"])
    why = {}
    for project in election.candidates:
        if project in rounds.funded:
            why[project] = rounds.why[project]
        elif project not in possible:
            why[project] = {"c": "beyond", "left": election.budget}
        elif bar := election.bar(project, rounds.funded):
            why[project] = bar
        elif supporters[project]:
            why[project] = {"c": "late", "load": str(rounds.load(project))}
        else:
            why[project] = {"c": "unsupported"}
    return {
        "won": rounds.funded,
        "why": why,
        "scores": election.votes,
        "steps": rounds.steps,
        "ties": rounds.ties(),
    }
