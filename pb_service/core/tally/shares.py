"""One run of the Method of Equal Shares, decided exactly, and the proof that a range of endowments agrees.

Source: Peters, Pierczynski, Skowron, "Proportional Participatory Budgeting with Additive Utilities" (NeurIPS 2021);
normative here: bundle.md section 8, "One run". All money is in minor units.

How it stays both exact and quick:

- Voters' money is kept as floats together with ``slack``, a proven bound on how far each of them may be from the truth.
  Floats only ever prove: that a project is not the cheapest, that a supporter has less than the price or has more.
- Such a proof is all that a purchase needs. Whoever has less gives all she has; a voter with money left has paid each
  funded project that she supports in full. So who gave all in which round determines every price: they are worked out
  later, many at once, as integers over one common denominator (``settle``), and only if somebody asks.
- Where floats cannot prove, everything is settled, the floats are made anew, and what they still leave open is decided
  in integers.
- Money never grows during a run, so prices never fall, and a bound found in one round holds in all later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from math import prod
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
#: Floats off by more than this part of the endowment are made anew: each round may leave them several times as far off.
_COARSE = 2.0**-32
#: So many sums of masses are kept at once.
_CELLS = 2**20


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: the project, a float that its price surely does not exceed, and every project of the same price.

    ``exact``: the price as numerator and denominator, where it had to be known. ``others``: a proven lower bound of the
    price of each neighbour that could still be bought and was not tied; 0 if it was not asked for.
    """

    project: int
    above: float
    exact: tuple[int, int] | None
    tied: tuple[int, ...]
    others: float


@dataclass(frozen=True, slots=True)
class Quote:
    """Who would pay for a project, ``level`` for each unit of value, and who would give the rest of her money.

    The level is that float, off by at most ``error``; exactly it is (cost - what ``broke`` have) / ``payers``, of which
    ``exact`` is numerator and denominator if it had to be worked out. ``values`` are those of ``paying`` (None: all 1).
    Nothing is left to ``emptied``: ``broke``, and those of ``paying`` who have exactly what they pay.
    """

    project: int
    level: float
    error: float
    payers: int
    paying: Integers
    values: Floats | None
    broke: Integers
    emptied: Integers
    exact: tuple[int, int] | None = None


