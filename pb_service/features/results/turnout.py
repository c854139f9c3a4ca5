"""The turnout of a round, published once after the count and made from its record alone (core/voting/turnout.py).

With it, at the same moment, a figure apart: how old the voters were, from data of the service (core/voting/ages.py).
"""

import csv
import io
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import decode
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.voting.ages import ages_document, grouped
from pb_service.core.voting.turnout import document, turnout_of
from pb_service.features.record import service as record
from pb_service.features.results import repository
from pb_service.features.results.tables import Turnout
from pb_service.features.roll.ages import years_of_birth
from pb_service.features.rounds.service import find_round
from pb_service.features.rounds.tables import Round
from pb_service.platform import changes
from pb_service.platform.keys import KeyFolder


async def publish_turnout(session: AsyncSession, slug: str, *, keys: KeyFolder, now: datetime) -> None:
    """Publish the turnout of a counted round; twice changes nothing."""
    found = await find_round(session, slug, for_update=True)
    if found.imported or found.manifest_sha256 is None or found.phase not in AFTER_COUNT:
        return
    if await repository.turnout_of(session, found.id) is not None:
        return
    manifest = Manifest.read(await record.get_file(session, found.manifest_sha256))
    counted = turnout_of(await record.entries(session, found.log), manifest)
    year = (found.closes_at or now).year
    years = await years_of_birth(session, found, counted.people, keys=keys)
    ages = ages_document(grouped(years, year), manifest.eid, year)
    session.add(Turnout(round_id=found.id, body=document(counted, manifest), ages=ages, made_at=now))
    await changes.tell(session)


async def turnout_body(session: AsyncSession, found: Round) -> bytes | None:
    """Return the published turnout as canonical JSON, None before it."""
    row = await repository.turnout_of(session, found.id)
    return row.body if row else None


async def ages_body(session: AsyncSession, found: Round) -> bytes | None:
    """Return the published ages of the voters as canonical JSON, None before them or where they may not be shown."""
    row = await repository.turnout_of(session, found.id)
    return row.ages if row else None


def ages_as_csv(body: bytes) -> str:
    """Return published ages as a table: source, group, number. Numbers that are left out are empty."""
    read: dict[str, Any] = decode(body)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["source", "age", "voted"])
    rows.writerow([read["source"], "total", read["total"]])
    rows.writerows([read["source"], each["group"], each.get("n", "")] for each in read["ages"])
    return out.getvalue()


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
