"""`pb-verify` as people run it: exit status, one line a check, three languages, JSON of the published form."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier import words
from pb_service.verifier.__main__ import main, progress_on_stderr
from pb_service.verifier.report import amount, plain
from tests.verifier import builder

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "verify-report.schema.json").read_text())
Run = tuple[int, str, str]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.zip"
    path.write_bytes(builder.container(builder.small().seal()))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """The small round with a wrong winner."""
    plan = builder.small()
    plan.files()
    plan.outcomes["alfa"] = plan.outcome("alfa") | {"winners": [1]}
    path = tmp_path / "bad.zip"
    path.write_bytes(builder.container(plan.seal()))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Run:
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_good_bundle_ends_with_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, good)
    assert (status, err) == (0, "")
    assert out.startswith("The published result follows from the published ballots.\n")


def test_every_check_has_one_line(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, good)[1].splitlines()
    found = {line.split()[0]: line for line in lines if line.startswith("V")}
    assert list(found) == [f"V{number}" for number in range(1, 19)]
    passed = {name for name, line in found.items() if " PASS " in line}
    assert passed == {"V1", "V3", "V14", "V16", "V18"}
    assert all(" NOT APPLICABLE " in line for name, line in found.items() if name not in passed)


def test_a_wrong_winner_ends_with_1_and_says_where(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, bad)
    assert status == 1
    assert out.startswith("V16 did not pass: the result must not be confirmed as it stands.")
    assert "alfa: the published outcome differs from the count at winners[0]." in out


def test_what_people_compare_is_printed(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key of the record as published, the fingerprint of the posters, the mode, and the limits of it all."""
    out = run(capsys, good)[1]
    assert builder.vkey(builder.LOG_KEY) in out
    assert "no secrecy claimed" in out
    assert "What this cannot show: " in out
    assert "Fingerprint of the round: " in out


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_the_report_is_in_the_language_asked_for(
    good: Path, bad: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    """No English word of a check, a status or a finding is left."""
    english = {text[0] for texts in (words.STATUS, words.TITLES, words.REASONS) for text in texts.values()}
    for bundle in (good, bad):
        out = run(capsys, bundle, "--lang", language)[1]
        assert not [text for text in english if text in out]
        assert words.CANNOT_SHOW[words.LANGUAGES.index(language)].split()[0] in out


def test_every_sentence_exists_in_three_languages_with_the_same_fields() -> None:
    catalogues = [value for value in vars(words).values() if isinstance(value, dict)]
    sentences = [text for catalogue in catalogues for text in catalogue.values() if isinstance(text, tuple)]
    assert len(sentences) > 100
    for text in sentences:
        assert len(text) == len(words.LANGUAGES)
        assert all(text)
        assert len({frozenset(part.split("}")[0] for part in each.split("{")[1:]) for each in text}) == 1, text


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a", "b"],
        ["a", "--format", "xml"],
        ["a", "--lang", "de"],
        ["--what", "a"],
        ["a", "--check", "b"],
        ["a", "--key"],
    ],
)
def test_wrong_usage_ends_with_2_and_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "pb-verify FILE.zip" in err


