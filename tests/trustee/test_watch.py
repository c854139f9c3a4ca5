"""A trustee reads the record through witnesses: the newest head that enough of them have seen, or none."""

from pathlib import Path

import pytest

from pb_service.core.record.signatures import public_bytes
from pb_service.trustee.sources import Folder
from pb_service.trustee.watch import RecordAlarm, Trust, read_record
from pb_service.trustee.witness import WitnessFolder
from tests.records import KEY, ORIGIN, VKEY, entries, publish, submission

TRUE = entries(20)


@pytest.fixture
def witness(tmp_path: Path) -> WitnessFolder:
    made = WitnessFolder.create(tmp_path / "witness", "library.example/w1")
    made.follow(VKEY)
    return made


def trust(witness: WitnessFolder, quorum: int) -> Trust:
    return Trust(ORIGIN, public_bytes(KEY), (witness.witness,), quorum)


def test_entries_that_no_witness_has_seen_are_not_read(witness: WitnessFolder, tmp_path: Path) -> None:
    """While the record grows, what a quorum has seen is a little older."""
    publish(tmp_path / "spring", TRUE[:10], witness.cosign(submission(TRUE[:10], 0), 1))
    publish(tmp_path / "spring", TRUE[:12])
    source = Folder(tmp_path / "spring")
    assert read_record(source, trust(witness, 1)).head.size == 10
    assert read_record(source, trust(witness, 0)).head.size == 12


def test_a_record_that_no_witness_has_seen_is_an_alarm(witness: WitnessFolder, tmp_path: Path) -> None:
    publish(tmp_path / "spring", TRUE[:10])
    with pytest.raises(RecordAlarm, match="Only 0 of 1"):
        read_record(Folder(tmp_path / "spring"), trust(witness, 1))


def test_a_bundles_checkpoint_carries_its_witnesses(witness: WitnessFolder, tmp_path: Path) -> None:
    """In a folder made of a bundle there is no other file."""
    folder = tmp_path / "spring"
    publish(folder, TRUE[:10], witness.cosign(submission(TRUE[:10], 0), 1))
    (folder / "witnessed").replace(folder / "checkpoint")
    assert read_record(Folder(folder), trust(witness, 1)).head.size == 10
