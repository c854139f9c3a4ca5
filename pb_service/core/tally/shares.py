"""One run of the Method of Equal Shares, decided exactly, and the proof that a range of endowments agrees.

Source: Peters, Pierczynski, Skowron, "Proportional Participatory Budgeting with Additive Utilities" (NeurIPS 2021);
normative here: bundle.md section 8, "One run". All money is in minor units.

How it stays both exact and quick:

- Voters' money is kept as floats together with ``slack``, a proven bound on how far each of them may be from the truth.
  Floats only ever prove that a project is *not* the cheapest, and who of its supporters surely has less or more than the
  price. Whatever they leave open is decided in integers.
- What is paid is an integer over a common ``scale``, the denominator of everything so far; each purchase multiplies the
  scale by what divides its price. A voter with money left has paid each funded project that she supports in full, so
  the money of many together needs only the number of voters per funded project, and no fraction is ever reduced.
- Money never grows during a run, so prices never fall, and a bound found in one round holds in all later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import gcd
from operator import mul

import numpy as np
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types
from numpy.typing import NDArray

from pb_service.core.tally.constraints import Ledger
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.instance import Floats, Integers

#: Twice the relative error of one float operation: room for the conversion of an operand beside the operation itself.
_EPSILON = 2.0**-52
_NEVER = float("inf")
#: What is left of money that is above 0, but by less than floats can tell.
_TRIFLE = 2.0**-1000


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: the project, its price per unit of utility, and every project that had the same price.

    The price is ``numerator / denominator``, ``about`` the float nearest to it. ``others``: a proven lower bound of the
    price of each neighbour that could still be bought and was not tied; 0 if it was not asked for.
    """

    project: int
    numerator: int
    denominator: int
    about: float
    tied: tuple[int, ...]
    others: float

    @property
    def price(self) -> mpq:
        return mpq(self.numerator, self.denominator)

    @property
    def above(self) -> float:
        """A float that is surely not below the price."""
        return self.about * (1 + 2 * _EPSILON)


@dataclass(frozen=True, slots=True)
class Quote:
    """The exact level of a project, ``numerator / (payers x scale)``: who pays it and who gives the rest of her money.

    ``about`` is the float nearest to it, ``values`` are those of ``paying`` (None if all are 1).
    """

    project: int
    numerator: int
    payers: int
    about: float
    paying: Integers
    values: Floats | None
    broke: Integers


