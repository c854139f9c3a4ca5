"""What a count says: winners, every step, every tie, and for each project why it won or lost."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pb_service.core.rounds.documents import ProjectOutcome, Purchase, Reason, RuleDocument, TieDocument, Turn
from pb_service.core.tally.instance import Instance


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one count. Money is in minor units; projects are named by number.

    ``endowment``, ``increments``, ``stop`` and ``then`` belong to Equal Shares and are None under other rules
    (``then`` also when the rule has no second stage).
    """

    rule: RuleDocument
    ballots: int
    blank: int
    budget: int
    cost: int
    winners: tuple[int, ...]
    projects: tuple[ProjectOutcome, ...]
    steps: tuple[Turn, ...] | tuple[Purchase, ...]
    ties: tuple[TieDocument, ...]
    endowment: Fraction | None = None
    increments: int | None = None
    stop: str | None = None
    then: tuple[Turn, ...] | None = field(default=None)

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
        if self.then is not None:
            document["then"] = list(self.then)
        return document


def project_outcomes(
    instance: Instance, scores: tuple[int, ...], winners: set[int], reasons: dict[int, Reason]
) -> tuple[ProjectOutcome, ...]:
    """Return one object per project in order, each with its votes, score and reason."""
    return tuple(
        {"votes": instance.votes[number], "score": scores[number], "won": number in winners, "why": reasons[number]}
        for number in range(len(instance.projects))
    )
