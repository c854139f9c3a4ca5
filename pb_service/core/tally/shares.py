"""One run of the Method of Equal Shares, decided exactly, and the proof that a range of endowments agrees.

Source: Peters, Pierczynski, Skowron, "Proportional Participatory Budgeting with Additive Utilities" (NeurIPS 2021);
normative here: bundle.md section 8, "One run". All money is in minor units.

How it stays both exact and quick. Voters' money is kept as floats together with ``slack``, a proven bound on how far
each of them may be from the true rational. Floats only ever prove that a project is *not* the cheapest: let any of its
supporters give all their money; what then is still missing, divided by the number of the others, is at most what each
of the others has to pay. With a bound for every rounding on the way this gives a price that the project surely reaches.
Whoever cannot be excluded so is priced exactly, in rationals: a voter with money left has paid each funded project that
she supports in full, so sums of money need only the number of voters per (project, funded project). The prices that are
compared, paid and published are these rationals. Money never grows during a run, so prices never fall, and a bound
found in one round holds in all later ones.
"""

from collections.abc import Iterable, Sequence
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
        self.supporter_weights: list[Floats] = [self.weight[groups] for groups in self.supporters]
        self._neighbours: dict[int, frozenset[int]] = {}

    def row(self, group: int) -> list[int]:
        """Return the projects that a group supports."""
        projects: list[int] = self.rows[self.row_start[group] : self.row_start[group + 1]].tolist()
        return projects

    def neighbours(self, project: int) -> frozenset[int]:
        """Return the projects that share a supporter with this one: those whose price its purchase may change."""
        if project not in self._neighbours:
            shared = self.support_within(self.supporters[project])
            self._neighbours[project] = frozenset(np.flatnonzero(shared).tolist())
        return self._neighbours[project]

    def support_within(self, groups: Integers) -> Floats:
        """For each project the number of voters in ``groups`` that support it."""
        start, length = self.row_start[groups], self.row_start[groups + 1] - self.row_start[groups]
        places = np.arange(int(length.sum()), dtype=np.int64) + np.repeat(start - (np.cumsum(length) - length), length)
        weights = np.repeat(self.weight[groups], length)
        return np.bincount(self.rows[places], weights=weights, minlength=len(self.cost)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: the project, its price per unit of utility, and every project that had the same price.

    ``rival``: whether one of the tied shares a supporter with it. ``others``: a proven lower bound of the price of each
    unfunded project that shares a supporter with it and was not tied.
    """

    project: int
    price: mpq
    tied: tuple[int, ...]
    rival: bool
    others: float


class Purse:
    """The voters' money during one run at a given endowment, as floats within ``slack`` and as exact rationals."""

    def __init__(self, electorate: Electorate, endowment: mpq) -> None:
        self.electorate = electorate
        self.endowment = endowment
        start = float(endowment)
        self.money: Floats = np.full(len(electorate.weight), start)
        self.slack = 2 * start * _EPSILON
        #: What a supporter pays for each funded project if she can.
        self.paid: dict[int, mpq] = {}
        self._groups = list(electorate.supporters)
        self._weights = list(electorate.supporter_weights)
        #: For each project what each supporter with enough money surely has to pay.
        self._least = [
            cost / votes * (1 - 2 * _EPSILON) if votes else _NEVER
            for cost, votes in zip(electorate.cost, electorate.votes, strict=True)
        ]
        #: About what it is, for ``exactly`` to start from.
        self._about = list(self._least)
        self._exact: dict[tuple[int, ...], mpq] = {}

    def at_least(self, project: int) -> float:
        """Return a proven lower bound of what each supporter with enough money has to pay; infinite if too dear."""
        weight, cost = self._weights[project], self.electorate.cost[project]
        money = self.money[self._groups[project]]
        level, given, payers = _level(money, weight, cost, self._least[project])
        self._about[project] = level
        if payers:
            rounding = given * (len(money) + 8) * _EPSILON + float(weight.sum()) * self.slack
            level = (cost - given - rounding) / payers * (1 - 4 * _EPSILON)
        else:
            total = float(weight @ money)
            rounding = total * (len(money) + 8) * _EPSILON + float(weight.sum()) * self.slack
            exact = None if total + rounding < cost else self.exactly(project)
            level = _NEVER if exact is None else float(exact) * (1 - 2 * _EPSILON)
        self._least[project] = max(level, self._least[project])
        return self._least[project]

    def exactly(self, project: int) -> mpq | None:
        """Return exactly what each supporter with enough money has to pay; None if together they have too little."""
        groups, money, weight = self._with_money(project)
        cost = self.electorate.cost[project]
        if not len(groups):
            return None
        voters = float(weight.sum())
        if money.min() - self.slack > cost / voters * (1 + 2 * _EPSILON):
            return mpq(cost, int(voters))
        level = self._about[project]
        margin = 2 * self.slack + level * 1e-12
        poor, rich = money < level - margin, money > level + margin
        exact = self._solve(cost, groups, weight, poor, rich)
        # The split into poor and rich was read off the floats: it stands only if the exact level is close by.
        if exact is not None and abs(float(exact) - level) <= margin - self.slack - level * _EPSILON:
            return exact
        nobody = np.zeros(len(groups), dtype=np.bool_)
        return self._solve(cost, groups, weight, nobody, nobody)

    def pay(self, project: int, level: mpq) -> None:
        """Let each supporter pay ``level``, or all her money if that is less."""
        groups, money, _ = self._with_money(project)
        price = float(level)
        margin = 2 * self.slack + price * 1e-12
        after = np.where(money > price + margin, money - price, 0.0)
        for place in np.flatnonzero(abs(money - price) <= margin):
            after[place] = max(0.0, float(self._money_of(int(groups[place])) - level))
        self.money[groups] = after
        # The price was rounded once when it became a float and the money once more when the price was taken off.
        self.slack += 2 * float(self.endowment) * _EPSILON
        self.paid[project] = level
        self._exact.clear()

    def total(self, project: int) -> mpq:
        """Return exactly what the supporters of a project have together."""
        return self._sum(self._with_money(project)[0])

    def _with_money(self, project: int) -> tuple[Integers, Floats, Floats]:
        """Return the supporters that have money left, their money and their numbers; others never matter again."""
        money = self.money[self._groups[project]]
        alive = money > 0
        if not alive.all():
            self._groups[project] = self._groups[project][alive]
            self._weights[project] = self._weights[project][alive]
            money = money[alive]
        return self._groups[project], money, self._weights[project]

    def _solve(
        self, cost: int, groups: Integers, weight: Floats, poor: NDArray[np.bool_], rich: NDArray[np.bool_]
    ) -> mpq | None:
        """Solve sum(min(money, level)) = cost exactly, given who surely has less and who surely has more."""
        missing = cost - self._sum(groups[poor])
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
            within = self.electorate.support_within(groups).tolist()
            for project, level in self.paid.items():
                if count := within[project]:
                    total -= int(count) * level
        return total


def _level(money: Floats, weight: Floats, cost: int, least: float) -> tuple[float, float, float]:
    """Find about the level at which sum(min(money, level)) = cost, knowing that it is not below ``least``.

    Return it with what those who have less give in all, and the number of those who have it; 0 if nobody has.
    """
    voters = float(weight.sum())
    level, before = least, -1.0
    while True:
        poor = money < level
        given = float(weight @ np.where(poor, money, 0.0))
        payers = voters - float(weight @ poor)
        if not payers:
            return level, given, payers
        level = max(level, (cost - given) / payers)
        if payers == before:
            return level, given, payers
        before = payers


class _Prices:
    """The projects that can still be bought, in a queue by a proven lower bound of their price."""

    def __init__(self, purse: Purse) -> None:
        self.purse = purse
        self.electorate = electorate = purse.electorate
        self._queue = [
            (cost / votes / electorate.utility[project] * (1 - 4 * _EPSILON), project)
            for project, (cost, votes) in enumerate(zip(electorate.cost, electorate.votes, strict=True))
            if votes and cost <= votes * purse.endowment
        ]
        heapify(self._queue)
        #: Taken out of the queue during this round.
        self._aside: list[tuple[float, int]] = []
        #: Projects whose bound, and whose exact level, is that of the money as it is now.
        self._bounded: set[int] = set()
        self._levels: dict[int, mpq | None] = {}

    def cheapest(self) -> tuple[mpq | None, dict[int, mpq]]:
        """Return the least price, None if nothing can be paid, and all projects of that price with their levels."""
        best: mpq | None = None
        limit = _NEVER
        tied: dict[int, mpq] = {}
        while self._queue and self._queue[0][0] <= limit:
            bound, project = heappop(self._queue)
            if project not in self._bounded:
                self._bound(project)
                continue
            if project not in self._levels:
                self._levels[project] = self.purse.exactly(project)
            level = self._levels[project]
            if level is None:
                continue
            self._aside.append((bound, project))
            price = level / self.electorate.utility[project]
            if best is None or price < best:
                best, limit, tied = price, _above(price), {}
            if price == best:
                tied[project] = level
        return best, tied

    def bound_of_others(self, neighbours: frozenset[int], tied: Iterable[int], reach: float) -> float:
        """Return a lower bound of the price of every neighbour that is not tied, above ``reach`` if that can be had."""
        while self._queue and self._queue[0][0] <= reach:
            bound, project = heappop(self._queue)
            if project in neighbours and project not in self._bounded:
                self._bound(project)
            else:
                self._aside.append((bound, project))
        others = [bound for bound, project in self._aside if project in neighbours and project not in tied]
        return min([*others, self._queue[0][0] if self._queue else _NEVER])

    def buy(self, project: int, level: mpq, neighbours: frozenset[int]) -> None:
        """Pay for a project, and forget what is no longer up to date."""
        self.purse.pay(project, level)
        for entry in self._aside:
            if entry[1] != project:
                heappush(self._queue, entry)
        self._aside.clear()
        self._bounded -= neighbours
        for neighbour in neighbours & self._levels.keys():
            del self._levels[neighbour]

    def _bound(self, project: int) -> None:
        self._bounded.add(project)
        level = self.purse.at_least(project)
        if level < _NEVER:
            heappush(self._queue, (level / self.electorate.utility[project] * (1 - 2 * _EPSILON), project))


def run(
    electorate: Electorate, endowment: mpq, rank: Sequence[int], below: Sequence[Round] = ()
) -> tuple[list[Round], Purse]:
    """Buy projects in the order of their price until none can be paid; equal prices go by ``rank``, lower first.

    ``below``: the rounds at a smaller endowment. The bounds ``others`` are driven up to the prices there if that can be
    done, so that ``agree`` can tell.
    """
    purse = Purse(electorate, endowment)
    prices = _Prices(purse)
    reach = {purchase.project: _above(purchase.price) for purchase in below}
    rounds: list[Round] = []
    while True:
        price, tied = prices.cheapest()
        if price is None:
            return rounds, purse
        winner = min(tied, key=rank.__getitem__)
        neighbours = electorate.neighbours(winner)
        others = prices.bound_of_others(neighbours, tied, reach.get(winner, 0.0))
        rival = any(project in neighbours for project in tied if project != winner)
        rounds.append(Round(winner, price, tuple(sorted(tied)), rival, others))
        prices.buy(winner, tied[winner], neighbours)


def agree(electorate: Electorate, low: Sequence[Round], high: Sequence[Round]) -> bool:
    """Whether every endowment between two that were run surely funds the same projects.

    False may also mean that it could not be proved. Why it is enough to look at the ends:

    A purchase changes the price of no project but those that share a supporter with it, its neighbours, and prices only
    rise. So a project that is cheaper than all its neighbours will be bought at this price whenever its turn comes, and
    two orders of purchase in which neighbours come in the same order are the same count. Given the same purchases
    before, a larger endowment leaves every voter at least as much money and makes no price higher. So if both ends buy
    the same projects, neighbours in the same order, then anywhere between, and following the order of the upper end,
    the next project costs at most what it costs at the lower end, and each of its neighbours at least what it costs at
    the upper end. Where the second is larger, the project is next there too; where both are equal, the tie order that
    decided at the upper end decides alike. What nobody can pay at the upper end, nobody can pay below.
    """
    place = {purchase.project: number for number, purchase in enumerate(low)}
    price = {purchase.project: purchase.price for purchase in low}
    if len(low) != len(high) or place.keys() != {purchase.project for purchase in high}:
        return False
    earlier: set[int] = set()
    for purchase in high:
        neighbours = electorate.neighbours(purchase.project) & place.keys()
        if neighbours & earlier != {p for p in neighbours if place[p] < place[purchase.project]}:
            return False
        lower = price[purchase.project]
        if purchase.others <= _above(lower) or (purchase.rival and purchase.price != lower):
            return False
        earlier.add(purchase.project)
    return True


def _above(price: mpq) -> float:
    """Return a float that is surely not below ``price``."""
    return float(price) * (1 + 2 * _EPSILON)
