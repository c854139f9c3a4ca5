"""The small election by which every rule is explained: counted by the tally itself, so that it cannot be told wrongly.

A hundred voters, 100 000 in all. Sixty want the playground, 58 of them also the stage; the other forty want the
lighting, 38 of them also the trees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pb_service.core.rounds.documents import Ballot, BallotFormat, RuleDocument
from pb_service.core.rounds.setup import RuleStep, rule_document
from pb_service.core.tally import Instance, Project, TallyError, tally
from pb_service.core.tally.ties import draw_of

#: Minor units in one unit of the example's money.
_UNIT = 100

BUDGET = 100_000 * _UNIT

#: Cost of each project, in minor units, by its letter.
COSTS: Mapping[str, int] = {"A": 60_000 * _UNIT, "B": 40_000 * _UNIT, "C": 20_000 * _UNIT, "D": 15_000 * _UNIT}

#: Who votes how: projects in the order of liking, and how many voters.
_CROWDS: tuple[tuple[tuple[int, ...], int], ...] = (((0, 1), 58), ((0,), 2), ((2, 3), 38), ((2,), 2))

VOTERS = sum(voters for _, voters in _CROWDS)

#: How a voter shares out ten points.
_POINTS = {1: (10,), 2: (6, 4)}


@dataclass(frozen=True)
class Counted:
    """What a rule makes of the example. ``heard`` are the voters of whose projects at least one was chosen."""

    winners: tuple[str, ...]
    left: int
    heard: int


@dataclass(frozen=True)
class Item:
    """A project of the example: its letter, its votes, and its cost in minor units."""

    letter: str
    votes: int
    cost: int


def items() -> list[Item]:
    """The projects of the example, most votes first."""
    votes = _instance("approval").votes
    return [Item(letter, votes[number], cost) for number, (letter, cost) in enumerate(COSTS.items())]


def count(rule: RuleStep) -> Counted | None:
    """Count the example under a rule; None when the rule cannot be counted as it stands.

    Ballots have the format that the rule reads: choices, points or rankings. A threshold above a hundred is left out:
    the example has no more voters than that. A lot is drawn as if its text were "1 2 3".
    """
    try:
        outcome = tally(_instance(_format(rule)), _document(rule))
    except TallyError:
        return None
    letters = list(COSTS)
    winners = set(outcome.winners)
    return Counted(
        winners=tuple(letters[number] for number in outcome.winners),
        left=outcome.budget - outcome.cost,
        heard=sum(voters for choices, voters in _CROWDS if winners & set(choices)),
    )


def _document(rule: RuleStep) -> RuleDocument:
    document: dict[str, object] = {**rule_document(rule)}
    if (rule.threshold or 0) > VOTERS:
        document.pop("threshold", None)
    if "draw" in rule.ties:
        document["draw"] = draw_of("1 2 3")
    return cast(RuleDocument, document)


def _format(rule: RuleStep) -> BallotFormat:
    reads = rule.by if rule.name == "greedy" else rule.utility if rule.name in ("equal_shares", "max_welfare") else ""
    return "points" if reads == "points" else "ordinal" if reads == "borda" else "approval"


def _instance(fmt: BallotFormat) -> Instance:
    projects = [Project(letter, cost) for letter, cost in COSTS.items()]
    return Instance(projects, BUDGET, fmt, _ballots(fmt), _UNIT, contest="example")


def _ballots(fmt: BallotFormat) -> Iterator[Ballot]:
    for choices, voters in _CROWDS:
        ballot: Ballot = list(choices)
        if fmt == "points":
            ballot = [[number, value] for number, value in zip(choices, _POINTS[len(choices)], strict=True)]
        for _ in range(voters):
            yield ballot
