"""Counting: elections, rules and outcomes. Pure functions; integers and fractions decide."""

from pb_service.core.tally.instance import Instance, Project, TallyError
from pb_service.core.tally.outcome import Outcome
from pb_service.core.tally.rules import RULE_NAMES, check_rule, rule_by_name, tally

__all__ = ["RULE_NAMES", "Instance", "Outcome", "Project", "TallyError", "check_rule", "rule_by_name", "tally"]
