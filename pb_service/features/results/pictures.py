"""The geometry of the result page's pictures: numbers in, coordinates out, no markup and no words.

Units are CSS pixels of a drawing of the given width and height, origin at the upper left. A picture is made twice, for
a phone and for a desktop, instead of being scaled. Floats are fine here: a picture decides nothing. What a picture
shows also stands in a table beside it, so a dropped detail (a part too thin to see) is never the only place of a fact.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from statistics import median
from typing import NamedTuple

#: Average width of a character in the sans face, as a part of the font size; a little wide, to be on the safe side.
CHARACTER = 0.57


class Point(NamedTuple):
    x: float
    y: float


class Rect(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Rect") -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def _r(value: float) -> float:
    """One decimal is a tenth of a pixel: finer digits only make the page heavier."""
    return round(value, 1)


# --- The money bar -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segment:
    """A part of a bar; ``wide`` when a label of the asked width fits into it."""

    index: int
    x: float
    width: float
    wide: bool


@dataclass(frozen=True)
class Bar:
    width: int
    height: int
    segments: list[Segment]
    rest: Segment | None


def bar(
    amounts: Sequence[int], total: int, *, width: int, height: int, labels: Sequence[str] = (), gap: float = 2
) -> Bar:
    """Amounts side by side as parts of ``total``; what is missing to the total is ``rest``.

    A gap is cut from the right of each part, never more than half of it, so that thin parts stay visible.
    """
    if total <= 0:
        return Bar(width, height, [], None)
    segments, before = [], 0
    for index, amount in enumerate(amounts):
        x, full = before * width / total, amount * width / total
        drawn = full - min(gap, full / 2)
        label = labels[index] if index < len(labels) else ""
        segments.append(Segment(index, _r(x), max(_r(drawn), 0.3), bool(label) and drawn >= len(label) * 9 + 9))
        before += amount
    rest = None
    if before < total:
        x = before * width / total
        rest = Segment(len(amounts), _r(x), _r(width - x), width - x >= 1.5)
    return Bar(width, height, segments, rest)


# --- Scales ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and the value it stands for."""

    at: float
    value: int


def nice_ceiling(value: int) -> int:
    """The least of 1, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten that is at least ``value``."""
    if value <= 1:
        return 1
    power = int("1" + "0" * (len(str(value)) - 1))
    for tenths in (10, 15, 20, 25, 30, 40, 50, 60, 80, 100):
        if tenths * power // 10 >= value:
            return tenths * power // 10
    return 10 * power


def nice_step(top: int, most: int) -> int:
    """The least round step that divides 0..``top`` into at most ``most`` parts."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * most >= top:
                return factor * power
        power *= 10


# --- How the money ran out ---------------------------------------------------------------------------------------


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
        return _r(plot.x + (turn - 0.5) * step)

    def y_of(amount: float) -> float:
        return _r(plot.y + plot.height * (1 - min(amount, top) / top))

    floor = _r(plot.y + plot.height)
    corners: list[Point] = []
    for index, left in enumerate([turn.left for turn in turns] + [end]):
        x = _r(plot.x + index * step) if index else plot.x
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
        radius=_r(radius),
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
            box = Rect(*(_r(value) for value in best[1]))
            start = _nearest(box, dot)
            leader = (start, dot) if math.dist(start, dot) > 9 else None
            end = box.x + box.width < stem.x
            at = Point(_r(box.x + box.width - 4) if end else _r(box.x + 4), box.y)
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
        _r(min(max(point.x, box.x), box.x + box.width)),
        _r(min(max(point.y, box.y), box.y + box.height)),
    )


def _crosses(a: Point, b: Point, box: Rect) -> bool:
    """Whether the stretch from a to b meets the box, tried at seven points of it: enough for a leader line."""
    return any(
        box.x <= a.x + (b.x - a.x) * k / 6 <= box.x + box.width
        and box.y <= a.y + (b.y - a.y) * k / 6 <= box.y + box.height
        for k in range(7)
    )


# --- Voters by how many of their projects were chosen ------------------------------------------------------------


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
        return Rect(_r(x), _r(floor - height_of), _r(one), _r(height_of))

    columns = []
    for value, (ours, theirs) in enumerate(counts):
        left = plot.x + value * step + step * 0.1
        columns.append(
            Column(
                value,
                _r(left + one + step * 0.02),
                column(left, ours),
                column(left + one + step * 0.04, theirs),
                ours,
                theirs,
            )
        )
    ticks = [Tick(_r(floor - plot.height * value / top), value) for value in range(0, top + 1, step_value)]
    return Histogram(width, height, plot, columns, ticks)


# --- Equal Shares: how close the others came ---------------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """How much of a project's cost its supporters could still have paid, as a bar of ``width`` pixels."""

    index: int
    width: float


