"""What would have been needed is exact: the changed election, counted by another program, says so."""

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


def lone(contest: Any, number: int, need: Need) -> list[Any]:
    return [[number, need["each"]]] if contest["fmt"] in ("points", "scores") else [number]


@pytest.mark.parametrize("seeds", [range(0, 90), range(90, 180)])
def test_with_the_ballots_told_a_project_wins_and_with_one_less_it_does_not(seeds: range) -> None:
    """Random contests of every format, rule, completion, constraint and tie order; ``fewest`` means none smaller."""
    told = 0
    for seed in seeds:
        contest, ballots = builder.random_contest(seed)
        instance = made(contest, ballots)
        for number, need in needs(instance, tally(instance, contest["rule"]), contest["limits"], unit=100).items():
            def wins(count: int, number: int = number, need: Need = need) -> bool:
                return naively_wins(contest, ballots + [lone(contest, number, need)] * count, number)

            if "ballots" in need:
                told += 1
                assert wins(need["ballots"]), (seed, number)
                smaller = range(need["ballots"]) if need["fewest"] else [need["ballots"] - 1]
                assert not any(map(wins, smaller)), (seed, number)
            if "not_with" in need:
                assert not wins(need["not_with"]), (seed, number)
    assert told > 40


@pytest.mark.parametrize("seeds", [range(0, 90), range(90, 180)])
def test_at_the_cost_told_a_project_wins_and_at_one_more_it_does_not(seeds: range) -> None:
    """``largest`` means at no cost between, of which some are tried."""
    told = 0
    for seed in seeds:
        contest, ballots = builder.random_contest(seed)
        instance = made(contest, ballots)
        for number, need in needs(instance, tally(instance, contest["rule"]), contest["limits"], unit=100).items():
            if "cost" not in need:
                continue

            def wins(cost: int, number: int = number) -> bool:
                pro = [[name, cost if each == number else old] for each, (name, old) in enumerate(contest["pro"])]
                return naively_wins(contest | {"pro": pro}, ballots, number)

            told += 1
            own, cost = contest["pro"][number][1], need["cost"]
            assert cost < need["beyond"] <= own
            assert wins(cost), (seed, number)
            between = range(need["beyond"], own, max(1, (own - cost) // 5)) if need["largest"] else []
            assert not any(map(wins, [need["beyond"], *between])), (seed, number)
    assert told > 60


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
    assert need == {"not_with": 20, "cost": 20, "beyond": 21, "largest": True}
