"""When two e-mail addresses are one, and which are refused because they only look like another.

An address that is typed is brought to its compatibility form (Unicode NFKC: full-width letters, ligatures), its domain
to ASCII (IDNA, UTS 46), and everything to small letters: that is the key, unique among accounts. The part before the @
must be ASCII already: few mail servers take anything else, and letters of other scripts there serve imitation. A label
of the domain may hold letters of one script: a bank's name with a Cyrillic a in it is refused, `päiväkoti` is not.
"""

import unicodedata
from typing import ClassVar

from pb_service.platform.errors import DomainError
from pb_service.platform.mail import MailRefused, address

#: RFC 5321 allows 254; what is longer is cut short before anything else looks at it.
MOST_LETTERS = 254


class EmailRefused(DomainError):
    """This is not an e-mail address that can be an account's."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "email-refused"


def plain_email(typed: str) -> str:
    """Return the address as it is kept and shown: compatibility form, domain in ASCII. Raises EmailRefused."""
    if len(typed) > MOST_LETTERS:
        raise EmailRefused("An e-mail address has at most 254 letters.")
    text = unicodedata.normalize("NFKC", typed.strip())
    domain = text.rpartition("@")[2]
    if any(len(_scripts(label)) > 1 for label in domain.split(".")):
        raise EmailRefused("The address mixes letters of different scripts.")
    try:
        found = address(text)
    except MailRefused as error:
        raise EmailRefused(str(error)) from error
    if "." not in found.domain and found.domain != "localhost":
        raise EmailRefused("The part after the @ must be a domain, such as example.org.")
    return f"{found.username}@{found.domain}"


def email_key(typed: str) -> str:
    """Return what makes an address the same as another one. Raises EmailRefused."""
    return plain_email(typed).casefold()


def _scripts(label: str) -> set[str]:
    """The scripts of a label's letters by the first word of their Unicode names, such as LATIN or CYRILLIC."""
    return {unicodedata.name(letter, "?").split()[0] for letter in label if letter.isalpha()}