class Purse:
    """The voters' money during one run at a given endowment, as floats within ``slack`` and as exact integers.

    A *level* is what a supporter pays for each unit of value: she pays min(money, level x value). Divided by her value,
    her money has the same form under every utility: sum over supporters of mass x min(money / value, level) = cost.
    A voter's float is 0 if and only if she has nothing.
    """

    def __init__(self, electorate: Electorate, endowment: mpq) -> None:
        self.electorate = electorate
        #: Every exact amount is an integer over this scale: the endowment, and the level of each settled project.
        self._scale, self._endowment = int(endowment.denominator), int(endowment.numerator)
        self._levels: dict[int, int] = {}
        #: Paid for, but not settled.
        self._pending: list[Quote] = []
        self.start = self._endowment / self._scale
        self.money: Floats = np.full(len(electorate.weight), self.start)
        self.slack = self.start * _EPSILON
        #: For each project a level that it surely reaches; what it was when last looked at, how far off, for what mass.
        self._least = [
            cost / mass * (1 - 2 * _EPSILON) if mass else _NEVER
            for cost, mass in zip(electorate.cost, electorate.mass, strict=True)
        ]
        self._near: list[tuple[float, float, float]] = [(0.0, _NEVER, 0.0)] * len(self._least)

    @property
    def settled(self) -> bool:
        """Whether all that was paid is known exactly."""
        return not self._pending

    def affordable(self, cost: int, voters: int) -> bool:
        """Say whether so many voters who have paid for nothing can pay a cost."""
        return cost * self._scale <= voters * self._endowment

    def at_least(self, project: int, limit: float) -> float:
        """Return a proven lower bound of the level; infinite if the supporters have too little.

        If it is not above ``limit``, it is as near to the level as floats can tell, and ``quote`` may be asked.

        Whatever set of supporters gives all its money, what is missing then, divided by the mass of the others, is at
        most the level. Let those give all who have less than some l: with given(l) = sum of mass x min(money / value,
        l) the level is at least l + (cost - given(l)) / payers(l), and it is this where l is between the same two
        supporters as the level. That is Newton's step, and from below it never leaps too far.

        Rounding: given(l) is a sum of n products, each off by a few units in the last place, so all of it by less than
        (n + 10) x epsilon of itself; and where the floats of the money are off, by the slack for the mass of those who
        give all. (For the others l stands in the sum.)
        """
        electorate = self.electorate
        money, mass = self.money[electorate.supporters[project]], electorate.supporter_masses[project]
        values, cost, units = electorate.supporter_values[project], electorate.cost[project], electorate.mass[project]
        if values is not None:
            money = money / values
        precision = (len(money) + 10) * _EPSILON
        # Nobody is poor at first, perhaps: then the first step is the last.
        least, before, first = self._least[project], float(units), True
        level = start = max(least, limit) if limit < _NEVER else least
        while True:
            given = float(mass @ np.minimum(money, level))
            payers = float(mass @ (money >= level))
            rounding = given * precision + (units - payers) * self.slack
            if not payers:
                if given + rounding < cost:
                    self._least[project] = _NEVER
                    return _NEVER
                if start == least:  # they have about the cost together
                    self._near[project] = level, _NEVER, 0.0
                    return least
                level, start, first = least, least, True
                continue
            step = (cost - given) / payers
            error = rounding / payers + (level + abs(step)) * 4 * _EPSILON
            # From below each step goes up; that it no longer does is rounding.
            if payers == before or level + step - error > limit or (step <= 0 and not first):
                self._near[project] = level + step, error, payers
                self._least[project] = max(least, level + step - error)
                return self._least[project]
            level, before, first = level + step, payers, False

    def at_most(self, project: int) -> float:
        """Return an upper bound of the level of which ``at_least`` came near, proven if ``quote`` then has a quote."""
        level, error, _ = self._near[project]
        return (level + error) * (1 + 2 * _EPSILON)

    def quote(self, project: int) -> Quote | None:
        """Return who pays, and who gives all, where the floats that ``at_least`` came to prove it.

        Let all who have less than ``level`` give all they have, and let r be what the others then have to pay: it is
        within ``error`` of ``level``. If everybody's float is further from ``level`` than ``error`` and the slack
        together, those have less than r and these have more; so r is the level.
        """
        groups, values = self.electorate.supporters[project], self.electorate.supporter_values[project]
        level, error, payers = self._near[project]
        money = self.money[groups]
        if values is not None:
            money = money / values
        margin = self._margin(level, error)
        rich, poor = money > level + margin, money < level - margin
        number = int(np.count_nonzero(rich))
        if number + int(np.count_nonzero(poor)) < len(groups):
            return None
        if number == len(groups):
            proven = payers == self.electorate.mass[project]
            exact = self.electorate.cost[project], int(payers)
            quote = Quote(project, level, error, int(payers), groups, values, groups[:0], groups[:0], exact)
        else:
            # The same mass as in Newton's last step, so the same supporters: they are those above some amount.
            proven = payers == float(self.electorate.supporter_masses[project] @ rich)
            paid = None if values is None else values[rich]
            broke = groups[poor & (money > 0)]
            quote = Quote(project, level, error, int(payers), groups[rich], paid, broke, broke)
        return quote if proven else None

    def solve(self, project: int) -> Quote | None:
        """Return the quote with the exact level, None if the supporters have too little; all must be settled."""
        if quote := self.quote(project):
            missing = self.electorate.cost[project] * self._scale - self._sum(quote.broke)
            return replace(quote, exact=(missing, quote.payers * self._scale))
        groups, values = self.electorate.supporters[project], self.electorate.supporter_values[project]
        money = self.money[groups]
        if self._sum(groups[money > 0]) < self.electorate.cost[project] * self._scale:
            return None
        if values is not None:
            money = money / values
        level, error, _ = self._near[project]
        margin = self._margin(level, error)
        poor, rich = money < level - margin, money > level + margin
        found = self._solve(project, money, poor=poor, rich=rich)
        # Who is surely poor or rich was read off the floats: it stands only if the exact level is close by.
        if found is None or abs(found.level - level) > error:
            nobody = np.zeros(len(groups), dtype=np.bool_)
            found = self._solve(project, money, poor=nobody, rich=nobody)
        if found:
            self._least[project] = max(self._least[project], found.level * (1 - 2 * _EPSILON))
        return found

    def pay(self, quote: Quote) -> None:
        """Let each supporter pay the level for each unit of value, or all her money if that is less."""
        self._pending.append(quote)
        price = quote.level if quote.values is None else quote.level * quote.values
        self.money[quote.paying] = np.maximum(self.money[quote.paying] - price, _TRIFLE)
        self.money[quote.emptied] = 0.0
        # The level is off, it was rounded when it was multiplied, and the money when it was taken off.
        most = 1.0 if quote.values is None or not len(quote.values) else float(quote.values.max())
        self.slack += quote.error * most * (1 + _EPSILON) + 3 * self.start * _EPSILON

    def settle(self) -> None:
        """Work out exactly what was paid."""
        electorate, at_once = self.electorate, _CELLS // (len(self.electorate.cost) + 1) + 1
        while part := self._pending[:at_once]:
            # Each level is a sum of multiples of earlier ones, divided by its payers; so over this all are integers.
            factor = prod(quote.payers for quote in part)
            self._scale *= factor
            self._endowment *= factor
            self._levels = {project: level * factor for project, level in self._levels.items()}
            masses, voters = electorate.mass_of_each([quote.broke for quote in part])
            for quote, mass, number in zip(part, masses.tolist(), voters.tolist(), strict=True):
                missing = electorate.cost[quote.project] * self._scale - self._worth(mass, number)
                self._levels[quote.project] = missing // quote.payers
            del self._pending[:at_once]

    def renew(self) -> None:
        """Settle, and make the floats of everybody's money anew."""
        self.settle()
        levels = np.zeros(len(self.electorate.cost))
        for project, level in self._levels.items():
            levels[project] = level / self._scale
        # Sums of at most so many terms above 0 as there are levels, none of them more than the endowment.
        spent = self.electorate.sum_of_rows(levels)
        self.money = np.where(self.money > 0, np.maximum(self.start - spent, _TRIFLE), 0.0)
        self.slack = (len(self._levels) + 4) * self.start * _EPSILON

    def price(self, project: int) -> mpq:
        """Return the exact price, per unit of utility, at which a project was bought."""
        self.settle()
        return mpq(self._levels[project], self._scale * self.electorate.utility[project])

    def totals(self, projects: Sequence[int]) -> dict[int, mpq]:
        """For each of ``projects`` return exactly what its supporters have together."""
        self.settle()
        electorate, holders = self.electorate, np.flatnonzero(self.money > 0)
        voters = electorate.votes_within(holders)
        totals = {project: voters[project] * self._endowment for project in projects}
        funded, at_once = list(self._levels), _CELLS // (len(electorate.cost) + 1) + 1
        for start in range(0, len(funded), at_once):
            part = funded[start : start + at_once]
            shared = electorate.mass_shared(holders, part)
            levels = [self._levels[project] for project in part]
            for project in projects:
                totals[project] -= sum(map(mul, shared[project].tolist(), levels))
        return {project: mpq(total, self._scale) for project, total in totals.items()}

    def spent(self, groups: Integers) -> mpq:
        """Return exactly what the voters of ``groups`` have paid together."""
        self.settle()
        everything = int(self.electorate.weight[groups].sum()) * self._endowment
        return mpq(everything - self._sum(groups[self.money[groups] > 0]), self._scale)

    def _margin(self, level: float, error: float) -> float:
        """How far a float of money (for each unit of value) must be from the level to prove who has more."""
        return (error + self.slack) * (1 + 4 * _EPSILON) + 8 * _EPSILON * level

    def _solve(self, project: int, money: Floats, *, poor: NDArray[np.bool_], rich: NDArray[np.bool_]) -> Quote | None:
        """Solve sum(mass x min(money / value, level)) = cost exactly, given who surely has less and who has more."""
        groups, mass = self.electorate.supporters[project], self.electorate.supporter_masses[project]
        values = self.electorate.supporter_values[project]
        broke = groups[poor & (money > 0)]
        missing = mpq(self.electorate.cost[project] * self._scale - self._sum(broke))
        payers = int(mass @ rich)
        emptied = broke
        unsure = np.flatnonzero((money > 0) & ~(poor | rich))
        if len(unsure):
            # What each has for a unit of value, and the mass of those who have it.
            have = [mpq(self._money_of(int(groups[n])), 1 if values is None else int(values[n])) for n in unsure]
            masses = [int(units) for units in mass[unsure].tolist()]
            payers += sum(masses)
            for amount, units in sorted(zip(have, masses, strict=True)):
                if amount * payers >= missing:
                    break
                missing -= amount * units
                payers -= units
            enough = np.fromiter((amount * payers >= missing for amount in have), np.bool_, len(have))
            more = np.fromiter((amount * payers > missing for amount in have), np.bool_, len(have))
            rich = rich.copy()
            rich[unsure[enough]] = True
            broke = np.concatenate([broke, groups[unsure[~enough]]])
            emptied = np.concatenate([emptied, groups[unsure[~more]]])
        if not payers:
            return None
        exact = int(missing), payers * self._scale
        level = exact[0] / exact[1]
        paid = None if values is None else values[rich]
        return Quote(project, level, level * _EPSILON, payers, groups[rich], paid, broke, emptied, exact)

    def _money_of(self, group: int) -> int:
        """Return exactly what a voter of a group that has money has, times scale."""
        paid = (self._levels[p] * value for p, value in self.electorate.row(group) if p in self._levels)
        return self._endowment - sum(paid)

    def _sum(self, groups: Integers) -> int:
        """Return exactly the money, times scale, of groups that have some: they have paid what was funded in full."""
        masses, voters = self.electorate.mass_of_each([groups])
        return self._worth(masses[0].tolist(), int(voters[0]))

    def _worth(self, mass: list[int], voters: int) -> int:
        """Return what voters with money have who number so many, and for each project are of this mass, times scale."""
        paid = sum(mass[project] * level for project, level in self._levels.items() if mass[project])
        return voters * self._endowment - paid


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
        heapify(self._queue)
        #: Projects that a set or a category bars; once barred they stay so.
        self.barred: set[int] = set()
        #: Taken out of the queue during this round.
        self._aside: list[tuple[float, int]] = []
        #: Projects whose bound is that of the money as it is now, and those that it is as near as floats can tell.
        self._bounded: set[int] = set()
        self._near: set[int] = set()

    def cheapest(self) -> list[Quote]:
        """Return all projects of the least price; none if nothing can be paid."""
        if self.purse.slack > self.purse.start * _COARSE:
            self.purse.renew()
        limit = self._set_aside(_NEVER)
        cheap = [project for bound, project in self._aside if bound <= limit]
        if not cheap:
            return []
        quotes = [self.purse.quote(project) for project in cheap]
        if len(cheap) == 1 and quotes[0]:
            return [quotes[0]]
        if all(quote and quote.exact for quote in quotes):
            return self._least([quote for quote in quotes if quote])
        if not self.purse.settled:
            self.purse.renew()
            self._put_back()
            return self.cheapest()
        return self._exactly_cheapest()

    def _exactly_cheapest(self) -> list[Quote]:
        """Find the cheapest where all is settled, and floats could not tell."""
        tied: list[Quote] = []
        seen: set[int] = set()
        limit = _NEVER
        while True:
            self._set_aside(limit)
            bound, project = min((entry for entry in self._aside if entry[1] not in seen), default=(_NEVER, -1))
            if project < 0 or bound > limit:
                return tied
            seen.add(project)
            self._aside.remove((bound, project))
            if quote := self.purse.solve(project):
                level = quote.level * (1 - 2 * _EPSILON)
                self._aside.append((level / self.electorate.utility[project] * (1 - 2 * _EPSILON), project))
                tied = self._least([*tied, quote])
                limit = self.above(tied[0])

    def _least(self, quotes: Sequence[Quote]) -> list[Quote]:
        """Return those of least price; all are known exactly."""
        least = [quotes[0]]
        for quote in quotes[1:]:
            order = self._compare(quote, least[0])
            least = [*least, quote] if order == 0 else [quote] if order < 0 else least
        return least

    def above(self, quote: Quote) -> float:
        """Return a float that the price of a quote surely does not exceed."""
        return (quote.level + quote.error) / self.electorate.utility[quote.project] * (1 + 4 * _EPSILON)

    def bound_of_others(self, neighbours: frozenset[int], tied: Sequence[Quote], reach: float) -> float:
        """Return a lower bound of the price of every neighbour that is not tied, above ``reach`` if that can be had."""
        while self._queue and self._queue[0][0] <= reach:
            bound, project = heappop(self._queue)
            if project in self.barred:
                continue
            if project in neighbours and project not in self._near:
                self._bound(project, reach * self.electorate.utility[project])
            else:
                self._aside.append((bound, project))
        same = {quote.project for quote in tied}
        others = [bound for bound, project in self._aside if project in neighbours and project not in same]
        return min([*others, self._queue[0][0] if self._queue else _NEVER])

    def buy(self, quote: Quote, stale: frozenset[int] | None) -> None:
        """Pay for a project. Bounds of the projects in ``stale`` are no longer up to date then, by default all."""
        self.purse.pay(quote)
        self._aside = [entry for entry in self._aside if entry[1] != quote.project]
        self._put_back(stale)

    def _set_aside(self, limit: float) -> float:
        """Take out of the queue what may cost ``limit`` or less, and of this what may be the cheapest.

        Return what the cheapest costs at most, so far as floats can tell.
        """
        while self._queue and self._queue[0][0] <= limit:
            bound, project = heappop(self._queue)
            if project in self.barred:
                continue
            utility = self.electorate.utility[project]
            if project in self._near:
                self._aside.append((bound, project))
                limit = min(limit, self.purse.at_most(project) / utility * (1 + 2 * _EPSILON))
            # Of who is dearer a bound is enough, at first.
            elif self._bound(project, _NEVER if project in self._bounded else limit * utility):
                limit = min(limit, self.purse.at_most(project) / utility * (1 + 2 * _EPSILON))
        return limit

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

    def _put_back(self, stale: frozenset[int] | None = None) -> None:
        """Queue up again what was set aside."""
        for entry in self._aside:
            heappush(self._queue, entry)
        self._aside.clear()
        if stale is None:
            self._bounded.clear()
            self._near.clear()
        else:
            self._bounded -= stale
            self._near -= stale

    def _compare(self, quote: Quote, other: Quote) -> int:
        """Return a number of the sign of the difference of two prices, both known exactly."""
        utility = self.electorate.utility
        (numerator, denominator), (others, of) = quote.exact or (0, 1), other.exact or (0, 1)
        return numerator * of * utility[other.project] - others * denominator * utility[quote.project]


