"""A small made-up vote on which any rule can be tried while it is being chosen: the same one for every rule.

Six residents and three projects: two that four of the residents like, and one that the other two like. So the rules
differ in what they fund, and the whole count can be followed by hand. Amounts are in whole units of the currency.
"""

from dataclasses import dataclass

from pb_service.core.rounds.documents import Ballot, BallotFormat, RuleDocument
from pb_service.core.rounds.setup import BallotStep, RuleStep, rule_document
from pb_service.core.tally import Instance, Outcome, Project, TallyError, tally
from pb_service.core.tally.ties import draw_of

BUDGET = 50
PROJECTS = (("a", 24), ("b", 20), ("c", 18))
#: What the six want, best first: four of them a and b, two of them c.
WISHES: tuple[tuple[int, ...], ...] = ((0, 1), (0, 1), (0, 1), (0, 1), (2,), (2,))


@dataclass(frozen=True)
class Example:
    """The example counted under a rule: what there was, and the outcome with a reason for each project."""

    instance: Instance
    rule: RuleDocument
    outcome: Outcome


def example_count(rule: RuleStep, ballot: BallotStep, *, unit: int = 100) -> Example | None:
    """Return the example counted under a rule and ballot format, or None when the two do not go together."""
    document = rule_document(rule)
    if "draw" in document["ties"]:
        document["draw"] = draw_of("1 2 3")
    instance = Instance(
        [Project(code, cost * unit) for code, cost in PROJECTS],
        BUDGET * unit,
        ballot.fmt,
        [_ballot(wish, ballot.fmt) for wish in WISHES],
        unit=unit,
        contest="example",
    )
    try:
        return Example(instance, document, tally(instance, document))
    except TallyError:
        return None


def _ballot(wish: tuple[int, ...], fmt: BallotFormat) -> Ballot:
    """The wish in a ballot format: in its order for ranks, 2 points for the first and 1 for the second."""
    if fmt in {"points", "scores"}:
        return sorted([number, 2 - place] for place, number in enumerate(wish))
    return list(wish) if fmt == "ordinal" else sorted(wish)
