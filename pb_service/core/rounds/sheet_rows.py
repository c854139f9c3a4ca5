"""Rows of imported tables: which column means what, what a cell may hold, and what is told about each bad row."""

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from pb_service.core.rounds.districts import slug
from pb_service.core.rounds.places import MAX_NUMBER, Place, Side, contradictions, normal_code, normal_street
from pb_service.core.rounds.setup import LANGUAGES, District, Problem, Wording
from pb_service.core.rounds.texts import cleaned, composed, is_printable
from pb_service.core.tally.instance import MAX_INTEGER

Kind = Literal["districts", "postal", "addresses"]
Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | None

MAX_ROWS = 200_000
MAX_TEXT = 200

_COLUMNS: Mapping[str, str] = {
    "key": "key", "id": "key", "tunnus": "key", "nyckel": "key",
    "name": "name", "nimi": "name_fi", "namn": "name_sv", "name fi": "name_fi", "name sv": "name_sv",
    "name en": "name_en", "nimi suomeksi": "name_fi", "nimi ruotsiksi": "name_sv", "namn på finska": "name_fi",
    "namn på svenska": "name_sv",
    "population": "population", "väestö": "population", "asukkaita": "population", "väkiluku": "population",
    "invånare": "population", "folkmängd": "population",
    "budget": "budget", "budjetti": "budget", "money": "budget", "rahaa": "budget", "pengar": "budget",
    "postal code": "code", "postcode": "code", "postinumero": "code", "postnummer": "code",
    "street": "street", "katu": "street", "gata": "street", "katunimi": "street", "gatunamn": "street",
    "osoite": "street", "adress": "street", "address": "street",
    "number": "number", "numero": "number", "nummer": "number", "osoitenumero": "number",
    "from": "first", "alkaen": "first", "från": "first", "to": "last", "asti": "last", "till": "last",
    "side": "side", "puoli": "side", "sida": "side",
    "district": "district", "alue": "district", "område": "district",
}  # fmt: skip
_NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "districts": (("name", "name_fi", "name_sv", "name_en"),),
    "postal": (("code",), ("district",)),
    "addresses": (("street",), ("district",)),
}
_SIDES: Mapping[str, Side] = {
    "": "both", "both": "both", "molemmat": "both", "båda": "both",
    "odd": "odd", "pariton": "odd", "parittomat": "odd", "udda": "odd",
    "even": "even", "parillinen": "even", "parilliset": "even", "jämn": "even", "jämna": "even",
}  # fmt: skip


@dataclass(frozen=True)
class RowProblem:
    """What is wrong in a row of a file: its line from 1 (the heading is line 1), the column, a code and its values."""

    line: int
    column: str
    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass
class Sheet:
    """A table read in: the rows that are good, in their order, and everything that is wrong with the others."""

    rows: int = 0
    places: list[Place] = field(default_factory=list)
    districts: list[District] = field(default_factory=list)
    amounts: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    repeated: int = 0

    @property
    def bad_lines(self) -> int:
        return len({problem.line for problem in self.problems})


class _Bad(Exception):
    def __init__(self, column: str, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.column, self.code, self.values = column, code, values


def heading(cells: Sequence[Cell], kind: Kind) -> tuple[dict[str, int], list[RowProblem]]:
    """Return where each known column stands, and what is wrong with the heading."""
    places: dict[str, int] = {}
    problems = []
    for index, cell in enumerate(cells):
        name = _COLUMNS.get(_plain(str(cell or "")))
        if name and name in places:
            problems.append(RowProblem(1, str(cell)[:MAX_TEXT], "column_twice"))
        elif name:
            places[name] = index
    lacking = [names for names in _NEEDED[kind] if not any(name in places for name in names)]
    return places, problems + [RowProblem(1, names[0], "column_missing") for names in lacking]


def read_rows(lines: Sequence[Sequence[Cell]], kind: Kind, known: Sequence[District], *, unit: int = 100) -> Sheet:
    """Read the lines of a table, heading first. Districts are named by key or by any of their names in ``known``.

    Rows that say the same twice count once; rows that contradict an earlier one are bad.
    """
    sheet = Sheet()
    if not lines:
        sheet.problems.append(RowProblem(1, "", "empty_file"))
        return sheet
    columns, sheet.problems = heading(lines[0], kind)
    if sheet.problems:
        return sheet
    names = _names_of(known)
    numbers: list[int] = []
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: line[index] if index < len(line) else None for name, index in columns.items()}
        if all(cell is None or cell == "" for cell in cells.values()):
            continue
        sheet.rows += 1
        try:
            if kind == "districts":
                _read_district(cells, sheet, unit)
            else:
                sheet.places.append(_read_place(cells, kind, names))
                numbers.append(number)
        except _Bad as bad:
            sheet.problems.append(RowProblem(number, bad.column, bad.code, bad.values))
    if kind != "districts":
        _settle(sheet, numbers)
    if not sheet.rows:
        sheet.problems.append(RowProblem(1, "", "empty_file"))
    return sheet


