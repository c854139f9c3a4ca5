"""What staff do to the projects that a result funds: every act is a line of a history that is only added to.

The people of the unit that answers for a project work on it, and the managers of the round. What changes a promise
(other money, giving up, going on again) and who answers is for managers alone. Functions never commit.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation import history, rules
from pb_service.core.implementation.history import PROMISES, Act, ActKind, Place
from pb_service.core.implementation.orders import Assign, Erase, GiveUp, Order, Recost, Reopen, Texts, Unpicture
from pb_service.core.implementation.rules import OrderRefused, Rules
from pb_service.core.record import entries
from pb_service.core.rounds.phases import AFTER_COUNT, Phase
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts import access_log
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.policy import PERMISSIONS, Actor, may, require
from pb_service.features.implementation import reading, repository
from pb_service.features.implementation.errors import ImplementationChanged, ImplementationRefused, NotYourUnit
from pb_service.features.implementation.reading import Built
from pb_service.features.implementation.tables import Implementation, ImplementationAct
from pb_service.features.record import service as record
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs
from pb_service.platform.files import FileStore

#: A project of a round: its contest and its code.
Key = tuple[str, str]

#: The job that tells those who follow a project.
NOTICE_JOB = "implementation.tell"
#: Acts of which they hear.
TOLD: frozenset[ActKind] = frozenset(
    {"moved", "postponed", "reached", "dropped", "recosted", "told", "gaveup", "closed", "reopened"}
)
#: Phases in which projects are worked on; an archived round stays as it is.
BUILDING: frozenset[Phase] = frozenset({"results", "implementation"})
_FOR_MANAGERS = (Assign, Recost, GiveUp, Reopen)
#: What takes something away that should not have been published: for that it is never too late.
_ERASES = (Unpicture, Erase)
_SALT = 32


async def units_of(session: AsyncSession, actor: Actor) -> frozenset[UUID]:
    """The units in which somebody works."""
    if actor.account_id is None:
        return frozenset()
    return frozenset(member.unit_id for member in await staff.memberships_of(session, actor.account_id))


def may_work(actor: Actor, found: Round, contest: str, unit_id: UUID | None, own: Collection[UUID]) -> bool:
    """Whether somebody, who works in their ``own`` units, may add to a history for which that unit answers."""
    if may(actor, "implementation.decide", round_id=found.id, district=contest):
        return True
    return may(actor, "implementation.edit", round_id=found.id, district=contest) and unit_id in own


async def act(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    key: Key,
    order: Order,
    *,
    version: int,
    once: UUID | None = None,
    files: FileStore | None = None,
    now: datetime,
) -> ImplementationAct:
    """Add an act to the history of a project of a locked round, over the ``version`` that was looked at.

    ``once`` is the key of the form: sent twice, it is done once. ``files`` is needed to take a picture away.
    Raises ImplementationRefused, ImplementationChanged, NotBuiltYet, FundedProjectNotFound, NotYourUnit, Forbidden.
    """
    row, now_built = await _begin(session, actor, found, key, decides=isinstance(order, _FOR_MANAGERS))
    if once and (made := await repository.act_by_once(session, once)) is not None:
        return made
    _require_version(row, version, found, erases=isinstance(order, _ERASES))
    unit = await staff.unit_by_id(session, order.unit) if isinstance(order, Assign) else None
    if isinstance(order, Assign) and unit and unit.id == row.unit_id:
        raise ImplementationRefused([Problem("unit", "same")])
    try:
        content = rules.content_of(
            order, now_built.progress, await _rules(session, found, now), unit=unit.names if unit else None
        )
    except OrderRefused as refused:
        raise ImplementationRefused(refused.problems) from refused
    if unit:
        row.unit_id = unit.id
    if isinstance(order, Unpicture):
        await _erase_picture(session, now_built, order.picture, files)
    if isinstance(order, Erase):
        await _erase_texts(session, now_built, order.line)
    kind: ActKind = order.__struct_config__.tag  # type: ignore[assignment] # the tags of orders are kinds of acts
    return await _note(session, actor, found, row, now_built, kind=kind, content=content, once=once, now=now)


async def add_picture(
    session: AsyncSession,
    actor: Actor,
    files: FileStore,
    found: Round,
    key: Key,
    *,
    body: bytes,
    name: str,
    alt: Texts,
    version: int,
    once: UUID | None = None,
    now: datetime,
) -> ImplementationAct:
    """Add a picture with the texts that stand in its place. Raises as `act`, and FileRefused, PictureRefused."""
    row, now_built = await _begin(session, actor, found, key, decides=False)
    if once and (made := await repository.act_by_once(session, once)) is not None:
        return made
    _require_version(row, version, found)
    known = await _rules(session, found, now)
    try:
        rules.picture_of(alt, "", "", now_built.progress, known)  # before the file is worked on
        stored = await files.store(session, body, name=name, alt=alt, now=now)
        content = rules.picture_of(alt, str(stored.id), stored.sha256.hex(), now_built.progress, known)
    except OrderRefused as refused:
        raise ImplementationRefused(refused.problems) from refused
    if stored.kind != "picture":
        raise ImplementationRefused([Problem("file", "picture")])
    return await _note(
        session, actor, found, row, now_built, kind="pictured", content=content, once=once, file_id=stored.id, now=now
    )


async def _begin(
    session: AsyncSession, actor: Actor, found: Round, key: Key, *, decides: bool
) -> tuple[Implementation, Built]:
    """The project, locked, if the actor may work on it."""
    contest, code = key
    require(actor, "implementation.edit", round_id=found.id, district=contest)
    if decides:
        require(actor, "implementation.decide", round_id=found.id, district=contest)
    await reading.built(session, found, contest, code)  # there is such a project, before a row of it is begun
    row = await repository.locked(session, found.id, contest, code)
    if not may_work(actor, found, contest, row.unit_id, await units_of(session, actor)):
        raise NotYourUnit("Only the people of the unit that answers for this project, and managers, work on it.")
    return row, await reading.built(session, found, contest, code)


def _require_version(row: Implementation, version: int, found: Round, *, erases: bool = False) -> None:
    if found.phase not in (AFTER_COUNT if erases else BUILDING):
        raise ImplementationRefused([Problem("act", "phase")])
    if row.version != version:
        raise ImplementationChanged(row.version)
    if row.version >= rules.MOST_ACTS and not erases:
        raise ImplementationRefused([Problem("act", "too_many", {"most": rules.MOST_ACTS})])


async def _rules(session: AsyncSession, found: Round, now: datetime) -> Rules:
    return Rules((await municipality(session)).languages, await reading.today_of(session, found, now))


async def _erase_picture(session: AsyncSession, now_built: Built, number: int, files: FileStore | None) -> None:
    """Let the file of a picture go; its line in the history stays, with the text that stood in its place."""
    line = next(row for row in now_built.rows if row.number == number)
    if files is not None and line.file_id is not None:
        file_id, line.file_id = line.file_id, None
        await session.flush()
        await files.erase(session, file_id)


async def _erase_texts(session: AsyncSession, now_built: Built, number: int) -> None:
    """Take the texts out of a line, and out of the file that the record names, if it does. Their hash stays."""
    line = next(row for row in now_built.rows if row.number == number)
    line.body, line.is_erased = history.erased(line.body), True
    if line.is_recorded:
        await record.erase_file(session, line.sha256)
    await session.flush()


async def _note(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    row: Implementation,
    now_built: Built,
    *,
    kind: ActKind,
    content: Mapping[str, Any],
    once: UUID | None,
    file_id: UUID | None = None,
    now: datetime,
) -> ImplementationAct:
    at = await record.moment_of_act(session, found.log, now)
    if now_built.progress.at:
        at = max(at, now_built.progress.at)
    number = row.version + 1
    before = now_built.rows[-1].sha256 if now_built.rows else None
    place, by = Place(found.slug, row.contest, row.project), _role(actor, found, row.contest)
    body = history.document(place, Act(number, kind, at, content), before, by=by, salt=secrets.token_bytes(_SALT))
    made = ImplementationAct(
        implementation_id=row.id,
        number=number,
        kind=kind,
        at=at,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        is_recorded=kind in PROMISES,
        file_id=file_id,
        account_id=actor.account_id,
        once=once,
    )
    row.version = number
    session.add(made)
    await session.flush()
    if made.is_recorded:
        sha256 = await record.put_file(session, body, kind=f"implementation.{kind}", at=at)
        entry = entries.act(
            f"implementation.{kind}",
            at=int(at.timestamp()),
            object_id=f"{row.contest}/{row.project}",
            by=by,
            file_hash=sha256,
        )
        await record.append(session, found.log, entry)
    about = f"{found.slug} {row.contest}/{row.project} {number}"
    await access_log.note(session, actor.account_id, f"implementation.{kind}", about, now=now)
    if kind in TOLD:
        await jobs.enqueue(session, NOTICE_JOB, {"act": made.id}, key=f"{NOTICE_JOB}:{made.id}")
    return made


def _role(actor: Actor, found: Round, contest: str) -> str:
    """The role in which somebody acts, as the document and the record name it."""
    return next(
        grant.role
        for grant in actor.grants
        if grant.role in PERMISSIONS["implementation.edit"] and grant.reaches(found.id, contest)
    )
