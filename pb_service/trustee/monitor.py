"""Watching a record from outside: every head that any place shows must belong to one and the same growing history.

A place is the record's address, a mirror, a folder, or where a witness publishes what it signed. Every entry is read
once. Of the history so far the right edge of its tree is kept, so that the new entries alone show that it was only
added to; a head of earlier entries is held against tiles that prove themselves.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pb_service.core.record import checkpoint, merkle
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.tiles import WIDTH, Edge, Tile, TileError, TileTree, parse_bundle
from pb_service.core.record.witness import cosigned_at, quorum_time
from pb_service.trustee import durable
from pb_service.trustee.sources import Source, SourceError, read_tile
from pb_service.trustee.watch import Trust

_AT_ONCE = 40  # bundles


class Alarm(RuntimeError):
    """The record is not as it must be. ``kind`` names the sentence, ``values`` fill it, ``notes`` prove it."""

    def __init__(self, kind: str, *notes: bytes, **values: str | int) -> None:
        super().__init__(kind)
        self.kind, self.notes, self.values = kind, notes, values


@dataclass(frozen=True)
class History:
    """What was seen of a record: its tree, the note that stated it, and the size that each place showed.

    ``since`` is the last sign of life: when it last grew, or its witnesses last signed it.
    """

    edge: Edge
    note: bytes
    since: int
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A head as a place shows it at a path, signed by the log."""

    place: str
    path: str
    head: Checkpoint
    note: bytes

    @property
    def where(self) -> str:
        return f"{self.place}/{self.path}"


@dataclass(frozen=True)
class Report:
    """What a look has found: the history now, what could not be seen, and the best head's witnesses."""

    history: History
    away: tuple[str, ...]
    signed: int = 0
    seen_at: int = 0


def look(places: Mapping[str, Source], trust: Trust, kept: History, now: int, silence: int) -> Report:
    """Look at every place once. ``silence``: seconds without anything new that alarm; 0 for never.

    Times are seconds UTC. A place that cannot be seen is told of and does not hide what others show. Raises Alarm.
    """
    shown, away = _shown(places, trust)
    history = kept
    late: list[Shown] = []
    for each in sorted(shown, key=lambda each: each.head.size):
        before = kept.places.get(each.where, 0)
        if each.head.size < before:
            raise Alarm("rollback", kept.note, each.note, place=each.place, before=before, size=each.head.size)
        try:
            history = _grown(history, each, [places[each.place]], now)
        except SourceError:
            late.append(each)
    for each in late:  # a witness has no entries, and a mirror that lags not those of a larger tree: others may
        try:
            history = _grown(history, each, list(places.values()), now)
        except SourceError as error:
            away.append(str(error))
    sizes = {each.where: each.head.size for each in shown if each.head.size <= history.edge.size}
    signed, seen_at = _witnessed(shown, trust)
    since = max(history.since, min(seen_at, now))
    if silence and now - since > silence:
        raise Alarm("silent", since=since)
    if silence and signed and now - seen_at > silence:
        raise Alarm("unwitnessed", since=seen_at)
    return Report(replace(history, since=since, places={**kept.places, **sizes}), tuple(away), signed, seen_at)


def _shown(places: Mapping[str, Source], trust: Trust) -> tuple[list[Shown], list[str]]:
    """Return every head that the places show, the same place's checkpoint last, and what could not be seen."""
    shown: list[Shown] = []
    away: list[str] = []
    for place, source in places.items():
        for path in ("witnessed", "checkpoint"):
            try:
                note = source.read(path)
                head = checkpoint.parse(note)
            except (SourceError, CheckpointError) as error:
                if path == "checkpoint":
                    away.append(str(error) if isinstance(error, SourceError) else f"{place}: {error}")
                continue
            try:
                checkpoint.verify(note, trust.origin, trust.log_key)
            except CheckpointError:
                raise Alarm("unsigned", note, place=place) from None
            shown.append(Shown(place, path, head, note))
    return shown, away


