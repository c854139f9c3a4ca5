"""A map from coordinates alone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from pb_service.features.results.pictures.geometry import Point, rounded

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
        return Point(rounded(width / 2 + (x - centre.x) * pixels), rounded(height / 2 - (y - centre.y) * pixels))

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
        scale=rounded(grid * pixels),
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
    return [rounded(first + k * step) for k in range(int((end - first) // step) + 1)]


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
        Pin(number, rank, Point(rounded(x), rounded(y)), true if math.dist((x, y), true) > 3 else None)
        for (number, rank, true), (x, y) in zip(chosen, at, strict=True)
    ]
