"""Mail against a real SMTP server: it leaves once, if its transaction was committed, and says what it should."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from pb_service.background import HANDLERS
from pb_service.platform import outbox
from pb_service.platform.db import uuid7
from pb_service.platform.jobs import BACKOFF, Job, JobRunner
from pb_service.platform.mail import Letter, MailRefused, SmtpPost, address, sender
from pb_service.platform.outbox import MailRefusal
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words


def letter(template: str, language: str, context: Any) -> Letter:
    """A mail that says what it was asked to say, instead of a template of a stage."""
    text = f"{language}: {context['word']} å {context['unsubscribe_url']}\n"
    return Letter(subject=context.get("subject", template), text=text, html=f"<p>{text}</p>")


@dataclass
class Server:
    """A mail server on this machine, which answers as it is told: ``answers`` in turn to each recipient or content."""

    recipient_answers: list[str] = field(default_factory=list)
    content_answers: list[str] = field(default_factory=list)
    got: list[tuple[Envelope, bool]] = field(default_factory=list)
    port: int = 0
    breaks: Callable[[SMTP], Any] | None = None

    async def handle_RCPT(  # noqa: N802 - the library's name
        self,
        server: SMTP,  # noqa: ARG002 - the library's arguments
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        answer = self.recipient_answers.pop(0) if self.recipient_answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - see above
        if self.breaks:
            breaks, self.breaks = self.breaks, None
            await breaks(server)
        answer = self.content_answers.pop(0) if self.content_answers else "250 OK"
        if answer.startswith("2"):
            self.got.append((envelope, session.ssl is not None))
        return answer

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.content, policy=default) for envelope, _ in self.got]  # type: ignore[arg-type]


@asynccontextmanager
async def serving(server: Server, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Server]:
    """Have a server listen on a free port; ``tls`` from the first byte on."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(server, hostname="mail.test", loop=loop, **options), "127.0.0.1", 0, ssl=tls
    )
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(Server()) as server:
        yield server


def by(service: Service, server: Server, scheme: str = "smtp+plain", user: str = "", **changes: Any) -> Service:
    """The service with that mail server set."""
    post = replace(SmtpPost.of(f"{scheme}://{user}127.0.0.1:{server.port}"), **changes)
    mailer = replace(service.mailer, post=post, render=letter, sender=sender("Town of Å <pb@example.org>"))
    return replace(service, mailer=mailer)


async def ask(service: Service, **changes: Any) -> None:
    mail: dict[str, Any] = {
        "to": "matti@example.org",
        "language": "sv",
        "template": "accounts/verify",
        "context": {"word": "hej"},
        "kind": "account",
        "account_id": None,
        "now": service.clock(),
    }
    async with service.database.transaction() as session:
        await outbox.send(session, **(mail | changes))


async def run(service: Service) -> int:
    return await JobRunner(service, HANDLERS).run_due()


async def left(service: Service) -> list[Job]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def test_a_mail_is_handed_over_once_and_nothing_of_it_is_kept(service: Service, server: Server) -> None:
    service = by(service, server)
    await ask(service)
    assert [await run(service), await run(service)] == [1, 0]
    assert (len(server.got), await left(service)) == (1, [])


async def test_a_mail_says_who_sends_it_to_whom_in_which_language_and_that_no_person_wrote_it(
    service: Service, server: Server
) -> None:
    service = by(service, server)
    await ask(service)
    await run(service)
    [mail] = server.mails
    assert (mail["From"], mail["To"]) == ("Town of Å <pb@example.org>", "matti@example.org")
    assert (mail["Subject"], mail["Content-Language"]) == ("accounts/verify", "sv")
    assert (mail["Auto-Submitted"], mail["Date"].datetime) == ("auto-generated", service.clock())
    assert mail["Message-ID"].endswith("@example.org>")
    assert server.got[0][0].mail_from == "pb@example.org"


async def test_a_mail_says_the_same_as_text_and_as_html(service: Service, server: Server) -> None:
    service = by(service, server)
    await ask(service)
    await run(service)
    [mail] = server.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert words(mail).startswith("sv: hej å")
    assert words(mail, "html").startswith("<p>sv: hej å")