def _settle(sheet: Sheet, numbers: Sequence[int]) -> None:
    """Take repeated rows out, and report those that contradict an earlier one."""
    first: dict[Place, int] = {}
    for place, number in zip(sheet.places, numbers, strict=True):
        first.setdefault(place, number)
    sheet.repeated = len(sheet.places) - len(first)
    places = list(first)
    against = dict(contradictions(places))
    for row, earlier in against.items():
        values: dict[str, str | int] = {"line": first[places[earlier]], "other": places[earlier].district}
        sheet.problems.append(RowProblem(first[places[row]], "district", "contradicts", values))
    sheet.places = [place for row, place in enumerate(places) if row not in against]
    sheet.problems.sort(key=lambda problem: (problem.line, problem.column))


def _names_of(known: Sequence[District]) -> dict[str, str]:
    names = {_plain(wording.text): district.key for district in known for wording in district.name.values()}
    return {**names, **{district.key: district.key for district in known}}


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", composed(text).casefold()).split())


def _read_place(cells: Mapping[str, Cell], kind: Kind, names: Mapping[str, str]) -> Place:
    said = _text(cells, "district")
    district = names.get(said) or names.get(_plain(said))
    if not said:
        raise _Bad("district", "required")
    if district is None:
        raise _Bad("district", "no_district", name=said[:MAX_TEXT])
    if kind == "postal":
        code = normal_code(_text(cells, "code"))
        if not code:
            raise _Bad("code", "postal_code")
        return Place(code, district)
    street = normal_street(_text(cells, "street"))
    if not street:
        raise _Bad("street", "required")
    side = _SIDES.get(_plain(_text(cells, "side")))
    if side is None:
        raise _Bad("side", "side")
    one = _whole(cells, "number", 1, MAX_NUMBER)
    first, last = (one, one) if one else (_whole(cells, "first", 1, MAX_NUMBER), _whole(cells, "last", 1, MAX_NUMBER))
    if first is None and last is None:
        return Place(street, district, 0, 0, "both")
    first, last = first or 1, last or MAX_NUMBER
    if first > last:
        raise _Bad("first", "more_than", other="last")
    return Place(street, district, first, last, side)


def _read_district(cells: Mapping[str, Cell], sheet: Sheet, unit: int) -> None:
    name = {language: _text(cells, f"name_{language}") for language in LANGUAGES}
    if any_language := _text(cells, "name"):
        name["fi"] = name["fi"] or any_language
    written = [language for language in LANGUAGES if name[language]]
    if not written:
        raise _Bad("name", "required")
    key = slug(_text(cells, "key") or name[written[0]])
    if not key:
        raise _Bad("key", "key")
    if any(district.key == key for district in sheet.districts):
        raise _Bad("key" if _text(cells, "key") else "name", "twice", key=key)
    amount = _money(cells, "budget", unit)
    sheet.districts.append(
        District(
            key=key,
            name={
                language: Wording(name[language], "original" if language == written[0] else "translated")
                for language in written
            },
            population=_whole(cells, "population", 0, 100_000_000),
        )
    )
    if amount is not None:
        sheet.amounts[key] = amount


def _text(cells: Mapping[str, Cell], column: str) -> str:
    """Return a cell as text; a number as its digits. Dates, truth values and formulas are no texts."""
    cell = cells.get(column)
    if cell is None:
        return ""
    if isinstance(cell, bool | dt.date | dt.time | dt.timedelta):
        raise _Bad(column, "wrong_type")
    if isinstance(cell, int | float):
        if not math.isfinite(cell) or cell != int(cell):
            raise _Bad(column, "wrong_type")
        return str(int(cell))
    text = cast(str, cleaned(cell))
    if text.startswith(("=", "@")):
        raise _Bad(column, "formula")
    if not is_printable(text):
        raise _Bad(column, "characters")
    if len(text) > MAX_TEXT:
        raise _Bad(column, "too_long", most=MAX_TEXT)
    return text


def _whole(cells: Mapping[str, Cell], column: str, least: int, most: int) -> int | None:
    text = re.sub(r"[\s\u00a0\u202f]", "", _text(cells, column))
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _Bad(column, "not_whole")
    if not least <= int(text) <= most:
        raise _Bad(column, "range", least=least, most=most)
    return int(text)


def _money(cells: Mapping[str, Cell], column: str, unit: int) -> int | None:
    """Return an amount in minor units, from a number or from text such as ``12 500,50``."""
    cell = cells.get(column)
    text = repr(cell) if isinstance(cell, float) else _text(cells, column)
    text = re.sub(r"[\s\u00a0\u202f€]", "", text).replace(",", ".")
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,12})(?:\.(\d{1,6}))?", text, re.ASCII)
    decimals = len(str(unit)) - 1
    fraction = (found[2] or "").rstrip("0") if found else ""
    if not found or len(fraction) > decimals:
        raise _Bad(column, "money")
    amount = int(found[1]) * unit + int(fraction.ljust(decimals, "0") or 0)
    if amount > MAX_INTEGER:
        raise _Bad(column, "range", least=0, most=MAX_INTEGER)
    return amount


def as_problems(problems: Sequence[RowProblem]) -> list[Problem]:
    """Return problems of rows as problems of a form: ``line.<n>.<column>``."""
    return [Problem(f"line.{item.line}.{item.column}", item.code, item.values) for item in problems]
