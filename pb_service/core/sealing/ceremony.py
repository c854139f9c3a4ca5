"""How trustees make a joint key that none of them ever holds (docs/protocol.md, "Key ceremony").

Pedersen's distributed key generation with commitments first and proofs of knowledge, so that nobody can choose a part
after seeing the others'. Messages are the fields of entries; who signs and logs them does not know what they mean.
Trustees are numbered from 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from pb_service.core.record.canonical import CanonicalError, b64u, encode, unb64u
from pb_service.core.record.framing import frame, h32, u32
from pb_service.core.sealing.group import (
    IDENTITY,
    ORDER,
    SIZE,
    GroupError,
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

#: RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

#: With a key of small order every exchange gives zeros, so any one shows it.
_ANY_KEY = X25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")


class CeremonyError(ValueError):
    """A message of the ceremony is malformed, or does not fit the others."""


@dataclass(frozen=True)
class Setting:
    """What a ceremony is bound to: the id of its setup, how many trustees there are, and how many open the ballots."""

    sid: bytes
    trustees: int
    quorum: int

    def __post_init__(self) -> None:
        if not 2 <= self.quorum <= self.trustees <= 15:
            raise CeremonyError("from 2 to 15 trustees, of whom at least two are needed")


@dataclass(frozen=True)
class Secrets:
    """What one trustee keeps to herself until she has her share: the polynomial and the key that shares are sent to."""

    coefficients: tuple[int, ...] = field(repr=False)
    receiving: X25519PrivateKey = field(repr=False)

    @classmethod
    def draw(cls, setting: Setting, random: Random) -> "Secrets":
        return cls(
            tuple(random_scalar(random) for _ in range(setting.quorum)), X25519PrivateKey.from_private_bytes(random(32))
        )

    def commitments(self) -> list[bytes]:
        return [times_base(coefficient) for coefficient in self.coefficients]

    def share_for(self, trustee: int) -> int:
        """Return the polynomial's value at the trustee's number."""
        return _evaluate(self.coefficients, trustee)


@dataclass(frozen=True)
class JointKey:
    """The key that ballots are sealed to, and the public half of every trustee's share of it."""

    key: bytes
    shares: tuple[bytes, ...]


def promise(setting: Setting, trustee: int, secrets: Secrets) -> dict[str, Any]:
    """Return the fields of `tk1`: the key for receiving shares, and a hash that fixes the commitments unseen."""
    return {
        "j": trustee,
        "x": b64u(secrets.receiving.public_key().public_bytes_raw()),
        "h": b64u(_commitment_hash(setting, trustee, secrets.commitments())),
    }


def transcript(promises: Sequence[Mapping[str, Any]]) -> bytes:
    """Return h1, the hash over all `tk1` entries as logged, signatures included, in the order of the trustees."""
    return h32("pb/tk1", *map(encode, promises))


def deal(
    setting: Setting, trustee: int, secrets: Secrets, promises: Sequence[Mapping[str, Any]], random: Random
) -> dict[str, Any]:
    """Return the fields of `tk2`: commitments, proof of knowing the secret, and a sealed share for every other."""
    h1 = transcript(promises)
    commitments = secrets.commitments()
    nonce = random_scalar(random)
    challenge = _proof_challenge(setting, trustee, h1, commitments[0], times_base(nonce))
    shares = []
    for other, message in enumerate(promises, start=1):
        if other == trustee:
            shares.append("")
            continue
        receiver = X25519PublicKey.from_public_bytes(_bytes_of(message["x"], 32))
        share = scalar_bytes(secrets.share_for(other))
        shares.append(b64u(HPKE.encrypt(share, receiver, info=_share_info(setting, h1, trustee, other))))
    return {
        "j": trustee,
        "c": [b64u(commitment) for commitment in commitments],
        "pf": [b64u(scalar_bytes(challenge)), b64u(scalar_bytes(nonce + challenge * secrets.coefficients[0]))],
        "sh": shares,
    }


def check_deals(
    setting: Setting, promises: Sequence[Mapping[str, Any]], deals: Sequence[Mapping[str, Any]]
) -> list[list[bytes]]:
    """Check every `tk2` against its `tk1` and return all commitments. Raises CeremonyError naming the trustee."""
    if len(promises) != setting.trustees or len(deals) != setting.trustees:
        raise CeremonyError(f"{setting.trustees} trustees, so as many messages of each kind")
    return [check_deal(setting, j, promises, dealt) for j, dealt in enumerate(deals, start=1)]


def check_promise(promised: Mapping[str, Any]) -> None:
    """Check the key of a `tk1`. Raises CeremonyError where a share sealed to it could be read by anybody."""
    try:
        _ANY_KEY.exchange(X25519PublicKey.from_public_bytes(_bytes_of(promised["x"], SIZE)))
    except (CanonicalError, ValueError) as error:  # ValueError: the exchange gives zeros, as with every other key
        raise CeremonyError(f"trustee {promised['j']}: the key for shares is of small order") from error


