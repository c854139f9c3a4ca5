"""Sequential Phragmen: fund what burdens its supporters least, each project's cost shared among them.

Normative: bundle.md section 8, `phragmen`.
"""

from collections.abc import Callable, Sequence
from typing import cast

from pb_service.core.rounds.documents import Loading, PhragmenRule, Reason, RuleDocument, TieDocument
from pb_service.core.tally.constraints import Constraints, Ledger, settled
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.instance import Instance, TallyError
from pb_service.core.tally.loads import LoadRound, Loads, fund_by_load, unburdened
from pb_service.core.tally.outcome import Outcome, project_outcomes
from pb_service.core.tally.rules.family import RuleFamily
from pb_service.core.tally.ties import TieOrder


def published_rounds(
    rounds: Sequence[LoadRound], electorate: Electorate, order: TieOrder, before: int = 0
) -> tuple[list[Loading], list[TieDocument], dict[int, Reason]]:
    """Return the documents of rounds, of their ties, and why their projects won; ``before`` rounds came earlier."""
    steps: list[Loading] = []
    ties: list[TieDocument] = []
    reasons: dict[int, Reason] = {}
    for number, funded in enumerate(rounds, 1):
        step: Loading = {"i": funded.project, "supporters": electorate.votes[funded.project], "left": funded.left}
        reason: Reason = {"c": "loaded", "round": number}
        if funded.load is not None:
            step["load"] = reason["load"] = str(funded.load)
        steps.append(step)
        reasons[funded.project] = reason
        if len(funded.tied) > 1:
            decided, by = order.resolve(funded.tied)
            ties.append({"order": decided, "by": by, "round": before + number})
    return steps, ties, reasons


def _check(rule: RuleDocument) -> None:
    if set(rule) != {"name", "unsupported", "ties"}:
        raise TallyError("A phragmen rule has the fields unsupported and ties.")
    if type(cast(PhragmenRule, rule)["unsupported"]) is not bool:
        raise TallyError("The field unsupported of a phragmen rule must be true or false.")


def _run(instance: Instance, rule: RuleDocument, _progress: Callable[[int], None] | None) -> Outcome:
    rule = cast(PhragmenRule, rule)
    constraints = Constraints(instance, rule)
    ledger = Ledger(constraints)
    order = TieOrder.of(instance, rule)
    electorate = Electorate(instance, "cardinality", constraints)
    loads = Loads(electorate, unburdened(electorate))
    left = constraints.budget
    within = [p for p in constraints.candidates if constraints.costs[p] <= left]
    rounds = fund_by_load(loads, order.rank, ledger, within, left, unsupported=rule["unsupported"])
    steps, ties, reasons = published_rounds(rounds, electorate, order)
    for p in constraints.candidates:
        if p in reasons:
            continue
        if constraints.costs[p] > constraints.budget:
            reasons[p] = {"c": "beyond", "left": constraints.budget}
        elif barred := ledger.barred(p):
            reasons[p] = barred
        else:
            reasons[p] = {"c": "late", "load": str(loads.of(p))} if electorate.votes[p] else {"c": "unsupported"}
    return Outcome(
        rule=rule,
        ballots=instance.size,
        blank=instance.blank,
        budget=instance.budget,
        cost=sum(constraints.costs[number] for number in ledger.funded),
        winners=tuple(sorted(ledger.funded)),
        projects=project_outcomes(instance, instance.votes, ledger.funded, settled(constraints) | reasons),
        steps=tuple(steps),
        ties=tuple(ties),
    )


FAMILY = RuleFamily(
    name="phragmen",
    short_names={
        "phragmen": {"name": "phragmen", "unsupported": True, "ties": ["id"]},
        "phragmen_supported": {"name": "phragmen", "unsupported": False, "ties": ["id"]},
    },
    options=frozenset(),
    check=_check,
    run=_run,
)
