"""Import of districts and of tables of places: looked at row by row first, stored when somebody has said yes.

The file that was looked at waits in the database for that yes, for a day. Importing the same again changes nothing.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import phases
from pb_service.core.rounds.geojson import parse_geojson
from pb_service.core.rounds.setup import District, Problem, Setup, Text, Wording
from pb_service.core.rounds.sheet_rows import Kind, RowProblem, Sheet, read_rows
from pb_service.core.tally.pabulib import PabulibError, read_pabulib
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.rounds import repository
from pb_service.features.rounds.drafts import change_step, require_reason
from pb_service.features.rounds.errors import ChangeRefused, ImportRejected
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.place_tables import PlaceKind, digest, store_table, table_act
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.sheets import Unreadable, read_sheet
from pb_service.features.rounds.tables import Round, RoundUpload

#: Problems that a report lists; there may be more.
MAX_LISTED = 1_000


@dataclass(frozen=True)
class ImportReport:
    """What a file would do, or has done. ``bad_rows`` counts rows that are left out; ``problems`` says why, by line.

    ``unchanged``: the round holds exactly this already. ``upload`` is what ``import_apply`` takes. Problems of areas
    (GeoJSON) have the district's place in the file as their line.
    """

    kind: Kind
    filename: str
    rows: int
    good: int
    bad_rows: int
    repeated: int
    problems: tuple[RowProblem, ...]
    unchanged: bool
    upload: UUID | None
    districts: tuple[District, ...] = ()


async def import_preview(
    session: AsyncSession, actor: Actor, slug: str, kind: Kind, body: bytes, *, filename: str, now: datetime
) -> ImportReport:
    """Look at a file and keep it for ``import_apply``. Nothing of the round changes.

    Districts come as XLSX, CSV, GeoJSON or Pabulib, tables of postal codes and addresses as XLSX or CSV. Raises
    ImportRejected for a file that cannot be read at all, Forbidden, RoundNotFound.
    """
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.import", round_id=found.id, now=now)
    setup = await setup_of(session, found)
    sheet = await asyncio.to_thread(_read, body, kind, setup)  # takes seconds for the largest files
    kept = RoundUpload(
        round_id=found.id,
        kind=kind,
        filename=filename[:200].replace("\0", ""),
        sha256=sha256(body).digest(),
        body=body,
        account_id=actor.account_id,
        created_at=now,
    )
    session.add(kept)
    await session.flush()
    return await _report(session, found, setup, sheet, kept, upload=kept.id)


async def import_apply(
    session: AsyncSession,
    actor: Actor,
    slug: str,
    upload: UUID,
    *,
    leave_out_bad: bool = False,
    reason: Text | None = None,
    now: datetime,
) -> ImportReport:
    """Import a file that was looked at: everything, or with ``leave_out_bad`` what is good of it.

    Districts are joined with those that are there, by key; a table of places becomes its kind's next version. In a
    published round both are acts with a ``reason``. Raises ImportRejected, ChangeRefused, SetupRefused, Forbidden.
    """
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, "rounds.import", round_id=found.id, now=now)
    kept = await repository.upload(session, found.id, upload)
    if kept is None:
        raise ImportRejected("This file is not kept any more. Choose it again.", [Problem("file", "file_gone")])
    setup = await setup_of(session, found)
    sheet = await asyncio.to_thread(_read, kept.body, kept.kind, setup)
    if sheet.problems and not leave_out_bad:
        raise ImportRejected("Some rows of the file are bad.", [Problem("file", "bad_rows", {"rows": sheet.bad_lines})])
    report = await _report(session, found, setup, sheet, kept, upload=None)
    if report.good and not report.unchanged:
        if kept.kind == "districts":
            await _store_districts(session, actor, found, _joined(setup, sheet), reason=reason, now=now)
        else:
            await _store_places(session, actor, found, kept.kind, sheet, reason=reason, now=now)
    await session.delete(kept)
    return report


def _read(body: bytes, kind: Kind, setup: Setup) -> Sheet:
    """Return what a file holds, by its content."""
    head = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:20]
    if kind == "districts" and head.startswith(b"{"):
        return _geojson(body, setup)
    if kind == "districts" and head.upper().startswith(b"META"):
        return _pabulib(body, setup)
    try:
        return read_rows(read_sheet(body), kind, setup.districts.districts, unit=setup.money.unit)
    except Unreadable as error:
        raise ImportRejected("This file cannot be read as a table.", [Problem("file", error.code)]) from error


def _geojson(body: bytes, setup: Setup) -> Sheet:
    reading = parse_geojson(body, time_zone=setup.dates.time_zone)
    if not reading.districts:
        problems = [Problem("file", problem.code, problem.values) for problem in reading.problems]
        raise ImportRejected("This file cannot be read as GeoJSON.", problems)
    sheet = Sheet(rows=len(reading.districts))
    bad = set()
    for problem in reading.problems:
        _, number, column = problem.field.split(".", 2)
        bad.add(int(number))
        sheet.problems.append(RowProblem(int(number) + 1, column, problem.code, problem.values))
    sheet.districts = [district for number, district in enumerate(reading.districts) if number not in bad]
    return sheet


def _pabulib(body: bytes, setup: Setup) -> Sheet:
    """A Pabulib file is one district with its money."""
    try:
        file = read_pabulib(body, name="file.pb")
    except PabulibError as error:
        raise ImportRejected(str(error), [Problem("file", "pabulib", {"reason": str(error)})]) from error
    name = file.meta.get("subunit") or file.meta.get("district") or file.meta.get("unit") or ""
    whole, rest = divmod(file.budget * setup.money.unit, file.unit)
    budget: tuple[object, ...] = ("", "") if rest else ("budget", whole / setup.money.unit)
    sheet = read_rows([("name", budget[0]), (name, budget[1])], "districts", (), unit=setup.money.unit)  # type: ignore[list-item] # cells
    if not rest and sheet.districts:
        sheet.amounts = {sheet.districts[0].key: whole}
    return sheet


async def _report(
    session: AsyncSession, found: Round, setup: Setup, sheet: Sheet, kept: RoundUpload, *, upload: UUID | None
) -> ImportReport:
    if kept.kind == "districts":
        joined = _joined(setup, sheet)
        unchanged = (joined.districts, joined.money) == (setup.districts, setup.money)
    else:
        newest = await repository.place_table(session, found.id, kept.kind)
        unchanged = newest is not None and newest.sha256 == digest(sheet.places)
    good = len(sheet.districts) if kept.kind == "districts" else len(sheet.places)
    return ImportReport(
        kind=kept.kind,
        filename=kept.filename,
        rows=sheet.rows,
        good=good,
        bad_rows=sheet.bad_lines,
        repeated=sheet.repeated,
        problems=tuple(sheet.problems[:MAX_LISTED]),
        unchanged=unchanged,
        upload=upload,
        districts=tuple(sheet.districts),
    )


def _joined(setup: Setup, sheet: Sheet) -> Setup:
    """Return the set-up with the file's districts: what the file says of a district replaces what was there."""
    replace = msgspec.structs.replace
    districts = {district.key: district for district in setup.districts.districts}
    for new in sheet.districts:
        old = districts.get(new.key)
        districts[new.key] = new if old is None else _renewed(old, new)
    amounts = {**setup.money.amounts, **sheet.amounts}
    return replace(
        setup,
        districts=replace(setup.districts, districts=tuple(districts.values())),
        money=replace(setup.money, amounts=amounts),
    )


