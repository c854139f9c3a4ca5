"""One run of the Method of Equal Shares, decided exactly, and the proof that a whole interval of endowments agrees.

Source: Peters, Pierczynski, Skowron, "Proportional Participatory Budgeting with Additive Utilities" (NeurIPS 2021);
normative here: bundle.md section 8, "One run". All money is in minor units.

How it stays both exact and quick. Voters' money is kept as floats together with ``slack``, a proven bound on how far
each of them may be from the true rational. Floats only ever prove that a project is *not* the cheapest: if what its
supporters would pay at a price r, plus the bound of every rounding on the way, is below its cost, then its price is
above r. Whoever cannot be excluded so is priced exactly, in rationals: a voter with money left has paid each funded
project that she supports in full, so sums of money need only the number of voters per (project, funded project).
The prices that are compared, paid and published are these rationals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import numpy as np
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types
from numpy.typing import NDArray

from pb_service.core.tally.instance import Instance

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

#: Twice the relative error of one float operation: room for the conversion of an operand beside the operation itself.
_EPSILON = 2.0**-52
#: How far below a computed price its proven lower bound is tried first.
_MARGIN = 1e-10
_NEVER = float("inf")


class Electorate:
    """Voters grouped by the projects that they support, laid out for summing over the supporters of a project.

    ``utility[p]`` is what project p is worth to each of its supporters, as an integer above 0.
    """

    def __init__(self, instance: Instance, utility: Sequence[int]) -> None:
        ballots = [(ballot, count) for ballot, count in instance.named.items() if ballot]
        lengths = np.array([len(ballot) for ballot, _ in ballots], dtype=np.int64)
        self.cost = [project.cost for project in instance.projects]
        self.utility = list(utility)
        self.votes = instance.votes
        #: Voters in each group: integers, as floats for dot products.
        self.weight: Floats = np.array([count for _, count in ballots], dtype=np.float64)
        self.rows: Integers = np.fromiter((p for ballot, _ in ballots for p in ballot), np.int64, int(lengths.sum()))
        self.row_start: Integers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        groups = np.repeat(np.arange(len(ballots), dtype=np.int64), lengths)[np.argsort(self.rows, kind="stable")]
        ends = np.cumsum(np.bincount(self.rows, minlength=len(self.cost)))
        #: For each project the groups that support it.
        self.supporters: list[Integers] = np.split(groups, ends[:-1]) if self.cost else []

    def row(self, group: int) -> list[int]:
        """Return the projects that a group supports."""
        projects: list[int] = self.rows[self.row_start[group] : self.row_start[group + 1]].tolist()
        return projects

    def support_within(self, groups: Integers) -> Floats:
        """For each project the number of voters in ``groups`` that support it."""
        start, length = self.row_start[groups], self.row_start[groups + 1] - self.row_start[groups]
        places = np.arange(int(length.sum()), dtype=np.int64) + np.repeat(start - (np.cumsum(length) - length), length)
        weights = np.repeat(self.weight[groups], length)
        return np.bincount(self.rows[places], weights=weights, minlength=len(self.cost)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: the project, its price per unit of utility, and every project that had the same price.

    ``constant``: the tied projects whose price stays the same at any larger endowment, because every supporter can
    pay an equal part; empty when the price of the winner itself may fall.
    """

    project: int
    price: mpq
    tied: tuple[int, ...]
    constant: frozenset[int]


