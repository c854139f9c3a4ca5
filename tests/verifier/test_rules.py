"""Every rule and option of section 8 that a council can choose, in cases small enough to work out by hand."""

import hashlib
from typing import Any

import pytest

from tests.verifier import builder
from tests.verifier.builder import GREEDY, SHARES, contest, draw
from tests.verifier.test_recount import recount, whys

PHRAGMEN: dict[str, Any] = {"name": "phragmen", "unsupported": False, "ties": ["cost", "id"]}
WELFARE: dict[str, Any] = {"name": "max_welfare", "utility": "cardinality", "ties": ["cost", "id"]}


def test_density_ranks_by_score_for_the_money() -> None:
    """2 votes for 20 are more than 3 votes for 60."""
    outcome = recount(contest("a", [60, 20], GREEDY | {"density": True}, budget=60), [[0], [0], [0, 1], [1]])
    assert outcome["steps"] == [{"i": 1, "left": 60, "ok": True}, {"i": 0, "left": 40, "ok": False}]


def test_equal_densities_tie_whatever_the_scores() -> None:
    outcome = recount(contest("a", [60, 20], GREEDY | {"density": True}, budget=60), [[0], [0], [0, 1]])
    assert outcome["ties"] == [{"order": [1, 0], "by": ["cost"], "density": "1/20"}]


def test_who_gives_more_points_pays_more() -> None:
    """Two ballots with 50 each; 2 points and 1 point for a project of 60: 40 and 20. The first has 10 left."""
    rule = SHARES | {"utility": "points"}
    outcome = recount(contest("a", [60, 30], rule, fmt="points", budget=100), [[[0, 2], [1, 1]], [[0, 1], [1, 0]]])
    assert outcome["steps"] == [{"i": 0, "price": "20", "supporters": 2, "left": 40}]
    assert outcome["projects"][1] == {"votes": 2, "score": 1, "won": False, "why": {"c": "short", "money": "10"}}


def test_points_below_zero_are_no_support() -> None:
    rule = SHARES | {"utility": "points"}
    outcome = recount(contest("a", [5], rule, fmt="scores", budget=10), [[[0, -2]], [[0, 0]]])
    assert outcome["projects"][0] == {"votes": 2, "score": -2, "won": False, "why": {"c": "unsupported"}}


def test_the_last_place_of_a_ranking_is_no_support() -> None:
    outcome = recount(contest("a", [5, 5], SHARES | {"utility": "borda"}, fmt="ordinal", budget=10), [[0, 1]])
    assert whys(outcome) == ["bought", "unsupported"]


def test_percent_raises_the_endowment_by_parts_of_itself() -> None:
    """25 each, then 27.5, then 30: now the one supporter of p1 has its 30, and 76 does not fit beside it."""
    rule = SHARES | {"completion": "percent", "percent": 10}
    outcome = recount(contest("a", [76, 30], rule, budget=100), [[0], [0], [1], []])
    assert (outcome["endowment"], outcome["increments"], outcome["stop"]) == ("30", 2, "exhaustive")


def test_phragmen_spreads_loads() -> None:
    """20 for each of three; whoever has carried that would carry 60 with a second project of 40, somebody new 40."""
    outcome = recount(contest("a", [60, 40, 40], PHRAGMEN, budget=200), [[0, 1], [0], [0], [2]])
    assert outcome["steps"] == [
        {"i": 0, "load": "20", "supporters": 3, "left": 140},
        {"i": 2, "load": "40", "supporters": 1, "left": 100},
        {"i": 1, "load": "60", "supporters": 1, "left": 60},
    ]
    assert outcome["projects"][1]["why"] == {"c": "loaded", "round": 3, "load": "60"}


def test_phragmen_stops_where_a_project_of_least_load_does_not_fit() -> None:
    """All three have load 10. When p2 is paid, p1 does not fit, so p0, which does, is not paid either."""
    outcome = recount(contest("a", [30, 40, 10, 41], PHRAGMEN, budget=40), [*[[0]] * 3, *[[1]] * 4, [2], [3]])
    assert outcome["ties"] == [{"order": [2, 0, 1], "by": ["cost"], "round": 1}]
    assert whys(outcome) == ["late", "late", "loaded", "beyond"]


@pytest.mark.parametrize(("unsupported", "winners"), [(False, [0]), (True, [0, 1])])
def test_phragmen_funds_what_nobody_named_if_the_rule_says_so(unsupported: bool, winners: list[int]) -> None:
    rule = PHRAGMEN | {"unsupported": unsupported}
    assert recount(contest("a", [30, 40], rule, budget=100), [[0]])["winners"] == winners


def test_phragmen_after_equal_shares_starts_from_what_was_paid() -> None:
    """25 each. p0 costs its three supporters 20; then p1, of 40, would load its two with (20 + 40) / 2 = 30."""
    rule = SHARES | {"completion": "phragmen"}
    outcome = recount(contest("a", [60, 40], rule, budget=100), [[0], [0], [0, 1], [1]])
    assert [step["price"] for step in outcome["steps"]] == ["1/3"]
    assert outcome["after"] == [{"i": 1, "load": "30", "supporters": 2, "left": 0}]
    assert outcome["projects"][1]["why"] == {"c": "loaded", "round": 1, "load": "30"}


@pytest.mark.parametrize(("utility", "welfare"), [("cardinality", 4), ("cost", 200)])
def test_max_welfare_takes_two_small_before_one_large(utility: str, welfare: int) -> None:
    """3 votes for 60, or twice 2 votes for 50."""
    known = contest("a", [60, 50, 50], WELFARE | {"utility": utility}, budget=100)
    outcome = recount(known, [[0, 1], [0, 1], [0, 2], [2]])
    assert (outcome["winners"], outcome["welfare"]) == ([1, 2], welfare)
    assert whys(outcome) == ["not_best", "best", "best"]