class Purse:
    """The voters' money during one run at a given endowment, as floats within ``slack`` and as exact integers.

    A *level* is what a supporter pays for each unit of value: she pays min(money, level x value). Divided by her value,
    her money has the same form under every utility: sum over supporters of mass x min(money / value, level) = cost.
    Money is 0 exactly where a voter has none.
    """

    def __init__(self, electorate: Electorate, endowment: mpq) -> None:
        self.electorate = electorate
        #: Every exact amount is an integer over this one.
        self.scale, self._endowment = int(endowment.denominator), int(endowment.numerator)
        self.start = self._endowment / self.scale
        self.money: Floats = np.full(len(electorate.weight), self.start)
        self.slack = self.start * _EPSILON
        #: The level of each funded project, times scale.
        self._levels: dict[int, int] = {}
        #: For each project a level that it surely reaches, and about what it is.
        self._least = [
            cost / mass * (1 - 2 * _EPSILON) if mass else _NEVER
            for cost, mass in zip(electorate.cost, electorate.mass, strict=True)
        ]
        self.about = list(self._least)

    def affordable(self, cost: int, voters: int) -> bool:
        """Say whether so many voters, before they pay anything, can pay a cost."""
        return cost * self.scale <= voters * self._endowment

    def at_least(self, project: int, limit: float) -> float:
        """Return a proven lower bound of the level; infinite if the supporters have too little.

        If it is not above ``limit``, it is as near to the level as floats can tell, and ``about`` is what it is.

        Whatever set of supporters gives all its money, what is missing then, divided by the mass of the others, is at
        most the level. Let those give all who have less than some l: with given(l) = sum of mass x min(money / value, l)
        the level is at least l + (cost - given(l)) / payers(l), and it is this where l is between the same two
        supporters as the level. That is Newton's step, and from below it never leaps too far.

        Rounding: given(l) is a sum of n products, each off by a few units in the last place, so all of it by less than
        (n + 10) x epsilon of itself, and by mass x slack where the floats of the money are off.
        """
        electorate = self.electorate
        money, mass = self.money[electorate.supporters[project]], electorate.supporter_masses[project]
        values, cost, units = electorate.supporter_values[project], electorate.cost[project], electorate.mass[project]
        if values is not None:
            money = money / values
        precision, unknown = (len(money) + 10) * _EPSILON, units * self.slack
        # Nobody is poor at first, perhaps: then the first step is the last.
        least, before, first = self._least[project], float(units), True
        level = start = max(least, limit) if limit < _NEVER else least
        while True:
            given = float(mass @ np.minimum(money, level))
            payers = float(mass @ (money >= level))
            rounding = given * precision + unknown
            if not payers:
                if given + rounding < cost:
                    self._least[project] = _NEVER
                    return _NEVER
                if start == least:  # they have about the cost together
                    self.about[project] = level
                    return least
                level, start, first = least, least, True
                continue
            step = (cost - given) / payers
            bound = level + step - rounding / payers - (level + abs(step)) * 4 * _EPSILON
            # From below each step goes up; that it no longer does is rounding.
            if payers == before or bound > limit or (step <= 0 and not first):
                self.about[project] = level + step
                if bound > least:
                    self._least[project] = bound
                    return bound
                return least
            level, before, first = level + step, payers, False

    def quote(self, project: int) -> Quote | None:
        """Return exactly what the supporters pay, None if together they have too little, from what it is ``about``."""
        electorate = self.electorate
        groups, mass = electorate.supporters[project], electorate.supporter_masses[project]
        values, cost, level = electorate.supporter_values[project], electorate.cost[project], self.about[project]
        money = self.money[groups]
        if values is not None:
            money = money / values
        rich = money >= level
        if payers := float(mass @ rich):
            error = (cost * (len(money) + 10) * _EPSILON + electorate.mass[project] * self.slack) / payers
            margin = 2 * self.slack + 2 * error + 16 * _EPSILON * level
            unsure = np.abs(money - level) <= margin
            found = self._solve(project, money, poor=~(rich | unsure), rich=rich & ~unsure)
            # The split was read off the floats: it stands only if the exact level is close by.
            if found is not None and abs(found.about - level) <= margin - self.slack - 4 * _EPSILON * level:
                return found
        if self._sum(groups[money > 0]) < cost * self.scale:
            return None
        nobody = np.zeros(len(groups), dtype=np.bool_)
        return self._solve(project, money, poor=nobody, rich=nobody)

    def pay(self, quote: Quote) -> None:
        """Let each supporter pay the level for each unit of value, or all her money if that is less."""
        common = gcd(quote.numerator, quote.payers)
        factor = quote.payers // common
        self.scale *= factor
        self._endowment *= factor
        self._levels = {project: level * factor for project, level in self._levels.items()}
        self._levels[quote.project] = quote.numerator // common
        price = quote.about if quote.values is None else quote.about * quote.values
        self.money[quote.broke] = 0.0
        self.money[quote.paying] = np.maximum(self.money[quote.paying] - price, _TRIFLE)
        # The price was rounded when it became a float and when it was multiplied, the money when it was taken off.
        self.slack += 3 * self.start * _EPSILON

    def totals(self, projects: Sequence[int]) -> dict[int, mpq]:
        """For each of ``projects`` return exactly what its supporters have together."""
        holders = np.flatnonzero(self.money > 0)
        voters = self.electorate.votes_within(holders).tolist()
        shared = self.electorate.mass_shared(holders, np.fromiter(self._levels, np.int64)).astype(np.int64)
        levels = self._levels.values()
        return {
            project: mpq(voters[project] * self._endowment - sum(map(mul, shared[project].tolist(), levels)), self.scale)
            for project in projects
        }

    def spent(self, groups: Integers) -> mpq:
        """Return exactly what the voters of ``groups`` have paid together."""
        everything = int(self.electorate.weight[groups].sum()) * self._endowment
        return mpq(everything - self._sum(groups[self.money[groups] > 0]), self.scale)

    def _solve(self, project: int, money: Floats, *, poor: NDArray[np.bool_], rich: NDArray[np.bool_]) -> Quote | None:
        """Solve sum(mass x min(money / value, level)) = cost exactly, given who surely has less and who has more."""
        groups, mass = self.electorate.supporters[project], self.electorate.supporter_masses[project]
        values = self.electorate.supporter_values[project]
        broke = groups[poor & (money > 0)]
        missing = self.electorate.cost[project] * self.scale - self._sum(broke)
        payers = int(mass @ rich)
        unsure = np.flatnonzero((money > 0) & ~(poor | rich))
        if len(unsure):
            have = [mpq(self._money_of(int(groups[n])), 1 if values is None else int(values[n])) for n in unsure]
            masses = list(map(int, mass[unsure].tolist()))
            payers += sum(masses)
            steps = sorted(zip(have, masses, strict=True))
            for amount, units in steps:
                if amount * payers >= missing:
                    break
                missing -= amount * units
                payers -= units
            # Who has exactly the level has nothing left.
            more = np.fromiter((amount * payers > missing for amount in have), np.bool_, len(have))
            rich = rich.copy()
            rich[unsure[more]] = True
            broke = np.concatenate([broke, groups[unsure[~more]]])
        if not payers:
            return None
        missing = int(missing)
        paid = None if values is None else values[rich]
        return Quote(project, missing, payers, missing / (payers * self.scale), groups[rich], paid, broke)

    def _money_of(self, group: int) -> int:
        """Return exactly what a voter of a group that has money has, times scale."""
        paid = (self._levels[p] * value for p, value in self.electorate.row(group) if p in self._levels)
        return self._endowment - sum(paid)

    def _sum(self, groups: Integers) -> int:
        """Return exactly the money of groups that have some, times scale: they have paid their funded projects in full."""
        if not len(groups):
            return 0
        total = int(self.electorate.weight[groups].sum()) * self._endowment
        if self._levels:
            within = self.electorate.mass_within(groups).tolist()
            total -= sum(int(mass) * level for project, level in self._levels.items() if (mass := within[project]))
        return total


