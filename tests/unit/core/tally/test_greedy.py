"""Greedy by score, on elections small enough to count on paper. The same cases stand in docs/rules.md."""

from typing import Any, cast

import pytest

from pb_service.core.tally import Instance, Project, TallyError, rule_by_name, tally
from tests.unit.core.tally.elections import election, won

#: a has 3 votes, b 2, c 1; after a and before c, b does not fit.
COSTS = {"a": 60, "b": 50, "c": 30}
BALLOTS = ["ab", "a", "ac", "b"]


def test_a_project_that_does_not_fit_is_skipped_and_the_next_has_its_turn() -> None:
    instance = election(COSTS, 100, BALLOTS)
    outcome = tally(instance, rule_by_name("greedy_score"))
    assert (won(instance, outcome), outcome.cost) == ("ac", 90)
    assert outcome.steps == (
        {"i": 0, "left": 100, "ok": True},
        {"i": 1, "left": 40, "ok": False},
        {"i": 2, "left": 40, "ok": True},
    )
    assert [project["why"] for project in outcome.projects] == [
        {"c": "chosen", "rank": 1, "left": 100},
        {"c": "too_dear", "rank": 2, "left": 40},
        {"c": "chosen", "rank": 3, "left": 40},
    ]


def test_without_skipping_the_count_stops_at_the_first_project_that_does_not_fit() -> None:
    instance = election(COSTS, 100, BALLOTS)
    outcome = tally(instance, rule_by_name("greedy_score_no_skip"))
    assert won(instance, outcome) == "a"
    assert outcome.projects[1]["why"] == {"c": "too_dear", "rank": 2, "left": 40}
    assert outcome.projects[2]["why"] == {"c": "stopped", "rank": 3, "by": 1}


def test_a_project_below_the_threshold_has_no_turn_and_one_at_it_has() -> None:
    instance = election(COSTS, 200, BALLOTS)
    outcome = tally(instance, rule_by_name("greedy_score", threshold=2))
    assert won(instance, outcome) == "ab"
    assert outcome.projects[2]["why"] == {"c": "below_threshold", "threshold": 2}
    assert len(outcome.steps) == 2


def test_projects_without_votes_have_their_turn_last() -> None:
    instance = election({"a": 10, "b": 10, "c": 10}, 20, ["b", ""])
    outcome = tally(instance, rule_by_name("greedy_score"))
    assert won(instance, outcome) == "ab"
    assert [step["i"] for step in outcome.steps] == [1, 0, 2]
    assert (outcome.ballots, outcome.blank) == (2, 1)


def test_equal_scores_go_by_the_declared_tie_rule_and_are_reported() -> None:
    instance = election({"a": 60, "b": 50, "c": 50}, 60, ["abc"])
    assert won(instance, tally(instance, rule_by_name("greedy_score"))) == "a"
    outcome = tally(instance, rule_by_name("greedy_score", ["cost", "id"]))
    assert won(instance, outcome) == "b"
    assert outcome.ties == ({"order": [1, 2, 0], "by": ["cost", "id"], "score": 1},)


def test_by_density_what_has_most_votes_for_its_cost_goes_first() -> None:
    """b has 2 votes for 20, a 3 for 60, c 1 for 30: compared as quotients, not as decimals."""
    instance = election({"a": 60, "b": 20, "c": 30}, 60, ["ab", "ab", "a", "c"])
    assert won(instance, tally(instance, rule_by_name("greedy_score"))) == "a"
    outcome = tally(instance, rule_by_name("greedy_density"))
    assert won(instance, outcome) == "bc"
    assert [step["i"] for step in outcome.steps] == [1, 0, 2]


def test_equal_densities_are_a_tie_reported_with_the_quotient() -> None:
    instance = election({"a": 30, "b": 20, "c": 10}, 60, ["abc", "ab", "a"])
    outcome = tally(instance, rule_by_name("greedy_density", ["cost"]))
    assert outcome.ties == ({"order": [2, 1, 0], "by": ["cost"], "density": "1/10"},)


def test_points_are_added_up_and_a_project_named_with_no_points_still_has_a_vote() -> None:
    instance = Instance([Project("a", 5), Project("b", 5)], 5, "points", [[[0, 0], [1, 3]], [[0, 2]]])
    outcome = tally(instance, rule_by_name("points_greedy_score"))
    assert won(instance, outcome) == "b"
    assert [(project["votes"], project["score"]) for project in outcome.projects] == [(2, 2), (1, 3)]


