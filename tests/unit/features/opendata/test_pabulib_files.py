"""Counted contests as `.pb` files: the collection's own checker takes them, and they hold the same election."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import pytest
from pabulib.checker import Checker

from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits
from pb_service.core.tally import RULE_NAMES, Instance, Project, TallyError, rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibFile, read_pabulib, write_pabulib
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.opendata.imports import ImportedContest, plan_import
from pb_service.features.opendata.pabulib import contest_pabulib
from pb_service.features.results.documents import ContestDocuments
from tests.builders import import_options
from tests.unit.core.tally.elections import FILES, path_of, real

#: Ballots of each format over four projects, blank ones apart.
BALLOTS: dict[BallotFormat, list[Ballot]] = {
    "approval": [[0, 1], [0, 2], [0], [1, 3], [2, 3], [0, 1, 2]],
    "knapsack": [[0, 1], [0, 2], [0], [1], [2, 3], [3]],
    "points": [[[0, 3], [1, 2]], [[0, 1], [2, 4]], [[1, 5]], [[2, 2], [3, 3]], [[0, 5]]],
    "scores": [[[0, 3], [1, 2]], [[0, -1], [2, 4]], [[1, 5]], [[2, 0], [3, 3]], [[0, 5]]],
    "ordinal": [[0, 1, 2], [2, 0], [1], [3, 2, 0], [0, 3]],
}
LIMITS: dict[BallotFormat, Limits] = {
    "approval": {"k": 3},
    "knapsack": {"cost": 10_000},
    "points": {"sum": 5},
    "scores": {"smin": -1, "smax": 5},
    "ordinal": {"k": 3},
}


def documents(
    fmt: BallotFormat,
    ballots: Sequence[Ballot],
    rule: str | dict[str, Any] = "greedy_score",
    *,
    costs: Sequence[int] = (6000, 5000, 3000, 2000),
    budget: int = 10_000,
    limits: Limits | None = None,
) -> ContestDocuments:
    """A counted contest of projects a to d in its published documents; money in cents."""
    codes = [chr(ord("a") + number) for number in range(len(costs))]
    found: Any = rule_by_name(rule, ties=["cost", "id"]) if isinstance(rule, str) else rule
    instance = Instance([Project(*each) for each in zip(codes, costs, strict=True)], budget, fmt, ballots, 100)
    outcome = tally(instance, found).document()
    manifest = {"names": [["en", "Spring"]], "opens": 1_740_787_200, "closes": 1_743_465_599}
    contest: dict[str, Any] = {"id": "north", "fmt": fmt, "pro": list(zip(codes, costs, strict=True)), "budget": budget}
    contest |= {"limits": LIMITS[fmt] if limits is None else limits, "rule": found}
    projects = [{"id": code, "title": f"Project {code}", "categories": ["a b"], "targets": []} for code in codes]
    listed = {"title": [["en", "North"]], "language": "en", "projects": projects}
    return ContestDocuments(
        slug="spring",
        manifest={**manifest, "unit": 100, "currency": "EUR"},  # type: ignore[typeddict-item] # what these files need
        contest=contest,  # type: ignore[arg-type]
        ballot_list=listed,  # type: ignore[arg-type]
        outcome=outcome,  # type: ignore[arg-type]
        fingerprint="ABCD",
    )


def written(
    fmt: BallotFormat, rule: str | dict[str, Any] = "greedy_score", extra: Sequence[Ballot] = (), **of: Any
) -> bytes:
    ballots = [*BALLOTS[fmt], *extra]
    return contest_pabulib(documents(fmt, sorted(ballots), rule, **of), sorted(ballots), None)


def errors(data: bytes) -> dict[str, Any]:
    """What Pabulib's checker refuses a file for; warnings are not among it."""
    with redirect_stdout(io.StringIO()):
        results = Checker().process_files([data.decode()])
    return dict(results[1]["results"].get("errors", {}))


def read(data: bytes) -> PabulibFile:
    return read_pabulib(data, name="ours.pb")