def _grown(history: History, shown: Shown, sources: Sequence[Source], now: int) -> History:
    """Return the history with the shown head in it. Raises Alarm if it does not belong there, SourceError."""
    head, edge = shown.head, history.edge
    older, newer = sorted([(head.size, head.root), (edge.size, edge.root)])
    told: dict[str, str | int] = {"place": shown.place, "size": head.size}
    fork = Alarm("fork", history.note, shown.note, **told, before=edge.size)
    if older[0] == newer[0]:
        if older != newer:
            raise fork
        return history if history.note else replace(history, note=shown.note, since=now)
    try:
        tree = TileTree(newer[0], partial(_read, sources))
        if tree.root_at(older[0], newer[1]) != older[1]:
            raise fork
        if head.size < edge.size:
            return history
        for entries in _entries(sources, edge.size, head.size):
            edge, _ = edge.extend([merkle.leaf_hash(entry) for entry in entries])
    except TileError as error:
        raise Alarm("damaged", shown.note, **told) from error
    if edge.root != head.root:
        raise Alarm("damaged", shown.note, **told)
    return replace(history, edge=edge, note=shown.note, since=now)


def _entries(sources: Sequence[Source], start: int, end: int) -> Iterator[list[bytes]]:
    """Yield the entries from index ``start`` to ``end``, in order, some thousand at a time."""
    for low in range(start - start % WIDTH, end, WIDTH * _AT_ONCE):
        found: list[bytes] = []
        for index in range(low // WIDTH, -(-min(low + WIDTH * _AT_ONCE, end) // WIDTH)):
            tile = Tile(None, index).grown(end)
            found += parse_bundle(_read(sources, tile), tile.width)
        yield found[max(start - low, 0) :]


def _read(sources: Sequence[Source], tile: Tile) -> bytes:
    """Return a tile from the first source that has it. Raises SourceError."""
    *others, final = sources
    for source in others:
        with suppress(SourceError):
            return read_tile(source, tile)
    return read_tile(final, tile)


def _witnessed(shown: list[Shown], trust: Trust) -> tuple[int, int]:
    """Return how many witnesses have signed the best head that is shown, and when the quorum last did.

    Raises Alarm when heads are shown and none has a quorum.
    """
    if not trust.quorum or not shown:
        return 0, 0
    signed = {each.note: len(cosigned_at(each.note, trust.witnesses)) for each in shown}
    times = {note: quorum_time(note, trust.witnesses, trust.quorum) for note in signed}
    seen = [(at, signed[note]) for note, at in times.items() if at is not None]
    if not seen:
        raise Alarm("quorum", *signed, quorum=trust.quorum, signed=max(signed.values()))
    at, number = max(seen)
    return number, at


class Memory:
    """What a monitor remembers of one record, in a folder: the history, and what proves an alarm."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._path = folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:16]}.json"
        self._origin = origin

    def load(self, now: int) -> History:
        """Return the history seen so far, an empty one before the first look. Raises SourceError for a damaged file."""
        try:
            document = decode(self._path.read_bytes())
            levels = tuple(tuple(unb64u(node, 32) for node in level) for level in document["levels"])
            if document["origin"] != self._origin:
                raise CanonicalError("of another record")
            edge = Edge(document["size"], levels)
            return History(edge, document["note"].encode(), document["since"], dict(document["places"]))
        except FileNotFoundError:
            return History(Edge(), b"", now)
        except (CanonicalError, KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{self._path} is damaged; without it, what was seen before is forgotten.") from error

    def save(self, history: History) -> None:
        """Keep a history, whole or not at all."""
        document = {
            "v": 1,
            "origin": self._origin,
            "size": history.edge.size,
            "levels": [[b64u(node) for node in level] for level in history.edge.levels],
            "note": history.note.decode(),
            "since": history.since,
            "places": [[place, size] for place, size in sorted(history.places.items())],
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(self._path, encode(document))

    def keep_proof(self, alarm: Alarm) -> list[Path]:
        """Write down the notes that prove an alarm, each under its hash."""
        kept = []
        for note in filter(None, alarm.notes):
            path = self._path.with_name(f"{self._path.stem}-{alarm.kind}-{hashlib.sha256(note).hexdigest()[:8]}")
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(path, note)
            kept.append(path)
        return kept
