"""`pb-verify` over votes with sealed ballots: golden bundles, the report's form and words, plain Python alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier import words, words_sealed
from pb_service.verifier.__main__ import expected, main, percent_on_stderr
from tests.verifier import builder, forge
from tests.verifier.golden import FOLDER
from tests.verifier.test_command import SCHEMA, misfits

ROOT = Path(__file__).parents[2]
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text())


def report(name: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    status = main([str(FOLDER / f"{name}.zip"), "--format", "json", *options])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == (0 if name == "good" else 1)
    return found


@pytest.mark.parametrize("options", [(), ("--pure",)])
@pytest.mark.parametrize("name", EXPECTED)
def test_golden_votes_are_judged_as_ever(
    name: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(name, capsys, *options)
    assert {c["id"]: {"status": c["status"], "figures": c["figures"]} for c in found["checks"]} == EXPECTED[name]
    assert misfits(found, SCHEMA) == []


def test_the_report_tells_groups_and_fates(capsys: pytest.CaptureFixture[str]) -> None:
    found = report("good", capsys)
    assert found["round"]["mode"] == "split+outside"
    assert found["groups"] == [
        {"id": "res", "voters": 8, "classes": {"idt": 2, "desk": 1, "code": 2, "acct": 7}, "entitled": 13},
        {"id": "any", "voters": 2, "classes": {"acct": 2}, "open": True},
    ]
    alfa = found["contests"][0]["sealed"]
    assert alfa == {
        "opened": 4,
        "invalid": 1,
        "paper": 1,
        "paper_invalid": 0,
        "envelopes": 9,
        "counted": 5,
        "superseded": 1,
        "outranked": 1,
        "struck": 1,
        "blocked": 1,
    }


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_summary_is_plain_in_three_languages(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = words.LANGUAGES.index(language)
    assert main([str(FOLDER / "good.zip"), "--lang", language]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert words_sealed.VERDICT[at] in out
    assert words_sealed.MODES["split+outside"][at] in out
    assert words_sealed.CANNOT_SHOW[at] in out
    assert main([str(FOLDER / "bad-mix.zip"), "--lang", language]) == 1
    assert words_sealed.PROBLEMS["mix_proof"][at].split("{")[-1].partition("}")[2] in capsys.readouterr().out


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_rehearsals_record_passes_and_is_said_to_be_one(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forge, "ORIGIN", "example.org/pb/rehearsal-spring-x1y2z3")
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(builder.container(forge.Vote().members()))
    assert main([str(bundle), "--format", "json", "--lang", language]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["round"]["rehearsal"] is True
    assert misfits(found, SCHEMA) == []
    main([str(bundle), "--lang", language])
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith(words.LABELS["rehearsal"][words.LANGUAGES.index(language)])
    assert "rehearsal" not in report("good", capsys)["round"]


def test_every_problem_has_its_sentence() -> None:
    """Whatever code a check can give has words, and every sentence is one that a check can give."""
    sources = [*(ROOT / "pb_service/verifier/sealed").glob("*.py"), *(ROOT / "pb_service/verifier/audit").glob("*.py")]
    text = "".join(path.read_text() for path in sources) + (ROOT / "pb_service/verifier/checks.py").read_text()
    for code in words_sealed.PROBLEMS:
        assert f'"{code}"' in text, code


def test_plain_python_says_first_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(FOLDER / "good.zip"), "--pure"])
    assert "Without libsodium this takes about 1 min on " in capsys.readouterr().err
    assert expected(3_000_000, 4, "fi").startswith("Ilman libsodiumia tämä kestää noin 50\u00a0000 min 4 ytimellä")


def test_progress_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 1.0, 40.0, 40.0, 41.0, 42.0, 80.0, 80.0])
    progress = percent_on_stderr("en", lambda: next(clock))
    for percent in (1, 2, 3, 3, 4):
        progress(percent)
    assert capsys.readouterr().err == "2 % checked\n4 % checked\n"


def test_one_file_and_nothing_but_python(tmp_path: Path) -> None:
    """No library, no environment, no current folder: slower, and the same report."""
    archive = tmp_path / "pb-verify.pyz"
    subprocess.run([ROOT / "scripts" / "build-verifier", archive], check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-I", "-S", str(archive), "--format", "json"]
    for name, status in (("good", 0), ("bad-ballots", 1)):
        done = subprocess.run(
            [*command, str(FOLDER / f"{name}.zip")],
            capture_output=True,
            check=False,
            text=True,
            env={"PATH": os.environ["PATH"]},
            cwd=tmp_path,
        )
        assert done.returncode == status
        assert "Without libsodium" in done.stderr
        statuses = {check["id"]: check["status"] for check in json.loads(done.stdout)["checks"]}
        assert statuses == {check: found["status"] for check, found in EXPECTED[name].items()}


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("Poland_Warszawa_2023_Wesola.pb", "greedy_score"),
        ("Switzerland_Zurich_D10.pb", "points_mes_add1"),
        ("Worldwide_Mechanical_Turk_Ranking_value_7.pb", "borda_greedy_score"),
    ],
)
def test_what_the_service_makes_passes(file: str, rule: str, tmp_path: Path) -> None:
    """Two programs written from one page: what one seals, mixes and opens, the other accepts."""
    program = "from pb_service.cli import main; main()"
    command = [sys.executable, "-c", program, "election", "simulate", "--ballots", "9", "--rule", rule, "--out"]
    source = ROOT / "tests" / "data" / "pabulib" / file
    bundle = tmp_path / "round.zip"
    subprocess.run([*command, bundle, "--from", source], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    assert main([str(bundle)]) == 0


def test_evidence_goes_with_sealed_ballots_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--audit", str(tmp_path), str(FOLDER / "good.zip")]) == 2
    assert main(["--tally", "x", "--pure", str(FOLDER / "good.zip")]) == 2
    assert capsys.readouterr().err.count("pb-verify: ") == 2
