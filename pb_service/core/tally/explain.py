"""Why an outcome is as it is: exact answers to "what if", made once after the count and stored as JSON.

Everything here is a pure function of published documents (docs/schemas/bundle.md) and returns plain JSON values.
Nothing here decides an outcome; a wrong answer would mislead a reader but could not change a result.

The stored object (`Explanation`); "plain greedy" is greedy by votes or points without density or constraints:

``needed``
    Plain greedy only: pairs [project number, least score with which it would be funded, all other scores as they are].
    For a project that lost, ``needed - score`` more votes would have been enough and one less would not; for one
    that won, it would still have won with ``score - needed`` fewer. A project dearer than the whole budget has no pair.
``ties``
    Plain greedy only: the ties whose order decided something, each with the other outcomes that another order gives.
``comparison``
    The same ballots under another rule, and how many of their own projects voters get under each.
``needs``
    For projects that lost what would have let them win: pairs [project number, `Need`], found by counting again.
``equals``
    Not plain greedy: every tie with how it was decided, and whether another order had changed the winners.
``payments``
    Equal Shares: who paid how much in which round (payments.py).
``fairness``
    Figures of fairness (fairness.py).
``together``
    For each project those that its supporters most often name too: pairs [project, ballots that name both].
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final, Literal, NotRequired, TypedDict, cast

from pb_service.core.record.canonical import unb64u
from pb_service.core.record.framing import h32
from pb_service.core.rounds.documents import (
    Ballot,
    ContestDocument,
    GreedyRule,
    OutcomeDocument,
    RuleDocument,
    Tie,
)
from pb_service.core.rounds.limits import named_projects
from pb_service.core.tally.fairness import Fairness, fairness, named_together
from pb_service.core.tally.instance import Instance, Project
from pb_service.core.tally.needed import MOST_WORK, Need, needs
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.payments import Payments, payments
from pb_service.core.tally.rules import tally
from pb_service.core.tally.sensitivity import affordable, examine

#: Up to this size all orders of a tied group are tried; of a larger group each member is put first once.
SMALL_GROUP = 5


class OtherOrder(TypedDict):
    """Another order of a tied group and what it would have funded."""

    order: list[int]
    turns: list[int]
    winners: list[int]
    cost: int


class DecisiveTie(TypedDict):
    """A tie whose order decided something.

    ``order`` as counted, ``left`` the money before the first of them, ``turns`` the projects funded from there on.
    """

    score: int
    order: list[int]
    by: list[Tie]
    left: int
    turns: list[int]
    others: list[OtherOrder]


class Comparison(TypedDict):
    """The same ballots under another rule.

    ``both``, ``here``, ``there``: projects funded under both rules, only under the rule of the vote, only under
    ``rule``. ``own_here[k]`` and ``own_there[k]``: ballots that name exactly k of the funded projects, blank k = 0.
    """

    rule: RuleDocument
    winners: list[int]
    cost: int
    both: list[int]
    here: list[int]
    there: list[int]
    own_here: list[int]
    own_there: list[int]


class Equal(TypedDict):
    """A tie and how it was decided; ``changes`` is None where the other orders were not examined."""

    order: list[int]
    by: list[Tie]
    round: NotRequired[int]
    changes: bool | None


class Explanation(TypedDict):
    v: Literal[2]
    needed: list[tuple[int, int]]
    ties: list[DecisiveTie]
    comparison: NotRequired[Comparison]
    needs: list[tuple[int, Need]]
    equals: list[Equal]
    payments: NotRequired[Payments]
    fairness: Fairness
    together: list[list[tuple[int, int]]]


#: The form of an explanation; what was derived in an earlier form is derived again.
VERSION: Final = 2


def explanation(
    contest: ContestDocument,
    outcome: OutcomeDocument,
    ballots: Sequence[Ballot],
    other: RuleDocument | None = None,
    *,
    unit: int,
    themes: Sequence[Sequence[str]] = (),
    most_work: int = MOST_WORK,
) -> Explanation:
    """All that the result pages need beyond the outcome.

    ``other``: a second rule to compare with. ``unit``: minor units in a currency unit. ``themes``: those of each
    project. ``most_work`` bounds what may be counted again (needed.py).
    """
    projects = [Project(code, cost) for code, cost in contest["pro"]]
    instance = Instance(projects, contest["budget"], contest["fmt"], ballots, unit, contest=contest["id"])
    runs = 0

    def count(_steps: int) -> None:
        nonlocal runs
        runs += 1

    counted = tally(instance, contest["rule"], progress=count)
    result = Explanation(
        v=2,
        needed=[],
        ties=[],
        needs=[],
        equals=[],
        fairness=fairness(instance, counted, themes or [[] for _ in projects]),
        together=named_together(instance),
    )
    hints: dict[int, int] = {}
    if is_plain(contest["rule"]):
        result["needed"] = scores_needed(contest, outcome)
        result["ties"] = decisive_ties(contest, outcome)
        if cast(GreedyRule, contest["rule"])["by"] == "votes":
            hints = {number: least - counted.projects[number]["score"] for number, least in result["needed"]}
    else:
        result["equals"] = _equals(instance, counted, runs)
    found = needs(instance, counted, contest["limits"], unit=unit, most_work=most_work, hints=hints)
    result["needs"] = sorted(found.items())
    if (paid := payments(instance, counted)) is not None:
        result["payments"] = paid
    if other is not None:
        there = cast(OutcomeDocument, tally(instance, other).document())
        result["comparison"] = comparison(ballots, outcome, other, there)
    return result


def is_plain(rule: RuleDocument) -> bool:
    """Whether a rule is greedy by votes or points, with nothing but a threshold beside."""
    return rule["name"] == "greedy" and rule.keys() <= {"name", "by", "skip", "ties", "draw", "threshold"}


def _equals(instance: Instance, counted: Outcome, runs: int) -> list[Equal]:
    examined, _ = examine(instance, counted, affordable(instance, counted, runs))
    found = []
    for tie, known in zip(counted.ties, examined, strict=True):
        equal = Equal(order=tie["order"], by=tie["by"], changes=known.changes)
        if "round" in tie:
            equal["round"] = tie["round"]
        found.append(equal)
    return found


def scores_needed(contest: ContestDocument, outcome: OutcomeDocument) -> list[tuple[int, int]]:
    """Pairs [project, least score with which it is funded], greedy only, all other scores as they are.

    The money left never grows from turn to turn, so there is a last place among the others at which the project
    still fits; it must stand ahead of whoever has that place now.
    """
    rule = _greedy(contest)
    score = [project["score"] for project in outcome["projects"]]
    key = _tie_keys(contest, outcome)
    floor = rule.get("threshold")
    order = _order(outcome)
    needed = []
    for number, (_, cost) in enumerate(contest["pro"]):
        others = [other for other in order if other != number]
        lefts = [left for left, _ in _turns(contest, others)]
        place = sum(1 for left in lefts if left >= cost) - 1
        if place < 0:
            continue
        least = min(score[number], 0) if floor is None else floor
        if place < len(others):
            rival = others[place]
            least = max(least, score[rival] + (0 if key[number] < key[rival] else 1))
        needed.append((number, least))
    return needed


def decisive_ties(contest: ContestDocument, outcome: OutcomeDocument) -> list[DecisiveTie]:
    """The ties of a greedy count in which another order of the tied projects would have funded others."""
    order = _order(outcome)
    found = []
    for tie in outcome["ties"]:
        group = tie["order"]
        start = order.index(group[0])
        before, after = order[:start], order[start + len(group) :]
        seen = {tuple(outcome["winners"])}
        others = []
        for other in _other_orders(group):
            funded = [number for _, number in _turns(contest, [*before, *other, *after]) if number is not None]
            winners = sorted(funded)
            if tuple(winners) not in seen:
                seen.add(tuple(winners))
                others.append(
                    OtherOrder(
                        order=list(other),
                        turns=[number for number in funded if number not in before],
                        winners=winners,
                        cost=sum(contest["pro"][number][1] for number in winners),
                    )
                )
        if others:
            turns = list(_turns(contest, order))
            found.append(
                DecisiveTie(
                    score=tie["score"],
                    order=group,
                    by=tie["by"],
                    left=turns[start][0],
                    turns=[number for _, number in turns[start:] if number is not None],
                    others=others,
                )
            )
    return found


def _other_orders(group: list[int]) -> Iterator[Sequence[int]]:
    if len(group) <= SMALL_GROUP:
        yield from permutations(group)
    else:
        yield from ([first, *(number for number in group if number != first)] for first in group)


def comparison(
    ballots: Sequence[Ballot], here: OutcomeDocument, rule: RuleDocument, there: OutcomeDocument
) -> Comparison:
    """The outcome of the vote beside the outcome ``there`` of ``rule`` on the same ballots."""
    ours, theirs = set(here["winners"]), set(there["winners"])
    return Comparison(
        rule=rule,
        winners=sorted(theirs),
        cost=there["cost"],
        both=sorted(ours & theirs),
        here=sorted(ours - theirs),
        there=sorted(theirs - ours),
        own_here=own_projects_funded(ballots, ours),
        own_there=own_projects_funded(ballots, theirs),
    )


def own_projects_funded(ballots: Sequence[Ballot], winners: set[int]) -> list[int]:
    """How many ballots name exactly k of ``winners``, for k = 0, 1, .. up to the most that any ballot names."""
    counts: list[int] = [0]
    for ballot in ballots:
        own = sum(number in winners for number in named_projects(ballot))
        counts.extend([0] * (own + 1 - len(counts)))
        counts[own] += 1
    return counts


def _greedy(contest: ContestDocument) -> GreedyRule:
    rule = contest["rule"]
    if rule["name"] != "greedy" or not is_plain(rule):
        raise ValueError("scores are told of plain greedy only")
    return rule


def _tie_keys(contest: ContestDocument, outcome: OutcomeDocument) -> list[tuple[int | str | bytes, ...]]:
    """What decides between projects of equal score; the lesser key goes first."""
    keys: list[tuple[int | str | bytes, ...]] = []
    draw = contest["rule"].get("draw")
    for (project_id, cost), result in zip(contest["pro"], outcome["projects"], strict=True):
        parts: dict[Tie, int | str | bytes] = {
            "cost": cost,
            "cost_desc": -cost,
            "votes": -result["votes"],
            "id": project_id,
        }
        if draw is not None:
            parts["draw"] = h32("pb/draw", unb64u(draw["seed"], 32), contest["id"].encode(), project_id.encode())
        keys.append(tuple(parts[tie] for tie in contest["rule"]["ties"]))
    return keys


def _order(outcome: OutcomeDocument) -> list[int]:
    """The projects that have a rank, in the order of their turns."""
    ranked = [(why["rank"], i) for i, why in enumerate(p["why"] for p in outcome["projects"]) if "rank" in why]
    return [number for _, number in sorted(ranked)]


def _turns(contest: ContestDocument, order: Sequence[int]) -> Iterator[tuple[int, int | None]]:
    """For each turn the money left before it and the project if it is funded; then once more what is left at the end.

    After a stop nothing is left for anyone: -1.
    """
    skip = _greedy(contest)["skip"]
    left = contest["budget"]
    for number in order:
        cost = contest["pro"][number][1]
        fits = cost <= left
        yield left, (number if fits else None)
        if fits:
            left -= cost
        elif not skip:
            left = -1
    yield left, None
