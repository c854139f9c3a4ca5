"""What would have been needed is exact: the changed election, counted by another program, says so."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pb_service.core.tally import Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.explain import scores_needed
from pb_service.core.tally.needed import Need, needs
from pb_service.core.tally.pabulib import read_pabulib
from tests.unit.core.tally.elections import election
from tests.verifier import builder, naive

DEMO = sorted((Path(__file__).parents[4] / "pb_service" / "demo").glob("*.pb"))


def made(contest: Any, ballots: list[Any], unit: int = 100) -> Instance:
    projects = [Project(*project) for project in contest["pro"]]
    return Instance(projects, contest["budget"], contest["fmt"], ballots, unit, contest=contest["id"])


def naively_wins(contest: Any, ballots: list[Any], number: int) -> bool:
    """Counted by the literal program of the checker's tests, which shares nothing with the tally."""
    return number in naive.outcome(contest, 100, "", sorted(ballots))["winners"]


@dataclass(frozen=True)
class Case:
    """A project that lost a random contest, and what is told of it."""

    contest: Any
    ballots: list[Any]
    number: int
    need: Need

    def with_more(self, count: int) -> bool:
        lone: list[Any] = [self.number]
        if self.contest["fmt"] in ("points", "scores"):
            lone = [[self.number, self.need["each"]]]
        return naively_wins(self.contest, self.ballots + [lone] * count, self.number)

    def at_cost(self, cost: int) -> bool:
        pro = [[name, cost if at == self.number else old] for at, (name, old) in enumerate(self.contest["pro"])]
        return naively_wins(self.contest | {"pro": pro}, self.ballots, self.number)


@cache
def cases() -> list[Case]:
    """Of random contests of every format, rule, completion, constraint and tie order."""
    found = []
    for seed in range(180):
        contest, ballots = builder.random_contest(seed)
        instance = made(contest, ballots)
        told = needs(instance, tally(instance, contest["rule"]), contest["limits"], unit=100)
        found += [Case(contest, ballots, number, need) for number, need in told.items()]
    return found


def test_with_the_ballots_told_a_project_wins_and_with_one_less_it_does_not() -> None:
    """``fewest`` means with no smaller number; ``not_with`` that it loses even with so many."""
    told = [case for case in cases() if "ballots" in case.need]
    assert len(told) > 80
    for case in told:
        assert case.with_more(case.need["ballots"]), case
        smaller = range(case.need["ballots"]) if case.need["fewest"] else [case.need["ballots"] - 1]
        assert not any(map(case.with_more, smaller)), case
    assert not any(case.with_more(case.need["not_with"]) for case in cases() if "not_with" in case.need)