def reach(parts: Sequence[float], *, width: int) -> list[Reach]:
    """Bars for parts between 0 and 1 of ``width`` pixels."""
    return [Reach(index, _r(width * min(max(part, 0.0), 1.0))) for index, part in enumerate(parts)]


# --- The map -----------------------------------------------------------------------------------------------------

#: Metres in one degree of latitude.
DEGREE = 111_320


class Place(NamedTuple):
    """A project on the map: its number, its rank if chosen, and where it is in degrees."""

    number: int
    rank: int | None
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Pin:
    """A chosen project: a disc with its rank at ``at``; ``foot`` is its true place when the disc had to step aside."""

    number: int
    rank: int
    at: Point
    foot: Point | None


@dataclass(frozen=True)
class Dot:
    """A project that was not chosen."""

    number: int
    at: Point


@dataclass(frozen=True)
class GeoTick:
    """A line of latitude or longitude with its value in degrees."""

    at: float
    degrees: float


@dataclass(frozen=True)
class Map:
    """Places drawn from coordinates alone, north up.

    ``ground``: a light hull around all places of the contest, the only land there is in the data.
    ``grid``: side of a square in metres; ``vertical`` and ``horizontal`` are its lines. ``outside``: numbers of
    projects too far off to be drawn, with their distance in metres from the middle of the others.
    """

    width: int
    height: int
    ground: str
    ground_stroke: float
    vertical: list[float]
    horizontal: list[float]
    latitudes: list[GeoTick]
    longitudes: list[GeoTick]
    grid: int
    scale: float
    dots: list[Dot]
    pins: list[Pin]
    outside: list[tuple[int, int]]


