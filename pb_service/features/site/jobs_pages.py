"""The staff page about jobs: what is stuck and why, to run again or to drop."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, policy
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.visit import Visit, visit
from pb_service.platform import jobs
from pb_service.web.formats import Reader
from pb_service.web.forms import done

#: Most jobs shown: who has more needs the database, not a page.
_MOST = 200

Asked = NamedDependency[Visit]
Transaction = NamedDependency[AsyncSession]
Session = NamedDependency[AsyncSession]


@get("/", access="jobs.manage")
async def show_jobs(session: Session, visit: Asked) -> Response[str]:
    """What does not get on, and how much waits, runs and is given up of each kind of job."""
    words = visit.words
    return staff_page(
        visit.request,
        "site/jobs.html",
        locale=visit.language,
        section="jobs",
        stuck=await jobs.stuck(session, now=visit.now, most=_MOST),
        most=_MOST,
        counts=await jobs.counts(session, now=visit.now),
        title=lambda name: job_title(name, words),
        words=words,
    )


@post("/{job_id:int}/retry", access="jobs.manage")
async def retry_job(transaction: Transaction, visit: Asked, job_id: FromPath[int]) -> Response[None]:
    """Run a job again, with all its tries."""
    policy.require(visit.actor, "jobs.manage")
    await jobs.retry(transaction, job_id)
    await _note(transaction, visit, "jobs.retry", job_id)
    return done(visit.path("jobs"), "retried")


@post("/{job_id:int}/drop", access="jobs.manage")
async def drop_job(transaction: Transaction, visit: Asked, job_id: FromPath[int]) -> Response[None]:
    """Give a job up for good."""
    policy.require(visit.actor, "jobs.manage")
    name = await jobs.drop(transaction, job_id)
    await _note(transaction, visit, "jobs.drop", name)
    return done(visit.path("jobs"), "dropped")


async def _note(session: AsyncSession, visit: Visit, act: str, concerning: Any) -> None:
    account_id = visit.actor.account_id
    await access_log.note(session, account_id, act, str(concerning), visitor=visit.visitor, now=visit.now)


def job_title(name: str, words: Reader) -> str:
    """What a job does, in the reader's words; its name if nobody has found any."""
    return _TITLES[name](words) if name in _TITLES else name


_TITLES: Mapping[str, Callable[[Reader], str]] = {
    "accounts.change": lambda words: words.gettext("Send a link for a new address"),
    "accounts.keys": lambda words: words.gettext("Erase old keys that nothing needs any more"),
    "accounts.registration": lambda words: words.gettext("Send a link for registering"),
    "accounts.reset": lambda words: words.gettext("Send a link for a new password"),
    "accounts.retention": lambda words: words.gettext("Delete what has been kept long enough"),
    "mail.deliver": lambda words: words.gettext("Send a mail"),
    "mail.tidy": lambda words: words.gettext("Delete mails that were given up long ago"),
    "rounds.erase_files": lambda words: words.gettext("Erase the files of a rehearsal"),
    "rounds.phase": lambda words: words.gettext("Change the phase of a round"),
    "rounds.sweep": lambda words: words.gettext("Look for phases that are due"),
}

jobs_router = Router(
    "/{lang:str}/staff/jobs",
    route_handlers=[show_jobs, retry_job, drop_job],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
