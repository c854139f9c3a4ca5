"""The Merkle tree of RFC 6962 section 2.1 over SHA-256.

An inclusion proof and a consistency proof say the same thing about different parts of the tree: that the hash of the
leaves ``start`` to ``end`` is a node of it, or is made of such nodes. So one walk down the tree makes both, and one
checks both.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

HASH_SIZE = 32
SIZE_LIMIT = 2**63
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: Gives the tree hash of a subtree, named by its leaves.
Nodes = Callable[[range], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 + entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 + left + right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the tree hash over leaf hashes, or over those of equally large full subtrees (the last may be smaller)."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that leaf ``index`` (from 0) is in the tree of these leaf hashes (section 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of size {len(leaves)}")
    return prove_inclusion(_over(leaves), index, len(leaves))


def prove_inclusion(node: Nodes, index: int, size: int) -> list[bytes]:
    """Return the same proof for trees whose leaves need not be at hand: ``node`` is asked for what stands in it."""
    return list(_proof(node, range(size), range(index, index + 1)))


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the tree of the first ``old_size`` leaves is a prefix of this one (section 2.1.2)."""
    if not 0 <= old_size <= len(leaves):
        raise ValueError(f"no tree of size {old_size} inside one of size {len(leaves)}")
    return prove_consistency(_over(leaves), old_size, len(leaves))


def prove_consistency(node: Nodes, old_size: int, size: int) -> list[bytes]:
    """Return the same proof for trees whose leaves need not be at hand: ``node`` is asked for what stands in it."""
    return list(_proof(node, range(size), range(old_size))) if old_size else []


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether ``proof`` shows that the leaf hash stands at ``index`` in the tree of that size and root."""
    return 0 <= index < size and verify_subtree(range(index, index + 1), size, leaf, root, proof)


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether ``proof`` shows that the old tree is a prefix of the new one, as the empty tree is of every tree."""
    return verify_subtree(range(old_size), size, old_root, root, proof)


def verify_subtree(span: range, size: int, subtree: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether ``proof`` shows that ``subtree`` is the tree hash of the leaves in ``span`` of this tree.

    The span must be one that a tree of its own could have at this place: its start is a multiple of the least power of
    two that holds it. An empty span has the hash of the empty tree and needs no proof.
    """
    width = span.stop - span.start
    if not 0 <= span.start <= span.stop <= size < SIZE_LIMIT:
        return False
    if any(len(item) != HASH_SIZE for item in (subtree, root, *proof)):
        return False
    if width == 0:
        return subtree == EMPTY_ROOT and not proof
    if span.start % (1 << (width - 1).bit_length()):
        return False
    steps = iter(proof)
    try:
        part, whole = _fold(range(size), span, subtree, steps)
    except StopIteration:
        return False
    return (part, whole) == (subtree, root) and next(steps, None) is None


def halves(tree: range) -> tuple[range, range]:
    """Divide a tree as RFC 6962 does: its left half holds the largest power of two smaller than its size."""
    middle = tree.start + (1 << ((tree.stop - tree.start - 1).bit_length() - 1))
    return range(tree.start, middle), range(middle, tree.stop)


def _over(leaves: Sequence[bytes]) -> Nodes:
    return lambda span: root(leaves[span.start : span.stop])


def _proof(node: Nodes, tree: range, span: range) -> Iterator[bytes]:
    """Yield, from the leaves up, what is needed beside the tree hash of ``span`` to know that of ``tree``."""
    if tree == span:
        return
    if span.start <= tree.start and tree.stop <= span.stop:  # a whole part of the span, but not known by itself
        yield node(tree)
        return
    left, right = halves(tree)
    near, far = (left, right) if span.stop <= left.stop else (right, left)
    yield from _proof(node, near, span)
    yield node(far)


def _fold(tree: range, span: range, subtree: bytes, proof: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return the tree hashes that ``proof`` leads to: of the part of ``span`` in ``tree``, and of ``tree``."""
    if tree == span:
        return subtree, subtree
    if span.start <= tree.start and tree.stop <= span.stop:
        known = next(proof)
        return known, known
    left_half, right_half = halves(tree)
    if span.stop <= left_half.stop:
        part, whole = _fold(left_half, span, subtree, proof)
        return part, node_hash(whole, next(proof))
    part, whole = _fold(right_half, span, subtree, proof)
    left = next(proof)  # outside the span, or a whole part of it
    return (part if span.start >= left_half.stop else node_hash(left, part)), node_hash(left, whole)
