"""A shuffle that hides its order and proves that nothing was added, lost or changed (docs/protocol.md, "Mix").

Proof of a shuffle by Terelius and Wikstrom as in Haenni, Locher, Koenig and Dubuis, "Pseudo-Code Algorithms for
Verifiable Re-Encryption Mix-Nets" (2017), with the commitments in the proof; for rows of several pairs as proved by
Haines (arXiv 1901.08371). Letters are those of docs/protocol.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.core.record.framing import h64, u32
from pb_service.core.sealing.group import (
    ORDER,
    SIZE,
    GroupError,
    Random,
    Spread,
    combination,
    each,
    generator,
    hash_to_scalar,
    minus,
    plus,
    random_scalar,
    read_points,
    read_scalar,
    scalar_bytes,
    times,
    times_base,
    total,
)


class ShuffleError(ValueError):
    """A list or a proof is malformed, or the proof does not hold."""


@dataclass(frozen=True)
class Stage:
    """Which mix this is: election, contest, number of the stage from 1, trustee, joint key, pairs in a row."""

    eid: bytes
    contest: str
    number: int
    trustee: int
    key: bytes
    width: int

    def transcript(self, rows: int, before: bytes, after: bytes, commitments: Sequence[bytes]) -> bytes:
        """Return T, the hash over everything that is public before the first challenge."""
        return h64(
            "pb/shuf",
            self.eid,
            self.contest.encode(),
            u32(self.number),
            u32(self.trustee),
            self.key,
            u32(rows),
            u32(self.width),
            before,
            after,
            b"".join(commitments),
        )


@dataclass(frozen=True)
class Secrets:
    """Everything random in a shuffle; forgotten afterwards. Row i of the output comes from row ``order[i]``, from 0."""

    order: list[int]
    rho: list[list[int]]
    r: list[int]
    q: list[int]
    o: tuple[int, int, int]
    o4: list[int]
    oq: list[int]
    ou: list[int]

    @classmethod
    def draw(cls, rows: int, width: int, random: Random) -> "Secrets":
        """Return fresh randomness for that many rows."""

        def column() -> list[int]:
            return [random_scalar(random) for _ in range(rows)]

        return cls(
            order=permutation(rows, random),
            rho=[[random_scalar(random) for _ in range(width)] for _ in range(rows)],
            r=column(),
            q=column(),
            o=(random_scalar(random), random_scalar(random), random_scalar(random)),
            o4=[random_scalar(random) for _ in range(width)],
            oq=column(),
            ou=column(),
        )


def permutation(size: int, random: Random) -> list[int]:
    """Return a uniform order of ``range(size)``, by Fisher and Yates with unbiased draws."""
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        chosen = _below(last + 1, random)
        order[last], order[chosen] = order[chosen], order[last]
    return order


def shuffle(rows: bytes, stage: Stage, random: Random, spread: Spread = map) -> tuple[bytes, bytes]:
    """Return the shuffled, re-encrypted list and the proof. Raises ShuffleError for a malformed or empty list."""
    points = _read_list(rows, stage.width)
    return prove(points, stage, Secrets.draw(len(points) // (2 * stage.width), stage.width, random), spread)


def prove(points: Sequence[bytes], stage: Stage, secret: Secrets, spread: Spread = map) -> tuple[bytes, bytes]:
    """Return output and proof of a shuffle with given randomness; ``points`` is the input, row after row."""
    size, width = len(secret.order), stage.width
    pairs = [source * width + k for source in secret.order for k in range(width)]
    rho = [value for row in secret.rho for value in row]
    a_out = each(_plus_base, spread, [points[2 * pair] for pair in pairs], rho)
    b_out = each(_plus_multiple, spread, [points[2 * pair + 1] for pair in pairs], rho, [stage.key] * len(rho))
    before, after = b"".join(points), _joined(a_out, b_out)

    h = [generator(number) for number in range(1, size + 1)]
    commitments = [b""] * size
    for source, point in zip(
        secret.order, each(_plus_base, spread, h, [secret.r[source] for source in secret.order]), strict=True
    ):
        commitments[source] = point
    transcript = stage.transcript(size, before, after, commitments)
    u = _weights(transcript, size)
    shuffled = [u[source] for source in secret.order]

    # g_i = q_i G + U_i g_(i-1) from g_0 = gen(0): each is a known multiple of G plus a known multiple of gen(0).
    multiples = [0]
    products = [1]
    for q, weight in zip(secret.q, shuffled, strict=True):
        multiples.append((q + weight * multiples[-1]) % ORDER)
        products.append(products[-1] * weight % ORDER)
    g = each(_on_two_bases, spread, multiples[1:], products[1:])
    tq = each(
        _on_two_bases,
        spread,
        [(oq + ou * last) % ORDER for oq, ou, last in zip(secret.oq, secret.ou, multiples, strict=False)],
        [ou * last % ORDER for ou, last in zip(secret.ou, products, strict=False)],
    )
    o1, o2, o3 = secret.o
    t = [times_base(o1), times_base(o2), plus(times_base(o3), combination(secret.ou, h, spread))]
    for k, o4 in enumerate(secret.o4):
        t.append(minus(combination(secret.ou, a_out[k::width], spread), times_base(o4)))
        t.append(minus(combination(secret.ou, b_out[k::width], spread), times(o4, stage.key)))
    promise = b"".join([*g, *tq, *t])
    e = hash_to_scalar("pb/shuf/c", transcript, promise)
    answers = [
        o1 + e * sum(secret.r),
        o2 + e * multiples[-1],
        o3 + e * sum(weight * r for weight, r in zip(u, secret.r, strict=True)),
        *(
            o4 + e * sum(weight * row[k] for weight, row in zip(shuffled, secret.rho, strict=True))
            for k, o4 in enumerate(secret.o4)
        ),
        *(oq + e * q for oq, q in zip(secret.oq, secret.q, strict=True)),
        *(ou + e * weight for ou, weight in zip(secret.ou, shuffled, strict=True)),
    ]
    return after, b"".join(commitments) + promise + b"".join(map(scalar_bytes, answers))


def verify(before: bytes, after: bytes, proof: bytes, stage: Stage, spread: Spread = map) -> None:
    """Check that ``after`` is a shuffle of ``before``. Raises ShuffleError saying what does not hold."""
    width = stage.width
    points, mixed = _read_list(before, width), _read_list(after, width)
    size = len(points) // (2 * width)
    if len(mixed) != len(points):
        raise ShuffleError("the lists differ in length")
    c, g, tq, t, s, sq, su = _read_proof(proof, size, width)
    h = [generator(number) for number in range(1, size + 1)]
    transcript = stage.transcript(size, before, after, c)
    u = _weights(transcript, size)
    e = hash_to_scalar("pb/shuf/c", transcript, b"".join([*g, *tq, *t]))
    eu = [e * weight % ORDER for weight in u]
    product = 1
    for weight in u:
        product = product * weight % ORDER

    _require(times_base(s[0]), t[0], times(e, minus(total(c), total(h))), "the order is not one of all rows")
    _require(times_base(s[1]), t[1], times(e, minus(g[-1], times(product, generator(0)))), "the chain does not close")
    left = plus(times_base(s[2]), combination(su, h, spread))
    _require(left, t[2], combination(eu, c, spread), "the weights are not those of the order")
    for k in range(width):
        a = minus(combination(su, mixed[2 * k :: 2 * width], spread), times_base(s[3 + k]))
        b = minus(combination(su, mixed[2 * k + 1 :: 2 * width], spread), times(s[3 + k], stage.key))
        _require(a, t[3 + 2 * k], combination(eu, points[2 * k :: 2 * width], spread), "a row was changed")
        _require(b, t[4 + 2 * k], combination(eu, points[2 * k + 1 :: 2 * width], spread), "a row was changed")
    if not all(each(_link_holds, spread, list(zip(sq, su, strict=True)), [generator(0), *g[:-1]], tq, g, [e] * size)):
        raise ShuffleError("a link of the chain does not hold")


def _require(left: bytes, promised: bytes, rest: bytes, fault: str) -> None:
    if left != plus(promised, rest):
        raise ShuffleError(fault)


def _weights(transcript: bytes, size: int) -> list[int]:
    return [hash_to_scalar("pb/shuf/u", transcript, u32(number)) for number in range(1, size + 1)]


def _read_list(rows: bytes, width: int) -> list[bytes]:
    if not rows or len(rows) % (2 * width * SIZE):
        raise ShuffleError("a list has at least one row, and only whole ones")
    try:
        return read_points(rows)
    except GroupError as error:
        raise ShuffleError(str(error)) from error


_Proof = tuple[list[bytes], list[bytes], list[bytes], list[bytes], list[int], list[int], list[int]]


def _read_proof(proof: bytes, size: int, width: int) -> _Proof:
    """Return c, g, tq, t, (s1, s2, s3, s4..), sq and sU."""
    if len(proof) != 160 * size + 32 * (6 + 3 * width):
        raise ShuffleError("the proof has another length")
    ends = 3 * size + 3 + 2 * width
    try:
        points = read_points(proof[: SIZE * ends])
        scalars = [read_scalar(proof[start : start + SIZE]) for start in range(SIZE * ends, len(proof), SIZE)]
    except GroupError as error:
        raise ShuffleError(str(error)) from error
    few = 3 + width
    return (
        points[:size],
        points[size : 2 * size],
        points[2 * size : 3 * size],
        points[3 * size :],
        scalars[:few],
        scalars[few : few + size],
        scalars[few + size :],
    )


def _joined(a: Sequence[bytes], b: Sequence[bytes]) -> bytes:
    return b"".join(part for pair in zip(a, b, strict=True) for part in pair)


def _below(limit: int, random: Random) -> int:
    """Return a uniform integer below ``limit``, at most 2^32: draws that would favour some are thrown away."""
    fair = 2**32 - 2**32 % limit
    while (drawn := int.from_bytes(random(4), "big")) >= fair:
        pass
    return drawn % limit


def _plus_base(point: bytes, scalar: int) -> bytes:
    return plus(point, times_base(scalar))


def _plus_multiple(point: bytes, scalar: int, key: bytes) -> bytes:
    return plus(point, times(scalar, key))


def _on_two_bases(one: int, other: int) -> bytes:
    return plus(times_base(one), times(other, generator(0)))


def _link_holds(answers: tuple[int, int], before: bytes, promised: bytes, link: bytes, e: int) -> bool:
    answer, weight = answers
    return plus(times_base(answer), times(weight, before)) == plus(promised, times(e, link))
