"""The verifier's tally: small cases worked out by hand, and the literal count of naive.py on random elections."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.verifier import tally
from pb_service.verifier.canonical import dumps
from pb_service.verifier.checks import first_difference
from pb_service.verifier.manifest import read_manifest
from tests.verifier import builder, naive
from tests.verifier.builder import ADD_ONE, GREEDY, SHARES, contest


def recount(known: dict[str, Any], ballots: list[Any]) -> dict[str, Any]:
    """What the verifier counts for a contest of the manifest."""
    plan = builder.plan([(known, ballots)])
    manifest = read_manifest(plan.files()["manifest.json"])
    return tally.outcome(manifest.contests[0], manifest.eid, sorted(ballots), lambda _contest, _increments: None)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_it_agrees_with_a_literal_count(seed: int) -> None:
    """Every format, rule, completion, limit and tie order, byte for byte."""
    known, ballots = builder.random_contest(seed)
    found = recount(known, ballots)
    expected = naive.outcome(known, 100, found["e"], sorted(ballots))
    assert dumps(found) == dumps(expected), first_difference(found, expected)


def whys(outcome: dict[str, Any]) -> list[str]:
    return [project["why"]["c"] for project in outcome["projects"]]


def test_greedy_skips_what_does_not_fit() -> None:
    outcome = recount(contest("a", [6, 5, 4], GREEDY, budget=10), [[0], [0], [0], [1], [1], [2]])
    assert outcome["winners"] == [0, 2]
    assert outcome["steps"] == [
        {"i": 0, "left": 10, "ok": True},
        {"i": 1, "left": 4, "ok": False},
        {"i": 2, "left": 4, "ok": True},
    ]
    assert outcome["projects"][1]["why"] == {"c": "too_dear", "rank": 2, "left": 4}


def test_greedy_without_skipping_stops_at_the_first_misfit() -> None:
    outcome = recount(contest("a", [6, 5, 4], GREEDY | {"skip": False}, budget=10), [[0], [0], [0], [1], [1], [2]])
    assert outcome["winners"] == [0]
    assert outcome["steps"][-1] == {"i": 1, "left": 4, "ok": False}
    assert outcome["projects"][2]["why"] == {"c": "stopped", "rank": 3, "by": 1}


def test_greedy_leaves_out_what_is_below_the_threshold() -> None:
    outcome = recount(contest("a", [6, 4], GREEDY | {"threshold": 2}, budget=10), [[0], [0], [1]])
    assert outcome["winners"] == [0]
    assert outcome["projects"][1]["why"] == {"c": "below_threshold", "threshold": 2}


def test_greedy_funds_what_nobody_named_if_it_fits() -> None:
    assert recount(contest("a", [6, 4], GREEDY, budget=10), [[0]])["winners"] == [0, 1]


def test_points_and_borda_scores() -> None:
    points = recount(contest("a", [6, 4], GREEDY | {"by": "points"}, fmt="points"), [[[0, 3], [1, 1]], [[1, 1]]])
    borda = recount(contest("a", [6, 4, 1], GREEDY | {"by": "borda"}, fmt="ordinal"), [[1, 0, 2], [0]])
    assert [project["score"] for project in points["projects"]] == [3, 2]
    assert [project["score"] for project in borda["projects"]] == [1, 2, 0]


def test_a_tie_names_the_criteria_that_decided_it() -> None:
    """Two projects of one price: only the ids tell them apart, and "10" comes before "9"."""
    known = contest("a", [5, 5, 4], GREEDY, budget=5)
    known["pro"] = [["9", 5], ["10", 5], ["x", 4]]
    tied = recount(known, [[0, 1], [2]])
    assert tied["ties"] == [{"score": 1, "order": [2, 1, 0], "by": ["cost", "id"]}]
    assert recount(contest("a", [5, 4], GREEDY, budget=5), [[0, 1]])["ties"][0]["by"] == ["cost"]


@pytest.mark.parametrize(("voters", "cost"), [(61, 150_000), (142, 200_000), (12, 100), (3, 1)])
def test_shares_that_do_not_divide_still_add_up(voters: int, cost: int) -> None:
    """One project costs the whole budget and everybody supports it: n times float(B/n) can be less than B."""
    outcome = recount(contest("a", [cost], SHARES, budget=cost), [[0]] * voters)
    assert outcome["winners"] == [0]
    assert outcome["projects"][0]["won"]


def test_equal_shares_by_hand() -> None:
    """Four voters with 25 each. p0 costs 60 for three: rho = 20/60. p1 costs 30: its two supporters have 5 and 25."""
    outcome = recount(contest("a", [60, 30], SHARES, budget=100), [[0], [0], [0, 1], [1]])
    assert outcome["endowment"] == "25"
    assert outcome["steps"] == [
        {"i": 0, "price": "1/3", "supporters": 3, "left": 40},
        {"i": 1, "price": "5/6", "supporters": 2, "left": 10},
    ]
    assert whys(outcome) == ["bought", "bought"]
    assert (outcome["increments"], outcome["stop"]) == (0, "fixed")


def test_supporters_who_are_short_keep_their_money() -> None:
    """Two of four voters have 50 together for a project of 60."""
    outcome = recount(contest("a", [60, 90], SHARES, budget=100), [[0], [0], [], []])
    assert outcome["winners"] == []
    assert [project["why"] for project in outcome["projects"]] == [{"c": "short", "money": "50"}, {"c": "unsupported"}]


def test_add_one_raises_the_endowment_until_the_money_is_used() -> None:
    """At 25 nothing can be paid; at 32 the one supporter of p1 has its 30, and then p0 of 76 does not fit any more."""
    outcome = recount(contest("a", [76, 30], ADD_ONE, budget=100), [[0], [0], [1], []])
    assert (outcome["endowment"], outcome["increments"], outcome["stop"]) == ("32", 1, "exhaustive")
    assert outcome["winners"] == [1]


def test_add_one_goes_back_a_step_when_it_overspends() -> None:
    """Equal costs and equal support: both become affordable at once, and together cost more than there is."""
    outcome = recount(contest("a", [60, 60], ADD_ONE | {"stop": "overspend"}, budget=100), [[0], [1]])
    assert (outcome["winners"], outcome["stop"], outcome["increments"]) == ([], "overspend", 1)


def test_add_one_ends_when_everything_wanted_is_bought() -> None:
    """Also when a project without votes would still fit."""
    outcome = recount(contest("a", [60, 10], ADD_ONE | {"stop": "exhaustive_all"}, budget=100), [[0], []])
    assert (outcome["winners"], outcome["stop"]) == ([0], "all")


def test_the_floor_start_is_a_whole_number_of_currency_units() -> None:
    """1000 cents for three voters: 333 1/3, of which 3 units of 100 are 300."""
    outcome = recount(contest("a", [300], ADD_ONE | {"start": "floor"}, budget=1000), [[0], [], []])
    assert (outcome["endowment"], outcome["stop"]) == ("300", "exhaustive")


def test_greedy_afterwards_uses_what_is_left() -> None:
    outcome = recount(contest("a", [60, 90, 30], SHARES | {"then": "greedy"}, budget=100), [[0], [0], [], []])
    assert outcome["winners"] == [0, 2]
    assert outcome["then"][1:] == [{"i": 2, "left": 40, "ok": True}, {"i": 1, "left": 10, "ok": False}]
    assert whys(outcome) == ["added", "unsupported", "added"]
    assert outcome["projects"][1]["why"] == {"c": "unsupported", "rank": 3, "left": 10}


def test_progress_is_told_after_every_increment() -> None:
    plan = builder.plan([(contest("a", [76, 30], ADD_ONE, budget=100), [[0], [0], [1], []])])
    manifest = read_manifest(plan.files()["manifest.json"])
    told: list[tuple[str, int]] = []
    ballots = plan.ballots["a"]
    tally.outcome(manifest.contests[0], manifest.eid, ballots, lambda name, increments: told.append((name, increments)))
    assert told == [("a", 1)]


@pytest.mark.parametrize("rule", [GREEDY, SHARES, ADD_ONE])
def test_without_ballots_the_count_still_ends(rule: dict[str, Any]) -> None:
    outcome = recount(contest("a", [60], rule, budget=100), [])
    assert outcome["counts"] == {"ballots": 0, "blank": 0, "over": 0}
    assert outcome.get("endowment", "0") == "0"
