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
from itertools import chain
from typing import TypeAlias

import numpy as np
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types
from numpy.typing import NDArray

from pb_service.core.rounds.documents import Utility
from pb_service.core.tally.constraints import Constraints, Ledger
from pb_service.core.tally.instance import Instance

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
#: Groups with money left that support a project: which, their money, mass, and values (None if all are 1).
_Holders: TypeAlias = tuple[Integers, Floats, Floats, Floats | None]

#: Twice the relative error of one float operation: room for the conversion of an operand beside the operation itself.
_EPSILON = 2.0**-52
_NEVER = float("inf")


class Electorate:
    """Voters grouped by what they support among the candidates, laid out for summing over a project's supporters.

    Project p is worth ``utility[p]`` times the value that the voter gave it; both are integers above 0. The *mass* of
    supporters is the sum of their values: their number, where every value is 1.
    """

    def __init__(self, instance: Instance, utility: Utility, constraints: Constraints) -> None:
        self.constraints = constraints
        lengths, self.rows, values, self.weight = _columns(instance, utility, constraints)
        self.cost = constraints.costs
        self.utility = self.cost if utility == "cost" else [1] * len(self.cost)
        #: The value of each entry of ``rows``; None if all are 1.
        self.values: Floats | None = values
        self.row_start: Integers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        sorting = np.argsort(self.rows, kind="stable")
        groups = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)[sorting]
        ends = np.cumsum(np.bincount(self.rows, minlength=len(self.cost)))[:-1]
        #: For each project the groups that support it.
        self.supporters: list[Integers] = np.split(groups, ends) if self.cost else []
        #: For each project its supporters' values (None if all are 1) and, group by group, their mass.
        self.supporter_values: list[Floats | None] = [None] * len(self.cost)
        if values is not None and self.cost:
            self.supporter_values = list(np.split(values[sorting], ends))
        self.supporter_masses: list[Floats] = [
            self.weight[groups] if own is None else self.weight[groups] * own
            for groups, own in zip(self.supporters, self.supporter_values, strict=True)
        ]
        #: For each project the number of its supporters, and their mass.
        self.votes = [int(self.weight[groups].sum()) for groups in self.supporters]
        self.mass = [int(masses.sum()) for masses in self.supporter_masses]
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
            shared = self.mass_within(self.supporters[project])
            partners = self.constraints.partners(project)
            self._neighbours[project] = frozenset(np.flatnonzero(shared).tolist()) | partners
        return self._neighbours[project]

    def mass_within(self, groups: Integers) -> Floats:
        """For each project the mass of its supporters in ``groups``."""
        places, length = self._places(groups)
        weights = np.repeat(self.weight[groups], length)
        if self.values is not None:
            weights *= self.values[places]
        return np.bincount(self.rows[places], weights=weights, minlength=len(self.cost)).astype(np.float64)

    def spread(self, groups: Integers, amounts: Floats) -> Floats:
        """For each project the sum of ``amounts``, one for each of ``groups``, over its supporters among them."""
        places, length = self._places(groups)
        weights = np.repeat(amounts, length)
        return np.bincount(self.rows[places], weights=weights, minlength=len(self.cost)).astype(np.float64)

    def _places(self, groups: Integers) -> tuple[Integers, Integers]:
        """Return where in ``rows`` the projects of ``groups`` stand, group after group, and how many each has."""
        start, length = self.row_start[groups], self.row_start[groups + 1] - self.row_start[groups]
        first = np.repeat(start - (np.cumsum(length) - length), length)
        return np.arange(int(length.sum()), dtype=np.int64) + first, length


