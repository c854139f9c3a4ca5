"""`pb doctor`: what is misconfigured, said before it hurts."""

import asyncio
import os
import shlex
import shutil
import stat
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pb_service.cli.console import EXPECTED, say, settings
from pb_service.features.accounts.identity_repository import identity_key_ids
from pb_service.features.accounts.providers import read_providers
from pb_service.features.record.witnesses import policy_of
from pb_service.features.site.statement import OWN_NAME, StatementError, read_statement
from pb_service.platform import alarms, jobs
from pb_service.platform.clock import system_clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Failure
from pb_service.platform.keys import KeyFolder
from pb_service.platform.mail import MailRefused, SmtpPost, sender
from pb_service.platform.migrate import MigrationError, check_known, is_current
from pb_service.platform.postgres import database_url
from pb_service.platform.safety import dangers, others_serving, process_name, several, workers
from pb_service.settings import Settings, SettingsError
from pb_service.web.assets import MissingBuildError, asset

#: Versions of PostgreSQL that the service is tested with.
_VERSIONS = range(15, 19)
#: The clocks of the database and of this machine may differ by so much: phases change to the second.
_SKEW = timedelta(seconds=1)
_MOST_SKEW = timedelta(minutes=1)

Verdict = Literal["ok", "warning", "STOP"]
Report = Callable[[Verdict, str, str], None]


@click.command()
def doctor() -> None:
    """Look at settings, folders, database, mail and clocks, and say what is wrong.

    Changes nothing. Ends with 0 if all is well, 1 if something should be better, 2 if the service must not run so.
    """
    given = settings()
    found: list[Verdict] = []

    def report(verdict: Verdict, about: str, sentence: str) -> None:
        found.append(verdict)
        click.echo(f"{verdict:<8} {about:<12} {sentence}")

    examine_settings(given, report)
    examine_folder(given.data, report)
    examine_statement(given.data, report)
    examine_witnesses(given, report)
    examine_helpers(given, report)
    try:
        with database_url(given, say=say) as url:
            asyncio.run(examine_running(given, url, report))
    except EXPECTED as error:
        report("STOP", "database", f"It cannot be used: {error}")
    raise SystemExit(2 if "STOP" in found else 1 if "warning" in found else 0)


def examine_settings(given: Settings, report: Report) -> None:
    """What the settings alone tell."""
    found = list(dangers(given))
    for sentence in found:
        report("STOP", "settings", sentence)
    if not found:
        report("ok", "settings", f"Readers come to {given.public_url}.")
    if given.development:
        report("warning", "settings", "PB_DEVELOPMENT signs anybody of this machine in as anybody.")
    try:
        asset("styles/main.css")
    except MissingBuildError as error:
        report("STOP", "pages", str(error))
    for to in (given.mail_from, *given.alarm_mail):
        try:
            sender(to)
        except MailRefused as error:
            report("STOP", "mail", f"{to!r} cannot be used: {error}")


def examine_folder(data: Path, report: Report) -> None:
    """Whether the data folder is private, ours, and has room."""
    if not data.exists():
        report("ok", "data folder", f"{data} is made at the first start.")
        return
    state = data.stat()
    if state.st_uid not in (os.geteuid(), 0):
        report("STOP", "data folder", f"{data} belongs to another user: run the command as that user, or set PB_DATA.")
    elif stat.S_IMODE(state.st_mode) & 0o022:
        report("STOP", "data folder", f"Others may write into {data}: chmod go-w {data}")
    elif not os.access(data, os.W_OK | os.X_OK):
        report("STOP", "data folder", f"{data} cannot be written to.")
    else:
        report("ok", "data folder", str(data))
    for path in sorted((data / "keys").glob("*")) if (data / "keys").exists() else []:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            report("STOP", "keys", f"Others may read {path}: chmod 600 {path}, and exchange the key.")
    if stat.S_IMODE((data / "keys").stat().st_mode) & 0o077 if (data / "keys").exists() else False:
        report("STOP", "keys", f"Others may enter {data / 'keys'}: chmod 700 {data / 'keys'}")
    free = shutil.disk_usage(data).free
    verdict: Verdict = "ok" if free >= alarms.LEAST_FREE_BYTES else "warning"
    report(verdict, "disk", f"{free // 1024**2:,} MiB are free.")


def examine_statement(data: Path, report: Report) -> None:
    """Whether the page about accessibility can say what the municipality's file says."""
    try:
        read_statement(data)
    except StatementError as error:
        report("warning", "statement", f"The page /accessibility shows no statement: {error}")
    else:
        report("ok", "statement", f"{data / OWN_NAME if (data / OWN_NAME).exists() else 'the built-in one'}")


def examine_witnesses(given: Settings, report: Report) -> None:
    """Whether the file of witnesses can be used."""
    try:
        policy = policy_of(given.witnesses)
    except SettingsError as error:
        report("STOP", "witnesses", str(error))
        return
    if policy is not None:
        report("ok", "witnesses", f"{len(policy.witnesses)} are asked, {policy.quorum} make a quorum.")


def examine_helpers(given: Settings, report: Report) -> None:
    """Whether the providers of sign-in and the scanner of files can be used at all."""
    if given.signin is not None:
        try:
            found = read_providers(given.signin)
        except SettingsError as error:
            report("STOP", "sign-in", str(error))
        else:
            report("ok", "sign-in", f"Providers: {', '.join(provider.key for provider in found)}.")
    if given.scan_command is not None and shutil.which(shlex.split(given.scan_command)[0]) is None:
        lost = f"PB_SCAN_COMMAND: {given.scan_command!r} cannot be run: no file is taken."
        report("warning", "files", lost)