@pytest.mark.parametrize("fmt", BALLOTS)
def test_every_rule_and_ballot_format_passes_pabulib_s_own_checker(fmt: BallotFormat) -> None:
    """Under every rule that can count the format; with ballots in the order that the count keeps them in."""
    passed = 0
    for name in RULE_NAMES:
        try:
            data = written(fmt, name)
        except TallyError:
            continue  # this rule asks for points or ranks
        assert errors(data) == {}, name
        passed += 1
    assert passed >= 20


@pytest.mark.parametrize("fmt", BALLOTS)
def test_a_file_is_the_same_election_with_its_winners(fmt: BallotFormat) -> None:
    found, told = read(written(fmt)), documents(fmt, sorted(BALLOTS[fmt]))
    number = {code: place for place, (code, _) in enumerate(told.contest["pro"])}
    place = [number[project.id] for project in found.projects]

    def back(ballot: Ballot) -> Ballot:
        named: Any = [[place[e[0]], e[1]] if isinstance(e, list) else place[e] for e in ballot]
        return named if fmt == "ordinal" else sorted(named)

    assert sorted(map(back, found.ballots)) == sorted(BALLOTS[fmt])
    won = [result["won"] for result in told.outcome["projects"]]
    assert [bool(project.selected) for project in found.projects] == [won[each] for each in place]
    assert {key: value for key, value in found.limits.items() if key != "kmin"} == LIMITS[fmt]


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("greedy_score", "greedy"),
        ("greedy_score_no_skip", "greedy-no-skip"),
        ({**rule_by_name("greedy_score"), "threshold": 3}, "greedy-threshold"),
        ({**rule_by_name("greedy_score_no_skip"), "threshold": 3}, "greedy-no-skip"),
        ("greedy_density", "greedy-custom"),
        ({**rule_by_name("greedy_score"), "mandatory": [3]}, "greedy-custom"),
        ("mes_cost_none", "equalshares"),
        ("mes_cost_add1_noexh", "equalshares/add1"),
        ("mes_card_none", "unknown"),
        ("phragmen", "unknown"),
        ("maxwelfare_card", "unknown"),
    ],
)
def test_a_rule_has_pabulib_s_name_only_if_it_is_that_rule(rule: str | dict[str, Any], name: str) -> None:
    """Any other is called custom or unknown, with the rule itself in a comment."""
    data = written("approval", rule)
    assert errors(data) == {}
    assert read(data).meta["rule"] == name
    assert ("Counted by this rule" in read(data).meta.get("comment", "")) == (name in {"greedy-custom", "unknown"})


def test_a_tie_is_told_by_the_order_of_the_projects() -> None:
    """Pabulib takes equals in the order of the file: it is that of the count, here the dearer first."""
    rule = {**rule_by_name("greedy_score"), "ties": ["cost_desc", "id"]}
    tied: list[Ballot] = [[0], [1], [2], [3]]
    data = contest_pabulib(documents("approval", tied, rule, limits={}), tied, None)
    assert [project.id for project in read(data).projects] == ["a", "b", "c", "d"]
    assert errors(data) == {}


def test_blank_ballots_have_no_form_there_and_are_told_in_a_comment() -> None:
    """They may change what Equal Shares funds: then the rule is not called Equal Shares."""
    data = written("approval", extra=[[], []])
    assert errors(data) == {}
    assert read(data).meta["comment"] == "#1: 2 blank ballots were counted too."
    assert read(written("approval", "mes_cost_none", extra=[[]])).meta["rule"] == "unknown"


def test_a_limit_that_ballots_broke_is_told_and_not_declared() -> None:
    data = written("approval", limits={"k": 2})
    assert errors(data) == {}
    assert "max_length" not in read(data).meta
    assert "beyond max_length 2" in read(data).meta["comment"]


def test_a_budget_that_pays_for_everything_is_declared() -> None:
    assert errors(written("approval", budget=20_000)) == {}