def test_at_the_cost_told_a_project_wins_and_at_the_next_higher_it_does_not() -> None:
    """``largest`` means at no cost between, ``lower`` at every lower cost; of both some are tried."""
    told = [case for case in cases() if "cost" in case.need]
    assert len(told) > 120
    for case in told:
        own, cost, beyond = case.contest["pro"][case.number][1], case.need["cost"], case.need["beyond"]
        assert cost < beyond <= own, case
        assert case.at_cost(cost), case
        between = range(beyond, own, max(1, (own - cost) // 5)) if case.need["largest"] else []
        assert not any(map(case.at_cost, [beyond, *between])), case
        lower = range(1, cost, max(1, cost // 5)) if case.need["lower"] else []
        assert all(map(case.at_cost, lower)), case


@cache
def real(name: Path, rule: str) -> tuple[Instance, Outcome]:
    file = read_pabulib(name.read_bytes(), name=name.name)
    instance = file.instance()
    return instance, tally(instance, rule_by_name(rule, ["cost", "id"], unit=file.unit))


def check_by_counting_again(instance: Instance, outcome: Outcome, found: dict[int, Need]) -> None:
    """The changed election is made anew from its ballots."""
    ballots = [list(ballot) for ballot, count in instance.grouped.items() for _ in range(count)]
    for number, need in found.items():

        def with_more(count: int, number: int = number) -> bool:
            changed = Instance(instance.projects, instance.budget, "approval", ballots + [[number]] * count)
            return number in tally(changed, outcome.rule).winners

        def at_cost(cost: int, number: int = number) -> bool:
            projects = [Project(p.id, cost if at == number else p.cost) for at, p in enumerate(instance.projects)]
            return number in tally(Instance(projects, instance.budget, "approval", ballots), outcome.rule).winners

        if "ballots" in need:
            assert with_more(need["ballots"]), number
            assert not with_more(need["ballots"] - 1), number
        if "not_with" in need:
            assert not with_more(need["not_with"]), number
        if "cost" in need:
            assert at_cost(need["cost"]), number
            assert not at_cost(need["beyond"]), number


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem[21:])
def test_under_greedy_every_loser_of_the_demonstration_round_is_told_what_it_needed(path: Path) -> None:
    """The scores of scores_needed, found another way, are the same."""
    instance, outcome = real(path, "greedy_score")
    contest: Any = {"pro": [(p.id, p.cost) for p in instance.projects], "budget": instance.budget, "id": ""}
    scores = scores_needed(contest | {"rule": outcome.rule}, outcome.document())  # type: ignore[arg-type]
    hints = {number: least - instance.votes[number] for number, least in scores}
    found = needs(instance, outcome, {}, unit=100, hints=hints)
    assert found.keys() == {*range(len(instance.projects))} - {*outcome.winners}
    assert all(need.get("ballots", hints.get(number)) == hints.get(number) for number, need in found.items())
    check_by_counting_again(instance, outcome, dict(list(found.items())[::4]))


@pytest.mark.parametrize("rule", ["mes_cost_none", "phragmen"])
@pytest.mark.parametrize("path", [path for path in DEMO if "Wesola" in path.name or "Wlochy" in path.name])
def test_so_are_the_nearest_losers_under_equal_shares_and_phragmen(path: Path, rule: str) -> None:
    instance, outcome = real(path, rule)
    found = needs(instance, outcome, {}, unit=100, most_work=4_000_000)
    assert found
    check_by_counting_again(instance, outcome, found)


@pytest.mark.long
@pytest.mark.parametrize("rule", ["greedy_score", "mes_cost_none", "phragmen", "mes_cost_add1"])
@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem[21:])
def test_every_sentence_of_the_demonstration_round_is_checked(path: Path, rule: str) -> None:
    instance, outcome = real(path, rule)
    found = needs(instance, outcome, {}, unit=100)
    assert found
    check_by_counting_again(instance, outcome, found)


def test_add_one_in_the_demonstration_round() -> None:
    """Every count takes hundreds of runs, so only the nearest losers of one district are asked about."""
    path = next(path for path in DEMO if "Zoliborz" in path.name)
    instance, outcome = real(path, "mes_cost_add1")
    found = needs(instance, outcome, {}, unit=100, most_work=26_000_000)
    assert found
    check_by_counting_again(instance, outcome, found)


def test_with_little_work_the_nearest_come_first_and_of_the_rest_nothing_is_said() -> None:
    instance = election({"a": 10, "b": 10, "c": 10}, 10, ["a"] * 5 + ["b"] * 2 + ["c"] * 4)
    outcome = tally(instance, rule_by_name("greedy_score"))
    assert needs(instance, outcome, {}, unit=1, most_work=0) == {}
    assert list(needs(instance, outcome, {}, unit=1, most_work=100)) == [2]
    assert list(needs(instance, outcome, {}, unit=1)) == [2, 1]


def test_a_lone_rank_gives_no_borda_points_so_nothing_is_said_of_ballots() -> None:
    instance = election({"a": 5, "b": 9}, 10, ["ab", "ab"], "ordinal")
    [need] = needs(instance, tally(instance, rule_by_name("borda_greedy_score", unit=1)), {}, unit=1).values()
    assert "ballots" not in need
    assert "not_with" not in need


def test_what_costs_more_than_all_the_money_wins_with_no_votes() -> None:
    instance = election({"a": 10, "b": 30}, 20, ["b"] * 9)
    need = needs(instance, tally(instance, rule_by_name("greedy_score")), {}, unit=1)[1]
    assert need == {"not_with": 20, "cost": 20, "beyond": 21, "largest": True, "lower": True}


def test_nothing_is_said_of_ballots_that_nobody_may_cast() -> None:
    """A ballot that names this project alone, where each must name two, or where its cost is more than one may name."""
    instance = election({"a": 10, "b": 10}, 10, ["ab", "a"])
    outcome = tally(instance, rule_by_name("greedy_score"))
    for limits in ({"kmin": 2}, {"cost": 9}):
        assert needs(instance, outcome, limits, unit=1) == {}  # type: ignore[arg-type]
    assert needs(instance, outcome, {}, unit=1)[1]["ballots"] == 2


def test_a_score_below_zero_is_worse_for_a_lower_cost() -> None:
    """By points for the cost: at 4 it costs too much before the others, cheaper still it comes after them."""
    projects = [Project("a", 10), Project("b", 10)]
    instance = Instance(projects, 14, "scores", [[[0, -1], [1, -2]]], 1)
    outcome = tally(instance, rule_by_name("points_greedy_density", unit=1))
    need = needs(instance, outcome, {}, unit=1)[1]
    assert (need["cost"], need["lower"]) == (4, False)
