"""Tile paths and contents, against the sample log of transparency-dev/tessera (tests/data/vectors/README.md)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pb_service.core.record import checkpoint, merkle, tiles
from pb_service.core.record.tiles import Edge, Tile, TileError

SAMPLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "data" / "vectors" / "tlog_tiles_tessera_sample.json").read_text()
)


def raw(content: "str | dict[str, str]") -> bytes:
    return content.encode() if isinstance(content, str) else base64.b64decode(content["b64"])


SAMPLE_ENTRIES = tiles.parse_bundle(raw(SAMPLE["log/tile/entries/000.p/15"]), 15)


@pytest.mark.parametrize("size", range(16))
def test_sample_log(size: int) -> None:
    """Our files of the first entries are the sample's, byte for byte, and so is the root of its checkpoint."""
    files = tiles.log_files(SAMPLE_ENTRIES[:size])
    assert files == {path: raw(SAMPLE[f"log/{path}"]) for path in files}
    head = checkpoint.parse(raw(SAMPLE[f"log/checkpoint.{size}"]))
    assert (head.size, head.root) == (size, merkle.root([merkle.leaf_hash(e) for e in SAMPLE_ENTRIES[:size]]))


def test_every_file_of_the_sample_is_one_of_ours() -> None:
    """No file of the sample is left untested."""
    ours = {f"log/{path}" for size in range(16) for path in tiles.log_files(SAMPLE_ENTRIES[:size])}
    assert {path for path in SAMPLE if "checkpoint" not in path} == ours


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(2, 1_234_067), "tile/2/x001/x234/067"),
        (Tile(63, 5, 1), "tile/63/005.p/1"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
        (Tile(None, 123_456), "tile/entries/x123/456"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    """The index is written in groups of three digits, all but the last after an x; a partial tile tells its width."""
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/data/000",
        "tile/0/../0/000",
        "tile/0/%2e%2e/000",
        "/tile/0/000",
        "tile//0/000",
        "../checkpoint",
        "checkpoint",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    """There is one spelling for each tile, and no way out of the folder."""
    with pytest.raises(TileError):
        Tile.parse(path)


def test_tree_of_70000() -> None:
    """The example of the specification: 273 full tiles and one of 112, one full and one of 17, one of 1."""
    edge, files = Edge().extend([bytes(32)] * 70_000)
    found = [Tile.parse(path) for path in files]
    assert sorted((tile.level or 0, tile.width) for tile in found if tile.width < 256) == [(0, 112), (1, 17), (2, 1)]
    assert sum(tile.width == 256 and tile.level == 0 for tile in found) == 273
    assert sum(tile.width == 256 and tile.level == 1 for tile in found) == 1
    assert edge.root == merkle.root([bytes(32)] * 70_000)


def test_tree_of_256() -> None:
    """A full tile has a partial one of width 1 above it, and none beside it."""
    assert set(tiles.log_files([b""] * 256)) == {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"}


def test_empty_log_has_no_files() -> None:
    """Empty tiles are not served."""
    assert tiles.log_files([]) == {}
    assert Edge().root == merkle.EMPTY_ROOT


def test_partial_tile_is_cut_from_a_wider_one() -> None:
    """A tile or bundle of fewer entries is the beginning of the wider one."""
    entries = [str(i).encode() for i in range(300)]
    small, large = tiles.log_files(entries[:44]), tiles.log_files(entries)
    for path, content in small.items():
        tile = Tile.parse(path)
        assert tile.cut(large[tile.grown(300).path]) == content


@pytest.mark.parametrize(("tile", "end"), [(Tile(None, 1, 3), 259), (Tile(0, 0, 7), 7), (Tile(1, 1, 2), 66_048)])
def test_smallest_log_that_has_a_tile(tile: Tile, end: int) -> None:
    """A tile's end is one past its last entry."""
    assert tile.end == end


def test_bundle_starts_at_its_boundary() -> None:
    """Bundles from the middle of one would overwrite its beginning."""
    assert set(tiles.bundles([b"a"], 512)) == {"tile/entries/002.p/1"}
    with pytest.raises(ValueError, match="multiple of 256"):
        tiles.bundles([b"a"], 511)


def test_entries_have_a_limit() -> None:
    """The length of an entry has two bytes."""
    assert tiles.parse_bundle(tiles.bundles([b"a" * 65_535])["tile/entries/000.p/1"], 1) == [b"a" * 65_535]
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        tiles.bundles([b"a" * 65_536])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01", b"\x00\x01a\x00", b"", b"\x00\x01a\x00\x01b"])
def test_broken_bundles_are_refused(data: bytes) -> None:
    """A bundle of one entry has its length, its bytes and nothing else."""
    with pytest.raises(TileError):
        tiles.parse_bundle(data, 1)


def test_hash_tiles_are_parsed() -> None:
    """A tile of width 2 has 64 bytes."""
    assert tiles.parse_hashes(b"a" * 32 + b"b" * 32, 2) == [b"a" * 32, b"b" * 32]
    with pytest.raises(TileError, match="has 64 bytes, found 63"):
        tiles.parse_hashes(b"a" * 63, 2)
