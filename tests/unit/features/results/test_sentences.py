"""One sentence per project: the right reason with the right numbers."""

from typing import Any

import pytest

from pb_service.features.results.reading import contest_result
from pb_service.features.results.sentences import sentence
from pb_service.features.results.views import ContestResultView
from pb_service.web.formats import NARROW, NO_BREAK, Reader


def told(view: ContestResultView, project_id: str, words: Reader) -> str:
    (row,) = [row for row in view.projects if row.project_id == project_id]
    return sentence(row, words).replace(NARROW, " ").replace(NO_BREAK, " ")


@pytest.fixture(scope="module")
def ursus_view(ursus: Any) -> ContestResultView:
    return contest_result(ursus)


@pytest.mark.parametrize(
    ("project_id", "text"),
    [
        ("1003", "Chosen first: 41% of the voters named it. It had 950 votes to spare."),
        ("1032", "Chosen: 30% of the voters named it. It had 445 votes to spare."),
        (
            "387",
            "Chosen: as many votes as project 311. The rule fixed beforehand (lower cost first) puts this one first, "
            "and it fits.",
        ),
        (
            "457",
            "Chosen at rank 15: 2 projects ahead of it did not fit the money left, this one does. "
            "It had 25 votes to spare.",
        ),
        (
            "311",
            "Not chosen: as many votes as project 387, which goes first (lower cost first). Then 163,630 zł were left "
            "and this one costs 180,000 zł. One more vote would have been enough.",
        ),
        (
            "767",
            "Not chosen: at its turn 163,630 zł were left, too little. 5 cheaper projects with fewer votes still "
            "fitted. 88 more votes would have been enough.",
        ),
        (
            "148",
            "Not chosen: at its turn 98,630 zł were left and it costs 98,800 zł. It missed by 170 zł. "
            "98 more votes would have been enough.",
        ),
    ],
)
def test_ursus_is_told_with_its_real_numbers(
    ursus_view: ContestResultView, english: Reader, project_id: str, text: str
) -> None:
    assert told(ursus_view, project_id, english) == text


def test_a_project_dearer_than_the_budget_is_told_so(make_greedy: Any, english: Reader) -> None:
    view = contest_result(make_greedy(("a", 70000, 3), ("b", 30000, 1), budget=50000))
    assert told(view, "a", english) == "Not chosen: it costs 700 zł, more than the whole budget of 500 zł."


def test_a_project_after_a_stop_hears_which_one_stopped_the_count(make_greedy: Any, english: Reader) -> None:
    view = contest_result(make_greedy(("a", 30000, 5), ("b", 90000, 4), ("c", 10000, 3), budget=50000, skip=False))
    assert told(view, "c", english) == (
        "Not chosen: counting stopped when project b did not fit, before its turn came. "
        "One more vote would have been enough."
    )


def test_a_project_below_the_threshold_hears_both_numbers(make_greedy: Any, english: Reader) -> None:
    view = contest_result(make_greedy(("a", 30000, 5), ("b", 10000, 2), budget=50000, threshold=4))
    assert told(view, "b", english) == (
        "Not chosen: it has 2 of the 4 votes that a project needs at least. 2 more votes would have been enough."
    )


def test_a_score_of_points_is_told_in_points(make_documents: Any, english: Reader) -> None:
    rule = {"name": "greedy", "by": "points", "skip": True, "ties": ["cost", "id"]}
    ballots = [[[0, 5], [1, 2]]]
    view = contest_result(make_documents([("a", 400), ("b", 300)], ballots, 500, rule, fmt="points"))
    assert told(view, "b", english).endswith("3 more points would have been enough.")


def test_a_winner_that_fits_at_any_rank_is_told_so(make_greedy: Any, english: Reader) -> None:
    view = contest_result(make_greedy(("a", 100, 2), ("b", 200, 1), budget=1000))
    told_of_b = told(view, "b", english)
    assert told_of_b == "Chosen: 33% of the voters named it. Even without a vote it would have been chosen."


EQUAL_SHARES = {"name": "equal_shares", "utility": "cost", "completion": "none", "ties": ["cost", "id"]}


def test_equal_shares_tells_payments_and_what_was_missing(make_documents: Any, english: Reader) -> None:
    projects = [("a", 20000), ("b", 40000), ("c", 100)]
    view = contest_result(make_documents(projects, [[0], [0], [1], [1]], 60000, EQUAL_SHARES))
    assert told(view, "a", english) == "Chosen in round 1: its 2 supporters paid at most 100 zł each of their shares."
    assert told(view, "b", english) == (
        "Not chosen: it costs 400 zł, and its 2 supporters together had 300 zł left at the end. "
        "2 more ballots naming only this project would have been enough, no fewer."
    )
    assert told(view, "c", english) == (
        "Not chosen: no voter named it. One more ballot naming only this project would have been enough."
    )


def test_equal_shares_tells_who_got_the_money_left_over(make_documents: Any, english: Reader) -> None:
    projects = [("a", 20000), ("b", 40000), ("c", 50000)]
    rule = {**EQUAL_SHARES, "then": "greedy"}
    view = contest_result(make_documents(projects, [[0, 2], [0], [1], [1, 2]], 60000, rule))
    assert told(view, "b", english).startswith("Chosen with the money left over")
    assert "Of the money left over, 0 zł remained at its turn." in told(view, "c", english)


def test_who_named_a_project_without_points_is_no_supporter(make_documents: Any, english: Reader) -> None:
    """Last in a ranking gives none: only the first pays, and of a loser only those count who gave it some."""
    projects = [("a", 10000), ("b", 90000)]
    rule = {**EQUAL_SHARES, "utility": "borda"}
    view = contest_result(make_documents(projects, [[0, 1], [1, 0], [1]], 60000, rule, fmt="ordinal"))
    assert told(view, "a", english) == "Chosen in round 1: its one supporter paid 100 zł for each point given to it."
    view = contest_result(make_documents([("a", 10000), ("b", 50000)], [[0, 1], [1, 0]], 60000, rule, fmt="ordinal"))
    text = "Not chosen: it costs 500 zł, and those who gave it points together had 300 zł left at the end."
    assert told(view, "b", english).startswith(text)


def test_a_comparison_that_took_greedy_s_outcome_speaks_of_votes(make_documents: Any) -> None:
    """Though the rule reads points: greedy counted votes, and they are what stands beside each project."""
    rule = {**EQUAL_SHARES, "utility": "points", "compare": "greedy"}
    ballots = [[[0, 9]], [[0, 1], [1, 1]], [[1, 1]], [[1, 1]]]
    view = contest_result(make_documents([("a", 30000), ("b", 60000)], ballots, 60000, rule, fmt="points"))
    assert view.compared is not None
    assert view.compared["taken"] == "greedy"
    assert {row.by for row in view.projects} == {view.scored_by} == {"votes"}


def test_what_is_built_in_any_case_may_leave_too_little(make_documents: Any, english: Reader) -> None:
    """The whole budget would have been enough, so that is not what is said."""
    rule = {"name": "phragmen", "unsupported": False, "mandatory": [0], "ties": ["id"]}
    view = contest_result(make_documents([("a", 30000), ("b", 40000)], [[1]], 60000, rule))
    assert told(view, "b", english).startswith(
        "Not chosen: it costs 400 zł, and what is built in any case leaves only 300 zł of the budget."
    )
