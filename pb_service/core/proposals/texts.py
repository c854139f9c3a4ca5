"""The text of a proposal: cleaned so that it shows what it holds, and its public form with the hash of that form.

The public form is what the record's `text_sha256` is of: the canonical JSON (docs/schemas/bundle.md section 1) of an
object with `v` 1, `language`, `title`, `need`, `idea`, `audience`, `answers` (pairs of key and text, sorted), and
`place` where there is one. Whoever has the published text can compute the hash again.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pb_service.core.proposals.places import Place, to_geojson
from pb_service.core.record import canonical

#: Marks that show nothing: with them two texts can look the same and differ, or a text look empty and not be.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0"
)
_JOINER = "\u200d"
#: What most texts are made of, and what needs no second look: a table of tens of thousands of rows is read in seconds.
_PLAIN = re.compile("[\\n\x20-\x7e\xa1-\xac\xae-\u02ff]*")
#: So many accents in a row are a drawing, no letter.
_MOST_ACCENTS = 3


class PublicText(Struct, frozen=True, forbid_unknown_fields=True):
    """What everybody may read of a version. ``answers``: the round's own public questions, by key."""

    language: str
    title: str
    need: str = ""
    idea: str = ""
    audience: str = ""
    place: Place | None = None
    answers: Mapping[str, str] = {}


def cleaned(text: str, *, lines: bool = True) -> str:
    """Return a text in NFC without control marks, invisible marks, marks of direction and stacks of accents.

    Line ends become ``\\n`` (at most two in a row), or with ``lines`` false blanks; runs of blanks become one.
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    if _PLAIN.fullmatch(plain):
        return "\n".join(_lines(plain if lines else plain.replace("\n", " ")))
    kept: list[str] = []
    accents = 0
    for place, mark in enumerate(plain):
        kind = unicodedata.category(mark)
        accents = accents + 1 if kind in {"Mn", "Me"} else 0
        if mark == "\n":
            kept.append("\n" if lines else " ")
        elif kind == "Zs" or mark == "\t":
            kept.append(" ")
        elif mark == _JOINER:
            # Between pictures it makes one of two (a family); between letters it hides.
            if kept and place + 1 < len(plain) and ord(kept[-1]) > 0x2000 and ord(plain[place + 1]) > 0x2000:
                kept.append(mark)
        elif kind in {"Cc", "Cs", "Cn", "Co"} or mark in _INVISIBLE or 0xE0000 <= ord(mark) <= 0xE0FFF:
            continue
        elif accents <= _MOST_ACCENTS:
            kept.append(mark)
    return "\n".join(_lines("".join(kept)))


def _lines(text: str) -> list[str]:
    found: list[str] = []
    for line in text.split("\n"):
        whole = " ".join(line.split(" ")).strip()
        whole = " ".join(part for part in whole.split(" ") if part)
        if whole or (found and found[-1]):
            found.append(whole)
    while found and not found[-1]:
        found.pop()
    return found


def content(text: PublicText) -> dict[str, Any]:
    """Return the public form as plain JSON values."""
    values: dict[str, Any] = {
        "v": 1,
        "language": text.language,
        "title": text.title,
        "need": text.need,
        "idea": text.idea,
        "audience": text.audience,
        "answers": sorted([key, answer] for key, answer in text.answers.items() if answer),
    }
    if text.place is not None:
        values["place"] = to_geojson(text.place)
    return values


def text_sha256(values: Mapping[str, Any]) -> bytes:
    """Return the hash of a public form."""
    return hashlib.sha256(canonical.encode(values)).digest()


def reason_sha256(reason: Mapping[str, str]) -> bytes:
    """Return the hash of a reason's texts by language: the canonical JSON of the languages that have one."""
    return hashlib.sha256(canonical.encode({code: text for code, text in reason.items() if text})).digest()
