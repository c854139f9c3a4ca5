"""A witness never signs two roots of one size, nor a head that does not extend the last one; whatever happens to it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pb_service.core.record import checkpoint
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.record.witness import Submission, cosigned_at
from pb_service.trustee.witness import Fork, Refusal, WitnessError, WitnessFolder
from tests.records import KEY, ORIGIN, VKEY, entries, head_of, note_of, submission

TRUE, FALSE = entries(400), entries(400, "lie", shared=100)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)


def last(witness: WitnessFolder) -> Checkpoint:
    log = witness.followed(ORIGIN)
    assert log
    return log.head


def test_what_extends_the_last_head_is_signed(witness: WitnessFolder) -> None:
    for at, (old, size) in enumerate([(0, 100), (100, 100), (100, 101), (101, 400)]):
        asked = submission(TRUE[:size], old)
        line = witness.cosign(asked, 1_700_000_000 + at)
        assert cosigned_at(asked.note + line, [witness.witness]) == {"library.example/w1": 1_700_000_000 + at}
        assert last(witness) == head_of(TRUE[:size])


@pytest.mark.parametrize(
    ("asked", "status", "size"),
    [
        (Submission(0, (), b"no checkpoint"), 400, None),
        (replace(submission(TRUE[:300], 100), old_size=301), 400, None),
        (Submission(0, (), checkpoint.sign(Checkpoint("example.org/pb/other", 5, bytes(32)), OTHER_KEY)), 404, None),
        (Submission(200, (), note_of(TRUE[:200], OTHER_KEY)), 403, None),
        (submission(TRUE[:300], 199), 409, 200),
        (submission(TRUE[:300], 0), 409, 200),
        (submission(TRUE[:150], 100), 409, 200),
        (submission(FALSE[:200], 200), 409, 200),
        (submission(FALSE[:200], 100), 409, 200),
        (submission(FALSE[:300], 200), 422, None),
        (Submission(200, (), note_of(TRUE[:300])), 422, None),
        (Submission(200, (bytes(32),), note_of(TRUE[:200])), 422, None),
        (Submission(200, (b"short",), note_of(TRUE[:300])), 422, None),
    ],
)
def test_everything_else_is_refused_as_the_standard_says(
    witness: WitnessFolder, asked: Submission, status: int, size: int | None
) -> None:
    """C2SP tlog-witness, add-checkpoint; after each refusal the last head is what it was."""
    witness.cosign(submission(TRUE[:200], 0), 1)
    with pytest.raises(Refusal) as refused:
        witness.cosign(asked, 2)
    assert (refused.value.status, refused.value.size) == (status, size)
    assert last(witness) == head_of(TRUE[:200])


def test_both_heads_of_a_fork_are_kept(witness: WitnessFolder) -> None:
    """Two trees of one size, both signed by the log: whoever reads the file can check that."""
    witness.cosign(submission(TRUE[:200], 0), 1)
    with pytest.raises(Fork):
        witness.cosign(submission(FALSE[:200], 200), 2)
    [proof] = (witness.folder / "fork").iterdir()
    assert proof.read_bytes().startswith(note_of(TRUE[:200]))
    assert proof.read_bytes().endswith(note_of(FALSE[:200]))


def test_the_empty_record_has_one_root(witness: WitnessFolder) -> None:
    with pytest.raises(Fork):
        witness.cosign(Submission(0, (), checkpoint.sign(Checkpoint(ORIGIN, 0, bytes(32)), KEY)), 1)
    assert witness.cosign(submission([], 0), 1)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_order_of_requests_gets_two_histories_signed(data: st.DataObject, tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("any")  # type: ignore[attr-defined]
    witness = WitnessFolder.create(folder / "w", "w")
    witness.follow(VKEY)
    signed: list[Checkpoint] = []
    for at in range(data.draw(st.integers(1, 12))):
        history = data.draw(st.sampled_from([TRUE, FALSE]))
        size = data.draw(st.sampled_from([50, 100, 120, 120, 256, 400]))
        old = data.draw(st.sampled_from([0, last(witness).size, last(witness).size, 100]))
        try:
            witness.cosign(submission(history[:size], min(old, size)), at)
            signed.append(head_of(history[:size]))
        except Refusal:
            continue
    assert signed == sorted(signed, key=lambda head: head.size)
    assert any(all(head == head_of(history[: head.size]) for head in signed) for history in (TRUE, FALSE))


def test_of_two_histories_at_once_one_is_signed(witness: WitnessFolder) -> None:
    """Whoever asks at the same moment, through whichever process: the file is compared and replaced under a lock."""

    def ask(history: list[bytes]) -> bytes | None:
        try:
            return WitnessFolder(witness.folder).cosign(submission(history[:200], 0), 1)
        except Refusal:
            return None

    with ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(ask, [TRUE, FALSE] * 8))
    assert len([line for line in lines if line]) == 1


#: Asks a witness to sign the head of a file, and is killed by the system at one of the steps of the durable write.
ASKS = """
import os, sys
from pathlib import Path
from pb_service.core.record.witness import Submission
from pb_service.trustee.witness import WitnessFolder

