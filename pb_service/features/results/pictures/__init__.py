"""The geometry of the result page's pictures: numbers in, coordinates out, no markup and no words.

Units are CSS pixels of a drawing of the given width and height, origin at the upper left. A picture is made twice, for
a phone and for a desktop, instead of being scaled. Floats are fine here: a picture decides nothing. What a picture
shows also stands in a table beside it, so a dropped detail (a part too thin to see) is never the only place of a fact.
"""

from pb_service.features.results.pictures.bars import Bar, Reach, Segment, bar, reach
from pb_service.features.results.pictures.columns import Column, Histogram, histogram
from pb_service.features.results.pictures.geometry import Point, Rect, Tick, nice_ceiling, nice_step
from pb_service.features.results.pictures.money import Label, MoneyChart, Stem, Turn, money_chart
from pb_service.features.results.pictures.places import Dot, GeoTick, Map, Pin, Place, map_picture

__all__ = [
    "Bar",
    "Column",
    "Dot",
    "GeoTick",
    "Histogram",
    "Label",
    "Map",
    "MoneyChart",
    "Pin",
    "Place",
    "Point",
    "Reach",
    "Rect",
    "Segment",
    "Stem",
    "Tick",
    "Turn",
    "bar",
    "histogram",
    "map_picture",
    "money_chart",
    "nice_ceiling",
    "nice_step",
    "reach",
]