def receive(
    setting: Setting,
    trustee: int,
    secrets: Secrets,
    promises: Sequence[Mapping[str, Any]],
    deals: Sequence[Mapping[str, Any]],
) -> tuple[int, list[int]]:
    """Return the trustee's share of the joint key and nobody, or 0 and the trustees whose sealed share was wrong."""
    commitments = check_deals(setting, promises, deals)
    h1 = transcript(promises)
    share, accused = secrets.share_for(trustee), []
    for other in range(1, setting.trustees + 1):
        if other == trustee:
            continue
        part = _opened(secrets, deals[other - 1]["sh"][trustee - 1], _share_info(setting, h1, other, trustee))
        if part is None or times_base(part) != _in_the_exponent(commitments[other - 1], trustee):
            accused.append(other)
        else:
            share += part
    return (0 if accused else share % ORDER), accused


def acknowledge(trustee: int, share: int, accused: Sequence[int]) -> dict[str, Any]:
    """Return the fields of `tk3`: the public half of the share, or nobody's and who is accused."""
    return {"j": trustee, "y": "" if accused else b64u(times_base(share)), "bad": list(accused)}


def abandonment(attempt: int, why: str) -> dict[str, Any]:
    """Return the fields of `abandon`: which ceremony the registrar gives up, and the reason out of a short list."""
    return {"try": attempt, "why": why}


def joint_key(commitments: Sequence[Sequence[bytes]]) -> JointKey:
    """Return the joint key and every public share, from commitments alone. Raises CeremonyError for an empty key."""
    key, shares = IDENTITY, []
    for row in commitments:
        key = plus(key, row[0])
    for trustee in range(1, len(commitments) + 1):
        share = IDENTITY
        for row in commitments:
            share = plus(share, _in_the_exponent(row, trustee))
        shares.append(share)
    if key == IDENTITY or IDENTITY in shares:
        raise CeremonyError("the joint key, or a share of it, is empty")
    return JointKey(key, tuple(shares))


def check_deal(
    setting: Setting, trustee: int, promises: Sequence[Mapping[str, Any]], dealt: Mapping[str, Any]
) -> list[bytes]:
    """Check one `tk2`, given every `tk1`, and return its commitments. Raises CeremonyError naming the trustee."""
    h1, promised = transcript(promises), promises[trustee - 1]
    try:
        commitments = [read_point(_bytes_of(text, SIZE)) for text in dealt["c"]]
        challenge, answer = (read_scalar(_bytes_of(text, SIZE)) for text in dealt["pf"])
        sealed = [_bytes_of(text, None) for text in dealt["sh"]]
    except (GroupError, CanonicalError) as error:
        raise CeremonyError(f"trustee {trustee}: {error}") from error
    if promised["j"] != trustee or dealt["j"] != trustee or len(commitments) != setting.quorum:
        raise CeremonyError(f"trustee {trustee}: another number, or not {setting.quorum} commitments")
    if [len(share) for share in sealed] != [0 if i == trustee else 80 for i in range(1, setting.trustees + 1)]:
        raise CeremonyError(f"trustee {trustee}: not one sealed share for every other")
    if b64u(_commitment_hash(setting, trustee, commitments)) != promised["h"]:
        raise CeremonyError(f"trustee {trustee}: the commitments are not those promised")
    known = minus(times_base(answer), times(challenge, commitments[0]))
    if _proof_challenge(setting, trustee, h1, commitments[0], known) != challenge:
        raise CeremonyError(f"trustee {trustee}: the proof of knowledge does not hold")
    return commitments


def _opened(secrets: Secrets, sealed: str, info: bytes) -> int | None:
    try:
        return read_scalar(HPKE.decrypt(unb64u(sealed, 80), secrets.receiving, info=info))
    except (InvalidTag, GroupError, CanonicalError, ValueError):
        return None


def _evaluate(coefficients: Sequence[int], at: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * at + coefficient) % ORDER
    return value


def _in_the_exponent(commitments: Sequence[bytes], at: int) -> bytes:
    value = IDENTITY
    for commitment in reversed(commitments):
        value = plus(times(at, value), commitment)
    return value


def _commitment_hash(setting: Setting, trustee: int, commitments: Sequence[bytes]) -> bytes:
    return h32("pb/tk", setting.sid, u32(trustee), *commitments)


def _proof_challenge(setting: Setting, trustee: int, h1: bytes, commitment: bytes, known: bytes) -> int:
    return hash_to_scalar("pb/tkpok", setting.sid, u32(trustee), h1, commitment, known)


def _share_info(setting: Setting, h1: bytes, sender: int, receiver: int) -> bytes:
    return frame(b"pb/share", setting.sid, h1, u32(sender), u32(receiver))


def _bytes_of(text: str, size: int | None) -> bytes:
    return unb64u(text, size)
