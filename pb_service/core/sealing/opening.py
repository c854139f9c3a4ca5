"""From decrypted rows and paper ballots to the ballots file (docs/protocol.md sections 9 to 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import payload
from pb_service.core.sealing.blocks import BlockError, payload_of
from pb_service.core.sealing.payload import BLOCK, BallotShape, PayloadError


class OpeningError(ValueError):
    """A paper list is malformed."""


@dataclass(frozen=True)
class Opened:
    """What a contest's box held: payloads of valid rows and of valid paper ballots, and what was not valid.

    ``invalid`` holds the points of a row, 32 bytes each; ``paper_invalid`` counts the other paper ballots;
    spoilt ones stand in the paper list alone.
    """

    online: tuple[bytes, ...]
    invalid: tuple[bytes, ...]
    paper: tuple[bytes, ...]
    paper_invalid: int

    def document(self, eid: bytes, contest: str) -> dict[str, Any]:
        """Return ballots/<contest>.json: sorted, so that nothing of an order is left."""
        return {
            "v": 1,
            "e": b64u(eid),
            "d": contest,
            "on": [b64u(item) for item in sorted(self.online)],
            "inv": [b64u(item) for item in sorted(self.invalid)],
            "pa": [b64u(item) for item in sorted(self.paper)],
            "pinv": self.paper_invalid,
        }

    def ballots(self, shape: BallotShape) -> list[Ballot]:
        """Return the valid ballots, online and on paper, in the form that the tally takes."""
        return [payload.decode(item, shape) for item in (*self.online, *self.paper)]


def open_box(points: Sequence[bytes], paper: Sequence[bytes], shape: BallotShape) -> Opened:
    """Decode every row of a decrypted list (``points``: pair after pair) and every paper ballot."""
    online, invalid = [], []
    for start in range(0, len(points), shape.width):
        row = list(points[start : start + shape.width])
        try:
            decoded = payload_of(row)
            payload.decode(decoded, shape)
        except (BlockError, PayloadError):
            invalid.append(b"".join(row))
        else:
            online.append(decoded)
    valid = [item for item in paper if _is_valid(item, shape)]
    return Opened(tuple(online), tuple(invalid), tuple(valid), len(paper) - len(valid))


def paper_list(eid: bytes, contest: str, payloads: Sequence[bytes], spoilt: int) -> bytes:
    """Return the file of a contest's paper ballots."""
    pl = [b64u(item) for item in sorted(payloads)]
    return encode({"v": 1, "e": b64u(eid), "d": contest, "pl": pl, "spoilt": spoilt})


def read_paper_list(body: bytes, eid: bytes, contest: str, width: int, count: int) -> tuple[list[bytes], int]:
    """Return payloads of ``width`` blocks and the number of spoilt ballots; ``count`` is how many there are in all.

    Raises OpeningError for any other file.
    """
    try:
        document = decode(body)
        payloads = [unb64u(item, BLOCK * width) for item in document["pl"]]
        spoilt = document["spoilt"]
        expected = paper_list(eid, contest, payloads, spoilt)
    except (CanonicalError, KeyError, TypeError) as error:
        raise OpeningError(f"paper list: {error}") from error
    if expected != body or type(spoilt) is not int or spoilt < 0 or len(payloads) + spoilt != count:
        raise OpeningError("paper list: another form, contest or number of ballots")
    return payloads, spoilt


def _is_valid(item: bytes, shape: BallotShape) -> bool:
    try:
        payload.decode(item, shape)
    except PayloadError:
        return False
    return True
