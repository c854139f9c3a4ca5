"""Which district is a place in: by postal code, by address, by a point on the map. Tables have versions in a round."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.rounds.districts import district_at
from pb_service.core.rounds.places import Place, normal_code, read_address
from pb_service.core.rounds.setup import Text, to_content_of_text
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import repository
from pb_service.features.rounds.acts import act
from pb_service.features.rounds.errors import PlaceTableNeeded
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import PlaceTable, Round

PlaceKind = Literal["postal", "addresses"]
PLACE_KINDS: tuple[PlaceKind, ...] = ("postal", "addresses")


@dataclass(frozen=True)
class Found:
    """The answer to "which is my district": its key, or the candidates when it cannot be told.

    ``code``: found, several (choose one), unknown (not in the tables), outside (of all areas on the map).
    """

    district: str | None
    candidates: tuple[str, ...]
    code: Literal["found", "several", "unknown", "outside"]


async def district_of(
    session: AsyncSession,
    found: Round,
    *,
    point: tuple[float, float] | None = None,
    postal_code: str = "",
    address: str = "",
) -> Found:
    """Return the district of a point [longitude, latitude], a postal code, or an address, whichever is given first.

    An address is looked up by street and number, and by its postal code when the street is not in the table. Houses
    named in the table go before their whole street. Raises PlaceTableNeeded when the round has nothing to look in.
    """
    if point is not None:
        areas = [district for district in (await setup_of(session, found)).districts.districts if district.polygons]
        if not areas:
            raise PlaceTableNeeded("The districts of this round are not drawn on a map.")
        key = district_at(areas, *point)
        return Found(key, (key,) if key else (), "found" if key else "outside")
    typed = read_address(address)
    code = normal_code(postal_code) or typed.postal_code
    tables = {kind: await repository.place_table(session, found.id, kind) for kind in PLACE_KINDS}
    if not any(tables.values()):
        raise PlaceTableNeeded("This round has no table of postal codes or addresses.")
    candidates: Sequence[str] = ()
    if (table := tables["addresses"]) and typed.street:
        candidates = await repository.districts_of_place(session, table.id, typed.street, typed.number)
    if not candidates and (table := tables["postal"]) and code:
        candidates = await repository.districts_of_place(session, table.id, code, None)
    if len(candidates) == 1:
        return Found(candidates[0], tuple(candidates), "found")
    return Found(None, tuple(candidates), "several" if candidates else "unknown")


async def published_table(session: AsyncSession, found: Round, kind: PlaceKind) -> bytes:
    """Return the table that holds, byte for byte as the record names it by hash. Raises PlaceTableNeeded."""
    table = await repository.place_table(session, found.id, kind)
    if table is None:
        raise PlaceTableNeeded(f"The round {found.slug!r} has no such table.")
    return _as_published(await repository.place_rows(session, table.id))


def digest(places: Sequence[Place]) -> bytes:
    """Return the SHA-256 of a table as published: two tables that say the same have the same."""
    rows = [(row.place, row.side, row.first, row.last, row.district) for row in places]
    return hashlib.sha256(_as_published(rows)).digest()


def _as_published(rows: Sequence[tuple[str, str, int, int, str]]) -> bytes:
    """Canonical JSON of the rows [place, side, first, last, district], sorted by code points and numbers."""
    return canonical.encode([list(row) for row in sorted(rows)])


async def store_table(
    session: AsyncSession, actor: Actor, found: Round, kind: PlaceKind, places: Sequence[Place], *, now: datetime
) -> PlaceTable | None:
    """Store a table as the round's newest version; None when it says what the newest one says already."""
    newest = await repository.place_table(session, found.id, kind)
    sha256 = digest(places)
    if newest and newest.sha256 == sha256:
        return None
    table = PlaceTable(
        round_id=found.id,
        kind=kind,
        version=newest.version + 1 if newest else 1,
        sha256=sha256,
        rows=len(places),
        imported_by=actor.account_id,
        imported_at=now,
    )
    session.add(table)
    await session.flush()
    rows = [
        {"place": row.place, "side": row.side, "first": row.first, "last": row.last, "district": row.district}
        for row in places
    ]
    await repository.insert_place_rows(session, table.id, rows)
    return table


async def table_act(
    session: AsyncSession,
    found: Round,
    table: PlaceTable,
    *,
    by: str,
    account_id: UUID | None,
    reason: Text | None = None,
    now: datetime,
) -> None:
    """Note in the public record which table holds from now on."""
    about = {
        "table": table.kind,
        "version": table.version,
        "rows": table.rows,
        "sha256": canonical.b64u(table.sha256),
        "reason": to_content_of_text(reason or {}),
    }
    await act(session, found, "districts.table", about, by=by, account_id=account_id, now=now)
