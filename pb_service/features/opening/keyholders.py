"""Trustees whose keys lie on this server: all of them in mode ``self``, which is secrecy against outsiders only, and
every page says so; beside trustees outside, fewer than open a ballot.

Each has one secret in the key folder. From it come her signing key and, for each ceremony, what she draws in it, so
that nothing else need be kept: who she is and what her share is follow from the secret and the record. What must be
fresh each time, nonces above all, is drawn by the system.
"""

import hashlib
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.framing import frame, u32
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing import ceremony
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.trusteeship import Trustee
from pb_service.platform.keys import KeyFolder


def keyholders(keys: KeyFolder, round_id: UUID, count: int, election: Election | None = None) -> list[Trustee]:
    """Return the server's trustees of a round, as far as the record has come: with their secrets of the ceremony under
    way, and their shares once all that gives them is logged.
    """
    found = []
    for number in range(1, count + 1):
        secret = keys.secret(f"trustee{number}-{round_id.hex[12:]}")
        trustee = Trustee(number, Ed25519PrivateKey.from_private_bytes(_drawn(secret, b"sign", 0, 32)))
        if election is not None and election.setup is not None:
            _restore(trustee, secret, election)
        found.append(trustee)
    return found


def held_here(keys: KeyFolder, round_id: UUID, election: Election) -> dict[int, Trustee]:
    """Return, of the trustees whom the setup names, those whose keys lie on this server."""
    setup = election.setup
    if setup is None:
        return {}
    own = keyholders(keys, round_id, setup.setting.trustees, election)
    return {trustee.number: trustee for trustee in own if public_bytes(trustee.key) == setup.keys[trustee.number - 1]}


def hold_ceremony(trustee: Trustee, election: Election) -> bytes:
    """Return the next message of a ceremony, which must be this trustee's turn. Raises TrusteeRefusal."""
    n = len(election.setup.keys) if election.setup else 0
    if len(election.messages["tk1"]) < n:
        return trustee.promise(election, secrets.token_bytes)
    if len(election.messages["tk2"]) < n:
        return trustee.deal(election, secrets.token_bytes)
    return trustee.acknowledge(election)


def _restore(trustee: Trustee, secret: bytes, election: Election) -> None:
    setup = election.setup
    assert setup is not None  # noqa: S101 # asked before
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return _drawn(secret, setup.sid, count, size)

    trustee.sid, trustee.secrets = setup.sid, ceremony.Secrets.draw(setup.setting, random)
    promises, deals = election.messages["tk1"], election.messages["tk2"]
    is_here = public_bytes(trustee.key) == setup.keys[trustee.number - 1]
    if is_here and len(deals) == setup.setting.trustees:
        share, accused = ceremony.receive(setup.setting, trustee.number, trustee.secrets, promises, deals)
        trustee.share = None if accused else share


def _drawn(secret: bytes, what: bytes, count: int, size: int) -> bytes:
    return hashlib.shake_256(frame(b"pb/keyholder", secret, what, u32(count))).digest(size)
