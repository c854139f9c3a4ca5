"""Codes of letters: what a voter types, and the key that a code stands for (docs/protocol.md section 6, "Code letter").

Twenty symbols of Crockford's base32, 100 bits that nobody guesses, and a check symbol that finds a slip of the pen. The
key pair of a group follows from the code alone; the roll holds its public half, and nothing else keeps it.
"""

import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.fingerprint import SYMBOLS, crockford
from pb_service.core.sealing.group import Random

SIZE = 20
_CHECKS = SYMBOLS + "*~$=U"
_TYPED = re.compile(f"[{SYMBOLS}]{{{SIZE}}}[{re.escape(_CHECKS)}]")
#: Symbols that are read as the one they look like.
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
#: Bytes from which a code is made: 13 give 104 bits, of which it takes the first 100.
_BYTES = 13


class CodeError(ValueError):
    """What was typed is no code, or one of its symbols is wrong."""


def new_code(random: Random) -> str:
    """Return a code without its check symbol: 20 symbols."""
    return crockford(random(_BYTES))[:SIZE]


def check_symbol(code: str) -> str:
    """Return Crockford's check symbol: the number that the symbols spell, modulo 37."""
    value = 0
    for symbol in code:
        value = (value * 32 + SYMBOLS.index(symbol)) % 37
    return _CHECKS[value]


def printed(code: str) -> str:
    """Return a code as a letter shows it: five groups of four, and the check symbol by itself."""
    groups = [code[start : start + 4] for start in range(0, SIZE, 4)]
    return "-".join([*groups, check_symbol(code)])


def read_code(typed: str) -> str:
    """Return the 20 symbols of a code as typed with its check symbol. Raises CodeError."""
    code = "".join(typed.upper().split()).replace("-", "").translate(READ_AS)
    if not _TYPED.fullmatch(code):
        raise CodeError("a code has twenty symbols and a check symbol")
    if check_symbol(code[:SIZE]) != code[SIZE]:
        raise CodeError("a symbol of the code is wrong")
    return code[:SIZE]


def key_of(code: str, origin: str, group: str) -> Ed25519PrivateKey:
    """Return the key that a code stands for in a group; ``origin`` is that of the round's record."""
    derived = HKDF(SHA256(), 32, salt=origin.encode(), info=f"pb/code/{group}".encode())
    return Ed25519PrivateKey.from_private_bytes(derived.derive(code.encode("ascii")))


def public_key_of(code: str, origin: str, group: str) -> bytes:
    """Return what the roll holds of a code in a group: 32 bytes."""
    return public_bytes(key_of(code, origin, group))
