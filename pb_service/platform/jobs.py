"""Work that happens after a transaction, or at a date: rows of one table, run by whichever process is free.

A job is enqueued in the transaction of the fact that asks for it, so there is one if and only if the fact is. It runs
at least once: its handler must bear being run again, or use ``complete`` to end it in the same transaction as what it
does. Time is the injected clock's; who has died is told by PostgreSQL, not by any clock (docs/adr/0030 says why).
"""

import asyncio
import secrets
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeVar

import structlog
from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from pb_service.platform.clock import Clock
from pb_service.platform.db import LOST, Base, Database
from pb_service.platform.errors import DomainError
from pb_service.platform.metrics import JOBS
from pb_service.platform.tasks import heed_cancellation

#: How long after each failure the next try comes; after the last the job is a dead letter, some eleven hours in all.
BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)

#: A job that should have begun this long ago is stuck, and so is one that failed this often.
LATE = timedelta(minutes=5)
OFTEN = 3

#: Any number that nothing else locks by; the second half of the lock is the number of the runner.
RUNNER_LOCK = 502_231

#: How often a runner looks for jobs of runners that are gone.
_SWEEP = timedelta(seconds=15)

log_event = structlog.get_logger()


class Job(Base):
    """A job: waiting (no runner), running (a runner's number), or a dead letter (``dead_at``). Deleted when done."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "run_at", "id", postgresql_where=text("runner IS NULL AND dead_at IS NULL")),
        Index(
            "ix_job_key",
            "key",
            unique=True,
            postgresql_where=text("key IS NOT NULL AND runner IS NULL AND dead_at IS NULL"),
        ),
        # Of a job that runs again and again there is one row, whether it waits or runs.
        Index("ix_job_every", "key", unique=True, postgresql_where=text("key LIKE 'every:%'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    key: Mapped[str | None]
    run_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    runner: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    error: Mapped[str | None]
    dead_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Failure(Exception):
    """Raised by a handler that knows what went wrong. The message is shown to staff: it holds no personal data."""


class GiveUp(Failure):
    """Trying again cannot help: the job becomes a dead letter at once."""


class JobLost(RuntimeError):
    """The job was given to another runner, or ended by somebody else, while this handler was still at work."""


class JobNotFound(DomainError):
    """There is no such job any more: it has run, or somebody dropped it."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "job-not-found"


