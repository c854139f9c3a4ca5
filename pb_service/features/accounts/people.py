"""People of the staff: who they are, which roles they hold, and the decisions about them, each with its reason.

Whoever decides needs the right (policy.py), the step-up, and a reason; nobody decides about himself. Every decision is
kept with its reason, noted in the access log without it, and told to the person by mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, identity_repository, links, policy, sessions, signing_keys
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.factors import Factors, factors_of
from pb_service.features.accounts.policy import ROLES, Actor, Grant, Role
from pb_service.features.accounts.scopes import Scopes
from pb_service.features.accounts.staff_errors import (
    BlockedOtherwise,
    DutiesApart,
    LastAdministrator,
    MayNotGive,
    NotOneself,
    PersonBlocked,
    PersonNotFound,
    RoleHeld,
    RoleNotHeld,
    UnknownScope,
)
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.features.accounts.vocabulary import act_in_words, role_in_words
from pb_service.platform import outbox
from pb_service.web.locales import Language, translations

PAGE_SIZE = 25
_DECISIONS_SHOWN = 50
_CHOOSABLE = 1000


@dataclass(frozen=True)
class HeldRole:
    """A role that a person holds; ``id`` is the grant's."""

    id: UUID
    grant: Grant
    since: datetime


@dataclass(frozen=True)
class PersonLine:
    """A person in the directory."""

    id: UUID
    name: str
    email: str
    blocked: bool
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True)
class PeoplePage:
    """One page of the directory; ``number`` counts from 1."""

    people: tuple[PersonLine, ...]
    found: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_SIZE))


@dataclass(frozen=True)
class DecisionLine:
    """What was decided about a person, by whom (empty when that account is gone) and why; about which role, if any."""

    at: datetime
    by: str
    act: str
    grant: Grant | None
    reason: str


@dataclass(frozen=True)
class Person:
    """A person on their own staff page."""

    line: PersonLine
    is_staff: bool
    language: str
    created_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None
    blocked_reason: str
    factors: Factors
    sessions: tuple[AccountSession, ...]
    decisions: tuple[DecisionLine, ...]


