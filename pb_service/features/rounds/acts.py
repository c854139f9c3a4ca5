"""What happens to a published round: a row for its pages and, in the same transaction, an entry of its record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.rounds.phases import Phase, Pusher
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round, RoundAct


async def act(
    session: AsyncSession,
    on: Round,
    kind: str,
    about: Mapping[str, Any],
    *,
    by: str,
    account_id: UUID | None,
    now: datetime,
    published: Mapping[str, Any] | None = None,
    source: Phase | None = None,
    target: Phase | None = None,
    pusher: Pusher | None = None,
    planned_at: datetime | None = None,
) -> None:
    """Note an act on a round, in the role ``by``. ``about`` is kept for pages; the record's salted file holds
    ``published`` (by default the same).

    The times of a record never run back: an act after the clock was set back gets the time of the act before it.
    """
    at = max(now, on.acted_at) if on.acted_at else now
    on.acted_at = at
    row = RoundAct(
        round_id=on.id,
        kind=kind,
        at=at,
        source=source,
        target=target,
        pusher=pusher,
        planned_at=planned_at,
        about=dict(about),
        account_id=account_id,
    )
    session.add(row)
    await session.flush()  # what the table refuses, the record must not say
    content = about if published is None else published
    file_hash = await record.salted_file(session, content, kind=kind, at=at)
    entry = entries.act(kind, at=int(at.timestamp()), object_id=on.slug, by=by, file_hash=file_hash)
    await record.append(session, on.log, entry)
