"""Counterfactuals are exact: each is checked by counting again."""

from copy import deepcopy
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.rounds.documents import ContestDocument, OutcomeDocument, RuleDocument
from pb_service.core.tally import Instance, Project, tally
from pb_service.core.tally.explain import (
    comparison,
    decisive_ties,
    explanation,
    own_projects_funded,
    scores_needed,
)
from pb_service.core.tally.ties import draw_of


def counted(costs: list[int], votes: list[int], budget: int, **options: Any) -> tuple[ContestDocument, OutcomeDocument]:
    """A greedy contest with the given votes for each project, and its outcome."""
    rule = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"], **options}
    projects = [(f"p{number}", cost) for number, cost in enumerate(costs)]
    ballots = [[number] for number, count in enumerate(votes) for _ in range(count)]
    instance = Instance([Project(*project) for project in projects], budget, "approval", ballots, contest="here")
    contest = {"id": "here", "pro": projects, "budget": budget, "rule": rule, "fmt": "approval", "limits": {}}
    outcome = tally(instance, cast(RuleDocument, rule)).document()
    return cast(ContestDocument, contest), cast(OutcomeDocument, outcome)


def wins(costs: list[int], votes: list[int], budget: int, number: int, score: int, **options: Any) -> bool:
    """Whether the project is funded when it has ``score`` votes and all others what they have."""
    changed = deepcopy(votes)
    changed[number] = score
    return number in counted(costs, changed, budget, **options)[1]["winners"]


elections = st.integers(2, 7).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(1, 12), min_size=size, max_size=size),
        st.lists(st.integers(0, 6), min_size=size, max_size=size),
        st.integers(1, 30),
    )
)


@settings(max_examples=150, deadline=None)
@given(
    elections,
    st.booleans(),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([["cost", "id"], ["cost_desc", "id"], ["draw", "id"], ["id"]]),
)
def test_score_needed_is_enough_and_one_less_is_not(
    election: tuple[list[int], list[int], int], skip: bool, threshold: int | None, ties: list[str]
) -> None:
    costs, votes, budget = election
    options: dict[str, Any] = {"skip": skip, "ties": ties} | ({} if threshold is None else {"threshold": threshold})
    if "draw" in ties:
        options["draw"] = draw_of("7 13 24")
    needed = dict(scores_needed(*counted(costs, votes, budget, **options)))
    for number in range(len(costs)):
        if number not in needed:
            assert costs[number] > budget
            continue
        assert wins(costs, votes, budget, number, needed[number], **options)
        if needed[number] > 0:
            assert not wins(costs, votes, budget, number, needed[number] - 1, **options)


@settings(max_examples=100, deadline=None)
@given(elections)
def test_decisive_ties_are_those_whose_order_changes_the_winners(election: tuple[list[int], list[int], int]) -> None:
    """Raising one project of a tie by a vote it does not have puts it first in its group."""
    costs, votes, budget = election
    spread = [2 * count for count in votes]
    contest, outcome = counted(costs, spread, budget)
    decisive = {tuple(tie["order"]): tie for tie in decisive_ties(contest, outcome)}
    for tie in outcome["ties"]:
        for first in tie["order"]:
            raised = [count + (number == first) for number, count in enumerate(spread)]
            winners = counted(costs, raised, budget)[1]["winners"]
            told = decisive.get(tuple(tie["order"]))
            outcomes = [outcome["winners"], *(other["winners"] for other in told["others"])] if told else []
            assert winners == outcome["winners"] or winners in outcomes


def test_a_tie_that_decides_nothing_is_left_out() -> None:
    contest, outcome = counted([1, 1], [5, 5], 10)
    assert outcome["ties"]
    assert decisive_ties(contest, outcome) == []


def test_a_decisive_tie_says_what_the_other_order_funds() -> None:
    contest, outcome = counted([4, 6, 2], [5, 5, 1], 6)
    (tie,) = decisive_ties(contest, outcome)
    assert (tie["order"], tie["left"], tie["turns"]) == ([0, 1], 6, [0, 2])
    assert tie["others"] == [{"order": [1, 0], "turns": [1], "winners": [1], "cost": 6}]


def test_a_large_tied_group_is_tried_with_each_member_first() -> None:
    contest, outcome = counted([5] * 9, [3] * 9, 5)
    (tie,) = decisive_ties(contest, outcome)
    assert [other["winners"] for other in tie["others"]] == [[number] for number in range(1, 9)]


def test_own_projects_are_counted_for_every_ballot_blank_ones_too() -> None:
    assert own_projects_funded([[], [0], [0, 1], [2]], {0, 1}) == [2, 1, 1]


def test_comparison_splits_the_winners_of_both_rules() -> None:
    _, here = counted([4, 6, 2], [5, 4, 1], 6)
    _, there = counted([4, 6, 2], [4, 5, 1], 6)
    rule = cast(RuleDocument, {"name": "greedy"})
    told = comparison([[0], [1]], here, rule, there)
    assert (told["both"], told["here"], told["there"]) == ([], [0, 2], [1])
    assert (told["own_here"], told["own_there"]) == ([1, 1], [1, 1])


def test_without_a_second_rule_there_is_no_comparison() -> None:
    contest, outcome = counted([1], [1], 1)
    told = explanation(contest, outcome, [[0]], unit=1)
    assert "comparison" not in told
    assert (told["needed"], told["ties"], told["needs"]) == ([(0, 0)], [], [])


@pytest.mark.parametrize("rule", [{"name": "equal_shares"}, {"name": "greedy", "by": "votes", "density": True}])
def test_scores_are_not_told_for_other_rules_than_plain_greedy(rule: dict[str, Any]) -> None:
    contest, outcome = counted([1], [1], 1)
    contest["rule"] = cast(RuleDocument, rule | {"ties": ["id"]})
    with pytest.raises(ValueError, match="plain greedy"):
        scores_needed(contest, outcome)
