"""A ballot's choices as the bytes that are sealed (docs/protocol.md, "Payload"): as many for every choice.

Version 1, the number of the encoding, the body, zeros up to 30 bytes a block. One choice has exactly one payload.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits
from pb_service.core.rounds.limits import breaches

Encoding = Literal[1, 2, 3, 4]
BITMAP: Encoding = 1
BYTES: Encoding = 2
SLOTS: Encoding = 3
PAIRS: Encoding = 4

BLOCK = 30
_VERSION = 1
_MOST_BLOCKS = 64
_MOST_PROJECTS = 65_534
_VALUED = ("points", "scores")


class PayloadError(ValueError):
    """The bytes are no payload of this contest, or the choice breaks its limits."""


@dataclass(frozen=True)
class BallotShape:
    """What of a contest decides how its ballots are sealed; costs in minor units, by project number."""

    fmt: BallotFormat
    limits: Limits
    costs: tuple[int, ...]
    enc: Encoding
    width: int

    @classmethod
    def of(cls, fmt: BallotFormat, limits: Limits, costs: Sequence[int]) -> "BallotShape":
        """Return the shape with the encoding that needs fewer blocks, the first of two that need equally many.

        Raises PayloadError for a contest that cannot be sealed: too many projects, values beyond a byte, too wide.
        """
        if not 0 < len(costs) <= _MOST_PROJECTS:
            raise PayloadError(f"a contest has from 1 to {_MOST_PROJECTS} projects")
        if fmt == "scores" and not ({"smin", "smax"} <= limits.keys() and 0 <= limits["smax"] - limits["smin"] <= 254):
            raise PayloadError("scores need a lowest and a highest one, at most 254 apart")
        picks = min(limits.get("k", len(costs)), len(costs))
        bodies: dict[Encoding, int] = {}
        if fmt in _VALUED:
            bodies = {BYTES: len(costs), PAIRS: 3 * picks}
        elif fmt == "ordinal":
            bodies = {SLOTS: 2 * picks}
        else:
            bodies = {BITMAP: (len(costs) + 7) // 8, SLOTS: 2 * picks}
        widths = {enc: -(-(2 + body) // BLOCK) for enc, body in bodies.items()}
        enc = min(widths, key=widths.__getitem__)
        if widths[enc] > _MOST_BLOCKS:
            raise PayloadError(f"a ballot of this contest would need more than {_MOST_BLOCKS} blocks")
        return cls(fmt, limits, tuple(costs), enc, widths[enc])

    @property
    def slots(self) -> int:
        """How many projects an encoding by slots or pairs has room for."""
        return min(self.limits.get("k", len(self.costs)), len(self.costs))


def encode(ballot: Ballot, shape: BallotShape) -> bytes:
    """Return the payload of a ballot. Raises PayloadError when it breaks a limit or is not in published form."""
    _check(ballot, shape)
    body = bytearray()
    match shape.enc:
        case 1:
            body.extend(bytes((len(shape.costs) + 7) // 8))
            for number in cast(list[int], ballot):
                body[number // 8] |= 1 << number % 8
        case 2:
            body.extend(bytes(len(shape.costs)))
            for number, value in cast(list[list[int]], ballot):
                body[number] = _byte_of(value, shape)
        case 3:
            for number in cast(list[int], ballot):
                body += (number + 1).to_bytes(2, "big")
        case 4:
            for number, value in cast(list[list[int]], ballot):
                body += (number + 1).to_bytes(2, "big") + bytes([_byte_of(value, shape)])
    payload = bytes([_VERSION, shape.enc]) + bytes(body)
    return payload.ljust(BLOCK * shape.width, b"\x00")


def decode(payload: bytes, shape: BallotShape) -> Ballot:
    """Return the ballot of a payload. Raises PayloadError unless exactly this ballot encodes to exactly these bytes."""
    if len(payload) != BLOCK * shape.width or payload[:2] != bytes([_VERSION, shape.enc]):
        raise PayloadError("another version, encoding or length")
    body = payload[2:]
    ballot: Ballot
    match shape.enc:
        case 1:
            ballot = [number for number in range(8 * len(body)) if body[number // 8] >> number % 8 & 1]
        case 2:
            ballot = [[number, _value_of(value, shape)] for number, value in enumerate(body) if value]
        case 3:
            numbers = [int.from_bytes(body[start : start + 2], "big") for start in range(0, 2 * shape.slots, 2)]
            ballot = [number - 1 for number in numbers if number]
        case 4:
            slots = [body[start : start + 3] for start in range(0, 3 * shape.slots, 3)]
            ballot = [[int.from_bytes(s[:2], "big") - 1, _value_of(s[2], shape)] for s in slots if any(s)]
    if encode(ballot, shape) != payload:
        raise PayloadError("not the payload of any ballot")
    return ballot


def _check(ballot: Ballot, shape: BallotShape) -> None:
    named = [item[0] if isinstance(item, list) else item for item in ballot]
    if any(isinstance(item, list) != (shape.fmt in _VALUED) for item in ballot):
        raise PayloadError("not a ballot of this format")
    if any(not 0 <= number < len(shape.costs) for number in named):
        raise PayloadError("no such project")
    if len(set(named)) != len(named) or (shape.fmt != "ordinal" and sorted(named) != named):
        raise PayloadError("a project twice, or out of order")
    if shape.enc in {SLOTS, PAIRS} and len(named) > shape.slots:
        raise PayloadError("breaks k")
    if broken := breaches(ballot, shape.fmt, shape.limits, shape.costs):
        raise PayloadError(f"breaks {', '.join(broken)}")


def _byte_of(value: int, shape: BallotShape) -> int:
    byte = value - shape.limits["smin"] + 1 if shape.fmt == "scores" else value
    if not 1 <= byte <= 255:
        raise PayloadError("a value that no byte holds")
    return byte


def _value_of(byte: int, shape: BallotShape) -> int:
    return byte - 1 + shape.limits["smin"] if shape.fmt == "scores" else byte
