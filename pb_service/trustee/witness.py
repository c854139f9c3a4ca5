"""A witness: its key, and for each log that it follows the last head that it signed. C2SP tlog-witness.

Of one log it never signs two roots of one size, nor a head that does not extend the last one. So the order is fixed:
compare with what is kept, keep the new head, and only when that is on the disk let the cosignature out, all of it under
one lock. A log whose file is missing is one that this witness does not follow, never one that begins anew.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint, merkle, signatures
from pb_service.core.record.canonical import CanonicalError, b64u, unb64u
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.tiles import TileError, TileTree
from pb_service.core.record.witness import Submission, Witness, cosign, without_others
from pb_service.trustee.durable import replace
from pb_service.trustee.sources import Source, read_tile

_KEY, _VKEY = "witness.key", "witness.vkey"
_HEX = re.compile(r"[0-9a-f]{64}")


class WitnessError(RuntimeError):
    """The folder of the witness cannot be used. The sentence says why; never what the key is."""


class Refusal(RuntimeError):
    """The checkpoint is not cosigned. ``status`` is that of the call; ``size`` is what was signed last, if needed."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status, self.size = status, size


class Fork(Refusal):
    """The log has signed something that contradicts what was signed here: proof against it, which is kept."""


@dataclass(frozen=True)
class Followed:
    """A log that is followed: its verifier key, its key, and the last note that was cosigned (empty: none yet)."""

    vkey: str
    key: bytes
    note: bytes

    @property
    def head(self) -> Checkpoint:
        """The last head that was cosigned; that of the empty log before the first."""
        return checkpoint.parse(self.note) if self.note else Checkpoint(self.origin, 0, merkle.EMPTY_ROOT)

    @property
    def origin(self) -> str:
        return checkpoint.parse_vkey(self.vkey)[0]