async def test_what_a_reader_asked_for_has_no_unsubscribe(service: Service, server: Server) -> None:
    service = by(service, server)
    await ask(service, kind="account")
    await run(service)
    assert server.mails[0]["List-Unsubscribe"] is None


async def test_what_can_be_refused_is_refused_with_one_click(service: Service, server: Server) -> None:
    """RFC 8058; the address in the link is sealed, and works for this reader and this kind alone."""
    service = by(service, server)
    await ask(service, kind="round")
    await run(service)
    link = server.mails[0]["List-Unsubscribe"].strip("<>")
    assert server.mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "matti" not in link
    assert service.mailer.opened(link.rpartition("/")[2], now=service.clock()) == ("matti@example.org", "round")
    assert link in words(server.mails[0])


async def test_an_unsubscribe_link_that_we_did_not_make_is_refused(service: Service) -> None:
    for token in ("", "x", "gAAAAABnothing", "å"):
        with pytest.raises(MailRefused):
            service.mailer.opened(token, now=service.clock())


@pytest.mark.parametrize("kind", ["round", "account"])
async def test_a_refused_kind_is_not_sent_and_an_answer_always_is(
    service: Service, server: Server, kind: outbox.Kind
) -> None:
    """Also when the refusal came after the mail was asked for; letters big and small are one address."""
    service = by(service, server)
    await ask(service, kind=kind)
    async with service.database.transaction() as session:
        await outbox.refuse(session, "Matti@Example.org", kind, now=service.clock())
    await ask(service, kind=kind)
    await run(service)
    assert len(server.got) == {"round": 0, "account": 2}[kind]


async def test_a_refusal_can_be_taken_back(service: Service) -> None:
    async with service.database.transaction() as session:
        await outbox.refuse(session, "matti@example.org", "round", now=service.clock())
        await outbox.refuse(session, "matti@example.org", "round", now=service.clock())
        assert await outbox.refusals(session, "matti@example.org") == ["round"]
        await outbox.allow(session, "matti@example.org", "round")
        assert await session.scalar(select(MailRefusal)) is None


async def test_a_transaction_that_fails_sends_nothing(service: Service, server: Server) -> None:
    service = by(service, server)
    with pytest.raises(ZeroDivisionError):
        async with service.database.transaction() as session:
            await outbox.send(
                session,
                to="matti@example.org",
                language="fi",
                template="accounts/verify",
                context={"word": "hei"},
                kind="account",
                account_id=None,
                now=service.clock(),
            )
            raise ZeroDivisionError
    assert (await run(service), server.got) == (0, [])


@pytest.mark.parametrize("where", ["recipient_answers", "content_answers"])
async def test_a_server_that_asks_to_wait_is_asked_again_later(
    service: Service, server: Server, clock: FakeClock, where: str
) -> None:
    setattr(server, where, ["451 4.7.1 greylisted, matti", "450 4.7.1 not yet, matti"])
    service = by(service, server)
    await ask(service)
    await run(service)
    [job] = await left(service)
    assert (job.error or "").endswith("yet: 451 4.7.1.")
    for wait in BACKOFF[:2]:
        assert await run(service) == 0
        clock.advance(wait)
        await run(service)
    assert (len(server.got), await left(service)) == (1, [])


@pytest.mark.parametrize(("where", "what"), [("recipient_answers", "address"), ("content_answers", "mail")])
async def test_what_a_server_refuses_for_good_becomes_a_dead_letter_whose_reason_names_nobody(
    service: Service, server: Server, where: str, what: str
) -> None:
    setattr(server, where, ["550 5.1.1 <matti@example.org> does not live here"])
    service = by(service, server)
    await ask(service)
    await run(service)
    [job] = await left(service)
    assert job.dead_at == service.clock()
    assert job.error == f"The mail server refuses the {what} for good: 550 5.1.1."


async def test_a_server_that_cannot_be_reached_is_asked_again(service: Service) -> None:
    unreachable = by(service, Server(port=1))
    await ask(unreachable)
    await run(unreachable)
    [job] = await left(service)
    assert (job.dead_at, job.error) == (
        None,
        "The mail server cannot be reached or broke off: SMTPConnectError.",
    )


