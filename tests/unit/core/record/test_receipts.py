"""Receipts and witnesses: what a voter keeps, and who saw the record grow."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint, merkle, signatures
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.receipt import Receipt, ReceiptError
from pb_service.core.record.witness import Witness, cosign, cosigned_at

LOG = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
SEER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
ORIGIN = "example.org/pb/spring"
ENTRIES = [f"entry {number}".encode() for number in range(7)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
HEAD = Checkpoint(ORIGIN, len(LEAVES), merkle.root(LEAVES))
NOTE = checkpoint.sign(HEAD, LOG)
WITNESS = Witness("library.example/w1", signatures.public_bytes(SEER))


@pytest.mark.parametrize("index", range(7))
def test_a_receipt_comes_back_from_its_text_and_verifies(index: int) -> None:
    receipt = Receipt.parse(Receipt.make(LEAVES, ENTRIES[index], index, NOTE).text())
    assert receipt == Receipt.make(LEAVES, ENTRIES[index], index, NOTE)
    assert receipt.verify(ORIGIN, signatures.public_bytes(LOG)) == HEAD


def test_a_receipt_of_another_entry_or_log_does_not_verify() -> None:
    public = signatures.public_bytes(LOG)
    forged = Receipt.make(LEAVES, b"another", 3, NOTE)
    with pytest.raises(ReceiptError, match="not in the tree"):
        forged.verify(ORIGIN, public)
    with pytest.raises(ReceiptError, match="not of"):
        Receipt.make(LEAVES, ENTRIES[0], 0, NOTE).verify("example.org/pb/autumn", public)
    with pytest.raises(ReceiptError, match="key of this log"):
        Receipt.make(LEAVES, ENTRIES[0], 0, NOTE).verify(ORIGIN, WITNESS.key)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 3", "index 03"),
        lambda text: text.replace("extra ", "extra  "),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text[:40],
        lambda _: "",
    ],
)
def test_another_form_is_no_receipt(change: object) -> None:
    assert callable(change)
    with pytest.raises(ReceiptError):
        Receipt.parse(change(Receipt.make(LEAVES, ENTRIES[3], 3, NOTE).text()))


def test_a_witness_says_when_it_saw_a_head() -> None:
    note = NOTE + cosign(HEAD, WITNESS.name, SEER, 1_700_000_000).encode()
    assert Witness.parse(WITNESS.vkey) == WITNESS
    assert cosigned_at(note, [WITNESS]) == {WITNESS.name: 1_700_000_000}
    assert checkpoint.verify(note, ORIGIN, signatures.public_bytes(LOG)) == HEAD


def test_a_cosignature_of_another_head_time_or_key_does_not_count() -> None:
    other = Checkpoint(ORIGIN, 3, merkle.root(LEAVES[:3]))
    line = cosign(other, WITNESS.name, SEER, 5).encode()
    assert cosigned_at(NOTE + line, [WITNESS]) == {}
    stranger = Witness(WITNESS.name, signatures.public_bytes(LOG))
    assert cosigned_at(NOTE + cosign(HEAD, WITNESS.name, SEER, 5).encode(), [stranger]) == {}


def test_the_key_of_a_log_is_no_witness() -> None:
    with pytest.raises(CheckpointError):
        Witness.parse(checkpoint.vkey(ORIGIN, signatures.public_bytes(LOG)))
