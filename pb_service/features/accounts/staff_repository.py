"""Every query on the tables of staff: factors, invitations, roles, decisions, units and contact persons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Select, Text, and_, delete, exists, func, or_, select, text, update
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.staff_tables import (
    AuthenticatorApp,
    Coordinator,
    Decision,
    Invitation,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    Unit,
    UnitMember,
)
from pb_service.features.accounts.tables import AccessLog, Account, RoleGrant

# Second factors


async def app_of(session: AsyncSession, account_id: UUID) -> AuthenticatorApp | None:
    return await session.get(AuthenticatorApp, account_id, populate_existing=True)


async def all_apps(session: AsyncSession) -> Sequence[AuthenticatorApp]:
    """Return every app, while nobody else can add or change one."""
    await session.execute(text("LOCK TABLE authenticator_app IN SHARE ROW EXCLUSIVE MODE"))
    return (await session.scalars(select(AuthenticatorApp).order_by(AuthenticatorApp.account_id))).all()


async def put_pending_secret(session: AsyncSession, account_id: UUID, sealed: bytes) -> None:
    """Keep a secret that waits for its first code, instead of one that waited before."""
    row = insert(AuthenticatorApp).values(account_id=account_id, pending=sealed, last_step=0)
    await session.execute(
        row.on_conflict_do_update(index_elements=["account_id"], set_={"pending": row.excluded.pending})
    )


async def confirm_pending(session: AsyncSession, account_id: UUID, step: int, now: datetime) -> bool:
    """Make the waiting secret the one in use, with its first code used up; say whether one waited."""
    return await _one_row(
        session,
        update(AuthenticatorApp)
        .where(AuthenticatorApp.account_id == account_id, AuthenticatorApp.pending.is_not(None))
        .values(secret=AuthenticatorApp.pending, pending=None, confirmed_at=now, last_step=step),
    )


async def use_step(session: AsyncSession, account_id: UUID, step: int) -> bool:
    """Use up the codes until a time step; say whether this one was still unused."""
    return await _one_row(
        session,
        update(AuthenticatorApp)
        .where(AuthenticatorApp.account_id == account_id, AuthenticatorApp.last_step < step)
        .values(last_step=step),
    )


async def delete_app(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(AuthenticatorApp).where(AuthenticatorApp.account_id == account_id))


async def passkeys_of(session: AsyncSession, account_id: UUID) -> Sequence[Passkey]:
    return (await session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))).all()


async def passkey_by_credential(session: AsyncSession, account_id: UUID, credential_id: bytes) -> Passkey | None:
    """Return that passkey if it is the account's, held until the transaction ends: its counter is compared."""
    wanted = and_(Passkey.account_id == account_id, Passkey.credential_id == credential_id)
    return (await session.scalars(select(Passkey).where(wanted).with_for_update())).one_or_none()


async def insert_passkey(
    session: AsyncSession,
    account_id: UUID,
    *,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    now: datetime,
) -> bool:
    """Keep a passkey; say whether nobody had it before."""
    row = insert(Passkey).values(
        account_id=account_id,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        name=name,
        created_at=now,
    )
    return await _one_row(session, row.on_conflict_do_nothing(index_elements=["credential_id"]))


async def passkey_used(session: AsyncSession, passkey_id: UUID, sign_count: int, now: datetime) -> None:
    await session.execute(update(Passkey).where(Passkey.id == passkey_id).values(sign_count=sign_count, used_at=now))


async def delete_passkey(session: AsyncSession, account_id: UUID, passkey_id: UUID) -> bool:
    """Remove a passkey of the account; say whether it had it."""
    return await _one_row(session, delete(Passkey).where(Passkey.account_id == account_id, Passkey.id == passkey_id))


async def put_challenge(
    session: AsyncSession, session_id: UUID, purpose: str, challenge: bytes, expires_at: datetime
) -> None:
    """Keep what the authenticator must sign; an older challenge of the session and purpose ends."""
    row = insert(PasskeyChallenge).values(
        session_id=session_id, purpose=purpose, challenge=challenge, expires_at=expires_at
    )
    fresh = {"challenge": row.excluded.challenge, "expires_at": row.excluded.expires_at}
    await session.execute(row.on_conflict_do_update(index_elements=["session_id", "purpose"], set_=fresh))


async def take_challenge(session: AsyncSession, session_id: UUID, purpose: str, now: datetime) -> bytes | None:
    """Take the challenge away and return it if it has not expired: it answers once."""
    taken = await session.execute(
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.session_id == session_id, PasskeyChallenge.purpose == purpose)
        .returning(PasskeyChallenge.challenge, PasskeyChallenge.expires_at)
    )
    found = taken.one_or_none()
    return found.challenge if found and now < found.expires_at else None


