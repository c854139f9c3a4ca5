"""Ed25519 by OpenSSL, when the package `cryptography` can be imported: the same answers as ed25519.py, sooner.

OpenSSL checks the same equation, but takes keys that are not canonical or of small order. These are refused before.
"""

from functools import lru_cache

from pb_service.verifier import ed25519

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    _is_here = True
except ImportError:  # pragma: no cover - the checks then run on the standard library alone
    _is_here = False


def is_here() -> bool:
    """Whether OpenSSL can be used."""
    return _is_here


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is valid, as ed25519.verify says it."""
    if not _is_here:
        return ed25519.verify(public, message, signature)
    if len(signature) != 64 or (key := _key(public)) is None:
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=ed25519.KEYS)
def _key(public: bytes) -> "Ed25519PublicKey | None":
    return Ed25519PublicKey.from_public_bytes(public) if ed25519.is_sound(public) else None
