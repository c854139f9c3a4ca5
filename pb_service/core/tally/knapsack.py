"""The most valuable set of projects that a budget can pay for, found and proved in integers.

``most_valuable`` (no constraint but the budget) grows sets outwards from the projects of best value for money, after
Pisinger, "A Minimal Algorithm for the 0-1 Knapsack Problem" (Operations Research 1997): of two sets that decide the
same projects the one that costs more and is worth less is dropped, and so is a set that cannot become better than one
already known even if the rest of the money could buy parts of projects. ``most_valuable_within`` (with constraints)
tries project by project and drops branches by the same bound, category by category. Both drop only what surely cannot
win: floats stand on one side of a comparison only with room for their rounding, and sums are integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np
from numpy.typing import NDArray

from pb_service.core.tally.constraints import Ledger
from pb_service.core.tally.instance import TallyError

#: More sets at once than this, or more branches than that, and the search ends without a proof.
MAX_SETS = 3_000_000
MAX_BRANCHES = 300_000

_ROOM = 1e-12


class Unproved(TallyError):
    """The optimum was not found and proved within the limits; nothing is known about the winners."""

    def __init__(self) -> None:
        super().__init__("The set of greatest welfare could not be found and proved within the limits of the search.")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to buy: its number, cost and value, both integers above 0."""

    number: int
    cost: int
    value: int


def by_worth(items: Sequence[Item]) -> list[Item]:
    """Return items by value for money, best first."""
    return sorted(items, key=lambda item: (-Fraction(item.value, item.cost), item.number))


def most_valuable(items: Sequence[Item], budget: int, at_least: int = 0) -> frozenset[int] | None:
    """Return the numbers of a most valuable set that costs at most ``budget``; None if it is worth under ``at_least``.

    Raises Unproved when the search grows too large.
    """
    if budget < 0:
        return None
    line = by_worth([item for item in items if item.cost <= budget])
    fits, cost = 0, 0
    while fits < len(line) and cost + line[fits].cost <= budget:
        cost += line[fits].cost
        fits += 1
    core = _Core(line, budget, fits, at_least)
    while core.grow():
        pass
    return core.best()