async def directory(
    session: AsyncSession, actor: Actor, *, query: str = "", role: Role | None = None, number: int = 1
) -> PeoplePage:
    """Return a page of the staff, by name; ``query`` is a part of a name or an address."""
    policy.require_somewhere(actor, "people.read")
    found = await repository.count_staff(session, query, role)
    accounts = await repository.staff_page(session, query, role, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    return PeoplePage(tuple(await _lines(session, accounts)), found, number)


async def person(session: AsyncSession, actor: Actor, account_id: UUID, *, now: datetime) -> Person:
    """Return one person. A moderator sees residents, in order to block them; the staff is for who may read people.

    Raises PersonNotFound.
    """
    account = await repository.account_by_id(session, account_id)
    if account is None:
        raise PersonNotFound
    policy.require_somewhere(actor, "people.read" if account.is_staff else "accounts.block")
    (line,) = await _lines(session, [account])
    decisions = await repository.decisions_about(session, account_id, _DECISIONS_SHOWN)
    names = await repository.names_of(session, [found.decided_by for found in decisions if found.decided_by])
    manages = policy.may(actor, "people.manage")
    return Person(
        line=line,
        is_staff=account.is_staff,
        language=account.language,
        created_at=account.created_at,
        last_seen_at=account.last_seen_at,
        blocked_at=account.blocked_at,
        blocked_reason=account.blocked_reason or "",
        factors=await factors_of(session, account_id),
        sessions=tuple(await sessions.sessions_of(session, account_id, now=now)) if manages else (),
        decisions=tuple(
            DecisionLine(
                found.at,
                names.get(found.decided_by, "") if found.decided_by else "",
                found.act,
                _scope_of(found.detail),
                found.reason,
            )
            for found in decisions
        ),
    )


async def choosable(session: AsyncSession, actor: Actor) -> list[tuple[UUID, str]]:
    """Return staff to choose from, id and name, by name: who puts units together need not read the directory."""
    policy.require_somewhere(actor, "units.edit")
    accounts = await repository.staff_page(session, "", None, offset=0, limit=_CHOOSABLE)
    return [(account.id, account.name or account.email or "") for account in accounts if not account.blocked_at]


async def find_resident(session: AsyncSession, actor: Actor, email_key: str) -> UUID:
    """Return whose address that is, whole and exact: residents cannot be browsed. Raises PersonNotFound."""
    policy.require_somewhere(actor, "accounts.block")
    account = await repository.account_by_email_key(session, email_key)
    if account is None:
        raise PersonNotFound
    return account.id


async def give_role(
    session: AsyncSession, actor: Actor, account_id: UUID, wanted: Grant, *, scopes: Scopes, reason: str, now: datetime
) -> None:
    """Give a person of the staff a role. Their sessions end: what may do more begins anew.

    Raises NotOneself, MayNotGive, UnknownScope, PersonNotFound, PersonBlocked, RoleHeld, DutiesApart.
    """
    check_giving(actor, wanted, scopes=scopes, now=now)
    account = await _staff(session, actor, account_id)
    if account.blocked_at:
        raise PersonBlocked
    held = [Grant(row.role, row.round_id, row.district) for row in await repository.grants_of(session, [account_id])]
    if wanted in held:
        raise RoleHeld
    check_apart(held, wanted)
    await repository.add_grant(
        session, account_id, wanted.role, wanted.round_id, wanted.district, granted_by=actor.account_id, now=now
    )
    await sessions.end_all(session, account_id)
    await _decided(session, actor, account, "role.given", scope_text(wanted), reason=reason, now=now)


async def take_role(
    session: AsyncSession, actor: Actor, account_id: UUID, grant_id: UUID, *, reason: str, now: datetime
) -> None:
    """Take a role from a person, and with it what their signing keys were granted for it; everybody may give up their
    own, but the last administrator.

    Raises RoleNotHeld, MayNotGive, LastAdministrator, PersonNotFound.
    """
    policy.require_somewhere(actor, "people.invite", now=now)
    account = await repository.lock_account(session, account_id)
    if account is None:
        raise PersonNotFound
    row = await repository.grant_by_id(session, account_id, grant_id)
    if row is None:
        raise RoleNotHeld
    taken = Grant(row.role, row.round_id, row.district)
    if not policy.may_give(actor, taken):
        raise MayNotGive
    if taken.role == "administrator":
        await _leave_an_administrator(session, account_id)
    await repository.revoke_grant(session, grant_id, now)
    await signing_keys.end_with_role(session, actor, account_id, taken, now=now)
    await _decided(session, actor, account, "role.taken", scope_text(taken), reason=reason, now=now)


async def block(session: AsyncSession, actor: Actor, account_id: UUID, *, reason: str, now: datetime) -> None:
    """Block an account: its sessions end, it signs in no more, and the person is told why.

    Staff are blocked by administrators alone. Raises NotOneself, BlockedOtherwise, LastAdministrator, PersonNotFound.
    """
    account = await _blockable(session, actor, account_id, now=now)
    if account.blocked_at:
        raise BlockedOtherwise
    await _leave_an_administrator(session, account_id)
    account.blocked_at, account.blocked_reason = now, reason
    await session.flush()
    await sessions.end_all(session, account_id)
    await _decided(session, actor, account, "account.blocked", reason=reason, now=now)


async def unblock(session: AsyncSession, actor: Actor, account_id: UUID, *, reason: str, now: datetime) -> None:
    """Let a blocked account in again; the person is told. Raises as `block`."""
    account = await _blockable(session, actor, account_id, now=now)
    if not account.blocked_at:
        raise BlockedOtherwise
    account.blocked_at = account.blocked_reason = None
    await session.flush()
    await _decided(session, actor, account, "account.unblocked", reason=reason, now=now)


async def reset_factors(session: AsyncSession, actor: Actor, account_id: UUID, *, reason: str, now: datetime) -> None:
    """Take away the lost factors of a person, and with them the password and what programs bear in the person's name.

    With the password alone nobody may enrol a factor in the person's place: the way back goes through their mail (a new
    password), then a new factor. Raises NotOneself, PersonNotFound.
    """
    policy.require(actor, "people.manage", now=now)
    account = await _staff(session, actor, account_id)
    await repository.delete_factors(session, account_id)
    account.password_hash = None
    await session.flush()
    await links.revoke(session, account_id)
    await sessions.end_all(session, account_id)
    await identity_repository.revoke_tokens(session, account_id, now)
    await _decided(session, actor, account, "factors.reset", reason=reason, now=now)


async def end_sessions(
    session: AsyncSession, actor: Actor, account_id: UUID, session_ids: Sequence[UUID], *, reason: str, now: datetime
) -> None:
    """End sessions of somebody else; one that has ended by itself is no error. Raises NotOneself, PersonNotFound."""
    policy.require(actor, "people.manage", now=now)
    if account_id == actor.account_id:
        raise NotOneself
    account = await repository.account_by_id(session, account_id)
    if account is None:
        raise PersonNotFound
    for session_id in session_ids:
        await sessions.end(session, session_id, account_id=account_id)
    await _decided(session, actor, account, "session.ended", reason=reason, now=now)


def check_giving(actor: Actor, wanted: Grant, *, scopes: Scopes, now: datetime) -> None:
    """Refuse a role that the actor may not give there, or that cannot be bound so. Raises MayNotGive, UnknownScope."""
    policy.require_somewhere(actor, "people.invite", now=now)
    if not policy.may_give(actor, wanted):
        raise MayNotGive
    if not scopes.exists(wanted.round_id, wanted.district) or (wanted.role in policy.UNBOUND and wanted.round_id):
        raise UnknownScope


def check_apart(held: Sequence[Grant], wanted: Grant) -> None:
    """Refuse a duty that no one person has beside one of theirs. Raises DutiesApart."""
    if conflict := policy.kept_apart(held, wanted):
        raise DutiesApart(conflict.role, wanted.role)


def scope_text(grant: Grant) -> str:
    """A role and what it is bound to, as decisions and the access log keep it: ``desk``, or role, round, district."""
    return " ".join(str(part) for part in (grant.role, grant.round_id, grant.district) if part)


def _scope_of(text: str) -> Grant | None:
    """The grant that `scope_text` wrote."""
    name, _, rest = text.partition(" ")
    round_id, _, district = rest.partition(" ")
    role = next((role for role in ROLES if role == name), None)
    return Grant(role, UUID(round_id) if round_id else None, district or None) if role else None


async def _staff(session: AsyncSession, actor: Actor, account_id: UUID) -> Account:
    """Return somebody else of the staff, held until the transaction ends."""
    if account_id == actor.account_id:
        raise NotOneself
    account = await repository.lock_account(session, account_id)
    if account is None or not account.is_staff:
        raise PersonNotFound
    return account


async def _blockable(session: AsyncSession, actor: Actor, account_id: UUID, *, now: datetime) -> Account:
    policy.require_somewhere(actor, "accounts.block", now=now)
    if account_id == actor.account_id:
        raise NotOneself
    account = await repository.lock_account(session, account_id)
    if account is None:
        raise PersonNotFound
    if account.is_staff:
        policy.require(actor, "people.manage", now=now)
    return account


async def _leave_an_administrator(session: AsyncSession, account_id: UUID) -> None:
    """Refuse to go on if this account is the only administrator who can act. Raises LastAdministrator."""
    if list(await repository.lock_administrators(session)) == [account_id]:
        raise LastAdministrator


async def _lines(session: AsyncSession, accounts: Sequence[Account]) -> list[PersonLine]:
    held: dict[UUID, list[HeldRole]] = {account.id: [] for account in accounts}
    for row in await repository.grants_of(session, list(held)):
        held[row.account_id].append(HeldRole(row.id, Grant(row.role, row.round_id, row.district), row.granted_at))
    return [
        PersonLine(
            account.id,
            account.name or account.email or "",
            account.email or "",
            account.blocked_at is not None,
            tuple(held[account.id]),
        )
        for account in accounts
    ]


async def _decided(
    session: AsyncSession, actor: Actor, account: Account, act: str, detail: str = "", *, reason: str, now: datetime
) -> None:
    """Keep a decision with its reason, note it in the access log without, and tell the person."""
    await repository.add_decision(
        session, account.id, act=act, detail=detail, reason=reason, by=actor.account_id, now=now
    )
    await access_log.note(session, actor.account_id, act, f"{account.id} {detail}".strip(), now=now)
    words = translations(cast(Language, account.language))
    decided = _scope_of(detail)
    if account.email:
        await outbox.send(
            session,
            to=account.email,
            language=account.language,
            template="accounts/decision",
            context={
                "act": act,
                "what": act_in_words(act, words),
                "role": role_in_words(decided.role, words) if decided else "",
                "reason": reason,
            },
            kind="security",
            account_id=account.id,
            now=now,
        )
