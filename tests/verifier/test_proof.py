"""A result of `pb tally` held against its file of votes: what is right passes, and whatever is changed is found.

The results are the service's own, so this is a test of agreement too.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.cli.tally import as_json
from pb_service.core.tally import rule_by_name, tally
from pb_service.core.tally.pabulib import compose_pabulib, read_pabulib
from pb_service.verifier import words
from pb_service.verifier.__main__ import main
from pb_service.verifier.proof import verify_tally
from tests.verifier import builder
from tests.verifier.test_command import SCHEMA, misfits

DATA = Path(__file__).parents[1] / "data" / "pabulib"
ASSEN = DATA / "Netherlands_Assen_2024.pb"
FORMATS = {"approval": "approval", "knapsack": "approval", "points": "cumulative", "scores": "scoring"}
Json = dict[str, Any]


def file_of(known: Json, ballots: list[Any]) -> bytes:
    """An election of the builder as a `.pb` file."""
    ids = [name for name, _ in known["pro"]]
    votes = []
    for voter, ballot in enumerate(ballots):
        row = {"voter_id": str(voter), "vote": ",".join(ids[entry] for entry in ballot if type(entry) is int)}
        if known["fmt"] in ("points", "scores"):
            row["vote"] = ",".join(ids[project] for project, _ in ballot)
            row["points"] = ",".join(str(value) for _, value in ballot)
        votes.append(row)
    empty = [{"voter_id": "", "vote": "", "points": ""}]
    meta = {"budget": f"{known['budget'] / 100:.2f}", "vote_type": FORMATS.get(known["fmt"], "ordinal")}
    projects = [{"project_id": name, "cost": f"{cost / 100:.2f}"} for name, cost in known["pro"]]
    return compose_pabulib(meta, projects, votes or empty)


def counted(data: bytes, rule: Any, folder: Path) -> tuple[Path, Json]:
    """The file of votes in a folder, and the service's result."""
    path = folder / "votes.pb"
    path.write_bytes(data)
    file = read_pabulib(data, name="votes.pb")
    instance = file.instance("area")
    document: Json = json.loads(json.dumps(as_json(file, instance, tally(instance, rule), "rule")))
    return path, document


