"""`pb election simulate`, in every way people vote: `pb-verify` passes, and the winners are those of `pb tally`."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pb_service.cli import main
from pb_service.core.record.canonical import decode
from pb_service.verifier.__main__ import main as verify
from pb_service.verifier.container import read as members_of

FOLDER = Path(__file__).parents[1] / "data" / "pabulib"
EACH = 20


def shortened(name: str, folder: Path) -> Path:
    """The first ballots of an election, as a file of its own that both programs read."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.strip().upper() == "VOTES") + 2
    path = folder / name
    path.write_text("\n".join([*lines[:start], *lines[start : start + EACH]]) + "\n", encoding="utf-8")
    return path


def counted(path: Path, rule: str) -> list[str]:
    """The winners that `pb tally` finds."""
    told = CliRunner().invoke(main, ["tally", str(path), "--rule", rule, "--format", "json"])
    document: dict[str, Any] = json.loads(told.stdout)
    return sorted(document["winners"])


Simulate = Callable[..., tuple[dict[str, bytes], dict[str, Path], dict[str, Any]]]


@pytest.fixture
def simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Simulate:
    """Simulates the given files, a city's contest beside them, and has the bundle verified."""
    return partial(_simulated, tmp_path, capsys)


def _simulated(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    districts: list[str],
    rule: str,
    *options: str,
    city: str | None = None,
) -> tuple[dict[str, bytes], dict[str, Path], dict[str, Any]]:
    """The members of a bundle, the file behind each contest, and the verifier's report."""
    paths = [shortened(name, folder) for name in (*districts, *([city] if city else []))]
    chosen = [part for path in paths[: len(districts)] for part in ("--from", str(path))]
    chosen += ["--city", str(paths[-1])] if city else []
    bundle = folder / "bundle.zip"
    done = CliRunner().invoke(main, ["election", "simulate", *chosen, "--rule", rule, "--out", str(bundle), *options])
    assert done.exit_code == 0, done.output
    capsys.readouterr()
    assert verify([str(bundle), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    members = members_of(bundle.read_bytes())
    contests = [contest["id"] for contest in decode(members["manifest.json"])["contests"]]
    return members, dict(zip(contests, paths, strict=True)), report


def winners(members: dict[str, bytes], contest: str) -> list[str]:
    manifest = decode(members["manifest.json"])
    projects = next(found["pro"] for found in manifest["contests"] if found["id"] == contest)
    return sorted(projects[number][0] for number in decode(members[f"outcomes/{contest}.json"])["winners"])


WARSAW = ["Poland_Warszawa_2023_Wesola.pb", "Poland_Zabrze_2021.pb"]


def test_a_city_and_its_districts_on_an_everyday_evening(simulated: Simulate) -> None:
    """Sixty choices of three contests, cast in every class and on paper, among slips, strikes and second thoughts."""
    options = ("--mix", "everyday", "--mode", "split+outside")
    members, files, report = simulated(WARSAW, "greedy_score", *options, city="Poland_Warszawa_2018_Bielany.pb")
    for contest, path in files.items():
        assert winners(members, contest) == counted(path, "greedy_score")
    manifest = decode(members["manifest.json"])
    assert (manifest["mode"], manifest["wit"]["k"], len(manifest["wit"]["vkeys"])) == ("split+outside", 2, 2)
    assert members["checkpoint"].count("— witness".encode()) == 2
    assert [group["id"] for group in report["groups"]] == ["district", "city"]
    assert all(set(group["classes"]) == {"idt", "desk", "code", "acct"} for group in report["groups"])
    assert all(0 not in group["classes"].values() for group in report["groups"])
    figures = {check["id"]: check["figures"] for check in report["checks"]}
    fates = ("counted", "superseded", "outranked", "struck", "blocked")
    assert all(figures["V14"][fate] > 0 for fate in fates)
    assert (figures["V14"]["counted"], figures["V14"]["paper"], figures["V14"]["invalid"]) == (54, 6, 0)
    assert figures["V15"] == {"ballots": 9, "entries": 9}, "one spoilt ballot in each contest"


@pytest.mark.parametrize("mode", ["self", "split"])
@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("Switzerland_Zurich_D10.pb", "points_mes_add1"),
        ("Worldwide_Mechanical_Turk_Ranking_value_7.pb", "borda_greedy_score"),
    ],
)
def test_points_and_rankings_in_other_modes(file: str, rule: str, mode: str, simulated: Simulate) -> None:
    members, files, _ = simulated([file], rule, "--mix", "everyday", "--mode", mode)
    assert winners(members, "all") == counted(files["all"], rule)
    assert decode(members["manifest.json"])["wit"]["k"] == {"self": 0, "split": 1}[mode]


def test_several_contests_with_nothing_out_of_the_way(simulated: Simulate) -> None:
    members, files, report = simulated(WARSAW, "greedy_score")
    assert all(winners(members, contest) == counted(path, "greedy_score") for contest, path in files.items())
    assert [group["classes"] for group in report["groups"]] == [{"desk": 0, "acct": 40}]


def test_files_of_other_money_are_refused(tmp_path: Path) -> None:
    paths = [str(FOLDER / name) for name in ("Poland_Warszawa_2023_Wesola.pb", "Switzerland_Zurich_S5.pb")]
    out = tmp_path / "b.zip"
    done = CliRunner().invoke(main, ["election", "simulate", "--from", paths[0], "--city", paths[1], "--out", str(out)])
    assert (done.exit_code, out.exists()) == (2, False)
    assert "same money" in done.output


def test_a_rule_that_does_not_go_with_the_ballots_is_refused_at_once(tmp_path: Path) -> None:
    path, out = str(FOLDER / "France_Toulouse_2019.pb"), tmp_path / "b.zip"
    chosen = ["--from", path, "--rule", "borda_greedy_score", "--out", str(out)]
    done = CliRunner().invoke(main, ["election", "simulate", *chosen])
    assert (done.exit_code, done.output) == (2, "Error: Ballots of the format points hold no ranking.\n")
