"""Under which of Pabulib's rule names a count may go out: only under one whose recount gives the same winners.

Pabulib's names mean exactly one procedure each (pabulib-checker 1.0 recounts them). ``greedy-custom`` is a greedy rule
of another kind, ``unknown`` any rule that has no name there; both get a comment that says how it was counted.
"""

from collections.abc import Sequence
from typing import cast

from pb_service.core.record import canonical
from pb_service.core.rounds.documents import Ballot, EqualSharesRule, GreedyRule
from pb_service.core.tally import Instance, Project, tally
from pb_service.features.results.documents import ContestDocuments

_DEMANDS = ("per_cost", "mandatory", "exclusive", "categories", "weights")


def rule_name(documents: ContestDocuments, ballots: Sequence[Ballot]) -> str:
    """Return Pabulib's name of the rule of a contest, given the ballots that the file lists."""
    rule = documents.contest["rule"]
    usual = not any(field in rule for field in _DEMANDS)
    if rule["name"] == "greedy":
        return _greedy(rule) if usual and "density" not in rule and rule["by"] != "borda" else "greedy-custom"
    if rule["name"] == "equal_shares" and usual:
        return _equal_shares(documents, rule, ballots)
    return "unknown"


def rule_comment(documents: ContestDocuments) -> str:
    """Return what a file says of a rule that its name does not say: the rule as the manifest has it."""
    rule = canonical.encode(cast(object, documents.contest["rule"])).decode()
    return f"Counted by this rule: {rule} (form and meaning: docs/schemas/bundle.md, section 8)."


def _greedy(rule: GreedyRule) -> str:
    if not rule["skip"]:
        return "greedy-no-skip"
    return "greedy-threshold" if "threshold" in rule else "greedy"


def _equal_shares(documents: ContestDocuments, rule: EqualSharesRule, ballots: Sequence[Ballot]) -> str:
    """Equal Shares by cost has a name if its recount as Pabulib means it funds the same projects.

    Pabulib counts in whole currency units, raises everybody's money from the floor of the first part by one unit a step
    until the next step would overspend, and knows no tie that cost and votes do not settle.
    """
    named = rule["utility"] == "cost" and rule["completion"] in {"none", "add_one"}
    simple = named and "then" not in rule and "compare" not in rule and documents.contest["fmt"] in _APPROVALS
    if not simple or not ballots or len(ballots) != documents.outcome["counts"]["ballots"]:
        return "unknown"
    unit = documents.manifest["unit"]
    projects = [Project(code, cost // unit) for code, cost in documents.contest["pro"]]
    if any(project.cost == 0 for project in projects):
        return "unknown"
    election = Instance(projects, documents.contest["budget"] // unit, documents.contest["fmt"], ballots, 1)
    label = "equalshares" if rule["completion"] == "none" else "equalshares/add1"
    once: EqualSharesRule = {
        "name": "equal_shares",
        "utility": "cost",
        "completion": "none",
        "ties": ["cost", "votes", "id"],
    }
    outcome = tally(election, once)
    if rule["completion"] == "add_one":
        raised: EqualSharesRule = {**once, "completion": "add_one", "step": 1, "start": "floor", "stop": "overspend"}
        stepped = tally(election, raised)
        outcome = stepped if stepped.increments else outcome  # without a step its first part is the exact one
    settled = all("id" not in tie["by"] for tie in outcome.ties)
    return label if settled and sorted(outcome.winners) == sorted(documents.outcome["winners"]) else "unknown"


_APPROVALS = ("approval", "knapsack")
