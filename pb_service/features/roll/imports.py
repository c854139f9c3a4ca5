"""A registrar's list of people, on its way to the roll: handed in, looked at, read, compared, and only then taken.

What is handed in is kept sealed until it is read, then gone. Reading is a job (`reading.py`); it makes a whole new set
of records beside those of the roll, so that taking them is one step that happens or not. Of two imports that were
compared with the same roll only the first can be taken: the other is compared again first.
"""

import asyncio
import hashlib
import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.framing import frame
from pb_service.core.rounds.setup import Setup, pairs
from pb_service.core.voting import roll_rows
from pb_service.core.voting.roll_rows import (
    IDENTITY_CODE,
    MAX_COLUMNS,
    MAX_SHEET_ROWS,
    Kind,
    Preview,
    Reading,
    RollFileError,
    Terms,
    place_name,
)
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.roll import fixing, repository
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.standing import entitlement, roll_key
from pb_service.features.roll.tables import RollBatch, RollUploadPart
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.features.rounds.workbook import read_workbook
from pb_service.platform import jobs
from pb_service.platform.keys import KeyFolder

READ_JOB, TIDY_JOB = "roll.read", "roll.tidy"
#: Bytes of a file, of a workbook, and of a piece of one as it is kept.
MAX_BYTES, MAX_SHEET_BYTES, PIECE = 400_000_000, 60_000_000, 1_000_000
#: States in which an import waits for somebody.
OPEN_STATES = ("uploaded", "waiting", "reading", "read")
_LOOKED_AT = 400_000
_MOST_OPEN = 4


async def hand_in(
    session: AsyncSession, actor: Actor, found: Round, body: bytes, *, keys: KeyFolder, now: datetime
) -> RollBatch:
    """Keep a file, sealed, and say what it looks like. Raises RollRefused, RollFileError, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    await _open_to_change(session, found)
    if len(await repository.batches_of(session, found.id, OPEN_STATES)) >= _MOST_OPEN:
        raise RollRefused("busy", "Several imports wait already: take or drop them first.")
    if len(body) > (MAX_SHEET_BYTES if body.startswith(b"PK") else MAX_BYTES):
        raise RollFileError("too_large")
    kind: Kind = "xlsx" if body.startswith(b"PK") else "csv"
    preview = await asyncio.to_thread(_look, body, kind)
    batch = RollBatch(
        round_id=found.id,
        state="uploaded",
        kind=preview.guess.kind,
        size=len(body),
        scheme=IDENTITY_CODE,
        shape=_shape(preview),
        reading=msgspec.to_builtins(preview.guess),
        counts={},
        problems=[],
        uploaded_by=actor.account_id,
        uploaded_at=now,
    )
    session.add(batch)
    await session.flush()
    box = _box(keys, batch)
    for number, start in enumerate(range(0, len(body), PIECE)):
        part = RollUploadPart(batch_id=batch.id, number=number, body=_sealed(box, number, body[start:][:PIECE]))
        session.add(part)
        await session.flush()
        session.expunge(part)
    await access_log.note(session, actor.account_id, "roll.uploaded", f"{found.slug} {batch.id}", now=now)
    return await batch_of(session, found, batch.id)


async def show_as(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    batch_id: UUID,
    reading: Reading,
    *,
    keys: KeyFolder,
    now: datetime,
) -> RollBatch:
    """Look at a text again with other columns: another mark between them, or other widths.

    Raises RollRefused, RollFileError, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    batch = await _held(session, found, batch_id, "uploaded")
    if batch.kind == "xlsx" or reading.kind == "xlsx":
        raise RollRefused("state")
    piece = await repository.piece(session, batch.id, 0)
    body = opened(_box(keys, batch), 0, piece or b"")
    preview = await asyncio.to_thread(roll_rows.look, body[:_LOOKED_AT], reading)
    batch.kind, batch.shape, batch.reading = reading.kind, _shape(preview), msgspec.to_builtins(preview.guess)
    return batch


