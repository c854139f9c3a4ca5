"""Readers' words for the pages of a round's proposals, and texts that people wrote with the language they are in."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from pb_service.core.rounds.setup import Text, pairs
from pb_service.features.rounds.public import PublicRound
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language, translations

#: What no shortened text ends with.
_LOOSE = " ,;:.-\u2013"


@dataclass(frozen=True)
class Spoken:
    """A text with the language that it is in."""

    lang: str
    text: str


def spoken(text: Text, language: Language) -> Spoken | None:
    """A text of staff in the reader's language, else in the first that there is, else None."""
    written = pairs(text)
    return Spoken(*text_in(written, language)) if written else None


def spoken_of(texts: Mapping[str, str], language: Language) -> Spoken | None:
    """As `spoken`, for texts by language alone, such as published reasons."""
    written = [(code, text) for code, text in texts.items() if text]
    return Spoken(*text_in(written, language)) if written else None


def reader_of(shown: PublicRound, language: Language) -> Reader:
    """The reader's words, with the round's money and time zone."""
    money, zone = shown.setup.money, shown.setup.dates.time_zone
    return Reader(language, translations(language), currency=money.currency, unit=money.unit, zone=zone)


def round_name(shown: PublicRound, language: Language) -> Spoken:
    """What a round is called."""
    return spoken(shown.setup.texts.name, language) or Spoken(language, shown.slug)


def excerpt(text: str, most: int = 140) -> str:
    """Return the beginning of a text on one line, ended at a word; with an ellipsis if something is left out."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most + 1].rsplit(" ", 1)[0]
    return cut[:most].rstrip(_LOOSE) + "…"


def uuid_in(text: str) -> UUID | None:
    """The id that an address or a form holds, None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def share_of(amount: int, whole: int) -> Fraction | None:
    """Return which part of the money something costs, None when there is none."""
    return Fraction(amount, whole) if whole > 0 else None
