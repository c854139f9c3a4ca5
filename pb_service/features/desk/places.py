"""Where officers serve: places with a box each, and who serves there when. Functions never commit."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.desk import repository
from pb_service.features.desk.errors import DeskRefused, NotThere
from pb_service.features.desk.tables import DeskPlace, DeskShift
from pb_service.features.rounds.tables import Round

_NO = re.compile(r"[A-Za-z0-9.-]{1,32}")


async def add_place(
    session: AsyncSession, actor: Actor, found: Round, name: str, no: str, *, now: datetime
) -> DeskPlace:
    """Add a place with its box to a round. Raises DeskRefused, Forbidden."""
    require(actor, "rounds.edit", round_id=found.id)
    if not _NO.fullmatch(no) or any(place.no == no for place in await repository.places_of(session, found.id)):
        raise DeskRefused("no", "A box is named by letters, digits, dots and hyphens, each name once.")
    place = DeskPlace(round_id=found.id, name=name, no=no)
    session.add(place)
    await session.flush()
    await access_log.note(session, actor.account_id, "desk.place", f"{found.slug} {no}", now=now)
    return place


async def add_shift(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    place_id: UUID,
    *,
    account_id: UUID,
    times: tuple[datetime, datetime],
    now: datetime,
) -> DeskShift:
    """Let an officer of the round serve at a place for some hours. Raises DeskRefused, Forbidden."""
    require(actor, "rounds.edit", round_id=found.id)
    place = await place_called(session, found, place_id)
    if account_id not in {account for account, _ in await repository.officers_of(session, found.id)}:
        raise DeskRefused("person", "This person is no desk officer of the round.")
    if times[0] >= times[1]:
        raise DeskRefused("times", "A shift ends after it begins.")
    shift = DeskShift(place_id=place.id, account_id=account_id, from_at=times[0], to_at=times[1])
    session.add(shift)
    await session.flush()
    await access_log.note(session, actor.account_id, "desk.shift", f"{found.slug} {place.no}", now=now)
    return shift


async def drop_shift(session: AsyncSession, actor: Actor, found: Round, shift_id: UUID) -> None:
    """Take a shift away. Raises DeskRefused, Forbidden."""
    require(actor, "rounds.edit", round_id=found.id)
    shift = await session.get(DeskShift, shift_id)
    if shift is None:
        raise NotThere()
    await place_called(session, found, shift.place_id)
    await session.delete(shift)


async def place_called(session: AsyncSession, found: Round, place_id: UUID) -> DeskPlace:
    """Return a place of a round. Raises DeskRefused."""
    place = await session.get(DeskPlace, place_id)
    if place is None or place.round_id != found.id:
        raise DeskRefused("place", "There is no such place in this round.")
    return place


async def places_open_to(session: AsyncSession, actor: Actor, found: Round, now: datetime) -> Sequence[DeskPlace]:
    """Return where somebody may serve now: where her shift is, and where nobody has planned any."""
    shifts = await repository.shifts_of(session, found.id)
    planned = {shift.place_id for shift in shifts}
    own = {
        shift.place_id
        for shift in shifts
        if shift.account_id == actor.account_id and shift.from_at <= now < shift.to_at
    }
    return [
        place for place in await repository.places_of(session, found.id) if place.id in own or place.id not in planned
    ]
