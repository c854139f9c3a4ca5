"""From a list of people to the roots that a manifest names: the roll of each group is made into its file, its tree hash
and count are signed by a registrar and an auditor, and only then is a manifest drafted from it.

Any change of the roll before that drops roots and signatures, so that nobody signs for one roll and opens another.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import merkle
from pb_service.core.record.canonical import b64u
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.accounts.two_people import Signer, are_complete, keep_signature
from pb_service.features.record import service as record
from pb_service.features.roll import repository
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.standing import entitlement
from pb_service.features.roll.tables import Roll, RollRoot, RollSignature
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database

RECORD_SIZE = 64
FIX_JOB = "roll.fix"


class Surroundings(Protocol):
    """What the job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


async def begin_fixing(session: AsyncSession, actor: Actor, found: Round, *, now: datetime) -> None:
    """Have a job make file, tree hash and count of every group with a roll. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    roll = await changeable(session, found)
    if roll.batch_id is None:
        raise RollRefused("empty", "Nobody is on the roll.")
    if not await _rolled(session, found):
        raise RollRefused("open", "The set-up has no roll.")
    await unfix(session, roll)
    roll.fixing_since, roll.fixing_by, roll.fixing_percent = now, actor.account_id, 0
    await jobs.enqueue(session, FIX_JOB, {"round": str(found.id)}, key=f"{FIX_JOB}:{found.id}")


async def fix(service: Surroundings, round_id: UUID) -> None:
    """Make the roots that somebody has asked for. A roll that changes meanwhile is not fixed."""
    async with service.database.transaction() as session:
        found, roll = await rounds.by_id(session, round_id), await repository.roll_of(session, round_id)
        if found is None or roll is None or roll.batch_id is None or roll.fixing_since is None:
            return
        begun, batch_id, groups = roll.fixing_since, roll.batch_id, await _rolled(session, found)
    made: list[tuple[str, bytes, bytes]] = []
    for number, group in enumerate(groups):
        async with service.database.reading() as session:
            body = await repository.roll_file(session, batch_id, group)
        async with service.database.transaction() as session:
            await repository.note_fixing(session, round_id, begun, 100 * (2 * number + 1) // (2 * len(groups)))
        made.append((group, await asyncio.to_thread(root_of, body), body))
        async with service.database.transaction() as session:
            await repository.note_fixing(session, round_id, begun, 100 * (number + 1) // len(groups))
    async with service.database.transaction() as session:
        roll, now = await repository.roll_of(session, round_id, for_update=True), service.clock()
        if roll is None or roll.fixing_since != begun:
            return
        for group, root, body in made:
            sha256 = await record.put_file(session, body, kind="roll", at=now)
            count = len(body) // RECORD_SIZE
            session.add(RollRoot(round_id=round_id, group=group, root=root, count=count, file_sha256=sha256))
        roll.fixed_at, roll.fixing_since = now, None
        await session.flush()
        await access_log.note(session, roll.fixing_by, "roll.fixed", found.slug, now=now)


async def _rolled(session: AsyncSession, found: Round) -> list[str]:
    """The groups of a round that have a roll."""
    return [group.id for group in (await entitlement(session, found)).groups if group.rolled]


def root_of(body: bytes) -> bytes:
    """Return the tree hash of a roll file: its records are the leaves (docs/protocol.md section 6)."""
    records = (body[start : start + RECORD_SIZE] for start in range(0, len(body), RECORD_SIZE))
    return merkle.root([merkle.leaf_hash(each) for each in records])


def to_sign(slug: str, roots: Sequence[RollRoot]) -> dict[str, Any]:
    """Return what the two people sign: root and count of each group."""
    groups = [{"g": each.group, "n": each.count, "roll": b64u(each.root)} for each in roots]
    return {"v": 1, "k": "roll.fixed", "o": slug, "groups": groups}


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    role: Signer,
    *,
    public_key: str,
    signature: str,
    now: datetime,
) -> bool:
    """Take one person's signature under the fixed roots; return whether both have signed.

    Raises RollRefused, SignatureRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    roll = await changeable(session, found)
    roots = await repository.roots_of(session, found.id)
    if roll.fixed_at is None or not roots:
        raise RollRefused("unfixed", "The roll is not fixed, or was changed since.")
    key = await signing_keys.verify(
        session,
        actor,
        to_sign(found.slug, roots),
        public_key=public_key,
        signature=signature,
        round_id=found.id,
        role=role,
        now=now,
    )
    signed = await keep_signature(
        session,
        actor,
        RollSignature(round_id=found.id),
        await repository.signatures_of(session, found.id),
        role=role,
        key=key,
        signature=signature,
        refused=RollRefused,
        noted=("roll.signed", found.slug),
        now=now,
    )
    return are_complete(signed)


async def signed_roots(session: AsyncSession, found: Round) -> Mapping[str, tuple[bytes, int]]:
    """Return tree hash and count of each group with a roll, as two people have signed them. Raises RollRefused."""
    roll, roots = await repository.roll_of(session, found.id), await repository.roots_of(session, found.id)
    if roll is None or roll.fixed_at is None or not roots:
        raise RollRefused("unfixed", "The roll is not fixed.")
    if not are_complete(one.role for one in await repository.signatures_of(session, found.id)):
        raise RollRefused("unsigned", "A registrar and an auditor must sign the roll first.")
    if set(await _rolled(session, found)) != {each.group for each in roots}:
        raise RollRefused("unfixed", "The set-up was changed since the roll was fixed.")
    return {each.group: (each.root, each.count) for each in roots}


async def roll_file(session: AsyncSession, root: bytes) -> bytes:
    """Return the file of the roll with that tree hash. Raises UnknownRecordFile."""
    sha256 = await repository.file_of_root(session, root)
    return await record.get_file(session, sha256 or b"")


async def changeable(session: AsyncSession, found: Round) -> Roll:
    """Return the roll of a round, held, if it may still change as a whole. Raises RollRefused."""
    roll = await repository.roll_of(session, found.id, for_update=True)
    if roll is not None and roll.erased_at is not None:
        raise RollRefused("erased", "The roll was erased.")
    if found.manifest_sha256 is not None:
        raise RollRefused("fixed", "The manifest names this roll: it changes by late additions and removals alone.")
    if roll is None:
        raise RollRefused("empty", "There is no roll yet.")
    return roll


async def unfix(session: AsyncSession, roll: Roll) -> None:
    """Forget roots and signatures of a roll that changes."""
    roll.fixed_at = roll.fixing_since = None
    await repository.drop_roots(session, roll.round_id)
