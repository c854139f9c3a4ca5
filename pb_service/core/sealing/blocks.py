"""Payloads as points of the group (docs/protocol.md, "Block"): 30 bytes in the middle of a point's encoding."""

from pb_service.core.sealing.group import is_point
from pb_service.core.sealing.payload import BLOCK


class BlockError(ValueError):
    """A point that is not the block of any 30 bytes."""


def block(data: bytes) -> bytes:
    """Return the point whose encoding is 2c, the 30 bytes, 0 for the smallest c from 0 to 127 that gives a point.

    Raises BlockError where none does: one time in 2^53.
    """
    if len(data) != BLOCK:
        raise ValueError(f"a block holds {BLOCK} bytes")
    for counter in range(0, 256, 2):
        encoded = bytes([counter]) + data + b"\x00"
        if is_point(encoded):
            return encoded
    raise BlockError("no point for these bytes")


def blocks(payload: bytes) -> list[bytes]:
    """Return the points of a payload, one for each 30 bytes."""
    return [block(payload[start : start + BLOCK]) for start in range(0, len(payload), BLOCK)]


def payload_of(points: list[bytes]) -> bytes:
    """Return the payload of decrypted points. Raises BlockError for a point that `block` would not have made."""
    parts = []
    for point in points:
        data = point[1 : BLOCK + 1]
        if not is_point(point) or block(data) != point:
            raise BlockError("not the block of any bytes")
        parts.append(data)
    return b"".join(parts)
