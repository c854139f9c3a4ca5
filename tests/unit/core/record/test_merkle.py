"""The Merkle tree against the vectors of transparency-dev/merkle (tests/data/vectors/README.md)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pb_service.core.record import merkle

VECTORS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "data" / "vectors" / "rfc6962_merkle_proofs.json").read_text()
)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def holds(name: str, case: dict[str, Any]) -> bool:
    """What our check says of a case."""
    proof = [raw(item) for item in case["proof"] or []]
    family = name.partition("/")[0]
    if family == "inclusion":
        return merkle.verify_inclusion(
            raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, raw(case["root"])
        )
    if family == "consistency":
        return merkle.verify_consistency(case["size1"], case["size2"], raw(case["root1"]), raw(case["root2"]), proof)
    if family == "subtreeinclusion":
        index, size = case["leafIdx"] - case["start"], case["end"] - case["start"]
        return merkle.verify_inclusion(raw(case["leafHash"]), index, size, proof, raw(case["root"]))
    assert family == "subtreeconsistency"
    span = range(case["start"], case["end"])
    return merkle.verify_subtree(span, case["size"], raw(case["root1"]), raw(case["root2"]), proof)


def has_odd_hash(case: dict[str, Any]) -> bool:
    """Whether a hash is not 32 bytes long; four cases use such text, and say that it does not matter. To us it does."""
    hashes = [case[field] for field in ("root", "root1", "root2", "leafHash") if field in case]
    return any(len(raw(item)) != 32 for item in [*hashes, *(case["proof"] or [])])


@pytest.mark.parametrize("family", ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"])
def test_proofs_of_the_vectors(family: str) -> None:
    """Every proof is judged as the vectors say."""
    cases = {name: case for name, case in VECTORS.items() if name.partition("/")[0] == family}
    wrong = [
        name for name, case in cases.items() if holds(name, case) != (not case["wantErr"] and not has_odd_hash(case))
    ]
    assert len(cases) >= 98
    assert wrong == []


def test_all_vectors_are_used() -> None:
    """518 cases in four families."""
    assert len(VECTORS) == 518


def test_empty_root() -> None:
    """The root of no entries is the hash of nothing."""
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_leaves_and_nodes_are_told_apart() -> None:
    """No entry can pass for a node: their hashes begin differently."""
    left, right = merkle.leaf_hash(b"l"), merkle.leaf_hash(b"r")
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_proofs_outside_the_tree() -> None:
    """There is no proof for a leaf or a prefix that the tree does not have."""
    with pytest.raises(ValueError, match="no leaf 1"):
        merkle.inclusion_proof([bytes(32)], 1)
    with pytest.raises(ValueError, match="no tree of size 2"):
        merkle.consistency_proof([bytes(32)], 2)


def test_absurd_sizes_are_refused() -> None:
    """A size beyond 2^63 is no reason to compute for long."""
    assert not merkle.verify_inclusion(bytes(32), 0, 2**20_000, [], bytes(32))
