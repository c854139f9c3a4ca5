"""Numbers about a round's proposals that tell nothing about single people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

#: What is told of people is told of at least so many.
LEAST_CELL = 10


@dataclass(frozen=True)
class Days:
    """How many whole days something took ``count`` times: within how many a quarter, half, three quarters, all were."""

    count: int
    quarter: int
    half: int
    three_quarters: int
    longest: int


def suppressed(counts: Mapping[str, int], least: int = LEAST_CELL) -> dict[str, int | None]:
    """Return the cells of a table whose sum is known, without those under ``least``.

    One cell alone that is left out could be computed from the sum; then the smallest of the others is left out too.
    """
    shown: dict[str, int | None] = {key: count if count >= least else None for key, count in counts.items()}
    left = [key for key, count in shown.items() if count is not None]
    if len(shown) - len(left) == 1 and left:
        shown[min(left, key=lambda key: (counts[key], key))] = None
    return shown


def days(seconds: Collection[float]) -> Days | None:
    """Return how long things took, None when there are none. A part of a day counts as a whole one."""
    if not seconds:
        return None
    ordered = sorted(-(-int(each) // 86_400) for each in seconds)
    return Days(len(ordered), _at(ordered, 25), _at(ordered, 50), _at(ordered, 75), ordered[-1])


def _at(ordered: Sequence[int], percent: int) -> int:
    """The least value within which so many per cent lie (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
