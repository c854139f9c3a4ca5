"""The border of a district as text that people can type: a corner on each line, latitude first as maps write it.

    60.1712, 24.9410
    60.1750, 24.9522

An empty line begins another part. The border closes by itself.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.setup import Polygon, Position, Ring
from pb_service.web.formats import Catalogue
from pb_service.web.forms import Form

_CORNER = re.compile(r"(-?[0-9]{1,2}(?:[.,][0-9]{1,12})?)(?:\s*[;,]\s*|\s+)(-?[0-9]{1,3}(?:[.,][0-9]{1,12})?)")

#: Corners beyond which a border is for a file, not for a page.
MOST_CORNERS = 2000


def shown(polygons: Sequence[Polygon]) -> str:
    """The outer borders as text; the last corner, which is the first again, is left out."""
    return "\n\n".join("\n".join(_corner(position) for position in polygon[0][:-1]) for polygon in polygons)


def is_simple(polygons: Sequence[Polygon]) -> bool:
    """Whether the text says everything: no holes, and few enough corners to be read by a person."""
    return all(len(polygon) == 1 for polygon in polygons) and (
        sum(len(polygon[0]) for polygon in polygons) <= MOST_CORNERS
    )


def read(form: Form, name: str, words: Catalogue) -> tuple[Polygon, ...]:
    """The polygons of a field; lines that are no corner are noted as an error of it."""
    parts: list[list[Position]] = [[]]
    lines = form.value(name).splitlines()
    if len(lines) > MOST_CORNERS:
        form.refuse(name, words.gettext("Too many corners: bring the border from a GeoJSON file instead"))
        return ()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            parts.append([])
        elif corner := _CORNER.fullmatch(line.strip()):
            parts[-1].append((_millionths(corner[2]), _millionths(corner[1])))
        else:
            sentence = words.gettext("Line %(number)s is not a corner. Write latitude and longitude: 60.1712, 24.9410")
            form.refuse(name, sentence % {"number": number})
            return ()
    return tuple((_closed(part),) for part in parts if part)


def _closed(corners: list[Position]) -> Ring:
    return tuple(corners) if corners[0] == corners[-1] and len(corners) > 1 else (*corners, corners[0])


def _corner(position: Position) -> str:
    longitude, latitude = position
    return f"{Decimal(latitude) / SCALE:.6f}, {Decimal(longitude) / SCALE:.6f}"


def _millionths(text: str) -> int:
    return round(Decimal(text.replace(",", ".")) * SCALE)
