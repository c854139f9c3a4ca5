"""What all rules need of a contest: votes and scores, who takes part, what may not be funded together, tie order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from typing import Any

from pb_service.verifier.ballots import Ballot, named
from pb_service.verifier.canonical import from_b64u, h32
from pb_service.verifier.manifest import Contest

Progress = Callable[[str, int], None]  # contest id, increments done
Why = dict[str, Any]


class Election:
    """A contest with its ballots, projects by number. `budget` is what mandatory projects leave of the whole."""

    def __init__(self, contest: Contest, ballots: list[Ballot], channels: list[str] | None = None) -> None:
        self.contest = contest
        self.channels = channels  # through which each ballot was cast, for rules that weigh it
        self.costs = contest.costs
        self.rule: dict[str, Any] = contest.rule
        self.size = len(ballots)
        self.ballots = ballots
        # Equal ballots are counted once with their number: most rounds have far fewer different ballots than ballots.
        self.choices = Counter(tuple(named(ballot, contest)) for ballot in ballots)
        self.votes = [0] * len(contest.costs)
        for choice, number in self.choices.items():
            for project in choice:
                self.votes[project] += number
        self.mandatory = frozenset(self.rule.get("mandatory", ()))
        self.budget = contest.budget - self.cost(self.mandatory)
        self.refused = self._refused()  # why, by project, of those with too few votes for their cost
        self.candidates = [p for p in range(len(self.costs)) if p not in self.mandatory and p not in self.refused]

    def cost(self, projects: Iterable[int]) -> int:
        """What projects cost together."""
        return sum(self.costs[project] for project in projects)

    def scores(self, by: str) -> list[int]:
        """The score of every project by `votes`, `points` or `borda`."""
        if "weights" in self.rule:
            return self._weighed(by)
        if by == "votes":
            return self.votes
        scores = [0] * len(self.costs)
        for values, number in self.values(by).items():
            for project, value in values:
                scores[project] += number * value
        return scores

    def _weighed(self, by: str) -> list[int]:
        """The scores when each ballot counts as often as its channel weighs."""
        scores = [0] * len(self.costs)
        for ballot, channel in zip(self.ballots, self.channels or (), strict=True):
            weight = self.rule["weights"][channel]
            for place, entry in enumerate(reversed(ballot)):
                project, value = entry if by == "points" else (entry, place if by == "borda" else 1)
                scores[project if type(project) is int else project[0]] += weight * value
        return scores

    def values(self, utility: str) -> Counter[tuple[tuple[int, int], ...]]:
        """How many ballots give which projects which values: (project, value) pairs by project.

        Under `cost` and `cardinality`, the utilities of a vote, the value is 1.
        """
        if utility == "points":
            return Counter(tuple((project, value) for project, value in ballot) for ballot in self.ballots)
        counted = Counter[tuple[tuple[int, int], ...]]()
        for choice, number in self.choices.items():
            last = len(choice) - 1
            pairs = ((project, last - place if utility == "borda" else 1) for place, project in enumerate(choice))
            counted[tuple(sorted(pairs))] += number
        return counted

    def bar(self, project: int, funded: Collection[int]) -> Why | None:
        """Why a project must not be funded beside others, by an exclusive set or a category; None if it may."""
        if "exclusive" not in self.rule and "categories" not in self.rule:
            return None
        others = self.mandatory.union(funded)
        rivals = [other for group in self.rule.get("exclusive", ()) if project in group for other in group]
        if taken := others.intersection(rivals) - {project}:
            return {"c": "exclusive", "by": min(taken)}
        for category in self.rule.get("categories", ()):
            if project in category["i"]:
                left = category["budget"] - self.cost(others.intersection(category["i"]))
                if self.costs[project] > left:
                    return {"c": "category", "left": left}
        return None

    def order(self, projects: Iterable[int]) -> list[int]:
        """Projects that are otherwise equal, in the tie order of the rule."""
        return sorted(projects, key=lambda project: self._places(project, self.rule["ties"]))

    def tie(self, projects: Iterable[int], **at: Any) -> dict[str, Any]:
        """The record of a tie: the order decided, and the first criteria that decide it."""
        ordered, ties = self.order(projects), self.rule["ties"]
        length = next(
            length
            for length in range(1, len(ties) + 1)
            if len({self._places(project, ties[:length]) for project in ordered}) == len(ordered)
        )
        return {"order": ordered, "by": ties[:length]} | at

    def shared(self, ordered: list[int], key: Callable[[int], Any]) -> list[tuple[Any, list[int]]]:
        """Each key that two or more of the ordered projects share, with these."""
        by_key: dict[Any, list[int]] = defaultdict(list)
        for project in ordered:
            by_key[key(project)].append(project)
        return [(value, projects) for value, projects in by_key.items() if len(projects) > 1]

    def _refused(self) -> dict[int, Why]:
        rate = Fraction(self.rule.get("per_cost", 0))
        refused = {}
        for project, votes in enumerate(self.votes):
            worth, asked = self.contest.budget * rate.denominator, rate.numerator * self.costs[project] * self.size
            if project not in self.mandatory and votes * worth < asked:
                threshold = -(-asked // worth) if worth else self.size + 1
                refused[project] = {"c": "below_threshold", "threshold": threshold}
        return refused

    def _places(self, project: int, criteria: list[str]) -> tuple[Any, ...]:
        return tuple(self._place(project, name) for name in criteria)

    def _place(self, project: int, criterion: str) -> Any:
        match criterion:
            case "cost":
                return self.costs[project]
            case "cost_desc":
                return -self.costs[project]
            case "votes":
                return -self.votes[project]
            case "draw":
                seed = from_b64u(self.rule["draw"]["seed"], 32)
                return h32("pb/draw", seed, self.contest.id.encode(), self.contest.ids[project].encode())
            case _:
                return self.contest.ids[project]
