"""Maximum welfare, on elections small enough to try all sets. The same cases stand in docs/rules.md."""

from itertools import product
from typing import Any

import pytest

from pb_service.core.tally import Instance, Project, TallyError, knapsack, rule_by_name, tally
from pb_service.core.tally.knapsack import Item, Unproved, most_valuable
from tests.unit.core.tally.elections import election, won


def test_two_that_fit_together_beat_one_with_more_votes() -> None:
    instance = election({"a": 60, "b": 50, "c": 50}, 100, ["ab", "ac", "a", "bc"])
    assert won(instance, tally(instance, rule_by_name("greedy_score"))) == "a"
    outcome = tally(instance, rule_by_name("maxwelfare_card"))
    assert (won(instance, outcome), outcome.welfare) == ("bc", 4)
    assert [project["why"]["c"] for project in outcome.projects] == ["not_best", "best", "best"]


def test_with_cost_utility_a_dear_project_is_worth_more() -> None:
    instance = election({"a": 90, "b": 50, "c": 40}, 90, ["ab", "ac", "abc"])
    outcome = tally(instance, rule_by_name("maxwelfare_cost"))
    assert (won(instance, outcome), outcome.welfare) == ("a", 270)


def test_of_equal_optima_the_tie_order_takes_the_one_with_its_first_project() -> None:
    instance = election({"a": 10, "b": 20, "c": 10}, 20, ["ab", "bc"])
    assert won(instance, tally(instance, rule_by_name("maxwelfare_card"))) == "ac"
    assert won(instance, tally(instance, rule_by_name("maxwelfare_card", ["cost_desc"]))) == "b"


def test_projects_without_votes_are_no_candidates_although_they_would_fit() -> None:
    instance = election({"a": 10, "b": 10}, 20, ["a"])
    outcome = tally(instance, rule_by_name("maxwelfare_card"))
    assert (won(instance, outcome), outcome.projects[1]["why"]) == ("a", {"c": "unsupported"})


def test_points_may_be_negative_and_are_then_no_welfare() -> None:
    instance = Instance([Project("a", 5), Project("b", 5)], 10, "scores", [[[0, -1], [1, 1]], [[0, 1]]])
    assert won(instance, tally(instance, rule_by_name("points_maxwelfare"))) == "b"


def test_a_threshold_puts_projects_out_before_the_search() -> None:
    instance = election({"a": 60, "b": 50, "c": 50}, 100, ["ab", "ac", "a", "bc"])
    outcome = tally(instance, rule_by_name("maxwelfare_card", threshold=3))
    assert won(instance, outcome) == "a"
    assert outcome.projects[1]["why"] == {"c": "below_threshold", "threshold": 3}


def test_values_beyond_64_bits_are_compared_exactly() -> None:
    """Floats cannot tell 2^70 + 1 from 2^70."""
    items = [Item(0, 10, 2**70), Item(1, 10, 2**70 + 1), Item(2, 10, 2**70 - 1)]
    assert most_valuable(items, 20) == frozenset({0, 1})
    assert most_valuable(items, 20, 2**71 + 2) is None


def test_a_search_beyond_its_limit_says_that_nothing_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MAX_SETS", 1)
    instance = election({"a": 60, "b": 50, "c": 49, "d": 30}, 100, ["ab", "ac", "ad", "bc", "d"])
    with pytest.raises(Unproved, match="could not be found and proved"):
        tally(instance, rule_by_name("maxwelfare_cost"))


def test_a_search_among_constraints_beyond_its_limit_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MAX_BRANCHES", 2)
    rule: Any = {**rule_by_name("maxwelfare_card"), "exclusive": [[0, 1]]}
    with pytest.raises(Unproved):
        tally(election({"a": 60, "b": 50, "c": 50}, 100, ["ab", "ac", "bc"]), rule)


@pytest.mark.parametrize("change", [{"utility": "joy"}, {"threshold": 0.5}, {"skip": True}])
def test_an_impossible_rule_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(TallyError):
        tally(election({"a": 10}, 10, []), {**rule_by_name("maxwelfare_card"), **change})  # type: ignore[arg-type]


def test_the_search_finds_what_trying_every_set_finds() -> None:
    """Nine items of awkward costs and values, every budget up to their sum."""
    items = [Item(n, cost, value) for n, (cost, value) in enumerate(zip(_COSTS, _VALUES, strict=True))]
    sets = [[item for item, taken in zip(items, chosen, strict=True) if taken] for chosen in product((0, 1), repeat=9)]
    worth = [(sum(i.cost for i in chosen), sum(i.value for i in chosen)) for chosen in sets]
    for budget in range(sum(_COSTS) + 1):
        found = most_valuable(items, budget)
        assert found is not None
        assert sum(items[n].cost for n in found) <= budget
        assert sum(items[n].value for n in found) == max(value for cost, value in worth if cost <= budget)


_COSTS = [13, 7, 29, 17, 5, 23, 11, 31, 3]
_VALUES = [14, 7, 30, 16, 6, 25, 10, 33, 3]
