"""Keys in files: locked, never written over, and signing nothing but statements of enrolment."""

import stat
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from pb_service.cli.key import key
from pb_service.core.record.canonical import decode, encode, unb64u
from pb_service.core.record.signatures import verify_entry
from tests.conftest import FakeClock


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(key, [*map(str, arguments), "--passphrase", "green boats"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    assert run("make", tmp_path / "my.pem").exit_code == 0
    return tmp_path / "my.pem"


@pytest.fixture
def statement(tmp_path: Path, clock: FakeClock) -> Path:
    from pb_service.features.accounts.signing_keys import statement

    path = tmp_path / "statement.json"
    path.write_bytes(statement(b"s" * 32, uuid4(), clock()))
    return path


def test_a_key_is_private_locked_and_never_written_over(file: Path) -> None:
    before = file.read_bytes()
    assert (stat.S_IMODE(file.stat().st_mode), b"ENCRYPTED" in before) == (0o600, True)
    assert run("make", file).exit_code == 2
    assert file.read_bytes() == before


def test_a_statement_is_signed_by_the_key_that_it_names(file: Path, statement: Path) -> None:
    signed = decode(run("prove", file, statement).stdout.strip().encode())
    verify_entry(signed, {"p": unb64u(signed["pk"])})
    assert {name: signed[name] for name in "vktc"} == decode(statement.read_bytes())


def test_nothing_else_is_signed(file: Path, statement: Path) -> None:
    """Somebody who exchanges the file on its way gets no signature of an entry that counts."""
    for other in (b"{}", b"not json", encode({"v": 1, "k": "strike", "t": 1, "c": "x"})):
        statement.write_bytes(other)
        assert run("prove", file, statement).exit_code == 2


def test_a_wrong_passphrase_is_said(file: Path, statement: Path) -> None:
    result = CliRunner().invoke(key, ["prove", str(file), str(statement), "--passphrase", "red boats"])
    assert (result.exit_code, "does not open" in result.stderr) == (2, True)
