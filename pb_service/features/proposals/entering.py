"""Proposals that staff bring in: typed from paper or the telephone, or from a table with a look at it first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft, ProposalForm, public_text, tidy
from pb_service.core.proposals.places import shapes_of
from pb_service.core.proposals.sheet import Row, Table, read_table
from pb_service.core.proposals.texts import cleaned, content, text_sha256
from pb_service.core.record import entries
from pb_service.core.rounds.setup import District, Problem
from pb_service.core.rounds.sheet_rows import RowProblem
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import next_state
from pb_service.features.proposals.drafts import fill, new_proposal, placed_among, receive
from pb_service.features.proposals.errors import ImportRefused
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.tables import (
    Proposal,
    ProposalAct,
    ProposalAuthor,
    ProposalImport,
    ProposalVersion,
)
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.sheets import Unreadable, read_sheet
from pb_service.features.rounds.tables import Round, RoundUpload
from pb_service.platform import jobs

UPLOAD_KIND: str = "proposals"
#: Problems that a report lists; there may be more.
MAX_LISTED = 1_000
#: Rows taken in in one transaction; a table with more new ones is taken in by a job.
AT_ONCE = 1_000
IMPORT_JOB = "proposals.import"


@dataclass(frozen=True)
class Report:
    """What a table would do, or has done. ``known`` rows are in the round already and left as they are.

    ``by_job``: it is long, and a job takes it in.
    """

    filename: str
    rows: int
    new: int
    known: int
    repeated: int
    bad_rows: int
    problems: tuple[RowProblem, ...]
    upload: UUID | None
    first: tuple[Draft, ...] = ()
    by_job: bool = False


async def enter(
    session: AsyncSession,
    actor: Actor,
    slug: str,
    draft: Draft,
    *,
    channel: Literal["paper", "phone"],
    author_name: str = "",
    once: UUID,
    now: datetime,
) -> Proposal:
    """Take in a proposal that came on paper or by phone; the same form twice is one proposal.

    Raises ProposalRefused, ActRefused, Forbidden, RoundNotFound.
    """
    found = await find_round(session, slug, whole=False)
    require(actor, "proposals.enter", round_id=found.id, now=now)
    if (known := await repository.by_once(session, once, for_update=True)) is not None:
        return known
    held = await repository.round_of(session, found.id)
    proposal = await new_proposal(session, held, once=once, channel=channel, now=now)
    proposal.entered_by_staff = actor.account_id
    fill(proposal, tidy(draft), now=now)
    if name := cleaned(author_name, lines=False)[:100]:
        proposal.authors.append(ProposalAuthor(role="author", shown_name=name, accepted_at=now))
    await session.flush()
    return await receive(
        session,
        held,
        proposal,
        hand="moderator",
        by_role=_role(actor, found),
        account_id=actor.account_id,
        act="enter",
        now=now,
    )


async def import_preview(
    session: AsyncSession, actor: Actor, slug: str, body: bytes, *, filename: str, now: datetime
) -> Report:
    """Look at a table and keep it for `import_apply`. Raises ImportRefused, Forbidden, RoundNotFound."""
    found = await find_round(session, slug, whole=False)
    require(actor, "proposals.enter", round_id=found.id, now=now)
    form, districts = await _asked(session, found)
    table = await asyncio.to_thread(_read, body, form, districts, found.unit)
    kept = RoundUpload(
        round_id=found.id,
        kind=UPLOAD_KIND,
        filename=filename[:200].replace("\0", ""),
        sha256=sha256(body).digest(),
        body=body,
        account_id=actor.account_id,
        created_at=now,
    )
    session.add(kept)
    await session.flush()
    return await _report(session, found, table, kept.filename, kept.id)


async def import_apply(
    session: AsyncSession, actor: Actor, slug: str, upload: UUID, *, leave_out_bad: bool = False, now: datetime
) -> Report:
    """Import a table that was looked at: rows that the round has already stay as they are.

    Every row becomes a received proposal with its entry in the record. A long table is taken in by a job, part after
    part (`import_part`); `ProposalImport` says how far it is. Raises ImportRefused, ActRefused, Forbidden.
    """
    found = await find_round(session, slug, whole=False)
    require(actor, "proposals.enter", round_id=found.id, now=now)
    kept = await _upload(session, upload, for_update=True)
    if kept is None or kept.round_id != found.id:
        raise ImportRefused("This file is not kept any more.", [Problem("file", "file_gone")])
    if await session.get(ProposalImport, upload) is not None:
        raise ImportRefused("This file is being taken in already.", [Problem("file", "file_gone")])
    form, districts = await _asked(session, found)
    table = await asyncio.to_thread(_read, kept.body, form, districts, found.unit)
    if table.problems and not leave_out_bad:
        raise ImportRefused("Some rows are bad.", [Problem("file", "bad_rows", {"rows": table.bad_lines})])
    report = await _report(session, found, table, kept.filename, None)
    held = await repository.round_of(session, found.id)
    next_state(held, await repository.book(session, found.id), "draft", "enter", hand="moderator", now=now)
    run = ProposalImport(
        id=upload,
        round_id=found.id,
        filename=kept.filename,
        rows=report.new,
        taken=0,
        by=actor.account_id,
        by_role=_role(actor, found),
        started_at=now,
    )
    session.add(run)
    await session.flush()
    if report.new > AT_ONCE:
        await jobs.enqueue(session, IMPORT_JOB, {"import": str(upload)})
        return replace(report, by_job=True)
    await import_part(session, upload, table.good, form, districts, now=now)
    await import_end(session, upload, now=now)
    return report


async def import_begin(
    session: AsyncSession, import_id: UUID
) -> tuple[list[Row], ProposalForm, tuple[District, ...]] | None:
    """Return the good rows of a table that is to be taken in, and what taking them in needs; None if it has ended."""
    run, kept = await session.get(ProposalImport, import_id), await _upload(session, import_id)
    if run is None or run.ended_at is not None or kept is None:
        return None
    found = await session.get_one(Round, run.round_id)
    form, districts = await _asked(session, found)
    table = await asyncio.to_thread(_read, kept.body, form, districts, found.unit)
    return table.good, form, districts


async def import_part(
    session: AsyncSession,
    import_id: UUID,
    rows: Sequence[Row],
    form: ProposalForm,
    districts: Sequence[District],
    *,
    now: datetime,
) -> None:
    """Take some rows of a table in; those that are in the round already stay as they are. Raises ActRefused."""
    run = await session.get_one(ProposalImport, import_id, with_for_update=True)
    run.taken += await _take(session, run, rows, form=form, districts=districts, now=now)
    await session.flush()


async def import_end(session: AsyncSession, import_id: UUID, *, problem: str | None = None, now: datetime) -> None:
    """Note that a table was taken in, or what refused the rest, and forget the file."""
    run = await session.get_one(ProposalImport, import_id, with_for_update=True)
    run.ended_at, run.problem = now, problem
    await session.execute(delete(RoundUpload).where(RoundUpload.id == import_id))


async def _upload(session: AsyncSession, upload: UUID, *, for_update: bool = False) -> RoundUpload | None:
    query = select(RoundUpload).where(RoundUpload.id == upload, RoundUpload.kind == UPLOAD_KIND)
    return (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()


def _read(body: bytes, form: ProposalForm, districts: tuple[District, ...], unit: int) -> Table:
    try:
        return read_table(read_sheet(body), form, districts, unit=unit)
    except Unreadable as error:
        raise ImportRefused("This file cannot be read as a table.", [Problem("file", error.code)]) from error


async def _asked(session: AsyncSession, found: Round) -> tuple[ProposalForm, tuple[District, ...]]:
    form, _ = await form_of(session, found.id)
    return form, (await setup_of(session, found)).districts.districts


async def _report(session: AsyncSession, found: Round, table: Table, filename: str, upload: UUID | None) -> Report:
    keys = await repository.imported_keys(session, found.id)
    new = [row for row in table.good if row.key not in keys]
    return Report(
        filename=filename,
        rows=table.rows,
        new=len(new),
        known=len(table.good) - len(new),
        repeated=table.repeated,
        bad_rows=table.bad_lines,
        problems=tuple(table.problems[:MAX_LISTED]),
        upload=upload,
        first=tuple(row.draft for row in new[:10]),
    )


async def _take(
    session: AsyncSession,
    run: ProposalImport,
    rows: Sequence[Row],
    *,
    form: ProposalForm,
    districts: Sequence[District],
    now: datetime,
) -> int:
    """Take rows in and return how many were new: what `receive` does for one proposal, in few statements for many."""
    held = await repository.round_of(session, run.round_id)
    book = await repository.book(session, held.id, for_update=True)
    state = next_state(held, book, "draft", "enter", hand="moderator", now=now)
    known = await repository.imported_keys(session, held.id, [row.key for row in rows])
    at, shapes = await record.moment_of_act(session, held.log, now), shapes_of(districts)
    made = []
    for row in rows:
        if row.key in known:
            continue
        proposal = await new_proposal(session, held, once=None, channel="import", now=at)
        draft = placed_among(shapes, row.draft)
        fill(proposal, draft, now=at)
        book.last_number += 1
        proposal.number, proposal.state, proposal.version = book.last_number, state, 1
        proposal.import_key, proposal.received_at, proposal.entered_by_staff = row.key, at, run.by
        words = content(public_text(form, draft))
        digest = text_sha256(words)
        about = {"number": proposal.number, "version": 1, "text_sha256": digest.hex()}
        about |= {"district": draft.district} if draft.district else {}
        about |= {"cost_hint": draft.cost_hint} if draft.cost_hint is not None else {}
        made.append((proposal, words, digest, about))
    await session.flush()
    kind, time, bodies = "proposal.received", int(at.timestamp()), []
    hashes = await record.salted_files(session, [about for *_, about in made], kind=kind, at=at)
    for (proposal, words, digest, about), file_hash in zip(made, hashes, strict=True):
        session.add(ProposalVersion(proposal_id=proposal.id, version=1, content=words, text_sha256=digest, at=at))
        session.add(
            ProposalAct(
                proposal_id=proposal.id,
                act="enter",
                state=state,
                kind=kind,
                at=at,
                by_role=run.by_role,
                account_id=run.by,
                about=about,
                shown={},
            )
        )
        bodies.append(entries.act(kind, at=time, object_id=f"p{proposal.number}", by=run.by_role, file_hash=file_hash))
    if bodies:
        await record.append(session, held.log, *bodies)
    await session.flush()
    return len(made)


def _role(actor: Actor, found: Round) -> str:
    """The role in which somebody brings proposals in, for the record."""
    if may(actor, "proposals.moderate", round_id=found.id):
        return "moderator"
    return "desk"
