"""Hashes over framed parts, and the generators: section 1 of docs/protocol.md."""

import hashlib
from typing import Any

from pb_service.verifier.edwards import L

SCALAR = 32


def u32(number: int) -> bytes:
    """An integer as a part of a hash."""
    return number.to_bytes(4, "big")


def frame(*parts: bytes) -> bytes:
    """Each part behind its length, so that no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def h64(tag: str, *parts: bytes) -> bytes:
    """H64: SHA-512 of the framed tag and parts."""
    return hashlib.sha512(frame(tag.encode(), *parts)).digest()


def hs(tag: str, *parts: bytes) -> int:
    """Hs: H64 as a scalar."""
    return int.from_bytes(h64(tag, *parts), "little") % L


def scalar(data: bytes) -> int:
    """The scalar of 32 bytes. Raises ValueError unless it is below L."""
    number = int.from_bytes(data, "little")
    if len(data) != SCALAR or number >= L:
        raise ValueError("scalar")
    return number


def scalars(data: bytes) -> list[int]:
    """The scalars of a list of them. Raises ValueError."""
    return [scalar(data[start : start + SCALAR]) for start in range(0, len(data), SCALAR)]


def split(data: bytes) -> list[bytes]:
    """The points of a list of them, 32 bytes each."""
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def generator(group: Any, number: int) -> Any:
    """gen(i): an element of which nobody knows the logarithm."""
    return group.derive(hashlib.sha512(f"pb/h/{number}".encode()).digest())
