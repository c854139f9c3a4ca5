"""The rule `max_welfare`: of all sets of projects that may be funded together, one of the greatest welfare.

An exact search in whole numbers. Projects are decided one after the other, those of most value for their cost first.
Of the selections so far only those go on that no other beats in cost and value at once, and that could still become
the best one: with the most that the undecided projects can add they reach what some complete selection has.
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from pb_service.verifier.tally.election import Election, Why

Used = tuple[int, ...]  # what a selection has used up of each limit


@dataclass(frozen=True)
class Selection:
    """Projects chosen so far: what they cost, what they are worth, and which."""

    cost: int
    value: int
    chosen: tuple["Selection", int] | None  # the selection before the last project, and that project

    def projects(self) -> set[int]:
        """Their numbers."""
        found, selection = set(), self
        while selection.chosen:
            selection, project = selection.chosen
            found.add(project)
        return found


@dataclass(frozen=True)
class Limit:
    """An exclusive set, which has one place, or a category, of which projects use up money."""

    members: frozenset[int]
    size: int
    is_set: bool


@dataclass(frozen=True)
class Piece:
    """A project of which a part could be bought, or the way from one project to a dearer one of the same set.

    `exclusive` and `category` are the limits that it meets, by number.
    """

    cost: int
    value: int
    exclusive: int | None
    category: int | None


class Remainder:
    """The most that undecided projects can add when parts of them can be bought, in order of value for the cost."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.costs = list(accumulate((piece.cost for piece in pieces), initial=0))
        self.values = list(accumulate((piece.value for piece in pieces), initial=0))

    def most(self, money: int) -> int:
        """An upper bound of the value that so much money can buy, rounded down to a whole number."""
        whole = bisect_right(self.costs, money) - 1
        if whole == len(self.pieces):
            return self.values[whole]
        piece = self.pieces[whole]
        return self.values[whole] + (money - self.costs[whole]) * piece.value // piece.cost


def count(election: Election) -> dict[str, Any]:
    """`won`, `why` and `scores` by project, `welfare`, `steps` and `ties` of the outcome."""
    utility, threshold = election.rule["utility"], election.rule.get("threshold")
    scores = election.scores(utility if utility in ("points", "borda") else "votes")
    worth = [score * cost for score, cost in zip(scores, election.costs, strict=True)] if utility == "cost" else scores
    low = {project for project in election.candidates if threshold is not None and scores[project] < threshold}
    possible = [project for project in election.candidates if project not in low and worth[project] > 0]
    won = best(election, possible, worth)
    why: dict[int, Why] = {}
    for project in election.candidates:
        if project in won:
            why[project] = {"c": "best"}
        elif project in low:
            why[project] = {"c": "below_threshold", "threshold": threshold}
        else:
            why[project] = {"c": "not_best" if worth[project] > 0 else "unsupported"}
    welfare = sum(worth[project] for project in won)
    return {"won": won, "why": why, "scores": scores, "welfare": welfare, "steps": [], "ties": []}


def best(election: Election, candidates: list[int], worth: list[int]) -> set[int]:
    """The set of greatest worth within budget and constraints; of several, the first in tie order.

    The tie order is part of the value: below the worth, each project has a binary digit of its own, the first project
    the highest digit. So no two sets have the same value, and the best one is the only one.
    """
    possible = [p for p in candidates if election.costs[p] <= election.budget and not election.bar(p, ())]
    digits = {project: 1 << place for place, project in enumerate(reversed(election.order(possible)))}
    value = {project: (worth[project] << len(possible)) + digits[project] for project in possible}
    return _Search(election, value).best().projects()


