"""How old those were who voted, in groups of years: numbers that the service counts from data of its own.

The record knows nobody's age, so nobody can make these numbers of it; the document says so (``source``). An age is the
one that somebody reaches in the year in which the vote closed: no more than the year of birth is known.

Every number below `LEAST` is left out, none at all too: that nobody of an age voted would tell of each of them. Further
ones are left out until the sum does not tell what each is (`hides`). Which these are must not depend on
how large they are: of the next larger one it would be known that it is no larger than those that are shown, and that
can be enough to tell the small one. So they are taken in an order that is fixed. Whose age is not known comes last in
it: that may be all of a channel or a district (a roll without years of birth), whose number is shown elsewhere.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.voting.turnout import LEAST, hides

#: The groups: what they are called, and the greatest age in each.
GROUPS: Final = (("0-17", 17), ("18-29", 29), ("30-44", 44), ("45-59", 59), ("60-74", 74), ("75-", None))
UNKNOWN: Final = "unknown"
#: What is left out beside what is small, the first of these first.
_BESIDE: Final = ("75-", "0-17", "60-74", "18-29", "45-59", "30-44", UNKNOWN)


def grouped(years_of_birth: Mapping[int | None, int], year: int) -> dict[str, int]:
    """Return how many are in each group in ``year``, given how many were born in each; none is known of None.

    Those whose year is not known are a group too, if there are any.
    """
    found = Counter({name: 0 for name, _ in GROUPS})
    for born, number in years_of_birth.items():
        found[UNKNOWN if born is None else _group(year - born)] += number
    return dict(found)


def shown_ages(cells: Mapping[str, int], least: int = LEAST) -> dict[str, int | None]:
    """Return the numbers of groups that may be shown, None for those left out."""
    hidden = {name for name, number in cells.items() if number < least}
    rest = [name for name in _BESIDE if name in cells and name not in hidden]
    while hidden and rest and not hides([cells[name] for name in hidden], least):
        hidden.add(rest.pop(0))
    return {name: None if name in hidden else number for name, number in cells.items()}


def ages_document(cells: Mapping[str, int], eid: bytes, year: int) -> bytes | None:
    """Return the ages as published, canonical JSON: numbers that are left out without ``n``. None if all ages are."""
    found = shown_ages(cells)
    if all(found[name] is None for name, _ in GROUPS):
        return None
    body: dict[str, Any] = {
        "v": 1,
        "e": b64u(eid),
        "source": "service",
        "least": LEAST,
        "year": year,
        "total": sum(cells.values()),
        "ages": [{"group": name} if number is None else {"group": name, "n": number} for name, number in found.items()],
    }
    return encode(body)


def _group(age: int) -> str:
    return next(name for name, most in GROUPS if most is None or age <= most)
