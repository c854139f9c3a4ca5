"""What goes on beside the requests: every stage's jobs, and the tasks that a process keeps running."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from pb_service.features.accounts import jobs as accounts
from pb_service.features.rounds import jobs as rounds
from pb_service.platform import outbox
from pb_service.platform.jobs import Handler, JobRunner
from pb_service.service import Service

log_event = structlog.get_logger()

#: Every job by its name. A stage's jobs.py has its handlers; here they are put together.
HANDLERS: Mapping[str, Handler[Service]] = {
    outbox.JOB: outbox.deliver,
    **accounts.HANDLERS,
    **rounds.HANDLERS,
}

#: Jobs that run again and again, and how often.
EVERY: Sequence[tuple[str, timedelta]] = (*accounts.EVERY, *rounds.EVERY)


def job_runner(service: Service) -> JobRunner[Service]:
    """Return a runner for all jobs."""
    return JobRunner(service, HANDLERS, every=EVERY)


@asynccontextmanager
async def at_work(service: Service, *, jobs: bool) -> AsyncIterator[None]:
    """Keep the sequencer and, if ``jobs``, the job runner at work meanwhile. One that ends before is reported."""
    tasks = {"sequencer": asyncio.create_task(service.sequencer.run_forever())}
    if jobs:
        tasks["jobs"] = asyncio.create_task(job_runner(service).run_forever())
    for task in tasks.values():
        task.add_done_callback(_report_end)
    try:
        yield
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(
            *tasks.values(), return_exceptions=True
        )  # an exception was reported when it ended its task


def _report_end(task: asyncio.Task[None]) -> None:
    """The sequencer ends only when published and stored records contradict each other: an incident."""
    if not task.cancelled() and (error := task.exception()):
        log_event.critical("background.stopped", error=str(error))
