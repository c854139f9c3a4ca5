"""The append-only record: Merkle tree, tiles, entry bundles, checkpoint. Section 3 of docs/schemas/bundle.md.

Sources: RFC 6962 section 2.1, C2SP tlog-tiles, signed-note and tlog-checkpoint.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pb_service.verifier.canonical import sha256
from pb_service.verifier.ed25519 import verify
from pb_service.verifier.findings import Found

WIDTH = 256
ED25519, WITNESS = b"\x01", b"\x04"  # types of note signatures: a log's, a witness's (C2SP tlog-cosignature)
TIME = 8  # bytes of a cosignature's time
TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n")
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)\n")


@dataclass(frozen=True)
class Key:
    """A public key under its name, as verifier keys of signed notes write it."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public)[:4]

    @property
    def vkey(self) -> str:
        """`name+id+key`, the form in which such keys are published."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head: the log called `origin` had `size` entries and this `root`."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def is_signed_by(self, key: Key) -> bool:
        """Whether exactly one signature line claims `key`, and it is valid."""
        claimed = [blob for name, blob in self.signatures if name == key.name and blob[:4] == key.id]
        return len(claimed) == 1 and verify(key.public, self.text, claimed[0][4:])

    def is_cosigned_by(self, witness: Key) -> bool:
        """Whether a signature line is a valid cosignature of a witness, at whatever time."""
        claimed = [blob[4:] for name, blob in self.signatures if name == witness.name and blob[:4] == witness.id]
        return any(
            verify(witness.public, b"cosignature/v1\ntime %d\n" % int.from_bytes(b[:TIME], "big") + self.text, b[TIME:])
            for b in claimed
        )


def parse_vkey(text: str, kind: bytes = ED25519) -> Key:
    """The key of `name+id+key`, of one kind. Raises ValueError."""
    name, _, rest = text.strip().partition("+")
    _, _, encoded = rest.partition("+")
    blob = _base64(encoded)
    key = Key(name, blob[1:], kind)
    if blob[:1] != kind or len(blob) != 33 or not name or key.vkey != text.strip():
        raise ValueError(text)
    return key


def parse_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint in a signed note. Raises ValueError unless text and signature lines have exactly their form."""
    text, blank, lines = data.decode().partition("\n\n")
    head = TEXT.fullmatch(text + "\n")
    if head is None or not blank or not lines:
        raise ValueError("checkpoint")
    root = _base64(head[3])
    signatures = []
    for line in lines.splitlines(keepends=True):
        match = SIGNATURE.fullmatch(line)
        if match is None or len(blob := _base64(match[2])) < 5:
            raise ValueError("signature line")
        signatures.append((match[1], blob))
    if len(root) != 32:
        raise ValueError("root")
    return Checkpoint(head[1], int(head[2]), root, (text + "\n").encode(), tuple(signatures))


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry as a leaf."""
    return sha256(b"\x00" + entry)


def root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over leaf hashes; without leaves the hash of nothing."""
    perfect: list[tuple[int, bytes]] = []  # perfect subtrees from the left, each higher than the next
    for leaf in leaves:
        height, node = 0, leaf
        while perfect and perfect[-1][0] == height:
            node = _node(perfect.pop()[1], node)
            height += 1
        perfect.append((height, node))
    if not perfect:
        return sha256(b"")
    _, node = perfect.pop()
    while perfect:
        node = _node(perfect.pop()[1], node)
    return node


def tiles(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """Every hash tile of the tree over `leaves`, by member name."""
    found = {}
    level, hashes = 0, list(leaves)
    while hashes:
        for start in range(0, len(hashes), WIDTH):
            row = hashes[start : start + WIDTH]
            found[tile_name(str(level), start // WIDTH, len(row))] = b"".join(row)
        full = len(hashes) - len(hashes) % WIDTH
        hashes = [root(hashes[start : start + WIDTH]) for start in range(0, full, WIDTH)]
        level += 1
    return found


def tile_name(level: str, index: int, width: int) -> str:
    """Member name of a tile: the index in groups of three digits, all but the last behind an `x`."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def read_entries(members: Mapping[str, bytes]) -> list[bytes]:
    """The entries of all bundles in order: full bundles, then at most one partial. Raises Found."""
    entries: list[bytes] = []
    waiting = {name for name in members if name.startswith("tile/entries/")}
    for index in range(len(waiting)):
        full = tile_name("entries", index, WIDTH)
        name = full if full in waiting else min((n for n in waiting if n.startswith(f"{full}.p/")), default=None)
        if name is None:
            raise Found("entries_gap", member=full)
        bundle = list(_split(members[name], name))
        if name != tile_name("entries", index, len(bundle)):
            raise Found("entries_form", member=name)
        entries.extend(bundle)
        waiting.remove(name)
        if name != full:
            break
    if waiting:
        raise Found("tile_extra", member=min(waiting))
    if not entries:
        raise Found("entries_gap", member="tile/entries/000")
    return entries


def _split(bundle: bytes, name: str) -> list[bytes]:
    entries, position = [], 0
    while position < len(bundle):
        start = position + 2
        position = start + int.from_bytes(bundle[start - 2 : start], "big")
        if position > len(bundle) or start > len(bundle):
            raise Found("entries_form", member=name)
        entries.append(bundle[start:position])
    return entries


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def _base64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return data
