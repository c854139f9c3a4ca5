"""Reading a record through witnesses, and noticing when it contradicts what was seen before."""

from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.core.record import checkpoint, merkle
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.tiles import WIDTH, Tile, TileError, parse_bundle
from pb_service.core.record.witness import Witness, cosigned_at
from pb_service.trustee.sources import Source, SourceError


class RecordAlarm(RuntimeError):
    """The record contradicts itself, or what was seen before: publish both heads, and stop."""


@dataclass(frozen=True)
class Trust:
    """Whose word counts: the record's origin and key, witnesses, and how many of them must have seen a head."""

    origin: str
    log_key: bytes
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 0


@dataclass(frozen=True)
class Seen:
    """A record as read: its head, the signed note, and every entry."""

    head: Checkpoint
    note: bytes
    entries: tuple[bytes, ...]


def read_head(source: Source, trust: Trust) -> tuple[Checkpoint, bytes]:
    """Return the newest head and its note, signed by the log and seen by enough witnesses. Raises RecordAlarm.

    Where witnesses count, that may be an older one than the newest: what they have seen stands at ``witnessed``.
    """
    seen = -1
    for path in ("witnessed", "checkpoint") if trust.quorum else ("checkpoint",):
        try:
            note = source.read(path)
        except SourceError:
            if path == "checkpoint":
                raise
            continue
        try:
            head = checkpoint.verify(note, trust.origin, trust.log_key)
            seen = max(seen, len(cosigned_at(note, trust.witnesses)))
        except CheckpointError as error:
            raise RecordAlarm(f"The record's head is not signed as it should be: {error}.") from error
        if seen >= trust.quorum:
            return head, note
    raise RecordAlarm(f"Only {seen} of {trust.quorum} witnesses have seen the record's newest head.")


def read_record(source: Source, trust: Trust, before: Checkpoint | None = None) -> Seen:
    """Return the whole record, its tree computed anew. ``before``: the head that was seen last time.

    Raises RecordAlarm when the entries do not give the head, or the head before is not the beginning of this one.
    """
    head, note = read_head(source, trust)
    entries = tuple(_entries(source, head.size))
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    if merkle.root(leaves) != head.root:
        raise RecordAlarm("The entries of the record do not give the tree that its head states.")
    check_growth(leaves, head, before)
    return Seen(head, note, entries)


def check_growth(leaves: Sequence[bytes], head: Checkpoint, before: Checkpoint | None) -> None:
    """Raise RecordAlarm unless the head before is the beginning of this one."""
    if before is None:
        return
    if before.size > head.size:
        raise RecordAlarm(f"The record has shrunk from {before.size} entries to {head.size}.")
    if merkle.root(leaves[: before.size]) != before.root:
        raise RecordAlarm(f"The record says another thing about its first {before.size} entries than before.")


def _entries(source: Source, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for index in range(-(-size // WIDTH)):
        tile = Tile(None, index, min(WIDTH, size - index * WIDTH))
        try:
            entries += parse_bundle(source.read(tile.path), tile.width)
        except TileError as error:
            raise RecordAlarm(f"The file {tile.path} of the record is damaged: {error}.") from error
    return entries
