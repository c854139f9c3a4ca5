"""Ed25519 signature check (RFC 8032) by the one equation of docs/schemas/bundle.md section 3, in plain integers.

Only public values are handled, so nothing here needs to run in constant time. About 4 ms a signature.
"""

import hashlib

Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY: Point = (0, 1, 1, 0)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` is valid under `public` (32 bytes).

    Valid means: the key is canonical and not of small order, S < L, and the bytes of [S]B - [k mod L]A equal R.
    Libraries accept different sets of odd signatures; this is the set that the format names.
    """
    key = decode(public) if len(public) == 32 else None
    if key is None or len(signature) != 64 or _is_identity(_double(_double(_double(key)))):
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    x, y, z, t = key
    return encode(_two_multiples(s, BASE, k, (-x % P, y, z, -t % P))) == r


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


def _add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p: Point) -> Point:
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = 2 * p[2] * p[2] % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _is_identity(p: Point) -> bool:
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def _two_multiples(a: int, p: Point, b: int, q: Point) -> Point:
    """[a]p + [b]q, both scalars read bit by bit side by side."""
    addends = (IDENTITY, p, q, _add(p, q))
    total = IDENTITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = _double(total)
        which = (a >> bit & 1) + 2 * (b >> bit & 1)
        if which:
            total = _add(total, addends[which])
    return total


_base = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert _base is not None  # noqa: S101 - y = 4/5 is the base point of the RFC
BASE: Point = _base