def test_unreadable_input_ends_with_2_and_one_sentence(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk")
    pipe = tmp_path / "pipe"  # into which nobody writes
    os.mkfifo(pipe)
    for arguments in (
        [junk],
        [pipe],
        [good, "--checkpoint", pipe],
        ["--tally", pipe, good],
        ["--tally", good, pipe],
        [tmp_path],
        [tmp_path / "none"],
        [good, "--checkpoint", junk],
        [good, "--checkpoint", tmp_path / "none"],
        [good, "--key", "x"],
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)


def test_an_older_checkpoint_is_compared(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older = tmp_path / "checkpoint"
    older.write_bytes(builder.small().seal()["checkpoint"])
    status, out, _ = run(capsys, good, "--checkpoint", older)
    assert status == 0
    assert "7 of 7 entries were in the older record" in out


def test_the_published_key_is_compared(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, good, "--key", builder.vkey(builder.LOG_KEY))[0] == 0
    status, out, _ = run(capsys, good, "--key", builder.vkey(builder.OPERATOR_KEY))
    assert status == 1
    assert "names another key than the one given" in out


def test_json_is_of_the_published_form(good: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for bundle, status in ((good, 0), (bad, 1)):
        found, out, _ = run(capsys, bundle, "--format", "json")
        assert found == status
        assert misfits(json.loads(out), SCHEMA) == []


def test_json_of_a_bundle_without_a_manifest_is_of_the_published_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(builder.container({"a": b""}))
    status, out, _ = run(capsys, path, "--format", "json")
    report = json.loads(out)
    assert (status, report["verdict"], report["sentence"].split(" did ")[0]) == (1, "fail", "V1, V3")
    assert misfits(report, SCHEMA) == []
    assert {check["status"] for check in report["checks"]} == {"fail", "not_checked", "not_applicable"}


def test_two_runs_say_the_same_byte_for_byte(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither time nor machine stands in a report."""
    for form in ("text", "json"):
        assert run(capsys, bad, "--format", form) == run(capsys, bad, "--format", form)


def test_a_long_count_says_every_five_seconds_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 4.9, 5.1, 5.1, 10.0, 10.2, 10.2])
    progress = progress_on_stderr("sv", lambda: next(times))
    for increments in (1, 2, 3, 4):
        progress("alfa", increments)
    assert capsys.readouterr() == ("", "alfa: 2 höjningar räknade\nalfa: 4 höjningar räknade\n")


def test_errors_of_the_command_line_are_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--lang=fi")[2].startswith("pb-verify: Komentoriviä ei ymmärretä. ")
    assert run(capsys, "a", "b", "--lang", "sv")[2].startswith("pb-verify: Kommandoraden kan inte tolkas. ")


def test_twenty_problems_of_a_check_are_shown_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = builder.small()
    plan.entries += [builder.stage("bad.kind", True) for _ in range(25)]
    path = tmp_path / "bundle.zip"
    path.write_bytes(builder.container(plan.seal()))
    out = run(capsys, path)[1]
    assert (out.count("     - Entry "), out.count("     - and 5 more")) == (20, 1)


def test_foreign_text_cannot_write_over_the_report() -> None:
    assert plain("a\x1b[2J\r\nb\u202ec\u200b") == "a\\x1b[2J\\r\\nb\\u202ec\\u200b"
    assert len(plain("x" * 5000)) == 301


@pytest.mark.parametrize(
    ("minor", "unit", "language", "text"),
    [
        (123_456_789, 100, "en", "1,234,567.89"),
        (123_456_700, 100, "fi", "1\u00a0234\u00a0567"),
        (5, 100, "sv", "0,05"),
        (1_050, 1000, "en", "1.050"),
    ],
)
def test_amounts_are_exact(minor: int, unit: int, language: str, text: str) -> None:
    assert amount(minor, unit, language) == text


def misfits(value: Any, schema: dict[str, Any], at: str = "$", defs: dict[str, Any] | None = None) -> list[str]:
    """Where a value is not of a JSON schema, for the few words that ours uses."""
    defs = defs or schema.get("$defs", {})
    if "$ref" in schema:
        return misfits(value, defs[schema["$ref"].rsplit("/", 1)[1]], at, defs)
    unknown = schema.keys() - {
        "$schema",
        "$id",
        "$defs",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
    }
    assert not unknown, unknown
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    if "type" in schema and type(value) is not kinds[schema["type"]]:
        return [at]
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        return [at]
    found = []
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        found += [f"{at}.{name}" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name not in properties and others is False:
                found.append(f"{at}.{name}")
            else:
                found += misfits(item, properties.get(name) or others or {}, f"{at}.{name}", defs)
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += misfits(item, schema.get("items", {}), f"{at}[{index}]", defs)
    return found


def test_a_report_that_cannot_be_written_is_no_finding(good: Path) -> None:
    """Status 1 would say that the result was found wrong."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pb_service.verifier", str(good)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "could not be written" in done.stderr
