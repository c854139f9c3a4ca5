"""Texts that people type: cleaned in one way before anything looks at them, and what may never be in them."""

import re
import unicodedata

#: Marks that turn the direction of what follows: with them a text could show other words than it holds.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


#: Combining marks that stand in a row on one letter; no language needs as many (UAX #15, Stream-Safe Text Format).
MOST_MARKS = 30
_MARKS = "".join(
    re.escape(mark)
    for mark in map(chr, range(0x300, 0x1F000))
    if unicodedata.combining(unicodedata.normalize("NFD", mark)[0])
)
_HEAP = re.compile(f"[{_MARKS}]{{{MOST_MARKS + 1},}}")


def composed(text: str) -> str:
    """Return a text in NFC, with no more than MOST_MARKS combining marks in a row.

    Marks are put in order one by one: a million of them on one letter would take a computer half an hour.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _HEAP.sub(lambda heap: heap[0][:MOST_MARKS], text))


def cleaned(value: object) -> object:
    """Return plain JSON values with every text in NFC, line ends as ``\\n``, and without blanks at both ends."""
    if isinstance(value, str):
        return composed(value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


def is_printable(text: str, *, lines: bool = False) -> bool:
    """Whether a text has only what can be shown and stored: no control characters (NUL above all), lone surrogates or
    marks of direction. ``lines`` allows line ends.
    """
    if text.isprintable():  # says no to more than we do, and fast
        return True
    return not any(
        mark in _DIRECTION or (unicodedata.category(mark) in {"Cc", "Cs"} and not (lines and mark in "\n\t"))
        for mark in text
    )
