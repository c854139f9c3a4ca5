"""Whether a tie mattered, proved or counted."""

import random
from itertools import product
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.tally import Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.sensitivity import Examined, affordable, examine, other_optimum
from tests.unit.core.tally.elections import election, real

HARMLESS = Examined(False, "proved")


def known(instance: Instance, outcome: Outcome, most: int | None = None) -> list[Examined]:
    return examine(instance, outcome, most)[0]


@pytest.mark.parametrize("rule", ["greedy_score", "mes_cost_add1_u", "phragmen"])
def test_a_tie_for_the_last_money_matters(rule: str) -> None:
    instance = election({"a": 10, "b": 10}, 10, ["a", "b"])
    outcome = tally(instance, rule_by_name(rule, ["cost", "id"], unit=1))
    assert known(instance, outcome)[-1] == Examined(True, "counted")


@pytest.mark.parametrize("rule", ["greedy_score", "mes_cost_none", "phragmen"])
def test_a_tie_of_projects_that_are_both_funded_does_not(rule: str) -> None:
    instance = election({"a": 10, "b": 10}, 20, ["a", "b"])
    assert known(instance, tally(instance, rule_by_name(rule, unit=1)), 0) == [HARMLESS]


def test_each_of_three_is_tried() -> None:
    """b first changes nothing for a, which still fits beside it; c first leaves room for none."""
    instance = election({"a": 10, "b": 10, "c": 20}, 20, ["abc"])
    assert known(instance, tally(instance, rule_by_name("greedy_score"))) == [Examined(True, "counted")]
    instance = election({"a": 10, "b": 10, "c": 21}, 20, ["abc"])
    assert known(instance, tally(instance, rule_by_name("greedy_score"))) == [Examined(False, "counted")]


def test_projects_that_share_no_voter_cannot_be_in_each_others_way() -> None:
    """Under every completion of Equal Shares that counts no more than runs."""
    instance = election({"a": 10, "b": 10, "c": 9}, 31, ["a", "b", "c"])
    assert set(known(instance, tally(instance, rule_by_name("mes_cost_add1", unit=1)), 0)) <= {HARMLESS}


def test_projects_of_the_same_voters_and_cost_are_interchangeable() -> None:
    """Both are funded, in any order; the third voter's project is the same after either."""
    instance = election({"a": 10, "b": 10, "c": 10}, 30, ["ab", "ab", "c"])
    outcome = tally(instance, rule_by_name("mes_cost_add1", unit=1))
    assert outcome.ties
    assert set(known(instance, outcome, 0)) == {HARMLESS}


def test_what_is_not_counted_is_said_not_to_be_known() -> None:
    instance = election({"a": 10, "b": 10}, 10, ["a", "b"])
    outcome = tally(instance, rule_by_name("greedy_score"))
    assert examine(instance, outcome, 0) == ([Examined(None, "not_examined")], 0)
    assert examine(instance, outcome, 1) == ([Examined(True, "counted")], 1)


def test_a_long_count_is_not_repeated_by_default() -> None:
    """A hundred runs over a hundred thousand entries are more than any recount is worth; a small election has some."""
    _, instance = real("Netherlands_Amsterdam_252")
    outcome = tally(instance, rule_by_name("mes_cost_none"))
    assert (affordable(instance, outcome, 100), affordable(instance, outcome, 1) > 0) == (0, True)


RULES = [
    "greedy_score",
    "mes_cost_none_u",
    "mes_card_add1",
    "mes_cost_add1_noexh_compare",
    "mes_card_phragmen_u",
    "phragmen",
]


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_is_proved_is_what_a_count_would_say(rule: str, seed: int) -> None:
    """Many equal costs and ballots; what was proved without counting is counted here."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    projects = [Project(f"p{n}", rng.choice([10, 10, 20, 7])) for n in range(rng.randint(2, 6))]
    numbers = range(len(projects))
    ballots = [sorted(rng.sample(numbers, rng.randint(0, 3) % (len(projects) + 1))) for _ in range(rng.randint(1, 8))]
    instance = Instance(projects, rng.randint(5, 60), "approval", ballots, 1)
    fields = {"exclusive": [sorted(rng.sample(numbers, 2))]} if rng.random() < 0.3 else {}
    outcome = tally(instance, cast(Any, {**rule_by_name(rule, ["cost"], unit=1), **fields}))
    proved, counted = known(instance, outcome, 0), known(instance, outcome)
    for one, two in zip(proved, counted, strict=True):
        assert one.changes in (None, two.changes)


@pytest.mark.parametrize("sets", [False, True])
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_another_optimum_is_found_if_there_is_one(sets: bool, seed: int) -> None:
    """Every set is tried."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    projects = [Project(f"p{n}", rng.choice([10, 20, 7])) for n in range(rng.randint(2, 6))]
    numbers = range(len(projects))
    ballots = [sorted(rng.sample(numbers, rng.randint(0, 2))) for _ in range(rng.randint(1, 8))]
    instance = Instance(projects, rng.randint(5, 60), "approval", ballots, 1)
    fields = {"exclusive": [sorted(rng.sample(numbers, 2))]} if sets else {}
    outcome = tally(instance, cast(Any, {**rule_by_name("maxwelfare_card"), **fields}))
    as_good = 0
    for row in product((True, False), repeat=len(projects)):
        chosen = {n for n, taken in enumerate(row) if taken and instance.votes[n]}
        fits = sum(projects[n].cost for n in chosen) <= instance.budget
        fits = fits and all(len(chosen & {*group}) < 2 for group in fields.get("exclusive", []))
        none_idle = all(instance.votes[n] for n, taken in enumerate(row) if taken)
        as_good += fits and none_idle and sum(instance.votes[n] for n in chosen) == outcome.welfare
    assert other_optimum(instance, outcome) == (as_good > 1)
    assert other_optimum(instance, outcome, 0) in (None, as_good > 1)