def failed(result: Json, votes: Path, *, is_quick: bool = False) -> set[str]:
    """The checks that did not pass; whatever they found, there are words for it."""
    path = votes.with_name("result.json")
    path.write_text(json.dumps(result))
    report = verify_tally(str(path), str(votes), is_quick=is_quick)
    for check in report.checks:
        assert check.id in words.TITLES
        assert all(problem.code in words.PROBLEMS for problem in check.problems)
    return {check.id for check in report.checks if check.status in ("fail", "not_checked")}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_every_result_of_the_service_passes(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Every format, rule, completion, demand and tie order."""
    known, ballots = builder.random_contest(seed)
    votes, result = counted(file_of(known, ballots), known["rule"], tmp_path_factory.getbasetemp())
    assert failed(result, votes) == set()


RULES = [
    "greedy_score_no_skip",
    "greedy_density",
    "mes_cost_add1_u",
    "mes_card_add1",
    "mes_card_phragmen_u",
    "mes_cost_add1_noexh_compare",
    "mes_card_inc1pct",
    "phragmen",
    "maxwelfare_cost",
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", ["Netherlands_Assen_2024", "Poland_Zabrze_2021", "Switzerland_Zurich_D10"])
def test_results_of_real_elections_pass(name: str, rule: str, tmp_path: Path) -> None:
    data = (DATA / f"{name}.pb").read_bytes()
    votes, result = counted(data, rule_by_name(rule, ["cost", "id"]), tmp_path)
    assert failed(result, votes, is_quick=True) == set()


#: What a result says beside what follows from the votes: names, and the claim which rule was declared.
SAID = {"file", "rule", "currency", "contest", "v", "examined", "another_order_changes_the_winners"}
SAID |= {"tie_recounts", "other_optimum"}


def changed(value: Any) -> Iterator[Any]:
    """Every document that differs in one leaf, or lacks the last entry of one list."""
    if isinstance(value, dict):
        for name in value.keys() - SAID:
            yield from (value | {name: other} for other in changed(value[name]))
    elif isinstance(value, list):
        if value:
            yield value[:-1]
        for place, entry in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed(entry))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, str):
        yield f"{value}1"


@pytest.mark.parametrize("rule", RULES)
def test_whatever_is_changed_in_a_result_is_found(rule: str, tmp_path: Path) -> None:
    """Every number, price, load, sum, reason and project, one at a time, without counting again."""
    votes, result = counted(ASSEN.read_bytes(), rule_by_name(rule), tmp_path)
    for other in changed(result):
        assert failed(other, votes, is_quick=True), other


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density_no_skip"])
def test_weights_of_channels_are_counted_again(rule: str, tmp_path: Path) -> None:
    """A real election that was held on the web and on paper; under another weight the result is another."""
    path = DATA / "Poland_Warszawa_2021_Bielany.pb"
    file = read_pabulib(path.read_bytes(), name="")
    given: Any = rule_by_name(rule) | {"weights": {"internet": 1, "paper": 3}}
    instance = file.instance(with_channels=True)
    result: Json = json.loads(json.dumps(as_json(file, instance, tally(instance, given), rule)))
    votes = tmp_path / "votes.pb"
    votes.write_bytes(path.read_bytes())
    assert failed(result, votes) == set()
    result["certificate"]["rule"]["weights"]["paper"] = 2
    assert failed(result, votes) & {"T3", "T7"}
    del result["certificate"]["rule"]["weights"]["paper"]
    assert "T1" in failed(result, votes)


RESULT_SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "tally.schema.json").read_text())


@pytest.mark.parametrize("rule", RULES)
def test_every_result_is_of_the_published_form(rule: str, tmp_path: Path) -> None:
    _, result = certificate_of(rule, tmp_path)
    assert misfits(result, RESULT_SCHEMA) == []


def certificate_of(rule: str, tmp_path: Path) -> tuple[Path, Json]:
    return counted(ASSEN.read_bytes(), rule_by_name(rule), tmp_path)


def test_a_purchase_that_another_would_have_undercut_is_found(tmp_path: Path) -> None:
    """Two voters, both want a and b, a is dearer: buying a first is paid exactly, but b was cheaper."""
    known = builder.contest("area", [600, 500], builder.SHARES | {"utility": "cardinality"}, budget=1200)
    votes, result = counted(file_of(known, [[0, 1], [0, 1]]), known["rule"], tmp_path)
    assert failed(result, votes) == set()
    forged = copy.deepcopy(result)
    first = {"project": "p0", "price": "300", "full": 2, "utility": 2, "rest": "0"}
    forged["certificate"]["rounds"] = [first]
    report = problems(forged, votes)
    assert report["T3"] >= {"undercut"}


def problems(result: Json, votes: Path) -> dict[str, set[str]]:
    path = votes.with_name("result.json")
    path.write_text(json.dumps(result))
    return {
        check.id: {problem.code for problem in check.problems}
        for check in verify_tally(str(path), str(votes), is_quick=True).checks
    }


def test_a_count_that_went_on_too_long_is_found_by_counting_again(tmp_path: Path) -> None:
    """The certificate of a later step holds in itself: the rule would have stopped before, which only a count shows."""
    votes, result = counted(ASSEN.read_bytes(), rule_by_name("mes_card_add1_noexh"), tmp_path)
    result["certificate"]["rule"]["stop"] = "exhaustive"
    found = failed(result, votes)
    assert found
    assert "T7" in found


def test_next_step_that_keeps_within_the_budget_proves_nothing(tmp_path: Path) -> None:
    votes, result = certificate_of("mes_cost_add1", tmp_path)
    result["certificate"]["next"]["rounds"].pop()
    assert problems(result, votes)["T4"] == {"next_within"}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_command_says_what_it_found_and_ends_with_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, result = certificate_of("mes_cost_none", tmp_path)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    status, out, err = run(capsys, "--tally", path, votes)
    assert (status, err, out.splitlines()[0]) == (0, "", "The result follows from the ballots of the file.")
    assert [line.split()[0] for line in out.splitlines() if line[:1] == "T" and line[1].isdigit()] == [
        f"T{n}" for n in range(1, 8)
    ]
    assert "Varje steg i intyget håller." in run(capsys, "--tally", path, "--quick", votes, "--lang", "sv")[1]
    path.write_text(json.dumps(result | {"winners": []}))
    status, out, _ = run(capsys, "--tally", path, votes, "--lang=fi")
    assert (status, "Voittajat eivät ole ne hankkeet, jotka vaiheet rahoittavat." in out) == (1, True)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_json_is_of_the_published_form(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "verify-tally.schema.json").read_text())
    assert schema["$defs"] == {name: SCHEMA["$defs"][name] for name in ("check", "problem")}
    votes, result = certificate_of("mes_cost_none", tmp_path)
    path = tmp_path / "result.json"
    for document, verdict in ((result, "pass"), (result | {"cost": "1"}, "fail"), ({}, "fail")):
        path.write_text(json.dumps(document))
        report = json.loads(run(capsys, "--tally", path, votes, "--format", "json", "--lang", language)[1])
        assert report["verdict"] == verdict
        assert misfits(report, schema) == []


def test_what_cannot_be_read_ends_with_2_and_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes, result = certificate_of("mes_cost_none", tmp_path)
    good, junk, deep = (tmp_path / name for name in ("result.json", "junk", "deep"))
    good.write_text(json.dumps(result))
    junk.write_bytes(b"\xff\xfe{")
    deep.write_text("[" * 100_000)
    for arguments in (
        ["--tally", junk, votes],
        ["--tally", deep, votes],
        ["--tally", votes, votes],
        ["--tally", good, junk],
        ["--tally", good, good],
        ["--tally", good, tmp_path],
        ["--tally", good, votes, "--key", "x"],
        ["--quick", votes],
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