class Purse:
    """The voters' money during one run at a given endowment, as floats within ``slack`` and as exact rationals."""

    def __init__(self, electorate: Electorate, endowment: mpq) -> None:
        self.electorate = electorate
        self.endowment = endowment
        start = float(endowment)
        self.money: Floats = np.full(len(electorate.weight), start)
        self.slack = start * _EPSILON
        #: What a supporter pays for each funded project if she can.
        self.paid: dict[int, mpq] = {}
        self._supporters = list(electorate.supporters)
        self._exact: dict[tuple[int, ...], mpq] = {}

    def at_least(self, project: int) -> float:
        """Return a proven lower bound of what each supporter with enough money has to pay; infinite if too dear."""
        _, money, weight = self._behind(project)
        cost = self.electorate.cost[project]
        if not self._can_reach(weight, money, cost):
            return _NEVER
        bound = _level(money, weight, cost) * (1 - _MARGIN)
        if not self._can_reach(weight, np.minimum(money, bound), cost):
            return bound
        exact = self.exactly(project)
        return _NEVER if exact is None else float(exact) * (1 - 2 * _EPSILON)

    def exactly(self, project: int) -> mpq | None:
        """Return exactly what each supporter with enough money has to pay; None if together they have too little."""
        groups, money, weight = self._behind(project)
        if not len(groups):
            return None
        level = _level(money, weight, self.electorate.cost[project])
        margin = 2 * self.slack + level * 1e-12
        level_exact = self._solve(project, money < level - margin, money > level + margin)
        # The split into poor and rich was read off the floats: it stands only if the exact level is within the margin.
        if level_exact is not None and abs(float(level_exact) - level) <= margin - self.slack - level * _EPSILON:
            return level_exact
        nobody = np.zeros(len(groups), dtype=np.bool_)
        return self._solve(project, nobody, nobody)

    def all_pay_equally(self, project: int, level: mpq) -> bool:
        """Whether every supporter surely has at least ``level``."""
        money = self.money[self.electorate.supporters[project]]
        return bool(money.min() - self.slack > float(level) * (1 + _EPSILON))

    def pay(self, project: int, level: mpq) -> None:
        """Let each supporter pay ``level``, or all her money if that is less."""
        groups, money, _ = self._behind(project)
        price = float(level)
        margin = 2 * self.slack + price * 1e-12
        after = np.where(money > price + margin, money - price, 0.0)
        for place in np.flatnonzero(abs(money - price) <= margin):
            left = self._money_of(int(groups[place])) - level
            after[place] = max(0.0, float(left))
        self._pay(project, groups, after)
        self.paid[project] = level
        self._exact.clear()

    def pay_at_least(self, project: int, level: float) -> None:
        """Let each supporter pay ``level``: what is left is then an upper bound of the money after the true payment."""
        groups, money, _ = self._behind(project)
        self._pay(project, groups, np.maximum(money - level, 0.0))

    def total(self, project: int) -> mpq:
        """Return exactly what the supporters of a project have together."""
        groups, _, _ = self._behind(project)
        return self._sum(groups)

    def _pay(self, project: int, groups: Integers, after: Floats) -> None:
        self.money[groups] = after
        self._supporters[project] = groups[:0]
        self.slack += float(self.endowment) * _EPSILON

    def _behind(self, project: int) -> tuple[Integers, Floats, Floats]:
        """Return the supporters that have money left, their money and their numbers; others never matter again."""
        groups = self._supporters[project]
        money = self.money[groups]
        alive = money > 0
        if not alive.all():
            groups = self._supporters[project] = groups[alive]
            money = money[alive]
        return groups, money, self.electorate.weight[groups]

    def _can_reach(self, weight: Floats, payments: Floats, cost: int) -> bool:
        """Whether the payments may sum up to the cost, as far as floats can tell; False is a proof."""
        total = float(weight @ payments)
        rounding = total * (len(weight) + 8) * _EPSILON + float(weight.sum()) * self.slack * 2
        return total + rounding >= cost

    def _solve(self, project: int, poor: NDArray[np.bool_], rich: NDArray[np.bool_]) -> mpq | None:
        """Solve sum(min(money, level)) = cost exactly, given who surely has less and who surely has more."""
        groups, _, weight = self._behind(project)
        missing = self.electorate.cost[project] - self._sum(groups[poor])
        payers = int(weight[~poor].sum())
        unsure: dict[mpq, int] = {}
        for place in np.flatnonzero(~(poor | rich)):
            money = self._money_of(int(groups[place]))
            unsure[money] = unsure.get(money, 0) + int(weight[place])
        for money in sorted(unsure):
            if money * payers >= missing:
                break
            missing -= money * unsure[money]
            payers -= unsure[money]
        return mpq(missing, payers) if payers else None

    def _money_of(self, group: int) -> mpq:
        bought = tuple(p for p in self.electorate.row(group) if p in self.paid)
        if bought not in self._exact:
            self._exact[bought] = self.endowment - sum((self.paid[p] for p in bought), mpq(0))
        return self._exact[bought]

    def _sum(self, groups: Integers) -> mpq:
        """Return exactly the money of groups that have some: each has paid all her funded projects in full."""
        total = int(self.electorate.weight[groups].sum()) * self.endowment
        if len(groups) and self.paid:
            within = self.electorate.support_within(groups)
            for project, level in self.paid.items():
                if count := int(within[project]):
                    total -= count * level
        return total


