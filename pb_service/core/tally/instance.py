"""An election as the tally sees it: projects, a budget, and ballots grouped by content.

A rule never needs to know who voted or in which order, so identical ballots are counted together at once; everything
derived from them (votes, supporters, weights) is then independent of the order of the file.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from pb_service.core.rounds.documents import Ballot, BallotFormat, Score, Utility

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

#: The largest integer that canonical JSON and a float both hold exactly (bundle.md section 1).
MAX_INTEGER = 2**53 - 1

#: A ballot whose repeats are counted beside it: project numbers, or (project number, value) pairs.
GroupedBallot = tuple[Any, ...]


class TallyError(ValueError):
    """The election or the rule cannot be counted; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project on the ballot. ``cost`` is in minor units of money."""

    id: str
    cost: int


class Instance:
    """Projects, budget and ballots of one contest, checked once and never changed afterwards.

    ``budget`` and costs are in minor units, ``unit`` of which make one currency unit. Ballots have the form of
    bundle.md section 6 and name projects by their place in ``projects``. ``contest`` is the id of the contest, on which
    a drawn tie order depends; ``channels`` names that of each ballot, for rules that weigh them.
    Raises TallyError naming the first fault.
    """

    def __init__(
        self,
        projects: Sequence[Project],
        budget: int,
        fmt: BallotFormat,
        ballots: Iterable[Ballot | Sequence[int] | Sequence[Sequence[int]]],
        unit: int = 100,
        *,
        contest: str = "",
        channels: Sequence[str] | None = None,
    ) -> None:
        self.projects = tuple(projects)
        self.budget = budget
        self.fmt: BallotFormat = fmt
        self.unit = unit
        self.contest = contest
        self._check_money()
        pairs = fmt in ("points", "scores")
        try:
            given: Iterable[Any] = ballots
            cast_ballots: Iterable[Any] = (
                (tuple(map(tuple, ballot)) for ballot in given) if pairs else map(tuple, given)
            )
            by_channel: Counter[tuple[str, GroupedBallot]] = Counter()
            if channels is not None:
                by_channel.update(zip(channels, cast_ballots, strict=True))
            grouped: Counter[GroupedBallot] = Counter() if channels is not None else Counter(cast_ballots)
            for (_, ballot), count in by_channel.items():
                grouped[ballot] += count
        except TypeError:
            shape = "lists of [project number, value]" if pairs else "lists of project numbers"
            raise TallyError(f"Ballots of the format {fmt} must be {shape}.") from None
        #: The same ballots by channel; None where the channels are not known.
        self.by_channel: dict[tuple[str, GroupedBallot], int] | None = None if channels is None else by_channel
        self._hold(grouped)

    def _hold(self, grouped: Mapping[GroupedBallot, int]) -> None:
        """Take these as the ballots, each with how often it was cast."""
        #: How often each distinct ballot was cast.
        self.grouped: dict[GroupedBallot, int] = dict(sorted(grouped.items()))
        #: The distinct ballots in columns: how often each was cast, how many projects it names, and which: ballot after
        #: ballot.
        self.counts: Integers = np.fromiter(self.grouped.values(), np.int64, len(self.grouped))
        self.lengths: Integers = np.fromiter(map(len, self.grouped), np.int64, len(self.grouped))
        self.entries = self._checked_entries()
        #: Number of ballots, blank ones included.
        self.size = sum(self.grouped.values())
        #: Number of blank ballots.
        self.blank = self.grouped.get((), 0)

    def with_ids(self, ids: Mapping[int, str]) -> "Instance":
        """Return the same election with other project ids, by project number; they must be distinct."""
        renamed = copy(self)
        renamed.projects = tuple(Project(ids[n], project.cost) for n, project in enumerate(self.projects))
        return renamed

    def with_cost(self, number: int, cost: int) -> "Instance":
        """Return the same election in which one project costs something else, in minor units above 0."""
        changed = copy(self)
        projects = list(self.projects)
        projects[number] = Project(projects[number].id, cost)
        changed.projects = tuple(projects)
        changed._check_money()
        return changed

    def with_more(self, ballot: GroupedBallot, count: int) -> "Instance":
        """Return the same election in which this ballot, a correct one, was cast so many times more."""
        changed = copy(self)
        for name, value in vars(Instance).items():
            if isinstance(value, cached_property):
                changed.__dict__.pop(name, None)
        if ballot not in self.grouped:
            pairs = self.fmt in ("points", "scores")
            numbers = [entry[0] for entry in ballot] if pairs else list(ballot)
            changed.lengths = np.append(self.lengths, len(numbers))
            changed.entries = np.append(self.entries, np.array(numbers, dtype=np.int64))
        changed.grouped = {**self.grouped, ballot: self.grouped.get(ballot, 0) + count}
        changed.counts = np.fromiter(changed.grouped.values(), np.int64, len(changed.grouped))
        changed.by_channel = None
        changed.size, changed.blank = self.size + count, changed.grouped.get((), 0)
        return changed

    def _check_money(self) -> None:
        if self.fmt not in get_args(BallotFormat):
            raise TallyError(f"There is no ballot format {self.fmt!r}.")
        if not _whole(self.unit) or self.unit < 1:
            raise TallyError("The number of minor units in a currency unit must be a whole number of at least 1.")
        if not _whole(self.budget) or not 0 <= self.budget <= MAX_INTEGER:
            raise TallyError("The budget must be a whole number of minor units from 0 to 2^53 - 1.")
        seen: set[str] = set()
        for project in self.projects:
            if not _whole(project.cost) or not 0 < project.cost <= MAX_INTEGER:
                raise TallyError(f"The cost of project {project.id!r} must be a whole number of minor units above 0.")
            if project.id in seen:
                raise TallyError(f"Project {project.id!r} occurs twice.")
            seen.add(project.id)

    def _checked_entries(self) -> Integers:
        """Return the projects that the distinct ballots name, all ballots checked at once."""
        numbers: list[Any] = list(chain.from_iterable(self.grouped))
        if self.fmt in ("points", "scores"):
            values = [entry[-1] for entry in numbers if len(entry) == 2]
            if len(values) < len(numbers) or not _all_whole(values):
                raise TallyError("Each entry of a ballot must be a project number and a whole value.")
            if self.fmt == "points" and min(values, default=0) < 0:
                raise TallyError("Points on a ballot must not be negative.")
            numbers = [entry[0] for entry in numbers]
        if not _all_whole(numbers) or (numbers and not 0 <= min(numbers) <= max(numbers) < len(self.projects)):
            raise TallyError("A ballot names a project number that does not exist.")
        entries = np.array(numbers, dtype=np.int64)
        # Places on a line, a stretch of it for each ballot: where all places rise, so do the numbers of every ballot.
        places = np.repeat(np.arange(len(self.lengths)) * len(self.projects), self.lengths) + entries
        if self.fmt == "ordinal":
            places.sort()
        if (places[1:] <= places[:-1]).any():
            if self.fmt == "ordinal":
                raise TallyError("A ranked ballot names a project twice.")
            raise TallyError("The project numbers of a ballot must increase.")
        return entries

    @cached_property
    def named(self) -> dict[tuple[int, ...], int]:
        """Ballots by the set of projects that they name (numbers increasing), each with how often it was cast."""
        if self.fmt in ("approval", "knapsack"):
            return self.grouped
        named: Counter[tuple[int, ...]] = Counter()
        for ballot, count in self.grouped.items():
            named[tuple(sorted(ballot)) if self.fmt == "ordinal" else tuple(entry[0] for entry in ballot)] += count
        return dict(sorted(named.items()))

    @cached_property
    def named_columns(self) -> tuple[Integers, Integers, Integers]:
        """`named` in columns: how many projects each set has, which, set after set, and how often each was named."""
        if self.named is self.grouped:
            return self.lengths, self.entries, self.counts
        counts = np.fromiter(self.named.values(), np.int64, len(self.named))
        lengths = np.fromiter(map(len, self.named), np.int64, len(self.named))
        return lengths, np.fromiter(chain.from_iterable(self.named), np.int64, int(lengths.sum())), counts

    @cached_property
    def votes(self) -> tuple[int, ...]:
        """For each project the number of ballots that name it."""
        # As floats the sums are exact: there are far fewer than 2^53 ballots.
        cast = np.bincount(self.entries, np.repeat(self.counts, self.lengths), len(self.projects))
        return tuple(cast.astype(np.int64).tolist())

    @cached_property
    def points(self) -> tuple[int, ...]:
        """For each project the sum of the values given to it (formats points and scores)."""
        if self.fmt not in ("points", "scores"):
            raise TallyError(f"Ballots of the format {self.fmt} hold no points.")
        points = [0] * len(self.projects)
        for ballot, count in self.grouped.items():
            for number, value in ballot:
                points[number] += count * value
        return tuple(points)

    @cached_property
    def borda(self) -> tuple[int, ...]:
        """For each project its Borda score: a ballot of length L gives its j-th project, from 0, L-1-j (ordinal)."""
        if self.fmt != "ordinal":
            raise TallyError(f"Ballots of the format {self.fmt} hold no ranking.")
        borda = [0] * len(self.projects)
        for ballot, count in self.grouped.items():
            for place, number in enumerate(reversed(ballot)):
                borda[number] += count * place
        return tuple(borda)

    def support(self, utility: Utility) -> dict[tuple[tuple[int, int], ...], int]:
        """Ballots by what they support: pairs (project, value above 0), numbers increasing, with how often cast.

        Under ``cost`` and ``cardinality`` the value is 1 for every project named.
        """
        if utility in ("cost", "cardinality"):
            return {tuple((number, 1) for number in ballot): count for ballot, count in self.named.items()}
        self.scores("points" if utility == "points" else "borda")  # refuses ballots of another format
        support: Counter[tuple[tuple[int, int], ...]] = Counter()
        for ballot, count in self.grouped.items():
            pairs = ballot if utility == "points" else sorted((p, j) for j, p in enumerate(reversed(ballot)))
            support[tuple((number, value) for number, value in pairs if value > 0)] += count
        if sum(value * count for pairs, count in support.items() for _, value in pairs) > MAX_INTEGER:
            raise TallyError("The points of all ballots together are too many to be counted exactly.")
        return dict(sorted(support.items()))

    def scores(self, by: Score, weights: Mapping[str, int] | None = None) -> tuple[int, ...]:
        """For each project its score (bundle.md section 8); ``weights`` is how often ballots of each channel count."""
        if weights is not None:
            return self._weighed(weights).scores(by)
        match by:
            case "votes":
                return self.votes
            case "points":
                return self.points
            case "borda":
                return self.borda

    def _weighed(self, weights: Mapping[str, int]) -> "Instance":
        """Return the same election with each ballot as often as its channel weighs."""
        if self.by_channel is None:
            raise TallyError("The ballots do not say through which channel they were cast, so these cannot be weighed.")
        grouped: Counter[GroupedBallot] = Counter()
        for (channel, ballot), count in self.by_channel.items():
            if channel not in weights:
                raise TallyError(
                    f"There are ballots of the channel {channel[:40]!r}, for which the rule has no weight."
                )
            grouped[ballot] += count * weights[channel]
        weighed = Instance(self.projects, self.budget, self.fmt, (), self.unit, contest=self.contest)
        weighed._hold(grouped)
        return weighed


def _whole(value: object) -> bool:
    return type(value) is int


def _all_whole(values: Iterable[object]) -> bool:
    return set(map(type, values)) <= {int}
