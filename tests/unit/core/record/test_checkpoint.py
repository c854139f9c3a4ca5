"""Checkpoints as signed notes: what is signed, what is read, what is ignored and what is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.signatures import public_bytes

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = public_bytes(KEY)
ORIGIN = "localhost/pb/demo"
HEAD = Checkpoint(ORIGIN, 42, b"\xab" * 32)
SIGNED = checkpoint.sign(HEAD, KEY)
TEXT = HEAD.text.encode()


def line(name: str, blob: bytes) -> bytes:
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n".encode()


OWN = checkpoint.key_id(ORIGIN, PUBLIC)
OURS = line(ORIGIN, OWN + KEY.sign(TEXT))


def test_form() -> None:
    """Origin, size and root, each on a line; an empty line; an em dash, the origin, key id and signature."""
    assert b"localhost/pb/demo\n42\n" + base64.b64encode(b"\xab" * 32) + b"\n" == TEXT
    assert SIGNED == TEXT + b"\n" + OURS


def test_signing_is_deterministic() -> None:
    """The same head always gives the same bytes, so publishing it again changes nothing."""
    assert checkpoint.sign(HEAD, KEY) == SIGNED


def test_signed_head_verifies() -> None:
    """What was signed is what is read."""
    assert checkpoint.verify(SIGNED, ORIGIN, PUBLIC) == HEAD
    assert checkpoint.parse(SIGNED) == HEAD


@pytest.mark.parametrize(
    "extra",
    [
        line("witness.example/w", b"\x01\x02\x03\x04" + bytes(72)),
        line(ORIGIN, b"\x01\x02\x03\x04" + bytes(64)),
        line("elsewhere", OWN + bytes(64)),
        line("x", bytes(5)) * 16,
    ],
    ids=["cosignature", "other key of ours", "same key id under another name", "sixteen more"],
)
def test_further_signatures_are_ignored(extra: bytes) -> None:
    """Signatures of unknown keys neither help nor harm, wherever they stand."""
    assert checkpoint.verify(SIGNED + extra, ORIGIN, PUBLIC) == HEAD
    assert checkpoint.verify(TEXT + b"\n" + extra + OURS, ORIGIN, PUBLIC) == HEAD


@pytest.mark.parametrize(
    "signed",
    [
        line(ORIGIN, OWN + KEY.sign(b"other")),
        line("other", OWN + KEY.sign(TEXT)),
        line(ORIGIN, b"\x00" * 4 + KEY.sign(TEXT)),
        line(ORIGIN, OWN),
        OURS + OURS,
        OURS + line(ORIGIN, OWN + bytes(64)),
    ],
    ids=["other text", "other name", "other key id", "empty", "twice", "one of two wrong"],
)
def test_signature_must_be_ours_and_right(signed: bytes) -> None:
    """Exactly one line has our name and key id, and it is valid."""
    with pytest.raises(CheckpointError, match=r"signature|signed"):
        checkpoint.verify(TEXT + b"\n" + signed, ORIGIN, PUBLIC)


def test_checkpoint_of_another_log() -> None:
    """A head of one log says nothing about another, even under the same key."""
    other = checkpoint.sign(Checkpoint("localhost/pb/other", 42, HEAD.root), KEY)
    with pytest.raises(CheckpointError, match="not of"):
        checkpoint.verify(other, ORIGIN, PUBLIC)


ROOT = base64.b64encode(HEAD.root)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        TEXT,
        TEXT + b"\n",
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED + b"words\n",
        SIGNED.replace(b"42", b"042"),
        SIGNED.replace(b"42", b"-42"),
        SIGNED.replace(b"42", b"4 2"),
        SIGNED.replace(b"42", b"9" * 30),
        SIGNED.replace(b"\n", b"\r\n"),
        SIGNED.replace(ROOT, ROOT[:-1]),
        SIGNED.replace(ROOT, ROOT[:-2] + b"t="),
        SIGNED.replace(ROOT, ROOT + b"\nextension"),
        SIGNED.replace(b"localhost", b"local host"),
        SIGNED.replace("\u2014".encode(), b"-"),
        b"\n" + SIGNED,
        b"\xff" + SIGNED,
        SIGNED + line("x", bytes(60)) * 20_000,
        SIGNED + line("x", bytes(4)),
    ],
    ids=range(20),
)
def test_other_forms_are_refused(data: bytes) -> None:
    """Leading zeros, extension lines, spare bits, other line ends, missing or foreign lines, absurd length."""
    with pytest.raises(CheckpointError):
        checkpoint.verify(data, ORIGIN, PUBLIC)


def test_verifier_key() -> None:
    """The key id is the beginning of SHA-256 over name, newline, algorithm 1 and key; it reads back."""
    vkey = checkpoint.vkey(ORIGIN, PUBLIC)
    assert vkey == f"{ORIGIN}+{OWN.hex()}+{base64.b64encode(bytes([1]) + PUBLIC).decode()}"
    assert checkpoint.parse_vkey(vkey) == (ORIGIN, PUBLIC)


def test_key_id_of_a_published_key() -> None:
    """The verifier key of Go's checksum database, whose id anyone can look up."""
    name, key = checkpoint.parse_vkey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert checkpoint.key_id(name, key).hex() == "033de0ae"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        checkpoint.vkey(ORIGIN, PUBLIC).replace(OWN.hex(), "00000000"),
        checkpoint.vkey(ORIGIN, PUBLIC)[:-1],
        checkpoint.vkey("a b", PUBLIC),
        f"{ORIGIN}+{OWN.hex()}+{base64.b64encode(bytes([2]) + PUBLIC).decode()}",
    ],
)
def test_other_verifier_keys_are_refused(text: str) -> None:
    """Wrong id, wrong length, other algorithms, names with spaces."""
    with pytest.raises(CheckpointError):
        checkpoint.parse_vkey(text)


@pytest.mark.parametrize(
    "head", [Checkpoint("a b", 0, bytes(32)), Checkpoint("a", -1, bytes(32)), Checkpoint("a", 0, b"")]
)
def test_only_tree_heads_are_signed(head: Checkpoint) -> None:
    """Nothing is signed that could not be read again."""
    with pytest.raises(ValueError, match="not a tree head"):
        checkpoint.sign(head, KEY)
