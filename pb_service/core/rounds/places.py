"""Postal codes and addresses in a form in which two spellings of the same place are equal."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["both", "odd", "even"]
MAX_NUMBER = 9_999

_ADDRESS = re.compile(r"(?P<street>\D.*?)\s+(?P<number>\d{1,4})(?!\d).*", re.DOTALL)
_CODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


@dataclass(frozen=True)
class Place:
    """A postal code, a whole street (numbers 0 to 0), or its houses from ``first`` to ``last`` on a side."""

    place: str
    district: str
    first: int = 0
    last: int = 0
    side: Side = "both"

    @property
    def is_whole(self) -> bool:
        return self.first == 0 and self.last == 0


@dataclass(frozen=True)
class Address:
    """A typed address taken apart: street in its normal form, house number, postal code, as far as they are there."""

    street: str
    number: int | None
    postal_code: str


def postal_ranges(text: str) -> list[tuple[str, str]] | None:
    """Return the ranges of postal codes that a text names (``02100-02380, 02600``), None if it is no such text."""
    found = []
    for part in text.replace(",", " ").split():
        codes = re.fullmatch(r"([0-9]{5})(?:[-\u2013]([0-9]{5}))?", part)
        if codes is None or (codes[2] or codes[1]) < codes[1]:
            return None
        found.append((codes[1], codes[2] or codes[1]))
    return found


def normal_street(text: str) -> str:
    """Return a street name without what people spell differently: case, blanks, full stops, forms of letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w-]+", " ", plain).split())[:200]


def normal_code(text: str) -> str:
    """Return a Finnish postal code of five digits, or an empty string. A spreadsheet may have eaten leading zeros."""
    plain = "".join(text.split())
    return plain.zfill(5) if plain.isascii() and plain.isdigit() and 0 < len(plain) <= 5 and int(plain) else ""


def read_address(text: str) -> Address:
    """Take a typed address apart: ``Mannerheimintie 5 B 12, 00100 Helsinki``."""
    code = _CODE.search(text)
    rest = (text[: code.start()] if code and code.start() else text.partition(",")[0]).strip(" ,")
    found = _ADDRESS.fullmatch(rest)
    street = normal_street(found["street"] if found else rest)
    return Address(street, int(found["number"]) if found else None, code[0] if code else "")


def contradictions(rows: Sequence[Place]) -> list[tuple[int, int]]:
    """Return pairs (row, earlier row) that name the same house or code for different districts, by place in ``rows``.

    Each row is reported once at most, against one of those that it contradicts.
    """
    by_place: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_place.setdefault(row.place, []).append(index)
    found: dict[int, int] = {}
    for indices in by_place.values():
        for sides in (("both", "odd"), ("both", "even")):
            some = [index for index in indices if rows[index].side in sides]
            for earlier, later in _overlaps(rows, some):
                found.setdefault(max(earlier, later), min(earlier, later))
    return sorted(found.items())


def _overlaps(rows: Sequence[Place], indices: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Sweep intervals by their beginning: of those that reach furthest, one for each of two districts is enough."""
    reach: list[int] = []  # at most two rows, of different districts, reaching furthest
    for index in sorted(indices, key=lambda i: (rows[i].first, i)):
        row = rows[index]
        for other in reach:
            if rows[other].last >= row.first and rows[other].district != row.district:
                yield other, index
                break
        same = [other for other in reach if rows[other].district == row.district]
        kept = [other for other in reach if rows[other].district != row.district]
        furthest = max([*same, index], key=lambda i: rows[i].last)
        reach = sorted([*kept, furthest], key=lambda i: -rows[i].last)[:2]
