"""The view says what the published documents say."""

from fractions import Fraction
from typing import Any

import pytest

from pb_service.features.results.reading import contest_result
from pb_service.features.results.views import ContestResultView


@pytest.fixture(scope="module")
def view(ursus: Any) -> ContestResultView:
    return contest_result(ursus)


def ids(rows: list[Any]) -> list[str]:
    return [row.project_id for row in rows]


def test_ursus_is_the_citys_own_result(view: ContestResultView) -> None:
    assert (len(view.chosen), len(view.projects), view.left_over) == (17, 72, 63000)
    assert view.official is True


def test_the_tie_is_told_as_two_worlds(view: ContestResultView) -> None:
    (tie,) = view.ties
    happened, other = tie.worlds
    assert (tie.score, tie.left, tie.either, tie.others) == (903, 27363000, True, 5)
    assert ids(happened.turns) == ["387", "457", "1665", "949", "1359", "739"]
    assert ids(other.turns) == ["311", "457", "1665", "739", "409", "1914", "415"]
    assert (ids(other.out), other.left_over) == (["387", "949", "1359"], 17000)


def test_more_votes_than_would_have_been_enough_are_never_asked_for(view: ContestResultView) -> None:
    """The figures of the archived round, found by hand once."""
    more = {row.project_id: row.more for row in view.not_chosen}
    expected = {"311": 1, "767": 88, "1897": 26, "336": 143, "1037": 187, "148": 98, "516": 162, "456": 125, "498": 131}
    assert {project_id: more[project_id] for project_id in expected} == expected


def test_turns_go_on_with_the_money_that_is_left(view: ContestResultView) -> None:
    assert view.turns[0].left == view.budget
    assert all(turn.after == later.left for turn, later in zip(view.turns, view.turns[1:], strict=False))
    assert view.turns[-1].after == view.left_over


def test_the_telling_turn_is_the_narrowest_miss(view: ContestResultView) -> None:
    assert view.telling_turn is not None
    assert (view.telling_turn.turn, view.telling_turn.project.missing) == (19, 17000)


def test_losers_stronger_than_the_last_winner_are_counted(view: ContestResultView) -> None:
    assert len(view.stronger_losers) == 20


def test_a_differing_official_list_is_told(make_documents: Any) -> None:
    rule = {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"]}
    assert contest_result(make_documents([("a", 1)], [[0]], 1, rule, official=[])).official is False


def test_without_an_explanation_the_result_is_shown_without_what_rests_on_it(ursus: Any) -> None:
    from dataclasses import replace

    bare = contest_result(replace(ursus, explanation=None))
    assert (len(bare.chosen), bare.ties, bare.comparison) == (17, [], None)
    assert all(row.more is None and row.spare is None for row in bare.projects)


def test_equal_shares_has_rounds_with_payments_then_turns_for_the_rest(make_documents: Any) -> None:
    rule = {
        "name": "equal_shares",
        "utility": "cost",
        "completion": "none",
        "ties": ["cost", "id"],
        "then": "greedy",
    }
    view = contest_result(make_documents([("a", 20000), ("b", 40000)], [[0], [0], [1], [1]], 60000, rule))
    first, second = view.turns
    assert (first.project.project_id, first.supporters, first.payment) == ("a", 2, Fraction(10000))
    assert (second.project.project_id, second.leftover, second.ok) == ("b", True, True)
    assert ids(view.chosen) == ["a", "b"]


def test_a_payment_under_cardinality_is_the_price_itself(make_documents: Any) -> None:
    rule = {"name": "equal_shares", "utility": "cardinality", "completion": "none", "ties": ["cost", "id"]}
    view = contest_result(make_documents([("a", 20000)], [[0], [0]], 60000, rule))
    assert view.chosen[0].payment == 10000


def test_the_comparison_names_what_differs(make_documents: Any) -> None:
    rule = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"]}
    other = {"name": "equal_shares", "utility": "cost", "completion": "none", "ties": ["cost", "id"]}
    ballots = [[0], [0], [0], [1], [1]]
    view = contest_result(make_documents([("a", 50000), ("b", 20000)], ballots, 50000, rule, other=other))
    assert view.comparison is not None
    assert (ids(view.comparison.here), ids(view.comparison.there)) == (["a"], ["b"])
    assert (view.comparison.own_here, view.comparison.own_there) == ([2, 3], [3, 2])
