"""The service's tally and the verifier's, which share no line, say the same byte for byte.

The only test of the verifier that imports anything else of the service.
"""

import csv
import functools
import gzip
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.tally import Instance, Project, rule_by_name
from pb_service.core.tally import tally as count
from pb_service.verifier import tally
from pb_service.verifier.canonical import dumps
from pb_service.verifier.checks import first_difference
from pb_service.verifier.manifest import Contest
from tests.verifier import builder

DEMO = sorted((Path(__file__).parents[2] / "pb_service" / "demo").glob("*.pb"))
DATA = Path(__file__).parents[1] / "data" / "pabulib"
ELECTIONS = sorted(DATA.glob("*.pb*"))
OURS = {"v", "e", "d", "counts"}  # fields that are not the tally's but of the file around it
RULES = ["greedy_score", "mes_cost_none", "mes_card_none", "mes_cost_add1_u", "mes_cost_add1_integral"]
APPROVAL = [
    "greedy_score_no_skip",
    "greedy_density",
    "mes_cost_none_u",
    "mes_card_phragmen_u",
    "phragmen",
    "maxwelfare_card",
    "maxwelfare_cost",
]
POINTS = ["points_greedy_score", "points_greedy_density", "points_mes_none_u", "points_maxwelfare"]
BORDA = ["borda_greedy_score", "borda_greedy_density", "borda_mes_none_u", "borda_maxwelfare"]


def short(path: Path) -> str:
    """The name of an election's file without what all names share."""
    return path.name.partition(".")[0].partition("_")[2]


def agree(fmt: str, projects: list[list[Any]], budget: int, ballots: list[Any], rule: dict[str, Any]) -> None:
    """Counts twice and compares every field of the outcome."""
    ids, costs = [name for name, _ in projects], [cost for _, cost in projects]
    contest = Contest("area", fmt, ids, costs, budget, b"", {"blank": True}, rule, 100)
    found = tally.outcome(contest, bytes(32), ballots, lambda _contest, _increments: None)
    known: Any = fmt
    instance = Instance(
        [Project(name, cost) for name, cost in projects], budget, known, ballots, unit=100, contest="area"
    )
    given: Any = rule
    expected = count(instance, given).document()
    one = {name: value for name, value in found.items() if name not in OURS}
    other = {name: value for name, value in expected.items() if name not in OURS}
    assert dumps(one) == dumps(other), first_difference(one, other)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_on_random_elections(seed: int) -> None:
    """Every format, rule, completion and tie order."""
    known, ballots = builder.random_contest(seed)
    agree(known["fmt"], known["pro"], known["budget"], sorted(ballots), known["rule"])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("path", DEMO, ids=short)
def test_on_the_demonstration_round(path: Path, rule: str) -> None:
    """Six real districts of Warsaw under rules that their city did not use as well."""
    # The verifier counts every step by itself: larger ones say as much in less time.
    larger = {"step": 20_000} if "add1" in rule else {}
    agree("approval", *read(path), {**rule_by_name(rule, ("cost",)), **larger})


@pytest.mark.parametrize("rule", APPROVAL)
@pytest.mark.parametrize("path", ELECTIONS, ids=short)
def test_on_real_elections(path: Path, rule: str) -> None:
    """Every ballot read as naming projects, whatever else it says."""
    agree("approval", *read(path), {**rule_by_name(rule)})


@pytest.mark.parametrize("rule", POINTS)
@pytest.mark.parametrize("name", ["France_Toulouse_2019", "Poland_Gdansk_2020_Chelm", "Switzerland_Zurich_D10"])
def test_on_real_points(name: str, rule: str) -> None:
    """Ballots as they were cast, with the points that they give."""
    agree("points", *read(DATA / f"{name}.pb", "points"), {**rule_by_name(rule)})


@pytest.mark.parametrize("rule", BORDA)
@pytest.mark.parametrize("name", ["Poland_Krakow_2021_Podgorze", "Worldwide_Mechanical_Turk_Ranking_value_7"])
def test_on_real_rankings(name: str, rule: str) -> None:
    agree("ordinal", *read(DATA / f"{name}.pb", "ordinal"), {**rule_by_name(rule)})


@pytest.mark.parametrize("rule", ["mes_cost_add1", "mes_card_add1_noexh_u"])
@pytest.mark.parametrize(
    "name", ["Netherlands_Assen_2024", "Poland_Swiecie_2023", "Poland_Wieliczka_2023_Green_Budget"]
)
def test_on_the_elections_that_were_held_by_equal_shares(name: str, rule: str) -> None:
    """Increment by increment, as these cities counted."""
    agree("approval", *read(DATA / f"{name}.pb"), {**rule_by_name(rule)})


@pytest.mark.parametrize("rule", ["mes_cost_inc1pct_u", "mes_cost_add1_noexh_compare"])
@pytest.mark.parametrize("name", ["Netherlands_Assen_2024", "Poland_Swiecie_2023", "Switzerland_Zurich_D10"])
def test_on_percent_steps_and_comparisons(name: str, rule: str) -> None:
    agree("approval", *read(DATA / f"{name}.pb"), {**rule_by_name(rule)})


def test_on_an_election_of_seventy_five_thousand_steps() -> None:
    """Costs in forints: the endowment rises by one unit 74,755 times by one, in seconds and not in hours."""
    projects, budget, ballots = read(DATA / "Hungary_Budapest_2023_VIII_Jozsefvaros.pb")
    agree("approval", projects, budget, ballots, {**rule_by_name("mes_cost_add1")})


@functools.cache
def read(path: Path, fmt: str = "approval") -> tuple[list[list[Any]], int, list[Any]]:
    """Projects, budget and ballots of a `.pb` file, as far as these tests need them."""
    sections: dict[str, list[list[str]]] = {}
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()
    for row in csv.reader(lines, delimiter=";"):
        if len(row) == 1 and row[0] in ("META", "PROJECTS", "VOTES"):
            rows = sections[row[0]] = []
        elif row:
            rows.append(row)
    meta = dict(row[:2] for row in sections["META"])
    named = [dict(zip(sections["PROJECTS"][0], row, strict=True)) for row in sections["PROJECTS"][1:]]
    projects = [[project["project_id"], int(Fraction(project["cost"]) * 100)] for project in named]
    number = {name: index for index, (name, _) in enumerate(projects)}
    votes = [dict(zip(sections["VOTES"][0], row, strict=True)) for row in sections["VOTES"][1:]]
    ballots: list[Any] = []
    for vote in votes:
        chosen = [number[name] for name in vote["vote"].split(",")]
        if fmt == "points":
            given = dict(zip(chosen, map(int, vote["points"].split(",")), strict=True))
            ballots.append(sorted([project, value] for project, value in given.items()))
        else:
            ballots.append(list(dict.fromkeys(chosen)) if fmt == "ordinal" else sorted(set(chosen)))
    return projects, int(Fraction(meta["budget"]) * 100), sorted(ballots)
