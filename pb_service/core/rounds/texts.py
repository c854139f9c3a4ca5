"""Texts that people type: cleaned in one way before anything looks at them, and what may never be in them."""

import unicodedata

#: Marks that turn the direction of what follows: with them a text could show other words than it holds.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def cleaned(value: object) -> object:
    """Return plain JSON values with every text in NFC, line ends as ``\\n``, and without blanks at both ends."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
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
