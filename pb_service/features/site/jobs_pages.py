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
from pb_service.platform import jobs, outbox
from pb_service.platform.jobs import Job
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


@get("/{job_id:int}/drop", access="jobs.manage")
async def show_drop(session: Session, visit: Asked, job_id: FromPath[int]) -> Response[str]:
    """Say what is lost with a job, and ask."""
    job = await jobs.look_at(session, job_id)
    return staff_page(
        visit.request,
        "site/job_drop.html",
        locale=visit.language,
        section="jobs",
        job=job,
        title=job_title(job.name, visit.words),
        lost=what_is_lost(job, visit.words),
        words=visit.words,
    )


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


def what_is_lost(job: Job, words: Reader) -> str:
    """What nobody will do once a job is given up, without whom it is about."""
    match job.name:
        case outbox.JOB:
            return words.gettext("The mail is lost: %(about)s. Whoever was to get it gets nothing and is not told.") % {
                "about": _mail_about(job.payload.get("kind"), words)
            }
        case "accounts.registration" | "accounts.reset" | "accounts.change":
            return words.gettext("No link is sent. Whoever asked for it must ask again, and is not told.")
        case "rounds.phase":
            return words.gettext("The phase does not begin at its date by this job. Look after the round yourself.")
        case "assessment.publish":
            return words.gettext("This job does not publish them. Another looks for such decisions every five minutes.")
        case _ if jobs.is_repeated(job):
            return words.gettext("It is not done this time. It comes again by itself at its next turn.")
        case _:
            return words.gettext("It is not done, and nothing else does it.")


def _mail_about(kind: Any, words: Reader) -> str:
    """What a mail is about, by its kind."""
    return {
        "account": words.gettext("a link that a person asked for, or word of their account"),
        "security": words.gettext("word that something about a person's account has changed"),
        "staff": words.gettext("an invitation, or word to somebody of the staff"),
        "receipt": words.gettext("a receipt"),
        "round": words.gettext("news of a round"),
        "proposal": words.gettext("news of a proposal"),
        "digest": words.gettext("a summary"),
    }.get(kind, words.gettext("its kind is not known"))


_TITLES: Mapping[str, Callable[[Reader], str]] = {
    "accounts.change": lambda words: words.gettext("Send a link for a new address"),
    "accounts.keys": lambda words: words.gettext("Erase old keys that nothing needs any more"),
    "accounts.registration": lambda words: words.gettext("Send a link for registering"),
    "accounts.reset": lambda words: words.gettext("Send a link for a new password"),
    "accounts.retention": lambda words: words.gettext("Delete what has been kept long enough"),
    "assessment.publish": lambda words: words.gettext("Publish prepared decisions"),
    "assessment.remind": lambda words: words.gettext("Remind staff of what is due"),
    "assessment.sweep": lambda words: words.gettext("Look for prepared decisions that are due"),
    "counting.count": lambda words: words.gettext("Count a closed vote"),
    "counting.hour": lambda words: words.gettext("Mark the hour in the record of an open vote"),
    "files.sweep": lambda words: words.gettext("Delete files that nothing names any more"),
    "mail.deliver": lambda words: words.gettext("Send a mail"),
    "implementation.remind": lambda words: words.gettext("Remind units of what they have promised"),
    "implementation.tell": lambda words: words.gettext("Tell of what happened to a project that is being built"),
    "mail.tidy": lambda words: words.gettext("Delete mails that were given up long ago"),
    "opendata.archive": lambda words: words.gettext("Read the files of an earlier round in"),
    "opendata.archive_count": lambda words: words.gettext("Count an earlier round"),
    "opendata.verify": lambda words: words.gettext("Have the checker check a counted round"),
    "proposals.answered": lambda words: words.gettext("Tell who asked that there is an answer"),
    "proposals.digest": lambda words: words.gettext("Send the digests about proposals"),
    "proposals.import": lambda words: words.gettext("Take a table of proposals in"),
    "proposals.notice": lambda words: words.gettext("Tell of what happened to a proposal"),
    "proposals.tidy": lambda words: words.gettext("Delete drafts that nobody claimed"),
    "results.explain": lambda words: words.gettext("Work out the reasons of a result"),
    "results.turnout": lambda words: words.gettext("Work out who voted, in numbers"),
    "rounds.erase_files": lambda words: words.gettext("Erase the files of a rehearsal"),
    "roll.erase": lambda words: words.gettext("Erase rolls whose time has passed"),
    "roll.fix": lambda words: words.gettext("Make roots and counts of a roll"),
    "roll.read": lambda words: words.gettext("Read a list of people for a roll"),
    "roll.sweep": lambda words: words.gettext("Let go of lists that nobody has had read"),
    "roll.tidy": lambda words: words.gettext("Delete what is left of earlier rolls"),
    "site.retention": lambda words: words.gettext("Delete answered feedback whose time has passed"),
    "voting.passes": lambda words: words.gettext("Forget voters with codes and sign-ins, when their time is over"),
    "rounds.phase": lambda words: words.gettext("Change the phase of a round"),
    "rounds.sweep": lambda words: words.gettext("Look for phases that are due"),
    "voting.notices": lambda words: words.gettext("Tell people that a ballot was cast in their name"),
    "voting.remind": lambda words: words.gettext("Remind those who asked that a vote ends"),
    "voting.tidy": lambda words: words.gettext("Erase what was kept for a look at how a vote was cast"),
}

jobs_router = Router(
    "/{lang:str}/staff/jobs",
    route_handlers=[show_jobs, retry_job, show_drop, drop_job],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
