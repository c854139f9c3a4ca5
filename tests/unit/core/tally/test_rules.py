"""The names of the rules, and the tie rule."""

from typing import Any

import pytest

from pb_service.core.tally import RULE_NAMES, TallyError, check_rule, rule_by_name
from pb_service.core.tally.ties import TieOrder
from tests.unit.core.tally.elections import election


@pytest.mark.parametrize("name", RULE_NAMES)
def test_every_short_name_gives_a_well_formed_rule(name: str) -> None:
    rule = rule_by_name(name, ["cost", "id"])
    check_rule(rule)
    assert rule["ties"] == ["cost", "id"]


def test_a_step_of_add_one_is_one_currency_unit() -> None:
    assert rule_by_name("mes_cost_add1") == {
        "name": "equal_shares",
        "utility": "cost",
        "completion": "add_one",
        "step": 100,
        "start": "exact",
        "stop": "exhaustive",
        "ties": ["id"],
    }
    assert rule_by_name("mes_card_add1_integral_u", unit=1000).get("step") == 1000


def test_the_id_is_added_to_a_tie_rule_that_does_not_end_with_it() -> None:
    assert rule_by_name("greedy_score", ["votes"])["ties"] == ["votes", "id"]


@pytest.mark.parametrize("name", ["greedy", "mes", "maximin_support", ""])
def test_a_rule_that_is_not_offered_is_refused(name: str) -> None:
    with pytest.raises(TallyError, match="not offered"):
        rule_by_name(name)


def test_a_rule_takes_no_option_that_it_does_not_have() -> None:
    with pytest.raises(TallyError, match="takes no threshold"):
        rule_by_name("mes_cost_none", threshold=5)


@pytest.mark.parametrize(
    ("ties", "told"), [(["size", "id"], "no tie rule 'size'"), (["id", "id"], "twice"), (["id", "cost"], "end with id")]
)
def test_a_tie_rule_that_does_not_decide_is_refused(ties: list[Any], told: str) -> None:
    with pytest.raises(TallyError, match=told):
        rule_by_name("greedy_score", ties)


@pytest.mark.parametrize(
    "change",
    [
        {"by": "luck"},
        {"skip": 1},
        {"threshold": 0.5},
        {"threshold": True},
        {"extra": 1},
        {"name": "lottery"},
        {"name": []},
        {"ties": 3},
    ],
)
def test_an_impossible_greedy_rule_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TallyError):
        check_rule({**rule_by_name("greedy_score"), **change})  # type: ignore[arg-type]


def test_ids_are_compared_as_text_by_code_point() -> None:
    instance = election({"9": 1, "B": 1, "a": 1, "Ä": 1}, 1, [])
    order, by = TieOrder(instance, ["id"]).resolve([3, 2, 1, 0])
    assert ([instance.projects[number].id for number in order], by) == (["9", "B", "a", "Ä"], ["id"])


def test_a_tie_names_the_shortest_part_of_the_rule_that_decides_it() -> None:
    order = TieOrder(election({"a": 2, "b": 1, "c": 1}, 1, ["c"]), ["cost_desc", "votes", "id"])
    assert order.resolve([1, 0]) == ([0, 1], ["cost_desc"])
    assert order.resolve([1, 2]) == ([2, 1], ["cost_desc", "votes"])
    assert order.resolve([2, 1, 0]) == ([0, 2, 1], ["cost_desc", "votes"])
