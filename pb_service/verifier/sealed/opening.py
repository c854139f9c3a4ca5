"""Partial decryptions checked and combined: section 9 of docs/protocol.md."""

from collections.abc import Callable
from typing import Any

from pb_service.verifier.edwards import L
from pb_service.verifier.sealed.group import group as group_of
from pb_service.verifier.sealed.hashes import h64, hs, scalars, u32
from pb_service.verifier.sealed.jobs import opened_rows, opening_slice
from pb_service.verifier.sealed.mixing import SLICE, Stage
from pb_service.verifier.sealed.work import Job, Work


def start_opening(work: Work, is_pure: bool, stage: Stage, data: bytes, seconds: float) -> Callable[[], bool]:
    """Hands out the check of one trustee's file over the list `stage.after`; the function returned says whether its
    proof holds. `stage.key` is the trustee's public share."""
    heads, _ = columns(stage.after)
    if len(data) != len(heads) + 64 or not heads:
        return lambda: False
    group = group_of(is_pure)
    parts = data[: len(heads)]
    try:
        c, z = scalars(data[len(heads) :])
        public = group.read(stage.key)
    except ValueError:
        return lambda: False
    pairs = len(heads) // 32
    rows = pairs // stage.pairs
    names = (stage.eid, stage.contest, u32(stage.trustee))
    seed = h64("pb/dleq", *names, stage.key, u32(rows), u32(stage.pairs), stage.after, parts)
    jobs: list[Job] = []
    for start in range(0, pairs, SLICE):
        own = slice(32 * start, 32 * (start + SLICE))
        share = seconds * min(SLICE, pairs - start) / pairs
        jobs.append(work.submit(share, opening_slice, is_pure, seed, start + 1, heads[own], parts[own]))

    def finish() -> bool:
        known = opened = group.identity
        for job in jobs:
            if (found := job.get()) is None:
                return False
            known = _plus(group, known, found[0])
            opened = _plus(group, opened, found[1])
        first = group.write(group.commitment(z, c, public))
        second = group.write(group.add(group.multiple(z, known), group.multiple(-c % L, opened)))
        return c == hs("pb/dleq/c", seed, group.write(known), group.write(opened), first, second)

    return finish


def start_combination(
    work: Work, is_pure: bool, stage: Stage, shares: dict[int, bytes], seconds: float
) -> Callable[[], list[tuple[bytes, bytes | None]]]:
    """Hands out the opening of the rows of `stage.after` with the files of the trustees `shares`; the function
    returned gives for each row its points and its payload, None in a row that is invalid."""
    _, bodies = columns(stage.after)
    factors = {j: -_lagrange(j, list(shares)) % L for j in shares}
    jobs = []
    step = 32 * stage.pairs * max(SLICE // stage.pairs, 1)
    for start in range(0, len(bodies), step):
        own = [(factors[j], data[start : min(start + step, len(bodies))]) for j, data in shares.items()]
        part = bodies[start : start + step]
        share = seconds * len(part) / len(bodies)
        jobs.append(work.submit(share, opened_rows, is_pure, stage.pairs, part, own))
    return lambda: [row for job in jobs for row in job.get()]


def columns(rows: bytes) -> tuple[bytes, bytes]:
    """The A and the B of all pairs of a list."""
    starts = range(0, len(rows), 64)
    return b"".join(rows[s : s + 32] for s in starts), b"".join(rows[s + 32 : s + 64] for s in starts)


def _lagrange(j: int, trustees: list[int]) -> int:
    """lambda_j, by which the part of trustee j counts among these."""
    above = below = 1
    for m in trustees:
        if m != j:
            above, below = above * m % L, below * (m - j) % L
    return above * pow(below, -1, L) % L


def _plus(group: Any, total: Any, data: bytes) -> Any:
    return group.add(total, group.read(data)) if any(data) else total
