"""Where a proposal is: a point, a line or an area; its district, its distance from another, and whose land it is.

Positions are [longitude, latitude] in integer millionths of a degree, as those of districts. The district of a line or
an area is the one that holds most of it; on a common border the first in the published order.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

import shapely
from msgspec import Struct
from shapely.geometry import LineString, Point
from shapely.geometry import Polygon as Shape
from shapely.geometry.base import BaseGeometry

from pb_service.core.rounds.districts import SCALE, to_shape
from pb_service.core.rounds.setup import District, Polygon

PlaceKind = Literal["point", "line", "area"]
Position = tuple[int, int]

#: Corners of a line or an area at most.
MOST_POSITIONS = 200
#: Metres in a degree of latitude.
_METRES = 111_320
_TYPES = {"point": "Point", "line": "LineString", "area": "Polygon"}
_CORNER = re.compile(r"\s*(-?\d{1,2}(?:[.,]\d{1,12})?)(?:\s*[;,]\s*|\s+)(-?\d{1,3}(?:[.,]\d{1,12})?)\s*")


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """A place: one position for a point, two or more for a line, three or more for an area (not closed)."""

    kind: PlaceKind
    positions: tuple[Position, ...]


class PlaceError(ValueError):
    """No place. ``code`` says why: empty, line, few, many, position, crossing."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def read_place(kind: PlaceKind, typed: str) -> Place:
    """Return a place from lines of latitude and longitude in degrees. Raises PlaceError."""
    positions: list[Position] = []
    for number, line in enumerate((line for line in typed.split("\n") if line.strip()), start=1):
        found = _CORNER.fullmatch(line)
        if found is None:
            raise PlaceError("line", number=number)
        latitude, longitude = (round(float(text.replace(",", ".")) * SCALE) for text in found.groups())
        positions.append((longitude, latitude))
    return checked(Place(kind, tuple(positions)))


def checked(place: Place) -> Place:
    """Return the place if it is one. Raises PlaceError."""
    if not place.positions:
        raise PlaceError("empty")
    if len(place.positions) > MOST_POSITIONS:
        raise PlaceError("many", most=MOST_POSITIONS)
    if any(abs(x) > 180 * SCALE or abs(y) > 90 * SCALE for x, y in place.positions):
        raise PlaceError("position")
    least = {"point": 1, "line": 2, "area": 3}[place.kind]
    if len(dict.fromkeys(place.positions)) < least or (place.kind == "point" and len(place.positions) > 1):
        raise PlaceError("few", least=least)
    if place.kind == "area" and not to_geometry(place).is_valid:
        raise PlaceError("crossing")
    return place


def shown_place(place: Place) -> str:
    """Return a place as its field holds it: lines of latitude and longitude."""
    return "\n".join(f"{y / SCALE:.6f}, {x / SCALE:.6f}" for x, y in place.positions)


def to_geojson(place: Place) -> dict[str, Any]:
    """Return the place as a GeoJSON geometry whose positions are millionths of a degree."""
    positions = [list(position) for position in place.positions]
    coordinates: Any = positions
    if place.kind == "point":
        coordinates = positions[0]
    elif place.kind == "area":
        coordinates = [[*positions, positions[0]]]
    return {"type": _TYPES[place.kind], "coordinates": coordinates}


def from_geojson(value: Any) -> Place | None:
    """Return the place of a geometry as stored (`to_geojson`), None without one."""
    if not value:
        return None
    coordinates = value["coordinates"]
    if value["type"] == "Point":
        return Place("point", (tuple(coordinates),))
    if value["type"] == "LineString":
        return Place("line", tuple(tuple(position) for position in coordinates))
    return Place("area", tuple(tuple(position) for position in coordinates[0][:-1]))


def to_geometry(place: Place) -> BaseGeometry:
    if place.kind == "point":
        return Point(place.positions[0])
    return LineString(place.positions) if place.kind == "line" else Shape(place.positions)


def middle(place: Place) -> Position:
    """Return a position in the place: where its pin stands."""
    if place.kind == "point":
        return place.positions[0]
    shape = to_geometry(place)
    at = shape.interpolate(0.5, normalized=True) if place.kind == "line" else shape.representative_point()
    return round(at.x), round(at.y)


#: Districts made ready to be asked about many places: their keys and shapes, in their order.
Shapes = Sequence[tuple[str, BaseGeometry]]


def shapes_of(districts: Sequence[District]) -> Shapes:
    """Return the districts that have an area, ready to be asked about many places."""
    found = [(district.key, to_shape(district.polygons)) for district in districts if district.polygons]
    shapely.prepare([shape for _, shape in found])
    return found


def district_of_place(districts: Sequence[District], place: Place) -> str | None:
    """Return the key of the district that holds the place, or most of it; None outside all of them."""
    return district_among(shapes_of(districts), place)


def district_among(shapes: Shapes, place: Place) -> str | None:
    """As `district_of_place`, for many places."""
    geometry = to_geometry(place)
    best: tuple[float, str] | None = None
    for key, shape in shapes:
        if not shape.intersects(geometry):
            continue
        common = geometry if place.kind == "point" else shape.intersection(geometry)
        share = 1.0 if place.kind == "point" else common.length if place.kind == "line" else common.area
        if best is None or share > best[0]:
            best = (share, key)
    return best[1] if best else None


def is_on_land(polygons: Sequence[Polygon], place: Place) -> bool:
    """Whether the whole place lies on one of the polygons (the land that the municipality owns)."""
    geometry = to_geometry(place)
    west, south, east, north = _bounds(place.positions)
    near = []
    for polygon in polygons:  # a layer has tens of thousands; a place touches a few
        left, low, right, high = _bounds(polygon[0])
        if left <= east and right >= west and low <= north and high >= south:
            near.append(to_shape([polygon]))
    return bool(shapely.union_all(near).covers(geometry))


def may_be_within(one: Place, other: Place, metres: int) -> bool:
    """Whether two places can lie so near each other: no for sure, or perhaps. Quicker than `metres_between`."""
    west, south, east, north = _bounds(one.positions)
    left, low, right, high = _bounds(other.positions)
    up = metres * SCALE / _METRES * 1.01
    across = up / max(math.cos(math.radians(max(abs(south), abs(north), abs(low), abs(high)) / SCALE)), 0.01)
    return left <= east + across and right >= west - across and low <= north + up and high >= south - up


def _bounds(positions: Sequence[Position]) -> tuple[int, int, int, int]:
    xs, ys = [x for x, _ in positions], [y for _, y in positions]
    return min(xs), min(ys), max(xs), max(ys)


def metres_between(one: Place, other: Place) -> int:
    """Return how far two places lie from each other at their nearest, on a flat map good to some hundred kilometres."""
    (_, y), (_, y2) = middle(one), middle(other)
    across = math.cos(math.radians((y + y2) / 2 / SCALE))
    scale = [across * _METRES / SCALE, 0, 0, _METRES / SCALE, 0, 0]
    shapes = [shapely.affinity.affine_transform(to_geometry(place), scale) for place in (one, other)]
    return round(shapes[0].distance(shapes[1]))
