"""The cost sheet of a proposal or project: lines, contingency, rounding, and the one figure that counts on the ballot.

Money is integer minor units. A quantity is an integer of thousandths (480 m is 480,000), a contingency one of tenths of
a per cent; what does not come out whole is rounded half up, once for each line and once for the contingency. Nothing
here is a float, so everybody who adds the sheet up gets the same sum.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct

from pb_service.core.proposals.texts import cleaned
from pb_service.core.record import canonical
from pb_service.core.rounds.setup import CostsStep, Problem

#: Thousandths in one of a quantity; tenths of a per cent in the whole.
QUANTITY_UNIT = 1000
CONTINGENCY_UNIT = 1000

MOST_LINES = 60
#: Characters of a line's words.
LONGEST = {"what": 200, "unit": 20, "source": 300}
#: No sum that a sheet can hold comes near 2^53, where canonical JSON ends.
MOST_MONEY = 10**12
MOST_QUANTITY = 10**9

Kind = Literal["exact", "class", "range"]


class CostLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line: what, how much of it (thousandths of ``unit``), the price of one, and where that price comes from."""

    what: str
    quantity: int = QUANTITY_UNIT
    unit: str = ""
    price: int = 0
    source: str = ""


class CostSheet(Struct, frozen=True, forbid_unknown_fields=True):
    """What something costs to make and, a year, to keep. ``low`` and ``high`` are typed for a range alone.

    ``contingency`` in tenths of a per cent of the lines; ``round_to`` rounds the sum up to whole steps of so many
    minor units (1: not at all).
    """

    lines: tuple[CostLine, ...] = ()
    contingency: int = 0
    round_to: int = 1
    upkeep: tuple[CostLine, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Figures:
    """What follows from a sheet and the round's terms.

    ``total`` is the computed sum: ``subtotal`` of the lines, ``contingency``, and ``rounding`` up. ``low`` and ``high``
    bound a class or a range. ``amount`` counts on the ballot and in the tally; with added upkeep it holds ``upkeep``
    of so many years. ``amount`` is None when the terms give none: a class that the total lies outside of, or a range
    without its ends.
    """

    kind: Kind
    lines: tuple[int, ...]
    subtotal: int
    contingency: int
    rounding: int
    total: int
    upkeep_lines: tuple[int, ...]
    upkeep: int
    low: int | None
    high: int | None
    amount: int | None


def tidy(sheet: CostSheet) -> CostSheet:
    """Return a sheet whose words are cleaned (texts.cleaned), each on one line."""
    return msgspec.structs.replace(
        sheet, lines=tuple(map(_tidy_line, sheet.lines)), upkeep=tuple(map(_tidy_line, sheet.upkeep))
    )


def _tidy_line(line: CostLine) -> CostLine:
    words = {name: cleaned(getattr(line, name), lines=False) for name in LONGEST}
    return msgspec.structs.replace(line, **words)


def line_total(line: CostLine) -> int:
    """Return what a line costs, in minor units, rounded half up."""
    return _half_up(line.quantity * line.price, QUANTITY_UNIT)


def figures(sheet: CostSheet, terms: CostsStep) -> Figures:
    """Return what a sheet comes to under the round's terms (how costs are stated, and which end of a range counts)."""
    lines = tuple(map(line_total, sheet.lines))
    subtotal = sum(lines)
    contingency = _half_up(subtotal * sheet.contingency, CONTINGENCY_UNIT)
    rounding = -(subtotal + contingency) % sheet.round_to
    total = subtotal + contingency + rounding
    upkeep_lines = tuple(map(line_total, sheet.upkeep))
    upkeep = sum(upkeep_lines)
    low, high = _ends(sheet, terms, total)
    counted = total if terms.kind == "exact" else (high if terms.counts == "highest" else low)
    if counted is not None and terms.upkeep == "added":
        counted += upkeep * terms.upkeep_years
    return Figures(
        kind=terms.kind,
        lines=lines,
        subtotal=subtotal,
        contingency=contingency,
        rounding=rounding,
        total=total,
        upkeep_lines=upkeep_lines,
        upkeep=upkeep,
        low=low,
        high=high,
        amount=counted,
    )


def _ends(sheet: CostSheet, terms: CostsStep, total: int) -> tuple[int | None, int | None]:
    if terms.kind == "range":
        return sheet.low, sheet.high
    if terms.kind == "class":
        held = next((each for each in terms.classes if each.lowest <= total <= each.highest), None)
        return (held.lowest, held.highest) if held else (None, None)
    return None, None


def _half_up(number: int, unit: int) -> int:
    return (2 * number + unit) // (2 * unit)


def problems(sheet: CostSheet, terms: CostsStep) -> list[Problem]:
    """Return what keeps a sheet from being saved, in the order of its form: field, code, values."""
    return list(_problems(sheet, terms))


def _problems(sheet: CostSheet, terms: CostsStep) -> Iterator[Problem]:
    yield from _lines("lines", sheet.lines)
    if not sheet.lines:
        yield Problem("lines", "required")
    if not 0 <= sheet.contingency <= CONTINGENCY_UNIT:
        yield Problem("contingency", "between", {"least": 0, "most": CONTINGENCY_UNIT})
    if not 1 <= sheet.round_to <= MOST_MONEY:
        yield Problem("round_to", "between", {"least": 1, "most": MOST_MONEY})
        return  # no figures without a step to round to
    yield from _lines("upkeep", sheet.upkeep)
    found = figures(sheet, terms)
    if found.total > MOST_MONEY or found.upkeep > MOST_MONEY:
        yield Problem("lines", "too_much", {"most": MOST_MONEY})
    elif sheet.lines and not found.total:
        yield Problem("lines", "nothing")
    if terms.kind == "range":
        yield from _range(sheet, found.total)
    elif sheet.low is not None or sheet.high is not None:
        yield Problem("low", "no_range")
    if terms.kind == "class" and found.low is None and sheet.lines:
        yield Problem("lines", "no_class", {"total": found.total})


def _range(sheet: CostSheet, total: int) -> Iterator[Problem]:
    for name, value in (("low", sheet.low), ("high", sheet.high)):
        if value is None:
            yield Problem(name, "required")
        elif not 0 < value <= MOST_MONEY:
            yield Problem(name, "between", {"least": 1, "most": MOST_MONEY})
    if sheet.low is None or sheet.high is None:
        return
    if sheet.low > sheet.high:
        yield Problem("high", "below_low")
    elif not sheet.low <= total <= sheet.high:
        yield Problem("lines", "outside_range", {"total": total})


def _lines(field: str, lines: Sequence[CostLine]) -> Iterator[Problem]:
    if len(lines) > MOST_LINES:
        yield Problem(field, "too_many", {"most": MOST_LINES})
    for number, line in enumerate(lines):
        at = f"{field}.{number}"
        if not line.what:
            yield Problem(f"{at}.what", "required")
        if not 0 < line.quantity <= MOST_QUANTITY:
            yield Problem(f"{at}.quantity", "between", {"least": 1, "most": MOST_QUANTITY})
        if not 0 <= line.price <= MOST_MONEY:
            yield Problem(f"{at}.price", "between", {"least": 0, "most": MOST_MONEY})
        if not line.source and field == "lines":
            yield Problem(f"{at}.source", "required")
        for name, most in LONGEST.items():
            if len(getattr(line, name)) > most:
                yield Problem(f"{at}.{name}", "too_long", {"most": most})


def outside_terms(amount: int, terms: CostsStep) -> Problem | None:
    """Say whether a figure lies below the floor or above the ceiling that the round has for one project, or None."""
    if terms.floor is not None and amount < terms.floor:
        return Problem("amount", "below_floor", {"amount": amount, "floor": terms.floor})
    if terms.ceiling is not None and amount > terms.ceiling:
        return Problem("amount", "above_ceiling", {"amount": amount, "ceiling": terms.ceiling})
    return None


def document(sheet: CostSheet) -> dict[str, Any]:
    """Return a sheet as plain JSON values without what is not set: what is stored, hashed and published."""
    return {name: value for name, value in msgspec.to_builtins(sheet).items() if value is not None}


def read_sheet(content: object) -> CostSheet:
    """Return a sheet from plain values. Raises msgspec.ValidationError."""
    return msgspec.convert(content, CostSheet)


def lines_sha256(sheet: CostSheet) -> bytes:
    """Return the SHA-256 of a sheet's canonical JSON, by which the record names it."""
    return hashlib.sha256(canonical.encode(document(sheet))).digest()


@dataclass(frozen=True)
class Change:
    """Where two versions of a sheet differ: ``what`` names the line (empty for a sum), ``field`` the value of it.

    A line that is only in one of them has None on the other side.
    """

    field: Literal["quantity", "price", "line", "amount", "upkeep", "contingency"]
    what: str
    before: int | None
    after: int | None


def changes(before: CostSheet, after: CostSheet, terms: CostsStep) -> list[Change]:
    """Return what changed from one version of a sheet to the next, line by line, the figures that count last.

    Lines are matched by their names; of equal names the first with the first.
    """
    found = [*_line_changes(before.lines, after.lines), *_line_changes(before.upkeep, after.upkeep)]
    if before.contingency != after.contingency:
        found.append(Change("contingency", "", before.contingency, after.contingency))
    old, new = figures(before, terms), figures(after, terms)
    if old.upkeep != new.upkeep:
        found.append(Change("upkeep", "", old.upkeep, new.upkeep))
    if old.amount != new.amount:
        found.append(Change("amount", "", old.amount, new.amount))
    return found


def _line_changes(before: Sequence[CostLine], after: Sequence[CostLine]) -> Iterator[Change]:
    waiting = list(after)
    for line in before:
        other = next((each for each in waiting if each.what == line.what), None)
        if other is None:
            yield Change("line", line.what, line_total(line), None)
            continue
        waiting.remove(other)
        if other.quantity != line.quantity:
            yield Change("quantity", line.what, line.quantity, other.quantity)
        if other.price != line.price:
            yield Change("price", line.what, line.price, other.price)
    for line in waiting:
        yield Change("line", line.what, None, line_total(line))


@dataclass(frozen=True)
class Part:
    """A part of the bar that shows a sheet: a line by its number, the contingency (-1) or the rounding (-2)."""

    line: int
    amount: int


def parts(found: Figures) -> list[Part]:
    """Return the parts of the total in their order, those of nothing left out; they add up to the total."""
    listed = [Part(number, amount) for number, amount in enumerate(found.lines)]
    return [part for part in [*listed, Part(-1, found.contingency), Part(-2, found.rounding)] if part.amount]