class Surroundings(Protocol):
    """What a runner needs of the service that it hands to its handlers."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


S = TypeVar("S", bound=Surroundings)

Handler = Callable[[S, Mapping[str, Any]], Awaitable[None]]

_EVERY = "every:"
_REPEATED = func.coalesce(Job.key.startswith(_EVERY), False)
_WAITING = and_(Job.runner.is_(None), Job.dead_at.is_(None))


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
    key: str | None = None,
) -> int:
    """Ask for a job in this transaction, as soon as possible or at a moment (UTC); return its id.

    Of several waiting jobs with one key there is only one: the newest request replaces payload and moment of the one
    that waits. A job that is already running does not count, since it may not see what the new request is about.
    ``payload`` is JSON and short: ids rather than contents, no personal data.
    """
    wanted = {"name": name, "payload": dict(payload), "key": key, "run_at": run_at}
    made = insert(Job).values(**wanted)
    if key is not None:
        made = made.on_conflict_do_update(
            index_elements=[Job.key],
            index_where=text("key IS NOT NULL AND runner IS NULL AND dead_at IS NULL"),
            set_={"name": name, "payload": made.excluded.payload, "run_at": made.excluded.run_at},
        )
    return (await session.execute(made.returning(Job.id))).scalar_one()


async def cancel(session: AsyncSession, key: str) -> bool:
    """Withdraw the waiting job with this key; return whether there was one. A job that is running is not stopped."""
    gone = await session.execute(delete(Job).where(Job.key == key, _WAITING).returning(Job.id))
    return gone.first() is not None


async def newest(session: AsyncSession, key: str) -> Job | None:
    """Return the newest job with this key, waiting, running or dead; None when it is done, or never was."""
    found: Job | None = await session.scalar(select(Job).where(Job.key == key).order_by(Job.id.desc()).limit(1))
    return found


async def stuck(session: AsyncSession, *, now: datetime, most: int = 200) -> Sequence[Job]:
    """Return what does not get on, dead letters first, then by age: at most ``most``."""
    found = select(Job).where(_is_stuck(now)).order_by(Job.dead_at.is_(None), Job.id).limit(most)
    return (await session.scalars(found)).all()


@dataclass(frozen=True)
class Counts:
    """How many jobs of one name are in which state; ``overdue`` and ``failing`` of those that wait."""

    name: str
    waiting: int
    running: int
    dead: int
    stuck: int


async def counts(session: AsyncSession, *, now: datetime) -> list[Counts]:
    """Return the numbers by name, in the order of names."""
    rows = await session.execute(
        select(
            Job.name,
            func.count().filter(_WAITING),
            func.count().filter(Job.runner.is_not(None)),
            func.count().filter(Job.dead_at.is_not(None)),
            func.count().filter(_is_stuck(now)),
        )
        .group_by(Job.name)
        .order_by(Job.name)
    )
    return [Counts(*row) for row in rows]


def is_repeated(job: Job) -> bool:
    """Whether it is a turn of a job that runs again and again, so that the next turn comes by itself."""
    return (job.key or "").startswith(_EVERY)


async def look_at(session: AsyncSession, job_id: int) -> Job:
    """Return a waiting job or a dead letter. Raises JobNotFound."""
    return _there(await session.scalar(_idle(job_id)) if 0 < job_id < 2**63 else None)


async def retry(session: AsyncSession, job_id: int) -> None:
    """Run a waiting job or a dead letter as soon as possible, with all its tries again. Raises JobNotFound."""
    job = await _not_running(session, job_id)
    other = select(Job.id).where(Job.key == job.key, _WAITING, Job.id != job.id)
    if job.key is not None and await session.scalar(other) is not None:
        await session.delete(job)  # the one that waits already does this one's work
    else:
        job.dead_at, job.run_at, job.attempts, job.error = None, None, 0, None


async def drop(session: AsyncSession, job_id: int) -> str:
    """Delete a waiting job or a dead letter for good and return its name. Raises JobNotFound."""
    job = await _not_running(session, job_id)
    await session.delete(job)
    return job.name


async def _not_running(session: AsyncSession, job_id: int) -> Job:
    return _there(await session.scalar(_idle(job_id).with_for_update()) if 0 < job_id < 2**63 else None)


def _idle(job_id: int) -> Select[Job]:
    return select(Job).where(Job.id == job_id, Job.runner.is_(None))


def _there(job: Job | None) -> Job:
    if job is None:
        raise JobNotFound("This job is running just now, or is no longer there.")
    return job


def _is_stuck(now: datetime) -> Any:
    due = func.coalesce(Job.run_at, Job.created_at)
    return or_(Job.dead_at.is_not(None), and_(_WAITING, or_(due < now - LATE, Job.attempts >= OFTEN)))


@dataclass(frozen=True)
class _Claim:
    """A job that this runner has taken; ``attempts`` counts the run that begins."""

    id: int
    name: str
    payload: Mapping[str, Any]
    key: str | None
    attempts: int
    runner: int
    every: timedelta | None


_current: ContextVar[_Claim] = ContextVar("job")


async def complete(session: AsyncSession, *, now: datetime) -> None:
    """End the running job in the handler's own transaction: what it did and that it is done are stored together.

    Raises JobLost when the job is no longer this runner's; the handler's transaction is then rolled back, so its effect
    happens once even if two processes believed for a while that the job was theirs.
    """
    claim = _current.get()
    mine = (Job.id == claim.id, Job.runner == claim.runner)
    if claim.every is None:
        ended = await session.execute(delete(Job).where(*mine).returning(Job.id))
    else:
        again = {"runner": None, "attempts": 0, "error": None, "run_at": next_turn(now, claim.every)}
        ended = await session.execute(update(Job).where(*mine).values(again).returning(Job.id))
    if ended.first() is None:
        raise JobLost(f"the job {claim.name} ended or was given to another runner meanwhile")


def next_turn(now: datetime, every: timedelta) -> datetime:
    """Return the first moment after ``now`` that is a multiple of ``every`` since 1970: the same in all processes."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((now - epoch) // every + 1) * every


