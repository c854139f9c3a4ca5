"""Steps of a completion that are not counted one by one: left out only where counting them would change nothing."""

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.verifier.manifest import Contest
from pb_service.verifier.tally.election import Election
from pb_service.verifier.tally.equal_shares import complete
from pb_service.verifier.tally.market import Market
from tests.verifier.builder import SHARES

RAISED: dict[str, Any] = SHARES | {"completion": "add_one", "step": 1, "start": "exact", "stop": "exhaustive"}


def market(seed: int, rule: dict[str, Any], *, most: int) -> Market:
    """A random election; costs up to `most` times a ballot's share, some of them equal, some projects exclusive."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    voters, projects = rng.randint(1, 15), rng.randint(1, 8)
    budget = rng.randint(1, 200) * voters
    costs = [rng.choice([rng.randint(1, most * budget // voters), budget // voters + 1]) for _ in range(projects)]
    ballots = [sorted(rng.sample(range(projects), rng.randint(0, projects))) for _ in range(voters)]
    values = [[[project, rng.randint(0, 4)] for project in ballot] for ballot in ballots]
    points = rule["utility"] == "points"
    limits = {"exclusive": [[0, 1]]} if projects > 1 and rng.random() < 0.3 else {}
    ids = [f"p{project}" for project in range(projects)]
    fmt = "points" if points else "approval"
    contest = Contest("a", fmt, ids, costs, budget, b"", {"blank": True}, rule | limits, 100)
    return Market(Election(contest, sorted(values if points else ballots)), rule["utility"])


def bought(known: Market, endowment: Fraction) -> list[int]:
    return [done.project for done in known.run(endowment).rounds]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["cost", "cardinality", "points"]), st.integers(1, 40))
def test_between_settled_endowments_every_run_buys_the_same(seed: int, utility: str, width: int) -> None:
    """In the same order, at every endowment in between that one may try."""
    known = market(seed, SHARES | {"utility": utility}, most=4)
    start = Fraction(known.election.budget, known.election.size)
    run = known.run(start)
    if known.is_settled(run, start + width):
        for part in range(17):
            assert bought(known, start + Fraction(width * part, 16)) == [done.project for done in run.rounds]


@pytest.mark.parametrize("utility", ["cost", "cardinality", "points"])
def test_many_endowments_are_settled(utility: str) -> None:
    """The test above would say nothing if none were."""
    known = [market(seed, SHARES | {"utility": utility}, most=4) for seed in range(200)]
    starts = [Fraction(m.election.budget, m.election.size) for m in known]
    found = [m.is_settled(m.run(start), start + 3) for m, start in zip(known, starts, strict=True)]
    assert found.count(True) > 80
    assert found.count(False) > 20


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["cost", "cardinality", "points"]))
def test_the_result_is_that_of_counting_step_by_step(seed: int, utility: str) -> None:
    known = market(seed, RAISED | {"utility": utility}, most=8)
    start, election = Fraction(known.election.budget, known.election.size), known.election
    supported = {project for project in election.candidates if known.supporters[project]}
    increments = 0
    while True:
        run = known.run(start + increments)
        open_ = {p for p in supported - run.funded if not election.bar(p, run.funded)}
        if run.cost > election.budget or all(election.costs[p] > election.budget - run.cost for p in open_):
            break
        increments += 1
    result = complete(known, lambda _contest, _increments: None)
    over = run.cost > election.budget
    assert (result.increments, result.stop) == ((increments - 1, "overspend") if over else (increments, "exhaustive"))


def test_a_hundred_thousand_steps_take_a_few_runs() -> None:
    """One ballot of ten wants a project of the whole budget: its purse must grow from 10,000 to 100,000 by 1."""
    contest = Contest("a", "approval", ["x"], [100_000], 100_000, b"", {"blank": True}, RAISED, 100)
    election = Election(contest, [*[[]] * 9, [0]])
    told: list[int] = []
    result = complete(Market(election, "cost"), lambda _contest, increments: told.append(increments))
    assert (result.increments, result.stop) == (90_000, "exhaustive")
    assert len(told) < 60


def test_equal_prices_are_settled_by_the_tie_order() -> None:
    """Both cost a hundredth of their cost for each of two supporters at every endowment: a tie that never ends."""
    contest = Contest("a", "approval", ["x", "y"], [100, 90], 400, b"", {"blank": True}, SHARES, 100)
    known = Market(Election(contest, [[0], [0], [1], [1]]), "cost")
    run = known.run(Fraction(100))
    assert [done.tied for done in run.rounds] == [[1, 0], [0]]
    assert known.is_settled(run, Fraction(10_000))