async def test_a_server_that_falls_silent_is_given_up_and_asked_again(
    service: Service, server: Server, clock: FakeClock
) -> None:
    released = asyncio.Event()

    async def hang(_: SMTP) -> None:
        await released.wait()
        raise ConnectionResetError

    server.breaks = hang
    hasty = by(service, server, silence_seconds=0.5)
    await ask(hasty)
    while server.breaks is not None:  # a machine that stands still for a moment falls silent before the server does
        await run(hasty)
        clock.advance(BACKOFF[-1])
    [job] = await left(service)
    assert "SMTPReadTimeoutError" in (job.error or "")
    released.set()
    await run(by(service, server))
    assert (len(server.got), await left(service)) == (1, [])


async def test_a_connection_that_breaks_in_the_middle_of_a_mail_is_made_again(
    service: Service, server: Server, clock: FakeClock
) -> None:
    async def cut(connection: SMTP) -> None:
        assert isinstance(connection.transport, asyncio.Transport)
        connection.transport.abort()
        await asyncio.sleep(0)
        raise ConnectionResetError

    server.breaks = cut
    service = by(service, server)
    await ask(service)
    await run(service)
    assert "SMTPServerDisconnected" in ((await left(service))[0].error or "")
    clock.advance(BACKOFF[0])
    await run(service)
    assert (len(server.got), await left(service)) == (1, [])


async def test_a_server_that_is_rude_after_it_took_the_mail_gets_it_once(service: Service, server: Server) -> None:
    async def abort_at_the_end(_self: Server, connection: SMTP, *_: Any) -> str:
        assert isinstance(connection.transport, asyncio.Transport)
        connection.transport.abort()
        return "221 Bye"

    type(server).handle_QUIT = abort_at_the_end  # type: ignore[attr-defined] # found by its name
    try:
        service = by(service, server)
        await ask(service)
        await run(service)
    finally:
        del type(server).handle_QUIT  # type: ignore[attr-defined]
    assert (len(server.got), await left(service)) == (1, [])


async def test_a_process_that_dies_between_the_servers_word_and_its_own_sends_the_same_mail_twice(
    service: Service, server: Server
) -> None:
    """At least once, said honestly: both have one Message-ID, so that mail programs can tell."""
    service = by(service, server)
    await ask(service)
    [job] = await left(service)
    await outbox.deliver(service, job.payload)
    await run(service)
    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    assert len(server.mails) == 2


