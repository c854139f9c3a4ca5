"""`pb trustee` as a person meets it: rehearsal, paper, a ceremony given up, and folders that know their record."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from pb_service.cli import main
from pb_service.cli.rehearsal import Rehearsal, host, log_vkey, rehearsal_origin
from pb_service.core.record import entries
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing import simulation
from pb_service.core.sealing.group import scalar_bytes
from pb_service.trustee import sheet
from pb_service.trustee.paper import MARK, Paper
from pb_service.trustee.vault import _ARGON, Vault
from tests.sealing import repeatable, small_scenario

PASSPHRASE = "a good passphrase"  # noqa: S105 # of folders that a test makes


@pytest.fixture(autouse=True)
def _quick_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase is slow to try on purpose; these folders are opened a hundred times."""
    monkeypatch.setitem(_ARGON, "time_cost", 1)
    monkeypatch.setitem(_ARGON, "memory_cost", 64)


class Sitting(NamedTuple):
    """Three trustees' folders, and the operator they come to."""

    folder: Path
    server: ThreadingHTTPServer
    rehearsal: Rehearsal

    def trustee(self, number: int, command: str, *options: str, typed: str = "") -> Result:
        record = f"http://127.0.0.1:{self.server.server_address[1]}"
        where = (record, "--log", log_vkey(self.rehearsal.vote)) if command in {"go", "rehearse"} else ()
        secret = ("--passphrase-file", str(self.folder / "passphrase"))
        arguments = ["trustee", command, str(self.place(number)), *where, *secret, *options]
        return CliRunner().invoke(main, arguments, input=typed)

    def place(self, number: int) -> Path:
        return self.folder / f"t{number}"

    def vault(self, number: int) -> Vault:
        return Vault.open(self.place(number), PASSPHRASE)

    def go(self, rounds: int) -> None:
        for _ in range(rounds):
            for number in (1, 2, 3):
                result = self.trustee(number, "go", "--once", "--yes", "--skip-paper")
                assert result.exit_code == 0, result.output


@contextlib.contextmanager
def sitting(folder: Path, origin: str) -> Iterator[Sitting]:
    (folder / "passphrase").write_text(PASSPHRASE)
    keys = [
        public_bytes(Vault.create(folder / f"t{number}", PASSPHRASE, f"T{number}").trustee.key) for number in (1, 2, 3)
    ]
    scenario = small_scenario()
    vote = simulation.begin(scenario.__class__(**{**vars(scenario), "origin": origin}), repeatable("desk"))
    vote.trustees.clear()
    server = host(vote.scenario, [(f"T{number}", key) for number, key in enumerate(keys, start=1)], vote, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Sitting(folder, server, server.rehearsal)  # type: ignore[attr-defined] # set by host
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Sitting]:
    """A record that is a rehearsal."""
    with sitting(tmp_path, rehearsal_origin()) as found:
        yield found


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Sitting]:
    """A record of a vote, whose share needs its paper."""
    with sitting(tmp_path, "localhost/pb/spring") as found:
        yield found


def secrets_of(vault: Vault) -> list[str]:
    """Everything secret in a folder, in the spellings it could leak in."""
    person = vault.trustee
    found = [person.key.private_bytes_raw().hex(), PASSPHRASE]
    if person.share is not None:
        paper = Paper.of(person.share, person.key)
        found += [str(person.share), scalar_bytes(person.share).hex(), paper.code, paper.code.removeprefix(MARK)]
        found += [str(row) for row in paper.rows]
    return found


def test_trustees_rehearse_the_whole_errand_and_every_line_says_so(practice: Sitting) -> None:
    """Mixing and opening by all three before anybody confirms; then the ceremony goes on as if nothing had been."""
    practice.go(3)
    size = practice.rehearsal.vote.election.size
    for number in (1, 2, 3, 1, 2, 3):
        result = practice.trustee(number, "rehearse", "--once", "--yes")
        assert result.exit_code == 0, result.output
        assert all(line.startswith("REHEARSAL  ") for line in result.output.splitlines())
    assert "3 different sets" in result.output
    assert practice.rehearsal.vote.election.size == size, "nothing of it goes into the record"
    told = (practice.place(3) / "transcript.txt").read_text().splitlines()
    assert sum("Z  REHEARSAL  " in line for line in told) == len(told)
    assert practice.vault(1).trustee.opened == {}
    practice.go(4)
    assert practice.rehearsal.finished.is_set()
    assert practice.trustee(1, "rehearse", "--once", "--yes").exit_code == 2


def test_an_operator_who_changes_a_message_of_the_rehearsal_is_noticed(practice: Sitting) -> None:
    practice.go(3)
    practice.trustee(1, "rehearse", "--once", "--yes")
    practice.rehearsal._messages[0] = practice.rehearsal._messages[0].replace(b'"st":1', b'"st":2')
    result = practice.trustee(2, "rehearse", "--once", "--yes")
    assert (result.exit_code, result.output.count("\n") >= 1) == (2, True)
    assert "does not hold" in result.output


