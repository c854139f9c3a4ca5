"""The curve under Ed25519 and ristretto255 in plain integers: -x^2 + y^2 = 1 + d x^2 y^2 modulo 2^255 - 19.

Formulas: Hisil, Wong, Carter, Dawson 2008 (complete for this curve). Only public values are handled, so nothing here
needs to run in constant time.
"""

from collections.abc import Sequence

Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
Addend = tuple[int, int, int]  # an affine point made ready for adding: y + x, y - x, 2dxy

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
D2 = 2 * D % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY: Point = (0, 1, 1, 0)
WINDOW, HALF = 4, 8  # of single multiples: signed digits of four bits, -8..7
DIGITS = 64


def add(p: Point, q: Point) -> Point:
    """The sum of two points, equal or not."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = D2 * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def add_ready(p: Point, q: Addend) -> Point:
    """The sum of a point and an addend."""
    x, y, z, t = p
    b, a, c = (y + x) * q[0] % P, (y - x) * q[1] % P, t * q[2] % P
    d = z + z
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p: Point) -> Point:
    """Twice a point."""
    x, y, z, _ = p
    a, b = x * x % P, y * y % P
    h = a + b
    e, g = h - (x + y) ** 2 % P, a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def negative(p: Point) -> Point:
    """The point that takes `p` away."""
    return -p[0] % P, p[1], p[2], -p[3] % P


def ready(points: Sequence[Point]) -> list[Addend]:
    """Points as addends; one inversion for all of them (Montgomery's trick)."""
    before, product = [], 1
    for point in points:
        before.append(product)
        product = product * point[2] % P
    inverse = pow(product, -1, P)
    found: list[Addend] = []
    for (x, y, z, _), product in zip(reversed(points), reversed(before), strict=True):
        own = inverse * product % P
        inverse = inverse * z % P
        x1, y1 = x * own % P, y * own % P
        found.append(((y1 + x1) % P, (y1 - x1) % P, D2 * x1 * y1 % P))
    found.reverse()
    return found


def comb(p: Point) -> list[list[Addend]]:
    """For each digit of a scalar the eight multiples of `p` that it may ask for: 64 additions make any multiple."""
    rows, base = [], p
    for _ in range(DIGITS):
        row = [base]
        for _ in range(HALF - 1):
            row.append(add(row[-1], base))
        rows.append(row)
        base = double(row[-1])
    flat = ready([point for row in rows for point in row])
    return [flat[start : start + HALF] for start in range(0, len(flat), HALF)]


def multiple_by(table: list[list[Addend]], scalar: int) -> Point:
    """The multiple of the point of a comb by a scalar of 0..L-1."""
    total = IDENTITY
    for row, digit in zip(table, _digits(scalar), strict=True):
        if digit > 0:
            total = add_ready(total, row[digit - 1])
        elif digit < 0:
            total = add_ready(total, minus(row[-digit - 1]))
    return total


def multiple(p: Point, scalar: int) -> Point:
    """The multiple of a point by a scalar of 0..L-1."""
    row = [IDENTITY, p]
    for _ in range(HALF - 1):
        row.append(add(row[-1], p))
    row[HALF:] = [negative(row[number]) for number in range(HALF, 0, -1)]  # row[-3] is -3p
    total = IDENTITY
    for digit in reversed(_digits(scalar)):
        total = double(double(double(double(total))))
        if digit:
            total = add(total, row[digit])
    return total


def minus(q: Addend) -> Addend:
    """The addend that takes away what `q` adds."""
    return q[1], q[0], -q[2]


def sum_of_multiples(scalars: Sequence[int], addends: Sequence[Addend]) -> Point:
    """The sum of each addend times its scalar of 0..L-1: the bucket method (Pippenger 1976), signed digits."""
    width = _width(len(scalars))
    half = 1 << (width - 1)
    windows = -(-254 // width)
    # With this added, every digit is half too large; taking half from each makes them -half..half-1 without carries.
    shift = sum(half << (width * window) for window in range(windows))
    shifted = [scalar + shift for scalar in scalars]
    total = IDENTITY
    for window in reversed(range(windows)):
        if total != IDENTITY:
            for _ in range(width):
                total = double(total)
        start = width * window
        total = add(total, _weighted(_buckets(shifted, start, half, addends)))
    return total


def _buckets(shifted: Sequence[int], start: int, half: int, addends: Sequence[Addend]) -> list[Point | None]:
    """For each size of digit the sum of the addends that have it. The loop that all checks spend their time in."""
    buckets: list[Point | None] = [None] * (half + 1)
    prime, mask = P, 2 * half - 1
    for number, (yx, xy, t2) in zip(shifted, addends, strict=True):
        digit = (number >> start & mask) - half
        if digit > 0:
            place, plus, less, last = digit, yx, xy, t2
        elif digit < 0:
            place, plus, less, last = -digit, xy, yx, -t2
        else:
            continue
        at = buckets[place]
        if at is None:
            x, y = plus - less, plus + less  # twice the affine coordinates
            buckets[place] = x * 2 % prime, y * 2 % prime, 4, x * y % prime
            continue
        x, y, z, t = at
        b, a, c = (y + x) * plus % prime, (y - x) * less % prime, t * last % prime
        d = z + z
        e, f, g, h = b - a, d - c, d + c, b + a
        buckets[place] = e * f % prime, g * h % prime, f * g % prime, e * h % prime
    return buckets


def _weighted(buckets: list[Point | None]) -> Point:
    """The sum of each bucket times its place."""
    running = total = IDENTITY
    for bucket in reversed(buckets[1:]):
        if bucket is not None:
            running = add(running, bucket)
        if running != IDENTITY:
            total = add(total, running)
    return total


def _width(number: int) -> int:
    """The width of digits at which the bucket method costs least for so many addends."""
    return min(range(3, 17), key=lambda width: -(-254 // width) * (number + (2 << (width - 1))))


def _digits(scalar: int) -> list[int]:
    shifted = scalar + 0x8888888888888888888888888888888888888888888888888888888888888888
    return [(shifted >> position & 15) - HALF for position in range(0, 4 * DIGITS, WINDOW)]
