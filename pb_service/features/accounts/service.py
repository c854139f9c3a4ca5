"""What residents do with their account: register, prove an address, set a password, change, take along, delete.

Whether an address has an account is nobody's business. Asking to register or for a new password therefore does one
thing in every case, it enqueues a job with the address as typed; what the mail says is decided there, out of sight and
out of time. And nobody becomes owner of an account by typing an address: the account is made, with its password, by
whoever opens the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, identity_repository, links, personal, repository, sessions
from pb_service.features.accounts.emails import email_key, plain_email
from pb_service.features.accounts.links import LinkEnded, Purpose
from pb_service.features.accounts.passwords import Passwords
from pb_service.features.accounts.personal import PersonalData
from pb_service.features.accounts.policy import Actor, SignInNeeded
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.tables import Account
from pb_service.platform import jobs, outbox
from pb_service.platform.db import Database
from pb_service.platform.errors import DomainError
from pb_service.web.locales import Language

#: Jobs that write the mails; their payload is an address as typed, never whether there is an account.
REGISTRATION, RESET, CHANGE = "accounts.registration", "accounts.reset", "accounts.change"

#: Kinds of mail that can be refused, in the order of the page.
REFUSABLE: tuple[outbox.Kind, ...] = ("round", "proposal", "digest")


class WrongPassword(DomainError):
    """The password given to confirm is not the account's."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "wrong-password"


class HoldsRole(DomainError):
    """Who works for the city gives their roles back before deleting the account: somebody must take over."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "holds-role"


@dataclass(frozen=True)
class Opened:
    """A session that began by a link: its cookie's value, and the language of the account."""

    account_id: UUID
    language: str
    token: str = field(repr=False)


async def ask_to_register(session: AsyncSession, email: str, language: Language, *, onward: str = "") -> None:
    """Have a mail sent: the way to a new account, or the news that there is one already. Raises EmailRefused.

    ``onward`` is the path of ours to which its link leads in the end, as `guards.safe_next` returns it.
    """
    given = {"email": plain_email(email), "language": language, "onward": onward}
    await jobs.enqueue(session, REGISTRATION, given)


async def ask_for_reset(session: AsyncSession, email: str, *, onward: str = "") -> None:
    """Have a link to a new password sent, if there is an account. ``onward`` as above. Raises EmailRefused."""
    await jobs.enqueue(session, RESET, {"email": plain_email(email), "onward": onward})


async def ask_to_change_email(session: AsyncSession, actor: Actor, email: str) -> None:
    """Have a link sent to a new address, and word of it to the old one. Raises EmailRefused, SignInNeeded."""
    await jobs.enqueue(session, CHANGE, {"account": str(_own(actor)), "email": plain_email(email)})


async def register(
    session: AsyncSession, secret: str, password_hash: str, language: Language, *, visitor: Visitor, now: datetime
) -> Opened:
    """Make the account of whoever opened the mail, and sign them in. Raises LinkEnded."""
    link = await links.use(session, "register", secret, now=now)
    email = str(link.payload["email"])
    if await repository.account_by_email_key(session, email_key(email)):
        raise LinkEnded("There is an account with this address already. Sign in, or ask for a new password.")
    account = Account(
        email=email,
        email_key=email_key(email),
        email_verified_at=now,
        password_hash=password_hash,
        language=language,
        created_at=now,
        last_seen_at=now,
    )
    session.add(account)
    try:
        await session.flush()
    except IntegrityError:  # by another link, at this moment
        raise LinkEnded("There is an account with this address already. Sign in, or ask for a new password.") from None
    await access_log.note(session, account.id, "register", visitor=visitor, now=now)
    return await _open(session, account, visitor=visitor, now=now)


async def set_password(
    session: AsyncSession, secret: str, password_hash: str, *, visitor: Visitor, now: datetime
) -> Opened:
    """Give an account a new password by the link in a mail; every session ends, and a new one begins. Raises LinkEnded.

    Opening the mail proves the address, so this is also the road for whom guessers keep from the sign-in. A second
    factor is still asked for afterwards.
    """
    link = await links.use(session, "reset", secret, now=now)
    account = await _account(session, link.account_id)
    if account.blocked_at is not None:
        raise LinkEnded("This account is blocked.")
    account.password_hash = password_hash
    account.email_verified_at = account.email_verified_at or now
    account.last_seen_at, account.idle_notice_at = now, None
    await sessions.end_all(session, account.id)
    await links.revoke(session, account.id)
    await identity_repository.revoke_tokens(session, account.id, now)
    await access_log.note(session, account.id, "password.reset", visitor=visitor, now=now)
    await tell(session, account, "password_changed", now=now)
    return await _open(session, account, visitor=visitor, now=now)