def test_rows_say_nothing_of_the_order_of_casting_and_are_the_same_at_every_download() -> None:
    """However the ballots were cast they are sorted before; the file draws another order by the round's fingerprint."""
    ballots: list[Ballot] = sorted([[number % 4] for number in range(40)])
    told = documents("approval", ballots, limits={})
    first, second = (contest_pabulib(told, ballots, None) for _ in range(2))
    rows = [project for (project,) in read(first).ballots]
    assert first == second
    assert rows not in (sorted(rows), sorted(rows, reverse=True))
    assert [row[0] for row in read(first).vote_rows] == [str(number) for number in range(1, 41)]


#: Of the development files those that are quick and of another kind each; the others are counted in the long run.
QUICK = {
    "Netherlands_Assen_2024", "Poland_Gdansk_2020_Chelm", "Poland_Krakow_2021_Podgorze", "Poland_Warszawa_2023_Wesola",
    "Switzerland_Zurich_S5", "Poland_Wieliczka_2023_Green_Budget", "Worldwide_Mechanical_Turk_Ranking_value_7",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.long]) for name in FILES]
)
def test_every_development_file_is_imported_counted_and_comes_out_the_same(name: str) -> None:
    """Read, counted and written as a download: the same ballots, costs and limits; the checker refuses nothing of it
    but what the city itself decided, a project dearer than the whole budget.
    """
    file, _ = real(name)
    imported = _imported(file, name)
    ballots = sorted(imported.ballots)
    told = _counted(imported, ballots, file.unit)
    data = contest_pabulib(told, ballots, file.meta)
    again = read(data)
    order = [again.projects.index(next(p for p in again.projects if p.id == each.id)) for each in file.projects]
    assert [again.projects[place].cost for place in order] == [project.cost for project in file.projects]
    assert sorted(_by_id(again)) == sorted(each for each in _by_id(file) if each)
    assert set(errors(data)) <= {"single project exceeded whole budget"}


@pytest.mark.parametrize("name", FILES)
def test_what_was_read_and_written_again_is_the_same_to_the_byte(name: str) -> None:
    """A file in the form that we write, which every file has after the first time."""
    first = write_pabulib(real(name)[0])
    again = read_pabulib(first, name=name)
    assert write_pabulib(again) == first
    assert again.vote_rows == real(name)[0].vote_rows


def _by_id(file: PabulibFile) -> list[tuple[Any, ...]]:
    ids = [project.id for project in file.projects]
    pairs = (tuple((ids[e[0]], e[1]) if isinstance(e, list) else (ids[e],) for e in ballot) for ballot in file.ballots)
    return [each if file.fmt == "ordinal" else tuple(sorted(each)) for each in pairs]


def _imported(file: PabulibFile, name: str) -> ImportedContest:
    data = path_of(name).read_bytes()
    try:
        plan = plan_import([(file, data)], import_options())
    except ImportRefused:  # a rule of that city alone: whoever imports it says how to count
        plan = plan_import([(file, data)], import_options(rule="greedy_score"))
    return plan.contests[0]


def _counted(imported: ImportedContest, ballots: Sequence[Ballot], unit: int) -> ContestDocuments:
    setup = imported.setup
    instance = Instance(
        [Project(project.code, project.cost) for project in setup.projects], setup.budget, setup.fmt, ballots, unit
    )
    listed = [
        {"id": each.code, "title": each.title, "categories": [*each.categories], "targets": [*each.targets]}
        for each in setup.projects
    ]
    contest = {"id": setup.key, "fmt": setup.fmt, "pro": [(p.code, p.cost) for p in setup.projects]}
    return ContestDocuments(
        slug="archive",
        manifest={"names": [["en", "Archive"]], "opens": 0, "closes": 1, "unit": unit, "currency": "EUR"},  # type: ignore[typeddict-item]
        contest=contest | {"budget": setup.budget, "limits": setup.limits, "rule": setup.rule},  # type: ignore[arg-type]
        ballot_list={"title": setup.title, "language": setup.language, "projects": listed},  # type: ignore[typeddict-item]
        outcome=tally(instance, setup.rule).document(),  # type: ignore[arg-type]
        fingerprint="ABCD",
    )