class _Prices:
    """The projects that can still be bought, in a queue by a proven lower bound of their price."""

    def __init__(self, purse: Purse) -> None:
        self.purse = purse
        self.electorate = electorate = purse.electorate
        columns = zip(electorate.cost, electorate.mass, electorate.utility, electorate.votes, strict=True)
        self._queue = [
            (cost / mass / utility * (1 - 4 * _EPSILON), project)
            for project, (cost, mass, utility, votes) in enumerate(columns)
            if mass and purse.affordable(cost, votes)
        ]
        #: Projects that a set or a category bars; once barred they stay so.
        self.barred: set[int] = set()
        heapify(self._queue)
        #: Taken out of the queue during this round.
        self._aside: list[tuple[float, int]] = []
        #: Projects whose bound is that of the money as it is now, and those that it is as near as floats can tell.
        self._bounded: set[int] = set()
        self._near: set[int] = set()

    def cheapest(self) -> list[Quote]:
        """Return all projects of the least price; none if nothing can be paid."""
        tied: list[Quote] = []
        #: Nothing above this is the cheapest; and about what it costs, which is no proof, but tells what to look at.
        limit = guide = _NEVER
        while self._queue and self._queue[0][0] <= limit:
            bound, project = heappop(self._queue)
            if project in self.barred:
                continue
            if project not in self._near:
                utility = self.electorate.utility[project]
                if self._bound(project, _NEVER if project in self._bounded else guide * utility):
                    guide = min(guide, self.purse.about[project] / utility)
                continue
            quote = self.purse.quote(project)
            if quote is None:
                continue
            self._aside.append((bound, project))
            order = self._compare(quote, tied[0]) if tied else -1
            if order < 0:
                tied, limit = [quote], _above(quote.about / self.electorate.utility[project])
            elif order == 0:
                tied.append(quote)
        return tied

    def bound_of_others(self, neighbours: frozenset[int], tied: Sequence[Quote], reach: float) -> float:
        """Return a lower bound of the price of every neighbour that is not tied, above ``reach`` if that can be had."""
        while self._queue and self._queue[0][0] <= reach:
            bound, project = heappop(self._queue)
            if project in self.barred:
                continue
            if project in neighbours and project not in self._bounded:
                self._bound(project, reach * self.electorate.utility[project])
            else:
                self._aside.append((bound, project))
        same = {quote.project for quote in tied}
        others = [bound for bound, project in self._aside if project in neighbours and project not in same]
        return min([*others, self._queue[0][0] if self._queue else _NEVER])

    def buy(self, quote: Quote) -> None:
        """Pay for a project; no bound is up to date then."""
        self.purse.pay(quote)
        for entry in self._aside:
            if entry[1] != quote.project:
                heappush(self._queue, entry)
        self._aside.clear()
        self._bounded.clear()
        self._near.clear()

    def _bound(self, project: int, limit: float) -> bool:
        """Bring the bound up to date, and say whether it is as near as floats can tell rather than above ``limit``."""
        level = self.purse.at_least(project, limit)
        if level == _NEVER:
            return False
        heappush(self._queue, (level / self.electorate.utility[project] * (1 - 2 * _EPSILON), project))
        self._bounded.add(project)
        if level <= limit:
            self._near.add(project)
        return level <= limit

    def _compare(self, quote: Quote, other: Quote) -> int:
        """Return the sign of the difference of two prices, both over the same scale."""
        utility = self.electorate.utility
        return quote.numerator * other.payers * utility[other.project] - other.numerator * quote.payers * utility[
            quote.project
        ]


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
    reach = {purchase.project: purchase.above for purchase in below}
    rounds: list[Round] = []
    while tied := prices.cheapest():
        winner = min(tied, key=lambda quote: rank[quote.project])
        project = winner.project
        others = prices.bound_of_others(electorate.neighbours(project), tied, reach[project]) if project in reach else 0.0
        denominator = winner.payers * purse.scale * electorate.utility[project]
        about = winner.numerator / denominator
        same = tuple(sorted(quote.project for quote in tied))
        rounds.append(Round(project, winner.numerator, denominator, about, same, others))
        prices.buy(winner)
        ledger.fund(project)
        prices.barred.update(p for p in electorate.constraints.partners(project) if ledger.barred(p))
    return rounds, purse


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
    if len(low) != len(high) or place.keys() != {purchase.project for purchase in high}:
        return False
    earlier: set[int] = set()
    for purchase in high:
        neighbours = electorate.neighbours(purchase.project)
        lower = low[place[purchase.project]]
        if purchase.others <= lower.above:
            return False
        if neighbours & earlier != {p for p in neighbours & place.keys() if place[p] < place[purchase.project]}:
            return False
        rival = any(project in neighbours for project in purchase.tied if project != purchase.project)
        if rival and purchase.numerator * lower.denominator != lower.numerator * purchase.denominator:
            return False
        earlier.add(purchase.project)
    return True


def _above(price: float) -> float:
    """Return a float that is surely not below a price whose float is this one, off by two roundings at most."""
    return price * (1 + 2 * _EPSILON)
