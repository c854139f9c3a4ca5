"""Geometry of the money bar: one amount, or several, as parts of a total, in per cent of the bar's width.

Drawing may round; what decides anything never comes from here. The same numbers stand in a table on the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Least share of the bar, in per cent, that holds a short label on a desktop and on a phone.
_LABEL_ON_DESKTOP, _LABEL_ON_PHONE = 5, 14


@dataclass(frozen=True)
class MoneyPart:
    """A part of the bar. ``kind`` is its class: used, used-odd, rest (hatched), or d0 to d5 for districts."""

    x: float
    width: float
    kind: str
    label: str = ""
    name: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 3)

    @property
    def roomy(self) -> bool:
        """Whether the label fits on a phone too."""
        return self.width >= _LABEL_ON_PHONE


@dataclass(frozen=True)
class Amount:
    """An amount to draw, in minor units."""

    amount: int
    label: str = ""
    name: str = ""


def parts_of(total: int, amounts: Sequence[Amount], *, districts: bool = False) -> list[MoneyPart]:
    """Return the parts of a bar for ``total``, in the order given; what is left of the total comes last, hatched."""
    if total <= 0:
        return []
    parts, at = [], 0
    for position, item in enumerate(amounts):
        kind = f"d{position % 6}" if districts else ("used", "used-odd")[position % 2]
        parts.append(_part(at, item.amount, total, kind, item))
        at += item.amount
    if at < total:
        parts.append(_part(at, total - at, total, "rest", Amount(total - at)))
    return parts


def _part(at: int, amount: int, total: int, kind: str, item: Amount) -> MoneyPart:
    width = round(100 * amount / total, 3)
    return MoneyPart(
        x=round(100 * at / total, 3),
        width=width,
        kind=kind,
        label=item.label if width >= _LABEL_ON_DESKTOP else "",
        name=item.name,
    )
