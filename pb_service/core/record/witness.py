"""Cosignatures of witnesses on a tree head: C2SP tlog-cosignature, Ed25519 with a time (note algorithm 0x04).

A witness says: at this time I saw this head, and it extends every head of this log that I saw before.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import signatures
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError, is_origin, parse_lines, unbase64

_COSIGNATURE = b"\x04"
_TIME_SIZE = 8


@dataclass(frozen=True)
class Witness:
    """A witness by name and public key."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that its signature lines begin with."""
        return hashlib.sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key as text."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_COSIGNATURE + self.key).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> "Witness":
        """Return the witness of a verifier key. Raises CheckpointError."""
        name, _, rest = vkey.partition("+")
        blob = unbase64(rest.partition("+")[2])
        witness = cls(name, blob[1:])
        if blob[:1] != _COSIGNATURE or len(blob) != 33 or not is_origin(name) or witness.vkey != vkey:
            raise CheckpointError("not the verifier key of a witness")
        return witness


def cosign(head: Checkpoint, name: str, key: Ed25519PrivateKey, at: int) -> str:
    """Return the signature line, with its newline, of a witness that saw the head at ``at`` (seconds UTC)."""
    witness = Witness(name, signatures.public_bytes(key))
    blob = witness.key_id + at.to_bytes(_TIME_SIZE, "big") + key.sign(_message(head, at))
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


def cosigned_at(note: bytes, witnesses: Sequence[Witness]) -> dict[str, int]:
    """Return when each of the witnesses that validly signed a checkpoint saw it, by name. Raises CheckpointError."""
    head, lines = parse_lines(note)
    seen: dict[str, int] = {}
    for witness in witnesses:
        for name, blob in lines:
            if name != witness.name or blob[:4] != witness.key_id or len(blob) != 4 + _TIME_SIZE + 64:
                continue
            at = int.from_bytes(blob[4 : 4 + _TIME_SIZE], "big")
            if signatures.verify(witness.key, _message(head, at), blob[4 + _TIME_SIZE :]):
                seen[name] = max(at, seen.get(name, 0))
    return seen


def _message(head: Checkpoint, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{head.text}".encode()
