"""A running service without its web side: database, keys and public record, put together for commands and the app."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.policy import Policy
from pb_service.features.accounts import personal
from pb_service.features.accounts.identity_data import IDENTITY
from pb_service.features.accounts.passwords import Passwords
from pb_service.features.accounts.personal import PersonalData
from pb_service.features.accounts.staff_data import STAFF
from pb_service.features.assessment.assigning import after_act
from pb_service.features.assessment.lists import guard_vote
from pb_service.features.counting.closing import guard_close
from pb_service.features.counting.marks import mark_opening
from pb_service.features.implementation.reading import guard_archive
from pb_service.features.opendata.jobs import verify_later
from pb_service.features.opendata.shelf import BundleShelf
from pb_service.features.opening.service import guard_open
from pb_service.features.proposals.acts import after_acts
from pb_service.features.proposals.personal import PROPOSALS
from pb_service.features.record.sequencer import Sequencer
from pb_service.features.record.store import TileStore
from pb_service.features.record.witnesses import policy_of
from pb_service.features.results.jobs import explain_later
from pb_service.features.results.states import publish_preliminary
from pb_service.features.roll.personal import ROLL
from pb_service.features.rounds.schedule import phase_effects, phase_guards
from pb_service.features.voting.casting import CastingService
from pb_service.features.voting.personal import VOTING
from pb_service.features.voting.polling import Pollings
from pb_service.platform.clock import Clock, system_clock
from pb_service.platform.db import Database
from pb_service.platform.files import FileStore, shelf
from pb_service.platform.keys import KeyFolder
from pb_service.platform.limits import Limits
from pb_service.platform.mail import FolderPost, SmtpPost, sender
from pb_service.platform.outbox import Mailer
from pb_service.platform.safety import process_name
from pb_service.settings import Settings
from pb_service.web.mail import render_mail

#: What each stage knows of a person and erases with the account, in the order of the download.
PERSONAL_DATA: Sequence[PersonalData] = (personal.ACCOUNT, IDENTITY, STAFF, PROPOSALS, ROLL, VOTING)

# What later stages have to say and do when an earlier one acts; the same in every process.
phase_guards[:] = [guard_vote, guard_open, guard_close, guard_archive]
phase_effects[:] = [mark_opening, publish_preliminary, explain_later, verify_later]
after_acts[:] = [after_act]


@dataclass(frozen=True)
class Service:
    """Everything a command or the web application works with."""

    settings: Settings
    clock: Clock
    database: Database
    keys: KeyFolder
    log_key: Ed25519PrivateKey
    operator_key: Ed25519PrivateKey
    tiles: TileStore
    sequencer: Sequencer
    witnesses: Policy | None
    bundles: BundleShelf
    mailer: Mailer
    limits: Limits
    passwords: Passwords
    personal_data: Sequence[PersonalData]
    files: FileStore
    pollings: Pollings
    casting: CastingService


@asynccontextmanager
async def open_service(
    settings: Settings, url: str, *, clock: Clock = system_clock, role: str = "command"
) -> AsyncIterator[Service]:
    """Yield the service over a migrated database; its record is compared with what was published before.

    ``role`` is what the database's list of connections says this process does.

    Raises RecordConflict when something was published that the database does not know.
    """
    keys = KeyFolder(settings.data / "keys")
    database = Database(url, name=process_name(role))
    # Connections of their own: what was acknowledged must become public however many requests wait for the others.
    recording = Database(url, name=process_name(role), pool_size=4)
    tiles = TileStore(settings.data / "record")
    log_key = keys.ed25519("log")
    service = Service(
        settings=settings,
        clock=clock,
        database=database,
        keys=keys,
        log_key=log_key,
        operator_key=keys.ed25519("op"),
        tiles=tiles,
        sequencer=Sequencer(recording, tiles, log_key),
        witnesses=policy_of(settings.witnesses),
        bundles=BundleShelf(settings.data / "bundles"),
        mailer=mailer(settings, keys),
        limits=Limits(settings.redis_url),
        passwords=Passwords(),
        personal_data=PERSONAL_DATA,
        files=FileStore(shelf(settings.files_url, settings.data / "files"), settings.scan_command),
        pollings=Pollings(),
        casting=CastingService(recording, tiles, keys, clock),
    )
    try:
        await service.sequencer.recover()
        yield service
    finally:
        await service.casting.close()
        service.passwords.close()
        await service.limits.close()
        await recording.close()
        await database.close()


def on_port(service: Service, port: int) -> Service:
    """The service on the port that it really got: links in mails follow, unless PB_PUBLIC_URL says where they lead."""
    settings = service.settings
    if settings.public_url != f"http://localhost:{settings.port}":
        return service
    settings = replace(settings, port=port, public_url=f"http://localhost:{port}")
    return replace(service, settings=settings, mailer=mailer(settings, service.keys))


def mailer(settings: Settings, keys: KeyFolder) -> Mailer:
    """Return how mails leave: by the mail server that is set, else into a folder. Raises MailRefused."""
    return Mailer(
        post=SmtpPost.of(settings.smtp_url) if settings.smtp_url else FolderPost(settings.data / "mail"),
        sender=sender(settings.mail_from),
        render=render_mail,
        public_url=settings.public_url,
        links=keys.ring("mail"),
    )
