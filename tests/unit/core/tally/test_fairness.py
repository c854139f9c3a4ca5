"""Figures of fairness, by hand and against every group of small random elections."""

import random
from fractions import Fraction
from itertools import combinations

import pytest

from pb_service.core.tally import Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.fairness import ejr_plus, fairness, named_together, shares_of_themes
from pb_service.core.tally.payments import payments
from tests.unit.core.tally.elections import election


def small(seed: int) -> Instance:
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    projects = [Project(f"p{number}", rng.randint(1, 9)) for number in range(rng.randint(2, 5))]
    names = range(len(projects))
    ballots = [sorted(rng.sample(names, rng.randint(0, len(projects)))) for _ in range(rng.randint(1, 7))]
    return Instance(projects, rng.randint(1, 25), "approval", ballots, 1)


def fails(instance: Instance, outcome: Outcome, utility: str) -> bool:
    """EJR+ up to any one project, from its definition: every project and every group of voters that names it."""
    costs = [project.cost for project in instance.projects]
    ballots = [set(ballot) for ballot, count in instance.named.items() for _ in range(count)]
    winners = set(outcome.winners)
    for number in set(range(len(costs))) - winners:
        who = [ballot for ballot in ballots if number in ballot]
        for size in range(1, len(who) + 1):
            due = Fraction(size * instance.budget, len(ballots))
            for group in combinations(who, size):
                got = [ballot & winners for ballot in group]
                if utility == "cost" and all(sum(costs[p] for p in own) + costs[number] <= due for own in got):
                    return True
                if utility == "cardinality" and all((len(own) + 1) * costs[number] <= due for own in got):
                    return True
    return False


@pytest.mark.parametrize("rule", ["greedy_score_no_skip", "mes_cost_none", "mes_cost_add1_u", "mes_card_none"])
def test_the_witness_is_found_if_there_is_one(rule: str) -> None:
    """Equal Shares never fails by its own utility, whatever completes it; greedy that stops does, found each time."""
    failures = 0
    for seed in range(250):
        instance = small(seed)
        outcome = tally(instance, rule_by_name(rule, unit=1))
        found = ejr_plus(instance, outcome)
        assert ("fails" in found) is fails(instance, outcome, found["utility"]), seed
        failures += "fails" in found
    assert failures == 0 if rule.startswith("mes") else failures > 3


def test_the_witness_says_who_got_less_than_their_due() -> None:
    """Four of ten would have paid for c out of their 40, and got nothing."""
    instance = election({"a": 60, "b": 40, "c": 40}, 100, ["ab"] * 6 + ["c"] * 4)
    outcome = tally(instance, rule_by_name("greedy_score", unit=1))
    assert ejr_plus(instance, outcome) == {
        "utility": "cost",
        "fails": {"project": 2, "voters": 4, "due": "40", "most": 0},
    }


def test_figures_of_a_hand_made_election() -> None:
    instance = election({"a": 60, "b": 40, "c": 40}, 100, ["ab", "ab", "bc", "c", ""])
    outcome = tally(instance, rule_by_name("greedy_score", ["id"], unit=1))
    assert outcome.winners == (0, 1)
    figures = fairness(instance, outcome, [["sport"], ["sport", "art"], ["art"]])
    assert figures["own"] == [2, 1, 2]
    assert figures["spending"] == str(Fraction(100 + 100 + 40, 5))
    assert figures["themes"] == [
        {"name": "art", "votes": "9/16", "money": "1/5"},
        {"name": "sport", "votes": "7/16", "money": "4/5"},
    ]


def test_parts_of_themes_add_up() -> None:
    for seed in range(50):
        instance = small(seed)
        names = [["a"], ["b"], [], ["a", "b"], ["c"]][: len(instance.projects)]
        rows = shares_of_themes(instance, {0}, names)
        assert sum(Fraction(row["votes"]) for row in rows) == (instance.size > instance.blank)
        assert sum(Fraction(row["money"]) for row in rows) == 1


def test_projects_named_together_are_counted() -> None:
    instance = election({"a": 1, "b": 1, "c": 1}, 3, ["ab", "abc", "ab", "c"])
    assert named_together(instance) == [[(1, 3), (2, 1)], [(0, 3), (2, 1)], [(0, 1), (1, 1)]]


@pytest.mark.parametrize("rule", ["mes_cost_none", "mes_card_add1", "mes_cost_add1_u", "mes_cost_phragmen"])
def test_payments_add_up_to_the_costs_and_to_what_losers_supporters_have_left(rule: str) -> None:
    """Money in units of which nobody sees a part: within a rounding of the exact amounts."""
    for seed in range(80):
        small_one = small(seed)
        projects = [Project(project.id, project.cost * 10**9) for project in small_one.projects]
        ballots = [list(ballot) for ballot, count in small_one.named.items() for _ in range(count)]
        instance = Instance(projects, small_one.budget * 10**9, "approval", ballots, 10**9)
        outcome = tally(instance, rule_by_name(rule, unit=10**9))
        paid = payments(instance, outcome)
        assert paid is not None
        assert [row["i"] for row in paid["rounds"]] == [step["i"] for step in outcome.steps]
        for row in paid["rounds"]:
            cost = instance.projects[row["i"]].cost
            price = Fraction(outcome.projects[row["i"]]["why"]["price"]) * (cost if "cost" in rule else 1)
            assert abs(price * row["full"] + row["gave"] - cost) < 1
            assert row["full"] + row["rest"] <= instance.votes[row["i"]]
        for purse in paid["purses"]:
            why = outcome.projects[purse["i"]]["why"]
            assert abs(purse["start"] - sum(amount for _, amount in purse["spent"]) - purse["left"]) < 9
            assert "money" not in why or abs(Fraction(why["money"]) - purse["left"]) <= Fraction(1, 2)


def test_what_was_not_paid_for_has_no_payments() -> None:
    instance = election({"a": 1}, 3, ["a"])
    assert payments(instance, tally(instance, rule_by_name("greedy_score"))) is None
