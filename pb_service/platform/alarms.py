"""Alarms: what is wrong and stays wrong is told to the operators once, and once more when it has ended.

Every process watches, so that one that died is noticed by the others; what was told stands in the database, so that
each alarm is told by one of them. An alarm goes past the outbox straight to the mail server: a stuck outbox must not
keep its own alarm. The loss of the database is told by each process for itself.
"""

import asyncio
import shutil
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import DateTime, select, text
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform import jobs, outbox
from pb_service.platform.clock import Clock
from pb_service.platform.db import Base, Database, DatabaseUnavailable
from pb_service.platform.metrics import ALARMS, CERTIFICATE_SECONDS
from pb_service.platform.tasks import heed_cancellation

#: How often each process looks.
INTERVAL = timedelta(minutes=1)
#: Below this much free space the disk of the data folder is told of.
LEAST_FREE_BYTES = 2 * 1024**3
#: A certificate is told of when it ends within this time: enough to find out why it was not renewed.
CERTIFICATE_NOTICE = timedelta(days=14)
#: How often the certificate is looked at.
CERTIFICATE_INTERVAL = timedelta(hours=1)

#: Any number that nothing else locks by: one process at a time compares with what was told.
WATCH_LOCK = 5_022_319_909

log_event = structlog.get_logger()


class Alarm(Base):
    """Something that is wrong now, by the name of the check; ``mark`` is what exactly, ``told_at`` when it was told."""

    __tablename__ = "alarm"

    name: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Trouble:
    """What a check found. Another ``mark`` is another trouble; ``figure`` says how much, for people."""

    figure: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Check:
    """Something to look at. ``name`` is its kind, with ``@`` and the machine's name if each machine has its own.

    A trouble is told when it has lasted for ``patience``.
    """

    name: str
    look: Callable[[], Awaitable[Trouble | None]]
    patience: timedelta = timedelta()


@dataclass(frozen=True)
class Word:
    """One thing to tell: an alarm that begins, or one that has ended."""

    name: str
    figure: str
    ended: bool


#: Tells the operators. Raises when they could not be told; it is then tried again at the next look.
Tell = Callable[[Sequence[Word]], Awaitable[None]]


class Watch:
    """Looks at everything again and again, and tells what begins and what ends."""

    def __init__(self, database: Database, clock: Clock, checks: Sequence[Check], tell: Tell) -> None:
        self._database = database
        self._clock = clock
        self._checks = checks
        self._tell = tell
        self._without_database = 0

    async def run_forever(self) -> NoReturn:
        """Look every minute until cancelled."""
        while True:
            try:
                await self.run_once()
            except Exception as error:
                heed_cancellation()
                log_event.error("alarms.hindered", exc_info=error)
            await asyncio.sleep(INTERVAL.total_seconds())

    async def run_once(self) -> None:
        """Look at everything once. Raises what telling raises."""
        try:
            found = {check: await check.look() for check in self._checks}
            await self._compare(found)
        except DatabaseUnavailable:
            self._without_database += 1
            ALARMS.labels("database").set(1)
            if self._without_database == 2:  # not for one that is merely restarted
                await self._say([Word("database", "", ended=False)])
            return
        if self._without_database >= 2:
            await self._say([Word("database", "", ended=True)])
        self._without_database = 0
        ALARMS.labels("database").set(0)

    async def _compare(self, found: dict[Check, Trouble | None]) -> None:
        now = self._clock()
        words: list[Word] = []
        async with self._database.transaction() as session:
            if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": WATCH_LOCK}):
                return  # another process is at it
            known = {alarm.name: alarm for alarm in await session.scalars(select(Alarm))}
            for check, trouble in found.items():
                alarm = known.get(check.name)
                if alarm is not None and (trouble is None or trouble.mark != alarm.mark):
                    if alarm.told_at is not None:
                        words.append(Word(check.name, "", ended=True))
                    await session.delete(alarm)
                    await session.flush()
                    alarm = None
                if trouble is not None and alarm is None:
                    alarm = Alarm(name=check.name, mark=trouble.mark, seen_at=now, told_at=None)
                    session.add(alarm)
                if trouble is not None and alarm is not None and alarm.told_at is None:
                    alarm.seen_at = min(alarm.seen_at, now)  # a clock that was set back
                    if now - alarm.seen_at >= check.patience:
                        alarm.told_at = now
                        words.append(Word(check.name, trouble.figure, ended=False))
                told = alarm is not None and alarm.told_at is not None
                ALARMS.labels(check.name).set(int(told))
            await self._say(words)  # before the commit: what could not be told is told the next time

    async def _say(self, words: Sequence[Word]) -> None:
        for word in words:
            if word.ended:
                log_event.warning("alarm.ended", alarm=word.name)
            else:
                log_event.critical("alarm.began", alarm=word.name, size=word.figure)
        if words:
            await self._tell(words)


def disk(folder: Path, *, least_free_bytes: int = LEAST_FREE_BYTES) -> Check:
    """The space left for the data folder of this machine."""

    async def look() -> Trouble | None:
        free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        return Trouble(f"{free // 1024**2} MiB") if free < least_free_bytes else None

    return Check(f"disk@{socket.gethostname()}", look)


def stuck_jobs(database: Database, clock: Clock) -> Check:
    """Dead letters, and jobs that should have run but do not; after downtime those that were due run first."""
    return Check("jobs", _stuck(database, clock, lambda name: name != outbox.JOB), patience=INTERVAL)


def stuck_mail(database: Database, clock: Clock) -> Check:
    """Mails that do not leave."""
    return Check("mail", _stuck(database, clock, lambda name: name == outbox.JOB), patience=INTERVAL)


def _stuck(database: Database, clock: Clock, wanted: Callable[[str], bool]) -> Callable[[], Awaitable[Trouble | None]]:
    async def look() -> Trouble | None:
        async with database.reading() as session:
            counts = await jobs.counts(session, now=clock())
        number = sum(count.stuck for count in counts if wanted(count.name))
        return Trouble(str(number)) if number else None

    return look


def redis(url: str) -> Check:
    """The Redis or Valkey of PB_REDIS_URL."""

    async def look() -> Trouble | None:
        return None if await redis_answers(url) else Trouble()

    return Check("redis", look, patience=INTERVAL)


async def redis_answers(url: str) -> bool:
    """Return whether the Redis or Valkey at a URL answers within a second."""
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        await client.ping()
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()
    return True


def certificate(public_url: str, clock: Clock) -> Check:
    """The TLS certificate of the public address: its end, looked at now and then."""
    looked_at: datetime | None = None
    seen: Trouble | None = None

    async def look() -> Trouble | None:
        nonlocal looked_at, seen
        now = clock()
        if looked_at is None or not timedelta() <= now - looked_at < CERTIFICATE_INTERVAL:
            looked_at, seen = now, await _look_at_certificate(public_url, now)
        return seen

    return Check("certificate", look)


async def _look_at_certificate(public_url: str, now: datetime) -> Trouble | None:
    try:
        end = await certificate_end(public_url)
    except OSError:  # the proxy is down, which is another matter and noticed by everybody
        return None
    CERTIFICATE_SECONDS.set((end - now).total_seconds())
    return Trouble(f"{end:%Y-%m-%d}") if end - now < CERTIFICATE_NOTICE else None


async def certificate_end(url: str, *, patience_seconds: float = 10) -> datetime:
    """Return until when the certificate is valid that a server shows at an https address; whoever signed it.

    Raises OSError when there is no answer in TLS.
    """
    parts = urlsplit(url)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # also an ended one must be looked at
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(patience_seconds):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=trusting)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(shown).not_valid_after_utc
