"""One run of the Method of Equal Shares (Peters, Pierczynski, Skowron 2021), in whole numbers.

Equal ballots have equal money all the way, so money is kept by group of equal ballots: as numerators over one common
denominator, which grows when a price divides unevenly.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd

from pb_service.verifier.tally.election import Election

#: Bounds on money are whole multiples of 1 over this: finer than any step, and coarse enough to stay short numbers.
GRAIN = 2**40


@dataclass(frozen=True)
class Round:
    """One project bought: the price rho, and the projects that had this least price."""

    project: int
    price: Fraction
    tied: list[int]


@dataclass(frozen=True)
class Run:
    """A run at one endowment; `money` over `scale` is what a ballot of each group of equal ballots has left."""

    endowment: Fraction
    rounds: list[Round]
    funded: frozenset[int]
    cost: int
    money: list[int]
    scale: int


@dataclass(frozen=True)
class Offer:
    """How the cost of a project comes together: some give all they have, the others pay `rest` over `weight` for each
    unit of their own weight, which is their utility (1 when that is the same for all supporters)."""

    rest: int
    weight: int


class Market:
    """The part of a count that is the same at every endowment."""

    def __init__(self, election: Election, utility: str) -> None:
        self.election = election
        groups = election.values(utility)
        self.sizes = list(groups.values())  # of each group of equal ballots
        self.weights: list[dict[int, int]] = [{} for _ in election.costs]  # of its supporters by group
        for group, values in enumerate(groups):
            for project, value in values:
                if value > 0:
                    self.weights[project][group] = value
        self.supporters = [list(weights) for weights in self.weights]
        self.total_weight = [
            sum(self.sizes[group] * weight for group, weight in weights.items()) for weights in self.weights
        ]
        # A weight is worth this much utility.
        self.worth = list(election.costs) if utility == "cost" else [1] * len(election.costs)
        ordered = election.order(range(len(election.costs)))
        self.place = {project: place for place, project in enumerate(ordered)}

    def number(self, project: int) -> int:
        """The ballots that support a project."""
        return sum(self.sizes[group] for group in self.supporters[project])

    def run(self, endowment: Fraction) -> Run:
        """One run of the rule when every ballot has `endowment` minor units."""
        scale = endowment.denominator
        money = [endowment.numerator] * len(self.sizes)
        # No price falls while money is spent, so a price once found is a bound that spares most evaluations; and no
        # project comes back once its supporters cannot pay it or it is barred.
        bounds = self._open()
        rounds: list[Round] = []
        while True:
            least: Fraction | None = None
            tied: dict[int, Offer] = {}
            for project in sorted(bounds, key=bounds.__getitem__):
                if least is not None and bounds[project] > least:
                    break
                offer = self._offer(project, money, scale)
                if offer is None:
                    del bounds[project]
                    continue
                price = bounds[project] = self._price(project, offer, scale)
                if least is None or price < least:
                    least, tied = price, {}
                if price == least:
                    tied[project] = offer
            if least is None:
                break
            projects = self.election.order(tied)
            bought = projects[0]
            offer = tied[bought]
            factor = offer.weight // gcd(offer.rest, offer.weight)
            if factor > 1:
                scale *= factor
                money = [amount * factor for amount in money]
            share = offer.rest * factor // offer.weight
            for group, weight in self.weights[bought].items():
                money[group] = max(0, money[group] - share * weight)
            rounds.append(Round(bought, least, projects))
            self._close(bounds, [done.project for done in rounds])
        funded = frozenset(done.project for done in rounds)
        return Run(endowment, rounds, funded, self.election.cost(funded), money, scale)

    def is_settled(self, run: Run, endowment: Fraction) -> bool:
        """Whether every run from that of `run` up to this higher endowment surely buys the same, in the same order.

        The reason: more money in any purse never makes a price higher. So it is enough to follow two purses for each
        ballot, one that has at most and one that has at least what the ballot has left at any endowment in between.
        The price of a project lies between that with the full purses and that with the poor ones. If in each round the
        project that `run` bought costs even with the poor purses no more than any other with the full ones (equal
        prices: tie order), it is bought at all these endowments; a supporter then keeps at least what the highest
        payment leaves of the poor purse, and at most what the lowest leaves of the full one. If at the end no project
        can be paid from the full purses, the run ends there at all of them. Rounding goes outwards, so False may mean
        only that the bounds were too wide; then the steps are counted one by one.
        """
        poor = [floor(run.endowment * GRAIN)] * len(self.sizes)
        full = [ceil(endowment * GRAIN)] * len(self.sizes)
        done: list[int] = []
        bounds = self._open()
        for bought in (step.project for step in run.rounds):
            dear, cheap = self._offer(bought, poor, GRAIN), self._offer(bought, full, GRAIN)
            if dear is None or cheap is None:
                return False
            highest = self._price(bought, dear, GRAIN)
            for rival in list(bounds):
                if rival == bought or self._loses(rival, bounds[rival], bought, highest):
                    continue
                offer = self._offer(rival, full, GRAIN)
                if offer is None:
                    del bounds[rival]
                    continue
                bounds[rival] = self._price(rival, offer, GRAIN)
                if not self._loses(rival, bounds[rival], bought, highest):
                    return False
            for group, weight in self.weights[bought].items():
                poor[group] = max(0, poor[group] + -dear.rest * weight // dear.weight)
                full[group] = max(0, full[group] - cheap.rest * weight // cheap.weight)
            done.append(bought)
            self._close(bounds, done)
        return all(self._offer(project, full, GRAIN) is None for project in bounds)

    def money_left(self, run: Run, project: int) -> Fraction:
        """What the supporters of a project together had left after the run."""
        return Fraction(sum(self.sizes[group] * run.money[group] for group in self.supporters[project]), run.scale)

    def _open(self) -> dict[int, Fraction]:
        """The projects that can be bought at the start, each with a first bound of its price."""
        return {
            project: Fraction(0)
            for project in self.election.candidates
            if self.supporters[project] and not self.election.bar(project, ())
        }

    def _close(self, bounds: dict[int, Fraction], funded: list[int]) -> None:
        """Takes out the project funded last, and those that are barred beside the projects funded."""
        del bounds[funded[-1]]
        for project in [project for project in bounds if self.election.bar(project, funded)]:
            del bounds[project]

    def _offer(self, project: int, money: list[int], scale: int) -> Offer | None:
        """How the cost of a project comes together at its least price. None when its supporters cannot pay it.

        At first all share the cost by weight. Those who have less than their part give all they have and leave a
        higher part for the others, until everybody left can pay.
        """
        rest, weight = self.election.costs[project] * scale, self.total_weight[project]
        purses = [(money[group], part, self.sizes[group]) for group, part in self.weights[project].items()]
        while purses:
            poor = [purse for purse in purses if purse[0] * weight < rest * purse[1]]
            if not poor:
                return Offer(rest, weight)
            purses = [purse for purse in purses if purse[0] * weight >= rest * purse[1]]
            for amount, part, number in poor:
                rest -= amount * number
                weight -= part * number
        return None

    def _price(self, project: int, offer: Offer, scale: int) -> Fraction:
        """rho: what a supporter who is not short pays for one unit of utility."""
        return Fraction(offer.rest, offer.weight * scale * self.worth[project])

    def _loses(self, rival: int, least: Fraction, bought: int, highest: Fraction) -> bool:
        """Whether a project that costs at least this much is surely not bought before one of this highest price."""
        return least > highest or (least == highest and self.place[rival] > self.place[bought])
