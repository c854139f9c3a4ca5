"""What both rules need of a contest: equal ballots together, votes, and the order of ties."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pb_service.verifier.ballots import Ballot, named
from pb_service.verifier.manifest import Contest

Progress = Callable[[str, int], None]  # contest id, increments done


class Election:
    """A contest with its ballots, projects by number."""

    def __init__(self, contest: Contest, ballots: list[Ballot]) -> None:
        self.contest = contest
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

    def order(self, projects: Iterable[int]) -> list[int]:
        """Projects that are otherwise equal, in the tie order of the rule."""
        return sorted(projects, key=lambda project: self._places(project, self.rule["ties"]))

    def tie(self, projects: Iterable[int], **at: int) -> dict[str, Any]:
        """The record of a tie: the order decided, and the first criteria that decide it."""
        ordered, ties = self.order(projects), self.rule["ties"]
        length = next(
            length
            for length in range(1, len(ties) + 1)
            if len({self._places(project, ties[:length]) for project in ordered}) == len(ordered)
        )
        return {"order": ordered, "by": ties[:length]} | at

    def _places(self, project: int, criteria: list[str]) -> tuple[Any, ...]:
        known = {
            "cost": self.costs[project],
            "cost_desc": -self.costs[project],
            "votes": -self.votes[project],
            "id": self.contest.ids[project],
        }
        return tuple(known[name] for name in criteria)
