"""`pb witness look`: the record as all see it, over HTTP or in a folder; what extends the last head is signed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pb_service.cli import main
from pb_service.core.record.witness import cosigned_at
from pb_service.trustee.witness import WitnessFolder
from tests.records import ORIGIN, Answer, entries, note_of, publish, shown, submission

TRUE, FALSE = entries(700), entries(700, "lie", shared=100)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    publish(tmp_path / "spring", TRUE[:300])
    return tmp_path / "spring"


def look(witness: WitnessFolder, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["witness", "look", str(witness.folder), *map(str, arguments)])
    return done.exit_code, done.output


def signed(witness: WitnessFolder) -> int:
    log = witness.followed(ORIGIN)
    assert log
    return log.head.size


def test_a_growing_record_is_signed_again_and_again(witness: WitnessFolder, record: Path) -> None:
    for size in (300, 300, 301, 512, 700):
        publish(record, TRUE[:size])
        assert look(witness, record)[0] == 0
        assert signed(witness) == size


def test_an_older_head_whose_partial_tiles_are_gone(witness: WitnessFolder, record: Path) -> None:
    """They are cut from the full ones, as every log may leave them away."""
    publish(record, TRUE[:700])
    (record / "checkpoint").write_bytes(note_of(TRUE[:200]))
    witness.cosign(submission(TRUE[:100], 0), 1)
    assert (look(witness, record)[0], signed(witness)) == (0, 200)


def test_over_the_network(witness: WitnessFolder, record: Path, tmp_path: Path) -> None:
    """And what was signed is put where a web server finds it."""
    with shown(record) as site:
        assert look(witness, site.url, "--out", tmp_path / "www")[0] == 0
    published = tmp_path / "www" / WitnessFolder.name_of(ORIGIN) / "checkpoint"
    assert cosigned_at(published.read_bytes(), [witness.witness])


@pytest.mark.parametrize("size", [300, 301, 700])
def test_another_history_is_an_alarm(witness: WitnessFolder, record: Path, tmp_path: Path, size: int) -> None:
    """Of the same size or a larger one, with every tile as it should be for that history."""
    assert look(witness, record)[0] == 0
    publish(tmp_path / "fork", FALSE[:size])
    code, told = look(witness, tmp_path / "fork")
    assert (code, "ALARM" in told, signed(witness)) == (3, True, 300)
    [proof] = (witness.folder / "fork").iterdir()
    assert note_of(TRUE[:300]) in proof.read_bytes()
    assert note_of(FALSE[:size]) in proof.read_bytes()


def test_a_record_that_went_back_is_not_signed(witness: WitnessFolder, record: Path, tmp_path: Path) -> None:
    assert look(witness, record)[0] == 0
    publish(tmp_path / "old", TRUE[:200])
    code, told = look(witness, tmp_path / "old", "--language", "fi")
    assert (code, "EI ALLEKIRJOITETTU" in told, signed(witness)) == (3, True, 300)


def test_tiles_that_prove_nothing_are_not_a_fork(witness: WitnessFolder, record: Path) -> None:
    """A broken disk is no misconduct: nothing is signed, and nothing is said against the operator."""
    assert look(witness, record)[0] == 0
    publish(record, TRUE[:600])
    for tile in (record / "tile" / "0").rglob("*"):
        if tile.is_file():
            tile.write_bytes(bytes(len(tile.read_bytes())))
    code, told = look(witness, record)
    assert (code, "ALARM" in told, signed(witness)) == (2, False, 300)
    assert not (witness.folder / "fork").exists()


def test_a_key_that_is_not_the_records_is_refused(witness: WitnessFolder, record: Path) -> None:
    (record / "checkpoint").write_bytes(note_of(TRUE[:300]).replace(b"\n300\n", b"\n301\n"))
    assert (look(witness, record)[0], signed(witness)) == (2, 0)


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"location": "https://elsewhere.example/"}, []),
        (301, {"location": "/checkpoint"}, []),
        (500, {}, [(0.0, b"broken")]),
        (200, {}, [(0.0, b"<html>Welcome to the library's network</html>")]),
        (200, {"content-length": "5000"}, [(0.0, note_of(TRUE[:300]))]),
        (200, {}, [(0.0, b"\xff\xfe\x00" * 500)]),
    ],
)
def test_an_address_that_answers_something_else_is_not_followed(
    witness: WitnessFolder, record: Path, answer: Answer
) -> None:
    with shown(record) as site:
        site.fault = lambda _: answer
        assert (look(witness, site.url)[0], signed(witness)) == (2, 0)


def test_a_record_that_is_not_followed_is_not_signed(tmp_path: Path, record: Path) -> None:
    other = WitnessFolder.create(tmp_path / "other", "w")
    code, told = look(other, record)
    assert (code, "not followed" in told) == (2, True)


def test_looking_and_answering_share_one_memory(witness: WitnessFolder, record: Path) -> None:
    """Whatever was signed by the one is known to the other."""
    witness.cosign(submission(TRUE[:256], 0), 1)
    assert (look(witness, record)[0], signed(witness)) == (0, 300)
