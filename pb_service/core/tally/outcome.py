"""What a count says: winners, every step, every tie, and for each project why it won or lost."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pb_service.core.rounds.documents import (
    Compared,
    Loading,
    ProjectOutcome,
    Purchase,
    Reason,
    RuleDocument,
    TieDocument,
    Turn,
)
from pb_service.core.tally.instance import Instance


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one count. Money is in minor units; projects are named by number.

    ``endowment``, ``increments`` and ``stop`` belong to Equal Shares, ``welfare`` to maximum welfare; ``after``,
    ``then`` and ``compare`` to the further stages of Equal Shares. They are None where they do not belong.
    """

    rule: RuleDocument
    ballots: int
    blank: int
    budget: int
    cost: int
    winners: tuple[int, ...]
    projects: tuple[ProjectOutcome, ...]
    steps: tuple[Turn, ...] | tuple[Purchase, ...] | tuple[Loading, ...]
    ties: tuple[TieDocument, ...]
    endowment: Fraction | None = None
    increments: int | None = None
    stop: str | None = None
    after: tuple[Loading, ...] | None = None
    then: tuple[Turn, ...] | None = None
    compare: Compared | None = None
    welfare: int | None = None
    #: Of a comparison: the outcome that was not taken, and the rule under which the one taken was counted.
    other: "Outcome | None" = None
    taken_rule: RuleDocument | None = None

    @property
    def counted(self) -> RuleDocument:
        """The rule that these steps follow: greedy's, where a comparison took its outcome."""
        return self.taken_rule or self.rule

    def document(self) -> dict[str, Any]:
        """Return the fields of bundle.md section 7 that follow from the count.

        The caller adds ``v``, ``e``, ``d`` and ``counts.over``, which depend on the manifest.
        """
        document: dict[str, Any] = {
            "counts": {"ballots": self.ballots, "blank": self.blank},
            "budget": self.budget,
            "cost": self.cost,
            "winners": list(self.winners),
            "projects": list(self.projects),
            "steps": list(self.steps),
            "ties": list(self.ties),
        }
        if self.endowment is not None:
            document |= {"endowment": str(self.endowment), "increments": self.increments, "stop": self.stop}
        if self.after is not None:
            document["after"] = list(self.after)
        if self.then is not None:
            document["then"] = list(self.then)
        if self.compare is not None:
            document["compare"] = self.compare
        if self.welfare is not None:
            document["welfare"] = self.welfare
        return document


def compared(taken: Outcome, left: Outcome, rule: RuleDocument, compare: Compared) -> Outcome:
    """Return the outcome that a comparison took, not the one ``left``, as one of the rule that asks for it."""
    return replace(taken, rule=rule, compare=compare, other=left, taken_rule=taken.rule)


def project_outcomes(
    instance: Instance, scores: tuple[int, ...], winners: set[int], reasons: dict[int, Reason]
) -> tuple[ProjectOutcome, ...]:
    """Return one object per project in order, each with its votes, score and reason."""
    return tuple(
        {"votes": instance.votes[number], "score": scores[number], "won": number in winners, "why": reasons[number]}
        for number in range(len(instance.projects))
    )
