"""Opening the shuffled list: each trustee decrypts in part and proves it; any quorum's parts together give the ballots.

Batched proof of equal logarithms, docs/protocol.md, "Decrypt". The weights are seeded by the whole batch: with the
weights of RFC 9497, each from its own element alone, a trustee who may choose her parts freely could forge one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pb_service.core.record.framing import h64, u32
from pb_service.core.sealing.group import (
    IDENTITY,
    ORDER,
    SIZE,
    GroupError,
    Random,
    Spread,
    combination,
    each,
    hash_to_scalar,
    minus,
    plus,
    random_scalar,
    read_points,
    read_scalar,
    scalar_bytes,
    times,
    times_base,
)


class DecryptionError(ValueError):
    """A partial decryption is malformed, or its proof does not hold."""


@dataclass(frozen=True)
class Share:
    """Whose part it is: election, contest, the trustee's number and public share, pairs in a row."""

    eid: bytes
    contest: str
    trustee: int
    key: bytes
    width: int


def decrypt(rows: bytes, share: Share, secret: int, random: Random, spread: Spread = map) -> bytes:
    """Return the file of one trustee: a part for each pair of the list, and the proof. Raises DecryptionError."""
    points = _first_of_pairs(rows, share)
    parts = each(_multiple, spread, points, [secret] * len(points))
    seed, p, q = _batch(rows, points, parts, share, spread)
    nonce = random_scalar(random)
    challenge = _challenge(seed, p, q, times_base(nonce), times(nonce, p))
    return b"".join(parts) + scalar_bytes(challenge) + scalar_bytes(nonce + challenge * secret)


def verify(rows: bytes, file: bytes, share: Share, spread: Spread = map) -> list[bytes]:
    """Check a trustee's file against the list and return its parts. Raises DecryptionError."""
    points = _first_of_pairs(rows, share)
    if len(file) != SIZE * (len(points) + 2):
        raise DecryptionError("the file has not one part for each pair and a proof")
    try:
        parts = read_points(file[: -2 * SIZE])
        challenge, answer = read_scalar(file[-2 * SIZE : -SIZE]), read_scalar(file[-SIZE:])
    except GroupError as error:
        raise DecryptionError(str(error)) from error
    seed, p, q = _batch(rows, points, parts, share, spread)
    promises = (
        minus(times_base(answer), times(challenge, share.key)),
        minus(times(answer, p), times(challenge, q)),
    )
    if _challenge(seed, p, q, *promises) != challenge:
        raise DecryptionError("the proof of equal logarithms does not hold")
    return parts


def combine(rows: bytes, parts: Mapping[int, Sequence[bytes]], spread: Spread = map) -> list[bytes]:
    """Return what the pairs of the list hold, given the verified parts of a quorum by trustee number."""
    second = [rows[start : start + SIZE] for start in range(SIZE, len(rows), 2 * SIZE)]
    weights = [lagrange(trustee, parts.keys()) for trustee in parts]
    return each(_opened, spread, second, [weights] * len(second), list(zip(*parts.values(), strict=True)))


def lagrange(trustee: int, quorum: Collection[int]) -> int:
    """Return the trustee's weight in the quorum: the product of m / (m - trustee) over its other members."""
    weight = 1
    for other in quorum:
        if other != trustee:
            weight = weight * other * pow(other - trustee, -1, ORDER) % ORDER
    return weight


def _first_of_pairs(rows: bytes, share: Share) -> list[bytes]:
    if not rows or len(rows) % (2 * share.width * SIZE):
        raise DecryptionError("a list has at least one row, and only whole ones")
    try:
        return read_points(rows)[::2]
    except GroupError as error:
        raise DecryptionError(str(error)) from error


def _batch(
    rows: bytes, points: Sequence[bytes], parts: Sequence[bytes], share: Share, spread: Spread
) -> tuple[bytes, bytes, bytes]:
    """Return the seed over the whole batch, and points and parts each summed under the weights it gives."""
    seed = h64(
        "pb/dleq",
        share.eid,
        share.contest.encode(),
        u32(share.trustee),
        share.key,
        u32(len(points) // share.width),
        u32(share.width),
        rows,
        b"".join(parts),
    )
    weights = [hash_to_scalar("pb/dleq/w", seed, u32(number)) for number in range(1, len(points) + 1)]
    return seed, combination(weights, points, spread), combination(weights, parts, spread)


def _challenge(seed: bytes, *points: bytes) -> int:
    return hash_to_scalar("pb/dleq/c", seed, *points)


def _multiple(point: bytes, scalar: int) -> bytes:
    return times(scalar, point)


def _opened(point: bytes, weights: Sequence[int], parts: Sequence[bytes]) -> bytes:
    shared = IDENTITY
    for weight, part in zip(weights, parts, strict=True):
        shared = plus(shared, times(weight, part))
    return minus(point, shared)