class _Search:
    """The undecided projects in order, the limits that they meet, and the value of a complete selection known."""

    def __init__(self, election: Election, value: dict[int, int]) -> None:
        self.costs, self.budget, self.value = election.costs, election.budget, value
        groups = [Limit(frozenset(group), 1, is_set=True) for group in election.rule.get("exclusive", ())]
        for category in election.rule.get("categories", ()):
            taken = election.cost(election.mandatory.intersection(category["i"]))
            groups.append(Limit(frozenset(category["i"]), category["budget"] - taken, is_set=False))
        # Sets that hold a mandatory project have no possible member left; a limit that nothing meets needs no place.
        self.limits = [limit for limit in groups if limit.members.intersection(value)]
        numbered = list(enumerate(self.limits))
        self.exclusive = {p: i for i, limit in reversed(numbered) if limit.is_set for p in limit.members}
        self.category = {p: i for i, limit in reversed(numbered) if not limit.is_set for p in limit.members}
        self.by_value = sorted(value, key=lambda project: Fraction(-value[project], election.costs[project]))
        self.order = self._grouped(self._grouped(self.by_value, self.exclusive), self.category)
        self.place = {project: place for place, project in enumerate(self.order)}
        self.last = [max(self.place[p] for p in limit.members if p in self.place) for limit in self.limits]

    def best(self) -> Selection:
        """The selection of greatest value."""
        kept: dict[Used, list[Selection]] = {(0,) * len(self.limits): [Selection(0, 0, None)]}
        floor = 0
        for place, project in enumerate(self.order):
            pieces = self._pieces(place + 1)
            hopes: list[tuple[int, Used, Selection]] = []
            for used, selections in self._decided(kept, place, project).items():
                remainder = self._remainder(pieces, used)
                hopes += [(s.value + remainder.most(self.budget - s.cost), used, s) for s in _unbeaten(selections)]
            hope, used, promising = max(hopes, key=lambda hope: hope[0])
            floor = max(floor, self._completed(promising, used, place + 1))
            kept = {}
            for hope, used, selection in hopes:
                if hope >= floor:
                    kept.setdefault(used, []).append(selection)
        return max((s for selections in kept.values() for s in selections), key=lambda s: s.value)

    def _grouped(self, projects: list[int], limits: dict[int, int]) -> list[int]:
        """The same order, but with those of one limit together: then it need not be remembered for long."""
        first: dict[int, int] = {}
        for place, project in enumerate(projects):
            if project in limits:
                first.setdefault(limits[project], place)
        at = {p: first[limits[p]] if p in limits else place for place, p in enumerate(projects)}
        return sorted(projects, key=at.__getitem__)

    def _decided(self, kept: dict[Used, list[Selection]], place: int, project: int) -> dict[Used, list[Selection]]:
        """All selections without and with a project, by what still matters of what they use up."""
        cost, grown = self.costs[project], dict[Used, list[Selection]]()
        for used, selections in kept.items():
            grown.setdefault(self._relevant(used, place + 1), []).extend(selections)
            if (after := self._take(used, project)) is not None:
                grown.setdefault(self._relevant(after, place + 1), []).extend(
                    Selection(s.cost + cost, s.value + self.value[project], (s, project))
                    for s in selections
                    if s.cost + cost <= self.budget
                )
        return grown

    def _take(self, used: Used, project: int) -> Used | None:
        """What is used up with one more project; None if it does not fit."""
        after = tuple(
            amount + (project in limit.members) * (1 if limit.is_set else self.costs[project])
            for amount, limit in zip(used, self.limits, strict=True)
        )
        fits = all(amount <= limit.size for amount, limit in zip(after, self.limits, strict=True))
        return after if fits else None

    def _relevant(self, used: Used, place: int) -> Used:
        """Without the limits that no project from this place of the order on meets."""
        return tuple(amount if place <= last else 0 for amount, last in zip(used, self.last, strict=True))

    def _completed(self, selection: Selection, used: Used, place: int) -> int:
        """The value of a selection with all that fits beside it, best value for the cost first."""
        cost, value = selection.cost, selection.value
        for project in self.by_value:
            after = self._take(used, project) if self.place[project] >= place else None
            if after is not None and cost + self.costs[project] <= self.budget:
                cost, value, used = cost + self.costs[project], value + self.value[project], after
        return value

    def _pieces(self, place: int) -> list[Piece]:
        """The projects from this place of the order on, best value for the cost first.

        Of a set, of which one can be funded, the pieces lead from the best value for the cost up to the greatest value.
        A project in several sets or categories is held to the first of each only, so the bound stays one.
        """
        pieces, sets = [], dict[int, list[int]]()
        for project in self.order[place:]:
            if project in self.exclusive:
                sets.setdefault(self.exclusive[project], []).append(project)
            else:
                category = self.category.get(project)
                pieces.append(Piece(self.costs[project], self.value[project], None, category))
        for exclusive, members in sets.items():
            categories = {self.category.get(project) for project in members}
            category = categories.pop() if len(categories) == 1 else None
            pieces += [Piece(cost, value, exclusive, category) for cost, value in self._upwards(members)]
        return sorted(pieces, key=lambda piece: Fraction(-piece.value, piece.cost))

    def _upwards(self, members: list[int]) -> list[tuple[int, int]]:
        """Steps of cost and value, each with less value for the cost than the one before, that pass over no member."""
        corners = [(0, 0)]
        points = ((self.costs[project], self.value[project]) for project in members)
        for cost, value in sorted(points, key=lambda point: (point[0], -point[1])):
            if value <= corners[-1][1]:
                continue
            while len(corners) > 1 and _slope(corners[-2], corners[-1]) <= _slope(corners[-1], (cost, value)):
                corners.pop()
            corners.append((cost, value))
        return [(end[0] - start[0], end[1] - start[1]) for start, end in pairwise(corners)]

    def _remainder(self, pieces: list[Piece], used: Used) -> Remainder:
        """What of the pieces a selection that has used up so much can still buy."""
        left = {number: self.limits[number].size - used[number] for number in set(self.category.values())}
        open_ = []
        for piece in pieces:
            if piece.exclusive is not None and used[piece.exclusive]:
                continue
            if piece.category is not None:
                money = left[piece.category]
                left[piece.category] -= min(money, piece.cost)
                if money < piece.cost:
                    if money:
                        value = -(-piece.value * money // piece.cost)
                        open_.append(Piece(money, value, piece.exclusive, piece.category))
                    continue
            open_.append(piece)
        return Remainder(open_)


def _slope(start: tuple[int, int], end: tuple[int, int]) -> Fraction:
    """Value for cost from one corner to another."""
    return Fraction(end[1] - start[1], end[0] - start[0])


def _unbeaten(selections: list[Selection]) -> list[Selection]:
    """Those for which no other costs no more and is worth more."""
    kept: list[Selection] = []
    for selection in sorted(selections, key=lambda s: (s.cost, -s.value)):
        if not kept or selection.value > kept[-1].value:
            kept.append(selection)
    return kept
