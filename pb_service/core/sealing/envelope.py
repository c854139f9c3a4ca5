"""A sealed ballot with the proof that its maker knew what is in it (docs/protocol.md, "Seal").

ElGamal under the trustees' joint key; the proof is bound to election, contest, alias and base, so a copied envelope is
worthless under any other name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.core.record.framing import h32, u32
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.sealing.blocks import blocks
from pb_service.core.sealing.group import (
    Random,
    hash_to_scalar,
    minus,
    plus,
    random_scalar,
    read_point,
    read_scalar,
    scalar_bytes,
    times,
    times_base,
)

#: The pairs (A, B) of a ballot, one a block.
Pairs = tuple[tuple[bytes, bytes], ...]


class EnvelopeError(ValueError):
    """An envelope is malformed, or its proof does not hold."""


@dataclass(frozen=True)
class Place:
    """Where an envelope belongs: election, contest, the voter's alias, and the size of the log that the voter saw."""

    eid: bytes
    contest: str
    alias: bytes
    base: int

    def parts(self) -> tuple[bytes, ...]:
        """Return what every hash over an envelope begins with."""
        return self.eid, self.contest.encode(), self.alias, u32(self.base)


@dataclass(frozen=True)
class Envelope:
    """A sealed ballot. ``proof`` is the challenge and one answer a block, 32 bytes each."""

    place: Place
    pairs: Pairs
    proof: tuple[bytes, ...]

    def row(self) -> bytes:
        """Return the pairs as they go into the mix: 64 bytes a block."""
        return b"".join(a + b for a, b in self.pairs)

    def seal_hash(self) -> bytes:
        """Return the hash by which an envelope is told from every other."""
        return h32("pb/seal", *self.place.parts(), self.row(), b"".join(self.proof))

    def seal_code(self) -> str:
        """Return what a person compares: 16 symbols of Crockford's base32."""
        return crockford(self.seal_hash()[:10])


def seal(payload: bytes, place: Place, key: bytes, random: Random) -> tuple[Envelope, list[int]]:
    """Return the envelope of a payload under the joint key, and the randomness by which it can be opened for a check.

    Whoever knows the randomness can open the envelope: one that was shown for a check is never cast.
    """
    secrets = [random_scalar(random) for _ in range(len(payload) // 30)]
    return _sealed(payload, place, key, secrets, [random_scalar(random) for _ in secrets]), secrets


def check(envelope: Envelope) -> None:
    """Check every point and the proof of knowledge. Raises EnvelopeError."""
    try:
        for pair in envelope.pairs:
            read_point(pair[0])
            read_point(pair[1])
        challenge, *answers = (read_scalar(part) for part in envelope.proof)
    except ValueError as error:
        raise EnvelopeError(str(error)) from error
    if not envelope.pairs or len(answers) != len(envelope.pairs):
        raise EnvelopeError("the proof has not one answer a block")
    promises = [
        minus(times_base(answer), times(challenge, a)) for answer, (a, _) in zip(answers, envelope.pairs, strict=True)
    ]
    if _challenge(envelope.place, envelope.pairs, promises) != challenge:
        raise EnvelopeError("the proof of knowledge does not hold")


def check_opening(envelope: Envelope, payload: bytes, secrets: Sequence[int], key: bytes) -> None:
    """Check that an envelope holds that payload, given its randomness (audit or cast). Raises EnvelopeError."""
    check(envelope)
    if len(payload) != 30 * len(secrets) or _pairs(payload, key, secrets) != envelope.pairs:
        raise EnvelopeError("the envelope does not hold this ballot")


def _sealed(payload: bytes, place: Place, key: bytes, secrets: Sequence[int], nonces: Sequence[int]) -> Envelope:
    pairs = _pairs(payload, key, secrets)
    challenge = _challenge(place, pairs, [times_base(nonce) for nonce in nonces])
    answers = [nonce + challenge * secret for nonce, secret in zip(nonces, secrets, strict=True)]
    return Envelope(place, pairs, (scalar_bytes(challenge), *map(scalar_bytes, answers)))


def _pairs(payload: bytes, key: bytes, secrets: Sequence[int]) -> Pairs:
    return tuple(
        (times_base(secret), plus(point, times(secret, key)))
        for point, secret in zip(blocks(payload), secrets, strict=True)
    )


def _challenge(place: Place, pairs: Pairs, promises: Sequence[bytes]) -> int:
    return hash_to_scalar("pb/pok", *place.parts(), *(point for pair in pairs for point in pair), *promises)