def test_scores_may_be_negative() -> None:
    instance = Instance([Project("a", 5), Project("b", 5)], 5, "scores", [[[0, -1], [1, 1]], [[0, 1], [1, -3]]])
    assert won(instance, tally(instance, rule_by_name("points_greedy_score"))) == "a"


def test_borda_gives_the_last_of_a_ranking_nothing_and_each_place_above_one_more() -> None:
    instance = election({"a": 1, "b": 1, "c": 1}, 1, ["bca", "ba", "c"], fmt="ordinal")
    outcome = tally(instance, rule_by_name("borda_greedy_score"))
    assert [project["score"] for project in outcome.projects] == [0, 3, 1]
    assert won(instance, outcome) == "b"


@pytest.mark.parametrize(
    ("rule", "told"), [("points_greedy_score", "hold no points"), ("borda_greedy_score", "no ranking")]
)
def test_a_score_that_the_ballots_do_not_hold_is_refused(rule: str, told: str) -> None:
    with pytest.raises(TallyError, match=told):
        tally(election({"a": 1}, 1, ["a"]), rule_by_name(rule))


def test_an_election_without_ballots_or_projects_has_an_outcome() -> None:
    assert tally(election({}, 10, []), rule_by_name("greedy_score")).winners == ()
    assert tally(election({"a": 5}, 10, []), rule_by_name("greedy_score")).winners == (0,)


def test_the_document_holds_what_is_published_and_nothing_else() -> None:
    document = tally(election(COSTS, 100, BALLOTS), rule_by_name("greedy_score")).document()
    assert set(document) == {"counts", "budget", "cost", "winners", "projects", "steps", "ties"}
    assert document["counts"] == {"ballots": 4, "blank": 0}


#: Two voted on paper, for b; three on the web, for a. Either costs all that there is.
CHANNELS = ["web", "paper", "web", "paper", "web"]


def by_channel(weights: object) -> tuple[str, list[int], list[int]]:
    """Winners, scores and votes when the channels of "a" and "b" weigh so much."""
    named = [[0], [1], [0], [1], [0]]
    instance = Instance([Project("a", 60), Project("b", 50)], 60, "approval", named, channels=CHANNELS)
    outcome = tally(instance, cast(Any, {**rule_by_name("greedy_score"), "weights": weights}))
    scores = [project["score"] for project in outcome.projects]
    return won(instance, outcome), scores, [project["votes"] for project in outcome.projects]


def test_a_ballot_counts_as_often_as_its_channel_weighs() -> None:
    """Paper twice: b has 4, a 3; the votes that are published stay the ballots that name a project."""
    assert by_channel({"web": 1, "paper": 1}) == ("a", [3, 2], [3, 2])
    assert by_channel({"web": 1, "paper": 2, "post": 9}) == ("b", [3, 4], [3, 2])


def test_weights_multiply_points_and_ranks_too() -> None:
    points = Instance([Project("a", 1), Project("b", 1)], 1, "points", [[[0, 5]], [[1, 3]]], channels=["web", "paper"])
    ranks = Instance([Project("a", 1), Project("b", 1)], 1, "ordinal", [[0, 1], [1, 0]], channels=["web", "paper"])
    weights = {"web": 1, "paper": 2}
    for instance, rule, scores in ((points, "points_greedy_score", [5, 6]), (ranks, "borda_greedy_score", [1, 2])):
        outcome = tally(instance, cast(Any, {**rule_by_name(rule), "weights": weights}))
        assert [project["score"] for project in outcome.projects] == scores


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({}, "gives each channel a weight"),
        ([["web", 1]], "gives each channel a weight"),
        ({"web": 1, "paper": 0}, "from 1 to"),
        ({"web": 1, "paper": 0.5}, "from 1 to"),
        ({"web": 1}, "'paper', for which the rule has no weight"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights: object, told: str) -> None:
    with pytest.raises(TallyError, match=told):
        by_channel(weights)


def test_ballots_without_channels_cannot_be_weighed() -> None:
    """So a round, whose published ballots name no channel, cannot have such a rule."""
    with pytest.raises(TallyError, match="do not say through which channel"):
        tally(election(COSTS, 100, BALLOTS), cast(Any, {**rule_by_name("greedy_score"), "weights": {"web": 1}}))


@pytest.mark.parametrize("name", ["mes_cost_add1_noexh_compare", "phragmen", "maxwelfare_card"])
def test_other_rules_weigh_no_channels(name: str) -> None:
    with pytest.raises(TallyError, match="under greedy only"):
        tally(election(COSTS, 100, BALLOTS), cast(Any, {**rule_by_name(name), "weights": {"web": 1}}))
