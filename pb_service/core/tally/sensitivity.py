"""Whether a tie mattered: would the winners be others if another of the tied projects had come first?

Another order is a fixed one, as the declared one is: one of the tied is put ahead of the others, all else stays as
declared, and this holds in every round and every step. Where it can be proved that nothing changes nothing is counted;
the proof goes from one order to the other by exchanging neighbours in it, which is harmless

- if the two are interchangeable: exchanging them on every ballot gives the same ballots, they cost the same and stand
  in the same sets and categories. The count with the one first is then the count with the other first under exchanged
  names; both have won in the same stage, or neither, so the winners stay;
- if their order is never asked for: a count of a single run lists every tie, and the two stand together in none;
- if one cannot be felt by the other: under Equal Shares a purchase changes nothing for projects that no supporter, set
  or category connects with it, in any run (`agree` in shares.py); later stages then must not ask for their order;
- under greedy, if all projects of the score fit together, or none of them fits.

Otherwise the election is counted again, as often as is allowed; what was not examined is said to be so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from pb_service.core.rounds.documents import RuleDocument, TieDocument
from pb_service.core.tally.certificate import least_bound
from pb_service.core.tally.constraints import Constraints, Ledger
from pb_service.core.tally.instance import GroupedBallot, Instance
from pb_service.core.tally.knapsack import Unproved, most_valuable, most_valuable_within
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules import tally
from pb_service.core.tally.rules.max_welfare import items_of
from pb_service.core.tally.ties import TieOrder

#: What all recounts together may read by default: ballot entries, times the runs of the count.
MOST_WORK = 3_000_000
#: What a run costs beside the entries that it reads.
_RUN = 5_000
_MOST_RECOUNTS = 200
#: Searches for another set of maximum welfare.
_MOST_SEARCHES = 30


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of the other orders of one tie; ``changes`` is None where it was not examined."""

    changes: bool | None
    how: Literal["proved", "counted", "not_examined"]


