"""Districts as areas: checked, and asked which one a place lies in.

The border rule, stated to everybody: a place on a common border, or where two districts overlap by less than
``SLIVER``, belongs to the district that stands first in the published order. A place in a hole belongs to no district.
Positions are rounded to a millionth of a degree (a tenth of a metre) when they are read, and are integers from then on.
"""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

import shapely
from shapely.geometry import MultiPolygon, Point
from shapely.geometry import Polygon as Shape
from shapely.geometry.base import BaseGeometry

from pb_service.core.rounds.setup import District, Polygon, Problem, Text

SCALE = 1_000_000  # positions in a degree
MAX_DISTRICTS = 200
MAX_POSITIONS = 100_000
#: Districts may overlap by a strip of this width (about ten metres of latitude) before it is called an overlap.
SLIVER = 100

#: Of a name that is longer, no more is looked at for an id.
_MOST_NAME = 500
#: A whole number beyond this is none of ours, whatever it is about.
_MOST_NUMBER = 2**53

_LONGITUDE, _LATITUDE = 180 * SCALE, 90 * SCALE
_FAULTS = {
    "Too few points in geometry component": "empty",
    "Self-intersection": "self_crossing",
    "Ring Self-intersection": "self_crossing",
    "Duplicate Rings": "self_crossing",
    "Hole lies outside shell": "hole_outside",
    "Holes are nested": "holes_nested",
    "Interior is disconnected": "disconnected",
    "Nested shells": "parts_overlap",
}

#: Where municipalities of a time zone lie: [west, south, east, north] in whole degrees. Used only to recognise
#: latitudes and longitudes that were exchanged.
REGIONS = {
    "Europe/Helsinki": (19, 59, 32, 71),
    "Europe/Mariehamn": (18, 59, 22, 61),
    "Europe/Stockholm": (10, 55, 25, 70),
}

#: Letters that do not come apart under NFKD.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})


class Unfit(Exception):
    """A geometry cannot be used: the code says why."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def is_number(value: object) -> bool:
    """Whether a value is a number to calculate with: in JSON a whole one may have thousands of digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _MOST_NUMBER if isinstance(value, int) else math.isfinite(value)


def check_polygons(polygons: Sequence[Polygon], region: tuple[int, int, int, int] | None = None) -> None:
    """Raise the reason why polygons are no area; see ``polygon_problem`` for the same without exceptions."""
    for ring in (ring for polygon in polygons for ring in polygon):
        if any(abs(x) > _LONGITUDE or abs(y) > _LATITUDE for x, y in ring):
            raise Unfit("position")
        if len(ring) < 4:
            raise Unfit("empty")
        if ring[0] != ring[-1]:
            raise Unfit("ring_open")
        if any(abs(x - other) > _LONGITUDE for (x, _), (other, _) in itertools.pairwise(ring)):
            raise Unfit("antimeridian")
    if region and _outside(polygons, region) and not _outside(_exchanged(polygons), region):
        raise Unfit("coordinate_order")
    shape = to_shape(polygons)
    if not shape.is_valid:
        fault, _, place = shapely.is_valid_reason(shape).partition("[")
        x, _, y = place.rstrip("]").partition(" ")
        raise Unfit(_FAULTS.get(fault, "self_crossing"), place=f"{_degrees(y)}, {_degrees(x)}")
    if shape.area == 0:
        raise Unfit("empty")


def polygon_problem(polygons: Sequence[Polygon]) -> tuple[str, dict[str, str | int]] | None:
    """Return why polygons are no area, as a code with its values, or None."""
    try:
        check_polygons(polygons)
    except Unfit as unfit:
        return unfit.code, unfit.values
    return None


def _degrees(text: str) -> str:
    return f"{float(text) / SCALE:.5f}" if text else ""


def _outside(polygons: Sequence[Polygon], region: tuple[int, int, int, int]) -> bool:
    west, south, east, north = (edge * SCALE for edge in region)
    x, y = polygons[0][0][0]
    return not (west <= x <= east and south <= y <= north)


def _exchanged(polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
    return tuple(tuple(tuple((y, x) for x, y in ring) for ring in polygon) for polygon in polygons)


def to_shape(polygons: Sequence[Polygon]) -> BaseGeometry:
    """Return polygons as a shape whose coordinates are the same integers."""
    shapes = [Shape(polygon[0], polygon[1:]) for polygon in polygons]
    return shapes[0] if len(shapes) == 1 else MultiPolygon(shapes)


def overlaps(districts: Sequence[District]) -> list[Problem]:
    """Return one problem for each two districts that overlap by more than a sliver."""
    with_area = [(number, district) for number, district in enumerate(districts) if district.polygons]
    shapes = [to_shape(district.polygons) for _, district in with_area]
    tree = shapely.STRtree(shapes)
    found = []
    for place, (number, district) in enumerate(with_area):
        for other in sorted(int(index) for index in tree.query(shapes[place], predicate="intersects")):
            if other <= place:
                continue
            common = shapes[place].intersection(shapes[other])
            if common.area > 0 and not common.buffer(-SLIVER / 2).is_empty:
                values: dict[str, str | int] = {
                    "name": label(district.name, number),
                    "other": label(with_area[other][1].name, with_area[other][0]),
                }
                found.append(Problem(f"districts.{with_area[other][0]}.polygons", "overlap", values))
    return found


def district_at(districts: Sequence[District], longitude: float, latitude: float) -> str | None:
    """Return the key of the district in which a place lies, by the border rule, or None outside all of them."""
    if not is_number(longitude) or not is_number(latitude) or abs(longitude) > 180 or abs(latitude) > 90:
        return None
    place = Point(round(longitude * SCALE), round(latitude * SCALE))
    for district in districts:
        if district.polygons and to_shape(district.polygons).covers(place):
            return district.key
    return None


def slug(text: str) -> str:
    """Return a name as an id for addresses: small ASCII letters, digits, hyphens, at most 56; empty if none is left."""
    plain = (
        unicodedata.normalize("NFKD", text[:_MOST_NAME].lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].strip("-")


def first_name(name: Text) -> str:
    return next((wording.text for wording in name.values()), "")


def label(name: Text, number: int) -> str:
    return first_name(name) or str(number + 1)


def positions(districts: Iterable[District]) -> int:
    """Return how many positions the areas of districts have."""
    return sum(len(ring) for district in districts for polygon in district.polygons for ring in polygon)
