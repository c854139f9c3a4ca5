"""Equal Shares, on elections small enough to count on paper. The same cases stand in docs/rules.md."""

from fractions import Fraction

import pytest
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import Utility
from pb_service.core.tally import Instance, Project, TallyError, rule_by_name, tally
from pb_service.core.tally.completion import add_one
from pb_service.core.tally.constraints import Constraints
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.shares import agree, run
from tests.unit.core.tally.elections import election, real, won

#: Six voters with 10 each: four want a (24) and b (20), two want c (18).
COSTS = {"a": 24, "b": 20, "c": 18}
BALLOTS = ["ab", "ab", "ab", "ab", "c", "c"]


def test_each_group_buys_what_its_part_of_the_budget_can_pay() -> None:
    """Greedy would spend 44 of 60 on the majority and nothing on the two others; so does Equal Shares buy c."""
    instance = election(COSTS, 60, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_none"))
    assert won(instance, outcome) == "ac"
    assert outcome.endowment == 10
    assert outcome.steps == (
        {"i": 0, "price": "1/4", "supporters": 4, "left": 36},
        {"i": 2, "price": "1/2", "supporters": 2, "left": 18},
    )
    assert outcome.projects[1]["why"] == {"c": "short", "money": "16"}
    assert (outcome.increments, outcome.stop, outcome.then) == (0, "fixed", None)


def test_who_has_less_pays_all_she_has_and_the_others_share_the_rest() -> None:
    """After b the first voter has 5 left, the second still 10: for a (14) the first gives 5, the second 9."""
    instance = election({"a": 14, "b": 10}, 30, ["ab", "a", "b"])
    outcome = tally(instance, rule_by_name("mes_card_none"))
    assert [(step["i"], step.get("price")) for step in outcome.steps] == [(1, "5"), (0, "9")]


def test_with_cost_as_utility_the_most_votes_go_first_and_with_cardinality_the_least_cost_per_vote() -> None:
    instance = election({"a": 30, "b": 10}, 60, ["a", "a", "a", "b", "b", ""])
    assert [step["i"] for step in tally(instance, rule_by_name("mes_cost_none")).steps] == [0, 1]
    assert [step["i"] for step in tally(instance, rule_by_name("mes_card_none")).steps] == [1, 0]


def test_add_one_raises_everybodys_money_until_the_next_step_would_overspend() -> None:
    """c needs 9 of each of two voters who have 25/3; one unit more buys it, and then nothing fits."""
    instance = election({"a": 24, "b": 20, "c": 18}, 50, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_add1", unit=1))
    assert won(instance, outcome) == "ac"
    assert (outcome.endowment, outcome.increments, outcome.stop) == (Fraction(28, 3), 1, "exhaustive")


def test_without_the_exhaustive_stop_add_one_goes_on_until_a_step_would_overspend() -> None:
    """At 31/3 the outcome is still a and c; at 34/3 the four could pay b too, which makes 62 of 50."""
    instance = election({"a": 24, "b": 20, "c": 18}, 50, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_add1_noexh", unit=1))
    assert won(instance, outcome) == "ac"
    assert (outcome.endowment, outcome.increments, outcome.stop) == (Fraction(31, 3), 2, "overspend")


def test_add_one_stops_when_every_supported_project_is_funded() -> None:
    instance = election({"a": 10, "z": 5}, 100, ["a", "a"])
    for rule, stop in (
        ("mes_cost_add1", "exhaustive"),
        ("mes_cost_add1_noexh", "all"),
        ("mes_cost_add1_integral", "all"),
    ):
        outcome = tally(instance, rule_by_name(rule))
        assert (won(instance, outcome), outcome.stop) == ("a", stop)


def test_an_integral_start_is_a_whole_number_of_currency_units() -> None:
    instance = election({"a": 500, "b": 900}, 1000, ["a", "b", "ab"], unit=100)
    assert tally(instance, rule_by_name("mes_cost_add1_integral")).endowment == 300
    assert tally(instance, rule_by_name("mes_cost_none")).endowment == Fraction(1000, 3)


def test_greedy_afterwards_spends_what_is_left_by_votes() -> None:
    """a and c are bought, b (20) does not fit in the 18 left, z without votes does."""
    instance = election({**COSTS, "z": 10}, 60, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_none_u"))
    assert won(instance, outcome) == "acz"
    assert outcome.then == ({"i": 1, "left": 18, "ok": False}, {"i": 3, "left": 18, "ok": True})
    assert outcome.projects[1]["why"] == {"c": "short", "money": "16", "rank": 1, "left": 18}
    assert outcome.projects[3]["why"] == {"c": "added", "rank": 2, "left": 18}


def test_a_project_without_votes_is_never_bought() -> None:
    instance = election({"a": 1, "z": 1}, 10, ["a"])
    assert tally(instance, rule_by_name("mes_card_none")).projects[1]["why"] == {"c": "unsupported"}


def test_equal_prices_go_by_the_tie_rule_and_are_reported_with_their_round() -> None:
    instance = election({"a": 10, "b": 8}, 20, ["ab", "ab"])
    outcome = tally(instance, rule_by_name("mes_cost_none", ["cost", "id"]))
    assert outcome.ties == ({"order": [1, 0], "by": ["cost"], "round": 1},)


def test_blank_ballots_have_their_part_and_keep_it() -> None:
    instance = election({"a": 10, "b": 5}, 20, ["a", "", "", "b"])
    outcome = tally(instance, rule_by_name("mes_cost_none"))
    assert (won(instance, outcome), outcome.endowment, outcome.blank) == ("b", Fraction(5), 2)


def test_without_ballots_nothing_is_funded() -> None:
    outcome = tally(election({"a": 10}, 20, []), rule_by_name("mes_cost_add1"))
    assert (outcome.winners, outcome.endowment, outcome.stop) == ((), Fraction(0), "fixed")


def test_twelve_parts_of_a_hundred_pay_a_project_of_a_hundred() -> None:
    """In floats twelve times 100/12 is less than 100."""
    instance = election({"a": 100}, 100, ["a"] * 12)
    assert tally(instance, rule_by_name("mes_cost_none")).winners == (0,)


def test_prices_that_no_float_can_tell_apart_are_no_tie() -> None:
    """Thirds of 2^52 + 1 and of 2^52 are the same float; b is the cheaper one all the same."""
    instance = election({"a": 2**52 + 1, "b": 2**52}, 2**53 - 1, ["ab", "ab", "ab"])
    outcome = tally(instance, rule_by_name("mes_card_none"))
    assert (outcome.steps[0]["i"], outcome.ties) == (1, ())


def test_a_supporter_whose_money_is_exactly_the_price_is_neither_lost_nor_charged_twice() -> None:
    """Thirds: after a every supporter has 2/3; b takes all of it, and c then has nobody to pay."""
    instance = election({"a": 8, "b": 2, "c": 1}, 10, ["abc", "abc", "abc"])
    outcome = tally(instance, rule_by_name("mes_cost_none"))
    assert won(instance, outcome) == "ab"
    assert outcome.projects[2]["why"] == {"c": "short", "money": "0"}


@pytest.mark.parametrize("utility", ["cost", "cardinality"])
def test_steps_between_two_runs_that_agree_fund_the_same_projects(utility: Utility) -> None:
    """Assen, 40 steps from the start: 820 pairs of steps, some of which agree."""
    _, instance = real("Netherlands_Assen_2024")
    constraints = Constraints(instance, rule_by_name("mes_cost_none"))
    electorate = Electorate(instance, utility, constraints)
    start, rank = mpq(instance.budget, instance.size), list(range(len(instance.projects)))
    runs = [run(electorate, start + step * 100, rank)[0] for step in range(41)]
    funded = [{purchase.project for purchase in rounds} for rounds in runs]
    pairs = [
        (low, high)
        for high in range(41)
        for low in range(high)
        if agree(electorate, runs[low], run(electorate, start + high * 100, rank, runs[low])[0])
    ]
    assert len(pairs) > 40
    assert all(funded[step] == funded[low] for low, high in pairs for step in range(low, high + 1))


def test_progress_is_told_while_steps_are_run() -> None:
    told: list[int] = []
    instance = election(COSTS, 50, BALLOTS)
    tally(instance, rule_by_name("mes_cost_add1", unit=1), progress=told.append)
    assert told == [0, 1]


def test_an_overspending_step_returns_the_one_before() -> None:
    instance = election({"a": 10, "b": 10}, 15, ["a", "b"])
    electorate = Electorate(instance, "cost", Constraints(instance, rule_by_name("mes_cost_none")))
    done = add_one(electorate, [0, 1], start=mpq(15, 2), step=mpq(1), stop="overspend", progress=None)
    assert (done.increments, done.stop, done.rounds) == (2, "overspend", [])


def test_points_decide_who_pays_how_much() -> None:
    """10 for each voter; a (9) is worth 2 to the first and 1 to the second, who pay 6 and 3."""
    instance = Instance([Project("a", 9), Project("b", 11)], 20, "points", [[[0, 2]], [[0, 1], [1, 5]]])
    outcome = tally(instance, rule_by_name("points_mes_none"))
    assert outcome.steps == ({"i": 0, "price": "3", "supporters": 2, "left": 11},)
    assert outcome.projects[1]["why"] == {"c": "short", "money": "7"}
    assert [project["score"] for project in outcome.projects] == [3, 5]


def test_the_last_of_a_ranking_has_no_supporter_there_under_borda() -> None:
    instance = election({"a": 4, "b": 4}, 8, ["ab", "ab"], fmt="ordinal")
    outcome = tally(instance, rule_by_name("borda_mes_none"))
    assert [project["why"]["c"] for project in outcome.projects] == ["bought", "unsupported"]


def test_scores_of_zero_or_less_are_no_support() -> None:
    instance = Instance([Project("a", 4), Project("b", 4)], 8, "scores", [[[0, -1], [1, 1]], [[0, 0], [1, 2]]])
    outcome = tally(instance, rule_by_name("points_mes_none"))
    assert won(instance, outcome) == "b"
    assert outcome.projects[0]["why"] == {"c": "unsupported"}


def test_a_percent_step_raises_everybody_by_a_hundredth_of_the_first_part() -> None:
    """25/3 each is too little for c, for which two need 9 each: eight steps of 1/12."""
    instance = election(COSTS, 50, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_inc1pct"))
    assert (won(instance, outcome), outcome.increments, outcome.endowment) == ("ac", 8, Fraction(9))
    assert outcome.stop == "exhaustive"


def test_phragmen_afterwards_begins_with_what_voters_have_paid() -> None:
    """Four have paid 6 each for a, two nothing: c comes at a load of 18/2 = 9 and b would at (20 + 24)/4 = 11."""
    instance = election(COSTS, 50, BALLOTS)
    outcome = tally(instance, rule_by_name("mes_cost_phragmen"))
    assert won(instance, outcome) == "ac"
    assert outcome.after == ({"i": 2, "supporters": 2, "left": 8, "load": "9"},)
    assert outcome.projects[1]["why"] == {"c": "short", "money": "28/3"}
    assert outcome.projects[2]["why"] == {"c": "loaded", "round": 1, "load": "9"}


def test_greedy_is_taken_instead_if_more_voters_have_more_of_their_projects_funded_by_it() -> None:
    """Four would have a and b instead of a, two would lose c."""
    instance = election(COSTS, 60, BALLOTS)
    rule = {**rule_by_name("mes_cost_none"), "compare": "greedy"}
    outcome = tally(instance, rule)  # type: ignore[arg-type]
    assert won(instance, outcome) == "ab"
    assert outcome.compare == {"equal_shares": 2, "greedy": 4, "taken": "greedy", "cost": 42, "other": [0, 2]}
    assert (outcome.endowment, outcome.projects[2]["why"]["c"]) == (None, "too_dear")


def test_equal_shares_stays_if_no_more_voters_prefer_greedy() -> None:
    """Greedy funds a (2 votes) of 10; so does Equal Shares, with 5 from each of the two."""
    instance = election({"a": 10, "b": 10}, 15, ["a", "a", "b"])
    outcome = tally(instance, {**rule_by_name("mes_cost_none"), "compare": "greedy"})  # type: ignore[arg-type]
    assert outcome.compare == {"equal_shares": 0, "greedy": 0, "taken": "equal_shares", "cost": 10, "other": [0]}
    assert outcome.endowment == 5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"utility": "borda"}, "hold no ranking"),
        ({"utility": "luck"}, "utility"),
        ({"completion": "none"}, "no other completion has them"),
        ({"percent": 1}, "no other completion has them"),
        ({"compare": "greedy", "then": "greedy"}, "nothing is funded after it"),
        ({"step": 0}, "above 0"),
        ({"step": 1.5}, "whole number"),
        ({"stop": "never"}, "stop"),
        ({"then": "lottery"}, "then"),
        ({"extra": 1}, "has the fields"),
        ({"ties": ["cost"]}, "end with id"),
    ],
)
def test_an_impossible_rule_is_refused(change: dict[str, object], told: str) -> None:
    rule = {**rule_by_name("mes_cost_add1"), **change}
    with pytest.raises(TallyError, match=told):
        tally(Instance([Project("a", 1)], 1, "approval", []), rule)  # type: ignore[arg-type]


def test_add_one_needs_its_fields() -> None:
    rule = {"name": "equal_shares", "utility": "cost", "completion": "add_one", "ties": ["id"]}
    with pytest.raises(TallyError, match="needs the fields"):
        tally(Instance([Project("a", 1)], 1, "approval", []), rule)  # type: ignore[arg-type]