def affordable(instance: Instance, outcome: Outcome, runs: int) -> int:
    """Return how many recounts are made by default, after a count that took ``runs`` runs.

    It depends on the election alone and not on the machine or its clock.
    """
    entries = sum(map(len, instance.named))
    if outcome.rule["name"] == "greedy":
        entries, runs = 10 * len(instance.projects), 1
    if outcome.rule["name"] == "max_welfare":
        return _MOST_SEARCHES
    return min(_MOST_RECOUNTS, MOST_WORK // (max(1, runs) * (entries + _RUN)))


def examine(
    instance: Instance, outcome: Outcome, most: int | None = None, progress: Callable[[int], None] | None = None
) -> tuple[list[Examined], int]:
    """For each tie of an outcome say whether another order changes the winners; also return the recounts made.

    ``most`` bounds the recounts of all ties together; None is no bound. ``progress`` is told their number.
    """
    other = _OtherOrders(instance, outcome)
    found: list[Examined] = []
    for tie in outcome.ties:
        counted, unknown, changes = False, False, False
        for first in tie["order"][1:]:
            order = other.order(tie, first)
            if other.is_harmless(tie, first):
                continue
            if order not in other.winners and most is not None and len(other.winners) >= most:
                unknown = True
                continue
            counted = True
            if other.count(order) != outcome.winners:
                changes = True
                break
            if progress is not None:
                progress(len(other.winners))
        if changes:
            found.append(Examined(True, "counted"))
        elif unknown:
            found.append(Examined(None, "not_examined"))
        else:
            found.append(Examined(False, "counted" if counted else "proved"))
    return found, len(other.winners)


def other_optimum(instance: Instance, outcome: Outcome, most: int | None = None) -> bool | None:
    """Say whether another set is as good as that of a maximum welfare outcome, so that the tie order has chosen.

    A set that is as good lacks one of the winners; so each of them is left out in turn, unless the bound of
    docs/schemas/tally.md already shows that nothing as good is left. ``most`` bounds the searches; None: not examined.
    """
    constraints = Constraints(instance, outcome.rule)
    items = items_of(outcome, constraints.costs)
    welfare = outcome.welfare or 0
    worth, bound = least_bound(constraints, items)
    in_sets = frozenset[int]().union(*constraints.exclusive)
    searches = 0
    for left_out in [item for item in items if item.number in outcome.winners]:
        beyond = 0 if left_out.number in in_sets else max(0, left_out.value - worth * left_out.cost)
        if int(bound - beyond) < welfare:
            continue
        rest = [item for item in items if item is not left_out]
        if most is not None and searches >= most:
            return None
        searches += 1
        try:
            if constraints.exclusive or constraints.categories:
                found = most_valuable_within(rest, constraints.budget, Ledger(constraints), welfare)
            else:
                found = most_valuable(rest, constraints.budget, welfare)
        except Unproved:
            return None
        if found is not None:
            return True
    return False


class _OtherOrders:
    """The other orders of the ties of one outcome, and what is known of them."""

    def __init__(self, instance: Instance, outcome: Outcome) -> None:
        self.instance, self.outcome = instance, outcome
        self.rule = outcome.rule
        self.constraints = Constraints(instance, self.rule)
        rank = TieOrder.of(instance, self.rule).rank
        self.declared = sorted(range(len(rank)), key=rank.__getitem__)
        self.place = rank
        #: Winners under each order that was counted.
        self.winners: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._is_single_run = "compare" not in self.rule and self.rule.get("completion") not in ("add_one", "percent")
        self._tied = [frozenset(tie["order"]) for tie in outcome.ties]
        #: For each project that a tie could move, the ballots that name it.
        self._naming: dict[int, set[GroupedBallot]] = {}

    def order(self, tie: TieDocument, first: int) -> tuple[int, ...]:
        """Return the declared order with ``first`` moved ahead of all that it is tied with."""
        rest = [project for project in self.declared if project != first]
        at = self.place[tie["order"][0]]
        return (*rest[:at], first, *rest[at:])

    def count(self, order: tuple[int, ...]) -> tuple[int, ...]:
        """Return the winners under another order."""
        if order not in self.winners:
            ids = {project: f"{place:05}" for place, project in enumerate(order)}
            fields = {field: value for field, value in self.rule.items() if field != "draw"}
            rule = cast(RuleDocument, {**fields, "ties": ["id"]})
            self.winners[order] = tally(self.instance.with_ids(ids), rule).winners
        return self.winners[order]

    def is_harmless(self, tie: TieDocument, first: int) -> bool:
        """Whether it is proved that the winners stay the same with ``first`` ahead of all that it is tied with."""
        if self.rule["name"] == "greedy":
            return self._fits_alike(tie)
        passed = self.declared[self.place[tie["order"][0]] : self.place[first]]
        roles = {first}  # in whose place it may stand by now
        for other in reversed(passed):
            if self._is_single_run and not any(other in tied and roles & tied for tied in self._tied):
                continue
            if self._is_apart(first, other):
                continue
            if not self._is_interchangeable(first, other):
                return False
            roles.add(other)
        return True

    def _fits_alike(self, tie: TieDocument) -> bool:
        turns = {turn["i"]: turn["left"] for turn in cast(Any, self.outcome.steps)}
        if not any(project in turns for project in tie["order"]):
            return True  # the count had stopped before any of them
        if self.constraints.exclusive or self.constraints.categories:
            return False
        left: int = turns[tie["order"][0]]
        costs = [self.constraints.costs[project] for project in tie["order"]]
        return bool(sum(costs) <= left or min(costs) > left)

    def _is_apart(self, one: int, two: int) -> bool:
        """Whether neither can be felt by the other, in runs of Equal Shares or in what comes after them."""
        if self.rule["name"] != "equal_shares":
            return False
        rule = self.rule
        if {one, two} - set(self.constraints.candidates):
            return True
        if rule["completion"] == "phragmen" or "then" in rule or "compare" in rule:
            bought = {step["i"] for step in self.outcome.steps} if self.outcome.endowment is not None else set()
            score = [self.outcome.projects[project]["score"] for project in (one, two)]
            votes = [self.instance.votes[project] for project in (one, two)]
            if "compare" in rule and votes[0] == votes[1]:
                return False
            if not {one, two} <= bought and (rule["completion"] == "phragmen" or score[0] == score[1]):
                return False
        connected = two in self.constraints.partners(one)
        return not connected and self._ballots(one).isdisjoint(self._ballots(two))

    def _is_interchangeable(self, one: int, two: int) -> bool:
        costs, projects = self.constraints.costs, self.outcome.projects
        if costs[one] != costs[two] or projects[one]["votes"] != projects[two]["votes"]:
            return False
        if projects[one]["why"]["c"] != projects[two]["why"]["c"]:
            return False
        groups = [{*self.constraints.mandatory}, *self.constraints.exclusive]
        groups += [numbers for numbers, _ in self.constraints.categories]
        if any((one in numbers) != (two in numbers) for numbers in groups):
            return False
        grouped = self.instance.grouped
        ballots: set[GroupedBallot] = self._ballots(one) | self._ballots(two)
        return all(grouped.get(self._exchanged(ballot, one, two)) == grouped[ballot] for ballot in ballots)

    def _exchanged(self, ballot: GroupedBallot, one: int, two: int) -> GroupedBallot:
        def name(project: int) -> int:
            return two if project == one else one if project == two else project

        if self.instance.fmt in ("points", "scores"):
            return tuple(sorted((name(project), value) for project, value in ballot))
        renamed = [name(project) for project in ballot]
        return tuple(renamed if self.instance.fmt == "ordinal" else sorted(renamed))

    def _ballots(self, project: int) -> set[GroupedBallot]:
        if not self._naming:
            self._naming = {number: set() for number in range(len(self.instance.projects))}
            paired = self.instance.fmt in ("points", "scores")
            for ballot in self.instance.grouped:
                for entry in ballot:
                    self._naming[entry[0] if paired else entry].add(ballot)
        return self._naming[project]
