"""HPKE in base mode out of its parts (RFC 9180), with an ephemeral key of one's choice; the library takes none.

Made for test vectors, and held to those of the RFC; tests compare the library with it in both directions.
"""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x03"


def seal(receiver: bytes, message: bytes, info: bytes, ephemeral: bytes, aad: bytes = b"") -> bytes:
    """Return the encapsulated key and the ciphertext."""
    secret = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = secret.public_key().public_bytes_raw()
    key, nonce = _schedule(secret.exchange(X25519PublicKey.from_public_bytes(receiver)), enc, receiver, info)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, message, aad)


def unseal(receiver: bytes, sealed: bytes, info: bytes, aad: bytes = b"") -> bytes:
    """Return the message. Raises InvalidTag."""
    secret = X25519PrivateKey.from_private_bytes(receiver)
    dh = secret.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    key, nonce = _schedule(dh, sealed[:32], secret.public_key().public_bytes_raw(), info)
    return ChaCha20Poly1305(key).decrypt(nonce, sealed[32:], aad)


def _schedule(dh: bytes, enc: bytes, receiver: bytes, info: bytes) -> tuple[bytes, bytes]:
    shared = _expand(KEM, _extract(KEM, b"", b"eae_prk", dh), b"shared_secret", enc + receiver, 32)
    context = b"\x00" + _extract(SUITE, b"", b"psk_id_hash", b"") + _extract(SUITE, b"", b"info_hash", info)
    secret = _extract(SUITE, shared, b"secret", b"")
    return _expand(SUITE, secret, b"key", context, 32), _expand(SUITE, secret, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return HKDF.extract(SHA256(), salt or None, b"HPKE-v1" + suite + label + ikm)


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), size, labeled).derive(prk)
