"""Keys in files: locked, never written over, signing statements of enrolment and, as a registrar, an abandonment."""

import re
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pb_service.cli.key import STEPS, key
from pb_service.core.record.canonical import decode, encode, unb64u
from pb_service.core.record.signatures import public_bytes, verify_entry
from pb_service.core.sealing import simulation
from pb_service.features import accounts
from tests.conftest import FakeClock
from tests.sealing import repeatable, small_scenario


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


def test_whatever_pages_ask_for_is_signed_by_a_key_in_a_file_too(file: Path, tmp_path: Path) -> None:
    """Each kind that they have words for; of envelopes those of a desk alone."""
    words = (Path(str(accounts.__file__)).parent / "templates/accounts/signing.html").read_text(encoding="utf-8")
    assert set(re.findall(r'"k ([a-z.]+)"', words)) == STEPS
    entry = tmp_path / "to-sign.json"
    for fields, code in (({"k": "roll.fixed"}, 0), ({"k": "env", "y": "desk"}, 0), ({"k": "env", "y": "code"}, 2)):
        entry.write_bytes(encode({"v": 1, **fields}))
        assert run("sign", file, entry, "--yes").exit_code == code, fields


def test_a_wrong_passphrase_is_said(file: Path, statement: Path) -> None:
    result = CliRunner().invoke(key, ["prove", str(file), str(statement), "--passphrase", "red boats"])
    assert (result.exit_code, "does not open" in result.stderr) == (2, True)


def test_a_registrar_gives_up_a_ceremony_of_hers_and_no_other(file: Path, tmp_path: Path) -> None:
    """The entry stands in the record of that very ceremony; another's setup, and a damaged one, are refused."""
    vote = simulation.begin(small_scenario(), repeatable("registrar"))
    loaded = load_pem_private_key(file.read_bytes(), b"green boats")
    assert isinstance(loaded, Ed25519PrivateKey)
    setup, damaged = tmp_path / "setup.json", tmp_path / "damaged.json"
    simulation.set_up(vote, [(f"T{item.number}", public_bytes(item.key)) for item in vote.trustees])
    setup.write_bytes(next(iter(vote.files.values())))
    damaged.write_bytes(b"{}")
    for wrong in (setup, damaged):
        assert run("abandon", file, wrong, "--why", "silent", "--yes").exit_code == 2
    again = simulation.begin(small_scenario(), repeatable("registrar"))
    again.keys["reg"] = loaded
    simulation.set_up(again, [(f"T{item.number}", public_bytes(item.key)) for item in again.trustees])
    setup.write_bytes(next(iter(again.files.values())))
    result = run("abandon", file, setup, "--why", "silent", "--yes")
    assert "Ceremony 1 of localhost/pb/test, with T1, T2, T3" in result.stderr
    again.log(result.stdout.strip().encode())
    assert again.election.ended == "silent"


def test_an_official_signs_steps_of_a_vote_and_nothing_else(file: Path, tmp_path: Path) -> None:
    """What a page of the vote offers as a file; a voter's envelope, a result and a signed entry are refused."""
    step = {"v": 1, "k": "strike", "e": "x", "x": 7, "lh": "y", "why": "desk"}
    entry = tmp_path / "strike.json"
    entry.write_bytes(encode(step))
    result = run("sign", file, entry, "--yes")
    given = decode(result.stdout.strip().encode())
    verify_entry({**step, "sg": [["p", given["signature"]]]}, {"p": unb64u(given["key"])})
    assert "why: desk" in result.stderr
    for other in ({**step, "k": "env"}, {**step, "k": "result"}, {**step, "sg": [["p", "x"]]}):
        entry.write_bytes(encode(other))
        assert run("sign", file, entry, "--yes").exit_code == 2
