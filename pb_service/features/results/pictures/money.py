"""How the money ran out: the money left as a falling staircase, the cost of each turn as a stem."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from pb_service.features.results.pictures.geometry import Point, Rect, Tick, nice_ceiling, nice_step, rounded

#: Average width of a character in the sans face, as a part of the font size; a little wide, to be on the safe side.
CHARACTER = 0.57


class Turn(NamedTuple):
    """A turn of a count: its cost, the money left before it, and whether it was funded."""

    cost: int
    left: int
    ok: bool


@dataclass(frozen=True)
class Stem:
    """One turn, counted from 1, as a stem with a dot at its cost; ``beyond`` when the dot lies above the scale."""

    turn: int
    x: float
    y: float
    ok: bool
    beyond: bool


@dataclass(frozen=True)
class Label:
    """Lines of text at ``at`` (upper left, or upper right if ``end``), joined by a leader to the dot they speak of."""

    lines: tuple[str, ...]
    at: Point
    box: Rect
    leader: tuple[Point, Point] | None
    end: bool
    ok: bool


@dataclass(frozen=True)
class MoneyChart:
    """Money left as a falling staircase, the cost of each turn as a stem: inside the area it fits, above it does not.

    ``enters``: the turn before which the money left first lies within the scale, if the scale is cut.
    """

    width: int
    height: int
    plot: Rect
    area: str
    line: str
    stems: list[Stem]
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    radius: float
    enters: int | None
    quiet: Point | None
    labels: list[Label] = field(default_factory=list)


def money_chart(
    turns: Sequence[Turn],
    end: int,
    *,
    width: int,
    height: int,
    notes: dict[int, tuple[str, ...]],
    unit: int,
    font: int = 13,
    left_margin: int = 58,
) -> MoneyChart:
    """The staircase over ``turns``; ``end`` is the money left after the last of them.

    ``notes``: lines of text for some turns (from 1); they are put where they cover no dot.
    ``unit``: minor units in one unit of the vertical axis, so that ticks are round numbers there.
    """
    plot = Rect(left_margin, 14, width - left_margin - 10, height - 14 - 40)
    top = nice_ceiling(max(max((turn.cost for turn in turns), default=1), unit))
    # One giant project must not press all others flat; its stem then leaves the picture at the top.
    ordered = sorted(turn.cost for turn in turns)
    if ordered:
        usual = nice_ceiling(max(ordered[int(0.95 * (len(ordered) - 1))], unit))
        top = usual if top > 3 * usual else top
    step = plot.width / max(len(turns), 1)

    def x_of(turn: float) -> float:
        return rounded(plot.x + (turn - 0.5) * step)

    def y_of(amount: float) -> float:
        return rounded(plot.y + plot.height * (1 - min(amount, top) / top))

    floor = rounded(plot.y + plot.height)
    corners: list[Point] = []
    for index, left in enumerate([turn.left for turn in turns] + [end]):
        x = rounded(plot.x + index * step) if index else plot.x
        if corners:
            corners.append(Point(x, corners[-1].y))
        corners.append(Point(x, y_of(max(left, 0))))
    path = "M" + "L".join(f"{x} {y}" for x, y in corners)
    visible = [turn.left <= top for turn in turns]
    enters = visible.index(True) + 1 if True in visible and not visible[0] else None
    line_corners = corners[max(2 * (enters - 1) - 1, 0) :] if enters else corners
    line = "M" + "L".join(f"{x} {y}" for x, y in line_corners)
    if True not in visible:
        line = ""
    radius = max(1.6, min(5.0, step * 0.32))
    stems = [
        Stem(index, x_of(index), y_of(turn.cost), turn.ok, turn.cost > top) for index, turn in enumerate(turns, start=1)
    ]
    y_step = nice_step(max(top // unit, 1), 5) * unit
    every = nice_step(len(turns), 9 if width > 600 else 5)
    x_values = [1, *range(every, len(turns) + 1, every)] if every > 1 else list(range(1, len(turns) + 1))
    winners = [index for index, turn in enumerate(turns, start=1) if turn.ok]
    last = winners[-1] if winners else 0
    quiet = Point(x_of((last + len(turns) + 1) / 2), floor) if last < len(turns) else None
    dots = [Rect(stem.x - radius - 2, stem.y - radius - 2, 2 * radius + 4, 2 * radius + 4) for stem in stems]
    labels = _place_labels(
        [(stems[turn - 1], lines) for turn, lines in notes.items() if 1 <= turn <= len(stems)],
        dots,
        stems,
        corners,
        plot=plot,
        font=font,
    )
    return MoneyChart(
        width=width,
        height=height,
        plot=plot,
        area=f"{path}L{corners[-1].x} {floor}L{plot.x} {floor}Z",
        line=line,
        stems=stems,
        y_ticks=[Tick(y_of(value), value) for value in range(0, top + 1, y_step)],
        x_ticks=[Tick(x_of(value), value) for value in dict.fromkeys(x_values)],
        radius=rounded(radius),
        enters=enters,
        quiet=quiet,
        labels=labels,
    )


def _place_labels(
    wanted: Iterable[tuple[Stem, tuple[str, ...]]],
    dots: Sequence[Rect],
    stems: Sequence[Stem],
    stairs: Sequence[Point],
    *,
    plot: Rect,
    font: int,
) -> list[Label]:
    """Each label at the free place nearest to its dot: never on a dot or a label, and on as few lines as can be.

    A label for which no free place is found is left out; its turn stands in the table.
    """
    placed: list[Label] = []
    stretches = [_stretch(a, b) for a, b in pairwise(stairs)]
    for stem, lines in wanted:
        width, height = max(len(line) for line in lines) * font * CHARACTER + 8, len(lines) * font * 1.3 + 4
        dot = Point(stem.x, stem.y)
        best: tuple[float, Rect] | None = None
        for away, dx, dy in _steps_away(height):
            if best is not None and away >= best[0]:
                break
            box = Rect(stem.x + dx - (width if dx < 0 else 0), stem.y + dy, width, height)
            if not _inside(box, plot) or any(box.overlaps(other) for other in dots):
                continue
            if any(box.overlaps(_grown(other.box, 4)) for other in placed):
                continue
            start = _nearest(box, dot)
            # A funded project's stem is solid, and so harder to read across than a dotted one.
            crossed = sum(
                (5 if other.ok else 2)
                for other in stems
                if box.x < other.x < box.x + width and other.y < box.y + height
            )
            cost = math.dist(start, dot) + 4 * crossed
            if best is not None and cost >= best[0]:
                continue
            cost += 70 * any(box.overlaps(stretch) for stretch in stretches)
            cost += 25 * (sum(_crosses(start, dot, other) for other in dots) - 1)
            if best is None or cost < best[0]:
                best = (cost, box)
        if best is not None:
            box = Rect(*(rounded(value) for value in best[1]))
            start = _nearest(box, dot)
            leader = (start, dot) if math.dist(start, dot) > 9 else None
            end = box.x + box.width < stem.x
            at = Point(rounded(box.x + box.width - 4) if end else rounded(box.x + 4), box.y)
            placed.append(Label(lines, at, box, leader, end, stem.ok))
    return placed


@cache
def _steps_away(height: float) -> list[tuple[float, int, int]]:
    """Places to try around a dot for a box of the given height, nearest first: (distance, dx, dy)."""
    return sorted(
        (math.hypot(dx, dy if dy >= 0 else max(0, -dy - height)), dx, dy)
        for dx in range(-216, 217, 12)
        for dy in range(-154, 155, 14)
    )


def _inside(box: Rect, plot: Rect) -> bool:
    return (
        box.x >= plot.x + 2
        and box.y >= plot.y
        and box.x + box.width <= plot.x + plot.width
        and box.y + box.height <= plot.y + plot.height - 2
    )


def _stretch(a: Point, b: Point) -> Rect:
    """The room that a stretch of the staircase takes."""
    return Rect(min(a.x, b.x), min(a.y, b.y) - 1, abs(a.x - b.x) + 1, abs(a.y - b.y) + 2)


def _grown(box: Rect, by: float) -> Rect:
    return Rect(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by)


def _nearest(box: Rect, point: Point) -> Point:
    return Point(
        rounded(min(max(point.x, box.x), box.x + box.width)),
        rounded(min(max(point.y, box.y), box.y + box.height)),
    )


def _crosses(a: Point, b: Point, box: Rect) -> bool:
    """Whether the stretch from a to b meets the box, tried at seven points of it: enough for a leader line."""
    return any(
        box.x <= a.x + (b.x - a.x) * k / 6 <= box.x + box.width
        and box.y <= a.y + (b.y - a.y) * k / 6 <= box.y + box.height
        for k in range(7)
    )
