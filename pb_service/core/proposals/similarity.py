"""Which proposals are alike: by the letters of their words, by their place, and by their theme.

Letters tell within a language and often across (names of places are the same in Finnish and Swedish addresses); place
and theme tell where the languages differ. The figures are integers in thousandths, so an order never depends on a
float; they only suggest, and nothing is decided by them.
"""

import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pb_service.core.proposals.places import Place, may_be_within, metres_between

#: Proposals within so many metres are at the same place.
NEAR = 500
#: Likeness from which a proposal is shown to somebody who writes another.
LEAST = 180
MOST_SHINGLES = 400
#: Bits of a sketch: with a usual text about one in ten of them stands.
SKETCH_BITS = 2048

_WORD = re.compile(r"[^\W_]+")
#: The commonest words say nothing of what a proposal is about.
_COMMON_WORDS = """
ja on ei se että mutta kun niin myös tai joka jotka olisi voi voisi sekä kanssa ovat oli hän me te he tämä siellä
och att det är en ett som på för med till av den de kan inte skulle vara har om från eller också där här vi man
the and is of to in for with that it on at be are as this from or by an we our would could should there have
"""
_COMMON = frozenset(_COMMON_WORDS.split())

Reason = Literal["same_words", "same_place", "same_theme", "same_district"]


@dataclass(frozen=True)
class Traits:
    """What a likeness is computed from."""

    shingles: frozenset[str]
    place: Place | None = None
    district: str | None = None
    theme: str | None = None


@dataclass(frozen=True)
class Likeness:
    """How alike two proposals are, in thousandths, with the reasons; how many metres away what is near."""

    score: int
    reasons: tuple[Reason, ...]
    metres: int | None = None


def shingles(*texts: str) -> list[str]:
    """Return the runs of three letters of texts' words, each once and sorted, without the commonest words.

    Letters lose their case and accents, but å, ä, ö keep theirs: they are letters of their own.
    """
    found: set[str] = set()
    for text in texts:
        for word in _WORD.findall(_plain(text)):
            if word in _COMMON:
                continue
            padded = f" {word} "
            found.update(padded[place : place + 3] for place in range(len(padded) - 2))
            if len(found) >= MOST_SHINGLES:
                break
    return sorted(found)[:MOST_SHINGLES]


def sketch(runs: Collection[str]) -> str:
    """Return a text's runs as SKETCH_BITS bits, 0 and 1, one for each run and sometimes for two.

    What two sketches share is about what the texts share, and a database counts it in no time: it finds the few texts
    for which `likeness` is worth computing.
    """
    bits = ["0"] * SKETCH_BITS
    for run in runs:
        bits[zlib.crc32(run.encode()) % SKETCH_BITS] = "1"
    return "".join(bits)


def likeness(one: Traits, other: Traits) -> Likeness:
    """Return how alike two proposals are."""
    words = overlap(one.shingles, other.shingles)
    metres = None
    if one.place and other.place and may_be_within(one.place, other.place, NEAR):
        metres = metres_between(one.place, other.place)
    near = metres is not None and metres <= NEAR
    same_theme = one.theme is not None and one.theme == other.theme
    same_district = one.district is not None and one.district == other.district
    score = words
    if near:
        # On the same spot and about the same thing they are alike in any language.
        score += 250 if same_theme else 120
    elif same_theme and same_district:
        score += 60
    reasons: list[Reason] = []
    if words >= LEAST:
        reasons.append("same_words")
    if near:
        reasons.append("same_place")
    elif same_district:
        reasons.append("same_district")
    if same_theme:
        reasons.append("same_theme")
    return Likeness(min(score, 1000), tuple(reasons), metres)


def overlap(one: frozenset[str], other: frozenset[str]) -> int:
    """Return how much of the shorter text's runs the longer one has too, damped by how much longer it is (0-1000)."""
    if not one or not other:
        return 0
    common = len(one & other)
    return 1000 * common * 2 // (len(one) + len(other))


def most_alike(wanted: Traits, others: Iterable[tuple[str, Traits]], *, most: int = 5) -> list[tuple[str, Likeness]]:
    """Return the proposals that are alike, the likest first, with their keys; equal ones in the order of the keys."""
    found = [(key, likeness(wanted, other)) for key, other in others]
    alike: Sequence[tuple[str, Likeness]] = [(key, how) for key, how in found if how.score >= LEAST]
    return sorted(alike, key=lambda pair: (-pair[1].score, pair[0]))[:most]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold().translate(_KEPT))
    return "".join(mark for mark in decomposed if unicodedata.category(mark) != "Mn").translate(_BACK)


#: å, ä and ö go through the loss of accents as signs of their own.
_KEPT = str.maketrans({"å": "\ue001", "ä": "\ue002", "ö": "\ue003"})
_BACK = str.maketrans({"\ue001": "å", "\ue002": "ä", "\ue003": "ö"})
