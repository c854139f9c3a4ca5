"""Whether a tie mattered."""

import pytest

from pb_service.core.tally import rule_by_name, tally
from pb_service.core.tally.sensitivity import decisive
from tests.unit.core.tally.elections import election


@pytest.mark.parametrize("rule", ["greedy_score", "mes_cost_add1_u", "phragmen"])
def test_a_tie_for_the_last_money_matters(rule: str) -> None:
    instance = election({"a": 10, "b": 10}, 10, ["a", "b"])
    outcome = tally(instance, rule_by_name(rule, ["cost", "id"], unit=1))
    assert decisive(instance, outcome)[-1]


@pytest.mark.parametrize("rule", ["greedy_score", "mes_cost_none", "phragmen"])
def test_a_tie_of_projects_that_are_both_funded_does_not(rule: str) -> None:
    instance = election({"a": 10, "b": 10}, 20, ["a", "b"])
    outcome = tally(instance, rule_by_name(rule, unit=1))
    assert decisive(instance, outcome) == [False]


def test_each_of_three_is_tried() -> None:
    """b first changes nothing for a, which still fits beside it; c first leaves room for none."""
    instance = election({"a": 10, "b": 10, "c": 20}, 20, ["abc"])
    assert decisive(instance, tally(instance, rule_by_name("greedy_score"))) == [True]
    instance = election({"a": 10, "b": 10, "c": 21}, 20, ["abc"])
    assert decisive(instance, tally(instance, rule_by_name("greedy_score"))) == [False]
