"""Units of the municipality and the contact persons of districts: whom to ask, by phone and by mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, policy
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.scopes import Scopes
from pb_service.features.accounts.staff_errors import ContactNotFound, PersonNotFound, UnitNotFound, UnknownScope
from pb_service.features.accounts.staff_tables import Unit


@dataclass(frozen=True)
class UnitDetails:
    """A unit as it is typed: its name by language, and how to reach it."""

    names: Mapping[str, str]
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class MemberLine:
    """A person in a unit."""

    account_id: UUID
    name: str
    title: str
    email: str
    phone: str


@dataclass(frozen=True)
class UnitLine:
    """A unit with its people."""

    id: UUID
    names: Mapping[str, str]
    email: str
    phone: str
    members: tuple[MemberLine, ...]

    def name(self, language: str) -> str:
        """The name in a language, or else in the first that has one."""
        return self.names.get(language) or next(iter(self.names.values()), "")


@dataclass(frozen=True)
class ContactLine:
    """The contact person of a district, as everybody may see it."""

    id: UUID
    round_id: UUID
    district: str
    name: str
    email: str
    phone: str


async def all_units(session: AsyncSession, actor: Actor) -> list[UnitLine]:
    """Return the units with their people: for all staff."""
    policy.require_somewhere(actor, "staff.enter")
    return await _lines(session, await repository.units(session))


async def unit(session: AsyncSession, actor: Actor, unit_id: UUID) -> UnitLine:
    """Return one unit. Raises UnitNotFound."""
    policy.require_somewhere(actor, "staff.enter")
    (line,) = await _lines(session, [await _unit(session, unit_id)])
    return line


async def create_unit(
    session: AsyncSession, actor: Actor, details: UnitDetails, *, unit_id: UUID, now: datetime
) -> None:
    """Add a unit; ``unit_id`` is the key of the form, so that sending it twice adds one."""
    policy.require_somewhere(actor, "units.edit", now=now)
    await repository.insert_unit(
        session, unit_id, names=details.names, email=details.email, phone=details.phone, now=now
    )
    await access_log.note(session, actor.account_id, "unit.created", str(unit_id), now=now)


async def change_unit(
    session: AsyncSession, actor: Actor, unit_id: UUID, details: UnitDetails, *, now: datetime
) -> None:
    """Change a unit's name or how to reach it. Raises UnitNotFound."""
    policy.require_somewhere(actor, "units.edit", now=now)
    found = await _unit(session, unit_id)
    found.names, found.email, found.phone = dict(details.names), details.email, details.phone
    await session.flush()
    await access_log.note(session, actor.account_id, "unit.changed", str(unit_id), now=now)


async def close_unit(session: AsyncSession, actor: Actor, unit_id: UUID, *, now: datetime) -> None:
    """Close a unit: it is shown no more. Raises UnitNotFound."""
    policy.require_somewhere(actor, "units.edit", now=now)
    (await _unit(session, unit_id)).closed_at = now
    await session.flush()
    await access_log.note(session, actor.account_id, "unit.closed", str(unit_id), now=now)


async def put_member(
    session: AsyncSession, actor: Actor, unit_id: UUID, account_id: UUID, *, title: str, phone: str, now: datetime
) -> None:
    """Add a person of the staff to a unit, or change their title and phone. Raises UnitNotFound, PersonNotFound."""
    policy.require_somewhere(actor, "units.edit", now=now)
    await _unit(session, unit_id)
    await _staff(session, account_id)
    await repository.put_member(session, unit_id, account_id, title=title, phone=phone or None, now=now)
    await access_log.note(session, actor.account_id, "unit.member-added", f"{unit_id} {account_id}", now=now)


async def remove_member(session: AsyncSession, actor: Actor, unit_id: UUID, account_id: UUID, *, now: datetime) -> None:
    """Take a person out of a unit. Raises PersonNotFound when they are not in it."""
    policy.require_somewhere(actor, "units.edit", now=now)
    if not await repository.delete_member(session, unit_id, account_id):
        raise PersonNotFound
    await access_log.note(session, actor.account_id, "unit.member-removed", f"{unit_id} {account_id}", now=now)


async def contacts(session: AsyncSession, round_id: UUID | None = None) -> list[ContactLine]:
    """Return the contact persons of a round's districts, or of all rounds: for everybody."""
    return [
        ContactLine(row.id, row.round_id, row.district, row.name, row.email or "", row.phone or "")
        for row in await repository.coordinators(session, round_id)
    ]


async def name_contact(
    session: AsyncSession,
    actor: Actor,
    account_id: UUID,
    *,
    round_id: UUID,
    district: str,
    email: str,
    phone: str,
    scopes: Scopes,
    now: datetime,
) -> None:
    """Make a person of the staff the public contact of a district; ``email`` or ``phone`` must be given.

    Raises Forbidden outside the actor's rounds, UnknownScope, PersonNotFound.
    """
    if not scopes.exists(round_id, district):
        raise UnknownScope
    policy.require(actor, "units.edit", round_id=round_id, district=district, now=now)
    name = await _staff(session, account_id)
    await repository.put_coordinator(
        session,
        round_id=round_id,
        district=district,
        account_id=account_id,
        name=name,
        email=email or None,
        phone=phone or None,
        since=now,
    )
    await access_log.note(session, actor.account_id, "contact.named", f"{account_id} {round_id} {district}", now=now)


async def remove_contact(session: AsyncSession, actor: Actor, contact_id: UUID, *, now: datetime) -> None:
    """End that a person is a district's contact. Raises ContactNotFound, Forbidden outside the actor's rounds."""
    found = await repository.coordinator_by_id(session, contact_id)
    if found is None:
        raise ContactNotFound
    policy.require(actor, "units.edit", round_id=found.round_id, district=found.district, now=now)
    await repository.delete_coordinator(session, contact_id)
    await access_log.note(
        session, actor.account_id, "contact.removed", f"{found.account_id} {found.round_id} {found.district}", now=now
    )


async def _unit(session: AsyncSession, unit_id: UUID) -> Unit:
    found = await repository.unit_by_id(session, unit_id)
    if found is None:
        raise UnitNotFound
    return found


async def _staff(session: AsyncSession, account_id: UUID) -> str:
    """Return the name of a person of the staff."""
    account = await repository.account_by_id(session, account_id)
    if account is None or not account.is_staff or account.blocked_at:
        raise PersonNotFound
    return account.name or account.email or ""


async def _lines(session: AsyncSession, units: Sequence[Unit]) -> list[UnitLine]:
    people: dict[UUID, list[MemberLine]] = {found.id: [] for found in units}
    for member, account in await repository.members(session, list(people)):
        people[member.unit_id].append(
            MemberLine(
                account.id, account.name or account.email or "", member.title, account.email or "", member.phone or ""
            )
        )
    return [
        UnitLine(found.id, found.names, found.email or "", found.phone or "", tuple(people[found.id]))
        for found in units
    ]
