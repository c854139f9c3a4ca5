"""Voters by how many of their projects were chosen, under two rules."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.features.results.pictures.geometry import Rect, Tick, nice_step, rounded


@dataclass(frozen=True)
class Column:
    """The two bars over one value: under the rule of the vote and under the other."""

    value: int
    x: float
    here: Rect
    there: Rect
    here_count: int
    there_count: int


@dataclass(frozen=True)
class Histogram:
    width: int
    height: int
    plot: Rect
    columns: list[Column]
    y_ticks: list[Tick]


def histogram(here: Sequence[int], there: Sequence[int], *, width: int, height: int) -> Histogram:
    """Two counts over 0, 1, 2, .. side by side, from a zero baseline."""
    plot = Rect(40, 22, width - 40, height - 22 - 42)
    length = max(len(here), len(there), 1)
    counts = [(here[k] if k < len(here) else 0, there[k] if k < len(there) else 0) for k in range(length)]
    most = max((max(pair) for pair in counts), default=0)
    step_value = nice_step(max(most, 1), 4)
    top = math.ceil(max(most, 1) / step_value) * step_value
    step = plot.width / length
    one = step * 0.38
    floor = plot.y + plot.height

    def column(x: float, count: int) -> Rect:
        height_of = plot.height * count / top
        return Rect(rounded(x), rounded(floor - height_of), rounded(one), rounded(height_of))

    columns = []
    for value, (ours, theirs) in enumerate(counts):
        left = plot.x + value * step + step * 0.1
        columns.append(
            Column(
                value,
                rounded(left + one + step * 0.02),
                column(left, ours),
                column(left + one + step * 0.04, theirs),
                ours,
                theirs,
            )
        )
    ticks = [Tick(rounded(floor - plot.height * value / top), value) for value in range(0, top + 1, step_value)]
    return Histogram(width, height, plot, columns, ticks)
