"""One mail on its way out: how it is put together, and the two ways it leaves: by SMTP, or into a folder."""

import asyncio
import os
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import idna
import structlog

from pb_service.platform.errors import DomainError
from pb_service.platform.jobs import Failure, GiveUp

#: A server may be silent this long, and one mail may take this long in all.
SILENCE_SECONDS = 60.0
MOST_SECONDS = 300.0

#: RFC 5321, 4.5.3.1: a path of 256 octets with its brackets, a local part of 64.
_MOST_ADDRESS = 254
_MOST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

_DEFAULT_PORTS: Mapping[str, int] = {"smtp": 587, "smtps": 465, "smtp+plain": 25}

log_event = structlog.get_logger()


class MailRefused(DomainError):
    """This cannot be sent as a mail: its address or its subject is not one."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "mail-refused"


@dataclass(frozen=True)
class Letter:
    """What the reader reads, in one language, as plain text and as HTML."""

    subject: str
    text: str
    html: str


class Post(Protocol):
    """A way out. Raises Failure when it may work later, GiveUp when it never will."""

    async def send(self, message: EmailMessage) -> None: ...


def address(given: str) -> Address:
    """Return one plain address, its domain in ASCII. Raises MailRefused for anything that is more, or less, than that.

    Line breaks and other control characters, names, comments, lists and quoted local parts are refused: what is typed
    into a form must not become a header. A local part beyond ASCII needs SMTPUTF8, which few servers speak: refused.
    """
    local, at, domain = given.strip(" ").rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        ascii_domain = ""
    whole = f"{local}@{ascii_domain}"
    if not (at and _LOCAL.fullmatch(local) and ascii_domain):
        raise MailRefused("This is not an e-mail address that mail can be sent to.")
    if len(local) > _MOST_LOCAL or len(whole) > _MOST_ADDRESS:
        raise MailRefused("This e-mail address is too long.")
    return Address(username=local, domain=ascii_domain)


def sender(given: str) -> Address:
    """Return the sender of PB_MAIL_FROM, ``name@example.org`` or ``Name <name@example.org>``. Raises MailRefused."""
    parts = re.fullmatch(r"(?P<name>[^<>]*)<(?P<named>[^<>]*)>|(?P<plain>[^<>]*)", given.strip(" "))
    if parts is None or _breaks(given):
        raise MailRefused("The sender must be an address, or a name and an address in angle brackets.")
    found = address(parts["plain"] if parts["named"] is None else parts["named"])
    name = (parts["name"] or "").strip(' "')
    return Address(display_name=name, username=found.username, domain=found.domain)


def _breaks(text: str) -> bool:
    """Whether a text holds a control character or anything that breaks a line: it could begin another header."""
    return any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


def compose(
    letter: Letter,
    *,
    mail_id: str,
    sender: Address,
    to: Address,
    language: str,
    at: datetime,
    unsubscribe: str | None,
) -> EmailMessage:
    """Return the message. Its Message-ID follows from the mail's id alone: sent twice, it is the same mail twice.

    ``unsubscribe`` is the address for one click (RFC 8058) and stands on all mail that the reader may refuse. Raises
    MailRefused when the subject holds a line break or another control character.
    """
    if _breaks(letter.subject):
        raise MailRefused("The subject of this mail holds a control character.")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Quoted-printable: no server on the way may have to change a byte.
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = language  # last: setting the content would take it away
    return message


@dataclass(frozen=True, repr=False)
class SmtpPost:
    """Hands mail to an SMTP server: ``smtp`` demands STARTTLS, ``smtps`` speaks TLS at once, ``smtp+plain`` neither."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    silence_seconds: float = SILENCE_SECONDS

    @classmethod
    def of(cls, url: str) -> "SmtpPost":
        parts = urlsplit(url)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or _DEFAULT_PORTS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    async def send(self, message: EmailMessage) -> None:
        to, by = (message[name].addresses[0].addr_spec for name in ("To", "From"))
        async with self._connected() as client:
            await client.sendmail(by, [to], message.as_bytes())

    async def try_out(self) -> None:
        """Go as far as one can without sending anything: connection, TLS, signing in. Raises Failure."""
        async with self._connected() as client:
            await client.noop()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Yield a client that the server has let in, and leave politely if all went well; name what goes wrong."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.scheme == "smtps",
            start_tls=False,
            timeout=self.silence_seconds,
        )
        try:
            async with asyncio.timeout(MOST_SECONDS):
                await client.connect()
                await self._enter(client)
                yield client
        except aiosmtplib.SMTPRecipientsRefused as error:
            _refused("the address", error.recipients[0].code, error.recipients[0].message, error)
        except aiosmtplib.SMTPDataError as error:
            _refused("the mail", error.code, error.message, error)
        except aiosmtplib.SMTPResponseException as error:
            # Greeting, sign-in, sender: the same for every mail, so a matter of settings; the mails wait for that.
            raise Failure(f"The mail server refuses us: {_code(error.code, error.message)}.") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Failure(f"The mail server cannot be reached or broke off: {type(error).__name__}.") from error
        else:
            # The mail is accepted: whatever happens from here on must not have it sent again.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    async def _enter(self, client: aiosmtplib.SMTP) -> None:
        if self.scheme == "smtp":
            await client.ehlo()
            # Somebody between us and the server may hide the offer to read along: then nothing is said at all.
            if not client.supports_extension("starttls"):
                raise Failure("The mail server does not offer STARTTLS, which PB_SMTP_URL demands.")
            await client.starttls()
        if self.user is not None:
            await client.login(self.user, self.password or "")


def _refused(what: str, code: int, said: str, error: Exception) -> None:
    if 500 <= code <= 599:
        raise GiveUp(f"The mail server refuses {what} for good: {_code(code, said)}.") from error
    raise Failure(f"The mail server does not take {what} yet: {_code(code, said)}.") from error


def _code(code: int, said: str) -> str:
    """The numbers of an answer; its words may name the reader's address."""
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", said)
    return f"{code} {enhanced.group()}" if enhanced else str(code)


@dataclass(frozen=True)
class FolderPost:
    """Writes mail to files that any mail program opens: what happens where no mail server is set."""

    folder: Path

    async def send(self, message: EmailMessage) -> None:
        file = self.folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
        await asyncio.to_thread(self._write, file, message.as_bytes())
        log_event.info("mail.written", file=str(file))

    def _write(self, file: Path, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}")  # whoever reads along sees a mail whole or not at all
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        beside.replace(file)