def killed(module, name, number, after):
    real, seen = getattr(module, name), []
    def step(*given, **named):
        seen.append(1)
        if len(seen) == number and not after:
            os._exit(9)
        result = real(*given, **named)
        if len(seen) == number:
            os._exit(9)
        return result
    setattr(module, name, step)

folder, body, name, number, after = sys.argv[1:]
witness = WitnessFolder(Path(folder))
killed(Path if name == "replace" else os, name, int(number), after == "after")
print(witness.cosign(Submission.parse(Path(body).read_bytes()), 5).decode(), end="", flush=True)
"""


@pytest.mark.parametrize("after", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "number"), [("open", 2), ("fsync", 1), ("replace", 1), ("open", 3), ("fsync", 2), ("close", 1)]
)
def test_killed_at_any_step_it_signs_one_history(
    witness: WitnessFolder, tmp_path: Path, step: str, number: int, after: str
) -> None:
    """No signature leaves before its head is on the disk, so the other history is refused once one has left."""
    witness.cosign(submission(TRUE[:100], 0), 1)
    (tmp_path / "body").write_bytes(submission(TRUE[:200], 100).body())
    asked = [sys.executable, "-c", ASKS, str(witness.folder), str(tmp_path / "body"), step, str(number), after]
    done = subprocess.run(asked, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (9, b"")
    again = WitnessFolder(witness.folder)
    assert last(again) in {head_of(TRUE[:100]), head_of(TRUE[:200])}
    assert again.cosign(submission(TRUE[:200], last(again).size), 7)
    with pytest.raises(Fork):
        again.cosign(submission(FALSE[:200], 100), 8)


@pytest.mark.parametrize("damage", [b"", b"nothing", VKEY.encode() + b"\nexample.org/pb/spring\n5\n"])
def test_a_damaged_memory_signs_nothing(witness: WitnessFolder, damage: bytes) -> None:
    """It is never taken for a record that begins."""
    witness.cosign(submission(TRUE[:200], 0), 1)
    [kept] = (witness.folder / "logs").iterdir()
    kept.write_bytes(damage)
    with pytest.raises(WitnessError, match="damaged"):
        witness.cosign(submission(FALSE[:200], 0), 2)


def test_a_lost_memory_signs_nothing(witness: WitnessFolder) -> None:
    """A record without its file is not followed."""
    witness.cosign(submission(TRUE[:200], 0), 1)
    [kept] = (witness.folder / "logs").iterdir()
    kept.unlink()
    with pytest.raises(Refusal) as refused:
        witness.cosign(submission(FALSE[:200], 0), 2)
    assert refused.value.status == 404


def test_a_record_is_followed_once(witness: WitnessFolder) -> None:
    """Beginning again would forget what was signed."""
    with pytest.raises(WitnessError, match="already"):
        witness.follow(VKEY)


def test_the_folder_is_private_and_made_once(witness: WitnessFolder) -> None:
    assert witness.folder.stat().st_mode & 0o777 == 0o700
    assert (witness.folder / "witness.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(WitnessError, match="already"):
        WitnessFolder.create(witness.folder, "another")


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_a_name_that_cannot_stand_in_a_signature_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WitnessError, match="name"):
        WitnessFolder.create(tmp_path / "w", name)