def test_a_share_goes_to_paper_by_page_and_comes_back_by_its_code(real: Sitting) -> None:
    """The page is gone when the paper was tried, and a new folder comes from the paper alone."""
    for _ in range(3):
        for number in (1, 2, 3):
            real.trustee(number, "go", "--once", "--yes", typed="n\n")
    vault = real.vault(1)
    assert vault.trustee.share is not None, "the ceremony has come to where the paper is due"
    assert not vault.backed_up
    code = Paper.of(vault.trustee.share, vault.trustee.key).code
    result = real.trustee(1, "backup", typed=f"y\n{code}\n")
    assert result.exit_code == 0, result.output
    assert str(real.place(1) / sheet.NAME) in result.output
    assert not (real.place(1) / sheet.NAME).exists()
    assert real.vault(1).backed_up
    transcript = (real.place(1) / "transcript.txt").read_text()
    assert not [secret for secret in secrets_of(vault) if secret in transcript]
    restored = real.trustee(9, "restore", "--name", "T1", typed=f"{code}\n")
    assert restored.exit_code == 0, restored.output
    again = real.vault(9)
    assert (again.trustee.share, again.trustee.key.private_bytes_raw()) == (
        vault.trustee.share,
        vault.trustee.key.private_bytes_raw(),
    )
    assert not [secret for secret in secrets_of(vault) if secret in restored.output.replace(code, "")]
    gone_on = real.trustee(9, "go", "--once", "--yes")
    assert "You are trustee 1" in gone_on.output, "the paper alone brings her back"


def test_a_slip_is_asked_again_and_another_paper_is_refused(real: Sitting) -> None:
    vault = real.vault(1)
    vault.trustee.share = 7**80
    vault.save()
    rows = [str(row) for row in Paper.of(7**80, vault.trustee.key).rows]
    slip = rows[2].replace(rows[2][0], "3" if rows[2][0] != "3" else "4", 1)
    right = real.trustee(1, "backup", typed="\n".join(["n", *rows[:2], slip, rows[2][:-1], *rows[2:]]) + "\n")
    assert (right.exit_code, right.output.count("Row 3 is not what stands on the paper")) == (0, 2)
    other = real.trustee(1, "backup", typed=f"y\n{Paper.of(5, vault.trustee.key).code}\n")
    assert other.exit_code == 2
    assert not (real.place(1) / sheet.NAME).exists(), "whatever happened, the page is gone"
    cut_off = real.trustee(1, "backup", typed="y\n")
    assert cut_off.exit_code == 1
    assert not (real.place(1) / sheet.NAME).exists()


def test_a_page_left_behind_is_erased_at_the_next_sitting(real: Sitting) -> None:
    page = real.place(1) / sheet.NAME
    page.write_text("secret")
    result = real.trustee(1, "go", "--once", "--yes")
    assert "erased" in result.output
    assert not page.exists()


def test_a_real_share_cannot_skip_its_paper(real: Sitting) -> None:
    assert real.trustee(1, "go", "--once", "--yes", "--skip-paper").exit_code == 2


def test_a_ceremony_given_up_is_forgotten_and_begun_again(practice: Sitting) -> None:
    """Late messages find no place; secrets and share of it are deleted, and the next ceremony ends in a result."""
    practice.go(2)
    rehearsal, before = practice.rehearsal, practice.vault(1).trustee
    assert before.secrets is not None
    simulation.abandon(rehearsal.vote, "silent")
    rehearsal._publish()
    waiting = practice.trustee(1, "go", "--once", "--yes", "--skip-paper")
    assert "was given up" in waiting.output
    assert "the operator has the next step" in waiting.output
    after = practice.vault(1).trustee
    assert (after.secrets, after.share) == (None, None)
    people = [(f"T{number}", public_bytes(practice.vault(number).trustee.key)) for number in (1, 2, 3)]
    simulation.set_up(rehearsal.vote, people)
    rehearsal._publish()
    practice.go(6)
    assert rehearsal.finished.is_set()
    secrets = practice.vault(2).trustee
    assert secrets.share is not None


def test_after_an_accusation_the_others_wait_for_a_new_setup(practice: Sitting) -> None:
    practice.go(2)
    vote = practice.rehearsal.vote
    assert vote.election.setup is not None
    fields = {"j": 1, "y": "", "bad": [3]}
    key = {"t1": practice.vault(1).trustee.key}
    vote.log(entries.signed_entry("tk3", vote.election.setup.sid, fields, key))
    practice.rehearsal._publish()
    told = practice.trustee(2, "go", "--once", "--yes", "--skip-paper").output
    assert "was given up" in told
    assert "the operator has the next step" in told
    assert practice.vault(2).trustee.secrets is None


def test_a_folder_is_for_one_record(practice: Sitting) -> None:
    """What was kept in a rehearsal never meets the real vote."""
    practice.trustee(1, "go", "--once", "--yes", "--skip-paper")
    other = simulation.begin(small_scenario(), repeatable("other"))
    record = f"http://127.0.0.1:{practice.server.server_address[1]}"
    arguments = ["trustee", "go", str(practice.place(1)), record, "--log", log_vkey(other), "--once", "--yes"]
    result = CliRunner().invoke(main, [*arguments, "--passphrase-file", str(practice.folder / "passphrase")])
    assert result.exit_code == 2
    assert "Make a new folder for each record" in result.output