async def examine_running(given: Settings, url: str, report: Report) -> None:
    """What the database and the servers around it tell."""
    database = Database(url, pool_size=2, name=process_name("doctor"))
    try:
        await _report_failure(report, "database", examine_database(given, database, report))
        await _report_failure(report, "redis", examine_redis(given, database, report))
        await _report_failure(report, "mail", examine_mail(given, report))
        await _report_failure(report, "certificate", examine_certificate(given, report))
        if await is_current(database.engine):
            await _report_failure(report, "jobs", examine_jobs(given, database, report))
            await _report_failure(report, "keys", examine_keys(given.data / "keys", database, report))
    finally:
        await database.close()


async def _report_failure(report: Report, about: str, examination: Awaitable[None]) -> None:
    """One part that cannot be looked at keeps nobody from looking at the others."""
    try:
        await examination
    except (*EXPECTED, SQLAlchemyError) as error:
        report("STOP", about, f"It cannot be looked at: {error}")


async def examine_database(given: Settings, database: Database, report: Report) -> None:
    """Version, encoding, clock, tables."""
    async with database.reading() as session:
        version = int(await session.scalar(text("SHOW server_version_num")) or 0) // 10_000
        encoding = await session.scalar(text("SHOW server_encoding"))
        standby = await session.scalar(text("SELECT pg_is_in_recovery()"))
        before, asked_at = system_clock(), time.monotonic()
        theirs = await session.scalar(text("SELECT clock_timestamp()"))
        trip = timedelta(seconds=time.monotonic() - asked_at)
    whose = "PB_DATABASE_URL" if given.database_url else "embedded"
    known: Verdict = "ok" if version in _VERSIONS else "warning"
    report(known, "database", f"PostgreSQL {version}, {whose}; tested with {_VERSIONS[0]} to {_VERSIONS[-1]}.")
    if encoding != "UTF8":
        report("STOP", "database", f"Its encoding is {encoding}: make it anew with ENCODING 'UTF8'.")
    if standby:
        report("STOP", "database", "It is a standby that takes no writes: set PB_DATABASE_URL to the primary.")
    skew = max(timedelta(), before - theirs, theirs - (before + trip)) if theirs else timedelta()
    apart = f"Its clock and this machine's are {skew.total_seconds():.1f} s apart."
    report("STOP" if skew > _MOST_SKEW else "warning" if skew > _SKEW else "ok", "clock", apart)
    try:
        await check_known(database.engine)
    except MigrationError as error:
        report("STOP", "tables", str(error))
        return
    current = await is_current(database.engine)
    report("ok" if current else "warning", "tables", "up to date" if current else "behind: the next start updates them")


async def examine_redis(given: Settings, database: Database, report: Report) -> None:
    """Whether Redis answers, and whether one is missing."""
    serving = await others_serving(database)
    if given.redis_url is None:
        one = len(serving) <= 1
        report("ok" if one else "STOP", "redis", "none, for one process" if one else several(serving))
    elif await alarms.redis_answers(given.redis_url):
        report("ok", "redis", "It answers.")
    else:
        report("warning", "redis", "PB_REDIS_URL does not answer: each process keeps pages and limits for itself.")


async def examine_mail(given: Settings, report: Report) -> None:
    """Whether mail would leave; none is sent."""
    if given.smtp_url is None:
        lost = not given.is_this_machine_alone
        where = f"PB_SMTP_URL is not set: mails become files in {given.data / 'mail'} and reach nobody."
        report("warning" if lost else "ok", "mail", where)
        return
    try:
        await SmtpPost.of(given.smtp_url).try_out()
    except Failure as error:
        report("warning", "mail", str(error))
    else:
        report("ok", "mail", "The mail server lets us in.")
    if given.smtp_url.startswith("smtp+plain:"):
        report("warning", "mail", "PB_SMTP_URL speaks without TLS: only within this machine or a network of your own.")
    if not given.alarm_mail:
        report("warning", "alarms", "PB_ALARM_MAIL is not set: alarms are in the log and the metrics alone.")


async def examine_certificate(given: Settings, report: Report) -> None:
    """The end of the certificate that readers are shown."""
    if not given.public_url.startswith("https:"):
        return
    try:
        left = await alarms.certificate_end(given.public_url) - system_clock()
    except (OSError, TimeoutError):
        report("warning", "certificate", f"{given.public_url} does not answer from here.")
        return
    verdict: Verdict = "STOP" if left < timedelta() else "warning" if left < alarms.CERTIFICATE_NOTICE else "ok"
    report(verdict, "certificate", f"It is valid for {left.days} days." if left > timedelta() else "It has ended.")


async def examine_jobs(given: Settings, database: Database, report: Report) -> None:
    """Whether somebody runs jobs, and whether they get on."""
    if given.jobs == "worker" and not await workers(database):
        report("warning", "jobs", "PB_JOBS=worker, but no `pb worker` is connected: no mail leaves, no phase changes.")
    async with database.reading() as session:
        stuck = sum(count.stuck for count in await jobs.counts(session, now=system_clock()))
    if stuck:
        report("warning", "jobs", f"{stuck} are stuck: the staff page about jobs says which and why.")
    else:
        report("ok", "jobs", "None is stuck.")


async def examine_keys(folder: Path, database: Database, report: Report) -> None:
    """Whether everybody who came by a provider can be known again."""
    keys = KeyFolder(folder)
    async with database.reading() as session:
        people = await identity_key_ids(session)
    known = {secret.id for secret in keys.secrets("identity")} if keys.has_secret("identity") else set()
    if lost := sum(count for key_id, count in people.items() if key_id not in {*known, None}):
        lack = f"{lost} people are known by a key that is not in {folder}: they would come back as strangers."
        report("STOP", "keys", f"{lack} Bring identity.key back from a backup.")
    elif people:
        report("ok", "keys", "Everybody who came by a provider is known by a key that is here.")
