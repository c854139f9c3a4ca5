"""`pb tally`: what it prints, and what it answers to what cannot be counted."""

import gzip
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pb_service.cli import main
from pb_service.core.tally import RULE_NAMES, knapsack
from pb_service.core.tally.pabulib import read_pabulib
from tests.unit.core.tally.elections import REAL, expected

ASSEN = REAL / "Netherlands_Assen_2024.pb"


def pb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["tally", *map(str, arguments)])


def as_json(*arguments: str | Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(pb(*arguments, "--format", "json").stdout)
    return document


def test_json_is_comparable_with_the_published_expectations() -> None:
    entry = expected("Netherlands_Assen_2024")["rules"]["mes_cost_add1"]
    found = as_json(ASSEN, "--rule", "mes_cost_add1")
    for key in ("winners", "cost", "endowment", "increments", "stop"):
        assert found[key] == entry[key]
    assert [step["project"] for step in found["steps"]] == entry["selection_order"]
    assert (found["rule"], found["ties"], found["budget"]) == ("mes_cost_add1", ["id"], "100000")


def test_every_purchase_is_told_with_price_supporters_and_money_left() -> None:
    first = as_json(ASSEN, "--rule", "mes_card_none")["steps"][0]
    assert first == {"project": "13", "left": "99000", "price": "1000/21", "supporters": 21}
    assert as_json(ASSEN, "--rule", "mes_cost_none")["steps"][0]["price"] == "1/43"


def test_every_tie_is_told_with_what_decided_it() -> None:
    tied = as_json(REAL / "Switzerland_Zurich_D10.pb", "--rule", "greedy_score", "--ties", "cost,id")["tied"]
    assert tied
    assert all(tie["by"] in (["cost"], ["cost", "id"]) and len(tie["order"]) > 1 for tie in tied)


def test_greedy_afterwards_is_told_apart_from_the_purchases() -> None:
    found = as_json(ASSEN, "--rule", "mes_cost_none_u")
    added = {turn["project"] for turn in found["then"] if turn["funded"]}
    assert added | {step["project"] for step in found["steps"]} == set(found["winners"])
    assert Fraction(found["cost"]) <= Fraction(found["budget"])


@pytest.mark.parametrize(
    ("rule", "method"),
    [
        ("greedy_density", "order"),
        ("mes_card_add1", "payments"),
        ("mes_cost_phragmen_u", "payments"),
        ("phragmen", "loads"),
        ("maxwelfare_cost", "bound"),
    ],
)
def test_the_certificate_can_be_added_up(rule: str, method: str) -> None:
    """Price x utility of those who paid in full, and the rest, give the cost; cost and carried, shared, the load."""
    found = as_json(ASSEN, "--rule", rule)
    proof = found["certificate"]
    assert proof["method"] == method
    cost = {project.id: project.cost for project in read_pabulib(ASSEN.read_bytes(), name="").projects}
    for step, line in zip(found["steps"], proof.get("rounds", []), strict=True):
        assert step["project"] == line["project"]
        if method == "payments":
            price = Fraction(step["price"]) * (1 if "cost" in rule else proof["unit"])
            assert price * line["utility"] + Fraction(line["rest"]) == cost[step["project"]]
            assert line["full"] <= step["supporters"]
        if "load" in step:
            carried = cost[step["project"]] + Fraction(line["carried"])
            assert carried / step["supporters"] == Fraction(step["load"]) * proof["unit"]
    if method == "bound":
        assert found["welfare"] <= Fraction(proof["bound"])


def test_the_stages_after_equal_shares_are_told() -> None:
    found = as_json(ASSEN, "--rule", "mes_cost_phragmen_u")
    assert [set(entry) for entry in found["after"]] == [{"project", "left", "load", "supporters"}] * len(found["after"])
    told = as_json(ASSEN, "--rule", "mes_cost_add1_noexh_compare")["compare"]
    assert told["taken"] in {"equal_shares", "greedy"}
    assert "is taken" in pb(ASSEN, "--rule", "mes_cost_add1_noexh_compare").stdout


def test_for_each_tie_it_is_told_whether_another_order_would_have_changed_the_winners() -> None:
    """Zurich: of the ties by votes some decide who wins, most do not. Without an option all of them are known."""
    path = REAL / "Switzerland_Zurich_D10.pb"
    ties = as_json(path, "--rule", "greedy_score")["tied"]
    mattered = [tie["another_order_changes_the_winners"] for tie in ties]
    assert {False} <= set(mattered) <= {False, True}
    told = f"in {sum(mattered)} of them another order would have changed the winners"
    assert told in pb(path, "--rule", "greedy_score").stdout


def test_ties_beyond_the_recounts_allowed_are_said_to_be_unexamined() -> None:
    arguments = (ASSEN, "--rule", "mes_cost_add1_u")
    none = as_json(*arguments, "--tie-recounts", "0")
    assert none["tie_recounts"] == {"made": 0, "most": 0}
    unknown = [tie["examined"] for tie in none["tied"]].count("not_examined")
    assert (f"{unknown} were not examined" in pb(*arguments, "--tie-recounts", "0").stdout) == bool(unknown)
    every = as_json(*arguments, "--check-ties")
    assert None not in [tie["another_order_changes_the_winners"] for tie in every["tied"]]
    assert every["tie_recounts"]["most"] is None


def test_a_rule_may_stand_in_a_file_with_demands_on_the_outcome(tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    rule = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"]}
    path.write_text(json.dumps({**rule, "mandatory": [0]}))
    first = read_pabulib(ASSEN.read_bytes(), name="").projects[0].id
    found = as_json(ASSEN, "--rule", path)
    assert first in found["winners"]
    assert first not in [step["project"] for step in found["steps"]]
    assert "mandatory" in pb(ASSEN, "--rule", path).stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [("[]", "JSON object"), ("{", "not JSON"), ('{"name": "greedy"}', "has the fields"), ('{"name": "x"}', "no rule")],
)
def test_a_file_that_holds_no_rule_is_refused(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text(content)
    assert (pb(ASSEN, "--rule", path).exit_code, told in pb(ASSEN, "--rule", path).stderr) == (2, True)
    assert "says everything itself" in pb(ASSEN, "--rule", path, "--ties", "cost").stderr


def test_a_search_without_proof_ends_with_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MAX_SETS", 1)
    result = pb(ASSEN, "--rule", "maxwelfare_cost")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "could not be found and proved" in result.stderr


def test_a_folder_is_counted_under_several_rules_into_one_table(tmp_path: Path) -> None:
    for name in ("Netherlands_Assen_2024", "Switzerland_Zurich_D10"):
        (tmp_path / f"{name}.pb").write_bytes((REAL / f"{name}.pb").read_bytes())
    (tmp_path / "empty.pb").write_bytes(b"")
    arguments = (tmp_path, "--all", "--rule", "greedy_score", "--rule", "points_greedy_score")
    rows = [json.loads(line) for line in pb(*arguments, "--format", "json").stdout.splitlines()]
    assert [row["file"] for row in rows[::2]] == ["Netherlands_Assen_2024.pb", "Switzerland_Zurich_D10.pb", "empty.pb"]
    assert rows[0]["winners"] == expected("Netherlands_Assen_2024")["rules"]["greedy_score"]["winners"]
    assert ["error" in row for row in rows] == [False, True, False, False, True, True]
    lines = pb(*arguments).stdout.splitlines()
    assert len(lines) == 1 + len(rows)
    assert lines[0].split() == ["file", "rule", "projects", "ballots", "won", "spent", "seconds"]


def test_text_is_a_table_with_names_and_reasons() -> None:
    lines = pb(ASSEN, "--rule", "greedy_score").stdout.splitlines()
    assert lines[1] == "84 ballots, budget 100000 EUR, spent 99200 EUR on 7 of 14 projects"
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["project", "cost", "votes", "why", "name"]
    assert table[1].split() == ["won", "3", "7200", "43", "funded", "PopUp", "Podium"]
    assert len(table) == 1 + 14


def test_pb_is_the_file_with_the_winners_marked() -> None:
    result = pb(ASSEN, "--rule", "greedy_score", "--format", "pb")
    marked = read_pabulib(result.stdout_bytes, name="out.pb")
    assert (
        sorted(p.id for p in marked.projects if p.selected)
        == expected("Netherlands_Assen_2024")["rules"]["greedy_score"]["winners"]
    )


def test_a_threshold_keeps_projects_out() -> None:
    found = as_json(ASSEN, "--rule", "greedy_score", "--threshold", "43")
    assert found["winners"] == ["3"]


def test_channels_are_weighed() -> None:
    """Bielany 2021: paper three times."""
    path = REAL / "Poland_Warszawa_2021_Bielany.pb"
    plain = as_json(path, "--rule", "greedy_score")["certificate"]["rounds"]
    weighed = as_json(path, "--rule", "greedy_score", "--weights", "internet=1,paper=3")["certificate"]
    assert weighed["rule"]["weights"] == {"internet": 1, "paper": 3}
    assert weighed["rounds"][0]["score"] > plain[0]["score"]


def test_problems_of_rows_go_to_standard_error_and_the_count_goes_on() -> None:
    result = pb(REAL / "Poland_Czestochowa_2020.pb", "--rule", "points_greedy_score", "--format", "json")
    assert result.exit_code == 0
    assert "line 11740: The ballot names a project more than once" in result.stderr
    assert json.loads(result.stdout)["ballots"] == 16978


def test_of_many_problems_the_first_few_are_told(tmp_path: Path) -> None:
    path = tmp_path / "odd.pb"
    path.write_bytes(ASSEN.read_bytes() + b"1;1\n" * 1000)
    result = pb(path, "--rule", "greedy_score")
    assert (result.exit_code, result.stderr.count("\n")) == (0, 21)
    assert result.stderr.endswith("more\n")


def test_a_title_cannot_write_over_the_table(tmp_path: Path) -> None:
    path = tmp_path / "odd.pb"
    votes = b"VOTES\nvoter_id;vote\n1;a\n"
    head = b"META\nkey;value\nbudget;9\nvote_type;approval\nPROJECTS\nproject_id;cost;name\n"
    path.write_bytes(head + b'a;5;"Bench\n\x1b[2J\xe2\x80\xaewon"\n' + votes)
    assert pb(path, "--rule", "greedy_score").stdout.endswith("  Bench [2Jwon\n")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """A device without end, a pipe into which nobody writes, as election and as rule."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    for arguments in (("/dev/zero", "--rule", "greedy_score"), (pipe, "--rule", "phragmen"), (ASSEN, "--rule", pipe)):
        result = pb(*arguments)
        assert (result.exit_code, "It is no regular file." in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.pb", "--rule", "greedy_score"), "nowhere.pb: No such file or directory."),
        ((REAL, "--rule", "greedy_score"), "Is a directory."),
        ((ASSEN, "--rule", "lottery"), "The rule 'lottery' is not offered"),
        ((ASSEN, "--rule", "greedy_score", "--ties", "draw"), "needs the text of a public lot"),
        ((ASSEN, "--rule", "greedy_score", "--per-cost", "0.3"), "fraction above 0"),
        ((ASSEN, "--rule", "greedy_score", "--rule", "phragmen"), "one rule"),
        ((ASSEN, "--rule", "greedy_score", "--weights", "internet=1"), "do not say through which channel"),
        ((ASSEN, "--rule", "greedy_score", "--weights", "internet=x"), "such as internet=1,paper=2"),
        ((ASSEN, "--rule", "phragmen", "--weights", "internet=1"), "under greedy only"),
        ((REAL / "Poland_Warszawa_2021_Bielany.pb", "--rule", "greedy_score", "--weights", "paper=2"), "no weight"),
        ((ASSEN.parent / "expected", "--all", "--rule", "phragmen"), "no .pb or .pb.gz file"),
        ((ASSEN.parent, "--all", "--rule", "lottery"), "'lottery' is not offered"),
        ((ASSEN.parent, "--all", "--rule", "phragmen", "--format", "pb"), "prints text or json"),
        ((ASSEN, "--rule", "greedy_score", "--ties", "luck"), "There is no tie rule 'luck'"),
        ((ASSEN, "--rule", "mes_cost_none", "--threshold", "3"), "takes no threshold"),
        ((ASSEN, "--rule", "borda_greedy_score"), "hold no ranking"),
        ((ASSEN, "--rule", "greedy_score", "--threshold", "many"), "not a valid integer"),
        ((ASSEN,), "Missing option '--rule'"),
    ],
)
def test_what_cannot_be_counted_ends_with_status_2_and_a_sentence(arguments: tuple[str | Path, ...], told: str) -> None:
    result = pb(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


HEAD = b"META\nkey;value\nbudget;10\nvote_type;approval\nPROJECTS\nproject_id;cost\n"
VOTES = b"VOTES\nvoter_id;vote\n"
HOSTILE = {
    "a million projects": HEAD + b"".join(b"p%d;1\n" % n for n in range(1_000_000)) + VOTES + b"1;p1\n",
    "a budget of 10^30": HEAD.replace(b"10", b"1" + b"0" * 30) + b"a;5\n" + VOTES + b"1;a\n",
    "a ballot of 10,000": HEAD + b"a;5\n" + VOTES + b"1;" + b",".join(b"p%d" % n for n in range(10_000)) + b"\n",
    "no project": HEAD + VOTES + b"1;\n",
    "no vote": HEAD + b"a;5\n" + VOTES,
    "empty sections": b"META\nPROJECTS\nVOTES\n",
    "a NUL byte": HEAD + b"a;5\n" + VOTES + b"1;a\0\n",
    "UTF-16": (HEAD + b"a;5\n" + VOTES + b"1;a\n").decode().encode("utf-16"),
    "Latin-1": HEAD + b"\xe4;5\n" + VOTES + b"1;\xe4\n",
    "no cost": HEAD.replace(b";cost", b"") + b"a\n" + VOTES + b"1;a\n",
    "no column vote": HEAD + b"a;5\n" + b"VOTES\nvoter_id\n1\n",
    "a huge field": HEAD + b"a;5\n" + VOTES + b"1;" + b"x" * 10_000_000 + b"\n",
    "a bomb": gzip.compress(bytes(100 * 2**20), 1),
}


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_hostile_file_is_refused_in_one_sentence_under_every_rule(rule: str, tmp_path: Path) -> None:
    """The large ones once: they are refused before the rule is looked at."""
    path = tmp_path / "hostile.pb"
    for data in HOSTILE.values():
        if len(data) < 100_000 or rule == RULE_NAMES[0]:
            path.write_bytes(data)
            result = pb(path, "--rule", rule)
            assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
            assert str(path) in result.stderr


def test_a_bad_row_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.pb"
    path.write_bytes(ASSEN.read_bytes().replace(b"\n3;7200;", b"\n3;free;"))
    result = pb(path, "--rule", "greedy_score")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"{path}, line 20: The cost 'free' is not an amount of money above 0." in result.stderr


def test_counting_loads_neither_the_web_nor_the_database() -> None:
    """A researcher's `pb tally` starts as fast as its own parts."""
    code = (
        "import sys; from pb_service.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "sys.exit(bool({'litestar', 'sqlalchemy', 'asyncpg'} & set(sys.modules)))"
    )
    arguments = ["tally", str(ASSEN), "--rule", "mes_cost_none"]
    assert subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False).returncode == 0


def test_help_names_every_rule() -> None:
    assert "mes_cost_add1_noexh" in pb("--help").stdout.replace("\n  ", " ")
