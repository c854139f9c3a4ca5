"""The rules on offer. A new family is one file and one line here."""

from collections.abc import Sequence
from copy import deepcopy
from typing import cast

from pb_service.core.rounds.documents import RuleDocument, Tie
from pb_service.core.tally.constraints import FIELDS as CONSTRAINTS
from pb_service.core.tally.constraints import check_constraints
from pb_service.core.tally.instance import Instance, TallyError
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules import equal_shares, greedy, max_welfare, phragmen
from pb_service.core.tally.rules.family import Progress, RuleFamily
from pb_service.core.tally.ties import check_ties, draw_of

_FAMILIES: dict[str, RuleFamily] = {
    family.name: family for family in (greedy.FAMILY, equal_shares.FAMILY, phragmen.FAMILY, max_welfare.FAMILY)
}
_SHORT_NAMES = {name: family for family in _FAMILIES.values() for name in family.short_names}

#: Every short name that rule_by_name takes, in a readable order.
RULE_NAMES: tuple[str, ...] = tuple(_SHORT_NAMES)


def rule_by_name(
    name: str,
    ties: Sequence[Tie] = ("id",),
    *,
    threshold: int | None = None,
    lot: str | None = None,
    unit: int = 100,
) -> RuleDocument:
    """Return the rule document of a short name with its tie rule; ``id`` is added at the end where it is missing.

    ``threshold`` is the least score that a project needs (greedy rules and maximum welfare only); ``lot`` the text of
    the public lot for the tie criterion ``draw``; ``unit`` the minor units in one currency unit, the step of add-one.
    Raises TallyError on an unknown name or an option that the rule does not have.
    """
    if name not in _SHORT_NAMES:
        raise TallyError(f"The rule {name!r} is not offered; there are {', '.join(RULE_NAMES)}.")
    family = _SHORT_NAMES[name]
    rule: dict[str, object] = {**deepcopy(family.short_names[name])}
    rule["ties"] = [*ties] if "id" in ties else [*ties, "id"]
    if "step" in rule:
        rule["step"] = unit
    if threshold is not None:
        if "threshold" not in family.options:
            raise TallyError(f"The rule {name!r} takes no threshold.")
        rule["threshold"] = threshold
    if lot is not None:
        rule["draw"] = draw_of(lot)
    document = cast(RuleDocument, rule)
    check_rule(document)
    return document


def check_rule(rule: RuleDocument) -> None:
    """Raise TallyError unless the document has the form of bundle.md section 8."""
    family = next((family for name, family in _FAMILIES.items() if name == rule.get("name")), None)
    if family is None:
        raise TallyError(f"There is no rule {rule.get('name')!r}; there are {', '.join(_FAMILIES)}.")
    if "weights" in rule and rule["name"] != "greedy":
        raise TallyError("Channels can be weighed under greedy only.")
    shared = CONSTRAINTS | {"draw"}
    family.check(cast(RuleDocument, {field: value for field, value in rule.items() if field not in shared}))
    if not isinstance(rule["ties"], list):
        raise TallyError("The field ties of a rule must be a list.")
    check_ties(rule["ties"], rule.get("draw"))
    check_constraints(rule)


def tally(instance: Instance, rule: RuleDocument, *, progress: Progress | None = None) -> Outcome:
    """Count an election under a rule: a pure function of its arguments, exact in every decision.

    ``progress`` is called during long completions with the number of steps done. Raises TallyError when the rule is
    malformed or does not go with the ballot format.
    """
    check_rule(rule)
    return _FAMILIES[rule["name"]].run(instance, rule, progress)