def map_picture(places: Sequence[Place], *, width: int, most_height: int, pin: float = 11) -> Map | None:
    """The map of ``places``, as high as its land needs up to ``most_height``; None when there are none.

    Equirectangular about the middle: within a city the error is far below a pixel. A place more than four times the
    median distance from the middle (and over a kilometre off) is left outside, or one wrong coordinate would press
    all others into a corner.
    """
    if not places:
        return None
    middle = Point(median(p.longitude for p in places), median(p.latitude for p in places))
    shrink = math.cos(math.radians(middle.y))
    metres = [Point((p.longitude - middle.x) * DEGREE * shrink, (p.latitude - middle.y) * DEGREE) for p in places]
    away = [math.hypot(*point) for point in metres]
    limit = max(4 * median(away), 1000.0)
    outside = [(p.number, round(d)) for p, d in zip(places, away, strict=True) if d > limit]
    inside = [(p, m) for p, m, d in zip(places, metres, away, strict=True) if d <= limit]

    margin = 44.0
    west, east = min(m.x for _, m in inside), max(m.x for _, m in inside)
    south, north = min(m.y for _, m in inside), max(m.y for _, m in inside)
    across, up = max(east - west, 400.0), max(north - south, 300.0)
    pixels = min((width - 2 * margin) / across, (most_height - 2 * margin) / up)
    height = round(up * pixels + 2 * margin)
    centre = Point((west + east) / 2, (south + north) / 2)

    def at(x: float, y: float) -> Point:
        return Point(_r(width / 2 + (x - centre.x) * pixels), _r(height / 2 - (y - centre.y) * pixels))

    drawn = [(p, at(*m)) for p, m in inside]
    grid = next(size for size in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000) if size * pixels >= 56)
    latitudes = _degrees(
        middle.y + (centre.y - height / 2 / pixels) / DEGREE, middle.y + (centre.y + height / 2 / pixels) / DEGREE
    )
    longitudes = _degrees(
        middle.x + (centre.x - width / 2 / pixels) / DEGREE / shrink,
        middle.x + (centre.x + width / 2 / pixels) / DEGREE / shrink,
    )
    return Map(
        width=width,
        height=height,
        ground=_polygon(_hull([point for _, point in drawn])),
        ground_stroke=2 * (margin - 14),
        vertical=_lines(width / 2, grid * pixels, width),
        horizontal=_lines(height / 2, grid * pixels, height),
        latitudes=[GeoTick(at(0, (value - middle.y) * DEGREE).y, value) for value in latitudes],
        longitudes=[GeoTick(at((value - middle.x) * DEGREE * shrink, 0).x, value) for value in longitudes],
        grid=grid,
        scale=_r(grid * pixels),
        dots=[Dot(p.number, point) for p, point in drawn if p.rank is None],
        pins=_pins([(p.number, p.rank, point) for p, point in drawn if p.rank is not None], pin, width, height),
        outside=outside,
    )


def _degrees(low: float, high: float) -> list[float]:
    """Round hundredths (or tenths) of a degree strictly between two values, at most four of them."""
    for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        values = [round(k * step, 3) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if len(values) <= 4:
            return values
    return []


def _lines(middle: float, step: float, end: float) -> list[float]:
    first = middle % step
    return [_r(first + k * step) for k in range(int((end - first) // step) + 1)]


def _hull(points: Sequence[Point]) -> list[Point]:
    """The convex hull, anticlockwise (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered

    def chain(sequence: Iterable[Point]) -> list[Point]:
        result: list[Point] = []
        for point in sequence:
            while len(result) >= 2 and _turn(result[-2], result[-1], point) <= 0:
                result.pop()
            result.append(point)
        return result[:-1]

    return chain(ordered) + chain(reversed(ordered))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def _polygon(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points) + "Z" if points else ""


def _pins(chosen: Sequence[tuple[int, int, Point]], radius: float, width: int, height: int) -> list[Pin]:
    """Discs pushed apart until none covers another, each kept inside the picture."""
    at = [[point.x, point.y] for _, _, point in chosen]
    apart = 2 * radius + 1.5
    for _ in range(80):
        moved = False
        for i in range(len(at)):
            for j in range(i + 1, len(at)):
                dx, dy = at[j][0] - at[i][0], at[j][1] - at[i][1]
                distance = math.hypot(dx, dy)
                if distance >= apart - 0.05:
                    continue
                # Two discs at the very same place part along a direction that depends on which they are.
                ux, uy = (dx / distance, dy / distance) if distance > 0.01 else (math.cos(i + j), math.sin(i + j))
                push = (apart - distance) / 2
                at[i][0], at[i][1] = at[i][0] - ux * push, at[i][1] - uy * push
                at[j][0], at[j][1] = at[j][0] + ux * push, at[j][1] + uy * push
                moved = True
        for place in at:
            place[0] = min(max(place[0], radius + 2), width - radius - 2)
            place[1] = min(max(place[1], radius + 2), height - radius - 2)
        if not moved:
            break
    return [
        Pin(number, rank, Point(_r(x), _r(y)), true if math.dist((x, y), true) > 3 else None)
        for (number, rank, true), (x, y) in zip(chosen, at, strict=True)
    ]