async def begin_reading(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    batch_id: UUID,
    reading: Reading,
    *,
    scheme: str = IDENTITY_CODE,
    now: datetime,
) -> RollBatch:
    """Have a job read the whole file as somebody has said. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    setup = await _open_to_change(session, found)
    batch = await _held(session, found, batch_id, "uploaded")
    terms = await terms_of(session, found, setup, scheme)
    columns = len(batch.shape["columns"])
    named = [
        place
        for place in (reading.identifier, reading.district, reading.language, reading.birth_year)
        if place is not None
    ]
    if len(set(named)) < len(named) or not all(0 <= place < columns for place in named):
        raise RollRefused("columns", "Each column says one thing.")
    if terms.needs_district and reading.district is None:
        raise RollRefused("district", "Everybody votes where they live: a column must say where that is.")
    batch.reading, batch.scheme, batch.state = msgspec.to_builtins(reading), scheme, "waiting"
    await jobs.enqueue(session, READ_JOB, {"batch": str(batch.id)}, key=f"{READ_JOB}:{batch.id}")
    await access_log.note(session, actor.account_id, "roll.read", f"{found.slug} {batch.id}", now=now)
    return batch


async def take(
    session: AsyncSession, actor: Actor, found: Round, batch_id: UUID, *, gone: int, now: datetime
) -> RollBatch:
    """Make an import the roll. ``gone``: how many people leave by it, as somebody has looked at it.

    Code letters of those who stay are kept. Raises RollRefused, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    await _open_to_change(session, found)
    roll = await repository.begin_roll(session, found.id, IDENTITY_CODE)
    batch = await _held(session, found, batch_id, "read")
    if roll.erased_at is not None:
        raise RollRefused("erased")
    if batch.based_on != roll.batch_id or batch.counts["gone"] != gone:
        raise RollRefused("changed", "The roll has changed since it was compared with this file.")
    if not batch.counts["people"]:
        raise RollRefused("empty", "Nobody in this file may vote.")
    if roll.batch_id is not None:
        before = await session.get_one(RollBatch, roll.batch_id)
        await repository.carry_codes(session, before.id, batch.id)
        before.state, before.ended_at, before.ended_by = "replaced", now, actor.account_id
        await session.flush()
    await fixing.unfix(session, roll)
    batch.state, batch.ended_at, batch.ended_by = "current", now, actor.account_id
    roll.batch_id, roll.scheme = batch.id, batch.scheme
    await session.flush()
    await jobs.enqueue(session, TIDY_JOB, {}, key=TIDY_JOB)
    await access_log.note(session, actor.account_id, "roll.taken", f"{found.slug} {batch.id}", now=now)
    return batch


async def compare_again(
    session: AsyncSession, actor: Actor, found: Round, batch_id: UUID, *, now: datetime
) -> RollBatch:
    """Compare an import that was read with the roll as it is now. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    await _open_to_change(session, found)
    await repository.roll_of(session, found.id, for_update=True)  # before the import, as everybody takes them
    batch = await _held(session, found, batch_id, "read")
    await compare(session, batch)
    return batch


async def compare(session: AsyncSession, batch: RollBatch) -> None:
    """Say how an import differs from its round's roll, which is held: who is added, gone, changed, by rows."""
    roll = await repository.roll_of(session, batch.round_id, for_update=True)
    batch.based_on = roll.batch_id if roll else None
    difference = await repository.difference(session, batch.id, batch.based_on)
    batch.counts = {**batch.counts, **difference}


