"""Aliases: the pseudonym under which a person has one ballot in a group of contests (docs/protocol.md section 6).

Nothing of the person can be told from an alias without the roll key, and two groups' aliases of one person cannot be
told to belong together.
"""

import hashlib
import hmac
import unicodedata

from pb_service.core.record.framing import frame, h32

_SPACE = "\t\n\v\f\r "
_SALT = 16


def person_id(text: str) -> str:
    """Return a person's id in the one spelling that aliases are made from: NFC, trimmed, upper case."""
    return unicodedata.normalize("NFC", text).strip(_SPACE).upper()


def keyed_pseudonym(roll_key: bytes, pid: str) -> bytes:
    """Return the 32 bytes by which a roll knows a person; useless without the key. ``pid``: of `person_id`."""
    return hmac.digest(roll_key, frame(b"pb/person", pid.encode()), hashlib.sha256)


def person_of(person_key: bytes, scheme: str, pid: str) -> bytes:
    """Return the 32 bytes by which accounts and rolls know a person; ``scheme`` says whose numbers ``pid`` is of.

    One person's are the same in every round, so they stand beside accounts alone; a roll has `roll_pseudonym` of them.
    """
    return hmac.digest(person_key, frame(b"pb/roll-person", scheme.encode(), pid.encode()), hashlib.sha256)


def roll_pseudonym(roll_key: bytes, person: bytes) -> bytes:
    """Return the keyed pseudonym of a person in a round's roll, 32 bytes. ``person``: of `person_of`."""
    return hmac.digest(roll_key, frame(b"pb/person", person), hashlib.sha256)


def alias_of(roll_key: bytes, pseudonym: bytes, pid: str, group: str) -> bytes:
    """Return the alias of a person in a group, 32 bytes."""
    salt = hmac.digest(roll_key, frame(b"pb/salt", pseudonym, group.encode()), hashlib.sha256)[:_SALT]
    return h32("pb/alias", salt, pid.encode(), group.encode())
