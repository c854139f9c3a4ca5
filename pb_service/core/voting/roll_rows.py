"""Rows of a list of people, as a registrar hands it in: found in a stream of bytes, read, and judged one by one.

Nothing here keeps more of a list than the piece at hand. What is wrong with a row is a code; a person's number leaves
this file only as an id to be hashed at once, and stands in no message.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import msgspec

from pb_service.core.rounds.eligibility import age_facts
from pb_service.core.rounds.setup import EligibilityStep
from pb_service.core.voting.aliases import person_id
from pb_service.core.voting.identity_codes import IdentityCodeError, born

#: The scheme of numbers whose form and check character are known here.
IDENTITY_CODE = "fi-hetu"
MAX_ROWS = 2_000_000
MAX_SHEET_ROWS = 200_000
MAX_COLUMNS = 200
MAX_ID = 100

#: No row is longer than this, in characters; a quotation mark without its partner would swallow the file.
_MAX_ROW = 200_000
_DELIMITERS = ";\t,|"
_LANGUAGES = {"fi": "fi", "sv": "sv", "en": "en", "suomi": "fi", "svenska": "sv", "ruotsi": "sv", "finska": "fi"}

_YEAR = re.compile(r"(?<![0-9])(?:18|19|20)[0-9]{2}(?![0-9])")

Kind = Literal["csv", "fixed", "xlsx"]
#: What can be wrong with a row.
RowCode = Literal["columns", "no_identifier", "identifier", "age", "district", "repeated"]


class RollFileError(ValueError):
    """The file is no list that can be read. ``code``: empty, not_a_table, too_many_rows, too_many_columns, quote."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file is read: columns are numbered from 0; those of ``fixed`` are ``widths``, first and last character
    from 1. ``identifier`` is the column of the person id, ``district``, ``language`` and ``birth_year`` those that say
    so, if any. Of a column with whole dates of birth the year alone is taken.
    """

    kind: Kind
    identifier: int
    district: int | None = None
    language: int | None = None
    birth_year: int | None = None
    header: bool = True
    delimiter: str = ";"
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    widths: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Person:
    """Somebody who may vote, as a row says. The id is shown nowhere."""

    pid: str = field(repr=False)
    district: str | None
    language: str | None
    birth_year: int | None = None


@dataclass(frozen=True)
class Terms:
    """By what rows are judged: whose numbers the ids are, the round's rule, and what districts are called in files.

    ``needs_district``: everybody votes in a district of their own, so a row must say which.
    """

    scheme: str
    rule: EligibilityStep
    districts: Mapping[str, str]
    needs_district: bool


class RowStream:
    """Rows of a text that comes in pieces: hand each to `feed`, and take the rest from `finish`."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        decoder = codecs.getincrementaldecoder(_codec(reading.encoding))(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._rest = ""
        self._line = 0

    def feed(self, piece: bytes) -> list[tuple[int, Sequence[str]]]:
        """Return the rows that are whole now, each with its number from 1. Raises RollFileError."""
        text = self._rest + self._decoder.decode(piece)
        end = _last_end(text, quoted=self._reading.kind == "csv")
        self._rest = text[end:]
        if len(self._rest) > _MAX_ROW:
            raise RollFileError("quote" if self._reading.kind == "csv" else "not_a_table")
        return self._rows(text[:end])

    def finish(self) -> list[tuple[int, Sequence[str]]]:
        """Return the last row, if the text does not end with an end of line. Raises RollFileError."""
        return self._rows(self._rest + self._decoder.decode(b"", final=True))

    def _rows(self, text: str) -> list[tuple[int, Sequence[str]]]:
        if "\0" in text:
            raise RollFileError("not_a_table")
        rows = list(_split(text, self._reading))
        start, self._line = self._line, self._line + len(rows)
        if self._line > MAX_ROWS + 1:
            raise RollFileError("too_many_rows")
        return numbered(rows, start, header=self._reading.header)


def numbered(rows: Sequence[Sequence[str]], start: int, *, header: bool) -> list[tuple[int, Sequence[str]]]:
    """Return rows with their numbers, ``start`` of them came before; without the heading, and without empty ones."""
    found = [(start + place, row) for place, row in enumerate(rows, start=1) if any(row)]
    return [each for each in found if each[0] > 1] if header else found


def judge(
    rows: Iterable[tuple[int, Sequence[str]]], reading: Reading, terms: Terms
) -> Iterator[tuple[int, Person | RowCode]]:
    """Say of each row who it is, or what is wrong with it."""
    identifier, district, language = reading.identifier, reading.district, reading.language
    ages = terms.rule.min_age is not None or terms.rule.max_age is not None
    is_code = terms.scheme == IDENTITY_CODE
    for line, cells in rows:
        width = len(cells)
        if identifier >= width:
            yield line, "columns"
            continue
        pid = person_id(cells[identifier])
        if not pid:
            yield line, "no_identifier"
            continue
        year = None
        if is_code:
            try:
                day = born(pid)
            except IdentityCodeError:
                yield line, "identifier"
                continue
            if ages and not _is_of_age(terms.rule, day):
                yield line, "age"
                continue
            year = day.year
        elif len(pid) > MAX_ID or not pid.isprintable():
            yield line, "identifier"
            continue
        lives = None
        if district is not None:
            lives = terms.districts.get(place_name(cells[district])) if district < width else None
        if lives is None and terms.needs_district:
            yield line, "district"
            continue
        spoken = (
            _LANGUAGES.get(cells[language].strip().casefold()) if language is not None and language < width else None
        )
        if year is None and reading.birth_year is not None and reading.birth_year < width:
            year = year_in(cells[reading.birth_year])
        yield line, Person(pid, lives, spoken, year)