async def drop(session: AsyncSession, actor: Actor, found: Round, batch_id: UUID, *, now: datetime) -> None:
    """Let go of an import that is not the roll. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    batch = await batch_of(session, found, batch_id, for_update=True)
    if batch.state not in (*OPEN_STATES, "failed"):
        raise RollRefused("state")
    await let_go(session, batch, now=now)
    batch.ended_by = actor.account_id
    await access_log.note(session, actor.account_id, "roll.dropped", f"{found.slug} {batch.id}", now=now)


async def let_go(session: AsyncSession, batch: RollBatch, *, now: datetime) -> None:
    """Drop an import with what was handed in; its records follow by a job."""
    batch.state, batch.ended_at = "dropped", now
    await repository.drop_pieces(session, batch.id)
    await jobs.enqueue(session, TIDY_JOB, {}, key=TIDY_JOB)


async def batch_of(session: AsyncSession, found: Round, batch_id: UUID, *, for_update: bool = False) -> RollBatch:
    """Return an import of a round. Raises RollRefused."""
    held = {"key_share": True} if for_update else None  # a job that reads it holds its key
    batch = await session.get(RollBatch, batch_id, with_for_update=held, populate_existing=True)
    if batch is None or batch.round_id != found.id:
        raise RollRefused("gone", "There is no such import.")
    return batch


async def terms_of(session: AsyncSession, found: Round, setup: Setup, scheme: str) -> Terms:
    """Return by what the rows of a round's lists are judged."""
    districts: dict[str, str] = {}
    for district in setup.districts.districts:
        districts[place_name(district.key)] = district.key
        districts |= {place_name(text): district.key for _, text in pairs(district.name)}
    if table := await rounds.place_table(session, found.id, "postal"):
        for code, _, _, _, key in await rounds.place_rows(session, table.id):
            districts.setdefault(code, key)
    groups = (await entitlement(session, found)).groups
    return Terms(scheme, setup.eligibility, districts, any(group.home for group in groups))


def opened(box: ChaCha20Poly1305, number: int, sealed: bytes) -> bytes:
    """Return a piece of a file that was kept sealed."""
    return box.decrypt(number.to_bytes(12, "big"), sealed, None) if sealed else b""


def box_of(keys: KeyFolder, batch: RollBatch) -> ChaCha20Poly1305:
    """Return what seals and opens the pieces of an import."""
    return _box(keys, batch)


def sheet_rows(body: bytes) -> list[list[str]]:
    """Return the first sheet of a workbook as texts. Raises RollFileError. Blocking."""
    reading = read_workbook(body, rows=MAX_SHEET_ROWS + 1, columns=MAX_COLUMNS)
    if reading.refused:
        raise RollFileError(reading.refused)
    return [[_text(cell) for cell in line] for line in reading.lines]


def _text(cell: str | int | float | bool) -> str:
    """A cell as it was meant: whole numbers without a decimal point; dates and truth values are no texts."""
    if isinstance(cell, bool):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _look(body: bytes, kind: Kind) -> Preview:
    if kind == "xlsx":
        return roll_rows.look_at_rows(sheet_rows(body)[:1000], Reading("xlsx", 0))
    return roll_rows.look(body[:_LOOKED_AT])


def _shape(preview: Preview) -> dict[str, Any]:
    columns = [{"heading": each.heading, "cells": list(each.cells)} for each in preview.columns]
    return {"columns": columns, "rows": preview.rows, "identifiers": preview.identifiers}


def _box(keys: KeyFolder, batch: RollBatch) -> ChaCha20Poly1305:
    secret = roll_key(keys, batch.round_id)
    return ChaCha20Poly1305(hmac.digest(secret, frame(b"pb/roll-upload", batch.id.bytes), hashlib.sha256))


def _sealed(box: ChaCha20Poly1305, number: int, piece: bytes) -> bytes:
    return box.encrypt(number.to_bytes(12, "big"), piece, None)


async def _open_to_change(session: AsyncSession, found: Round) -> Setup:
    """The set-up of a round whose roll may still change as a whole. Raises RollRefused."""
    if found.imported or found.phase in {"voting", "counting", "results", "implementation", "archived"}:
        raise RollRefused("phase")
    if found.manifest_sha256 is not None:
        raise RollRefused("fixed", "The manifest names this roll: it changes by late additions and removals alone.")
    setup = await setup_of(session, found)
    if setup.eligibility.roll == "none":
        raise RollRefused("open", "The set-up has no roll.")
    return setup


async def _held(session: AsyncSession, found: Round, batch_id: UUID, state: str) -> RollBatch:
    batch = await batch_of(session, found, batch_id, for_update=True)
    if batch.state != state:
        raise RollRefused("state", "This import is further already, or was dropped.")
    return batch
