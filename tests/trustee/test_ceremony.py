"""Three trustees with folders of their own, as processes: one is lost, the other two finish."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PB = (sys.executable, "-c", "from pb_service.cli import main; main()")
VERIFY = (sys.executable, "-m", "pb_service.verifier")
ELECTION = Path(__file__).parents[1] / "data" / "pabulib" / "Poland_Warszawa_2023_Wesola.pb"


@pytest.fixture
def running() -> Iterator[list["subprocess.Popen[str]"]]:
    """Processes that end with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_two_of_three_finish_without_the_third(tmp_path: Path, running: list["subprocess.Popen[str]"]) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("a good passphrase")
    keys = []
    for number in (1, 2, 3):
        made = pb("trustee", "new", tmp_path / f"t{number}", "--name", f"T{number}", "--passphrase-file", passphrase)
        keys += ["--trustee", made.split()[-1]]
    bundle = tmp_path / "bundle.zip"
    choices = ["--from", ELECTION, "--ballots", "12", "--rule", "mes_cost_add1"]
    operator = start(running, "election", "rehearse", *choices, "--port", "0", "--out", bundle, *keys)
    assert operator.stdout
    address, vkey = (operator.stdout.readline().split(": ")[1].strip() for _ in range(2))
    trustees = [
        start(
            running,
            *("trustee", "go", tmp_path / f"t{number}", address, "--log", vkey, "--yes", "--skip-paper"),
            *("--passphrase-file", passphrase, *(() if number == 3 else ("--without", "3"))),
        )
        for number in (1, 2, 3)
    ]
    wait_for(tmp_path / "t3" / "transcript.txt", "Logged", times=4)
    trustees[2].kill()
    assert [trustee.wait(timeout=300) for trustee in trustees[:2]] == [0, 0]
    assert operator.wait(timeout=300) == 0
    assert bundle.is_file()
    checked = subprocess.run([*VERIFY, bundle], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert "record of a rehearsal: it counts for nothing" in checked.stdout


def pb(*arguments: object) -> str:
    return subprocess.run([*PB, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def start(running: list["subprocess.Popen[str]"], *arguments: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen([*PB, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    running.append(process)
    return process


def wait_for(file: Path, text: str, *, times: int) -> None:
    """Wait until a line stands so often in a file."""
    for _ in range(3000):
        if file.exists() and len(re.findall(text, file.read_text(encoding="utf-8"))) >= times:
            return
        time.sleep(0.1)
    pytest.fail(f"{file} never said {text!r} {times} times")