def describe(error: BaseException) -> str:
    """Say what went wrong without personal data: our own messages in full, of others only the kind and the place."""
    if isinstance(error, DomainError | Failure):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "pb_service" in frame.filename]
    where = f" at {frames[-1].filename.rpartition('pb_service')[2].strip('/')}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class JobRunner(Generic[S]):
    """Runs the jobs that it has handlers for, beside any number of other runners.

    ``every`` names handlers that run again and again, at the multiples of a time. ``width`` jobs run at once; one that
    takes longer than ``limit`` counts as failed. A runner is a number with an advisory lock: when its process or its
    connection goes, PostgreSQL frees the lock, and the others take its jobs over.
    """

    def __init__(
        self,
        service: S,
        handlers: Mapping[str, Handler[S]],
        *,
        every: Sequence[tuple[str, timedelta]] = (),
        width: int = 4,
        poll_seconds: float = 0.5,
        limit: timedelta = timedelta(hours=1),
    ) -> None:
        self._service = service
        self._handlers = handlers
        self._every = {f"every:{name}": (name, step) for name, step in every}
        self._width = width
        self._poll_seconds = poll_seconds
        self._limit = limit

    async def run_forever(self) -> NoReturn:
        """Run until cancelled; a lost database is waited for. Jobs under way at the end are given back."""
        while True:
            try:
                async with self._at_work() as (connection, number):
                    await self._work(connection, number)
            except (*LOST, JobLost) as error:
                heed_cancellation()
                log_event.warning("jobs.interrupted", error=describe(error))
            await asyncio.sleep(self._poll_seconds)

    async def run_due(self) -> int:
        """Run, one after the other, everything that is due by the clock, and what that makes due; return how many."""
        ran = 0
        async with self._at_work() as (connection, number):
            await self._tend(connection)
            while claims := await self._claim(connection, number, most=1):
                await self._perform(claims[0])
                ran += 1
        return ran

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[tuple[AsyncConnection, int]]:
        async with self._service.database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            number = secrets.randbelow(2**31)
            lock = {"kind": RUNNER_LOCK, "number": number}
            while not await connection.scalar(text("SELECT pg_try_advisory_lock(:kind, :number)"), lock):
                number = lock["number"] = secrets.randbelow(2**31)
            try:
                yield connection, number
            finally:
                # By another connection: a cancelled query takes its own with it.
                try:
                    async with self._service.database.engine.begin() as fresh:
                        await self._give_back(fresh, Job.runner == number, spent=0)
                    await connection.execute(text("SELECT pg_advisory_unlock(:kind, :number)"), lock)
                except LOST:  # then the lock is gone with its session, or must go with it
                    await connection.invalidate()

    async def _work(self, connection: AsyncConnection, number: int) -> NoReturn:
        running: set[asyncio.Task[None]] = set()
        swept_at = float("-inf")
        loop = asyncio.get_running_loop()
        try:
            while True:
                if loop.time() - swept_at >= _SWEEP.total_seconds():
                    await self._tend(connection)
                    swept_at = loop.time()
                free = self._width - len(running)
                claims = await self._claim(connection, number, most=free) if free else []
                running |= {asyncio.create_task(self._perform(claim)) for claim in claims}
                # More may be due than there is room for: then whichever ends first makes room.
                pause = self._poll_seconds if len(claims) == free else await self._pause(connection)
                if running:
                    done, running = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()  # raises only when the end of a job could not be stored
                else:
                    await asyncio.sleep(pause)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _pause(self, connection: AsyncConnection) -> float:
        """Return the seconds until the next look: sooner than the poll if a job has its moment before."""
        soonest = select(func.min(Job.run_at)).where(_WAITING, Job.run_at > self._service.clock())
        moment = await connection.scalar(soonest)
        if moment is None:
            return self._poll_seconds
        return min(self._poll_seconds, max(0.0, (moment - self._service.clock()).total_seconds()))

    async def _claim(self, connection: AsyncConnection, number: int, *, most: int) -> list[_Claim]:
        """Take at most so many jobs that are due, the one that is due for the longest time first."""
        due = (
            select(Job.id)
            .where(
                _WAITING,
                or_(Job.run_at.is_(None), Job.run_at <= self._service.clock()),
                Job.name.in_(self._handlers),
            )
            .order_by(Job.run_at.nulls_first(), Job.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            .cte("due")  # found once: a subquery might be asked again for each row, and lock more than it gives
        )
        taken = await connection.execute(
            update(Job)
            .where(Job.id.in_(select(due.c.id)))
            .values(runner=number, attempts=Job.attempts + 1)
            .returning(Job.id, Job.name, Job.payload, Job.key, Job.attempts)
        )
        return [
            _Claim(row.id, row.name, row.payload, row.key, row.attempts, number, self._turns(row.key)) for row in taken
        ]

    def _turns(self, key: str | None) -> timedelta | None:
        _, every = self._every.get(key or "", (None, None))
        return every

    async def _perform(self, claim: _Claim) -> None:
        token = _current.set(claim)
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                await self._handlers[claim.name](self._service, claim.payload)
        except Exception as error:  # whatever a handler raises is this job's failure, not the runner's
            await self._store_failure(claim, error)
        else:
            await self._store_success(claim)
        finally:
            _current.reset(token)

    async def _store_success(self, claim: _Claim) -> None:
        with suppress(JobLost):  # ended by the handler itself, or taken over: nothing is left to store
            async with self._service.database.transaction() as session:
                await complete(session, now=self._service.clock())
        JOBS.labels(claim.name, "done").inc()
        log_event.debug("job.done", job=claim.name)

    async def _store_failure(self, claim: _Claim, error: Exception) -> None:
        now = self._service.clock()
        tries_left = claim.attempts <= len(BACKOFF) and not isinstance(error, GiveUp)
        wait = BACKOFF[min(claim.attempts, len(BACKOFF)) - 1]
        values: dict[str, Any] = {"runner": None, "error": describe(error)}
        if claim.every is not None:  # never dead: its next turn comes anyway
            values["run_at"] = min(now + wait, next_turn(now, claim.every))
        elif tries_left:
            values["run_at"] = now + wait
        else:
            values["dead_at"] = now
        mine = (Job.id == claim.id, Job.runner == claim.runner)
        try:
            async with self._service.database.transaction() as session:
                await session.execute(update(Job).where(*mine).values(values))
        except IntegrityError:  # a newer request with this key waits already: it will do the work
            async with self._service.database.transaction() as session:
                await session.execute(delete(Job).where(*mine))
        dead = "dead_at" in values
        JOBS.labels(claim.name, "dead" if dead else "failed").inc()
        report = log_event.error if dead else log_event.warning
        report("job.dead" if dead else "job.failed", job=claim.name, attempts=claim.attempts, exc_info=error)

    async def _tend(self, connection: AsyncConnection) -> None:
        """Take back the jobs of runners that are gone, put the repeated ones in order, mend times of a wrong clock."""
        # The order matters: a number that stood in the table before the locks were read had its lock before that.
        numbers = set(await connection.scalars(select(Job.runner).where(Job.runner.is_not(None)).distinct()))
        held = (
            "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = :kind AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        gone = numbers - set(await connection.scalars(text(held), {"kind": RUNNER_LOCK}))
        if gone:
            await self._give_back(connection, Job.runner.in_(gone), spent=1)
        now = self._service.clock()
        for key, (name, every) in self._every.items():
            turn = insert(Job).values(name=name, payload={}, key=key, run_at=None)
            await connection.execute(turn.on_conflict_do_nothing())
            # A clock that was ahead for a while must not silence a repeated job for as long.
            late = (Job.key == key, _WAITING, Job.run_at > now + every)
            await connection.execute(update(Job).where(*late).values(run_at=next_turn(now, every)))
        left_over = and_(_REPEATED, Job.key.not_in(self._every), Job.name.in_(self._handlers))
        await connection.execute(delete(Job).where(left_over, _WAITING))
        waits_for_retry = (_WAITING, Job.attempts > 0, Job.run_at > now + BACKOFF[-1])
        await connection.execute(update(Job).where(*waits_for_retry).values(run_at=now))

    async def _give_back(self, connection: AsyncConnection, whose: Any, *, spent: int) -> None:
        """Let jobs wait again. ``spent`` is 1 if the interrupted run counts as a try: it may have ended its process."""
        newer = aliased(Job)
        superseded = (
            select(newer.id)
            .where(newer.key == Job.key, newer.runner.is_(None), newer.dead_at.is_(None))
            .correlate(Job)
            .exists()
        )
        await connection.execute(delete(Job).where(whose, superseded))
        changes: dict[str, Any] = {"runner": None, "attempts": Job.attempts - 1 + spent}
        await connection.execute(update(Job).where(whose, or_(Job.attempts <= len(BACKOFF), _REPEATED)).values(changes))
        # What took its process with it every time would do so for ever.
        died = {"runner": None, "dead_at": self._service.clock(), "error": "its process ended every time it ran"}
        await connection.execute(update(Job).where(whose).values(died))
