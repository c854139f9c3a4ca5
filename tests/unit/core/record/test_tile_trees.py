"""A tree read from hash tiles: proofs as from its leaves, and nothing believed that the tiles do not prove."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.record import merkle, tiles
from pb_service.core.record.tiles import Tile, TileError, TileTree

LEAVES = [merkle.leaf_hash(str(index).encode()) for index in range(65_800)]
SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_536, 65_800]


def tree_of(size: int) -> TileTree:
    _, files = tiles.Edge().extend(LEAVES[:size])
    return TileTree(size, lambda tile: files[tile.path])


TREES = {size: tree_of(size) for size in SIZES}


@settings(max_examples=20)
@given(st.sampled_from(SIZES), st.data())
def test_proofs_from_tiles_are_those_from_the_leaves(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    assert TREES[size].consistency_proof(old) == merkle.consistency_proof(LEAVES[:size], old)


@settings(max_examples=20)
@given(st.sampled_from(SIZES), st.data())
def test_the_root_of_a_beginning_is_proved(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    assert TREES[size].root_at(old, merkle.root(LEAVES[:size])) == merkle.root(LEAVES[:old])


@pytest.mark.parametrize("old", [1, 255, 256, 300])
def test_tiles_of_another_tree_prove_nothing(old: int) -> None:
    """Whichever tile is exchanged: the root of the beginning comes out right, or not at all."""
    _, files = tiles.Edge().extend(LEAVES[:513])
    root = merkle.root(LEAVES[:513])
    for path, content in files.items():
        wrong = files | {path: content[:-1] + bytes([content[-1] ^ 1])}
        tree = TileTree(513, lambda tile, wrong=wrong: wrong[tile.path])  # type: ignore[misc]
        try:
            assert tree.root_at(old, root) == merkle.root(LEAVES[:old])
        except TileError:
            continue


def test_a_tile_of_another_length_is_none() -> None:
    with pytest.raises(TileError):
        TileTree(5, lambda _: bytes(31)).root_at(3, bytes(32))


def test_few_tiles_are_read_for_a_proof() -> None:
    asked: list[Tile] = []
    _, files = tiles.Edge().extend(LEAVES)

    def read(tile: Tile) -> bytes:
        asked.append(tile)
        return files[tile.path]

    TileTree(65_800, read).root_at(65_799, merkle.root(LEAVES))
    assert len(set(asked)) <= 5