class _Core:
    """Sets that agree with "all up to the first that does not fit" outside a stretch of items around it."""

    def __init__(self, line: list[Item], budget: int, fits: int, at_least: int) -> None:
        self.line = line
        self.fits = fits
        divisor = gcd(*(item.cost for item in line)) or 1
        self.costs = [item.cost // divisor for item in line]
        self.budget = budget // divisor
        total = max(sum(item.value for item in line), sum(self.costs), at_least)
        self.kind: type = np.int64 if total < 2**61 else object
        #: The items decided are those from ``low`` to before ``high``.
        self.low = self.high = fits
        self.spent = np.array([sum(self.costs[:fits])], dtype=self.kind)
        self.worth = np.array([sum(item.value for item in line[:fits])], dtype=self.kind)
        #: For each growth the item decided, and for each set its parent, with the sign bit if the item changed sides.
        self.history: list[tuple[int, NDArray[np.int32]]] = []
        #: Worth of the best set known (or one less than what is asked for), and where it stands in the history.
        self.known = at_least - 1
        self.found: tuple[int, int] | None = None
        self._look()

    def grow(self) -> bool:
        """Decide one more item; False when nothing better can be found."""
        if not len(self.worth) or (self.low == 0 and self.high == len(self.line)):
            return False
        right = self.high < len(self.line) and (self.low == 0 or self.high - self.fits <= self.fits - self.low)
        if right:
            place, sign = self.high, 1
            self.high += 1
        else:
            self.low -= 1
            place, sign = self.low, -1
        cost, value = sign * self.costs[place], sign * self.line[place].value
        stay = np.arange(len(self.worth), dtype=np.int32)
        spent = np.concatenate([self.spent, self.spent + cost])
        worth = np.concatenate([self.worth, self.worth + value])
        parent = np.concatenate([stay, ~stay])
        kept = self._promising(spent, worth)
        kept = kept[np.lexsort((-worth[kept], spent[kept]))]
        # What costs more must be worth more than everything that costs less.
        sorted_worth = worth[kept]
        best_so_far = np.maximum.accumulate(sorted_worth) if len(kept) else sorted_worth
        kept = kept[np.concatenate([np.ones(min(1, len(kept)), np.bool_), sorted_worth[1:] > best_so_far[:-1]])]
        if len(kept) > MAX_SETS:
            raise Unproved
        self.spent, self.worth = spent[kept], worth[kept]
        self.history.append((place, parent[kept]))
        self._look()
        return True

    def _promising(self, spent: NDArray[np.int64], worth: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the sets that may still become better than the best known, buying or selling parts of items."""
        left = (self.budget - spent).astype(np.float64)
        missing = (self.known + 1 - worth).astype(np.float64)
        buy = self._rate(self.high) if self.high < len(self.line) else 0.0
        sell = self._rate(self.low - 1) if self.low > 0 else np.inf
        with np.errstate(invalid="ignore"):
            gain = np.where(left >= 0, left * buy, left * sell)
        room = _ROOM * (np.abs(gain) + np.abs(missing))
        return np.flatnonzero((gain >= missing - room) | (~np.isfinite(room) & (left >= 0)))

    def _rate(self, place: int) -> float:
        return self.line[place].value / self.costs[place]

    def _look(self) -> None:
        """Remember the best set that the budget can pay: the last, as cost and worth rise together."""
        last = int(np.searchsorted(self.spent, self.budget, side="right")) - 1
        if last >= 0 and self.worth[last] > self.known:
            self.known = int(self.worth[last])
            self.found = (len(self.history), last)

    def best(self) -> frozenset[int] | None:
        if self.found is None:
            return None
        changed: set[int] = set()
        growths, index = self.found
        for place, parent in reversed(self.history[:growths]):
            index = int(parent[index])
            if index < 0:
                index = ~index
                changed.add(place)
        return frozenset(
            item.number for place, item in enumerate(self.line) if (place < self.fits) != (place in changed)
        )


def most_valuable_within(
    items: Sequence[Item], budget: int, ledger: Ledger, at_least: int = 0
) -> frozenset[int] | None:
    """Return a most valuable set as ``most_valuable`` does, of those that ``ledger`` does not bar."""
    if budget < 0:
        return None
    search = _Search(by_worth(items), at_least)
    search.visit(0, budget, ledger, 0, frozenset())
    return search.found


class _Search:
    """Depth first, the best value for money first, each project in before out."""

    def __init__(self, line: list[Item], at_least: int) -> None:
        self.line = line
        self.known = at_least - 1
        self.found: frozenset[int] | None = None
        self.branches = 0

    def visit(self, place: int, left: int, ledger: Ledger, worth: int, chosen: frozenset[int]) -> None:
        stack = [(place, left, ledger, worth, chosen)]
        while stack:
            place, left, ledger, worth, chosen = stack.pop()
            self.branches += 1
            if self.branches > MAX_BRANCHES:
                raise Unproved
            if worth > self.known:
                self.known, self.found = worth, chosen
            if place == len(self.line) or worth + self._most(place, left, ledger) <= self.known:
                continue
            item = self.line[place]
            stack.append((place + 1, left, ledger, worth, chosen))
            if item.cost <= left and not ledger.barred(item.number):
                bought = ledger.copy()
                bought.fund(item.number)
                stack.append((place + 1, left - item.cost, bought, worth + item.value, chosen | {item.number}))

    def _most(self, place: int, left: int, ledger: Ledger) -> int:
        """Return what the money left can buy at most if parts of items could be bought, rounded down.

        Each category that shares no project with an earlier one keeps its budget; of an exclusive set parts of all may
        be bought.
        """
        pots = ledger.pots()
        total = Fraction(0)
        for item in self.line[place:]:
            if left <= 0:
                break
            if ledger.barred(item.number):
                continue
            pot = pots.get(item.number)
            money = min(left, item.cost, left if pot is None else pot[0])
            left -= money
            if pot is not None:
                pot[0] -= money
            total += item.value if money == item.cost else Fraction(item.value * money, item.cost)
        return int(total)
