"""Invitations into the staff: a one-time link by mail, or on the operator's terminal for an administrator.

The link shows a form; only sending the form uses it up, so that a mail program that looks links up does no harm.
Whoever accepts sets a password and is signed in, but may do nothing until a second factor is enrolled.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, links, people, policy, sessions
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.emails import email_key, plain_email
from pb_service.features.accounts.policy import Actor, Grant
from pb_service.features.accounts.scopes import Scopes
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.staff_errors import (
    InvitationNotFound,
    InvitedOtherwise,
    IsStaffAlready,
    PersonBlocked,
)
from pb_service.features.accounts.staff_tables import Invitation
from pb_service.features.accounts.tables import Account
from pb_service.features.accounts.vocabulary import role_in_words
from pb_service.platform import outbox
from pb_service.web.locales import Language, translations

INVITATION_LIFE = timedelta(days=7)
_SHOWN = 100


@dataclass(frozen=True)
class InvitationLine:
    """An invitation that waits for its answer. ``by`` is empty when the operator made it or the inviter is gone."""

    id: UUID
    email: str
    language: str
    grant: Grant
    by: str
    invited_at: datetime
    expires_at: datetime


async def invite(
    session: AsyncSession,
    actor: Actor,
    email: str,
    *,
    language: Language,
    wanted: Grant,
    reason: str,
    scopes: Scopes,
    now: datetime,
) -> None:
    """Invite an address by mail to a role that the actor may give. An earlier invitation of it ends.

    Raises EmailRefused, IsStaffAlready, InvitedOtherwise, and as `people.check_giving`.
    """
    people.check_giving(actor, wanted, scopes=scopes, now=now)
    earlier = await repository.open_invitation_of(session, email_key(email), now)
    if earlier and not policy.may_give(actor, Grant(earlier.role, earlier.round_id, earlier.district)):
        raise InvitedOtherwise
    token = await _invite(session, email, language, wanted, reason, by=actor.account_id, now=now)
    await access_log.note(session, actor.account_id, "staff.invited", people.scope_text(wanted), now=now)
    await outbox.send(
        session,
        to=plain_email(email),
        language=language,
        template="accounts/invitation",
        context={
            "path": link_path(token, language),
            "role": role_in_words(wanted.role, translations(language)),
            "days": INVITATION_LIFE.days,
        },
        kind="staff",
        account_id=None,
        now=now,
    )


async def invite_administrator(session: AsyncSession, email: str, *, language: Language, now: datetime) -> str:
    """Return the path of a one-time link that makes this address an administrator: for the operator's command alone.

    The address may be an administrator's who lost everything: accepting sets a new password and takes old factors away.
    """
    wanted = Grant("administrator")
    token = await _invite(session, email, language, wanted, "pb admin create", by=None, now=now)
    await access_log.note(session, None, "staff.invited", people.scope_text(wanted), now=now)
    return link_path(token, language)


async def has_administrator(session: AsyncSession) -> bool:
    """Whether somebody can act as administrator."""
    return bool(await repository.lock_administrators(session))


async def find_invitation(session: AsyncSession, token: str, *, now: datetime) -> Invitation:
    """Return the open invitation of a link. Raises InvitationNotFound."""
    return await _open(session, token, now=now)


async def accept(
    session: AsyncSession, token: str, *, name: str, password_hash: str, visitor: Visitor, now: datetime
) -> str:
    """Use an invitation up: make the account, or make the address's account staff; give the role; sign in.

    Return the session's cookie value; the second factor is still to come. The password is new also for an account that
    was there (the link proves the mailbox, as a reset would), and its sessions and factors end.
    Raises InvitationNotFound, IsStaffAlready, PersonBlocked, DutiesApart.
    """
    invitation = await _open(session, token, now=now, lock=True)
    account = await _account_of(session, invitation, now)
    held = await sessions.grants_of(session, account.id)
    wanted = Grant(invitation.role, invitation.round_id, invitation.district)
    people.check_apart(held, wanted)
    account.name, account.password_hash, account.is_staff = name, password_hash, True
    account.email_verified_at = account.email_verified_at or now
    await session.flush()
    if wanted not in held:
        await repository.add_grant(
            session,
            account.id,
            wanted.role,
            wanted.round_id,
            wanted.district,
            granted_by=invitation.invited_by,
            now=now,
        )
    await repository.delete_factors(session, account.id)
    await links.revoke(session, account.id)
    await sessions.end_all(session, account.id)
    await repository.close_invitation(session, invitation.id, accepted_by=account.id, accepted_at=now)
    await repository.add_decision(
        session,
        account.id,
        act="role.given",
        detail=people.scope_text(wanted),
        reason=invitation.reason,
        by=invitation.invited_by,
        now=now,
    )
    await access_log.note(session, account.id, "staff.accepted", people.scope_text(wanted), visitor=visitor, now=now)
    return await sessions.start(session, account.id, "staff", visitor=visitor, now=now)


async def open_invitations(session: AsyncSession, actor: Actor, *, now: datetime) -> list[InvitationLine]:
    """Return the invitations that wait, newest first: those to roles that the actor may give and take."""
    policy.require_somewhere(actor, "people.invite")
    rows = await repository.open_invitations(session, now, _SHOWN)
    names = await repository.names_of(session, [row.invited_by for row in rows if row.invited_by])
    lines = [
        InvitationLine(
            row.id,
            row.email,
            row.language,
            Grant(row.role, row.round_id, row.district),
            names.get(row.invited_by, "") if row.invited_by else "",
            row.invited_at,
            row.expires_at,
        )
        for row in rows
    ]
    return [line for line in lines if policy.may_give(actor, line.grant)]


async def withdraw(session: AsyncSession, actor: Actor, invitation_id: UUID, *, now: datetime) -> None:
    """End an invitation before it is accepted. Raises InvitationNotFound."""
    policy.require_somewhere(actor, "people.invite", now=now)
    found = await repository.invitation_by_id(session, invitation_id, now)
    if found is None or not policy.may_give(actor, Grant(found.role, found.round_id, found.district)):
        raise InvitationNotFound
    await repository.close_invitation(session, invitation_id, withdrawn_at=now)
    await access_log.note(session, actor.account_id, "staff.invitation-withdrawn", str(invitation_id), now=now)


def link_path(token: str, language: Language) -> str:
    """The path of an invitation's link."""
    return f"/{language}/invitation/{token}"


