"""The parts of checks that run beside each other: functions of bytes and numbers alone, for any process."""

import secrets
from typing import Any

from pb_service.verifier import ed25519, openssl
from pb_service.verifier.edwards import L
from pb_service.verifier.sealed.group import group as group_of
from pb_service.verifier.sealed.hashes import generator, hs, scalars, split, u32
from pb_service.verifier.sealed.payload import row_payload

Signature = tuple[int, bytes, bytes, bytes]  # entry, public key, message, signature
Sealed = tuple[int, bytes, bytes, int, bytes, bytes]  # entry, contest, alias, base, row, proof

WEIGHT = 128  # bits of a random multiplier: a false equation passes with probability 2^-128


def bad_signatures(is_pure: bool, signatures: list[Signature]) -> list[int]:
    """The entries of which a signature does not hold."""
    verify = ed25519.verify if is_pure else openssl.verify
    return [entry for entry, public, message, signature in signatures if not verify(public, message, signature)]


def bad_envelopes(is_pure: bool, eid: bytes, sealed: list[Sealed]) -> tuple[list[int], list[int]]:
    """The entries with a point or scalar that is none, and those whose proof of knowledge does not hold."""
    group = group_of(is_pure)
    unsound, unproven = [], []
    for entry, contest, alias, base, row, proof in sealed:
        points = split(row)
        try:
            elements = [group.read(point) for point in points]
            c, *answers = scalars(proof)
        except ValueError:
            unsound.append(entry)
            continue
        commitments = [group.write(group.commitment(z, c, a)) for z, a in zip(answers, elements[::2], strict=True)]
        if c != hs("pb/pok", eid, contest, alias, u32(base), *points, *commitments):
            unproven.append(entry)
    return unsound, unproven


def mix_weights(pairs: int) -> dict[str, Any]:
    """Fresh random multipliers for the equations of a shuffle that stand once."""
    one, two, three, *rest = (secrets.randbits(WEIGHT) for _ in range(3 + 2 * pairs))
    return {"1": one, "2": two, "3": three, "a": rest[:pairs], "b": rest[pairs:]}


def mix_slice(is_pure: bool, part: dict[str, Any]) -> tuple[bytes, int] | None:
    """The rows `start`.. of a shuffle's equations, multiplied and summed: a point, and the multiple of h that is
    still to be added; None when a point or a scalar is none."""
    group = group_of(is_pure)
    pairs, start, seed, weights = part["pairs"], part["start"], part["seed"], part["weights"]
    e = part["e"]
    points: list[Any] = []
    factors: list[int] = []
    on_h = base = 0
    try:
        before, after = _rows(group, part["before"], pairs), _rows(group, part["after"], pairs)
        commitments = [group.read(point) for point in split(part["c"])]
        chain = [group.read(point) for point in split(part["g"])]  # one before the slice first, if there is one
        steps = [group.read(point) for point in split(part["tq"])]
        sq, su = scalars(part["sq"]), scalars(part["su"])
    except ValueError:
        return None
    first = 0 if part["has_one_before"] else -1
    on_chain = [0] * len(chain)
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        u = hs("pb/shuf/u", seed, u32(start + i))
        weight = secrets.randbits(WEIGHT)
        base += weight * sq[i]
        if first + i < 0:
            on_h += weight * su[i]
        else:
            on_chain[first + i] += weight * su[i]
        on_chain[first + i + 1] -= weight * e
        points += [steps[i], commitments[i], generator(group, start + i)]
        factors += [-weight, -e * (weights["1"] + weights["3"] * u), weights["1"] * e + weights["3"] * su[i]]
        for k in range(pairs):
            points += [new[2 * k], new[2 * k + 1], old[2 * k], old[2 * k + 1]]
            a, b = weights["a"][k], weights["b"][k]
            factors += [a * su[i], b * su[i], -a * e * u, -b * e * u]
    return group.write(group.sum(factors + on_chain, points + chain, base)), on_h % L


def _rows(group: Any, data: bytes, pairs: int) -> list[list[Any]]:
    elements = [group.read(point) for point in split(data)]
    return [elements[start : start + 2 * pairs] for start in range(0, len(elements), 2 * pairs)]


def opening_slice(is_pure: bool, seed: bytes, start: int, heads: bytes, parts: bytes) -> tuple[bytes, bytes] | None:
    """The sums P and Q of a decryption's proof over the pairs `start`..; None when a point is none."""
    group = group_of(is_pure)
    try:
        known = [group.read(point) for point in split(heads)]
        opened = [group.read(point) for point in split(parts)]
    except ValueError:
        return None
    weights = [hs("pb/dleq/w", seed, u32(start + m)) for m in range(len(known))]
    return group.write(group.sum(weights, known)), group.write(group.sum(weights, opened))


def opened_rows(
    is_pure: bool, pairs: int, bodies: bytes, shares: list[tuple[int, bytes]]
) -> list[tuple[bytes, bytes | None]]:
    """For each row its points M, and the payload in them, or None. `shares` are the multipliers -lambda_j and D_j."""
    group = group_of(is_pure)
    found = []
    size = 32 * pairs
    for start in range(0, len(bodies), size):
        points = []
        for at in range(start, start + size, 32):
            total = group.read(bodies[at : at + 32])
            for factor, parts in shares:
                total = group.add(total, group.multiple(factor, group.read(parts[at : at + 32])))
            points.append(group.write(total))
        found.append((b"".join(points), row_payload(group, points)))
    return found