async def test_a_mail_server_that_refuses_us_keeps_the_mails_waiting(
    service: Service, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed password is put right in a day; no mail is lost by it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def refuse(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    async with serving_tls(certificate, "smtp", authenticator=refuse, auth_required=True) as server:
        service = by(service, server, "smtp", user="pb:wrong@")
        await ask(service)
        await run(service)
    [job] = await left(service)
    assert (job.dead_at, job.error) == (None, "The mail server refuses us: 535 5.7.8.")


async def test_the_service_signs_in_where_it_must(
    service: Service, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    seen: list[Any] = []

    def accept(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    async with serving_tls(certificate, "smtp", authenticator=accept, auth_required=True) as server:
        service = by(service, server, "smtp", user="pb:p%40ss@")
        await ask(service)
        await run(service)
    assert (seen, len(server.got)) == ([(b"pb", b"p@ss")], 1)


async def test_without_starttls_nothing_leaves_unless_the_setting_allows_it(service: Service, server: Server) -> None:
    """Somebody between us and the server might have hidden the offer."""
    service = by(service, server, "smtp")
    await ask(service)
    await run(service)
    assert server.got == []
    assert "STARTTLS" in ((await left(service))[0].error or "")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_goes_over_tls_to_a_server_whose_certificate_holds(
    service: Service, certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving_tls(certificate, scheme) as server:
        service = by(service, server, scheme)
        await ask(service)
        await run(service)
        assert [tls or scheme == "smtps" for _, tls in server.got] == [True]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    service: Service, certificate: Path, scheme: str
) -> None:
    async with serving_tls(certificate, scheme) as server:
        service = by(service, server, scheme)
        await ask(service)
        await run(service)
        assert server.got == []
    assert "cannot be reached" in ((await left(service))[0].error or "")


@asynccontextmanager
async def serving_tls(certificate: Path, scheme: str, **more: Any) -> AsyncIterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options: dict[str, Any] = {"tls": context} if scheme == "smtps" else {"tls_context": context}
    async with serving(Server(), **options, **more) as server:
        yield server


@pytest.fixture
def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key, in one file."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.mark.parametrize(
    "to",
    [
        "matti@example.org\r\nBcc: all@example.org",
        "matti@example.org\n",
        "\nmatti@example.org",
        "matti@example.org\r",
        "matti@example.org\x00",
        "matti@exa\nmple.org",
        "matti\t@example.org",
        "matti @example.org",
        "matti@example.org, liisa@example.org",
        "matti@example.org liisa@example.org",
        "Matti <matti@example.org>",
        "<matti@example.org>",
        "matti@example.org (Matti)",
        '"matti\r\n"@example.org',
        "matti\u2028@example.org",
        "matti@[127.0.0.1]",
        "matti@",
        "@example.org",
        "matti",
        "",
        "mat@ti@example.org",
        "matti.@example.org",
        ".matti@example.org",
        "ma..tti@example.org",
        "åke@example.org",
        "matti@-example.org",
        "matti@example..org",
        "a" * 65 + "@example.org",
        "a@" + ".".join(["b" * 60] * 5),
    ],
)
def test_what_is_not_one_plain_address_is_refused(to: str) -> None:
    with pytest.raises(MailRefused):
        address(to)


async def test_what_is_not_an_address_gets_no_mail(service: Service) -> None:
    with pytest.raises(MailRefused):
        await ask(service, to="matti@example.org\r\nBcc: all@example.org")
    assert await left(service) == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("matti.meikalainen+pb@example.org", "matti.meikalainen+pb@example.org"),
        (" Matti@Example.ORG ", "Matti@example.org"),
        ("o'neil_1@sub.example.org", "o'neil_1@sub.example.org"),
        ("aino@järvi.fi", "aino@xn--jrvi-loa.fi"),
    ],
)
def test_addresses_are_sent_to_as_they_are_with_the_domain_in_ascii(given: str, sent: str) -> None:
    assert address(given).addr_spec == sent


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: all@example.org", "Hi\nthere", "Hi\x85", "Hi\u2028there", "\x1b[2J"])
async def test_a_subject_cannot_become_a_header(service: Service, server: Server, subject: str) -> None:
    service = by(service, server)
    await ask(service, context={"word": "x", "subject": subject})
    await run(service)
    [job] = await left(service)
    assert (server.got, job.error) == ([], "The subject of this mail holds a control character.")


@pytest.mark.parametrize("given", ["Town\r\nBcc: a@example.org <pb@example.org>", "pb", "Town <pb@exa mple.org>"])
def test_a_sender_is_a_name_and_an_address(given: str) -> None:
    with pytest.raises(MailRefused):
        sender(given)


async def test_a_line_that_is_one_dot_or_very_long_arrives_as_it_was_written(service: Service, server: Server) -> None:
    service = by(service, server)
    word = ".\n" + "x" * 5000 + "\n.\nå 😀"
    await ask(service, context={"word": word})
    await run(service)
    assert words(server.mails[0]).startswith(f"sv: {word} å")


async def test_an_account_that_goes_takes_its_waiting_mails_along(service: Service, server: Server) -> None:
    gone, other = uuid7(), uuid7()
    service = by(service, server)
    for account_id in (gone, other):
        await ask(service, account_id=account_id)
    async with service.database.transaction() as session:
        await outbox.forget(session, gone)
    assert await run(service) == 1


async def test_a_mail_that_was_given_up_is_not_kept_for_ever(
    service: Service, server: Server, clock: FakeClock
) -> None:
    server.recipient_answers = ["550 5.1.1 unknown"]
    service = by(service, server)
    await ask(service)
    await run(service)
    for days, kept in ((29, 1), (2, 0)):
        clock.advance(timedelta(days=days))
        await outbox.tidy(service, {})
        assert len(await left(service)) == kept


async def test_without_a_mail_server_mails_become_files_that_only_the_service_can_read(service: Service) -> None:
    service = replace(service, mailer=replace(service.mailer, render=letter))
    await ask(service)
    [mail] = await delivered(service)
    [file] = (service.settings.data / "mail").iterdir()
    assert (mail["To"], file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (
        "matti@example.org",
        0o600,
        0o700,
    )
