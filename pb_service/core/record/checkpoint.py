"""The signed tree head: C2SP tlog-checkpoint, a signed note with Ed25519 signatures (note algorithm 0x01).

The log signs with a key named like its origin. Further signature lines, from witnesses or of other algorithms, are
kept out of the way: they neither help nor harm.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import merkle, signatures

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_KEY_ID = 4  # bytes that a signature begins with
_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")
_LINE = re.compile(r"\u2014 (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_NOTE_LIMIT = 1_000_000


class CheckpointError(ValueError):
    """Not a checkpoint, or not one that the key signed."""


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: which log, how many entries, and the root over them. ``text`` is what is signed."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_origin(name: str) -> bool:
    """Say whether the name can be the origin of a log: not empty, no spaces, no control characters, no plus."""
    return _NAME.fullmatch(name) is not None


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the 4 bytes that a signature line begins with: which key of that name signed."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def vkey(name: str, public_key: bytes) -> str:
    """Return the verifier key as text: name, key id in hex, base64 of algorithm and key, joined by ``+``."""
    return f"{name}+{key_id(name, public_key).hex()}+{base64.b64encode(_ED25519 + public_key).decode()}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """Return name and public key of an Ed25519 verifier key. Raises CheckpointError."""
    name, _, rest = text.partition("+")
    blob = unbase64(rest.partition("+")[2])
    if blob[:1] != _ED25519 or len(blob) != 33 or not is_origin(name) or vkey(name, blob[1:]) != text:
        raise CheckpointError("not an Ed25519 verifier key")
    return name, blob[1:]


def sign(head: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """Return the published form of the tree head, signed by the log. The same head gives the same bytes."""
    if not is_origin(head.origin) or head.size < 0 or len(head.root) != merkle.HASH_SIZE:
        raise ValueError("not a tree head")
    blob = key_id(head.origin, signatures.public_bytes(key)) + key.sign(head.text.encode())
    return f"{head.text}\n\u2014 {head.origin} {base64.b64encode(blob).decode()}\n".encode()


def parse(data: bytes) -> Checkpoint:
    """Return the tree head that the bytes state, **unverified**. Raises CheckpointError for any other form."""
    return parse_lines(data)[0]


def verify(data: bytes, origin: str, public_key: bytes) -> Checkpoint:
    """Return the tree head if the log of this origin signed it with this key.

    Raises CheckpointError for another form or origin, and for a signature that is missing, repeated or wrong.
    """
    head, lines = parse_lines(data)
    if head.origin != origin:
        raise CheckpointError(f"the checkpoint is of {head.origin!r}, not of {origin!r}")
    ours = [blob[4:] for name, blob in lines if (name, blob[:4]) == (origin, key_id(origin, public_key))]
    if len(ours) != 1:
        raise CheckpointError("the checkpoint is not signed, exactly once, by the key of this log")
    if not signatures.verify(public_key, head.text.encode(), ours[0]):
        raise CheckpointError("the signature of the checkpoint is not valid")
    return head


def parse_lines(data: bytes) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """Return tree head and signature lines as name and bytes, **unverified**. Raises CheckpointError."""
    if len(data) > _NOTE_LIMIT:
        raise CheckpointError("too long for a checkpoint")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError("not UTF-8") from error
    text, blank, signed = note.partition("\n\n")
    match = _TEXT.fullmatch(text + "\n")
    if not blank or match is None or not is_origin(match["origin"]):
        raise CheckpointError("not a checkpoint: origin, size and root, an empty line, signatures")
    lines = []
    for line in signed.removesuffix("\n").split("\n"):
        found = _LINE.fullmatch(line)
        if found is None or not signed.endswith("\n"):
            raise CheckpointError("not a signature line")
        lines.append((found["name"], unbase64(found["blob"])))
        if len(lines[-1][1]) <= _KEY_ID:
            raise CheckpointError("not a signature line")
    return Checkpoint(match["origin"], int(match["size"]), unbase64(match["root"])), lines


def unbase64(text: str) -> bytes:
    """Decode standard base64 whose spare bits are zero. Raises CheckpointError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise CheckpointError("not base64")
    return data
