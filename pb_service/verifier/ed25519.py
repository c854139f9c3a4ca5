"""Ed25519 signature check (RFC 8032) by the one equation of docs/schemas/bundle.md section 3, in plain integers.

About 2 ms a signature; openssl.py checks the same equation sooner where it can.
"""

import hashlib
from functools import cache, lru_cache

from pb_service.verifier import edwards
from pb_service.verifier.edwards import SQRT_M1, D, L, P, Point

KEYS = 64  # keys whose multiples are kept: those that sign many entries


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` is valid under `public` (32 bytes).

    Valid means: the key is canonical and not of small order, S < L, and the bytes of [S]B - [k mod L]A equal R.
    Libraries accept different sets of odd signatures; this is the set that the format names.
    """
    if len(public) != 32 or len(signature) != 64 or (key := _key(public)) is None:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    return encode(edwards.add(edwards.multiple_by(_base(), s), edwards.multiple(key, k))) == r


def is_sound(public: bytes) -> bool:
    """Whether a public key is canonical and not of small order."""
    return len(public) == 32 and _key(public) is not None


@lru_cache(maxsize=KEYS)
def _key(public: bytes) -> Point | None:
    """The negative of a sound key, as the equation takes it away; None for any other."""
    point = decode(public)
    if point is None:
        return None
    small = edwards.double(edwards.double(edwards.double(point)))
    return None if small[0] % P == 0 and (small[1] - small[2]) % P == 0 else edwards.negative(point)


def decode(data: bytes) -> Point | None:
    """The point of a canonical encoding; None when y is not reduced, no x fits, or zero carries a sign."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point: Point) -> bytes:
    """The canonical 32 bytes of a point."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


@cache
def _base() -> list[list[edwards.Addend]]:
    base = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert base is not None  # noqa: S101 - y = 4/5 is the base point of the RFC
    return edwards.comb(base)
