"""What would have let a project win that lost: more ballots for it, or a lower cost; each found by counting again.

Both are asked alike: at how many steps from the election as it was does the project win, though not one step earlier?
A step is a new ballot that names only this project, or one unit of money off its cost. The answer is a count of the
changed election under the same rule, nothing else, so it holds for every rule, completion and constraint.

Some rules are not monotone: under Equal Shares with add-one a project may win with three more ballots and lose with
four. Then the step found is one of several at which the project begins to win. That it is the first of all is said
where this follows from the rule, or where every smaller number was tried.

Counting again takes time. How much is allowed follows from the election alone, never from the machine or its clock;
the projects that came nearest are looked at first, and of those that no time was left for nothing is said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NotRequired, TypedDict

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import Ballot, Limits, RuleDocument
from pb_service.core.rounds.limits import breaches
from pb_service.core.tally.constraints import Constraints
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.instance import GroupedBallot, Instance, TallyError
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules import tally
from pb_service.core.tally.shares import run
from pb_service.core.tally.ties import TieOrder

#: What all recounts of one contest together may read: ballot entries, times the runs of a count.
MOST_WORK: Final = 400_000_000
#: What a run costs beside the entries that it reads.
_RUN: Final = 5_000
#: New ballots are tried up to as many as were cast, in a small election up to this many.
_LEAST_LIMIT: Final = 20


class Need(TypedDict):
    """What would have let one project win.

    ``ballots``: with so many new ballots naming only this project it wins, with one less it does not; ``fewest``: and
    with no smaller number either. ``not_with`` stands instead where it loses even with so many. ``each``: the points
    that such a ballot gives, where ballots hold points.
    ``cost``: at this cost in minor units it wins, at ``beyond`` it does not; ``largest``: nor at any cost between this
    and its own; ``lower``: at every lower cost it wins too. None of these where it was not looked for; no ``cost``
    where it loses at any.
    """

    ballots: NotRequired[int]
    fewest: NotRequired[bool]
    not_with: NotRequired[int]
    each: NotRequired[int]
    cost: NotRequired[int]
    beyond: NotRequired[int]
    largest: NotRequired[bool]
    lower: NotRequired[bool]


class _Spent(Exception):
    """No further recount is allowed."""


@dataclass
class _Search:
    """The steps at which a project would win; ``wins`` counts again and is asked once for each number of steps."""

    wins: Callable[[int], bool]
    most: int
    guess: int
    known: dict[int, bool] = field(default_factory=dict)

    def at(self, steps: int) -> bool:
        if steps not in self.known:
            self.known[steps] = self.wins(steps)
        return self.known[steps]

    def boundary(self) -> int | None:
        """Return a number of steps at which it wins, though not at one less; None if it loses at ``most``.

        Outwards from the guess in growing strides, then halving.
        """
        low, high = 0, self.most + 1
        at, stride = min(max(self.guess, 1), self.most), 1
        rose = fell = False
        while high - low > 1:
            if self.at(at):
                high, fell = at, True
            else:
                low, rose = at, True
            if rose and fell:
                at = (low + high) // 2
            else:
                at = max(low + 1, high - stride) if fell else min(high - 1, low + stride)
            stride *= 2
        return high if high <= self.most else None

    def first(self, boundary: int) -> int:
        """Return the least number of steps at which it wins."""
        return next(steps for steps in range(1, boundary + 1) if self.at(steps))


@dataclass
class _Recounts:
    """Counts of changed elections under the rule of an outcome, up to an amount of work."""

    instance: Instance
    rule: RuleDocument
    left: int

    def won(self, changed: Instance, project: int) -> bool:
        """Whether a project is funded in a changed election. Raises _Spent when the work is used up."""
        if self.left <= 0:
            raise _Spent
        runs = 0

        def count(_steps: int) -> None:
            nonlocal runs
            runs += 1

        try:
            outcome = tally(changed, self.rule, progress=count)
        except TallyError:  # an optimum that cannot be proved
            raise _Spent from None
        self.left -= work(changed, outcome, runs)
        return project in outcome.winners


def work(instance: Instance, outcome: Outcome, runs: int) -> int:
    """Return what one count reads: ballot entries, times its runs."""
    if outcome.rule["name"] == "greedy":
        return 10 * len(instance.projects) + sum(map(len, instance.grouped)) // 10
    return max(1, runs) * (len(instance.entries) + _RUN)


def lone_ballot(instance: Instance, rule: RuleDocument, limits: Limits, project: int) -> GroupedBallot | None:
    """Return the ballot that names only this project and gives it as much as a ballot can.

    None if it gives nothing, or if no such ballot may be cast, as where a ballot must name two. Points are what the
    limits allow for one project, or where they say nothing the most that any ballot gave.
    """
    ballot = _giving_most(instance, rule, limits, project)
    if ballot is None:
        return None
    written: Ballot = [list(entry) if isinstance(entry, tuple) else entry for entry in ballot]
    broken = breaches(written, instance.fmt, limits, [each.cost for each in instance.projects])
    return None if broken else ballot


def _giving_most(instance: Instance, rule: RuleDocument, limits: Limits, project: int) -> GroupedBallot | None:
    reads = {rule.get("by"), rule.get("utility")}
    if instance.fmt in ("points", "scores"):
        given = (value for ballot in instance.grouped for _, value in ballot)
        allowed = limits.get("each", limits.get("sum")) if instance.fmt == "points" else limits.get("smax")
        value = max(given, default=0) if allowed is None else min(allowed, limits.get("sum", allowed))
        return ((project, value),) if value > 0 else None
    # A ranking of one gives no Borda points.
    return None if "borda" in reads else (project,)


def needs(
    instance: Instance,
    outcome: Outcome,
    limits: Limits,
    *,
    unit: int,
    most_work: int = MOST_WORK,
    hints: Mapping[int, int] | None = None,
) -> dict[int, Need]:
    """For each project that lost, as far as the work allows, what would have let it win.

    ``hints``: of some projects the number of ballots that it will take, which spares recounts where it is right.
    """
    recounts = _Recounts(instance, outcome.rule, most_work)
    losers = [number for number in range(len(instance.projects)) if number not in outcome.winners]
    losers.sort(key=lambda number: (-_nearness(instance, outcome, number), number))
    found: dict[int, Need] = {}
    unswept: list[tuple[int, int, _Search]] = []
    for number in losers:
        need: Need = {}
        try:
            _look_at_cost(recounts, outcome, number, _step(instance, outcome, number, unit), need)
            search = _look_at_ballots(recounts, outcome, number, need, limits=limits, hint=(hints or {}).get(number))
        except _Spent:
            search = None
        if need:
            found[number] = need
        if search is not None and not need.get("fewest", True):
            unswept.append((need["ballots"], number, search))
    for boundary, number, search in sorted(unswept, key=lambda each: each[:2]):
        try:
            first = search.first(boundary)
        except _Spent:
            break
        found[number]["ballots"], found[number]["fewest"] = first, True
    return found


def _look_at_cost(recounts: _Recounts, outcome: Outcome, number: int, step: int, need: Need) -> None:
    instance, own = recounts.instance, recounts.instance.projects[number].cost
    whole = -(-own // step)

    def cost(steps: int) -> int:
        """Its cost after so many steps down: round numbers below its own."""
        return (whole - steps) * step if steps else own

    def wins(steps: int) -> bool:
        return recounts.won(instance.with_cost(number, cost(steps)), number)

    if whole < 2:
        return
    why = outcome.projects[number]["why"]
    within = why.get("left", outcome.budget) if "money" not in why else int(Fraction(why["money"]))
    steps = _Search(wins, whole - 1, whole - within // step).boundary()
    if steps is not None:
        need["cost"], need["beyond"] = cost(steps), cost(steps - 1)
        need["lower"] = _cheaper_never_loses(outcome.rule, outcome.projects[number]["score"])
        need["largest"] = not _takes_long(outcome.rule) and (steps == 1 or need["lower"])


def _look_at_ballots(
    recounts: _Recounts, outcome: Outcome, number: int, need: Need, *, limits: Limits, hint: int | None
) -> _Search | None:
    instance = recounts.instance
    ballot = lone_ballot(instance, outcome.rule, limits, number)
    if ballot is None:
        return None

    def wins(ballots: int) -> bool:
        return recounts.won(instance.with_more(ballot, ballots), number)

    most = max(_LEAST_LIMIT, instance.size)
    search = _Search(wins, most, hint or 1)
    reaches = outcome.projects[number]["why"]["c"] not in _NEVER or search.at(most)
    if reaches and hint is None:
        search.guess = _guess(instance, outcome, ballot, number, most)
    ballots = search.boundary() if reaches else None
    if instance.fmt in ("points", "scores"):
        need["each"] = ballot[0][1]
    if ballots is None:
        need["not_with"] = most
        return None
    need["ballots"] = ballots
    need["fewest"] = ballots == 1 or _more_never_hurts(outcome.rule)
    return search


#: Reasons that more votes hardly ever change, so that the largest number is tried first.
_NEVER: Final = frozenset({"exclusive", "category", "beyond"})


def _guess(instance: Instance, outcome: Outcome, ballot: GroupedBallot, number: int, most: int) -> int:
    """Return how many ballots it may take, which only spares recounts.

    Under Equal Shares with a completion, which takes many runs, a single run at its last endowment tells about as much.
    """
    rule, why = outcome.counted, outcome.projects[number]["why"]
    if rule["name"] != "equal_shares" or not outcome.endowment:
        return 1
    if not _takes_long(rule):
        missing = instance.projects[number].cost - Fraction(why.get("money", "0"))
        return min(most, int(missing / outcome.endowment) + 1)
    endowment = mpq(outcome.endowment)

    def bought(ballots: int) -> bool:
        changed = instance.with_more(ballot, ballots)
        constraints = Constraints(changed, rule)
        electorate = Electorate(changed, rule["utility"], constraints)
        share = endowment * instance.size / (instance.size + ballots)
        rounds, _ = run(electorate, share, TieOrder.of(changed, rule).rank)
        return any(purchase.project == number for purchase in rounds)

    return _Search(bought, most, 1).boundary() or most


def _nearness(instance: Instance, outcome: Outcome, number: int) -> Fraction:
    """How near a loser came: the part of its cost that its supporters had, else its votes as a part of all."""
    project = outcome.projects[number]
    if "money" in project["why"]:
        return Fraction(project["why"]["money"]) / instance.projects[number].cost
    return Fraction(project["votes"], max(instance.size, 1))


def _takes_long(rule: RuleDocument) -> bool:
    """Whether a count takes many runs, so that few recounts are allowed."""
    return rule["name"] == "equal_shares" and rule["completion"] in ("add_one", "percent")


def _step(instance: Instance, outcome: Outcome, number: int, unit: int) -> int:
    """Return what a cost is lowered by: a currency unit where all costs are whole ones, else a minor unit.

    Where a count takes long it is a round number, about a hundredth of the cost.
    """
    step = unit if all(project.cost % unit == 0 for project in instance.projects) else 1
    while _takes_long(outcome.rule) and instance.projects[number].cost >= 500 * step:
        step *= 10
    return step


def _more_never_hurts(rule: RuleDocument) -> bool:
    """Whether a project that wins surely still wins with another ballot naming only it.

    Under greedy it comes earlier, all others in the order they had, so more is left for it and less is funded that
    bars it. Under maximum welfare every set that holds it gains, and no other. A least support for the cost is asked
    of all others too, and more ballots make it harder for them.
    """
    return rule["name"] in ("greedy", "max_welfare") and "per_cost" not in rule


def _cheaper_never_loses(rule: RuleDocument, score: int) -> bool:
    """Whether a project that wins surely still wins at a lower cost.

    Under greedy by votes or points its place stays, or improves by the tie rule, and it fits where it fitted (a score
    below 0 is worse for a lower cost, where turns go by score for the cost); under Equal Shares without anything after
    it, it is bought at the same time or earlier, and until then all is as it was.
    """
    if {"per_cost", "categories"} & rule.keys() or "cost_desc" in rule["ties"]:
        return False
    if rule["name"] == "greedy":
        return score >= 0 or "density" not in rule
    if rule["name"] == "equal_shares":
        return rule["completion"] == "none" and not {"then", "compare"} & rule.keys()
    return False


def support_reached(votes: int, ballots: int) -> Fraction:
    """Return which part of the ballots that would have been enough a project had: its votes, of these and the new."""
    return Fraction(votes, votes + ballots)
