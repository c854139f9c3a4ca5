"""Tree, tiles, checkpoints: against published vectors and against a second, recursive tree."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier import log
from pb_service.verifier.findings import Found
from tests.verifier import builder

VECTORS = Path(__file__).parents[1] / "data" / "vectors"
SAMPLE: dict[str, Any] = json.loads((VECTORS / "tlog_tiles_tessera_sample.json").read_text())
LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(70_000)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 256, 257, 1000])
def test_root_is_that_of_the_recursive_definition(size: int) -> None:
    assert log.root(LEAVES[:size]) == builder.tree(LEAVES[:size])


def test_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert log.root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 65_536, 65_537, 70_000])
def test_tiles_of_a_tree(size: int) -> None:
    """At level L stand the floor(n / 256^L) hashes of full subtrees, 256 a tile, the last tile partial."""
    tiles = log.tiles(LEAVES[:size])
    assert sum(len(hashes) // 32 for hashes in tiles.values()) == size + size // 256 + size // 65_536
    assert tiles[log.tile_name("0", 0, min(size, 256))][:32] == LEAVES[0]
    if size >= 65_536:
        assert tiles["tile/2/000.p/1"] == log.root(LEAVES[:65_536])


@pytest.mark.parametrize(
    ("index", "width", "name"),
    [
        (0, 256, "tile/0/000"),
        (999, 7, "tile/0/999.p/7"),
        (1000, 256, "tile/0/x001/000"),
        (1_234_067, 1, "tile/0/x001/x234/067.p/1"),
    ],
)
def test_tile_names(index: int, width: int, name: str) -> None:
    assert log.tile_name("0", index, width) == name


@pytest.mark.parametrize("size", range(1, 16))
def test_published_sample_log(size: int) -> None:
    """Entry bundle, tile and checkpoint of the sample log at each size say the same."""
    head = log.parse_checkpoint(str(SAMPLE[f"log/checkpoint.{size}"]).encode())
    name = f"tile/entries/000.p/{size}"
    leaves = [log.leaf_hash(entry) for entry in log.read_entries({name: sample(f"log/{name}")})]
    assert (head.origin, head.size, head.root) == ("example.com/log/testdata", size, log.root(leaves))
    assert log.tiles(leaves) == {f"tile/0/000.p/{size}": sample(f"log/tile/0/000.p/{size}")}


def sample(name: str) -> bytes:
    """A file of the sample log: those that are no text are kept in base64."""
    content = SAMPLE[name]
    return content.encode() if isinstance(content, str) else base64.b64decode(content["b64"])


GOOD = builder.checkpoint(LEAVES[:3], builder.LOG_KEY)
KEY = log.parse_vkey(builder.vkey(builder.LOG_KEY))


def test_checkpoint_is_signed_by_its_key_alone() -> None:
    other = log.parse_vkey(builder.vkey(builder.OPERATOR_KEY))
    head = log.parse_checkpoint(GOOD)
    assert head.is_signed_by(KEY)
    assert not head.is_signed_by(other)


def test_lines_of_witnesses_are_no_concern_but_a_second_line_of_the_key_is() -> None:
    witness = "— witness.example/w1 ".encode() + GOOD.rsplit(b" ", 1)[1]
    assert log.parse_checkpoint(GOOD + witness).is_signed_by(KEY)
    assert not log.parse_checkpoint(GOOD + GOOD.split(b"\n\n")[1]).is_signed_by(KEY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD.replace(b"\n3\n", b"\n03\n"),
        GOOD.replace(b"\n3\n", b"\n-3\n"),
        GOOD.replace(b"\n\n", b"\n"),
        GOOD.replace(b"=\n\n", b"=\nextension\n\n"),
        GOOD.replace(b"=\n\n", b"\n\n"),
        GOOD + b"\n",
        GOOD + b"junk\n",
        GOOD.replace(b"\n", b"\r\n"),
        b"\xff" + GOOD,
        GOOD.split(b"\n\n")[0] + b"\n\n",
        GOOD.replace("— ".encode(), b"- "),
        b"\n" + GOOD,
    ],
    ids=lambda data: repr(data[-30:]),
)
def test_a_checkpoint_has_one_form(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        log.parse_checkpoint(data)


@pytest.mark.parametrize(
    "change", [lambda v: v[:-1], lambda v: v + "A", lambda v: "x" + v, lambda v: v.replace("+", "-")]
)
def test_a_verifier_key_has_one_form(change: object) -> None:
    """The key id in the middle is a hash of the rest, so a slip of the pen is noticed."""
    assert callable(change)
    with pytest.raises(ValueError, match=r".*"):
        log.parse_vkey(change(builder.vkey(builder.LOG_KEY)))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"tile/entries/000.p/2": b"\0\1a"},
        {"tile/entries/000.p/1": b"\0\2a"},
        {"tile/entries/000.p/1": b"\0"},
        {"tile/entries/000": b"\0\1a"},
        {"tile/entries/001.p/1": b"\0\1a"},
        {"tile/entries/000.p/1": b"\0\1a", "tile/entries/000.p/2": b"\0\1a\0\1b"},
        {"tile/entries/000.p/01": b"\0\1a"},
        {"tile/entries/000.p/0": b""},
        {"tile/entries/0.p/1": b"\0\1a"},
    ],
)
def test_entry_bundles_hold_what_their_names_say(members: dict[str, bytes]) -> None:
    with pytest.raises(Found):
        log.read_entries(members)


def test_entries_come_in_order_from_full_and_partial_bundles() -> None:
    entries = [str(number).encode() for number in range(600)]
    members = builder.record(entries, builder.LOG_KEY, builder.ORIGIN)
    assert log.read_entries(members) == entries
    assert log.tiles([log.leaf_hash(entry) for entry in entries]).items() <= members.items()
