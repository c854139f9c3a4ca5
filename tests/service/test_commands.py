"""The commands as a person at a terminal uses them: what they print, what they refuse, and how they survive."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builders import pabulib_bytes

PB = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')"]


@pytest.fixture
def environ(database_url: str, folder: Path) -> dict[str, str]:
    """The environment of a command: a database and a data folder of this test alone."""
    own = {"PB_DATABASE_URL": database_url, "PB_DATA": str(folder / "data")}
    return {name: value for name, value in os.environ.items() if not name.startswith("PB_")} | own


@pytest.fixture
def north(folder: Path) -> Path:
    file = folder / "north.pb"
    file.write_bytes(pabulib_bytes("North"))
    return file


def pb(environ: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*PB, *map(str, arguments)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=300)


def import_north(environ: dict[str, str], file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return pb(environ, "round", "import", file, "--name", "spring", "--licence", "none", "--source", "a test", *options)


def test_the_main_job_ends_well_and_says_so_for_each_district(environ: dict[str, str]) -> None:
    done = pb(environ, "run", "--once")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:7]]
    assert [row[0] for row in rows] == ["Rembertów", "Ursus", "Wesoła", "Wilanów", "Włochy", "Żoliborz"]
    assert {row[-1] for row in rows} == {"yes"}
    assert rows[1][1:7] == ["2,427,140", "4,519", "72", "17", "2,426,510", "630"]
    assert "bundle verified by pb-verify" in done.stdout


def test_the_main_job_killed_at_any_moment_is_finished_by_the_next_start(environ: dict[str, str]) -> None:
    """Killed hard and often: whatever was published stays, and the result is the same as without."""
    for seconds in (2.0, 3.0, 4.0, 5.0):
        started = subprocess.Popen(
            [*PB, "run", "--once"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        started.send_signal(signal.SIGKILL)
        started.wait()
    done = pb(environ, "run", "--once")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" yes") == 6


def test_a_round_is_imported_counted_exported_and_verified_by_hand(
    environ: dict[str, str], north: Path, folder: Path
) -> None:
    assert import_north(environ, north).returncode == 0
    assert pb(environ, "round", "count", "spring").returncode == 0
    for name in ("one.zip", "two.zip"):
        assert pb(environ, "export", "spring", "--out", folder / name).returncode == 0
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()
    verified = subprocess.run([sys.executable, "-m", "pb_service.verifier", str(folder / "one.zip")], check=False)
    assert verified.returncode == 0
    assert pb(environ, "round", "list").stdout == "spring\tresults\tspring\n"


def test_a_dry_run_reports_and_stores_nothing(environ: dict[str, str], north: Path) -> None:
    done = import_north(environ, north, "--dry-run")
    assert done.stdout.startswith("north.pb: North, 3 projects, 4 ballots, budget 100 EUR")
    assert "no round called 'spring'" in pb(environ, "round", "count", "spring").stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"garbage", "north.pb, line 1"),
        (b"", "north.pb"),
        (b"META\nkey;value\nbudget;\x00", "north.pb"),
        (pabulib_bytes(rule="unknown"), "not offered yet"),
        (pabulib_bytes(projects={"a": "-5"}), "north.pb, line"),
        (pabulib_bytes(votes=["a,nothing"]), "north.pb, line"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_2_and_one_sentence(
    environ: dict[str, str], north: Path, content: bytes, sentence: str
) -> None:
    north.write_bytes(content)
    done = import_north(environ, north)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert pb(environ, "round", "list").stdout == ""


def test_a_misspelt_setting_names_the_right_one(environ: dict[str, str]) -> None:
    done = pb(environ | {"PB_PROT": "80"}, "round", "list")
    assert done.returncode == 2
    assert "PB_PORT" in done.stderr


def test_a_round_that_does_not_exist_cannot_be_exported(environ: dict[str, str], folder: Path) -> None:
    done = pb(environ, "export", "winter", "--out", folder / "winter.zip")
    assert (done.returncode, (folder / "winter.zip").exists()) == (2, False)
    assert "winter" in done.stderr
