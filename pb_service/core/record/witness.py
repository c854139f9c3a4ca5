"""Cosignatures of witnesses on a tree head: C2SP tlog-cosignature, Ed25519 with a time (note algorithm 0x04).

A witness says: at this time I saw this head, and it extends every head of this log that I saw before. It is asked by
the call ``add-checkpoint`` of C2SP tlog-witness.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint, signatures
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError, is_origin, parse_lines, unbase64

_COSIGNATURE = b"\x04"
_TIME_SIZE = 8
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_LONGEST_PROOF = 63


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


def without_others(note: bytes, origin: str, log_key: bytes) -> bytes:
    """Return the checkpoint of a log with no signature but its own. Raises CheckpointError if that is not valid."""
    head = checkpoint.verify(note, origin, log_key)
    ours = (origin, checkpoint.key_id(origin, log_key))
    [blob] = [blob for name, blob in parse_lines(note)[1] if (name, blob[:4]) == ours]
    return f"{head.text}\n\u2014 {origin} {base64.b64encode(blob).decode()}\n".encode()


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


def quorum_time(note: bytes, witnesses: Sequence[Witness], quorum: int) -> int | None:
    """Return the newest time at which so many of the witnesses had seen a checkpoint, None if they have not.

    A witness whose clock runs ahead cannot make a head look fresh by itself. Raises CheckpointError.
    """
    times = sorted(cosigned_at(note, witnesses).values(), reverse=True)
    return times[quorum - 1] if 0 < quorum <= len(times) else None


@dataclass(frozen=True)
class Submission:
    """What a witness is asked to cosign: a checkpoint, and the proof that it extends the size that it cosigned last."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def body(self) -> bytes:
        """Return the body of the call."""
        lines = [f"old {self.old_size}", *(base64.b64encode(node).decode() for node in self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def parse(cls, body: bytes) -> "Submission":
        """Return what a body asks for, nothing of it verified. Raises CheckpointError for any other form."""
        head, blank, note = body.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise CheckpointError("not ASCII") from error
        old = _OLD.fullmatch(lines[0])
        if not blank or old is None or len(lines) > 1 + _LONGEST_PROOF:
            raise CheckpointError("not an old size, a proof, an empty line and a checkpoint")
        return cls(int(old[1]), tuple(unbase64(line) for line in lines[1:]), note)


def _message(head: Checkpoint, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{head.text}".encode()
