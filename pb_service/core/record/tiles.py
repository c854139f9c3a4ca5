"""The record as static files: C2SP tlog-tiles. Paths and contents only; nothing here touches a disk.

A hash tile of level L holds up to 256 tree hashes of 256^L entries each; an entry bundle holds up to 256 entries,
each as its length (2 bytes, big-endian) and its bytes. A file whose width is below 256 carries the width in its path,
so a path never changes its content as the log grows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pb_service.core.record import merkle

WIDTH = 256
ENTRY_LIMIT = 2**16 - 1
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileError(ValueError):
    """Not a tile path, or bytes that are no tile or entry bundle."""


@dataclass(frozen=True)
class Tile:
    """Which tile: its level (None for an entry bundle), its place in the level, how many hashes or entries it holds."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's prefix, such as ``tile/0/x001/234`` or ``tile/entries/000.p/7``."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        level = "entries" if self.level is None else self.level
        return f"tile/{level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @property
    def end(self) -> int:
        """The size of the smallest tree that has this tile: one past its last entry."""
        span: int = WIDTH ** (self.level or 0)
        return (self.index * WIDTH + self.width) * span

    @property
    def full(self) -> "Tile":
        """The full tile of the same place."""
        return replace(self, width=WIDTH)

    def grown(self, size: int) -> "Tile":
        """Return the tile of the same place in a log of that size, in which this one is."""
        items = size // WIDTH ** (self.level or 0)
        return replace(self, width=min(WIDTH, items - self.index * WIDTH))

    def cut(self, wider: bytes) -> bytes:
        """Return the content of this tile, cut from that of a wider one of the same place."""
        if self.level is None:
            return b"".join(_prefixed(entry) for entry in _split(wider)[: self.width])
        return wider[: self.width * merkle.HASH_SIZE]

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Return the tile that has this path. Raises TileError for any other spelling, so no path leads elsewhere."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise TileError("not a tile path")
        level = None if match["level"] == "entries" else int(match["level"])
        index = int(match["index"].replace("x", "").replace("/", ""))
        tile = cls(level, index, int(match["width"] or WIDTH))
        if (level or 0) > 63 or tile.path != path:
            raise TileError("not a tile path")
        return tile


@dataclass(frozen=True)
class Edge:
    """The right edge of a tree: its size and, for each level, the hashes of the tile that is not full yet.

    This is all that is needed to append to a tree and to know its root.
    """

    size: int = 0
    levels: tuple[tuple[bytes, ...], ...] = ()

    @property
    def root(self) -> bytes:
        """The tree hash of all entries so far."""
        top: tuple[bytes, ...] = ()
        for hashes in self.levels:
            if hashes or top:
                top = (merkle.root(hashes + top),)
        return top[0] if top else merkle.EMPTY_ROOT

    def extend(self, leaves: Sequence[bytes]) -> "tuple[Edge, dict[str, bytes]]":
        """Append leaf hashes. Returns the new edge and, by path, the hash tiles filled and those of the new edge."""
        files: dict[str, bytes] = {}
        levels: list[tuple[bytes, ...]] = []
        fresh = list(leaves)
        before = self.size
        level = 0
        while fresh or level < len(self.levels):
            old = self.levels[level] if level < len(self.levels) else ()
            first = before // WIDTH
            hashes = [*old, *fresh]
            full = len(hashes) // WIDTH
            chunks = [hashes[at : at + WIDTH] for at in range(0, full * WIDTH, WIDTH)]
            rest = tuple(hashes[full * WIDTH :])
            for place, chunk in enumerate(chunks):
                files[Tile(level, first + place).path] = b"".join(chunk)
            if rest and fresh:
                files[Tile(level, first + full, len(rest)).path] = b"".join(rest)
            levels.append(rest)
            fresh = [merkle.root(chunk) for chunk in chunks]
            before //= WIDTH
            level += 1
        return Edge(self.size + len(leaves), tuple(levels)), files


@dataclass(frozen=True)
class TileTree:
    """A tree of that size as its hash tiles tell it. ``read`` gets a tile from anywhere; what they say is proved."""

    size: int
    read: Callable[[Tile], bytes]

    def node(self, span: range) -> bytes:
        """Return the tree hash of a subtree, unproved. Raises TileError for what is no tile."""
        width = span.stop - span.start
        if width & (width - 1):
            return merkle.node_hash(*map(self.node, merkle.halves(span)))
        level = (width.bit_length() - 1) // 8
        unit: int = WIDTH**level
        first = span.start // unit
        tile = Tile(level, first // WIDTH).grown(self.size)
        hashes = parse_hashes(self.read(tile), tile.width)
        return merkle.root(hashes[first % WIDTH :][: width // unit])

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Return the proof that the tree of the first ``old_size`` entries is a prefix of this one, unverified."""
        return merkle.prove_consistency(self.node, old_size, self.size)

    def root_at(self, old_size: int, root: bytes) -> bytes:
        """Return the tree hash of the first ``old_size`` entries of the tree of this size that has that root.

        Raises TileError when the tiles do not prove it: then they are not those of that tree.
        """
        old_root = self.node(range(old_size)) if old_size else merkle.EMPTY_ROOT
        if not merkle.verify_consistency(old_size, self.size, old_root, root, self.consistency_proof(old_size)):
            raise TileError("the tiles are not those of this tree")
        return old_root


def bundles(entries: Sequence[bytes], start: int = 0) -> dict[str, bytes]:
    """Return, by path, the bundles of the entries from index ``start``, a multiple of 256, to the end of the log."""
    if start % WIDTH:
        raise ValueError("a bundle starts at a multiple of 256")
    files = {}
    for at in range(0, len(entries), WIDTH):
        chunk = entries[at : at + WIDTH]
        files[Tile(None, (start + at) // WIDTH, len(chunk)).path] = b"".join(_prefixed(entry) for entry in chunk)
    return files


def log_files(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Return, by path, all files of a log of exactly these entries: full tiles, right edge and bundles."""
    _, files = Edge().extend([merkle.leaf_hash(entry) for entry in entries])
    return files | bundles(entries)


def parse_hashes(data: bytes, width: int = WIDTH) -> list[bytes]:
    """Return the hashes of a hash tile of that width."""
    if len(data) != width * merkle.HASH_SIZE:
        raise TileError(f"a tile of width {width} has {width * merkle.HASH_SIZE} bytes, found {len(data)}")
    return [data[at : at + merkle.HASH_SIZE] for at in range(0, len(data), merkle.HASH_SIZE)]


def parse_bundle(data: bytes, width: int = WIDTH) -> list[bytes]:
    """Return the entries of an entry bundle of that width."""
    entries = _split(data)
    if len(entries) != width:
        raise TileError(f"expected {width} entries, found {len(entries)}")
    return entries


def _split(data: bytes) -> list[bytes]:
    entries = []
    at = 0
    while at < len(data):
        body = at + 2
        end = body + int.from_bytes(data[at:body], "big")
        if end > len(data) or body > len(data):
            raise TileError("the bundle ends inside an entry")
        entries.append(data[body:end])
        at = end
    return entries


def _prefixed(entry: bytes) -> bytes:
    if len(entry) > ENTRY_LIMIT:
        raise ValueError(f"an entry has at most {ENTRY_LIMIT} bytes, found {len(entry)}")
    return len(entry).to_bytes(2, "big") + entry