def run(
    electorate: Electorate, endowment: mpq, rank: Sequence[int], below: Sequence[Round] | None = None
) -> tuple[list[Round], Purse]:
    """Buy projects in the order of their price until none can be paid; equal prices go by ``rank``, lower first.

    ``below``, for one run of many: the rounds at a smaller endowment, if there are any. The bounds ``others`` are
    driven up to the prices there if that can be done, so that ``agree`` can tell.
    """
    purse = Purse(electorate, endowment)
    prices = _Prices(purse)
    ledger = Ledger(electorate.constraints)
    prices.barred.update(p for p in electorate.constraints.candidates if ledger.barred(p))
    reach = {purchase.project: purchase.above for purchase in below or ()}
    rounds: list[Round] = []
    while tied := prices.cheapest():
        winner = min(tied, key=lambda quote: rank[quote.project])
        project, above = winner.project, prices.above(winner)
        # Who the neighbours are takes long to find out, and pays only for many runs.
        neighbours = None if below is None else electorate.neighbours(project)
        others = 0.0
        if below and neighbours is not None:
            others = prices.bound_of_others(neighbours, tied, reach.get(project, above))
        same = tuple(sorted(quote.project for quote in tied))
        rounds.append(Round(project, above, winner.exact, same, others))
        prices.buy(winner, neighbours)
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
    in_order = list(place) == [purchase.project for purchase in high]
    earlier: set[int] = set()
    for purchase in high:
        lower = low[place[purchase.project]]
        if purchase.others <= lower.above:
            return False
        neighbours = electorate.neighbours(purchase.project)
        before = place[purchase.project]
        if not in_order and neighbours & earlier != {p for p in neighbours & place.keys() if place[p] < before}:
            return False
        rival = any(project in neighbours for project in purchase.tied if project != purchase.project)
        if rival and not _equal(purchase.exact, lower.exact):
            return False
        earlier.add(purchase.project)
    return True


def _equal(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether two fractions are known and equal."""
    return one is not None and other is not None and one[0] * other[1] == other[0] * one[1]