def _renewed(old: District, new: District) -> District:
    """Fields that the file leaves empty stay as they are."""
    return District(
        key=old.key,
        name={**old.name, **{language: _state(old, language, text) for language, text in new.name.items()}},
        population=old.population if new.population is None else new.population,
        polygons=new.polygons or old.polygons,
    )


def _state(old: District, language: str, new: Wording) -> Wording:
    """The same words keep their state: an import does not know which language was the original."""
    before = {str(known): wording for known, wording in old.name.items()}.get(language)
    if before and before.text == new.text:
        return before
    others = any(wording.state == "original" for known, wording in old.name.items() if known != language)
    return Wording(new.text, "translated" if others else new.state)


async def _store_districts(
    session: AsyncSession, actor: Actor, found: Round, joined: Setup, *, reason: Text | None, now: datetime
) -> None:
    setup = await setup_of(session, found)
    if joined.districts != setup.districts:
        await change_step(session, actor, found, "districts", joined.districts, reason=reason, now=now)
    if joined.money != setup.money:
        await change_step(session, actor, found, "money", joined.money, reason=reason, now=now)


async def _store_places(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    kind: PlaceKind,
    sheet: Sheet,
    *,
    reason: Text | None,
    now: datetime,
) -> None:
    if not phases.may_change(found.bound_phase, "districts", "places"):
        fixed = Problem("places", "fixed", {"phase": found.phase})
        raise ChangeRefused("The phase that the round is in does not allow this any more.", [fixed])
    if found.phase != "set_up":
        await require_reason(session, reason)
    table = await store_table(session, actor, found, kind, sheet.places, now=now)
    if table and found.phase != "set_up":
        await table_act(session, found, table, by="manager", account_id=actor.account_id, reason=reason, now=now)