def _level(money: Floats, weight: Floats, cost: float) -> float:
    """Return about the level at which sum(min(money, level)) = cost: whoever has less pays all, the rest share."""
    while True:
        level = cost / float(weight.sum())
        poor = money < level
        if not poor.any():
            return float(level)
        if poor.all():
            return float(money.max())
        cost -= float(weight[poor] @ money[poor])
        money, weight = money[~poor], weight[~poor]


def run(electorate: Electorate, endowment: mpq, rank: Sequence[int]) -> tuple[list[Round], Purse]:
    """Buy projects in the order of their price until none can be paid; equal prices go by ``rank``, lower first."""
    purse = Purse(electorate, endowment)
    queue = _queue(electorate, endowment)
    seen_in = [-1] * len(electorate.cost)
    rounds: list[Round] = []
    while True:
        best: mpq | None = None
        limit = _NEVER
        levels: dict[int, mpq] = {}
        open_: list[tuple[float, int]] = []
        while queue and queue[0][0] <= limit:
            bound, project = heappop(queue)
            if seen_in[project] != len(rounds):
                seen_in[project] = len(rounds)
                bound = _price_bound(electorate, project, purse.at_least(project))
                if bound < _NEVER:
                    heappush(queue, (bound, project))
                continue
            level = purse.exactly(project)
            if level is None:
                continue
            open_.append((bound, project))
            price = level / electorate.utility[project]
            if best is None or price < best:
                best, limit, levels = price, float(price) * (1 + _EPSILON), {}
            if price == best:
                levels[project] = level
        if best is None:
            return rounds, purse
        winner = min(levels, key=rank.__getitem__)
        constant = frozenset(p for p, level in levels.items() if purse.all_pay_equally(p, level))
        rounds.append(Round(winner, best, tuple(sorted(levels)), constant if winner in constant else frozenset()))
        for entry in open_:
            if entry[1] != winner:
                heappush(queue, entry)
        purse.pay(winner, levels[winner])


def agrees_up_to(electorate: Electorate, rounds: Sequence[Round], endowment: mpq) -> bool:
    """Whether every endowment from that of ``rounds`` up to ``endowment`` surely buys the same projects in that order.

    False may also mean that it could not be proved. Why it is enough to look at the upper end: as long as the purchases
    are the same, a larger endowment leaves every voter at least as much money and makes no price higher. So in each
    round the winner costs at most what it cost at the lower end, and any other project at least what it would cost at
    the upper end; where the second is above the first, the winner is the same in between.
    """
    purse = Purse(electorate, endowment)
    queue = _queue(electorate, endowment)
    seen_in = [-1] * len(electorate.cost)
    funded: set[int] = set()
    for number, purchase in enumerate(rounds):
        limit = float(purchase.price) * (1 + _EPSILON)
        tied: list[tuple[float, int]] = []
        while queue and queue[0][0] <= limit:
            bound, project = heappop(queue)
            if project in funded or project == purchase.project:
                continue
            if seen_in[project] == number:
                if project not in purchase.constant:
                    return False
                tied.append((bound, project))
                continue
            seen_in[project] = number
            bound = _price_bound(electorate, project, purse.at_least(project))
            if bound < _NEVER:
                heappush(queue, (bound, project))
        for entry in tied:
            heappush(queue, entry)
        funded.add(purchase.project)
        purse.pay_at_least(purchase.project, purse.at_least(purchase.project))
    return all(project in funded or purse.at_least(project) == _NEVER for _, project in queue)


def _queue(electorate: Electorate, endowment: mpq) -> list[tuple[float, int]]:
    """Return the projects that can be paid at all, each with a lower bound of its price that holds in every round."""
    queue = [
        (_price_bound(electorate, project, cost / votes * (1 - _EPSILON)), project)
        for project, (cost, votes) in enumerate(zip(electorate.cost, electorate.votes, strict=True))
        if votes and cost <= votes * endowment
    ]
    heapify(queue)
    return queue


def _price_bound(electorate: Electorate, project: int, level: float) -> float:
    return level / electorate.utility[project] * (1 - 2 * _EPSILON)
