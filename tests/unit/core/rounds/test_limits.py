"""Each limit of bundle.md section 4, at its edge and one beyond."""

import pytest

from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits
from pb_service.core.rounds.limits import breaches, count_ballots, named_projects

COSTS = [100, 200, 300]


@pytest.mark.parametrize(
    ("ballot", "fmt", "limits", "broken"),
    [
        ([0, 1], "approval", {"k": 2}, []),
        ([0, 1, 2], "approval", {"k": 2}, ["k"]),
        ([0], "approval", {"kmin": 2}, ["kmin"]),
        ([0, 1], "knapsack", {"cost": 300}, []),
        ([0, 2], "knapsack", {"cost": 399}, ["cost"]),
        ([0], "knapsack", {"costmin": 101}, ["costmin"]),
        ([[0, 4], [2, 1]], "points", {"sum": 5, "summin": 5, "each": 4, "eachmin": 1}, []),
        ([[0, 4], [2, 2]], "points", {"sum": 5}, ["sum"]),
        ([[0, 4]], "points", {"summin": 5, "each": 3}, ["summin", "each"]),
        ([[1, 0]], "points", {"eachmin": 1}, ["eachmin"]),
        ([[0, -2], [1, 5]], "scores", {"smin": -1, "smax": 4}, ["smin", "smax"]),
        ([0, 1], "approval", {"cats": [{"i": [0, 1], "k": 1}]}, ["cats"]),
        ([0, 2], "approval", {"cats": [{"i": [0, 1], "k": 1}]}, []),
        ([0, 1], "approval", {"cats": [{"i": [0, 1], "cost": 299}]}, ["cats"]),
        ([], "approval", {}, ["blank"]),
        ([], "approval", {"blank": True, "kmin": 1}, []),
    ],
)
def test_a_ballot_breaks_exactly_the_limits_beyond_whose_edge_it_goes(
    ballot: Ballot, fmt: BallotFormat, limits: Limits, broken: list[str]
) -> None:
    assert breaches(ballot, fmt, limits, COSTS) == broken


def test_counts_are_of_all_ballots_the_blank_ones_and_those_over_a_limit() -> None:
    ballots: list[Ballot] = [[], [0], [0, 1]]
    assert count_ballots(ballots, "approval", {"k": 1, "blank": True}, COSTS) == {"ballots": 3, "blank": 1, "over": 1}


def test_a_ballot_names_its_projects_with_or_without_values() -> None:
    assert named_projects([[0, 7], [3, 1]]) == named_projects([0, 3]) == [0, 3]