def test_of_equal_welfare_the_first_in_tie_order_is_taken() -> None:
    """p1 with p2 or p0 alone, 2 votes either way: the cheapest project is p2, so the set that holds it."""
    outcome = recount(contest("a", [60, 40, 20], WELFARE, budget=60), [[0, 1], [0, 2]])
    assert outcome["winners"] == [1, 2]


def test_max_welfare_leaves_out_what_nobody_wants() -> None:
    rule = WELFARE | {"utility": "points", "threshold": -1}
    outcome = recount(contest("a", [1, 1, 1], rule, fmt="scores", budget=9), [[[0, 1], [1, -1], [2, -2]]])
    assert whys(outcome) == ["best", "unsupported", "below_threshold"]


@pytest.mark.parametrize("rule", [GREEDY, SHARES, PHRAGMEN, WELFARE])
def test_mandatory_projects_come_first_and_nobody_pays_for_them(rule: dict[str, Any]) -> None:
    """p1 has no vote; what it leaves of 100 is 40, and p0 costs 41."""
    outcome = recount(contest("a", [41, 60, 40], rule | {"mandatory": [1]}, budget=100), [[0, 2], [0, 2]])
    assert outcome["winners"] == [1, 2]
    assert outcome["projects"][1]["why"] == {"c": "mandatory"}
    assert outcome.get("endowment", "20") == "20"


@pytest.mark.parametrize("rule", [GREEDY, GREEDY | {"skip": False}, SHARES, PHRAGMEN])
def test_of_an_exclusive_set_one_is_funded(rule: dict[str, Any]) -> None:
    """The second of a set passes even where counting stops at what does not fit: it is not the money that it lacks."""
    known = contest("a", [30, 24, 10], rule | {"exclusive": [[0, 1]]}, budget=100)
    outcome = recount(known, [[0, 1], [0, 1], [0, 2], [2]])
    assert outcome["winners"] == [0, 2]
    why = outcome["projects"][1]["why"]
    assert (why["c"], why["by"]) == ("exclusive", 0)


@pytest.mark.parametrize("rule", [GREEDY, SHARES, PHRAGMEN])
def test_a_category_has_a_budget_of_its_own(rule: dict[str, Any]) -> None:
    known = contest("a", [30, 24, 10], rule | {"categories": [{"i": [0, 1], "budget": 49}]}, budget=100)
    outcome = recount(known, [[0, 1], [0, 1], [0, 2], [2]])
    assert outcome["winners"] == [0, 2]
    why = outcome["projects"][1]["why"]
    assert (why["c"], why["left"]) == ("category", 19)


@pytest.mark.parametrize(
    "limit", [{"exclusive": [[0, 1]]}, {"categories": [{"i": [0, 1], "budget": 59}]}, {"mandatory": [2]}]
)
def test_max_welfare_within_constraints(limit: dict[str, Any]) -> None:
    """Without them p0 and p1, with 3 and 2 votes, would be the best for 60."""
    outcome = recount(contest("a", [30, 30, 30], WELFARE | limit, budget=60), [[0, 1], [0, 1], [0], [2]])
    assert outcome["winners"] == [0, 2]


def test_a_project_must_have_votes_for_its_cost() -> None:
    """A third of the budget for each voter: 4 x 100 / (3 x 120) is more than 1 vote, so 2 are needed."""
    known = contest("a", [100, 100, 10], GREEDY | {"per_cost": "1/3"}, budget=120)
    outcome = recount(known, [[0], [1], [1], [2]])
    assert outcome["projects"][0]["why"] == {"c": "below_threshold", "threshold": 2}
    assert outcome["winners"] == [1, 2]


def test_greedy_is_taken_if_more_voters_prefer_it() -> None:
    """Equal Shares pays p1 and p2, 30 each from three voters; six others wanted p0 for 100, and have 60."""
    rule = SHARES | {"compare": "greedy"}
    ballots = [*[[0]] * 6, *[[1]] * 2, *[[2]] * 2]
    outcome = recount(contest("a", [100, 20, 20], rule, budget=100), ballots)
    assert outcome["winners"] == [0]
    assert outcome["compare"] == {"equal_shares": 4, "greedy": 6, "taken": "greedy", "cost": 40, "other": [1, 2]}
    assert "endowment" not in outcome


def test_equal_shares_stays_if_as_many_prefer_it() -> None:
    outcome = recount(contest("a", [100, 50], SHARES | {"compare": "greedy"}, budget=100), [[0], [1]])
    assert outcome["compare"] == {"equal_shares": 0, "greedy": 0, "taken": "equal_shares", "cost": 50, "other": [1]}
    assert outcome["stop"] == "fixed"


def test_a_lot_orders_ties() -> None:
    """By the hash of seed, contest and id, each behind its length in four bytes."""
    known = contest("a", [5] * 4, GREEDY | {"ties": ["draw", "id"], "draw": draw("six of spades")}, budget=5)
    seed = hashlib.sha256(b"\0\0\0\6pb/lot\0\0\0\x0dsix of spades").digest()
    drawn = [b"\0\0\0\7pb/draw\0\0\0\x20" + seed + b"\0\0\0\1a\0\0\0\2p%d" % project for project in range(4)]
    outcome = recount(known, [[]])
    order = sorted(range(4), key=lambda project: hashlib.sha256(drawn[project]).digest())
    assert outcome["ties"] == [{"score": 0, "order": order, "by": ["draw"]}]
    assert builder.draw("six of spades")["seed"] == builder.b64u(seed)
