"""The rule `equal_shares`: the Method of Equal Shares (Peters, Pierczynski, Skowron 2021), in whole numbers.

Equal ballots have equal money all the way, so money is kept by group of equal ballots: as numerators over one common
denominator, which grows when a price divides unevenly.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

from pb_service.verifier.tally.election import Election, Progress
from pb_service.verifier.tally.greedy import by_score, shared_scores, turns


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
class Result:
    """The run that decides, and how it was reached."""

    run: Run
    increments: int
    stop: str


class Market:
    """The part of a count that is the same at every endowment."""

    def __init__(self, election: Election) -> None:
        self.election = election
        choices = Counter[tuple[int, ...]]()
        for choice, number in election.choices.items():
            choices[tuple(sorted(choice))] += number
        self.sizes = list(choices.values())  # of each group of equal ballots
        self.supporters: list[list[int]] = [[] for _ in election.costs]
        for group, choice in enumerate(choices):
            for project in choice:
                self.supporters[project].append(group)
        by_cost = election.rule["utility"] == "cost"
        self.utility = [cost if by_cost else 1 for cost in election.costs]

    def run(self, endowment: Fraction) -> Run:
        """One run of the rule when every ballot has `endowment` minor units."""
        costs = self.election.costs
        scale = endowment.denominator
        money = [endowment.numerator] * len(self.sizes)
        # No price falls while money is spent, so a price once found is a bound that spares most evaluations; and no
        # project comes back once its supporters cannot pay it.
        bounds = {project: Fraction(0) for project, votes in enumerate(self.election.votes) if votes}
        rounds: list[Round] = []
        while True:
            least: Fraction | None = None
            tied: dict[int, tuple[int, int]] = {}
            for project in sorted(bounds, key=bounds.__getitem__):
                if least is not None and bounds[project] > least:
                    break
                cap = self._cap(project, money, scale)
                if cap is None:
                    del bounds[project]
                    continue
                price = bounds[project] = Fraction(cap[0], cap[1] * scale * self.utility[project])
                if least is None or price < least:
                    least, tied = price, {}
                if price == least:
                    tied[project] = cap
            if least is None:
                break
            projects = self.election.order(tied)
            bought = projects[0]
            total, payers = tied[bought]
            factor = payers // gcd(total, payers)
            if factor > 1:
                scale *= factor
                money = [amount * factor for amount in money]
            share = total * factor // payers
            for group in self.supporters[bought]:
                money[group] = max(0, money[group] - share)
            del bounds[bought]
            rounds.append(Round(bought, least, projects))
        funded = frozenset(bought.project for bought in rounds)
        return Run(endowment, rounds, funded, sum(costs[p] for p in funded), money, scale)

    def money_left(self, run: Run, project: int) -> Fraction:
        """What the supporters of a project together had left after the run."""
        return Fraction(sum(self.sizes[group] * run.money[group] for group in self.supporters[project]), run.scale)

    def _cap(self, project: int, money: list[int], scale: int) -> tuple[int, int] | None:
        """The least amount, as (total, payers), that supporters must be ready to pay so that the cost comes together.

        Those with less give all they have, the `payers` share the rest `total` evenly. None when it cannot be paid.
        """
        needed, payers = self.election.costs[project] * scale, self.election.votes[project]
        groups = self.supporters[project]
        purses = Counter[int]()
        for group in groups:
            purses[money[group]] += self.sizes[group]
        for amount, number in sorted(purses.items()):
            if amount * payers >= needed:
                return needed, payers
            needed -= amount * number
            payers -= number
        return None


def count(election: Election, progress: Progress) -> dict[str, Any]:
    """`projects`, `steps`, `ties`, `endowment`, `increments`, `stop` and `then` of the outcome."""
    market = Market(election)
    result = _complete(market, progress)
    run, left = result.run, election.contest.budget
    steps, ties, why = [], [], {}
    for number, bought in enumerate(run.rounds, 1):
        left -= election.costs[bought.project]
        price = str(bought.price)
        supporters = election.votes[bought.project]
        steps.append({"i": bought.project, "price": price, "supporters": supporters, "left": left})
        why[bought.project] = {"c": "bought", "round": number, "price": price}
        if len(bought.tied) > 1:
            ties.append(election.tie(bought.tied, round=number))
    for project, votes in enumerate(election.votes):
        if not votes:
            why[project] = {"c": "unsupported"}
        elif project not in run.funded:
            why[project] = {"c": "short", "money": str(market.money_left(run, project))}
    document = {"endowment": str(run.endowment), "increments": result.increments, "stop": result.stop, "steps": steps}
    won = set(run.funded)
    if "then" in election.rule:
        ordered = by_score(election, [p for p in range(len(election.costs)) if p not in run.funded], election.votes)
        document["then"] = added = turns(ordered, election.costs, left, skip=True)
        for rank, turn in enumerate(added, 1):
            place = {"rank": rank, "left": turn["left"]}
            why[turn["i"]] = ({"c": "added"} if turn["ok"] else why[turn["i"]]) | place
        won |= {turn["i"] for turn in added if turn["ok"]}
        ties += shared_scores(election, ordered, election.votes)
    projects = [
        {"votes": votes, "score": votes, "won": project in won, "why": why[project]}
        for project, votes in enumerate(election.votes)
    ]
    return document | {"projects": projects, "ties": ties}


def _complete(market: Market, progress: Progress) -> Result:
    """Raises the endowment step by step until the rule says stop."""
    election, rule = market.election, market.election.rule
    budget = election.contest.budget
    start = Fraction(budget, election.size) if election.size else Fraction(0)
    if rule["completion"] == "none" or not election.size:
        return Result(market.run(start), 0, "fixed")
    if rule["start"] == "floor":
        start = Fraction(start // election.contest.unit * election.contest.unit)
    # Projects that could still be wanted: the test for a full budget, and the end when all of them are bought.
    supported = {project for project, votes in enumerate(election.votes) if votes}
    watched = set(range(len(election.costs))) if rule["stop"] == "exhaustive_all" else supported
    previous = None
    increments = 0
    while True:
        run = market.run(start + increments * rule["step"])
        if run.cost > budget:
            if previous is None:
                raise ArithmeticError("a run at B/n cannot cost more than B")
            return Result(previous, increments - 1, "overspend")
        fits = any(election.costs[project] <= budget - run.cost for project in watched - run.funded)
        if rule["stop"] != "overspend" and not fits:
            return Result(run, increments, "exhaustive")
        if supported <= run.funded:
            return Result(run, increments, "all")
        previous = run
        increments += 1
        progress(election.contest.id, increments)
