"""What in the casting of a vote deserves a look by people, once the vote is over: it flags, and never decides.

Three questions are asked of the envelopes, whose choices nobody knows: did many different people cast from one network
address within an hour, did many accounts of the last day cast within an hour, and did much more come in some minute
than in others? A library, a school or a family answers the first one too. What is shown of an address is that it was
the same: its keyed hash is not shown, and it is erased with the age of the accounts some days after the vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.record.tables import LogEntry
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.tables import CastEnvelope

Kind = Literal["address", "young", "minute"]

#: Different people in an hour, from one address or with accounts younger than a day, from which on it is flagged.
MANY = 10
#: A minute is flagged that has so many times the envelopes of the median minute, and at least so many.
TIMES, AT_LEAST = 10, 30
#: Envelopes of a flag whose places in the record are shown.
MOST_SHOWN = 50
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Cast(NamedTuple):
    """An envelope as it is looked at."""

    place: int
    alias: bytes
    at: datetime
    address_key: bytes | None
    account_days: int | None


@dataclass(frozen=True)
class Flag:
    """Something to look at: what kind, when it began and ended, how many people, and where in the record."""

    kind: Kind
    begins: datetime
    ends: datetime
    people: int
    young: int
    places: tuple[int, ...]


async def flags_of(session: AsyncSession, log_id: UUID) -> list[Flag]:
    """Return what deserves a look in the envelopes of a vote, in the order of time."""
    query = (
        select(LogEntry.idx, CastEnvelope.alias, CastEnvelope.at, CastEnvelope.address_key, CastEnvelope.account_days)
        .join(LogEntry, LogEntry.id == CastEnvelope.entry_id)
        .where(CastEnvelope.log_id == log_id, LogEntry.idx.is_not(None))
        .order_by(CastEnvelope.at, LogEntry.idx)
    )
    rows = await session.execute(query)
    return flags([Cast(place or 0, alias, at, key, days) for place, alias, at, key, days in rows])


def flags(casts: Sequence[Cast]) -> list[Flag]:
    """As `flags_of`, of envelopes in the order of time."""
    by_address: dict[bytes, list[Cast]] = {}
    by_minute: dict[datetime, list[Cast]] = {}
    for cast in casts:
        if cast.address_key is not None:
            by_address.setdefault(cast.address_key, []).append(cast)
        by_minute.setdefault(cast.at.replace(second=0, microsecond=0), []).append(cast)
    found = [_flag("address", burst) for same in by_address.values() for burst in _bursts(same)]
    found += [_flag("young", burst) for burst in _bursts([cast for cast in casts if cast.account_days == 0])]
    usual = median(len(each) for each in by_minute.values()) if by_minute else 0
    found += [_flag("minute", each) for each in by_minute.values() if len(each) >= max(AT_LEAST, TIMES * usual)]
    return sorted(found, key=lambda flag: (flag.begins, flag.kind))


def _bursts(casts: Sequence[Cast]) -> list[list[Cast]]:
    """Cut envelopes into stretches that begin an hour after the one before at least; return those of many people."""
    stretches: list[list[Cast]] = []
    for cast in casts:
        if not stretches or cast.at - stretches[-1][0].at >= _HOUR:
            stretches.append([])
        stretches[-1].append(cast)
    return [stretch for stretch in stretches if len({cast.alias for cast in stretch}) >= MANY]


def _flag(kind: Kind, casts: Sequence[Cast]) -> Flag:
    return Flag(
        kind,
        casts[0].at,
        casts[-1].at,
        people=len({cast.alias for cast in casts}),
        young=len({cast.alias for cast in casts if cast.account_days == 0}),
        places=tuple(cast.place for cast in casts[:MOST_SHOWN]),
    )


async def traces_left(session: AsyncSession, log_id: UUID) -> bool:
    """Whether addresses and ages of this vote are still kept."""
    query = select(func.count()).where(CastEnvelope.log_id == log_id, _HAS_TRACE)
    return bool(await session.scalar(query))


async def erase_traces(session: AsyncSession, *, before: datetime) -> None:
    """Erase addresses and ages of the votes that ended before a moment."""
    ended = select(Round.log_id).where(Round.closes_at < before, Round.phase != "voting")
    gone = update(CastEnvelope).where(CastEnvelope.log_id.in_(ended), _HAS_TRACE)
    await session.execute(gone.values(address_key=None, account_days=None).execution_options(synchronize_session=False))


_HAS_TRACE = or_(CastEnvelope.address_key.is_not(None), CastEnvelope.account_days.is_not(None))
