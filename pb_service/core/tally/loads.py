"""Phragmen's rounds: each project funded is a load that its supporters share so that the greatest load stays least.

Source: Phragmen's sequential method, for projects of different cost as in Los, Christoff and Grossi, "Proportional
Budget Allocations: Towards a Systematization" (IJCAI 2022); normative here: bundle.md section 8, `phragmen`.

Every load that is compared or published is an exact rational: a voter's load is what she began with or the load of a
round, so sums over supporters need only the number of voters per round. Floats exclude what is surely not the least:
all their terms are positive, so they are off by no more than the number of additions times the rounding of one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.tally.constraints import Ledger
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.instance import Floats, Integers

_BEFORE = -1


@dataclass(frozen=True, slots=True)
class LoadRound:
    """One project funded, the load of its supporters from then on (None without supporters), and who had the same."""

    project: int
    load: mpq | None
    tied: tuple[int, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Start:
    """What voters carry before the first round: as floats off by at most ``slack``, and exactly, summed over groups."""

    loads: Floats
    slack: float
    exact: Callable[[Integers], mpq]


def unburdened(electorate: Electorate) -> Start:
    """Return the start at which nobody has paid for anything."""
    return Start(np.zeros(len(electorate.weight)), 0.0, lambda _: mpq(0))


class Loads:
    """The loads of all voters during one count."""

    def __init__(self, electorate: Electorate, start: Start) -> None:
        self.electorate = electorate
        self._start = start
        self._loads = start.loads.copy()
        #: For each group the round that gave it its load, and the loads of those rounds.
        self._round: Integers = np.full(len(electorate.weight), _BEFORE, dtype=np.int64)
        self._given: list[mpq] = []
        self._group: Integers = np.repeat(np.arange(len(electorate.weight), dtype=np.int64), electorate.lengths)

    def of(self, project: int) -> mpq:
        """Return exactly the load at which a project with supporters would be funded now."""
        groups = self.electorate.supporters[project]
        rounds = self._round[groups]
        load = self.electorate.cost[project] + self._start.exact(groups[rounds == _BEFORE])
        for number, voters in enumerate(np.bincount(rounds + 1, weights=self.electorate.weight[groups])[1:].tolist()):
            if voters:
                load += int(voters) * self._given[number]
        return load / self.electorate.votes[project]

    def least(self, projects: Sequence[int]) -> tuple[mpq, list[int]]:
        """Return the least load of ``projects``, all with supporters, and those that have it."""
        electorate = self.electorate
        carried = np.bincount(
            electorate.rows, weights=(electorate.weight * self._loads)[self._group], minlength=len(electorate.cost)
        )
        rounding = (len(electorate.rows) + 16) * 2.0**-52
        about = {p: (electorate.cost[p] + float(carried[p])) / electorate.votes[p] for p in projects}
        limit = min(about.values()) * (1 + 2 * rounding) + 2 * self._start.slack
        exact = {p: self.of(p) for p in projects if about[p] * (1 - 2 * rounding) - 2 * self._start.slack <= limit}
        least = min(exact.values())
        return least, [p for p in exact if exact[p] == least]

    def fund(self, project: int, load: mpq) -> None:
        """Give the supporters of a project their new load."""
        groups = self.electorate.supporters[project]
        self._round[groups] = len(self._given)
        self._given.append(load)
        self._loads[groups] = float(load)


def fund_by_load(
    loads: Loads, rank: Sequence[int], ledger: Ledger, candidates: Sequence[int], left: int, *, unsupported: bool
) -> list[LoadRound]:
    """Fund projects in the order of their load until one of least load costs more than is left.

    ``ledger`` says what is funded and barred, and is written to. With ``unsupported`` projects without supporters have
    their turn once no others are left.
    """
    electorate = loads.electorate
    rounds: list[LoadRound] = []
    while open_ := ledger.open(candidates):
        supported = [p for p in open_ if electorate.votes[p]]
        if not supported and not unsupported:
            break
        load, tied = loads.least(supported) if supported else (None, open_)
        if any(electorate.cost[p] > left for p in tied):
            break
        winner = min(tied, key=rank.__getitem__)
        left -= electorate.cost[winner]
        ledger.fund(winner)
        if load is not None:
            loads.fund(winner, load)
        rounds.append(LoadRound(winner, load, tuple(sorted(tied)), left))
    return rounds
