"""The voters as Equal Shares and Phragmen see them: groups that support the same projects, laid out for quick sums."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pb_service.core.rounds.documents import Utility
from pb_service.core.tally.constraints import Constraints
from pb_service.core.tally.instance import Floats, Instance, Integers


class Electorate:
    """Voters grouped by what they support among the candidates, laid out for summing over a project's supporters.

    Project p is worth ``utility[p]`` times the value that the voter gave it; both are integers above 0. The *mass* of
    supporters is the sum of their values: their number, where every value is 1. All sums of masses and of weights are
    below 2^53 (`Instance.support`), so that floats hold them exactly.
    """

    def __init__(self, instance: Instance, utility: Utility, constraints: Constraints) -> None:
        self.constraints = constraints
        self.cost = constraints.costs
        self.utility = self.cost if utility == "cost" else [1] * len(self.cost)
        self.lengths, self.rows, self.values, self.weight = _columns(instance, utility, constraints)
        #: Where in ``rows`` the projects of each group begin; ``values`` has the value of each, None if all are 1.
        self.row_start: Integers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.lengths)])
        # The projects are few enough for 16 bits in any real election, and for these numpy sorts in one pass.
        short = self.rows.astype(np.int16) if len(self.cost) < 2**15 else self.rows
        sorting = np.argsort(short, kind="stable")
        groups = np.repeat(np.arange(len(self.lengths), dtype=np.int64), self.lengths)[sorting]
        values = None if self.values is None else self.values[sorting]
        weights = self.weight[groups]
        masses = weights if values is None else weights * values
        ends = np.cumsum(np.bincount(self.rows, minlength=len(self.cost))).tolist()
        parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        #: For each project the groups that support it, their values (None if all are 1) and, group by group, mass.
        self.supporters: list[Integers] = [groups[part] for part in parts]
        self.supporter_values: list[Floats | None] = [None if values is None else values[part] for part in parts]
        self.supporter_masses: list[Floats] = [masses[part] for part in parts]
        #: For each project the number of its supporters, and their mass.
        cast = np.repeat(self.weight, self.lengths)
        self.votes = self._sums(cast)
        self.mass = self.votes if self.values is None else self._sums(cast * self.values)
        self._neighbours: dict[int, frozenset[int]] = {}

    def row(self, group: int) -> list[tuple[int, int]]:
        """Return the projects that a group supports, with their values."""
        part = slice(self.row_start[group], self.row_start[group + 1])
        values = [1.0] * (part.stop - part.start) if self.values is None else self.values[part].tolist()
        return [(project, int(value)) for project, value in zip(self.rows[part].tolist(), values, strict=True)]

    def neighbours(self, project: int) -> frozenset[int]:
        """Return the projects whose price or standing the purchase of this one may change.

        They share a supporter with it, or a set or category.
        """
        if project not in self._neighbours:
            places, _ = self._places(self.supporters[project])
            shared = np.bincount(self.rows[places], minlength=len(self.cost))
            partners = self.constraints.partners(project)
            self._neighbours[project] = frozenset(np.flatnonzero(shared).tolist()) | partners
        return self._neighbours[project]

    def mass_of_each(self, parts: Sequence[Integers]) -> tuple[Integers, Integers]:
        """For each of ``parts``, which are groups, the mass of every project's supporters in it, and its voters."""
        groups, width = np.concatenate(parts), len(self.cost)
        part = np.repeat(np.arange(len(parts), dtype=np.int64), [len(groups) for groups in parts])
        places, length = self._places(groups)
        weights = self.weight[groups]
        masses = np.repeat(weights, length)
        if self.values is not None:
            masses *= self.values[places]
        cells = np.bincount(np.repeat(part * width, length) + self.rows[places], masses, len(parts) * width)
        voters = np.bincount(part, weights, len(parts))
        return cells.astype(np.int64).reshape(len(parts), width), voters.astype(np.int64)

    def mass_shared(self, groups: Integers, projects: Sequence[int]) -> Integers:
        """For each project and each of ``projects`` the mass, for the latter, of whom in ``groups`` supports both."""
        column = np.full(len(self.cost), -1)
        column[projects] = np.arange(len(projects))
        shared = np.zeros(len(self.cost) * len(projects))
        for start in range(0, len(groups), _AT_ONCE):
            some = groups[start : start + _AT_ONCE]
            places, length = self._places(some)
            # Each of ``projects`` that a group supports is set beside all that the group supports.
            columns = column[self.rows[places]]
            beside = np.flatnonzero(columns >= 0)
            whose = np.repeat(some, length)[beside]
            masses = self.weight[whose]
            if self.values is not None:
                masses *= self.values[places[beside]]
            within, repeats = self._places(whose)
            cells = self.rows[within] * len(projects) + np.repeat(columns[beside], repeats)
            shared += np.bincount(cells, np.repeat(masses, repeats), len(shared))
        return shared.astype(np.int64).reshape(len(self.cost), len(projects))

    def sum_of_rows(self, amounts: Floats) -> Floats:
        """For each group the sum of ``amounts``, one for each project, times value, over what it supports."""
        spread = amounts[self.rows]
        if self.values is not None:
            spread *= self.values
        return np.add.reduceat(spread, self.row_start[:-1]) if len(spread) else spread

    def votes_within(self, groups: Integers) -> list[int]:
        """For each project the number of its supporters in ``groups``."""
        places, length = self._places(groups)
        return _whole(np.bincount(self.rows[places], np.repeat(self.weight[groups], length), len(self.cost)))

    def _sums(self, amounts: Floats) -> list[int]:
        """For each project the sum of ``amounts``, one for each entry of ``rows``."""
        return _whole(np.bincount(self.rows, amounts, len(self.cost)))

    def _places(self, groups: Integers) -> tuple[Integers, Integers]:
        """Return where in ``rows`` the projects of ``groups`` stand, group after group, and how many each has."""
        length = self.lengths[groups]
        ends = np.cumsum(length)
        first = np.repeat(self.row_start[groups] - (ends - length), length)
        return np.arange(len(first), dtype=np.int64) + first, length


#: So many groups are crossed with one another's projects at once, which bounds the memory.
_AT_ONCE = 8192


def _whole(sums: NDArray[np.float64] | NDArray[np.int64]) -> list[int]:
    whole: list[int] = sums.astype(np.int64).tolist()
    return whole


def _columns(
    instance: Instance, utility: Utility, constraints: Constraints
) -> tuple[Integers, Integers, Floats | None, Floats]:
    """Return the ballots that support a candidate as arrays: lengths, projects, values and how often each was cast.

    Projects and values are one ballot after the other; values are None if all are 1.
    """
    values: Floats | None = None
    if utility in ("cost", "cardinality"):
        lengths, rows, counts = instance.named_columns
    else:
        support = instance.support(utility)
        counts = np.fromiter(support.values(), np.int64, len(support))
        lengths = np.fromiter(map(len, support), np.int64, len(support))
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(support)), np.int64, 2 * int(lengths.sum()))
        rows, given = flat.reshape(-1, 2).T.copy()
        values = None if (given == 1).all() else given.astype(np.float64)
    if len(constraints.candidates) < len(constraints.costs):
        counted = np.zeros(len(constraints.costs), dtype=np.bool_)
        counted[constraints.candidates] = True
        kept = counted[rows]
        lengths = np.bincount(np.repeat(np.arange(len(lengths)), lengths), kept, len(lengths)).astype(np.int64)
        rows, values = rows[kept], None if values is None else values[kept]
    some = lengths > 0
    return lengths[some], rows, values, counts[some].astype(np.float64)