async def change_password(
    session: AsyncSession, actor: Actor, password_hash: str, *, visitor: Visitor, now: datetime
) -> str:
    """Change the password of who is signed in; other sessions end. Return this session's new cookie value."""
    account = await _account(session, _own(actor))
    account.password_hash = password_hash
    await sessions.end_all(session, account.id, but=actor.session_id)
    await links.revoke(session, account.id, "reset")
    await access_log.note(session, account.id, "password.changed", visitor=visitor, now=now)
    await tell(session, account, "password_changed", now=now)
    assert actor.session_id is not None  # noqa: S101 - _own
    return await sessions.rotate(session, actor.session_id, now=now)


async def change_email(session: AsyncSession, secret: str, *, visitor: Visitor, now: datetime) -> None:
    """Make the new address the account's by the link sent there; both addresses are told. Raises LinkEnded."""
    link = await links.use(session, "change", secret, now=now)
    account = await _account(session, link.account_id)
    email = str(link.payload["email"])
    if account.email:
        await tell(session, account, "email_changed", {"old": account.email, "new": email}, now=now)
    old, account.email, account.email_key = account.email, email, email_key(email)
    account.email_verified_at = now
    try:
        await session.flush()
    except IntegrityError:
        raise LinkEnded("There is another account with this address by now.") from None
    await links.revoke(session, account.id, "reset")
    await access_log.note(session, account.id, "email.changed", visitor=visitor, now=now)
    await tell(session, account, "email_changed", {"old": old or "", "new": email}, now=now)


async def own_account(session: AsyncSession, actor: Actor) -> Account:
    """The account of who is signed in. Raises SignInNeeded."""
    return await _account(session, _own(actor))


async def email_by_link(session: AsyncSession, purpose: Purpose, secret: str, *, now: datetime) -> str:
    """Return which address a link from a mail is about, without using the link. Raises LinkEnded."""
    link = await links.look_at(session, purpose, secret, now=now)
    if purpose != "reset":
        return str(link.payload["email"])
    return (await _account(session, link.account_id)).email or ""


async def choose_language(session: AsyncSession, actor: Actor, language: Language) -> None:
    """Set the language of mails and of pages that are the account's own."""
    (await _account(session, _own(actor))).language = language


async def choose_mails(session: AsyncSession, actor: Actor, wanted: Sequence[str], *, now: datetime) -> None:
    """Set which kinds of mail the account wants; the rest of REFUSABLE is refused."""
    account = await _account(session, _own(actor))
    for kind in REFUSABLE if account.email else ():
        if kind in wanted:
            await outbox.allow(session, account.email or "", kind)
        else:
            await outbox.refuse(session, account.email or "", kind, now=now)


async def confirm_password(database: Database, passwords: Passwords, actor: Actor, password: str) -> None:
    """Ask once more before something that cannot be taken back. Raises WrongPassword, TooBusy.

    Accounts that came by another road have no password: for them the session alone must do. No connection is held
    while the password waits for its turn.
    """
    async with database.reading() as session:
        stored = (await _account(session, _own(actor))).password_hash
    if stored is not None and not await passwords.matches(stored, password):
        raise WrongPassword("The password is wrong.")


