"""What changed between two versions of a text, word by word, for people to read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

#: Texts with more words are compared line by line: a comparison must never take long.
MOST_WORDS = 2_000

#: A word or a sign with the blanks before it: blanks of their own would make every comparison long.
_PIECE = re.compile(r"\s*[^\W_]+|\s*\S|\s+")

Change = Literal["same", "gone", "new"]


@dataclass(frozen=True)
class Piece:
    """A run of text that both versions have, or that only the older (gone) or the newer (new) has."""

    change: Change
    text: str


@dataclass(frozen=True)
class FieldDifference:
    """How one field differs: the pieces without the new ones are the older text, without the gone ones the newer."""

    field: str
    pieces: tuple[Piece, ...]


def difference(older: str, newer: str) -> tuple[Piece, ...]:
    """Return how one text became another, as few pieces as are readable."""
    before, after = _pieces(older), _pieces(newer)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[Piece] = []
    for kind, start, end, start2, end2 in matcher.get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(before[start:end])))
            continue
        if start < end:
            found.append(Piece("gone", "".join(before[start:end])))
        if start2 < end2:
            found.append(Piece("new", "".join(after[start2:end2])))
    return tuple(found)


def differences(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[FieldDifference]:
    """Return how two public forms (texts.content) differ, field by field; equal fields are left out."""
    before, after = dict(_texts(older)), dict(_texts(newer))
    return [
        FieldDifference(field, difference(before.get(field, ""), after.get(field, "")))
        for field in dict.fromkeys([*before, *after])
        if before.get(field, "") != after.get(field, "")
    ]


def _pieces(text: str) -> list[str]:
    words = _PIECE.findall(text)
    return words if len(words) <= MOST_WORDS else text.splitlines(keepends=True)


def _texts(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("title", "need", "idea", "audience", "language"):
        yield field, str(form.get(field, ""))
    for key, answer in form.get("answers", ()):
        yield f"answers.{key}", answer
    if place := form.get("place"):
        yield "place", _positions(place["coordinates"])


def _positions(value: Any) -> str:
    if value and isinstance(value[0], int):
        return f"{value[1] / 1e6:.5f}, {value[0] / 1e6:.5f}"
    return "\n".join(_positions(item) for item in value)
