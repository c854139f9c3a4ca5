"""Steps: raise every voter's endowment one by one until the money is used up or would be overspent.

Normative: bundle.md section 8, `add_one` and `percent`. Steps whose outcome is provably that of an earlier one
are skipped, which loses nothing: the stop test depends on the outcome alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.tally.constraints import Ledger
from pb_service.core.tally.electorate import Electorate
from pb_service.core.tally.shares import Purse, Round, agree, run

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
    start: mpq,
    step: mpq,
    stop: Stop,
    progress: Callable[[int], None] | None,
) -> Completed:
    """Return the last run that keeps within the budget, or the first that exhausts it. Money is in minor units."""
    budget = electorate.constraints.budget

    def run_at(increments: int, below: Sequence[Round] = ()) -> Completed:
        endowment = start + increments * step
        rounds, purse = run(electorate, endowment, rank, below)
        if progress is not None:
            progress(increments)
        return Completed(endowment, increments, "overspend", rounds, purse)

    at = run_at(0)
    # Further ahead, nearest last: runs that were made but not yet connected. Each step is run at most once.
    ahead: list[Completed] = []
    stride = 1
    while True:
        left = budget - sum(electorate.cost[purchase.project] for purchase in at.rounds)
        stopped = _stopped(electorate, at.rounds, left, stop)
        if stopped is not None:
            return replace(at, stop=stopped)
        if not ahead:
            # The next step is taken as it is: nothing between has to be proved.
            ahead.append(run_at(at.increments + stride, at.rounds if stride > 1 else ()))
        while ahead[-1].increments > at.increments + 1 and not agree(electorate, at.rounds, ahead[-1].rounds):
            stride = (ahead[-1].increments - at.increments) // 2
            ahead.append(run_at(at.increments + stride, at.rounds if stride > 1 else ()))
        after = ahead.pop()
        if sum(electorate.cost[purchase.project] for purchase in after.rounds) > budget:
            return at
        at = after
        stride *= 2


def _stopped(electorate: Electorate, rounds: Sequence[Round], left: int, stop: Stop) -> Stopped | None:
    """Say why no further step is taken. With every supported project funded or barred none could change anything."""
    ledger = Ledger(electorate.constraints)
    for purchase in rounds:
        ledger.fund(purchase.project)
    unfunded = ledger.open(electorate.constraints.candidates)
    supported = [p for p in unfunded if electorate.votes[p]]
    tested = {"exhaustive": supported, "exhaustive_all": unfunded}.get(stop)
    if tested is not None and all(electorate.cost[p] > left for p in tested):
        return "exhaustive"
    return None if supported else "all"