def place_name(text: str) -> str:
    """Return how districts are compared: without outer blanks, in small letters."""
    return " ".join(text.split()).casefold()


def year_in(cell: str) -> int | None:
    """Return the year in a year or a date, in whatever order; None if there is none, or more than one."""
    found = _YEAR.findall(cell)
    return int(found[0]) if len(found) == 1 else None


def _is_of_age(rule: EligibilityStep, day: date) -> bool:
    facts = age_facts(rule, day)
    return facts.old_enough and facts.young_enough


@dataclass(frozen=True)
class Column:
    """A column as a preview shows it: its heading if that is no data, and the shapes of its first cells."""

    heading: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What a file looks like, without a word of what is in it, and how it could be read.

    ``identifiers``: in how many of the rows looked at the column of ids holds a good identity code.
    """

    columns: tuple[Column, ...]
    rows: int
    guess: Reading
    identifiers: int


def look(body: bytes, wanted: Reading | None = None) -> Preview:
    """Look at the beginning of a text, at most some thousand rows. Raises RollFileError.

    ``wanted`` says how columns are parted; without it that is guessed.
    """
    if not body.strip():
        raise RollFileError("empty")
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    try:
        body[: body.rfind(b"\n") + 1 or len(body)].decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = "cp1252"
    text = body.decode(_codec(encoding), errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise RollFileError("not_a_table")
    first = next((line for line in text.splitlines() if line.strip()), "")
    parted = max(_DELIMITERS, key=first.count)
    if wanted is None:
        kind: Kind = "csv" if parted in first or " " not in first.strip() else "fixed"
        wanted = Reading(kind, 0, delimiter=parted)
    reading = msgspec.structs.replace(wanted, encoding=encoding)
    text = text[: _last_end(text, quoted=reading.kind == "csv") or len(text)]
    if reading.kind == "fixed" and not reading.widths:
        reading = msgspec.structs.replace(reading, widths=_widths(text))
    return look_at_rows(list(_split(text, reading)), reading)


def look_at_rows(rows: Sequence[Sequence[str]], reading: Reading) -> Preview:
    """Show rows by their shape, and guess which column holds what."""
    rows = [row for row in rows if any(row)][:1000]
    if not rows:
        raise RollFileError("empty")
    width = max(map(len, rows))
    if width > MAX_COLUMNS:
        raise RollFileError("too_many_columns")
    header = reading.kind != "fixed" and not any(_is_code(cell) for cell in rows[0])
    data = rows[1:] if header else rows
    names = [rows[0][place] if header and place < len(rows[0]) else "" for place in range(width)]
    hits = Counter(place for row in data for place, cell in enumerate(row) if _is_code(cell))
    identifier = max(range(width), key=lambda place: (hits[place], -place))
    found = {role: place for place, name in enumerate(names) for role in _role_of(name) if place != identifier}
    guess = msgspec.structs.replace(
        reading,
        identifier=identifier,
        header=header,
        district=found.get("district"),
        language=found.get("language"),
        birth_year=found.get("birth_year"),
    )
    columns = tuple(
        Column(
            name.strip()[:60] if name and not any(map(str.isdigit, name)) else shape(name),
            tuple(shape(row[place]) if place < len(row) else "" for row in data[:5]),
        )
        for place, name in enumerate(names)
    )
    return Preview(columns, len(data), guess, hits[identifier])


def shape(cell: str) -> str:
    """Return what a cell looks like: a letter for every letter and 9 for every digit, so that nobody is named."""
    kinds = (
        "9" if sign.isdigit() else ("A" if sign.isupper() else "a") if sign.isalpha() else sign for sign in cell[:40]
    )
    return "".join(kinds)


def _split(text: str, reading: Reading) -> Iterator[Sequence[str]]:
    if reading.kind == "fixed":
        for line in text.removesuffix("\n").split("\n") if text else ():
            yield [line[first - 1 : last].strip() for first, last in reading.widths]
        return
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=reading.delimiter):
            if len(row) > MAX_COLUMNS:
                raise RollFileError("too_many_columns")
            yield row
    except csv.Error:
        raise RollFileError("not_a_table") from None


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _last_end(text: str, *, quoted: bool) -> int:
    """Where the last whole row ends: after an end of line that stands in no quotation."""
    end = text.rfind("\n") + 1
    if not quoted or '"' not in text:
        return end
    while end and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end - 1) + 1
    return end


def _widths(text: str) -> tuple[tuple[int, int], ...]:
    """Where columns of fixed width seem to stand: what blanks in every row part."""
    lines = [line for line in text.split("\n")[:200] if line.strip()]
    longest = max(map(len, lines), default=0)
    blank = [all(len(line) <= place or line[place] == " " for line in lines) for place in range(longest)]
    starts = [place for place in range(longest) if not blank[place] and (place == 0 or blank[place - 1])]
    ends = [*starts[1:], longest]
    return tuple((start + 1, end) for start, end in zip(starts, ends, strict=True))[:MAX_COLUMNS]


_ROLES: Mapping[str, Collection[str]] = {
    "district": ("district", "alue", "suuralue", "suurpiiri", "kaupunginosa", "område", "distrikt", "postinumero",
                 "postnummer", "postcode", "postal code"),
    "language": ("language", "kieli", "äidinkieli", "språk", "modersmål"),
    "birth_year": ("year of birth", "birth year", "date of birth", "birthdate", "syntymävuosi", "syntymäaika",
                   "syntymäpäivä", "födelseår", "födelsetid", "födelsedatum"),
}  # fmt: skip


def _role_of(heading: str) -> list[str]:
    name = place_name(re.sub(r"[_\W]+", " ", heading))
    return [role for role, names in _ROLES.items() if name in names]


def _is_code(cell: str) -> bool:
    try:
        born(person_id(cell))
    except IdentityCodeError:
        return False
    return True
