"""The turnout of a round, published once after the count and made from its record alone (core/voting/turnout.py)."""

import csv
import io
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import decode
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.voting.turnout import document, turnout_of
from pb_service.features.record import service as record
from pb_service.features.results import repository
from pb_service.features.results.tables import Turnout
from pb_service.features.rounds.service import find_round
from pb_service.features.rounds.tables import Round
from pb_service.platform import changes


async def publish_turnout(session: AsyncSession, slug: str, *, now: datetime) -> None:
    """Publish the turnout of a counted round; twice changes nothing."""
    found = await find_round(session, slug, for_update=True)
    if found.imported or found.manifest_sha256 is None or found.phase not in AFTER_COUNT:
        return
    if await repository.turnout_of(session, found.id) is not None:
        return
    manifest = Manifest.read(await record.get_file(session, found.manifest_sha256))
    body = document(turnout_of(await record.entries(session, found.log), manifest), manifest)
    session.add(Turnout(round_id=found.id, body=body, made_at=now))
    await changes.tell(session)


async def turnout_body(session: AsyncSession, found: Round) -> bytes | None:
    """Return the published turnout as canonical JSON, None before it."""
    row = await repository.turnout_of(session, found.id)
    return row.body if row else None


def as_csv(body: bytes) -> str:
    """Return a published turnout as a table: what of, which, number. Numbers that are left out are empty."""
    read: dict[str, Any] = decode(body)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["of", "which", "voted"])
    rows.writerow(["total", "", read["total"]])
    rows.writerows(["district", each["id"], each["n"]] for each in read["districts"])
    rows.writerows(["channel", each["channel"], each.get("n", "")] for each in read["channels"])
    rows.writerows(["hour", each.get("t", ""), each.get("n", "")] for each in read["hours"])
    return out.getvalue()
