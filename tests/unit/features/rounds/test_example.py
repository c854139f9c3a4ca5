"""The example by which rules are explained: the tally's own counts of it."""

import pytest

from pb_service.core.rounds.setup import RuleStep
from pb_service.features.rounds import example


@pytest.mark.parametrize(
    ("rule", "winners", "heard"),
    [
        (RuleStep(), ("A", "B"), 60),
        (RuleStep(density=True), ("B", "C", "D"), 98),
        (RuleStep(name="equal_shares"), ("A", "C", "D"), 100),
        (RuleStep(name="equal_shares", utility="points"), ("A", "C", "D"), 100),
        (RuleStep(name="phragmen"), ("B", "C", "D"), 98),
        (RuleStep(name="max_welfare"), ("A", "B"), 60),
        (RuleStep(by="borda", ties=("draw", "id")), ("A", "C", "D"), 100),
    ],
)
def test_rules_differ_in_what_they_choose_and_in_who_gets_something(
    rule: RuleStep, winners: tuple[str, ...], heard: int
) -> None:
    counted = example.count(rule)
    assert counted
    assert (counted.winners, counted.heard) == (winners, heard)
    assert counted.left == example.BUDGET - sum(example.COSTS[letter] for letter in winners)


def test_a_threshold_that_the_example_cannot_reach_is_left_out() -> None:
    assert example.count(RuleStep(threshold=5000)) == example.count(RuleStep())
    assert example.count(RuleStep(threshold=59)) == example.Counted(("A",), 4_000_000, 60)


def test_a_rule_that_cannot_be_counted_is_told_as_such() -> None:
    assert example.count(RuleStep(name="equal_shares", step=0)) is None


def test_the_table_says_what_the_words_say() -> None:
    assert [(item.letter, item.votes) for item in example.items()] == [("A", 60), ("B", 58), ("C", 40), ("D", 38)]
    assert example.VOTERS == 100
