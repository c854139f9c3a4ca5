"""What the service knows of a person, from every stage: collected for them, and erased for them.

Each stage that keeps personal data gives one `PersonalData`; service.py puts them into one list. What is said to stay
(`stays`) is shown before anybody deletes their account.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, links, repository, sessions
from pb_service.platform import outbox
from pb_service.web.formats import Catalogue


@dataclass(frozen=True)
class PersonalData:
    """One stage's part. ``collect`` returns JSON; ``erase`` removes or unties everything but what ``stays`` says."""

    key: str
    collect: Callable[[AsyncSession, UUID], Awaitable[Any]]
    erase: Callable[[AsyncSession, UUID, datetime], Awaitable[None]]
    stays: Callable[[Catalogue], Sequence[str]]


async def collect(parts: Sequence[PersonalData], session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    """Return everything known of a person, by stage."""
    return {part.key: await part.collect(session, account_id) for part in parts}


async def erase(parts: Sequence[PersonalData], session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """Erase an account and everything tied to it; the account itself goes last."""
    await repository.lock_account(session, account_id)  # before its sessions, as everybody takes them
    for part in reversed(parts):
        await part.erase(session, account_id, now)
    await repository.delete_account(session, account_id)


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    account = await repository.account_by_id(session, account_id)
    if account is None:
        return {}
    return {
        "email": account.email,
        "email_verified_at": _text(account.email_verified_at),
        "name": account.name,
        "language": account.language,
        "created_at": _text(account.created_at),
        "last_seen_at": _text(account.last_seen_at),
        "mail_refused": await outbox.refusals(session, account.email) if account.email else [],
        "roles": [
            {
                "role": grant.role,
                "round": str(grant.round_id) if grant.round_id else None,
                "district": grant.district,
                "granted_at": _text(grant.granted_at),
                "revoked_at": _text(grant.revoked_at),
            }
            for grant in await repository.grants_ever(session, account_id)
        ],
        "sessions": [
            {
                "kind": found.kind,
                "created_at": _text(found.created_at),
                "seen_at": _text(found.seen_at),
                "network": found.address_prefix,
                "browser": found.agent,
            }
            for found in await sessions.sessions_of(session, account_id, now=account.last_seen_at)
        ],
        "access_log": [
            {"at": _text(line.at), "act": line.act, "outcome": line.outcome, "network": line.address_prefix}
            for line in await access_log.lines_of(session, account_id, most=10_000)
        ],
    }


async def _erase(session: AsyncSession, account_id: UUID, now: datetime) -> None:  # noqa: ARG001 # PersonalData's
    await outbox.forget(session, account_id)
    account = await repository.account_by_id(session, account_id)
    if account and account.email:
        for kind in await outbox.refusals(session, account.email):
            await outbox.allow(session, account.email, kind)
    await links.revoke(session, account_id)
    await sessions.end_all(session, account_id)


def _stays(words: Catalogue) -> list[str]:
    return [
        words.gettext(
            "Lines of the access log that say when the account signed in, under a number that then belongs to nobody."
        ),
        words.gettext("Ballots that were cast: they hold nothing by which they could be found as yours."),
    ]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


#: The part of accounts themselves.
ACCOUNT = PersonalData("account", _collect, _erase, _stays)
