"""ristretto255 (RFC 9496) in plain integers: the group that needs nothing but Python."""

from collections.abc import Sequence
from functools import cache

from pb_service.verifier import edwards
from pb_service.verifier.edwards import IDENTITY, SQRT_M1, Addend, D, L, P, Point

# The constants of section 4.1; the signs of the roots are those of the RFC, a test compares its vectors.
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P
SMALLEST_ROOT = (P - 5) // 8


def decode(data: bytes) -> Point | None:
    """The element of a canonical encoding (4.3.1), the identity among them; None for every other string."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or s & 1:
        return None
    square = s * s % P
    u1, u2 = 1 - square, 1 + square
    u2_square = u2 * u2 % P
    v = (-(D * u1 * u1) - u2_square) % P
    is_square, root = _root_of_ratio(1, v * u2_square % P)
    den_x = root * u2 % P
    x = 2 * s * den_x % P
    if x & 1:
        x = P - x
    y = u1 * (root * den_x % P * v % P) % P
    t = x * y % P
    return None if not is_square or t & 1 or y == 0 else (x, y, 1, t)


def encode(point: Point) -> bytes:
    """The 32 bytes of an element (4.3.2)."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    _, root = _root_of_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = root * u1 % P, root * u2 % P
    z_inverse = den1 * den2 * t % P
    if t * z_inverse % P & 1:
        x, y, den2 = y * SQRT_M1 % P, x * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if x * z_inverse % P & 1:
        y = -y
    s = den2 * (z - y) % P
    return (P - s if s & 1 else s).to_bytes(32, "little")


def derive(data: bytes) -> Point:
    """The element that 64 bytes stand for (4.3.4)."""
    return edwards.add(_mapped(data[:32]), _mapped(data[32:]))


def _mapped(half: bytes) -> Point:
    t = (int.from_bytes(half, "little") & (2**255 - 1)) % P
    r = SQRT_M1 * t * t % P
    u, v = (r + 1) * ONE_MINUS_D_SQ % P, (-1 - r * D) * (r + D) % P
    is_square, s = _root_of_ratio(u, v)
    c = -1
    if not is_square:
        s = s * t % P
        s, c = (s if s & 1 else -s), r
    n = c * (r - 1) * D_MINUS_ONE_SQ - v
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def _root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """SQRT_RATIO_M1 (4.2): whether u/v is a square, and the even root of it, or of sqrt(-1) u/v."""
    v3 = v * v % P * v % P
    root = u * v3 % P * pow(u * v3 * v3 * v % P, SMALLEST_ROOT, P) % P
    found = v * root * root % P
    is_square = found == u % P
    if found == -u % P or found == -u * SQRT_M1 % P:
        is_square = is_square or found == -u % P
        root = root * SQRT_M1 % P
    return is_square, (P - root if root & 1 else root)


class Ristretto:
    """The group in pure Python. Elements are points in extended coordinates."""

    identity: Point = IDENTITY

    def read(self, data: bytes) -> Point:
        """The element of an encoding that is canonical and not the identity. Raises ValueError."""
        point = decode(data)
        if point is None or not any(data):
            raise ValueError("point")
        return point

    def write(self, element: Point) -> bytes:
        """The 32 bytes of an element."""
        return encode(element)

    def derive(self, data: bytes) -> Point:
        """The element that 64 bytes stand for."""
        return derive(data)

    def is_sound(self, data: bytes) -> bool:
        """Whether `read` takes these bytes."""
        return decode(data) is not None and any(data)

    def add(self, one: Point, other: Point) -> Point:
        """The sum of two elements."""
        return edwards.add(one, other)

    def multiple(self, scalar: int, element: Point) -> Point:
        """An element times a scalar."""
        return edwards.multiple(element, scalar % L)

    def commitment(self, z: int, c: int, element: Point) -> Point:
        """zG - c times the element: what a prover committed to, out of the answer z and the challenge c."""
        return edwards.add(edwards.multiple_by(_generator(), z % L), edwards.multiple(element, -c % L))

    def sum(self, scalars: Sequence[int], elements: Sequence[Point], base: int = 0) -> Point:
        """The sum of each element times its scalar, and of G times `base`."""
        found = edwards.multiple_by(_generator(), base % L)
        if not scalars:
            return found
        addends: list[Addend] = edwards.ready(elements)
        return edwards.add(found, edwards.sum_of_multiples([scalar % L for scalar in scalars], addends))

    def is_identity(self, element: Point) -> bool:
        """Whether an element is the identity (all points of small order stand for it)."""
        return element[0] % P == 0 or element[1] % P == 0


@cache
def _generator() -> list[list[Addend]]:
    x = 15112221349535400772501151409588531511454012693041857206046113283949847762202
    y = 4 * pow(5, -1, P) % P
    return edwards.comb((x, y, 1, x * y % P))
