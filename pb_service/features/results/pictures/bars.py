"""Amounts as parts of a total."""

from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.features.results.pictures.geometry import rounded


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
        segments.append(
            Segment(index, rounded(x), max(rounded(drawn), 0.3), bool(label) and drawn >= len(label) * 9 + 9)
        )
        before += amount
    rest = None
    if before < total:
        x = before * width / total
        rest = Segment(len(amounts), rounded(x), rounded(width - x), width - x >= 1.5)
    return Bar(width, height, segments, rest)


@dataclass(frozen=True)
class Reach:
    """How much of a project's cost its supporters could still have paid, as a bar of ``width`` pixels."""

    index: int
    width: float


def reach(parts: Sequence[float], *, width: int) -> list[Reach]:
    """Bars for parts between 0 and 1 of ``width`` pixels."""
    return [Reach(index, rounded(width * min(max(part, 0.0), 1.0))) for index, part in enumerate(parts)]