async def sign_out(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """End the session of who is signed in; for nobody, do nothing."""
    if actor.session_id and await sessions.end(session, actor.session_id):
        await access_log.note(session, actor.account_id, "sign-out", now=now)


async def end_session(session: AsyncSession, actor: Actor, session_id: UUID, *, now: datetime) -> None:
    """End one of one's own sessions elsewhere; somebody else's is left alone, as if there were none."""
    if await sessions.end(session, session_id, account_id=_own(actor)):
        await access_log.note(session, actor.account_id, "session.revoked", str(session_id), now=now)


async def end_other_sessions(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """End every session of one's own but this one."""
    await sessions.end_all(session, _own(actor), but=actor.session_id)
    await access_log.note(session, actor.account_id, "session.revoked", "others", now=now)


async def export(
    session: AsyncSession, parts: Sequence[PersonalData], actor: Actor, *, visitor: Visitor, now: datetime
) -> dict[str, Any]:
    """Return everything the service knows of who is signed in (GDPR, articles 15 and 20)."""
    account_id = _own(actor)
    await access_log.note(session, account_id, "data.exported", visitor=visitor, now=now)
    return {"made_at": now.isoformat(), **await personal.collect(parts, session, account_id)}


async def delete_account(
    session: AsyncSession, parts: Sequence[PersonalData], actor: Actor, *, visitor: Visitor, now: datetime
) -> None:
    """Delete the account of who is signed in (GDPR, article 17). Raises HoldsRole."""
    account = await _account(session, _own(actor))
    if actor.grants:
        raise HoldsRole("Your account has roles. Ask an administrator to take them back first.")
    await access_log.note(session, account.id, "account.deleted", "owner", visitor=visitor, now=now)
    await _erase(session, parts, account, now=now)


async def delete_abandoned(
    session: AsyncSession, parts: Sequence[PersonalData], account: Account, *, now: datetime
) -> None:
    """Delete an account that was told that it is idle and stayed so."""
    await access_log.note(session, account.id, "account.deleted", "idle", now=now)
    await _erase(session, parts, account, now=now)


async def _erase(session: AsyncSession, parts: Sequence[PersonalData], account: Account, *, now: datetime) -> None:
    to, language = account.email, account.language
    await personal.erase(parts, session, account.id, now=now)
    if to:
        # Under no account: the last mail must outlive it, and is forgotten when it has left.
        await outbox.send(
            session,
            to=to,
            language=language,
            template="accounts/deleted",
            context={},
            kind="account",
            account_id=None,
            now=now,
        )


async def send_registration(
    session: AsyncSession, email: str, language: Language, *, onward: str = "", now: datetime
) -> None:
    """The mail to who asked to register: a link, or the news that the address has an account."""
    account = await repository.account_by_email_key(session, email_key(email))
    if account is None:
        secret = await links.make(session, "register", None, {"email": email}, now=now)
        context = {"path": f"/{language}/verify/{secret}{_going(onward)}"}
        template = "accounts/register"
    else:
        going = _going(onward)
        context = {"sign_in": f"/{account.language}/sign-in{going}", "reset": f"/{account.language}/reset{going}"}
        template, email, language = "accounts/registered_already", account.email or email, _language(account)
    await outbox.send(
        session,
        to=email,
        language=language,
        template=template,
        context=context,
        kind="account",
        account_id=account.id if account else None,
        now=now,
    )


async def send_reset(session: AsyncSession, email: str, *, onward: str = "", now: datetime) -> None:
    """The mail to who forgot the password, if there is an account and it is not blocked."""
    account = await repository.account_by_email_key(session, email_key(email))
    if account and account.blocked_at is None:
        secret = await links.make(session, "reset", account.id, {}, now=now)
        path = f"/{account.language}/reset/{secret}{_going(onward)}"
        await tell(session, account, "reset", {"path": path}, now=now)


async def send_change(session: AsyncSession, account_id: UUID, email: str, *, now: datetime) -> None:
    """The mails about a new address: a link there (or the news that it has an account), word of it to the old one."""
    account = await repository.account_by_id(session, account_id)
    if account is None or account.email_key == email_key(email):
        return
    if account.email:
        await tell(session, account, "email_asked", {"new": email}, now=now)
    if await repository.account_by_email_key(session, email_key(email)):
        await send_registration(session, email, _language(account), now=now)
        return
    secret = await links.make(session, "change", account.id, {"email": email}, now=now)
    await outbox.send(
        session,
        to=email,
        language=account.language,
        template="accounts/email_confirm",
        context={"path": f"/{account.language}/email/{secret}"},
        kind="account",
        account_id=account.id,
        now=now,
    )


async def tell_idle(session: AsyncSession, account: Account, *, days: int, now: datetime) -> None:
    """Tell somebody that the account was not used for long and will be deleted."""
    account.idle_notice_at = now
    if account.email:
        context = {"days": days, "path": f"/{account.language}/sign-in"}
        await tell(session, account, "idle", context, now=now)


async def tell(
    session: AsyncSession, account: Account, template: str, context: dict[str, Any] | None = None, *, now: datetime
) -> None:
    """Send word of something to the owner of an account, if it has an address."""
    if account.email:
        await outbox.send(
            session,
            to=account.email,
            language=account.language,
            template=f"accounts/{template}",
            context=context or {},
            kind="security",
            account_id=account.id,
            now=now,
        )


async def _open(session: AsyncSession, account: Account, *, visitor: Visitor, now: datetime) -> Opened:
    token = await sessions.start(
        session, account.id, "staff" if account.is_staff else "resident", visitor=visitor, now=now
    )
    return Opened(account.id, account.language, token)


async def _account(session: AsyncSession, account_id: UUID | None) -> Account:
    account = await repository.account_by_id(session, account_id) if account_id else None
    if account is None:
        raise SignInNeeded("Sign in first.")
    return account


def _going(onward: str) -> str:
    """What is added to the address of a link whose reader was on the way to somewhere."""
    return f"?next={quote(onward, safe='/')}" if onward else ""


def _own(actor: Actor) -> UUID:
    if actor.account_id is None or actor.session_id is None:
        raise SignInNeeded("Sign in first.")
    return actor.account_id


def _language(account: Account) -> Language:
    return account.language  # type: ignore[return-value] # the table's check
