"""Unambiguous hashing of several parts, docs/protocol.md section 1: no two lists of parts give the same bytes."""

import hashlib


def frame(*parts: bytes) -> bytes:
    """Return each part preceded by its length as 4 bytes, big-endian."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def h32(tag: str, *parts: bytes) -> bytes:
    """Return SHA-256 over the frames of ``tag`` and ``parts``: 32 bytes. The tag says what is being hashed."""
    return hashlib.sha256(frame(tag.encode(), *parts)).digest()


def h64(tag: str, *parts: bytes) -> bytes:
    """Return SHA-512 over the frames of ``tag`` and ``parts``: 64 bytes."""
    return hashlib.sha512(frame(tag.encode(), *parts)).digest()


def u32(number: int) -> bytes:
    """Return an integer as a part: 4 bytes, big-endian."""
    return number.to_bytes(4, "big")
