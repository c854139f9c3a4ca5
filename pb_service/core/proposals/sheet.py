"""Proposals from a table: which column means what, one draft a row, and what is wrong with each bad row.

A row is known by its own id column, or else by a hash of its title, need and idea: so the same file, or a longer one
with the same rows in it, imports each row once.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pb_service.core.proposals.form import Draft, ProposalForm, problems, tidy
from pb_service.core.proposals.places import PlaceError, read_place
from pb_service.core.rounds.districts import slug
from pb_service.core.rounds.setup import District, Text
from pb_service.core.rounds.sheet_rows import Cell, RowProblem
from pb_service.core.tally.instance import MAX_INTEGER

MAX_ROWS = 60_000

_COLUMNS: Mapping[str, str] = {
    "id": "id", "tunnus": "id", "number": "id", "numero": "id", "nummer": "id",
    "title": "title", "name": "title", "otsikko": "title", "nimi": "title", "rubrik": "title", "namn": "title",
    "need": "need", "tarve": "need", "behov": "need",
    "idea": "idea", "description": "idea", "kuvaus": "idea", "ehdotus": "idea", "beskrivning": "idea", "idé": "idea",
    "for whom": "audience", "audience": "audience", "kenelle": "audience", "för vem": "audience",
    "theme": "theme", "category": "theme", "teema": "theme", "tema": "theme",
    "district": "district", "alue": "district", "område": "district",
    "language": "language", "kieli": "language", "språk": "language",
    "cost": "cost", "hinta": "cost", "kustannus": "cost", "pris": "cost", "kostnad": "cost",
    "latitude": "latitude", "leveysaste": "latitude", "latitud": "latitude", "lat": "latitude",
    "longitude": "longitude", "pituusaste": "longitude", "longitud": "longitude", "lon": "longitude",
    "group": "group", "association": "group", "yhdistys": "group", "förening": "group", "grupp": "group",
}  # fmt: skip
_LANGUAGES = {
    "": "fi", "fi": "fi", "suomi": "fi", "finska": "fi", "finnish": "fi", "sv": "sv", "svenska": "sv",
    "ruotsi": "sv", "swedish": "sv", "en": "en", "english": "en", "englanti": "en", "engelska": "en",
}  # fmt: skip
_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?")


@dataclass(frozen=True)
class Row:
    """A good row: its line in the file, the key by which it is known again, and what it says."""

    line: int
    key: str
    draft: Draft


@dataclass
class Table:
    """A table read in. ``repeated`` counts rows that an earlier row of the same file has already."""

    rows: int = 0
    good: list[Row] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    repeated: int = 0

    @property
    def bad_lines(self) -> int:
        return len({problem.line for problem in self.problems})


class _Bad(Exception):
    def __init__(self, column: str, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.column, self.code, self.values = column, code, values


def read_table(
    lines: Sequence[Sequence[Cell]], form: ProposalForm, districts: Sequence[District], *, unit: int = 100
) -> Table:
    """Read the lines of a table, heading first. A title is needed; of the rest only that it fits is asked."""
    table = Table()
    columns = _heading(lines[0] if lines else (), table)
    if table.problems:
        return table
    known = _names([(district.key, district.name) for district in districts])
    themes = _names([(theme.key, theme.name) for theme in form.themes])
    keys: set[str] = set()
    allowed = [district.key for district in districts]
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: _text(line[index]) if index < len(line) else "" for name, index in columns.items()}
        if not any(cells.values()):
            continue
        table.rows += 1
        if table.rows > MAX_ROWS:
            table.problems.append(RowProblem(number, "", "too_many", {"most": MAX_ROWS}))
            return table
        try:
            draft = _draft(cells, known, themes, unit)
        except _Bad as bad:
            table.problems.append(RowProblem(number, bad.column, bad.code, bad.values))
            continue
        if wrong := _wrong(form, draft, allowed):
            table.problems += [RowProblem(number, column, code, values) for column, code, values in wrong]
            continue
        key = key_of(cells.get("id", ""), draft)
        if key in keys:
            table.repeated += 1
            continue
        keys.add(key)
        table.good.append(Row(number, key, draft))
    if not table.rows:
        table.problems.append(RowProblem(1, "", "empty_file"))
    return table


def key_of(own: str, draft: Draft) -> str:
    """Return the key by which a row is known again."""
    if own:
        return f"id:{own[:80]}"
    words = "\0".join((draft.title, draft.need, draft.idea))
    return "text:" + hashlib.sha256(words.encode()).hexdigest()[:32]


def _heading(cells: Sequence[Cell], table: Table) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = _COLUMNS.get(_plain(_text(cell)))
        if name and name in columns:
            table.problems.append(RowProblem(1, _text(cell)[:80], "column_twice"))
        elif name:
            columns[name] = index
    if "title" not in columns:
        table.problems.append(RowProblem(1, "title", "column_missing"))
    return columns


def _draft(cells: Mapping[str, str], districts: Mapping[str, str], themes: Mapping[str, str], unit: int) -> Draft:
    language = _LANGUAGES.get(_plain(cells.get("language", "")))
    if language is None:
        raise _Bad("language", "language")
    district = theme = place = cost = None
    if said := cells.get("district", ""):
        district = districts.get(_plain(said))
        if district is None:
            raise _Bad("district", "no_district", name=said[:80])
    if said := cells.get("theme", ""):
        theme = themes.get(_plain(said))
        if theme is None:
            raise _Bad("theme", "choice", name=said[:80])
    if cells.get("latitude") or cells.get("longitude"):
        try:
            place = read_place("point", f"{cells.get('latitude', '')}; {cells.get('longitude', '')}")
        except PlaceError as error:
            raise _Bad("latitude", "position") from error
    if said := re.sub(r"[\s\u00a0\u202f€]", "", cells.get("cost", "")):
        cost = _money(said, unit)
    return tidy(
        Draft(
            language=language,  # type: ignore[arg-type] # one of the three
            title=cells.get("title", ""),
            need=cells.get("need", ""),
            idea=cells.get("idea", ""),
            audience=cells.get("audience", ""),
            theme=theme,
            district=district,
            place=place,
            cost_hint=cost,
            show_author="group" if cells.get("group") else "hidden",
            group_name=cells.get("group") or None,
        )
    )


def _wrong(
    form: ProposalForm, draft: Draft, districts: Collection[str]
) -> list[tuple[str, str, Mapping[str, str | int]]]:
    """What is wrong with a row: an empty title, or something too long. Nobody can be asked for more."""
    named: list[tuple[str, str, Mapping[str, str | int]]] = [] if draft.title else [("title", "required", {})]
    unfit = (problem for problem in problems(form, draft, districts) if problem.code not in {"required", "too_short"})
    return named + [(problem.field, problem.code, problem.values) for problem in unfit]


def _money(text: str, unit: int) -> int:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise _Bad("cost", "money")
    decimals = len(str(unit)) - 1
    amount = int(found[1]) * unit + int((found[2] or "").ljust(decimals, "0")[:decimals] or 0)
    if amount > MAX_INTEGER:
        raise _Bad("cost", "range")
    return amount


def _names(known: Sequence[tuple[str, Text]]) -> dict[str, str]:
    found = {_plain(wording.text): key for key, name in known for wording in name.values() if wording.text}
    return {**found, **{_plain(key): key for key, _ in known}, **{slug(key): key for key, _ in known}}


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell).strip()


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", text).casefold()).split())
