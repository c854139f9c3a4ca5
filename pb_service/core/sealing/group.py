"""The group ristretto255 (RFC 9496): points as their canonical 32 bytes, scalars as integers modulo its order.

libsodium computes; it is reached only here. Its additions take bytes that are no point for zero without a word, and it
takes a second spelling of every point, so each that comes from outside is read by `read_point` or `read_points` first.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha512
from typing import Any, TypeVar

import rbcl  # type: ignore[import-untyped]  # rbcl ships no types

from pb_service.core.record.framing import h64

T = TypeVar("T")

#: The number of elements (RFC 9496 section 4): a prime.
ORDER = 2**252 + 27742317777372353535851937790883648493
SIZE = 32
IDENTITY = bytes(SIZE)

#: Returns that many random bytes; `secrets.token_bytes` outside tests.
Random = Callable[[int], bytes]

#: Applies a function to every item, like the built-in `map`; `ProcessPoolExecutor.map` spreads long lists over cores.
Spread = Callable[..., Iterable[Any]]

#: Terms that one call of a spread function sums up: enough to outweigh sending them to another process.
_CHUNK = 512


class GroupError(ValueError):
    """Bytes that are not a point, or not a scalar, where one is asked for."""


def read_point(data: bytes) -> bytes:
    """Return a point as read. Raises GroupError unless it is canonical and not the identity."""
    if not is_point(data):
        raise GroupError("not the encoding of a point, or the identity")
    return data


def read_points(data: bytes) -> list[bytes]:
    """Return concatenated points as a list. Raises GroupError as `read_point` does, or when the length does not fit."""
    if len(data) % SIZE:
        raise GroupError(f"a list of points has a multiple of {SIZE} bytes")
    return [read_point(data[start : start + SIZE]) for start in range(0, len(data), SIZE)]


def is_point(data: bytes) -> bool:
    """Say whether the bytes are a canonical point other than the identity.

    libsodium does not look at the highest bit, which RFC 9496 wants to be zero: every point would have two spellings.
    """
    return (
        len(data) == SIZE
        and data != IDENTITY
        and data[-1] < 0x80
        and bool(rbcl.crypto_core_ristretto255_is_valid_point(data))
    )


def read_scalar(data: bytes) -> int:
    """Return a scalar as read, little-endian. Raises GroupError unless it has 32 bytes and lies below the order."""
    scalar = int.from_bytes(data, "little")
    if len(data) != SIZE or scalar >= ORDER:
        raise GroupError("not a scalar below the order of the group")
    return scalar


def scalar_bytes(scalar: int) -> bytes:
    """Return the 32 bytes of a scalar, reduced by the order."""
    return (scalar % ORDER).to_bytes(SIZE, "little")


def random_scalar(random: Random) -> int:
    """Return a scalar whose distance from uniform nobody can notice: 64 random bytes reduced by the order."""
    return int.from_bytes(random(64), "little") % ORDER


def hash_to_scalar(tag: str, *parts: bytes) -> int:
    """Return Hs of docs/protocol.md: H64 as a little-endian integer, reduced by the order."""
    return int.from_bytes(h64(tag, *parts), "little") % ORDER


@lru_cache(maxsize=200_000)
def generator(number: int) -> bytes:
    """Return gen(number): a point whose logarithm to any other nobody knows (RFC 9496 section 4.3.4)."""
    point: bytes = rbcl.crypto_core_ristretto255_from_hash(sha512(f"pb/h/{number}".encode()).digest())
    return point


def times(scalar: int, point: bytes) -> bytes:
    """Return scalar x point."""
    product: bytes = rbcl.crypto_scalarmult_ristretto255_allow_scalar_zero(scalar_bytes(scalar), point)
    return product


def times_base(scalar: int) -> bytes:
    """Return scalar x G."""
    product: bytes = rbcl.crypto_scalarmult_ristretto255_base_allow_scalar_zero(scalar_bytes(scalar))
    return product


def plus(one: bytes, other: bytes) -> bytes:
    """Return the sum of two points."""
    total: bytes = rbcl.crypto_core_ristretto255_add(one, other)
    return total


def minus(one: bytes, other: bytes) -> bytes:
    """Return the difference of two points."""
    difference: bytes = rbcl.crypto_core_ristretto255_sub(one, other)
    return difference


def total(points: Iterable[bytes]) -> bytes:
    """Return the sum of points, the identity if there is none."""
    result = IDENTITY
    for point in points:
        result = plus(result, point)
    return result


def combination(scalars: Sequence[int], points: Sequence[bytes], spread: Spread = map) -> bytes:
    """Return the sum of scalar x point over both lists, which are equally long."""
    if len(scalars) != len(points):
        raise ValueError("as many scalars as points")
    starts = range(0, len(points), _CHUNK)
    return total(
        spread(
            _combination,
            [scalars[start : start + _CHUNK] for start in starts],
            [points[start : start + _CHUNK] for start in starts],
        )
    )


def each(function: Callable[..., T], spread: Spread, *columns: Sequence[Any]) -> list[T]:
    """Return ``function`` of every row of the columns, in order. It must be a function of a module, to be sent away."""
    starts = range(0, len(columns[0]), _CHUNK)
    chunks = [[column[start : start + _CHUNK] for start in starts] for column in columns]
    return [value for part in spread(_each, [function] * len(starts), *chunks) for value in part]


def _each(function: Callable[..., T], *columns: Sequence[Any]) -> list[T]:
    return [function(*row) for row in zip(*columns, strict=True)]


def _combination(scalars: Sequence[int], points: Sequence[bytes]) -> bytes:
    return total(times(scalar, point) for scalar, point in zip(scalars, points, strict=True))
