"""Ed25519 as every checker must see it: one equation, no odd keys (docs/schemas/bundle.md section 3).

Libraries differ on keys of small order and on spellings that are not canonical. Which keys and scalars are allowed is
decided here, before the library is asked; what is left, it computes as the rule says: the bytes
of [S]B - [k]A equal R.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pb_service.core.record.canonical import CanonicalError, b64u, encode, unb64u

KEY_SIZE = 32
SIGNATURE_SIZE = 64
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
# The y coordinates of the eight points of small order (a signature under them can fit any message):
# the identity, the point of order 2, the two of order 4 (y = 0) and the four of order 8.
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


class SignatureError(ValueError):
    """A signature is missing, malformed or not valid."""


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public half."""
    return key.public_key().public_bytes_raw()


def fingerprint(public_key: bytes) -> str:
    """Return what people compare: the first 16 bytes of the public half's SHA-256, in hex, in groups of four."""
    digits = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(digits[place : place + 4] for place in range(0, 32, 4))


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature is valid: a sound key, S < L, and the bytes of [S]B - [k]A equal R."""
    if len(signature) != SIGNATURE_SIZE or not _is_plain(public_key):
        return False
    if int.from_bytes(signature[32:], "little") >= _L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: not a point of the curve
        return False
    return True


def is_sound_key(public_key: bytes) -> bool:
    """Say whether the key is the canonical encoding of a point that is not of small order."""
    y = int.from_bytes(public_key, "little") & (2**255 - 1)
    # On the curve x^2 = (y^2 - 1) / (d y^2 + 1), so that this must be a square (RFC 8032, 5.1.3).
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P)
    return _is_plain(public_key) and pow(square, (_P - 1) // 2, _P) == 1


def _is_plain(public_key: bytes) -> bool:
    """Say whether y is reduced and of no point of small order; the library sees at a signature that it is a point."""
    y = int.from_bytes(public_key, "little") & (2**255 - 1)
    return len(public_key) == KEY_SIZE and y < _P and y not in _SMALL_ORDER_Y


def sign_entry(entry: Mapping[str, Any], signers: Mapping[str, Ed25519PrivateKey]) -> dict[str, Any]:
    """Return the entry with ``sg``: one pair [key id, signature] for each signer, ordered by key id."""
    message = _message(entry)
    return {**entry, "sg": [[name, b64u(signers[name].sign(message))] for name in sorted(signers)]}


def verify_entry(entry: Mapping[str, Any], keys: Mapping[str, bytes]) -> None:
    """Check that exactly the keys named in ``keys`` signed the entry. Raises SignatureError saying what is wrong."""
    pairs = entry.get("sg", [])
    signatures = dict(pairs)
    if signatures.keys() != keys.keys() or len(signatures) != len(pairs):
        raise SignatureError(f"signed by {sorted(signatures)}, must be signed by {sorted(keys)}")
    message = _message({name: value for name, value in entry.items() if name != "sg"})
    for name, key in keys.items():
        try:
            signature = unb64u(signatures[name], SIGNATURE_SIZE)
        except CanonicalError as error:
            raise SignatureError(f"signature of {name!r}: {error}") from error
        if not verify(key, message, signature):
            raise SignatureError(f"signature of {name!r} is not valid")


def _message(entry: Mapping[str, Any]) -> bytes:
    return b"pb/sig/" + str(entry["k"]).encode() + b"\x00" + encode(entry)
