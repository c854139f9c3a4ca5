"""Properties of the record's tree, tiles and encodings that hold for every log."""

from hypothesis import assume, given
from hypothesis import strategies as st

from pb_service.core.record import canonical, merkle, tiles
from pb_service.core.record.tiles import Edge, Tile

sizes = st.integers(0, 700)
#: How a log may grow: by so many entries at a time.
steps = st.lists(st.integers(0, 600), max_size=6)
values = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True), inner),
    max_leaves=10,
)


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(index).encode()) for index in range(size)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


@given(sizes)
def test_root_is_that_of_the_definition(size: int) -> None:
    """Hashing level by level gives the root of the recursive definition."""
    assert merkle.root(leaves_of(size)) == by_definition(leaves_of(size))


@given(st.integers(1, 700), st.data())
def test_inclusion_proofs_verify(size: int, data: st.DataObject) -> None:
    """Every leaf has a proof, which shows this leaf at this place in this tree and nothing else."""
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(leaves, index), merkle.root(leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size))
    assume(other != index)
    assert not merkle.verify_inclusion(leaves[index], other, size, proof, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"x"), index, size, proof, root)


@given(sizes, st.data())
def test_consistency_proofs_verify(size: int, data: st.DataObject) -> None:
    """Every earlier tree is proven to be a prefix, and no other tree is."""
    leaves, old = leaves_of(size), data.draw(st.integers(0, size))
    proof, old_root, root = merkle.consistency_proof(leaves, old), merkle.root(leaves[:old]), merkle.root(leaves)
    assert merkle.verify_consistency(old, size, old_root, root, proof)
    assert not merkle.verify_consistency(old, size, merkle.leaf_hash(b"x"), root, proof)
    if old:
        assert not merkle.verify_consistency(old, size, old_root, merkle.leaf_hash(b"x"), proof)


@given(st.integers(1, 300), st.data())
def test_changed_proofs_fail(size: int, data: st.DataObject) -> None:
    """A proof with one bit changed, one hash more or one hash less shows nothing."""
    leaves, old = leaves_of(size), data.draw(st.integers(1, size))
    proof, ends = merkle.consistency_proof(leaves, old), (merkle.root(leaves[:old]), merkle.root(leaves))
    assert not merkle.verify_consistency(old, size, *ends, [*proof, bytes(32)])
    if proof:
        at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        changed = (int.from_bytes(proof[at]) ^ 1 << bit).to_bytes(32)
        assert not merkle.verify_consistency(old, size, *ends, [*proof[:at], changed, *proof[at + 1 :]])
        assert not merkle.verify_consistency(old, size, *ends, proof[:-1])


@given(steps)
def test_growing_in_steps_is_growing_at_once(growth: list[int]) -> None:
    """However a log grew, its right edge, its root and its tiles are those of its entries."""
    leaves = leaves_of(sum(growth))
    edge = Edge()
    files: dict[str, bytes] = {}
    for step in growth:
        edge, new = edge.extend(leaves[edge.size : edge.size + step])
        assert all(files.get(path, content) == content for path, content in new.items())
        files |= new
        assert edge.root == merkle.root(leaves[: edge.size])
    once, expected = Edge().extend(leaves)
    assert (edge.size, edge.root) == (once.size, once.root)
    assert {path: files[path] for path in expected} == expected


@given(st.lists(st.binary(max_size=40), max_size=600))
def test_bundles_hold_the_entries(entries: list[bytes]) -> None:
    """The entries of a log stand in its bundles, in order."""
    found = sorted(
        (Tile.parse(path).index, Tile.parse(path).width, data) for path, data in tiles.bundles(entries).items()
    )
    assert [entry for _, width, data in found for entry in tiles.parse_bundle(data, width)] == entries


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_tile_paths_read_back(level: int | None, index: int, width: int) -> None:
    """Every tile has one path, and the path tells the tile."""
    assert Tile.parse(Tile(level, index, width).path) == Tile(level, index, width)


@given(values)
def test_canonical_json_reads_back(value: object) -> None:
    """What was encoded is decoded, and only from these bytes."""
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@given(st.binary(max_size=60))
def test_decoding_never_accepts_what_it_would_not_write(data: bytes) -> None:
    """Whatever bytes come in: either the canonical error, or exactly our own spelling."""
    try:
        value = canonical.decode(data)
    except canonical.CanonicalError:
        return
    assert canonical.encode(value) == data


@given(st.binary(max_size=100))
def test_base64url_reads_back(data: bytes) -> None:
    """Bytes and their spelling are one to one."""
    assert canonical.unb64u(canonical.b64u(data), len(data)) == data
