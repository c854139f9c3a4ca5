"""What an election must be before anything is counted."""

from typing import Any

import pytest

from pb_service.core.tally import Instance, Project, TallyError
from tests.unit.core.tally.elections import election

AB = [Project("a", 5), Project("b", 7)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((AB, -1, "approval", []), "budget"),
        ((AB, 2**53, "approval", []), "budget"),
        ((AB, 1.5, "approval", []), "budget"),
        ((AB, True, "approval", []), "budget"),
        (([Project("a", 0)], 1, "approval", []), "cost of project 'a'"),
        (([Project("a", 1), Project("a", 2)], 1, "approval", []), "'a' occurs twice"),
        ((AB, 1, "lottery", []), "no ballot format"),
        ((AB, 1, "approval", [[2]]), "does not exist"),
        ((AB, 1, "approval", [[-1]]), "does not exist"),
        ((AB, 1, "approval", [["a"]]), "does not exist"),
        ((AB, 1, "approval", [[1, 0]]), "must increase"),
        ((AB, 1, "knapsack", [[0, 0]]), "must increase"),
        ((AB, 1, "ordinal", [[1, 0, 1]]), "names a project twice"),
        ((AB, 1, "approval", [0]), "lists of project numbers"),
        ((AB, 1, "points", [[0]]), "value"),
        ((AB, 1, "points", [[[0, 1, 2]]]), "project number and a whole value"),
        ((AB, 1, "points", [[[0, -1]]]), "must not be negative"),
        ((AB, 1, "scores", [[[0, 0.5]]]), "project number and a whole value"),
        ((AB, 1, "scores", [[[1, 1], [0, 1]]]), "must increase"),
        ((AB, 1, "approval", [], 0), "minor units"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_its_reason(arguments: tuple[Any, ...], told: str) -> None:
    with pytest.raises(TallyError, match=told):
        Instance(*arguments)


def test_identical_ballots_are_counted_together() -> None:
    instance = election({"a": 5, "b": 7}, 10, ["ab", "a", "ba", ""])
    assert instance.grouped == {(): 1, (0,): 1, (0, 1): 2}
    assert (instance.size, instance.blank, instance.votes) == (4, 1, (3, 2))


def test_rankings_and_points_are_read_as_naming_projects() -> None:
    assert election({"a": 5, "b": 7}, 10, ["ba", "ab"], fmt="ordinal").named == {(0, 1): 2}
    points = Instance(AB, 10, "points", [[[0, 1], [1, 0]], [[0, 4], [1, 4]]])
    assert (points.named, points.points) == ({(0, 1): 2}, (5, 4))
