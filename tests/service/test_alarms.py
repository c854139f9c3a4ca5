"""Alarms: each is told once until it ends, by one process, past the outbox; a lost database is told as well."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pb_service.background import watch
from pb_service.features.record import service as record
from pb_service.platform import alarms, jobs
from pb_service.platform.alarms import Check, Trouble, Watch, Word
from pb_service.platform.db import Database
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words


@dataclass
class Operators:
    """Who is told, and a trouble that comes and goes."""

    told: list[Word] = field(default_factory=list)
    trouble: Trouble | None = None
    deaf: bool = False

    async def tell(self, told: Sequence[Word]) -> None:
        if self.deaf:
            raise ConnectionError
        self.told += told

    async def look(self) -> Trouble | None:
        return self.trouble


@pytest.fixture
def operators() -> Operators:
    return Operators()


def watching(database: Database, clock: FakeClock, operators: Operators, minutes: int = 0) -> Watch:
    check = Check("jobs", operators.look, patience=timedelta(minutes=minutes))
    return Watch(database, clock, [check], operators.tell)


BEGAN, ENDED = Word("jobs", "3", ended=False), Word("jobs", "", ended=True)


async def test_an_alarm_is_told_once_until_it_ends_and_so_is_its_end(
    database: Database, clock: FakeClock, operators: Operators
) -> None:
    for trouble in (None, Trouble("3"), Trouble("3"), Trouble("4"), None, None, Trouble("3")):
        operators.trouble = trouble
        await watching(database, clock, operators).run_once()  # each time by another process
    assert operators.told == [BEGAN, ENDED, BEGAN]


async def test_a_trouble_that_passes_soon_is_not_told(
    database: Database, clock: FakeClock, operators: Operators
) -> None:
    watch = watching(database, clock, operators, minutes=2)
    for trouble in (Trouble("3"), Trouble("3"), None, Trouble("3"), Trouble("3")):
        operators.trouble = trouble
        await watch.run_once()
        clock.advance(timedelta(minutes=1))
    assert operators.told == []
    await watch.run_once()
    assert operators.told == [BEGAN]


async def test_something_that_moves_on_is_not_the_same_trouble(
    database: Database, clock: FakeClock, operators: Operators
) -> None:
    """A record to which ever new entries come is not one that stands still."""
    watch = watching(database, clock, operators, minutes=2)
    for entry in range(9):
        operators.trouble = Trouble("1", mark=f"spring:{entry}")
        await watch.run_once()
        clock.advance(timedelta(minutes=1))
    assert operators.told == []


async def test_a_clock_that_is_set_back_delays_no_alarm(
    database: Database, clock: FakeClock, operators: Operators
) -> None:
    watch = watching(database, clock, operators, minutes=2)
    operators.trouble = Trouble("3")
    await watch.run_once()
    clock.advance(-timedelta(days=1))
    await watch.run_once()
    clock.advance(timedelta(minutes=2))
    await watch.run_once()
    assert operators.told == [BEGAN]


async def test_what_could_not_be_told_is_told_later(database: Database, clock: FakeClock, operators: Operators) -> None:
    watch = watching(database, clock, operators)
    operators.trouble, operators.deaf = Trouble("3"), True
    with pytest.raises(ConnectionError):
        await watch.run_once()
    operators.deaf = False
    await watch.run_once()
    assert operators.told == [BEGAN]


async def test_of_several_processes_one_tells(database: Database, clock: FakeClock, operators: Operators) -> None:
    operators.trouble = Trouble("3")
    await asyncio.gather(*(watching(database, clock, operators).run_once() for _ in range(4)))
    assert operators.told == [BEGAN]


async def test_a_lost_database_is_told_when_it_stays_away_and_when_it_is_back(
    database: Database, clock: FakeClock, operators: Operators
) -> None:
    gone = Database("postgresql+asyncpg://pb@127.0.0.1:1/pb")
    watch = Watch(gone, clock, [], operators.tell)
    for _ in range(3):
        await watch.run_once()
    watch._database = database
    await watch.run_once()
    assert operators.told == [Word("database", "", ended=False), Word("database", "", ended=True)]
    await gone.close()


async def test_operators_get_one_mail_in_all_languages(service: Service, clock: FakeClock) -> None:
    """It does not wait in the outbox, which may be what is stuck."""
    service = replace(service, settings=replace(service.settings, alarm_mail=("On duty <duty@example.org>",)))
    async with service.database.transaction() as session:
        await jobs.enqueue(session, "of nobody", {}, run_at=clock() - timedelta(hours=1))
        await jobs.enqueue(session, "mail.deliver of nobody", {}, run_at=clock() - timedelta(hours=1))
    await watch(service).run_once()
    assert await delivered(service) == [], "after downtime what was due runs first"
    clock.advance(timedelta(minutes=1))
    await watch(service).run_once()
    [mail] = await delivered(service)
    assert mail["To"] == "On duty <duty@example.org>"
    assert mail["Subject"] == "Hälytys / Larm / Alarm: localhost:8000"
    for kind in ("plain", "html"):
        said = words(mail, kind)
        assert "Taustatöitä, jotka eivät etene: 2." in said
        assert "Jobb som står stilla: 2." in said
        assert "2 jobs are stuck." in said


async def test_a_record_that_stands_still_is_told_after_a_minute(service: Service, clock: FakeClock) -> None:
    async with service.database.transaction() as session:
        log_id = await record.open_log(session, "spring", "localhost/pb/spring")
        await record.append(session, log_id, b"one")
    said = []
    for _ in range(2):
        await watch(service).run_once()
        clock.advance(timedelta(minutes=1))
        async with service.database.reading() as session:
            found = await session.get(alarms.Alarm, "sequencer")
            said.append(found is not None and found.told_at is not None)
    assert said == [False, True]


async def test_a_disk_that_is_nearly_full_is_told(folder: Path) -> None:
    assert await alarms.disk(folder, least_free_bytes=0).look() is None
    trouble = await alarms.disk(folder, least_free_bytes=2**62).look()
    assert trouble is not None
    assert trouble.figure.endswith(" MiB")


async def test_a_redis_that_does_not_answer_is_told(valkey_url: str) -> None:
    async with asyncio.timeout(120):
        while await alarms.redis(valkey_url).look():  # noqa: ASYNC110 - a machine that stands still makes it look lost
            await asyncio.sleep(0.1)
    assert await alarms.redis("redis://127.0.0.1:1").look() == Trouble()


@pytest.mark.parametrize(("days", "told"), [(-1, True), (0, True), (13, True), (15, False)])
async def test_a_certificate_near_its_end_is_told(folder: Path, clock: FakeClock, days: int, told: bool) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_certificate(folder, clock() + timedelta(days=days)))
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    check = alarms.certificate(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", clock)
    trouble = await check.look()
    server.close()
    assert (trouble is not None) is told
    assert await check.look() == trouble  # without asking again within the hour


async def test_a_service_that_does_not_answer_has_no_certificate_to_tell_of(clock: FakeClock) -> None:
    assert await alarms.certificate("https://127.0.0.1:1", clock).look() is None


def _certificate(folder: Path, end: datetime) -> Path:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .sign(key, None)
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file
