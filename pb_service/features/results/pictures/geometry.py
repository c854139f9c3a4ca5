"""Points, boxes and round scales."""

from dataclasses import dataclass
from typing import NamedTuple


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


def rounded(value: float) -> float:
    """One decimal is a tenth of a pixel: finer digits only make the page heavier."""
    return round(value, 1)


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