def _columns(
    instance: Instance, utility: Utility, constraints: Constraints
) -> tuple[Integers, Integers, Floats | None, Floats]:
    """Return the ballots that support a candidate as arrays: lengths, projects, values and how often each was cast.

    Projects and values are one ballot after the other; values are None if all are 1.
    """
    values: Floats | None = None
    if utility in ("cost", "cardinality"):
        named = instance.named
        lengths = np.fromiter(map(len, named), np.int64, len(named))
        rows = np.fromiter(chain.from_iterable(named), np.int64, int(lengths.sum()))
        weight = np.fromiter(named.values(), np.float64, len(named))
    else:
        support = instance.support(utility)
        lengths = np.fromiter(map(len, support), np.int64, len(support))
        entries = chain.from_iterable(chain.from_iterable(support))
        rows, given = np.fromiter(entries, np.int64, 2 * int(lengths.sum())).reshape(-1, 2).T.copy()
        values = None if (given == 1).all() else given.astype(np.float64)
        weight = np.fromiter(support.values(), np.float64, len(support))
    counted = np.zeros(len(constraints.costs), dtype=np.bool_)
    counted[constraints.candidates] = True
    kept = counted[rows]
    lengths = np.bincount(np.repeat(np.arange(len(lengths)), lengths), weights=kept, minlength=len(lengths))
    some = lengths > 0
    return lengths[some].astype(np.int64), rows[kept], None if values is None else values[kept], weight[some]


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: the project, its price per unit of utility, and every project that had the same price.

    ``rival``: whether one of the tied is its neighbour. ``others``: a proven lower bound of the price of each neighbour
    that could still be bought and was not tied.
    """

    project: int
    price: mpq
    tied: tuple[int, ...]
    rival: bool
    others: float


class Purse:
    """The voters' money during one run at a given endowment, as floats within ``slack`` and as exact rationals.

    A *level* is what a supporter pays for each unit of value: she pays min(money, level x value). Divided by her value,
    her money has the same form under every utility: sum over supporters of mass x min(money / value, level) = cost.
    """

    def __init__(self, electorate: Electorate, endowment: mpq) -> None:
        self.electorate = electorate
        self.endowment = endowment
        start = float(endowment)
        self.money: Floats = np.full(len(electorate.weight), start)
        self.slack = 2 * start * _EPSILON
        #: The level of each funded project.
        self.paid: dict[int, mpq] = {}
        self._groups = list(electorate.supporters)
        self._masses = list(electorate.supporter_masses)
        self._values = list(electorate.supporter_values)
        #: For each project a level that it surely reaches.
        self._least = [
            cost / mass * (1 - 2 * _EPSILON) if mass else _NEVER
            for cost, mass in zip(electorate.cost, electorate.mass, strict=True)
        ]
        #: About what it is, for ``exactly`` to start from.
        self._about = list(self._least)
        self._exact: dict[tuple[tuple[int, int], ...], mpq] = {}

    def at_least(self, project: int) -> float:
        """Return a proven lower bound of the level; infinite if the supporters have too little."""
        mass, cost, values = self._masses[project], self.electorate.cost[project], self._values[project]
        money = self.money[self._groups[project]]
        if values is not None:
            money = money / values
        level, given, payers = _level(money, mass, cost, self._least[project])
        self._about[project] = level
        if payers:
            rounding = given * (len(money) + 10) * _EPSILON + float(mass.sum()) * self.slack
            level = (cost - given - rounding) / payers * (1 - 4 * _EPSILON)
        else:
            total = float(mass @ money)
            rounding = total * (len(money) + 10) * _EPSILON + float(mass.sum()) * self.slack
            exact = None if total + rounding < cost else self.exactly(project)
            level = _NEVER if exact is None else float(exact) * (1 - 2 * _EPSILON)
        self._least[project] = max(level, self._least[project])
        return self._least[project]

    def exactly(self, project: int) -> mpq | None:
        """Return exactly the level at which the supporters pay the cost; None if together they have too little."""
        holders = groups, money, mass, values = self._with_money(project)
        cost = self.electorate.cost[project]
        if not len(groups):
            return None
        if values is not None:
            money = money / values
        units = float(mass.sum())
        if money.min() * (1 - 2 * _EPSILON) - self.slack > cost / units * (1 + 2 * _EPSILON):
            return mpq(cost, int(units))
        level = self._about[project]
        margin = 2 * self.slack + level * 1e-12
        poor, rich = money < level - margin, money > level + margin
        exact = self._solve(cost, holders, poor=poor, rich=rich)
        # The split into poor and rich was read off the floats: it stands only if the exact level is close by.
        if exact is not None and abs(float(exact) - level) <= margin - self.slack - level * _EPSILON:
            return exact
        nobody = np.zeros(len(groups), dtype=np.bool_)
        return self._solve(cost, holders, poor=nobody, rich=nobody)

    def pay(self, project: int, level: mpq) -> None:
        """Let each supporter pay ``level`` for each unit of value, or all her money if that is less."""
        groups, money, _, values = self._with_money(project)
        price = float(level) if values is None else float(level) * values
        margin = 2 * self.slack + price * 1e-12
        after = np.where(money > price + margin, money - price, 0.0)
        for place in np.flatnonzero(abs(money - price) <= margin):
            value = 1 if values is None else int(values[place])
            after[place] = max(0.0, float(self._money_of(int(groups[place])) - level * value))
        self.money[groups] = after
        # The price was rounded when it became a float and when it was multiplied, the money when it was taken off.
        self.slack += 3 * float(self.endowment) * _EPSILON
        self.paid[project] = level
        self._exact.clear()

    def totals(self) -> list[mpq]:
        """For each project return exactly what its supporters have together."""
        groups = np.flatnonzero(self.money > 0)
        voters = self.electorate.spread(groups, self.electorate.weight[groups])
        totals = [int(count) * self.endowment for count in voters.tolist()]
        for funded, level in self.paid.items():
            holders, _, mass, _ = self._with_money(funded)
            for project, units in enumerate(self.electorate.spread(holders, mass).tolist()):
                if units:
                    totals[project] -= int(units) * level
        return totals

    def spent(self, groups: Integers) -> mpq:
        """Return exactly what the voters of ``groups`` have paid together."""
        with_money = groups[self.money[groups] > 0]
        return int(self.electorate.weight[groups].sum()) * self.endowment - self._sum(with_money)

    def _with_money(self, project: int) -> _Holders:
        """Return the supporters that have money left, their money, mass and values; others never matter again."""
        money = self.money[self._groups[project]]
        alive = money > 0
        values = self._values[project]
        if not alive.all():
            self._groups[project] = self._groups[project][alive]
            self._masses[project] = self._masses[project][alive]
            if values is not None:
                self._values[project] = values = values[alive]
            money = money[alive]
        return self._groups[project], money, self._masses[project], values

    def _solve(self, cost: int, holders: _Holders, *, poor: NDArray[np.bool_], rich: NDArray[np.bool_]) -> mpq | None:
        """Solve sum(mass x min(money / value, level)) = cost exactly, given who surely has less and who has more."""
        groups, _, mass, values = holders
        missing = cost - self._sum(groups[poor])
        payers = int(mass[~poor].sum())
        unsure: dict[mpq, int] = {}
        for place in np.flatnonzero(~(poor | rich)):
            money = self._money_of(int(groups[place]))
            if values is not None:
                money /= int(values[place])
            unsure[money] = unsure.get(money, 0) + int(mass[place])
        for money in sorted(unsure):
            if money * payers >= missing:
                break
            missing -= money * unsure[money]
            payers -= unsure[money]
        return mpq(missing, payers) if payers else None

    def _money_of(self, group: int) -> mpq:
        bought = tuple((p, value) for p, value in self.electorate.row(group) if p in self.paid)
        if bought not in self._exact:
            self._exact[bought] = self.endowment - sum((self.paid[p] * value for p, value in bought), mpq(0))
        return self._exact[bought]

    def _sum(self, groups: Integers) -> mpq:
        """Return exactly the money of groups that have some: each has paid all her funded projects in full."""
        total = int(self.electorate.weight[groups].sum()) * self.endowment
        if len(groups) and self.paid:
            within = self.electorate.mass_within(groups).tolist()
            for project, level in self.paid.items():
                if mass := within[project]:
                    total -= int(mass) * level
        return total


def _level(money: Floats, mass: Floats, cost: int, least: float) -> tuple[float, float, float]:
    """Find about the level at which sum(mass x min(money, level)) = cost, knowing that it is not below ``least``.

    ``money`` is for each unit of value. Return the level with what those who have less give in all, and the mass of
    those who have it; 0 if nobody has.
    """
    units = float(mass.sum())
    level, before = least, -1.0
    while True:
        poor = money < level
        given = float(mass @ np.where(poor, money, 0.0))
        payers = units - float(mass @ poor)
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
            (cost / mass / electorate.utility[project] * (1 - 4 * _EPSILON), project)
            for project, (cost, mass) in enumerate(zip(electorate.cost, electorate.mass, strict=True))
            if mass and cost <= electorate.votes[project] * purse.endowment
        ]
        #: Projects that a set or a category bars; once barred they stay so.
        self.barred: set[int] = set()
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
            if project in self.barred:
                continue
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
            if project in self.barred:
                continue
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
    ledger = Ledger(electorate.constraints)
    prices.barred.update(p for p in electorate.constraints.candidates if ledger.barred(p))
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
        ledger.fund(winner)
        prices.barred.update(p for p in electorate.constraints.partners(winner) if ledger.barred(p))


def agree(electorate: Electorate, low: Sequence[Round], high: Sequence[Round]) -> bool:
    """Whether every endowment between two that were run surely funds the same projects.

    False may also mean that it could not be proved. Why it is enough to look at the ends:

    A purchase changes the price of no project but those that share a supporter with it, and prices only rise; it bars
    none but those that share a set or a category with it, and for good. Both kinds are its neighbours. So a project
    that is cheaper than all its neighbours will be bought at this price whenever its turn comes, and two orders of
    purchase in which neighbours come in the same order are the same count. Given the same purchases before, a larger
    endowment leaves every voter at least as much money and makes no price higher. So if both ends buy the same
    projects, neighbours in the same order, then anywhere between, and following the order of the upper end, the next
    project costs at most what it costs at the lower end, and each of its neighbours at least what it costs at the upper
    end. Where the second is larger, the project is next there too; where both are equal, the tie order that decided at
    the upper end decides alike. What nobody can pay at the upper end, nobody can pay below.
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
