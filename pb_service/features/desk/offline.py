"""Paper that was given while the network was cut.

On the device two officers sign a slip: contest, box, moment, and the person, sealed to the service, so that nobody who
finds the device can read whom they served. When the network is back the service opens it, finds the person, and makes
the entry of the record; the device has both officers sign that too. Only then does it stand in the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, b64u, decode, unb64u
from pb_service.features.accounts import signing_keys
from pb_service.features.accounts.identity_errors import SignatureRefused
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.desk import handing, repository
from pb_service.features.desk.errors import DeskRefused, NotThere
from pb_service.features.desk.people import Typed, find_person
from pb_service.features.desk.tables import DeskSlip
from pb_service.features.opening.drafting import evidence_key, granted_keys
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import orders
from pb_service.features.voting.orders import Waiting
from pb_service.features.voting.polling import Polling
from pb_service.platform.keys import KeyFolder

HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_FIELDS = {"v", "k", "e", "d", "no", "i", "t", "who", "sg"}
_PERSON = {"number", "email", "name", "born"}

Signatures = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Officer:
    """A desk officer's key that the record may know, with its holder."""

    key: str
    account_id: UUID


def sealed_for(eid: bytes) -> bytes:
    """Return the context to which the person of a slip is sealed."""
    return b"pb/slip/" + b64u(eid).encode()


async def officers(session: AsyncSession, found: Round) -> list[Officer]:
    """Return the keys granted to desk officers of a round."""
    return [
        Officer(b64u(key.public_key), key.account_id)
        for grant, key in await granted_keys(session, found)
        if grant.role == "desk" and key.account_id is not None
    ]


async def receive(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    polling: Polling,
    slip: Mapping[str, Any],
    *,
    keys: KeyFolder,
    now: datetime,
) -> Waiting:
    """Take a slip and return the step that it becomes; the same slip again is the same step.

    Raises DeskRefused, OrderRefused, SignatureRefused, Forbidden.
    """
    require(actor, "desk.serve", round_id=found.id)
    known, given_at = _read(slip, polling)
    row = await session.get(DeskSlip, known)
    if row is not None and row.order_id is not None and row.round_id == found.id:
        return await orders.waiting_order(session, found, row.order_id)
    await _verify(session, found, slip, now)
    person = await find_person(session, polling, _person(slip["who"], polling, keys), keys=keys)
    if person is None:
        raise DeskRefused("nobody", "Nobody is known by what was typed.")
    place = next((one for one in await repository.places_of(session, found.id) if one.no == slip["no"]), None)
    if place is None:
        raise DeskRefused("place")
    order = await handing.give_late(session, actor, found, polling, person, contest=slip["d"], place=place, now=now)
    session.add(
        DeskSlip(
            id=known,
            round_id=found.id,
            order_id=order.id,
            given_at=min(given_at, now),  # as the device's clock had it, which decides nothing
            received_at=now,
            received_by=actor.account_id,
        )
    )
    await session.flush()
    return await orders.waiting_order(session, found, order.id)


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    order_id: UUID,
    given: Signatures,
    *,
    operator: Ed25519PrivateKey,
    now: datetime,
) -> bool:
    """Take the officers' signatures under the entry that a slip became. Returns whether it stands in the record.

    Each signature counts for the holder of its key, whoever sends it. Raises NotThere, OrderRefused, SignatureRefused.
    """
    require(actor, "desk.serve", round_id=found.id)
    if await session.scalar(select(DeskSlip.id).where(DeskSlip.order_id == order_id)) is None:
        raise NotThere
    if (await orders.waiting_order(session, found, order_id)).order.logged_at is not None:
        return True
    holders = {officer.key: officer.account_id for officer in await officers(session, found)}
    is_logged = False
    for public_key, signature in _pairs(given):
        is_logged = await orders.sign(
            session,
            Actor(account_id=holders.get(public_key)),
            found,
            order_id,
            "desk",
            kinds=orders.PAPER,
            public_key=public_key,
            signature=signature,
            operator=operator,
            now=now,
        )
    return is_logged


def _read(slip: Mapping[str, Any], polling: Polling) -> tuple[UUID, datetime]:
    texts = ("e", "d", "no", "i", "who")
    if slip.keys() != _FIELDS or slip["v"] != 1 or slip["k"] != "slip" or type(slip["t"]) is not int:
        raise DeskRefused("slip", "This is no slip.")
    if not all(isinstance(slip[name], str) for name in texts) or slip["e"] != b64u(polling.manifest.eid):
        raise DeskRefused("slip", "This is no slip of this vote.")
    try:
        return UUID(slip["i"]), datetime.fromtimestamp(slip["t"], UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise DeskRefused("slip", "This is no slip.") from error


def _pairs(given: object) -> list[tuple[str, str]]:
    pairs = [
        (pair[0], pair[1])
        for pair in (given if isinstance(given, list) else [])
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
    ]
    if len(pairs) != 2:
        raise DeskRefused("slip", "Two officers sign.")
    return pairs


async def _verify(session: AsyncSession, found: Round, slip: Mapping[str, Any], now: datetime) -> None:
    """Check that two different officers signed a slip."""
    holders = {officer.key: officer.account_id for officer in await officers(session, found)}
    entry = {name: value for name, value in slip.items() if name != "sg"}
    signers = set()
    for public_key, signature in _pairs(slip["sg"]):
        if public_key not in holders:
            raise SignatureRefused("ungranted")
        holder = Actor(account_id=holders[public_key])
        await signing_keys.verify(
            session, holder, entry, public_key=public_key, signature=signature, round_id=found.id, role="desk", now=now
        )
        signers.add(holder.account_id)
    if len(signers) < 2:
        raise DeskRefused("same_hand", "Two officers sign.")


def _person(who: str, polling: Polling, keys: KeyFolder) -> Typed:
    try:
        read = decode(HPKE.decrypt(unb64u(who), evidence_key(keys), info=sealed_for(polling.manifest.eid)))
        if not isinstance(read, dict) or read.keys() != _PERSON or not all(type(one) is str for one in read.values()):
            raise DeskRefused("slip", "The person of this slip cannot be read.")
        born = date.fromisoformat(read["born"]) if read["born"] else None
    except (CanonicalError, InvalidTag, ValueError) as error:
        raise DeskRefused("slip", "The person of this slip cannot be read.") from error
    return Typed(number=read["number"], email=read["email"], name=read["name"], born=born)
