"""The drawn map of a round: outlines simple enough for a page, and the way back from a click to a place."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from pb_service.core.rounds.districts import SCALE, to_shape
from pb_service.core.rounds.setup import District
from pb_service.core.rounds.setup import Polygon as Area


@dataclass(frozen=True)
class Outline:
    """A district on the drawn map: the path of its outline (SVG), and where its name may stand."""

    key: str
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Map:
    """The drawn map of a round: its size, the outlines, and what a click needs to be a place again.

    longitude = west + x / width x (east - west), latitude = north - y / height x (north - south); edges in degrees.
    """

    width: int
    height: int
    west: float
    south: float
    east: float
    north: float
    outlines: tuple[Outline, ...]


def drawn_map(districts: Sequence[District], width: int = 800) -> Map | None:
    """Return the districts simplified and drawn as wide as ``width``, common borders still common; None without areas.

    Degrees of longitude are as long as they are in the middle of the map (equirectangular projection).
    """
    areas = tuple((district.key, district.polygons) for district in districts if district.polygons)
    return _drawn(areas, width) if areas else None


# A map of detailed borders takes a second to simplify, and stands on a page that anybody may ask for again and again.
@lru_cache(maxsize=8)
def _drawn(areas: Sequence[tuple[str, Sequence[Area]]], width: int) -> Map:
    shapes = [to_shape(polygons) for _, polygons in areas]
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(shapes))
    pad = max(east - west, north - south, 1) * 0.02
    west, south, east, north = west - pad, south - pad, east + pad, north + pad
    scale = width / (east - west)
    stretch = 1 / max(math.cos(math.radians((south + north) / 2 / SCALE)), 0.05)
    height = max(1, min(round((north - south) * scale * stretch), 4 * width))
    simple = shapely.coverage_simplify(shapes, 1.5 / scale)
    vertical = height / (north - south)

    def place(x: float, y: float) -> tuple[int, int]:
        return round((x - west) * scale), round((north - y) * vertical)

    outlines = []
    for (key, _), shape in zip(areas, simple, strict=True):
        middle = shape.representative_point()
        x, y = place(middle.x, middle.y)
        outlines.append(Outline(key, _path(shape, place), x, y))
    return Map(width, height, west / SCALE, south / SCALE, east / SCALE, north / SCALE, tuple(outlines))


def _path(shape: BaseGeometry, place: Callable[[float, float], tuple[int, int]]) -> str:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return "".join(
        "M" + "L".join("{} {}".format(*place(*position)) for position in ring.coords[:-1]) + "Z" for ring in rings
    )
