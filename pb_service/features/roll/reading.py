"""Reading a whole list of people, in the background: pieces come in, rows are judged and hashed in a thread, and go
into the database by COPY as they come. At no time is more than some pieces of the file in memory.

Its one long transaction is its own (docs/adr/0044): until it is committed nothing of the list is there, and a runner
that dies leaves nothing behind but the file, which the next one reads from the beginning.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, person_of, roll_pseudonym
from pb_service.core.voting.groups import Group
from pb_service.core.voting.roll_rows import Person, Reading, RollFileError, RowStream, Terms, judge, numbered
from pb_service.features.roll import imports, repository
from pb_service.features.roll.evidence import evidence_key, seal_ids
from pb_service.features.roll.standing import PERSON_KEY, entitlement, roll_key
from pb_service.features.roll.tables import RollBatch
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.setups import setup_of
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder

#: Problems that a report lists; the counts tell of all.
MOST_LISTED = 1_000
COLUMNS = ("line", "grp", "pseudonym", "alias", "district", "language", "birth_year")
_SHEET_PART = 20_000


class Surroundings(Protocol):
    """What reading needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...


class _Dropped(Exception):
    """Somebody let go of the import meanwhile."""


@dataclass
class Tally:
    """What was found so far: rows, and the problems of those that cannot be taken."""

    rows: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def note(self, line: int, code: str) -> None:
        self.codes[code] += 1
        if len(self.problems) < MOST_LISTED:
            self.problems.append((line, code))


@dataclass(frozen=True)
class Maker:
    """What turns a row into records: keys, groups, and by what rows are judged."""

    reading: Reading
    terms: Terms
    groups: Sequence[Group]
    roll_key: bytes = field(repr=False)
    person_key: bytes = field(repr=False)
    auditors: X25519PublicKey
    batch_id: UUID

    def records(self, rows: Iterable[tuple[int, Sequence[str]]], tally: Tally) -> tuple[list[tuple[Any, ...]], bytes]:
        """Return the records of some rows, and their people's ids, sealed. Blocking."""
        made: list[tuple[Any, ...]] = []
        ids = []
        for line, found in judge(rows, self.reading, self.terms):
            tally.rows += 1
            if not isinstance(found, Person):
                tally.note(line, found)
                continue
            ids.append(found.pid)
            pseudonym = roll_pseudonym(self.roll_key, person_of(self.person_key, self.terms.scheme, found.pid))
            made += [
                (line, group.id, pseudonym, alias_of(self.roll_key, pseudonym, found.pid, group.id), found.district,
                 found.language, found.birth_year)
                for group in self.groups
                if group.holds(found.district)
            ]  # fmt: skip
        return made, seal_ids(ids, self.auditors, self.batch_id) if ids else b""


async def read_batch(service: Surroundings, batch_id: UUID) -> None:
    """Read an import that waits for it, and compare it with the roll. Run again, it begins again."""
    async with service.database.transaction() as session:
        batch = await session.get(RollBatch, batch_id, with_for_update=True)
        if batch is None or batch.state not in {"waiting", "reading"}:
            return
        batch.state, batch.done = "reading", 0
    try:
        await _read(service, batch_id)
    except _Dropped:
        return
    except RollFileError as error:
        async with service.database.transaction() as session:
            batch = await session.get_one(RollBatch, batch_id)
            batch.state, batch.counts, batch.ended_at = "failed", {"error": error.code}, service.clock()
            await repository.drop_pieces(session, batch_id)


async def _read(service: Surroundings, batch_id: UUID) -> None:
    tally = Tally()
    async with service.database.transaction() as session:
        batch = await session.get_one(RollBatch, batch_id)
        maker = await _maker(session, batch, service.keys)
        pieces = (_sheet if batch.kind == "xlsx" else _text)(service, session, batch)
        connection = await repository.begin_stage(session)
        number = 0
        async for rows in pieces:
            made, sealed = await asyncio.to_thread(maker.records, rows, tally)
            await connection.copy_records_to_table("roll_stage", records=made, columns=COLUMNS)
            if sealed:
                await repository.add_sealed(session, batch_id, number, sealed)
                number += 1
        again, repeated = await repository.take_stage(session, batch_id, MOST_LISTED)
        await repository.roll_of(session, batch.round_id, for_update=True)
        await session.refresh(batch, with_for_update={"key_share": True})
        if batch.state != "reading":
            raise _Dropped
        problems: list[tuple[int, str] | tuple[int, str, int]] = [*tally.problems]
        problems += [(line, "repeated", first) for line, first in repeated]
        batch.problems = [list(each) for each in sorted(problems, key=lambda each: each[0])[:MOST_LISTED]]
        bad = sum(tally.codes.values())
        codes = {**tally.codes, "repeated": again} if again else dict(tally.codes)
        batch.counts = {
            "rows": tally.rows,
            "good": tally.rows - bad - again,
            "bad": bad,
            "repeated": again,
            "codes": codes,
        }
        await imports.compare(session, batch)
        batch.state, batch.read_at, batch.done = "read", service.clock(), batch.size
        await repository.drop_pieces(session, batch_id)


async def _maker(session: AsyncSession, batch: RollBatch, keys: KeyFolder) -> Maker:
    found = await rounds.by_id(session, batch.round_id)
    assert found is not None  # noqa: S101 - a foreign key
    return Maker(
        reading=msgspec.convert(batch.reading, Reading),
        terms=await imports.terms_of(session, found, await setup_of(session, found), batch.scheme),
        groups=(await entitlement(session, found)).groups,
        roll_key=roll_key(keys, found.id),
        person_key=keys.secret(PERSON_KEY),
        auditors=evidence_key(keys).public_key(),
        batch_id=batch.id,
    )


async def _text(
    service: Surroundings, session: AsyncSession, batch: RollBatch
) -> AsyncIterator[list[tuple[int, Sequence[str]]]]:
    """Yield the rows of a text as its pieces come, and note how far it is."""
    stream, box, done = RowStream(msgspec.convert(batch.reading, Reading)), imports.box_of(service.keys, batch), 0
    for number in count():
        sealed = await repository.piece(session, batch.id, number)
        if sealed is None:
            break
        piece = imports.opened(box, number, sealed)
        yield await asyncio.to_thread(stream.feed, piece)
        done += len(piece)
        async with service.database.transaction() as noting:
            await repository.progress(noting, batch.id, done)
    yield await asyncio.to_thread(stream.finish)


async def _sheet(
    service: Surroundings, session: AsyncSession, batch: RollBatch
) -> AsyncIterator[list[tuple[int, Sequence[str]]]]:
    """Yield the rows of a workbook, which must be read as a whole."""
    box, body = imports.box_of(service.keys, batch), b""
    for number in count():
        sealed = await repository.piece(session, batch.id, number)
        if sealed is None:
            break
        body += imports.opened(box, number, sealed)
    lines = await asyncio.to_thread(imports.sheet_rows, body)
    rows = numbered(lines, 0, header=msgspec.convert(batch.reading, Reading).header)
    for start in range(0, len(rows), _SHEET_PART):
        yield rows[start : start + _SHEET_PART]
        async with service.database.transaction() as noting:
            await repository.progress(noting, batch.id, batch.size * start // len(rows))
