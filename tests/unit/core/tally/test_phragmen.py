"""Sequential Phragmen, on elections small enough to count on paper. The same cases stand in docs/rules.md."""

import pytest

from pb_service.core.tally import Instance, TallyError, rule_by_name, tally
from tests.unit.core.tally.elections import election, won

#: a costs its three supporters 4 each, b its two 3 each, c its one 5.
COSTS = {"a": 12, "b": 6, "c": 5}
BALLOTS = ["ab", "ab", "a", "c"]


def test_the_least_burden_goes_first_and_what_was_carried_before_counts() -> None:
    """b burdens two with 3; then a would burden three with (12 + 3 + 3)/3 = 6, so c with 5 comes before it."""
    instance = election(COSTS, 23, BALLOTS)
    outcome = tally(instance, rule_by_name("phragmen"))
    assert outcome.steps == (
        {"i": 1, "supporters": 2, "left": 17, "load": "3"},
        {"i": 2, "supporters": 1, "left": 12, "load": "5"},
        {"i": 0, "supporters": 3, "left": 0, "load": "6"},
    )
    assert outcome.projects[0]["why"] == {"c": "loaded", "round": 3, "load": "6"}


def test_counting_stops_where_the_least_burden_is_of_a_project_that_does_not_fit() -> None:
    instance = election(COSTS, 20, BALLOTS)
    outcome = tally(instance, rule_by_name("phragmen"))
    assert won(instance, outcome) == "bc"
    assert outcome.projects[0]["why"] == {"c": "late", "load": "6"}


def test_counting_stops_if_one_of_the_tied_does_not_fit() -> None:
    """c comes at 4; then a is at 5 + 4 and b at 18/2 = 9 too: a would fit into 6, b does not."""
    instance = election({"a": 5, "b": 18, "c": 4}, 18, ["ac", "b", "b"])
    outcome = tally(instance, rule_by_name("phragmen"))
    assert won(instance, outcome) == "c"
    assert [outcome.projects[n]["why"] for n in (0, 1)] == [{"c": "late", "load": "9"}] * 2


def test_what_costs_more_than_the_budget_stops_nobody() -> None:
    instance = election({"a": 30, "b": 20}, 20, ["a", "a", "a", "b"])
    outcome = tally(instance, rule_by_name("phragmen"))
    assert won(instance, outcome) == "b"
    assert outcome.projects[0]["why"] == {"c": "beyond", "left": 20}


@pytest.mark.parametrize(("rule", "winners"), [("phragmen", "ab"), ("phragmen_supported", "a")])
def test_projects_without_votes_come_last_or_not_at_all(rule: str, winners: str) -> None:
    instance = election({"a": 10, "b": 5}, 20, ["a"])
    outcome = tally(instance, rule_by_name(rule))
    assert won(instance, outcome) == winners
    if rule == "phragmen":
        assert outcome.steps[1] == {"i": 1, "supporters": 0, "left": 5}


def test_without_room_for_all_unsupported_projects_none_of_them_is_funded() -> None:
    instance = election({"a": 10, "b": 5, "c": 11}, 20, ["a"])
    outcome = tally(instance, rule_by_name("phragmen"))
    assert (won(instance, outcome), outcome.projects[1]["why"]) == ("a", {"c": "unsupported"})


def test_equal_loads_go_by_the_tie_rule_and_are_reported() -> None:
    instance = election({"a": 10, "b": 10}, 10, ["a", "b"])
    outcome = tally(instance, rule_by_name("phragmen", ["votes", "id"]))
    assert won(instance, outcome) == "a"
    assert outcome.ties == ({"order": [0, 1], "by": ["votes", "id"], "round": 1},)


def test_without_ballots_only_the_tie_rule_speaks() -> None:
    instance = election({"a": 10}, 10, [])
    assert won(instance, tally(instance, rule_by_name("phragmen"))) == "a"
    assert won(instance, tally(instance, rule_by_name("phragmen_supported"))) == ""


@pytest.mark.parametrize("change", [{"unsupported": 1}, {"threshold": 3}, {"skip": True}])
def test_an_impossible_rule_is_refused(change: dict[str, object]) -> None:
    instance: Instance = election({"a": 10}, 10, [])
    with pytest.raises(TallyError):
        tally(instance, {**rule_by_name("phragmen"), **change})  # type: ignore[arg-type]
