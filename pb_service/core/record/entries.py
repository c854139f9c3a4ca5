"""The entries of a round's record: how they are made, read and ordered (docs/schemas/bundle.md section 3).

An entry holds no personal data and no free text. What somebody did is a dotted kind with the hash of a salted file,
so that the file can be erased and the record stays whole.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import signatures
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode
from pb_service.core.record.forms import forms_of
from pb_service.core.record.framing import h32
from pb_service.core.record.tiles import ENTRY_LIMIT

CLOCK_TOLERANCE = 300  # seconds by which a time may lie before the one that precedes it


class EntryError(ValueError):
    """Not an entry, or not one that may stand at this place."""


@dataclass(frozen=True)
class Entry:
    """An entry as read: its kind and all its fields, hashes still in base64url."""

    kind: str
    fields: Mapping[str, Any]

    @property
    def is_act(self) -> bool:
        """Whether this is an act of the process (a kind with a dot), not a signed step of the vote."""
        return "." in self.kind

    @property
    def time(self) -> int | None:
        """When it happened, in seconds UTC, where the kind says so."""
        at: int | None = self.fields.get("t", self.fields.get("ts"))
        return at


def election_id(manifest: bytes) -> bytes:
    """Return the eid: the hash by which everything after the manifest is bound to it."""
    return h32("pb/manifest", manifest)


def setup_id(setup: bytes) -> bytes:
    """Return the sid: the hash by which a key ceremony is bound to its setup."""
    return h32("pb/setup", setup)


def act(kind: str, at: int, object_id: str, by: str, file_hash: bytes) -> bytes:
    """Return the entry of an act such as ``round.created``: when, on what, in which role, hash of its salted file."""
    return encoded({"v": 1, "k": kind, "t": at, "o": object_id, "by": by, "h": b64u(file_hash)})


def manifest_entry(eid: bytes, file_hash: bytes, signers: Mapping[str, Ed25519PrivateKey]) -> bytes:
    """Return the entry that fixes the manifest by the SHA-256 of its file, signed."""
    return _signed({"v": 1, "k": "manifest", "e": b64u(eid), "f": b64u(file_hash)}, signers)


def close_entry(eid: bytes, size: int, at: int, signers: Mapping[str, Ed25519PrivateKey]) -> bytes:
    """Return the entry that ends the vote at ``at``; ``size`` is the size of the log before it, so its own index."""
    return _signed({"v": 1, "k": "close", "e": b64u(eid), "n": size, "ts": at}, signers)


def result_entry(
    eid: bytes, contest: str, ballots_hash: bytes, outcome_hash: bytes, signers: Mapping[str, Ed25519PrivateKey]
) -> bytes:
    """Return the entry that publishes a contest's count by the SHA-256 of its ballots and outcome files, signed."""
    fields = {"e": b64u(eid), "d": contest, "bal": b64u(ballots_hash), "out": b64u(outcome_hash)}
    return _signed({"v": 1, "k": "result", **fields}, signers)


def parse(body: bytes) -> Entry:
    """Return the entry. Raises EntryError unless it is canonical and has exactly the fields of its kind."""
    if len(body) > ENTRY_LIMIT:
        raise EntryError(f"an entry has at most {ENTRY_LIMIT} bytes")
    try:
        fields = decode(body)
    except CanonicalError as error:
        raise EntryError(str(error)) from error
    if not isinstance(fields, dict) or not isinstance(fields.get("k"), str):
        raise EntryError("an entry is an object with a kind")
    kind = fields["k"]
    forms = forms_of(kind)
    if not forms:
        raise EntryError(f"unknown kind {kind[:64]!r}")
    form = next((form for form in forms if form.keys() == fields.keys()), None)
    if form is None:
        expected = " or ".join(", ".join(sorted(form)) for form in forms)
        raise EntryError(f"{kind}: expected the fields {expected}")
    for name, is_valid in form.items():
        if not is_valid(fields[name]):
            raise EntryError(f"{kind}: bad field {name!r}")
    return Entry(kind, fields)


def check_signed(entry: Entry, eid: bytes, operator_key: bytes) -> None:
    """Check that a signed entry belongs to the election and is signed by the operator. Acts are not signed.

    Raises EntryError saying what is wrong.
    """
    if entry.is_act:
        return
    if entry.fields["e"] != b64u(eid):
        raise EntryError(f"{entry.kind}: of another election")
    try:
        signatures.verify_entry(entry.fields, {"op": operator_key})
    except signatures.SignatureError as error:
        raise EntryError(f"{entry.kind}: {error}") from error


@dataclass(frozen=True)
class Progress:
    """How far a record in mode ``open`` has come: its size, last time, and which steps are behind it."""

    size: int = 0
    time: int | None = None
    manifest: bool = False
    closed: bool = False
    results: frozenset[str] = frozenset()

    def after(self, entry: Entry, contests: Collection[str]) -> "Progress":
        """Return the progress once the entry is appended. Raises EntryError if it may not stand at this place."""
        allowed = entry.is_act or {
            "manifest": not self.manifest,
            "close": self.manifest and not self.closed and entry.fields.get("n") == self.size,
            "result": self.closed and entry.fields.get("d") in contests and entry.fields.get("d") not in self.results,
        }.get(entry.kind, False)
        if not allowed:
            raise EntryError(f"entry {self.size}: {entry.kind} is out of order")
        if entry.time is not None and self.time is not None and entry.time < self.time - CLOCK_TOLERANCE:
            raise EntryError(
                f"entry {self.size}: {entry.kind} lies more than {CLOCK_TOLERANCE} seconds before the one before it"
            )
        return replace(
            self,
            size=self.size + 1,
            time=self.time if entry.time is None else entry.time,
            manifest=self.manifest or entry.kind == "manifest",
            closed=self.closed or entry.kind == "close",
            results=self.results | {entry.fields["d"]} if entry.kind == "result" else self.results,
        )


def check_sequence(entries: Iterable[Entry], contests: Collection[str]) -> Progress:
    """Check the order of a record in mode ``open`` from its first entry and return how far it has come.

    Raises EntryError naming the index of the first entry out of order. ``contests`` are the contest ids of the
    manifest.
    """
    progress = Progress()
    for entry in entries:
        progress = progress.after(entry, contests)
    return progress


def signed_entry(
    kind: str, election: bytes, fields: Mapping[str, Any], signers: Mapping[str, Ed25519PrivateKey]
) -> bytes:
    """Return an entry of a sealed vote (docs/protocol.md section 3); ``election`` is its sid or its eid."""
    return _signed({"v": 1, "k": kind, "e": b64u(election), **fields}, signers)


def setup_entry(sid: bytes, file_hash: bytes) -> bytes:
    """Return the entry that begins a key ceremony. Nobody signs it: every trustee's first message does."""
    return encoded({"v": 1, "k": "setup", "e": b64u(sid), "f": b64u(file_hash)})


def encoded(fields: Mapping[str, Any]) -> bytes:
    """Return a whole entry as it goes into the record. Raises EntryError for one that nobody could read."""
    body = encode(fields)
    parse(body)  # what we would not read, we do not write
    return body


def _signed(fields: Mapping[str, Any], signers: Mapping[str, Ed25519PrivateKey]) -> bytes:
    return encoded(signatures.sign_entry(fields, signers))
