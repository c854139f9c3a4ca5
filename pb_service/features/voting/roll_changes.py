"""The roll of an open vote: people added by a `late` entry that two people sign, people taken off by a notice.

Nobody's ballot is touched: who is taken off has no standing any more, and an envelope cast before stands until officers
strike it (orders.py), for the reason ``roll``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, decode, encode
from pb_service.core.sealing.election import Election, RecordError
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.accounts.two_people import Signer, are_complete, keep_signature
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.record import service as record
from pb_service.features.roll import corrections
from pb_service.features.roll import repository as rolls
from pb_service.features.roll.corrections import Addition
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.tables import Roll, RollChange, RollChangeSignature
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import passes, repository
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Waiting:
    """A late addition with who has signed it."""

    change: RollChange
    signed: Sequence[RollChangeSignature]

    @property
    def entry(self) -> dict[str, Any]:
        """What is signed, without signatures."""
        found: dict[str, Any] = decode(self.change.entry)
        return found


async def ask_late(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    wanted: Addition,
    reason: Mapping[str, str],
    *,
    keys: KeyFolder,
    now: datetime,
) -> list[RollChange]:
    """Ask for somebody to be added to the roll of an open vote, once for each group, to be signed.

    Raises RollRefused, ReasonMissing, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    election = await _open(session, found)
    roll = await _roll(session, found)
    pid = await corrections.checked(session, found, wanted.identifier)
    said = await required_reason(session, reason)
    assert election.manifest is not None  # noqa: S101 - it is open
    asked = []
    for row in await corrections.records_for(session, found, roll, wanted, pid, keys=keys):
        row.late = True
        fields = {"g": row.group, "a": b64u(row.alias)}
        entry = {"v": 1, "k": "late", "e": b64u(election.manifest.eid), **fields}
        change = RollChange(
            round_id=found.id,
            group=row.group,
            alias=row.alias,
            entry=encode(entry),
            reason=said,
            asked_by=actor.account_id,
            asked_at=now,
        )
        session.add_all([row, change])
        asked.append(change)
    try:
        await session.flush()
    except IntegrityError:
        raise RollRefused("known", "This person is on the roll already, or was taken off it.") from None
    await corrections.keep_id(session, roll, pid, keys=keys)
    await access_log.note(session, actor.account_id, "roll.late-asked", found.slug, now=now)
    return asked


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    change_id: UUID,
    role: Signer,
    *,
    public_key: str,
    signature: str,
    now: datetime,
) -> bool:
    """Take one signature under a late addition; with the second it is logged. Returns whether it is.

    Raises RollRefused, SignatureRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    waiting = await waiting_change(session, found, change_id)
    if waiting.change.logged_at is not None or waiting.change.dropped_at is not None:
        raise RollRefused("state", "This addition is logged already, or was dropped.")
    key = await signing_keys.verify(
        session, actor, waiting.entry, public_key=public_key, signature=signature, round_id=found.id, role=role, now=now
    )
    state = await state_of(session, found.log, hold=True)
    names = {public: name for name, (_, public) in state.election.keys.items()}
    if (role, key.public_key) not in state.election.keys.values():
        raise RollRefused("key", "The record does not know this key in this role.")
    signed = await keep_signature(
        session,
        actor,
        RollChangeSignature(change_id=change_id),
        waiting.signed,
        role=role,
        key=key,
        signature=signature,
        refused=RollRefused,
        noted=("roll.late-signed", change_id),
        now=now,
    )
    if not are_complete(signed):
        return False
    pairs = sorted([names[one.public_key], b64u(one.signature)] for one in signed.values())
    try:
        await state.append(session, encode({**waiting.entry, "sg": pairs}))
    except RecordError as error:
        raise RollRefused("record", f"The record does not take this: {error}.") from error
    waiting.change.logged_at = now
    await rolls.entitle(session, (await _roll(session, found)).batch_id, waiting.change, now)
    return True


async def drop(session: AsyncSession, actor: Actor, found: Round, change_id: UUID, *, now: datetime) -> None:
    """Let go of an addition that was not logged. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    change = (await waiting_change(session, found, change_id)).change
    if change.logged_at is not None or change.dropped_at is not None:
        raise RollRefused("state")
    change.dropped_at = now
    await rolls.forget_late(session, (await _roll(session, found)).batch_id, change)


async def remove(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    identifier: str,
    reason: Mapping[str, str],
    *,
    keys: KeyFolder,
    operator: Ed25519PrivateKey,
    now: datetime,
) -> list[int]:
    """Take somebody off the roll of an open vote by a notice in the record, with a reason that everybody may read.

    Returns the places in the record of ballots in that name, which stand until they are struck. Raises RollRefused,
    ReasonMissing, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    election = await _open(session, found)
    roll = await _roll(session, found)
    pseudonym = corrections.pseudonym_of(roll, await corrections.checked(session, found, identifier), keys=keys)
    rows = await rolls.records_of(session, found.id, [pseudonym])
    if not rows:
        raise RollRefused("absent", "This person is not on the roll.")
    said = await required_reason(session, reason)
    assert election.manifest is not None  # noqa: S101 - it is open
    state = await state_of(session, found.log, hold=True)
    body = encode(
        {
            "v": 1,
            "k": "roll.removed",
            "t": int(now.timestamp()),
            "groups": [{"g": row.group, "a": b64u(row.alias)} for row in rows],
            "texts": [list(pair) for pair in sorted(said.items())],
        }
    )
    fields = {"f": b64u(await record.put_file(session, body, kind="notice", at=now))}
    await state.append(session, entries.signed_entry("notice", election.manifest.eid, fields, {"op": operator}))
    for row in rows:
        row.removed_at = now
    names = [(row.group, row.alias) for row in rows]
    await passes.end_for(session, found.id, names)
    await access_log.note(session, actor.account_id, "roll.late-removed", found.slug, now=now)
    cast = await repository.envelopes_of(session, found.log, names)
    return [one.index for one in cast if one.index is not None and not one.is_struck]


async def changes(session: AsyncSession, found: Round) -> list[Waiting]:
    """Return the late additions of a round, newest first, with who has signed."""
    listed = await rolls.changes_of(session, found.id)
    signed = await rolls.change_signatures(session, [change.id for change in listed])
    return [Waiting(change, [one for one in signed if one.change_id == change.id]) for change in listed]


async def waiting_change(session: AsyncSession, found: Round, change_id: UUID) -> Waiting:
    """Return a late addition of a round. Raises RollRefused."""
    for waiting in await changes(session, found):
        if waiting.change.id == change_id:
            return waiting
    raise RollRefused("gone")


async def _open(session: AsyncSession, found: Round) -> Election:
    election = (await state_of(session, found.log)).election
    if not election.opened or election.closed_at is not None:
        raise RollRefused("phase", "The vote is not open.")
    return election


async def _roll(session: AsyncSession, found: Round) -> Roll:
    roll = await rolls.roll_of(session, found.id, for_update=True)
    if roll is None or roll.batch_id is None:
        raise RollRefused("empty", "This vote has no roll.")
    return roll
