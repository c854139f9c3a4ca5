"""Ways of showing who one is: the interface that every road keeps, and what is remembered of a person who took one.

A driver ends, by whatever road of its own (a provider's pages, a code in a letter, an officer at a desk), in an
`Identity`. Little of that is stored:

- The person id (a personal identity code, say) never. There are so few codes that a plain hash of one can be turned
  back by trying them all, so the row holds an HMAC-SHA256 under a key outside the database: the `pseudonym`. Two roads
  that know a person by the same number (`scheme`), such as a bank and an identity card at a desk, give the same
  pseudonym, so nobody is two people by taking both.
- The birth date never: only its year. Rules of rounds ask for an age on a day. For all but one year's children the
  year alone answers that (`ages_in`); for that one the full date is asked again, at the moment when it matters, from
  the provider (`Identity.age_on`). A full date beside a postal code names most people; a year does not.
- Municipality, postal code and assurance as the provider states them, to tell whose rule they meet.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from pb_service.core.record.framing import frame
from pb_service.core.voting.aliases import person_id, person_of
from pb_service.web.locales import Language

#: How sure the provider is, in the words of eIDAS (Regulation (EU) 910/2014, article 8).
Assurance = Literal["low", "substantial", "high"]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a road found out about a person. Nothing of it is shown when the object is printed or logged."""

    #: Whose numbering the person id is of, such as ``fi-hetu``, or a provider's address for its own numbers.
    scheme: str = field(repr=False)
    person_id: str = field(repr=False)
    assurance: Assurance
    birth_date: date | None = field(default=None, repr=False)
    municipality: str | None = field(default=None, repr=False)
    postal_code: str | None = field(default=None, repr=False)

    def pseudonym(self, key: bytes) -> bytes:
        """Return the 32 bytes by which the person is known here; ``key`` is a secret "identity" of the KeyFolder.

        The person id is read as in protocol.md 2.5: NFC, trimmed, upper case.
        """
        person = unicodedata.normalize("NFC", self.person_id).strip().upper()
        return hmac.digest(key, frame(b"pb/person", self.scheme.encode(), person.encode()), hashlib.sha256)

    def person(self, key: bytes) -> bytes:
        """Return the 32 bytes by which rolls know the person; ``key`` is the secret "person" of the KeyFolder.

        It never changes, unlike those of pseudonyms: rolls hold what was computed with it.
        """
        return person_of(key, self.scheme, person_id(self.person_id))

    def age_on(self, day: date) -> int | None:
        """Return the person's age on that day in whole years, or None if the birth date is not known.

        Who is born on 29 February comes of age on 1 March in a year without that day.
        """
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (0 if had_birthday else 1)


def ages_in(birth_year: int, year: int) -> tuple[int, int]:
    """Return the youngest and the oldest that somebody born in ``birth_year`` can be on a day of ``year``."""
    return max(year - birth_year - 1, 0), year - birth_year


@dataclass(frozen=True)
class Road:
    """A way to sign in as the page offers it: an address of ours, its name, and one sentence about it or none."""

    key: str
    href: str
    name: str
    about: str = ""


class SigninDriver(Protocol):
    """A road into the service."""

    @property
    def key(self) -> str:
        """Its name in addresses and tables: small letters, digits, hyphens."""

    def road(self, language: Language, next_path: str) -> Road:
        """Return how the sign-in page offers it; whoever takes it comes to ``next_path``, a path of ours."""


@dataclass(frozen=True)
class SigninDrivers:
    """The drivers in force, in the order of the sign-in page; app.py fills the list."""

    drivers: Sequence[SigninDriver]

    def roads(self, language: Language, next_path: str, *, but: str = "") -> list[Road]:
        """Return every road but the one that has just failed."""
        return [driver.road(language, next_path) for driver in self.drivers if driver.key != but]
