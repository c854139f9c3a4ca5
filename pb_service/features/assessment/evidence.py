"""What a round's process leaves for checkers: the files that the entries of its record name (docs/schemas/process.md).

The salted file of every act, every ballot list, and the texts of reasons and cost sheets that everybody may read. Each
is named by its own SHA-256, so nobody need trust this module for what it gathers.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.features.assessment.tables import AssessmentAct, BallotListRow, BallotProject, CostSheetRow
from pb_service.features.proposals.tables import Proposal, ProposalAct
from pb_service.features.record import service as record
from pb_service.features.record.errors import UnknownRecordFile
from pb_service.features.rounds.tables import Round

#: How the kinds of entries begin that belong to the process before the vote.
KINDS = ("proposal.", "assessment.", "cost.", "review.", "project.", "list.")


async def process_files(session: AsyncSession, found: Round, entries: Iterable[bytes]) -> dict[str, bytes]:
    """Return the files of the process by their names in a bundle, for a record with these entries.

    Nothing for a record that knows no process, such as that of an imported round.
    """
    files: dict[str, bytes] = {}
    named: set[str] = set()
    for entry in map(canonical.decode, entries):
        if entry["k"].startswith(KINDS) and "h" in entry:
            body = await _kept(session, canonical.unb64u(entry["h"]))
            if body is not None:
                files[_name(body)] = body
                named |= _hashes(canonical.decode(body)["content"])
    if files:
        for body in await _texts(session, found):
            if hashlib.sha256(body).hexdigest() in named:
                files[_name(body)] = body
    return files


def _name(body: bytes) -> str:
    return f"process/{hashlib.sha256(body).hexdigest()}.json"


async def _kept(session: AsyncSession, sha256: bytes) -> bytes | None:
    try:
        return await record.get_file(session, sha256)
    except UnknownRecordFile:
        return None


def _hashes(content: Any) -> set[str]:
    """Every hash that an act's file names, by the names of its fields."""
    if isinstance(content, list):
        return {digest for item in content for digest in _hashes(item)}
    if not isinstance(content, Mapping):
        return set()
    found: set[str] = set()
    for name, value in content.items():
        if name in {"reason_sha256", "lines_sha256", "list_sha256"} and isinstance(value, str):
            found.add(value)
        else:
            found |= _hashes(value)
    return found


async def _texts(session: AsyncSession, found: Round) -> list[bytes]:
    """The bodies of everything in a round that acts name by hash: lists, reasons, cost sheets."""
    lists = select(BallotListRow.body).where(BallotListRow.round_id == found.id)
    bodies = list((await session.scalars(lists)).all())
    shown = list((await session.scalars(select(AssessmentAct.shown).where(AssessmentAct.round_id == found.id))).all())
    shown += (
        await session.scalars(
            select(ProposalAct.shown)
            .join(Proposal, Proposal.id == ProposalAct.proposal_id)
            .where(Proposal.round_id == found.id, Proposal.state != "hidden")
        )
    ).all()
    for each in shown:
        bodies += [_reason(each.get("reason"))]
        bodies += [_reason(point.get("reason")) for point in (each.get("criteria") or {}).values()]
    sheets = (
        select(CostSheetRow.content)
        .outerjoin(Proposal, Proposal.id == CostSheetRow.proposal_id)
        .outerjoin(BallotProject, BallotProject.id == CostSheetRow.project_id)
        .where((Proposal.round_id == found.id) | (BallotProject.round_id == found.id))
    )
    bodies += [canonical.encode(content) for content in (await session.scalars(sheets)).all()]
    return [body for body in bodies if body]


def _reason(reason: Any) -> bytes:
    """A reason as it is hashed: the languages that have words."""
    if not isinstance(reason, Mapping):
        return b""
    kept = {code: text for code, text in reason.items() if text}
    return canonical.encode(kept) if kept else b""
