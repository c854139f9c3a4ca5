"""ECDSA over P-256 with SHA-256 (FIPS 186-5), the check only, in plain integers."""

import hashlib

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None  # None is the point at infinity


def verify(public: tuple[int, int], message: bytes, signature: bytes) -> bool:
    """Whether r and s, 32 bytes each, sign the message under the point `public`."""
    x, y = public
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    is_on_curve = 0 <= x < P and 0 <= y < P and (y * y - x * x * x + 3 * x - B) % P == 0
    if len(signature) != 64 or not (0 < r < N and 0 < s < N) or not is_on_curve:
        return False
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    w = pow(s, -1, N)
    total = _add(_multiple(e * w % N, G), _multiple(r * w % N, public))
    return total is not None and total[0] % N == r


def _add(p: Point, q: Point) -> Point:
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def _multiple(scalar: int, p: Point) -> Point:
    total: Point = None
    for bit in f"{scalar:b}":
        total = _add(total, total)
        if bit == "1":
            total = _add(total, p)
    return total
