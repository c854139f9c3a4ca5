"""Address lists for letters: a table with one person a line, read once and kept nowhere."""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from pb_service.core.rounds.sheet_rows import Cell
from pb_service.features.roll.letters import Recipient
from pb_service.features.rounds.sheets import Unreadable, read_sheet
from pb_service.web.locales import Language

_COLUMNS: Mapping[str, Sequence[str]] = {
    "pid": ("person id", "identity code", "id", "henkilötunnus", "hetu", "tunnus", "personbeteckning", "nyckel"),
    "name": ("name", "nimi", "namn"),
    "more": ("c/o", "address 2", "lisätieto", "tilläggsuppgift"),
    "street": ("address", "street", "osoite", "katuosoite", "jakeluosoite", "adress", "gatuadress"),
    "code": ("postal code", "postcode", "postinumero", "postnummer"),
    "place": ("place", "city", "town", "postitoimipaikka", "kaupunki", "ort", "postort", "postanstalt"),
    "country": ("country", "maa", "land"),
    "language": ("language", "kieli", "äidinkieli", "språk", "modersmål"),
}
_NEEDED = ("pid", "name", "street", "code", "place")
_LANGUAGES: Mapping[str, Language] = {
    **{code: code for code in get_args(Language)},
    "suomi": "fi", "finska": "fi", "finnish": "fi",
    "ruotsi": "sv", "svenska": "sv", "swedish": "sv",
    "englanti": "en", "engelska": "en", "english": "en",
}  # fmt: skip
#: Of a line of an address; a letter has eight of them at most.
MOST_SIGNS = 60


class BadList(ValueError):
    """A list that cannot be used. ``code``: of Unreadable, or columns, line; ``line``: which one, from 1."""

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(code)
        self.code, self.line = code, line


def read_addresses(body: bytes, language: Language) -> list[Recipient]:
    """Return the people of a table of addresses; ``language`` is that of who has none. Raises BadList."""
    try:
        lines = read_sheet(body)
    except Unreadable as error:
        raise BadList(error.code) from error
    columns = _columns([_text(cell) for cell in lines[0]])
    found = []
    for number, cells in enumerate(lines[1:], start=2):
        values = {name: _text(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
        if not any(values.values()):
            continue
        if not all(values[name] for name in _NEEDED):
            raise BadList("line", number)
        last = f"{values['code']} {values['place']}"
        address = [values["name"], values.get("more", ""), values["street"], last, values.get("country", "")]
        if any(len(line) > MOST_SIGNS for line in address):
            raise BadList("line", number)
        spoken = _LANGUAGES.get(values.get("language", "").casefold(), language)
        found.append(Recipient(number, values["pid"], tuple(line for line in address if line), spoken))
    return found


def _columns(heads: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[\s_-]+", " ", head).strip().casefold() for head in heads]
    found = {}
    for name, known in _COLUMNS.items():
        place = next((plain.index(head) for head in known if head in plain), None)
        if place is not None:
            found[name] = place
    if any(name not in found for name in _NEEDED):
        raise BadList("columns")
    return found


def _text(cell: Cell) -> str:
    """A cell as text on one line; numbers of postal codes may have lost their zeros in a spreadsheet."""
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, int | float):
        return f"{int(cell):05d}" if float(cell).is_integer() else str(cell)
    return " ".join(str(cell).split())
