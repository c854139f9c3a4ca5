"""Trustees rehearse mixing and opening with the real key before the vote opens (docs/protocol.md section 17).

Three rows that everybody can make again are mixed by every trustee and opened by every trustee. All of it is bound to
an id of its own, so that no message, proof or part of a rehearsal says anything about the vote; and since the rows are
known and every mix is checked, nothing is opened that was secret.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import signatures
from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.record.framing import h32, u32
from pb_service.core.sealing import shuffle, threshold
from pb_service.core.sealing.blocks import BlockError, block, payload_of
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.group import Random, hash_to_scalar, plus, times, times_base

CONTEST = "_test"
ROWS = 3
_REHEARSALS = "rehearsal-"
_FIELDS = {
    "rmix": {"v", "k", "e", "d", "st", "j", "out", "pf", "sg"},
    "rdec": {"v", "k", "e", "d", "j", "list", "f", "sg"},
}


class RehearsalError(ValueError):
    """A rehearsal cannot be held now, or a message of it does not fit."""


def is_rehearsal(origin: str) -> bool:
    """Say whether a whole record is a rehearsal, with keys of its own: the last part of its origin says so."""
    return origin.rpartition("/")[2].startswith(_REHEARSALS)


def rehearsal_id(eid: bytes) -> bytes:
    """Return what takes the place of the election's id in everything that belongs to its rehearsal."""
    return h32("pb/rehearsal", eid)


def payloads() -> list[bytes]:
    """Return what the three rows hold: payloads of encoding 0, so of no contest."""
    return [(b"\x01\x00rehearsal %d" % number).ljust(30, b"\x00") for number in range(1, ROWS + 1)]


def known_rows(rid: bytes, key: bytes) -> bytes:
    """Return the input list: the three rows sealed with randomness that everybody knows, sorted."""
    rows = []
    for number, payload in enumerate(payloads(), start=1):
        known = hash_to_scalar("pb/rehearsal/r", rid, u32(number))
        rows.append(times_base(known) + plus(block(payload), times(known, key)))
    return b"".join(sorted(rows))


class Rehearsal:
    """How far a rehearsal has come. Messages come in a fixed order: a mix by trustee 1 to n, then a part by 1 to n."""

    def __init__(self, election: Election) -> None:
        if election.manifest is None or election.setup is None:
            raise RehearsalError("There is no manifest yet, so nothing to rehearse with.")
        if election.opened:
            raise RehearsalError("The vote is open: a rehearsal comes before it.")
        self.rid = rehearsal_id(election.manifest.eid)
        self._manifest, self._setup = election.manifest, election.setup
        self.rows = known_rows(self.rid, self._manifest.key)
        self.mixes = 0
        self._parts: dict[int, list[bytes]] = {}

    @property
    def turn(self) -> tuple[str, int] | None:
        """The kind of the next message and the trustee who sends it; None when all have come."""
        n = self._setup.setting.trustees
        if self.mixes < n:
            return "rmix", self.mixes + 1
        return ("rdec", len(self._parts) + 1) if len(self._parts) < n else None

    def append(self, body: bytes, files: Mapping[bytes, bytes]) -> None:
        """Take the next message, its signature and proof checked. Raises RehearsalError, and then nothing changed."""
        try:
            fields = decode(body)
            kind, j = fields["k"], fields["j"]
            if (kind, j) != self.turn or fields.keys() != _FIELDS[kind]:
                raise RehearsalError("A message of the rehearsal is not the one whose turn it is.")
            if fields["d"] != CONTEST or [type(fields["v"]), fields["v"], type(j)] != [int, 1, int]:
                raise RehearsalError("A message of another form.")
            if unb64u(fields["e"], 32) != self.rid:
                raise RehearsalError("A message of another rehearsal.")
            signatures.verify_entry(fields, {f"t{j}": self._setup.keys[j - 1]})
            if kind == "rmix":
                self._take_mix(fields, files)
            else:
                self._take_part(fields, files)
        except RehearsalError:
            raise
        except KeyError as error:
            raise RehearsalError("A file of the rehearsal, or a field of a message, is missing.") from error
        except _FAULTS as error:
            raise RehearsalError(f"A message of the rehearsal does not hold: {error}.") from error

    def _take_mix(self, fields: Mapping[str, Any], files: Mapping[bytes, bytes]) -> None:
        j = fields["j"]
        if fields["st"] != j:
            raise RehearsalError("A mix of another stage.")
        after = files[unb64u(fields["out"], 32)]
        shuffle.verify(self.rows, after, files[unb64u(fields["pf"], 32)], self._stage(j))
        self.rows, self.mixes = after, j

    def _take_part(self, fields: Mapping[str, Any], files: Mapping[bytes, bytes]) -> None:
        j = fields["j"]
        if unb64u(fields["list"], 32) != hashlib.sha256(self.rows).digest():
            raise RehearsalError("A part of another list.")
        self._parts[j] = threshold.verify(self.rows, files[unb64u(fields["f"], 32)], self._share(j))

    def mix(self, number: int, key: Ed25519PrivateKey, random: Random) -> tuple[bytes, bytes, bytes]:
        """Return a trustee's mix: message, list and proof."""
        after, proof = shuffle.shuffle(self.rows, self._stage(number), random)
        fields = {"st": number, "out": _hash(after), "pf": _hash(proof)}
        return self._sign("rmix", number, fields, key), after, proof

    def decrypt(self, number: int, key: Ed25519PrivateKey, share: int, random: Random) -> tuple[bytes, bytes]:
        """Return a trustee's part of the opening: message and file. Only after every trustee has mixed."""
        if self.mixes != self._setup.setting.trustees:
            raise RehearsalError("Not every trustee has mixed yet.")
        if times_base(share) != self._manifest.shares[number - 1]:
            raise RehearsalError("This share is not the one that the manifest states.")
        file = threshold.decrypt(self.rows, self._share(number), share, random)
        return self._sign("rdec", number, {"list": _hash(self.rows), "f": _hash(file)}, key), file

    def check_opened(self) -> int:
        """Check that the parts open the three rows, each quorum of neighbours by itself; return how many quorums.

        Neighbours in the circle 1, 2, .., n, 1: every trustee's part is tried, for three trustees every pair.
        Raises RehearsalError.
        """
        n, t = self._setup.setting.trustees, self._setup.setting.quorum
        if self.turn is not None:
            raise RehearsalError("Not every trustee has opened yet.")
        for first in range(n):
            quorum = [(first + place) % n + 1 for place in range(t)]
            points = threshold.combine(self.rows, {number: self._parts[number] for number in quorum})
            try:
                found = sorted(payload_of([point]) for point in points)
            except BlockError:
                found = []
            if found != payloads():
                raise RehearsalError(f"Trustees {', '.join(map(str, quorum))} do not open the rows of the rehearsal.")
        return n

    def _stage(self, number: int) -> shuffle.Stage:
        return shuffle.Stage(self.rid, CONTEST, number, number, self._manifest.key, 1)

    def _share(self, number: int) -> threshold.Share:
        return threshold.Share(self.rid, CONTEST, number, self._manifest.shares[number - 1], 1)

    def _sign(self, kind: str, number: int, fields: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
        message = {"v": 1, "k": kind, "e": b64u(self.rid), "d": CONTEST, "j": number, **fields}
        return encode(signatures.sign_entry(message, {f"t{number}": key}))


#: What a message that somebody else wrote can raise; ValueError is what signatures, lists and proofs do.
_FAULTS = (ValueError, TypeError, AttributeError)


def _hash(body: bytes) -> str:
    return b64u(hashlib.sha256(body).digest())
