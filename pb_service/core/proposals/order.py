"""The order of a long list that favours nobody: drawn for each reader, the same as long as that reader browses.

What stands first in a list gets the most readers, so no fixed order (newest first, by name, most supported) treats
proposals alike. Each reader is given a *draw*, six letters and digits that travel in the address of the list; under it
every proposal has a place of its own, a hash of draw and number. Over all draws each proposal stands equally often on
each place. What is added or taken away meanwhile, or hidden by a filter, moves nothing else out of its order.
"""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

#: Letters and digits that are not taken for each other.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 6
#: Signs that stand after z.
_AFTER_Z = {"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"}
_DRAW = re.compile(f"[{_LETTERS}]{{{_LENGTH}}}")


def draw_of(random: bytes) -> str:
    """Return a draw made from at least eight random bytes. Raises ValueError for fewer."""
    if len(random) < 8:
        raise ValueError("a draw needs eight random bytes")
    number, letters = int.from_bytes(random[:8], "big"), []
    for _ in range(_LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def is_draw(text: str) -> bool:
    """Whether a text from an address is a draw."""
    return _DRAW.fullmatch(text) is not None


def drawn(numbers: Iterable[int], draw: str) -> list[int]:
    """Return the numbers of proposals in the order of a draw; each number once, whatever order they came in."""
    key = draw.encode()
    return sorted(set(numbers), key=lambda number: (blake2b(b"%d" % number, key=key, digest_size=8).digest(), number))


def title_key(title: str) -> str:
    """Return what titles are sorted by, as Finnish and Swedish have it: å, ä and ö after z, other accents ignored."""
    letters = "".join(_AFTER_Z.get(mark, mark) for mark in unicodedata.normalize("NFC", title).casefold())
    plain = unicodedata.normalize("NFKD", letters)
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).lstrip("\"'”»( ")
