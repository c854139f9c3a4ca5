"""What goes on beside the requests: every stage's jobs, and the tasks that a process keeps running."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import structlog

from pb_service.features.accounts import jobs as accounts
from pb_service.features.assessment import jobs as assessment
from pb_service.features.counting import jobs as counting
from pb_service.features.implementation import jobs as implementation
from pb_service.features.opendata import jobs as opendata
from pb_service.features.proposals import jobs as proposals
from pb_service.features.record.repository import waiting_by_log
from pb_service.features.record.witnesses import Witnesses, unwitnessed
from pb_service.features.results import jobs as results
from pb_service.features.roll import jobs as roll
from pb_service.features.rounds import jobs as rounds
from pb_service.features.site import feedback
from pb_service.features.site import jobs as site
from pb_service.features.voting import jobs as voting
from pb_service.features.voting import pass_jobs
from pb_service.platform import alarms, files, outbox
from pb_service.platform.db import uuid7
from pb_service.platform.jobs import Handler, JobRunner, describe
from pb_service.platform.mail import compose, sender
from pb_service.service import Service
from pb_service.web.alarms import alarm_letter

log_event = structlog.get_logger()

#: Every job by its name. A stage's jobs.py has its handlers; here they are put together.
HANDLERS: Mapping[str, Handler[Service]] = {
    **outbox.HANDLERS,
    **files.HANDLERS,
    **accounts.HANDLERS,
    **rounds.HANDLERS,
    **proposals.HANDLERS,
    **assessment.HANDLERS,
    **roll.HANDLERS,
    **pass_jobs.HANDLERS,
    **voting.HANDLERS,
    **counting.HANDLERS,
    **results.HANDLERS,
    **implementation.HANDLERS,
    **opendata.HANDLERS,
    **site.HANDLERS,
}

#: Jobs that run again and again, and how often.
EVERY: Sequence[tuple[str, timedelta]] = (
    *outbox.EVERY,
    *files.EVERY,
    *accounts.EVERY,
    *rounds.EVERY,
    *proposals.EVERY,
    *assessment.EVERY,
    *roll.EVERY,
    *counting.EVERY,
    *pass_jobs.EVERY,
    *voting.EVERY,
    *implementation.EVERY,
    *site.EVERY,
)


def job_runner(service: Service) -> JobRunner[Service]:
    """Return a runner for all jobs."""
    return JobRunner(service, HANDLERS, every=EVERY)


#: The tasks of a process by name, for whoever asks whether they are still at work.
Tasks = dict[str, asyncio.Task[None]]


@asynccontextmanager
async def at_work(service: Service, *, jobs: bool, tasks: Tasks | None = None) -> AsyncIterator[None]:
    """Keep the sequencer, the watch and, if ``jobs``, the job runner at work meanwhile. One that ends is reported.

    Where witnesses are set, they are asked meanwhile too.
    """
    running: Tasks = {} if tasks is None else tasks
    running["sequencer"] = asyncio.create_task(service.sequencer.run_forever())
    if service.witnesses:
        witnesses = Witnesses(service.tiles, service.witnesses, service.clock)
        running["witnesses"] = asyncio.create_task(witnesses.run_forever())
    running["watch"] = asyncio.create_task(watch(service).run_forever())
    if jobs:
        running["jobs"] = asyncio.create_task(job_runner(service).run_forever())
    for task in running.values():
        task.add_done_callback(_report_end)
    try:
        yield
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)  # what they raised was reported


def watch(service: Service) -> alarms.Watch:
    """Return the watch over everything that can go wrong while nobody looks."""
    settings, database, clock = service.settings, service.database, service.clock
    checks = [
        _record_stands_still(service),
        alarms.stuck_jobs(database, clock),
        alarms.stuck_mail(database, clock),
        alarms.disk(settings.data),
        feedback.late(database, clock),
        *([unwitnessed(service.tiles, service.witnesses, clock)] if service.witnesses else []),
        *([alarms.redis(settings.redis_url)] if settings.redis_url else []),
        *([alarms.certificate(settings.public_url, clock)] if settings.public_url.startswith("https:") else []),
    ]
    return alarms.Watch(database, clock, checks, partial(_tell_operators, service))


def _record_stands_still(service: Service) -> alarms.Check:
    async def look() -> alarms.Trouble | None:
        async with service.database.reading() as session:
            waiting = await waiting_by_log(session)
        mark = ", ".join(f"{slug}:{first}" for slug, first, _ in waiting)
        return alarms.Trouble(str(sum(number for _, _, number in waiting)), mark) if waiting else None

    return alarms.Check("sequencer", look, patience=alarms.INTERVAL)


async def _tell_operators(service: Service, words: Sequence[alarms.Word]) -> None:
    mailer, letter = service.mailer, alarm_letter(words, service.settings.public_url)
    for to in service.settings.alarm_mail:
        message = compose(
            letter,
            mail_id=str(uuid7()),
            sender=mailer.sender,
            to=sender(to),
            language="fi, sv, en",
            at=service.clock(),
            unsubscribe=None,
        )
        await mailer.post.send(message)


def _report_end(task: asyncio.Task[None]) -> None:
    """The sequencer ends only when published and stored records contradict each other: an incident."""
    if not task.cancelled() and (error := task.exception()):
        log_event.critical("background.stopped", error=describe(error))
