"""Mandatory projects, exclusive sets, categories and support for the cost. The same cases stand in docs/rules.md."""

import hashlib
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from pb_service.core.tally import Instance, Outcome, Project, TallyError, rule_by_name, tally
from pb_service.core.tally.ties import TieOrder, draw_of
from tests.unit.core.tally.elections import election, won

COSTS = {"a": 40, "b": 30, "c": 20, "d": 10}
BALLOTS = ["abc", "abc", "ab", "a", "cd"]
#: Votes: a 4, b 3, c 3, d 1.
ALL = ["greedy_score", "mes_cost_add1_u", "phragmen", "maxwelfare_card"]


def count(rule: str, budget: int = 100, **fields: Any) -> tuple[str, Outcome]:
    instance = election(COSTS, budget, BALLOTS)
    outcome = tally(instance, {**rule_by_name(rule, unit=1), **fields})  # type: ignore[arg-type]
    return won(instance, outcome), outcome


@pytest.mark.parametrize("rule", ALL)
def test_a_mandatory_project_is_funded_first_and_the_others_share_what_is_left(rule: str) -> None:
    winners, outcome = count(rule, 30, mandatory=[3])
    assert winners == "cd"
    assert outcome.projects[3]["why"] == {"c": "mandatory"}
    assert outcome.cost <= 30
    assert 3 not in [step["i"] for step in outcome.steps]


@pytest.mark.parametrize("rule", ALL)
def test_of_an_exclusive_set_one_project_is_funded(rule: str) -> None:
    winners, outcome = count(rule, exclusive=[[0, 1]])
    assert winners == "acd"
    assert outcome.projects[1]["why"].get("by", 0) == 0


@pytest.mark.parametrize("rule", ALL)
def test_the_projects_of_a_category_keep_within_its_budget(rule: str) -> None:
    winners, outcome = count(rule, categories=[{"i": [0, 1, 2], "budget": 60}])
    assert winners in ("acd", "bcd")
    assert outcome.cost <= 70


def test_greedy_says_at_its_turn_why_a_project_was_barred() -> None:
    _, outcome = count("greedy_score_no_skip", exclusive=[[1, 2]], categories=[{"i": [0, 1], "budget": 60}])
    assert outcome.projects[1]["why"] == {"c": "category", "left": 20, "rank": 2}
    assert won(election(COSTS, 1, []), outcome) == "acd", "a barred project stops nobody"
    _, outcome = count("greedy_score", exclusive=[[1, 2]])
    assert outcome.projects[2]["why"] == {"c": "exclusive", "by": 1, "rank": 3}
    assert outcome.steps[2] == {"i": 2, "left": 30, "ok": False}


def test_equal_shares_removes_a_barred_project_and_nobody_pays_for_it() -> None:
    winners, outcome = count("mes_cost_none", exclusive=[[0, 2]])
    assert winners == "abd"
    assert outcome.projects[2]["why"] == {"c": "exclusive", "by": 0}


def test_support_is_asked_in_proportion_to_the_cost() -> None:
    """a costs 2/5 of the budget and has 4 of 5 votes: exactly twice as large a part, so 2 lets it in and 3 does not."""
    winners, _ = count("mes_cost_none", per_cost="2")
    assert "a" in winners
    winners, outcome = count("mes_cost_none", per_cost="3")
    assert outcome.projects[0]["why"] == {"c": "below_threshold", "threshold": 6}
    assert "a" not in winners


def test_a_project_out_for_want_of_support_is_not_asked_whether_it_fits() -> None:
    instance = election({"a": 10, "b": 10}, 20, ["a", "a", "a"])
    rule: Any = {**rule_by_name("mes_cost_add1_integral", unit=1), "per_cost": "1/9"}
    assert tally(instance, rule).stop == "exhaustive"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"per_cost": "2/6"}, "lowest terms"),
        ({"per_cost": "0"}, "above 0"),
        ({"per_cost": 1}, "fraction"),
        ({"mandatory": []}, "at least 1"),
        ({"mandatory": [1, 1]}, "increasing"),
        ({"mandatory": [9]}, "does not exist"),
        ({"mandatory": [0, 1, 2, 3], "categories": [{"i": [0, 1], "budget": 10}]}, "budget of their category"),
        ({"mandatory": [0, 1], "exclusive": [[0, 1]]}, "exclude each other"),
        ({"exclusive": [[0]]}, "at least 2"),
        ({"exclusive": {}}, "list of sets"),
        ({"categories": [{"i": [0]}]}, "fields i and budget"),
        ({"categories": [{"i": [0], "budget": -1}]}, "not negative"),
        ({"categories": "parks"}, "list of categories"),
    ],
)
def test_an_impossible_constraint_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(TallyError, match=told):
        count("greedy_score", **fields)


def test_mandatory_projects_must_fit_into_the_budget() -> None:
    with pytest.raises(TallyError, match="more than the budget"):
        count("greedy_score", 39, mandatory=[0])


def test_the_drawn_order_follows_from_the_text_of_the_lot_the_contest_and_the_id() -> None:
    def h32(*parts: bytes) -> bytes:
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()

    draw = draw_of("7 12 31 33 40 2")
    seed = h32(b"pb/lot", b"7 12 31 33 40 2")
    assert urlsafe_b64decode(draw["seed"] + "=") == seed
    instance = Instance([Project(id_, 1) for id_ in "abcdef"], 3, "approval", [], contest="ursus")
    order = sorted(range(6), key=lambda n: h32(b"pb/draw", seed, b"ursus", "abcdef"[n].encode()))
    assert TieOrder(instance, ["draw", "id"], draw).resolve(range(6)) == (order, ["draw"])
    rule: Any = {**rule_by_name("greedy_score"), "ties": ["draw", "id"], "draw": draw}
    assert tally(instance, rule).winners == tuple(sorted(order[:3]))


@pytest.mark.parametrize(
    ("ties", "draw", "told"),
    [
        (["draw", "id"], None, "needs the text"),
        (["id"], draw_of("x"), "does not name draw"),
        (["draw", "id"], {"lot": "y", "seed": draw_of("x")["seed"]}, "seed that follows"),
        (["draw", "id"], draw_of(""), "1 to 1,000"),
    ],
)
def test_a_lot_that_does_not_go_with_the_tie_rule_is_refused(ties: Any, draw: Any, told: str) -> None:
    fields = {"ties": ties} | ({"draw": draw} if draw else {})
    with pytest.raises(TallyError, match=told):
        count("greedy_score", **fields)
