"""A stage of the shuffle checked: section 8 of docs/protocol.md, all its equations in one random sum."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pb_service.verifier.edwards import L
from pb_service.verifier.sealed.group import Group
from pb_service.verifier.sealed.group import group as group_of
from pb_service.verifier.sealed.hashes import generator, h64, hs, scalars, split, u32
from pb_service.verifier.sealed.jobs import mix_slice, mix_weights
from pb_service.verifier.sealed.work import Job, Work

SLICE = 4096  # rows of one job


@dataclass(frozen=True)
class Stage:
    """A stage and all that its proof is about. `before` and `after` are lists of rows of `pairs` pairs."""

    eid: bytes
    contest: bytes
    number: int
    trustee: int
    key: bytes
    pairs: int
    before: bytes
    after: bytes


def start_mix(work: Work, is_pure: bool, stage: Stage, proof: bytes, seconds: float) -> Callable[[], bool]:
    """Hands out the work; the function returned waits for it and says whether the proof holds."""
    width = 64 * stage.pairs
    rows = len(stage.before) // width
    fixed = 6 + 3 * stage.pairs
    if not rows or len(stage.before) % width or len(stage.after) != rows * width:
        return lambda: False
    if len(proof) != 160 * rows + 32 * fixed:
        return lambda: False
    own = 5 + 2 * stage.pairs  # points and scalars of the proof that stand once
    commitments, chain, steps = (proof[32 * rows * n : 32 * rows * (n + 1)] for n in range(3))
    points = proof[96 * rows : 96 * rows + 32 * (3 + 2 * stage.pairs)]
    answers = proof[96 * rows + len(points) : -64 * rows]
    sq, su = proof[-64 * rows : -32 * rows], proof[-32 * rows :]
    assert len(points) + len(answers) == 32 * (own + 1 + stage.pairs)  # noqa: S101 - the length was compared above
    group = group_of(is_pure)
    try:
        single = [group.read(point) for point in split(points)]
        s1, s2, s3, *s4 = scalars(answers)
        last = group.read(chain[-32:])
        public = group.read(stage.key)
    except ValueError:
        return lambda: False
    seed = h64(
        "pb/shuf",
        stage.eid,
        stage.contest,
        u32(stage.number),
        u32(stage.trustee),
        stage.key,
        u32(rows),
        u32(stage.pairs),
        stage.before,
        stage.after,
        commitments,
    )
    e = hs("pb/shuf/c", seed, chain + steps + points)
    weights = mix_weights(stage.pairs)
    jobs: list[Job] = []
    for start in range(0, rows, SLICE):
        end = min(start + SLICE, rows)
        one_before = 1 if start else 0
        part = {
            "pairs": stage.pairs,
            "start": start + 1,
            "seed": seed,
            "weights": weights,
            "e": e,
            "before": stage.before[start * width : end * width],
            "after": stage.after[start * width : end * width],
            "c": commitments[32 * start : 32 * end],
            "g": chain[32 * (start - one_before) : 32 * end],
            "has_one_before": one_before,
            "tq": steps[32 * start : 32 * end],
            "sq": sq[32 * start : 32 * end],
            "su": su[32 * start : 32 * end],
        }
        jobs.append(work.submit(seconds * (end - start) / rows, mix_slice, is_pure, part))

    def finish() -> bool:
        product = 1
        for i in range(1, rows + 1):
            product = product * hs("pb/shuf/u", seed, u32(i)) % L
        on_h = weights["2"] * e * product
        base = weights["1"] * s1 + weights["2"] * s2 + weights["3"] * s3
        base -= sum(weight * s for weight, s in zip(weights["a"], s4, strict=True))
        on_key = -sum(weight * s for weight, s in zip(weights["b"], s4, strict=True))
        by_pair = [weight for pair in zip(weights["a"], weights["b"], strict=True) for weight in pair]
        factors = [-weights["1"], -weights["2"], -weights["3"], *(-weight for weight in by_pair)]
        total = group.sum([*factors, -weights["2"] * e, on_key], [*single, last, public], base)
        for job in jobs:
            if (found := job.get()) is None:
                return False
            total = group.add(total, _partial(group, found[0]))
            on_h += found[1]
        return group.is_identity(group.add(total, group.multiple(on_h % L, generator(group, 0))))

    return finish


def _partial(group: Group, data: bytes) -> Any:
    return group.read(data) if any(data) else group.identity