async def replace_codes(session: AsyncSession, account_id: UUID, hashes: Sequence[bytes], now: datetime) -> None:
    """Put new recovery codes in the place of all older ones."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    rows = [{"account_id": account_id, "code_sha256": code, "made_at": now} for code in hashes]
    await session.execute(insert(RecoveryCode), rows)


async def use_code(session: AsyncSession, account_id: UUID, code_sha256: bytes, now: datetime) -> bool:
    """Use a recovery code up; say whether it was the account's and unused."""
    return await _one_row(
        session,
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_sha256 == code_sha256,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now),
    )


async def count_unused_codes(session: AsyncSession, account_id: UUID) -> int:
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(unused) or 0


async def delete_factors(session: AsyncSession, account_id: UUID) -> None:
    """Take every factor of an account away."""
    await delete_app(session, account_id)
    for table in (Passkey, RecoveryCode):
        await session.execute(delete(table).where(table.account_id == account_id))


# People and roles


async def account_by_id(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id, populate_existing=True)


async def lock_account(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return an account and keep others from deciding about it until this transaction ends.

    Not from naming it in a row of theirs: two who decide about each other would wait for each other.
    """
    found = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return (await session.scalars(found.execution_options(populate_existing=True))).one_or_none()


async def account_by_email_key(session: AsyncSession, email_key: str) -> Account | None:
    return (await session.scalars(select(Account).where(Account.email_key == email_key))).one_or_none()


def _staff(query: str, role: Role | None) -> Select[Account]:
    """Staff whose name or address holds the text, case ignored; only who holds the role, if one is given.

    The text is a value, never part of a pattern: %, _ and \\ stand for themselves.
    """
    found = select(Account).where(Account.is_staff)
    if query:
        held = Account.name.icontains(query, autoescape=True) | Account.email.icontains(query, autoescape=True)
        found = found.where(held)
    if role:
        grant = exists().where(
            RoleGrant.account_id == Account.id, RoleGrant.role == role, RoleGrant.revoked_at.is_(None)
        )
        found = found.where(grant)
    return found


async def staff_page(
    session: AsyncSession, query: str, role: Role | None, *, offset: int, limit: int
) -> Sequence[Account]:
    """Return staff in the order of their names."""
    order = (func.lower(func.coalesce(Account.name, Account.email)), Account.id)
    return (await session.scalars(_staff(query, role).order_by(*order).offset(offset).limit(limit))).all()


async def count_staff(session: AsyncSession, query: str, role: Role | None) -> int:
    return await session.scalar(select(func.count()).select_from(_staff(query, role).subquery())) or 0


async def grants_of(session: AsyncSession, account_ids: Sequence[UUID]) -> Sequence[RoleGrant]:
    """Return the roles that accounts hold today, oldest first."""
    held = select(RoleGrant).where(RoleGrant.account_id.in_(account_ids), RoleGrant.revoked_at.is_(None))
    return (await session.scalars(held.order_by(RoleGrant.granted_at, RoleGrant.id))).all()


async def grant_by_id(session: AsyncSession, account_id: UUID, grant_id: UUID) -> RoleGrant | None:
    """Return a role that the account holds today: a grant of somebody else is not found here."""
    held = and_(RoleGrant.id == grant_id, RoleGrant.account_id == account_id, RoleGrant.revoked_at.is_(None))
    return (await session.scalars(select(RoleGrant).where(held).with_for_update())).one_or_none()


async def add_grant(
    session: AsyncSession,
    account_id: UUID,
    role: Role,
    round_id: UUID | None,
    district: str | None,
    *,
    granted_by: UUID | None,
    now: datetime,
) -> None:
    row = {"account_id": account_id, "role": role, "round_id": round_id, "district": district}
    await session.execute(insert(RoleGrant).values(**row, granted_by=granted_by, granted_at=now))


async def revoke_grant(session: AsyncSession, grant_id: UUID, now: datetime) -> None:
    await session.execute(update(RoleGrant).where(RoleGrant.id == grant_id).values(revoked_at=now))


async def lock_administrators(session: AsyncSession) -> Sequence[UUID]:
    """Return the accounts that can act as administrator, and let nobody else count them until this transaction ends.

    Two administrators who take each other's role at one moment must not both succeed.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ADMINISTRATORS)))
    found = (
        select(RoleGrant.account_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.role == "administrator", RoleGrant.revoked_at.is_(None), Account.blocked_at.is_(None))
        .distinct()
        .order_by(RoleGrant.account_id)
    )
    return (await session.scalars(found)).all()


#: Any number that nothing else locks by.
_ADMINISTRATORS = 5_022_319_940


async def accounts_like(session: AsyncSession, text: str, limit: int) -> Sequence[UUID]:
    """Return accounts whose name or address holds the text, case ignored."""
    held = Account.name.icontains(text, autoescape=True) | Account.email.icontains(text, autoescape=True)
    return (await session.scalars(select(Account.id).where(held).order_by(Account.id).limit(limit))).all()


async def names_of(session: AsyncSession, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names, or else the addresses, of accounts that still exist and have one."""
    if not account_ids:
        return {}
    found = await session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(account_ids)))
    return {id_: said for id_, name, email in found if (said := name or email)}


# Decisions and the access log


async def add_decision(
    session: AsyncSession, account_id: UUID, *, act: str, detail: str, reason: str, by: UUID | None, now: datetime
) -> None:
    row = {"account_id": account_id, "act": act, "detail": detail, "reason": reason}
    await session.execute(insert(Decision).values(**row, decided_by=by, at=now))


async def decisions_about(session: AsyncSession, account_id: UUID, limit: int) -> Sequence[Decision]:
    """Return the newest decisions about a person."""
    found = select(Decision).where(Decision.account_id == account_id).order_by(Decision.id.desc()).limit(limit)
    return (await session.scalars(found)).all()


async def log_page(
    session: AsyncSession,
    *,
    account_ids: Sequence[UUID] | None,
    act: str,
    outcome: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> Sequence[AccessLog]:
    """Return the newest rows of the access log that match everything given, below the id ``before``.

    A row is about an account that acted, or that its object names; ``act`` is how the act begins, such as ``role.``;
    ``outcome`` is empty, ``done`` or ``not-done``.
    """
    found = select(AccessLog)
    if account_ids is not None:
        words = func.string_to_array(AccessLog.object, " ", type_=ARRAY(Text))
        named = words.overlap(cast_to([str(id_) for id_ in account_ids], ARRAY(Text)))
        found = found.where(or_(AccessLog.account_id.in_(account_ids), named))
    if act:
        found = found.where(AccessLog.act.startswith(act, autoescape=True))
    if outcome:
        found = found.where(AccessLog.outcome == "done" if outcome == "done" else AccessLog.outcome != "done")
    if since:
        found = found.where(AccessLog.at >= since)
    if until:
        found = found.where(AccessLog.at < until)
    if before is not None:
        found = found.where(AccessLog.id < before)
    return (await session.scalars(found.order_by(AccessLog.id.desc()).limit(limit))).all()


# Invitations


async def open_invitation_of(session: AsyncSession, email_key: str, now: datetime) -> Invitation | None:
    """Return the invitation that is open for an address."""
    found = select(Invitation).where(Invitation.email_key == email_key, *_open(now))
    return (await session.scalars(found)).one_or_none()


async def withdraw_invitations(session: AsyncSession, email_key: str, now: datetime) -> None:
    """End the invitation that is open for an address, if there is one."""
    await session.execute(
        update(Invitation)
        .where(
            Invitation.email_key == email_key,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )


async def withdraw_sent_invitations(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """End the open invitations that a person has sent."""
    sent = update(Invitation).where(Invitation.invited_by == account_id, *_open(now))
    await session.execute(sent.values(withdrawn_at=now))


async def insert_invitation(session: AsyncSession, **values: Any) -> None:
    await session.execute(insert(Invitation).values(**values))


async def invitation_by_token(
    session: AsyncSession, token_sha256: bytes, now: datetime, *, lock: bool = False
) -> Invitation | None:
    """Return the invitation of that link if it is open and has not expired."""
    found = select(Invitation).where(Invitation.token_sha256 == token_sha256, *_open(now))
    return (await session.scalars(found.with_for_update() if lock else found)).one_or_none()


async def open_invitations(session: AsyncSession, now: datetime, limit: int) -> Sequence[Invitation]:
    """Return the newest open invitations."""
    found = select(Invitation).where(*_open(now)).order_by(Invitation.invited_at.desc(), Invitation.id).limit(limit)
    return (await session.scalars(found)).all()


async def invitation_by_id(session: AsyncSession, invitation_id: UUID, now: datetime) -> Invitation | None:
    found = select(Invitation).where(Invitation.id == invitation_id, *_open(now)).with_for_update()
    return (await session.scalars(found)).one_or_none()


def _open(now: datetime) -> tuple[Any, ...]:
    return Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now


async def delete_invitations(session: AsyncSession, email_key: str) -> None:
    """Forget every invitation of an address."""
    await session.execute(delete(Invitation).where(Invitation.email_key == email_key))


async def drop_ended_invitations(session: AsyncSession, before: datetime) -> None:
    """Delete invitations that could last be accepted before a moment: their addresses are needed no more."""
    await session.execute(delete(Invitation).where(Invitation.expires_at < before))


async def close_invitation(session: AsyncSession, invitation_id: UUID, **values: Any) -> None:
    """Note that an invitation was accepted (``accepted_by``, ``accepted_at``) or withdrawn (``withdrawn_at``)."""
    await session.execute(update(Invitation).where(Invitation.id == invitation_id).values(**values))


# Units and contact persons


async def units(session: AsyncSession) -> Sequence[Unit]:
    """Return the units that are not closed, oldest first."""
    return (await session.scalars(select(Unit).where(Unit.closed_at.is_(None)).order_by(Unit.id))).all()


async def unit_by_id(session: AsyncSession, unit_id: UUID) -> Unit | None:
    return (await session.scalars(select(Unit).where(Unit.id == unit_id, Unit.closed_at.is_(None)))).one_or_none()


async def insert_unit(
    session: AsyncSession,
    unit_id: UUID,
    *,
    names: Mapping[str, str],
    email: str | None,
    phone: str | None,
    now: datetime,
) -> None:
    """Keep a unit; the same id again changes nothing."""
    row = insert(Unit).values(id=unit_id, names=dict(names), email=email, phone=phone, created_at=now)
    await session.execute(row.on_conflict_do_nothing(index_elements=["id"]))


async def members(session: AsyncSession, unit_ids: Sequence[UUID]) -> Sequence[tuple[UnitMember, Account]]:
    """Return who works in the units, by name; blocked people are left out."""
    found = (
        select(UnitMember, Account)
        .join(Account, Account.id == UnitMember.account_id)
        .where(UnitMember.unit_id.in_(unit_ids), Account.blocked_at.is_(None))
        .order_by(UnitMember.unit_id, func.lower(func.coalesce(Account.name, Account.email)), Account.id)
    )
    return [(member, account) for member, account in await session.execute(found)]


async def memberships_of(session: AsyncSession, account_id: UUID) -> Sequence[UnitMember]:
    """Return the places of a person in units."""
    found = select(UnitMember).where(UnitMember.account_id == account_id).order_by(UnitMember.unit_id)
    return (await session.scalars(found)).all()


async def coordinators_of(session: AsyncSession, account_id: UUID) -> Sequence[Coordinator]:
    """Return the districts whose contact a person is."""
    return (
        await session.scalars(select(Coordinator).where(Coordinator.account_id == account_id).order_by(Coordinator.id))
    ).all()


async def put_member(
    session: AsyncSession, unit_id: UUID, account_id: UUID, *, title: str, phone: str | None, now: datetime
) -> None:
    """Add a person to a unit, or change the title and phone there."""
    row = insert(UnitMember).values(unit_id=unit_id, account_id=account_id, title=title, phone=phone, added_at=now)
    fresh = {"title": row.excluded.title, "phone": row.excluded.phone}
    await session.execute(row.on_conflict_do_update(index_elements=["unit_id", "account_id"], set_=fresh))


async def delete_member(session: AsyncSession, unit_id: UUID, account_id: UUID) -> bool:
    return await _one_row(
        session, delete(UnitMember).where(UnitMember.unit_id == unit_id, UnitMember.account_id == account_id)
    )


async def coordinators(session: AsyncSession, round_id: UUID | None = None) -> Sequence[Coordinator]:
    """Return the contact persons of the districts of a round, or of all rounds; blocked people are left out."""
    found = select(Coordinator).join(Account, Account.id == Coordinator.account_id).where(Account.blocked_at.is_(None))
    if round_id:
        found = found.where(Coordinator.round_id == round_id)
    order = (Coordinator.round_id.desc(), Coordinator.district, Coordinator.name, Coordinator.id)
    return (await session.scalars(found.order_by(*order))).all()


async def put_coordinator(session: AsyncSession, **values: Any) -> None:
    """Make a person the contact of a district, or change how the person is reached there."""
    row = insert(Coordinator).values(**values)
    fresh = {name: row.excluded[name] for name in ("name", "email", "phone")}
    await session.execute(row.on_conflict_do_update(index_elements=["round_id", "district", "account_id"], set_=fresh))


async def coordinator_by_id(session: AsyncSession, coordinator_id: UUID) -> Coordinator | None:
    return await session.get(Coordinator, coordinator_id)


async def delete_coordinator(session: AsyncSession, coordinator_id: UUID) -> None:
    await session.execute(delete(Coordinator).where(Coordinator.id == coordinator_id))


async def _one_row(session: AsyncSession, statement: Any) -> bool:
    """Run a statement that changes one row or none; say whether it did."""
    changed = cast(CursorResult[Any], await session.execute(statement))
    return changed.rowcount == 1