async def _invite(
    session: AsyncSession, email: str, language: Language, wanted: Grant, reason: str, *, by: UUID | None, now: datetime
) -> str:
    key = email_key(email)
    account = await repository.account_by_email_key(session, key)
    if account and account.is_staff and by is not None:
        raise IsStaffAlready
    await repository.withdraw_invitations(session, key, now)
    token = secrets.token_urlsafe(32)
    await repository.insert_invitation(
        session,
        token_sha256=_sha256(token),
        email=plain_email(email),
        email_key=key,
        language=language,
        role=wanted.role,
        round_id=wanted.round_id,
        district=wanted.district,
        reason=reason,
        invited_by=by,
        invited_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    return token


async def _open(session: AsyncSession, token: str, *, now: datetime, lock: bool = False) -> Invitation:
    """Return an invitation that can be accepted: also that who sent it could still give the role.

    Whoever is blocked, or loses the role by which they invited, takes their invitations along.
    """
    found = await repository.invitation_by_token(session, _sha256(token), now, lock=lock)
    if found is None:
        raise InvitationNotFound
    if found.invited_by is not None:
        inviter = await repository.account_by_id(session, found.invited_by)
        grants = await sessions.grants_of(session, found.invited_by)
        actor = Actor(account_id=found.invited_by, grants=grants, second_factor=True)
        wanted = Grant(found.role, found.round_id, found.district)
        if inviter is None or inviter.blocked_at is not None or not policy.may_give(actor, wanted):
            raise InvitationNotFound
    return found


async def _account_of(session: AsyncSession, invitation: Invitation, now: datetime) -> Account:
    """Return the account of the invited address, held until the transaction ends; a new one if there is none."""
    known = await repository.account_by_email_key(session, invitation.email_key)
    if known is None:
        made = Account(
            email=invitation.email,
            email_key=invitation.email_key,
            language=invitation.language,
            created_at=now,
            last_seen_at=now,
        )
        session.add(made)
        await session.flush()
        return made
    account = await repository.lock_account(session, known.id)
    if account is None:
        raise InvitationNotFound
    if account.blocked_at:
        raise PersonBlocked
    if account.is_staff and invitation.invited_by is not None:
        raise IsStaffAlready
    return account


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
