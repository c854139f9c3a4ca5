"""The outbox: a mail is a job, so it leaves if and only if the transaction that asked for it was committed.

It is handed to the mail server once; only when the process dies, or the database is lost, between the server's word of
acceptance and the end of the job, is it handed over again: as the same mail, with the same Message-ID, by which many
mail programs show it once. Once handed over, nothing of it is kept: neither the address nor the text.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Literal, Protocol, cast
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import DateTime, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Base, Database, uuid7
from pb_service.platform.jobs import GiveUp, Job
from pb_service.platform.keys import Ring
from pb_service.platform.mail import Letter, MailRefused, Post, address, compose

#: What a mail is about. Those of TRANSACTIONAL answer something that the reader did, or must reach them: no way to
#: refuse them. All others can be refused with one click, each kind for itself.
Kind = Literal["account", "security", "staff", "receipt", "round", "proposal", "digest"]
TRANSACTIONAL: frozenset[str] = frozenset({"account", "security", "staff", "receipt"})

JOB, TIDY_JOB = "mail.deliver", "mail.tidy"

#: A mail that was given up is kept this long for staff to look at; then its address goes too.
KEEP_GIVEN_UP = timedelta(days=30)
TIDY_EVERY = timedelta(days=1)

#: Returns a template's mail in one language; ``context`` also holds ``unsubscribe_url`` (None if there is none).
Render = Callable[[str, str, Mapping[str, Any]], Letter]


class MailRefusal(Base):
    """An address that wants no more mail of one kind, in small letters."""

    __tablename__ = "mail_refusal"

    address: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    refused_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Mailer:
    """Everything that delivering needs: the way out, the sender, the texts, and the keys of unsubscribe links."""

    post: Post
    sender: Address
    render: Render
    public_url: str
    links: Ring

    def unsubscribe_url(self, to: str, kind: str) -> str | None:
        """Return the one-click address of a reader and a kind: sealed, so that it tells nobody the address."""
        if kind in TRANSACTIONAL:
            return None
        sealed = _box(self.links.current).encrypt(json.dumps([to, kind]).encode())
        return f"{self.public_url}/mail/unsubscribe/{sealed.decode()}"

    def opened(self, token: str, *, now: datetime) -> tuple[str, Kind]:
        """Return the reader and the kind of an unsubscribe address. Raises MailRefused for one that we did not make."""
        try:
            to, kind = json.loads(MultiFernet([*map(_box, self.links.accepted(now))]).decrypt(token.encode()))
        except InvalidToken:
            raise MailRefused("This address is not from one of our mails.") from None
        return to, kind

    def message(self, mail: Mapping[str, Any], *, at: datetime) -> EmailMessage:
        """Return a mail as it is sent at a moment, in its reader's language."""
        unsubscribe = self.unsubscribe_url(mail["to"], mail["kind"])
        context = {**mail["context"], "public_url": self.public_url, "unsubscribe_url": unsubscribe}
        return compose(
            self.render(mail["template"], mail["language"], context),
            mail_id=mail["id"],
            sender=self.sender,
            to=address(mail["to"]),
            language=mail["language"],
            at=at,
            unsubscribe=unsubscribe,
        )


class Surroundings(Protocol):
    """What delivering needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def mailer(self) -> Mailer: ...


async def send(
    session: AsyncSession,
    *,
    to: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    kind: Kind,
    account_id: UUID | None,
    now: datetime,
) -> UUID | None:
    """Have a mail sent after this transaction, if it is committed; return its id, or None if the reader refused such.

    ``template`` is ``stage/name``: the templates ``<stage>/mail/<name>.txt``, whose block ``subject`` is the subject,
    and ``.html``; rendered when it is sent. ``context`` is JSON. Raises MailRefused for an address that is not one.
    """
    address(to)
    if await refused(session, to, kind):
        return None
    mail_id = uuid7()
    mail = {
        "id": str(mail_id),
        "to": to.strip(" "),
        "language": language,
        "template": template,
        "context": dict(context),
        "kind": kind,
        "account": str(account_id) if account_id else None,
        "at": now.isoformat(),
    }
    await jobs.enqueue(session, JOB, mail)
    return mail_id


async def refused(session: AsyncSession, to: str, kind: str) -> bool:
    """Return whether an address wants no more mail of this kind."""
    if kind in TRANSACTIONAL:
        return False
    found = select(MailRefusal.kind).where(MailRefusal.address == _key(to), MailRefusal.kind == kind)
    return await session.scalar(found) is not None


async def refuse(session: AsyncSession, to: str, kind: Kind, *, now: datetime) -> None:
    """Send this address no more mail of this kind. Said twice, it is the same."""
    refusal = insert(MailRefusal).values(address=_key(to), kind=kind, refused_at=now)
    await session.execute(refusal.on_conflict_do_nothing())


async def allow(session: AsyncSession, to: str, kind: Kind) -> None:
    """Send this address mail of this kind again."""
    await session.execute(delete(MailRefusal).where(MailRefusal.address == _key(to), MailRefusal.kind == kind))


async def refusals(session: AsyncSession, to: str) -> list[Kind]:
    """Return the kinds that an address has refused, in their order."""
    found = select(MailRefusal.kind).where(MailRefusal.address == _key(to)).order_by(MailRefusal.kind)
    return [cast(Kind, kind) for kind in await session.scalars(found)]


async def forget(session: AsyncSession, account_id: UUID) -> None:
    """Drop every mail to an account that has not left yet, and is not leaving just now."""
    theirs = (Job.name == JOB, Job.payload["account"].astext == str(account_id), Job.runner.is_(None))
    await session.execute(delete(Job).where(*theirs))


async def deliver(service: Surroundings, mail: Mapping[str, Any]) -> None:
    """The job ``mail.deliver``: hand one mail over and end the job."""
    async with service.database.reading() as session:
        unwanted = await refused(session, mail["to"], mail["kind"])
    if not unwanted:
        try:
            message = service.mailer.message(mail, at=service.clock())
        except MailRefused as error:
            raise GiveUp(str(error)) from error
        await service.mailer.post.send(message)


async def tidy(service: Surroundings, _: Mapping[str, Any]) -> None:
    """The job ``mail.tidy``: delete mails that were given up and that nobody has looked after."""
    old = service.clock() - KEEP_GIVEN_UP
    async with service.database.transaction() as session:
        await session.execute(delete(Job).where(Job.name == JOB, Job.dead_at < old))


#: The jobs of this module, and those of them that run again and again.
HANDLERS = {JOB: deliver, TIDY_JOB: tidy}
EVERY = ((TIDY_JOB, TIDY_EVERY),)


def _box(key: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(key))


def _key(to: str) -> str:
    found = address(to)
    return f"{found.username}@{found.domain}".casefold()
