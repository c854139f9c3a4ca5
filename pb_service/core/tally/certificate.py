"""What makes a count checkable without trusting the program that made it: its decisions in numbers to be added up.

Normative for the form, and for what a reader checks with it: docs/schemas/tally.md. The numbers are derived from the
outcome and the ballots alone. Floats only say who surely can pay; whoever is near is looked at exactly, and what is
stated are integers and fractions. A price that does not pay its project exactly, or a load that is not that of its
supporters, raises AssertionError: the count would be wrong.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeAlias, cast

import numpy as np
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types
from numpy.typing import NDArray

from pb_service.core.rounds.documents import EqualSharesRule, GreedyRule, PhragmenRule, Utility
from pb_service.core.tally.constraints import Constraints, Ledger
from pb_service.core.tally.instance import Instance
from pb_service.core.tally.knapsack import Item, by_worth
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules.max_welfare import items_of
from pb_service.core.tally.shares import Electorate, run
from pb_service.core.tally.ties import TieOrder

Integers: TypeAlias = NDArray[np.int64]
Json: TypeAlias = dict[str, Any]


def certificate(instance: Instance, outcome: Outcome) -> Json:
    """Return how an outcome can be checked; money in minor units, projects by id, fractions as text."""
    document: Json = {
        "v": 1,
        "unit": instance.unit,
        "contest": instance.contest,
        "rule": outcome.rule,
        **_proof(instance, outcome),
    }
    if outcome.other is not None:
        document["other"] = _proof(instance, outcome.other)
    return document


def _proof(instance: Instance, outcome: Outcome) -> Json:
    if outcome.endowment is not None:
        return _Shares(instance, outcome).proof()
    match outcome.counted["name"]:
        case "phragmen":
            return _phragmen(instance, outcome)
        case "max_welfare":
            return _welfare(instance, outcome)
    return _greedy(instance, outcome)


class _Voters:
    """Groups of equal ballots, with the projects that each supports and the value given to them, in compressed rows."""

    def __init__(self, instance: Instance, utility: Utility) -> None:
        if utility in ("cost", "cardinality"):
            named = instance.named
            lengths = np.fromiter(map(len, named), np.int64, len(named))
            self.rows = np.fromiter(chain.from_iterable(named), np.int64, int(lengths.sum()))
            self.values = np.ones(len(self.rows), dtype=np.int64)
            counts = list(named.values())
        else:
            support = instance.support(utility)
            lengths = np.fromiter(map(len, support), np.int64, len(support))
            pairs = np.fromiter(
                chain.from_iterable(chain.from_iterable(support)), np.int64, 2 * int(lengths.sum())
            ).reshape(-1, 2)
            self.rows, self.values = pairs[:, 0].copy(), pairs[:, 1].copy()
            counts = list(support.values())
        self.sizes: Integers = np.fromiter(counts, np.int64, len(lengths))
        self.start: Integers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        by_project = np.argsort(self.rows, kind="stable")
        groups = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)[by_project]
        ends = np.cumsum(np.bincount(self.rows, minlength=len(instance.projects)))[:-1]
        #: For each project the groups that support it, and the value that each gives.
        self.supporters: list[Integers] = np.split(groups, ends)
        self.given: list[Integers] = np.split(self.values[by_project], ends)

    def number(self, project: int) -> int:
        """Return how many ballots support a project."""
        return int(self.sizes[self.supporters[project]].sum())

    def row(self, group: int) -> list[tuple[int, int]]:
        part = slice(self.start[group], self.start[group + 1])
        return list(zip(self.rows[part].tolist(), self.values[part].tolist(), strict=True))

    def units_within(self, groups: Integers, projects: int) -> list[int]:
        """For each project the sum of values of its supporters among ``groups``."""
        start, length = self.start[groups], self.start[groups + 1] - self.start[groups]
        first = np.repeat(start - (np.cumsum(length) - length), length)
        places = np.arange(int(length.sum()), dtype=np.int64) + first
        # As floats the sums are exact: they stay below 2^53, which Instance.support sees to.
        weights = np.repeat(self.sizes[groups], length) * self.values[places]
        return list(map(int, np.bincount(self.rows[places], weights=weights, minlength=projects).tolist()))


class _Wallets:
    """The money of each group during one run.

    A level is what a supporter pays for each unit of value. Who has money left has paid every purchase that she
    supports in full, so exact sums need only the numbers of voters for each purchase.
    """

    def __init__(self, voters: _Voters, endowment: mpq, projects: int) -> None:
        self.voters, self.endowment, self.projects = voters, endowment, projects
        self.levels: dict[int, mpq] = {}
        self._money = np.full(len(voters.sizes), float(endowment))
        self._exact: dict[tuple[tuple[int, int], ...], mpq] = {}

    def pay(self, project: int, level: mpq) -> tuple[int, int, mpq]:
        """Let the supporters pay; return how many paid in full, the sum of their values, and what the others gave."""
        voters, groups, given = self.voters, self.voters.supporters[project], self.voters.given[project]
        have, asked = self._money[groups], float(level) * given
        # Each payment so far was off by less than four roundings of the endowment.
        margin = (len(self.levels) + 2) * float(self.endowment) * 2.0**-50
        full = have > asked + margin
        after = np.where(full, have - asked, 0.0)
        for place in np.flatnonzero((np.abs(have - asked) <= margin) & (have > 0)):
            left = self._of(int(groups[place])) - level * int(given[place])
            if left >= 0:
                full[place] = True
                after[place] = max(float(left), 5e-324) if left else 0.0
        rest = self.sum(groups[~full])
        paid = groups[full]
        number, units = int(voters.sizes[paid].sum()), int((voters.sizes[paid] * given[full]).sum())
        self._money[groups] = after
        self.levels[project] = level
        self._exact.clear()
        return number, units, rest

    def sum(self, groups: Integers) -> mpq:
        """Return exactly what the voters of ``groups`` have together."""
        alive = groups[self._money[groups] > 0]
        total = int(self.voters.sizes[alive].sum()) * self.endowment
        if len(alive) and self.levels:
            units = self.voters.units_within(alive, self.projects)
            total -= sum((level * units[project] for project, level in self.levels.items()), mpq(0))
        return total

    def spent(self, groups: Integers) -> mpq:
        """Return exactly what the voters of ``groups`` have paid together."""
        return int(self.voters.sizes[groups].sum()) * self.endowment - self.sum(groups)

    def _of(self, group: int) -> mpq:
        bought = tuple((p, value) for p, value in self.voters.row(group) if p in self.levels)
        if bought not in self._exact:
            self._exact[bought] = self.endowment - sum((self.levels[p] * value for p, value in bought), mpq(0))
        return self._exact[bought]


class _Loads:
    """What each group carries: the load of its last round, or what it began with."""

    def __init__(self, voters: _Voters, before: Callable[[Integers], mpq]) -> None:
        self.voters, self._before = voters, before
        self._round: Integers = np.zeros(len(voters.sizes), dtype=np.int64)  # from 1; 0 is the beginning
        self._given: list[mpq] = []

    def carried(self, project: int) -> mpq:
        """Return exactly what the supporters of a project carry together."""
        groups = self.voters.supporters[project]
        rounds = self._round[groups]
        numbers = np.bincount(rounds, weights=self.voters.sizes[groups], minlength=1).tolist()
        given = zip(numbers[1:], self._given, strict=False)
        return self._before(groups[rounds == 0]) + sum((int(number) * load for number, load in given), mpq(0))

    def fund(self, project: int, load: mpq) -> None:
        self._given.append(load)
        self._round[self.voters.supporters[project]] = len(self._given)


def _greedy(instance: Instance, outcome: Outcome) -> Json:
    rule = cast(GreedyRule, outcome.counted)
    turns = cast(Any, outcome.steps)
    misfit = bool(turns) and not rule["skip"] and outcome.projects[turns[-1]["i"]]["why"]["c"] == "too_dear"
    end: Json = {"reason": "misfit", "project": instance.projects[turns[-1]["i"]].id} if misfit else {"reason": "all"}
    return {"method": "order", "rounds": _turns(instance, outcome, turns), "end": end}


def _turns(instance: Instance, outcome: Outcome, turns: Sequence[Any]) -> list[Json]:
    return [
        {
            "project": instance.projects[turn["i"]].id,
            "score": outcome.projects[turn["i"]]["score"],
            "left": turn["left"],
            "funded": turn["ok"],
        }
        for turn in turns
    ]


class _Shares:
    """The proof of an outcome of Equal Shares, stage by stage."""

    def __init__(self, instance: Instance, outcome: Outcome) -> None:
        self.instance, self.outcome = instance, outcome
        self.rule = cast(EqualSharesRule, outcome.counted)
        self.ids = [project.id for project in instance.projects]
        self.costs = [project.cost for project in instance.projects]
        self.constraints = Constraints(instance, self.rule)
        self.voters = _Voters(instance, self.rule["utility"])
        self.endowment = mpq(str(outcome.endowment))

    def proof(self) -> Json:
        wallets = _Wallets(self.voters, self.endowment, len(self.costs))
        bought = [(step["i"], mpq(cast(Any, step)["price"])) for step in self.outcome.steps]
        proof: Json = {
            "method": "payments",
            "endowment": str(self.endowment),
            "rounds": self._payments(wallets, bought),
            "short": self._short(),
            "end": self._end(),
        }
        if self.outcome.stop == "overspend":
            proof["next"] = self._next()
        if self.outcome.after is not None:
            loads = _Loads(self.voters, wallets.spent)
            ledger = self._ledger()
            left = self.constraints.budget - sum(self.costs[project] for project, _ in bought)
            proof["after"] = _rounds_of_loads(
                loads, ledger, self.outcome.after, self.constraints.candidates, left=left, unsupported=False
            )
        if self.outcome.then is not None:
            proof["then"] = {"rounds": _turns(self.instance, self.outcome, self.outcome.then)}
        return proof

    def _payments(self, wallets: _Wallets, bought: Sequence[tuple[int, mpq]]) -> list[Json]:
        rounds: list[Json] = []
        for project, price in bought:
            worth = self.costs[project] if self.rule["utility"] == "cost" else 1
            full, units, rest = wallets.pay(project, price * worth)
            if price * worth * units + rest != self.costs[project]:
                raise AssertionError(f"The price of project {self.ids[project]!r} does not pay for it.")
            told = {"full": full, "utility": units * worth, "rest": str(rest)}
            rounds.append({"project": self.ids[project], "price": str(price), **told})
        return rounds

    def _ledger(self) -> Ledger:
        ledger = Ledger(self.constraints)
        for step in self.outcome.steps:
            ledger.fund(step["i"])
        return ledger

    def _short(self) -> list[Json]:
        whys = [(self.ids[number], project["why"]) for number, project in enumerate(self.outcome.projects)]
        return [{"project": name, "money": why["money"]} for name, why in whys if why["c"] == "short"]

    def _end(self) -> Json:
        end: Json = {"reason": self.outcome.stop}
        if self.outcome.stop == "exhaustive":
            open_ = self._ledger().open(self.constraints.candidates)
            if self.rule.get("stop") == "exhaustive":
                open_ = [project for project in open_ if len(self.voters.supporters[project])]
            end["left"] = self.constraints.budget - sum(self.costs[step["i"]] for step in self.outcome.steps)
            if open_:
                cheapest = min(open_, key=lambda project: (self.costs[project], project))
                end["cheapest"] = self.ids[cheapest]
        return end

    def _next(self) -> Json:
        """The purchases of the step that was not taken, up to the one that overspends."""
        if self.rule["completion"] == "percent":
            step = mpq(self.constraints.budget * self.rule["percent"], 100 * self.instance.size)
        else:
            step = mpq(self.rule["step"])
        endowment = self.endowment + step
        electorate = Electorate(self.instance, self.rule["utility"], self.constraints)
        rounds, _ = run(electorate, endowment, TieOrder.of(self.instance, self.rule).rank)
        bought: list[tuple[int, mpq]] = []
        cost = 0
        for purchase in rounds:
            bought.append((purchase.project, purchase.price))
            cost += self.costs[purchase.project]
            if cost > self.constraints.budget:
                break
        else:
            raise AssertionError("The step that was not taken keeps within the budget.")
        wallets = _Wallets(self.voters, endowment, len(self.costs))
        return {"endowment": str(endowment), "cost": cost, "rounds": self._payments(wallets, bought)}


def _phragmen(instance: Instance, outcome: Outcome) -> Json:
    rule = cast(PhragmenRule, outcome.counted)
    constraints = Constraints(instance, rule)
    loads = _Loads(_Voters(instance, "cardinality"), lambda _: mpq(0))
    budget = constraints.budget
    within = [project for project in constraints.candidates if constraints.costs[project] <= budget]
    ledger, steps = Ledger(constraints), cast(Any, outcome.steps)
    proof = _rounds_of_loads(loads, ledger, steps, within, left=budget, unsupported=rule["unsupported"])
    return {"method": "loads", **proof}


def _rounds_of_loads(
    loads: _Loads, ledger: Ledger, steps: Sequence[Any], candidates: Sequence[int], *, left: int, unsupported: bool
) -> Json:
    projects, rounds = ledger.constraints.instance.projects, list[Json]()
    for step in steps:
        number, carried = step["i"], loads.carried(step["i"])
        told: Json = {"project": projects[number].id, "supporters": step["supporters"], "carried": str(carried)}
        if "load" in step:
            load = mpq(step["load"])
            if (projects[number].cost + carried) / step["supporters"] != load:
                raise AssertionError(f"The load of project {projects[number].id!r} is not its supporters'.")
            loads.fund(number, load)
            told["load"] = str(load)
        left -= projects[number].cost
        ledger.fund(number)
        rounds.append({**told, "left": left})
    open_ = ledger.open(candidates)
    behind = {project: loads.voters.number(project) for project in open_}
    ahead = {p: (projects[p].cost + loads.carried(p)) / behind[p] for p in open_ if behind[p]}
    least = min(ahead.values(), default=None)
    tied = [p for p in ahead if ahead[p] == least] if ahead else open_ if unsupported else []
    misfits = [project for project in tied if projects[project].cost > left]
    end: Json = {"reason": "none_left"}
    if misfits:
        end = {"reason": "misfit", "project": projects[misfits[0]].id}
        if least is not None:
            end["load"] = str(least)
    return {"rounds": rounds, "end": end}


def _welfare(instance: Instance, outcome: Outcome) -> Json:
    """The most that the budget could buy if money had one price: a bound that anybody can add up.

    Whatever value a unit of money is held to have (``worth``), no set is worth more than the budget at that rate and
    what each project is worth beyond its cost at that rate; of an exclusive set only one project counts.
    """
    constraints = Constraints(instance, outcome.counted)
    worth, most = least_bound(constraints, items_of(outcome, constraints.costs))
    return {
        "method": "bound",
        "welfare": outcome.welfare,
        "worth": str(worth),
        "bound": str(most),
        "proof": "bound" if int(most) == outcome.welfare else "search",
    }


def least_bound(constraints: Constraints, items: Sequence[Item]) -> tuple[mpq, mpq]:
    """Return the worth of a unit of money at which the bound of ``_welfare`` is least, and that bound."""
    budget = constraints.budget
    ledger = Ledger(constraints)
    items = [item for item in items if item.cost <= budget and not ledger.barred(item.number)]
    place: dict[int, int] = {}
    for group, numbers in enumerate(constraints.exclusive):
        place |= {number: group for number in numbers if number not in place}

    def bound(worth: mpq) -> mpq:
        sets: dict[int, mpq] = {}
        total = worth * budget
        for item in items:
            beyond = item.value - worth * item.cost
            if beyond > 0 and item.number not in place:
                total += beyond
            elif beyond > 0:
                sets[place[item.number]] = max(beyond, sets.get(place[item.number], beyond))
        return total + sum(sets.values(), mpq(0))

    worth = _least_bound(bound, [mpq(item.value, item.cost) for item in by_worth(items)])
    return worth, bound(worth)


def _least_bound(bound: Callable[[mpq], mpq], rates: list[mpq]) -> mpq:
    """Return of falling ``rates`` and 0 the one of least bound, which is a convex function of the rate."""
    low, high = 0, len(rates)
    rates = [*rates, mpq(0)]
    while low < high:
        middle = (low + high) // 2
        if bound(rates[middle]) <= bound(rates[middle + 1]):
            high = middle
        else:
            low = middle + 1
    return rates[low]