class WitnessFolder:
    """A witness in a folder: key, verifier key, ``logs/`` with what it signed, ``fork/`` with proofs of misconduct."""

    def __init__(self, folder: Path) -> None:
        """Open a folder. Raises WitnessError."""
        self.folder = folder
        try:
            self.witness = Witness.parse((folder / _VKEY).read_text(encoding="utf-8").strip())
            self._key = Ed25519PrivateKey.from_private_bytes(unb64u((folder / _KEY).read_text().strip(), 32))
        except OSError as error:
            raise WitnessError(f"{folder} is no folder of a witness: {error.strerror}.") from error
        except (CanonicalError, CheckpointError, UnicodeDecodeError) as error:
            raise WitnessError(f"The key in {folder} is damaged.") from error
        if signatures.public_bytes(self._key) != self.witness.key:
            raise WitnessError(f"The keys in {folder} do not belong together.")

    @classmethod
    def create(cls, folder: Path, name: str) -> "WitnessFolder":
        """Make a witness of that name with a new key. Raises WitnessError when the folder has one, or for the name."""
        if not checkpoint.is_origin(name):
            raise WitnessError(f"{name!r} cannot be the name of a witness: no spaces and no plus sign.")
        (folder / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if (folder / _KEY).exists():
            raise WitnessError(f"{folder} is that of a witness already.")
        key = Ed25519PrivateKey.generate()
        replace(folder / _VKEY, f"{Witness(name, signatures.public_bytes(key)).vkey}\n".encode())
        replace(folder / _KEY, b64u(key.private_bytes_raw()).encode())
        return cls(folder)

    def follow(self, vkey: str) -> None:
        """Follow a log from now on. Raises WitnessError for what is no verifier key, and for a log followed already."""
        try:
            origin, _ = checkpoint.parse_vkey(vkey)
        except CheckpointError as error:
            raise WitnessError(f"This is {error} of a record.") from error
        with self._locked():
            if self._path(origin).exists():
                raise WitnessError(f"{origin} is followed already. What was signed of it is never forgotten.")
            replace(self._path(origin), f"{vkey}\n".encode())

    def followed(self, origin: str) -> Followed | None:
        """Return what is kept of a log, None if it is not followed. Raises WitnessError for a damaged file."""
        try:
            kept = self._path(origin).read_bytes()
        except FileNotFoundError:
            return None
        vkey, _, note = kept.partition(b"\n")
        try:
            name, key = checkpoint.parse_vkey(vkey.decode())
            log = Followed(vkey.decode(), key, note)
            if name != origin or (note and checkpoint.verify(note, origin, key) != log.head):
                raise CheckpointError("not of this log")
        except (CheckpointError, UnicodeDecodeError) as error:
            raise WitnessError(f"{self._path(origin)} is damaged: nothing is signed for {origin}.") from error
        return log

    def published(self, name: str) -> bytes | None:
        """Return the last note that was cosigned of a log, by its ``name_of``, None if there is none."""
        if not _HEX.fullmatch(name):
            return None
        with suppress(FileNotFoundError):
            return (self.folder / "logs" / name).read_bytes().partition(b"\n")[2] or None
        return None

    @staticmethod
    def name_of(origin: str) -> str:
        """Return under which name a log is published."""
        return hashlib.sha256(origin.encode()).hexdigest()

    def cosign(self, asked: Submission, at: int) -> bytes:
        """Return the signature line for a checkpoint, seen at ``at`` (seconds UTC). Raises Refusal and WitnessError."""
        try:
            head = checkpoint.parse(asked.note)
        except CheckpointError as error:
            raise Refusal(400, f"{error}") from error
        with self._locked():
            log = self.followed(head.origin)
            if log is None:
                raise Refusal(404, f"{head.origin} is not followed")
            try:
                note = without_others(asked.note, head.origin, log.key)
            except CheckpointError as error:
                raise Refusal(403, f"{error}") from error
            self._compare(log, head, asked, note)
            line = cosign(head, self.witness.name, self._key, at).encode()
            replace(self._path(head.origin), f"{log.vkey}\n".encode() + note + line)
        return line

    def look(self, source: Source, at: int) -> Followed:
        """Read a record's newest head, prove from its tiles that it extends the last one, and cosign it.

        Returns what is kept of it then. Raises SourceError, WitnessError when it is not followed, Refusal, and Fork
        when the tiles prove another beginning than the one that was signed.
        """
        note = source.read("checkpoint")
        try:
            origin = checkpoint.parse(note).origin
            log = self.followed(origin)
            if log is None:
                raise WitnessError(f"{origin} is not followed: `pb witness follow FOLDER VKEY` first.")
            head = checkpoint.verify(note, origin, log.key)
            last, tree = log.head, TileTree(head.size, partial(read_tile, source))
            if last.size > head.size:
                raise Refusal(400, f"{origin} shows {head.size} entries, and {last.size} were signed", last.size)
            if tree.root_at(last.size, head.root) != last.root:
                self._keep_proof(origin, log.note, note)
                raise Fork(422, f"{origin} says another thing about its first {last.size} entries", last.size)
            proof = tuple(tree.consistency_proof(last.size))
        except CheckpointError as error:
            raise Refusal(403, f"{error}") from error
        except TileError as error:
            raise Refusal(422, f"{error}") from error
        self.cosign(Submission(last.size, proof, note), at)
        return self.followed(origin) or log

    def _compare(self, log: Followed, head: Checkpoint, asked: Submission, note: bytes) -> None:
        last = log.head
        if head.size == last.size and head.root != last.root:
            self._keep_proof(head.origin, log.note, note)
            raise Fork(409, f"{head.origin} has signed two trees of {head.size} entries", last.size)
        if asked.old_size > head.size:
            raise Refusal(400, "the old size is larger than that of the checkpoint")
        if asked.old_size != last.size:
            raise Refusal(409, f"{last.size} entries were signed last", last.size)
        if not merkle.verify_consistency(last.size, head.size, last.root, head.root, asked.proof):
            raise Refusal(422, f"it is not proved that this extends the {last.size} entries signed last")

    def _keep_proof(self, origin: str, mine: bytes, other: bytes) -> None:
        """Keep the first two heads that contradict each other, for everybody to see."""
        proof = self.folder / "fork" / self.name_of(origin)
        if not proof.exists():
            proof.parent.mkdir(exist_ok=True)
            with suppress(OSError):  # a full disk must not turn the refusal into something else
                replace(proof, mine + b"\n" + other)

    def _path(self, origin: str) -> Path:
        return self.folder / "logs" / self.name_of(origin)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
