"""Add-one: raise every voter's endowment step by step until the money is used up or would be overspent.

Normative: bundle.md section 8, `add_one`. Steps whose outcome is provably that of an earlier one are skipped, which
loses nothing: the stop test depends on the outcome alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.tally.shares import Electorate, Purse, Round, agrees_up_to, run

Stop = Literal["exhaustive", "exhaustive_all", "overspend"]
Stopped = Literal["fixed", "exhaustive", "overspend", "all"]


@dataclass(frozen=True, slots=True)
class Completed:
    """The run that counts, at ``increments`` steps above the start, and why no further step was taken."""

    endowment: mpq
    increments: int
    stop: Stopped
    rounds: list[Round]
    purse: Purse


def add_one(
    electorate: Electorate,
    rank: Sequence[int],
    *,
    budget: int,
    start: mpq,
    step: int,
    stop: Stop,
    progress: Callable[[int], None] | None,
) -> Completed:
    """Return the last run that keeps within ``budget``, or the first that exhausts it. Money is in minor units."""
    done = 0
    stride = 1
    before: Completed | None = None
    while True:
        endowment = start + done * step
        rounds, purse = run(electorate, endowment, rank)
        if progress is not None:
            progress(done)
        left = budget - sum(electorate.cost[purchase.project] for purchase in rounds)
        if left < 0:
            if before is None or before.increments != done - 1:
                endowment -= step
                rounds, purse = run(electorate, endowment, rank)
                before = Completed(endowment, done - 1, "overspend", rounds, purse)
            return before
        stopped = _stopped(electorate, rounds, left, stop)
        if stopped is not None:
            return Completed(endowment, done, stopped, rounds, purse)
        before = Completed(endowment, done, "overspend", rounds, purse)
        if stride and agrees_up_to(electorate, rounds, endowment + stride * step):
            done += stride
            stride *= 2
        else:
            stride //= 4
        done += 1
        stride = max(stride, 1)


def _stopped(electorate: Electorate, rounds: Sequence[Round], left: int, stop: Stop) -> Stopped | None:
    funded = {purchase.project for purchase in rounds}
    open_ = [p for p in range(len(electorate.cost)) if p not in funded]
    if stop == "overspend":
        return None if any(electorate.votes[p] for p in open_) else "all"
    if stop == "exhaustive":
        open_ = [p for p in open_ if electorate.votes[p]]
    return None if any(electorate.cost[p] <= left for p in open_) else "exhaustive"
