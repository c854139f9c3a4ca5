"""Rounds of earlier years brought in by screen: a look at their files, then import and count as jobs.

What was looked at waits among the files for a day, by its SHA-256. Two jobs of one key follow the acceptance: the
first stores the round and is done in the same transaction, so that it cannot store it twice; the second counts, and
goes on where it stopped. Until the second has fixed the manifest nobody but staff sees the round.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.tally import Instance, Project, TallyError, tally
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, RowProblem, read_pabulib
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.counting.service import close, count
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.opendata.imports import (
    ImportedContest,
    ImportOptions,
    ImportPlan,
    import_round,
    plan_contest,
    plan_import,
)
from pb_service.features.record.sequencer import Sequencer
from pb_service.features.record.service import REHEARSAL, SLUG
from pb_service.features.results.jobs import explain_results
from pb_service.features.rounds.errors import RoundExists, RoundNotFound
from pb_service.features.rounds.service import find_round, freeze
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.files import FileStore
from pb_service.platform.jobs import GiveUp
from pb_service.platform.keys import KeyFolder
from pb_service.settings import Settings

IMPORT_JOB = "opendata.archive"
COUNT_JOB = "opendata.archive_count"

#: Files of one round, and bytes of all of them as they are sent, packed or not.
MOST_FILES = 60
MOST_BYTES = 48_000_000


class Counted(Protocol):
    """What the count of an imported round needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def operator_key(self) -> Ed25519PrivateKey: ...

    @property
    def log_key(self) -> Ed25519PrivateKey: ...

    @property
    def sequencer(self) -> Sequencer: ...


class Surroundings(Counted, Protocol):
    """What the jobs need of the service."""

    @property
    def files(self) -> FileStore: ...

    @property
    def keys(self) -> KeyFolder: ...

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True)
class Fault:
    """Why a file, or all of them together, cannot be taken. ``line`` 0: the file as a whole; ``text`` is English.

    ``code``: unreadable (``text`` is the reader's own sentence, ``values`` has its `FileFault`), tally, future, or one
    of ImportRefused.
    """

    code: str
    text: str
    line: int = 0
    values: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Compared:
    """Our count beside the city's own: codes of the projects that won in one of them alone.

    ``state``: same, other, or unknown when the file does not say who won.
    """

    state: Literal["same", "other", "unknown"]
    winners: int
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileLook:
    """One file as it would be taken; ``contest`` and ``compared`` are there unless a ``fault`` is."""

    name: str
    file: PabulibFile | None = None
    contest: ImportedContest | None = None
    compared: Compared | None = None
    fault: Fault | None = None

    @property
    def rule(self) -> RuleDocument | None:
        return self.contest.setup.rule if self.contest else None

    @property
    def problems(self) -> Sequence[RowProblem]:
        """What is odd or wrong row by row, in the order of the file."""
        return self.file.problems if self.file else ()


@dataclass(frozen=True)
class Look:
    """All files; ``fault`` is what keeps good files from being one round."""

    files: tuple[FileLook, ...]
    unit: int
    fault: Fault | None

    @property
    def ready(self) -> bool:
        return bool(self.files) and self.fault is None and all(file.fault is None for file in self.files)


def look(files: Sequence[tuple[str, bytes]], options: ImportOptions, *, now: datetime) -> Look:
    """Read and count files, given by name and content; nothing is stored. Takes seconds for large ones."""
    read = [_read(name, body) for name, body in files]
    unit = max((found.file.unit for found in read if found.file), default=100)
    looks = tuple(_counted(found, body, options, unit) for found, (_, body) in zip(read, files, strict=True))
    fault, whole = None, [(found, body) for found, (_, body) in zip(read, files, strict=True)]
    if all(found.fault is None for found in looks):
        try:
            _ended(plan_import([(found.file, body) for found, body in whole if found.file], options), now)
        except ImportRefused as refused:
            fault = Fault(refused.code, str(refused), values=refused.values)
    return Look(looks, unit, fault)


def _ended(plan: ImportPlan, now: datetime) -> ImportPlan:
    """Return a plan whose vote is over. Raises ImportRefused."""
    if plan.setup.closes_at >= now:
        day = f"{plan.setup.closes_at:%d.%m.%Y}"
        raise ImportRefused(f"The vote ends on {day}: it is not over yet.", "future", closes=day)
    return plan


def _read(name: str, body: bytes) -> FileLook:
    try:
        return FileLook(name, read_pabulib(body, name=name))
    except PabulibError as error:
        return FileLook(name, fault=Fault("unreadable", error.sentence, error.line, {"fault": error.fault}))


def _counted(found: FileLook, body: bytes, options: ImportOptions, unit: int) -> FileLook:
    if found.file is None:
        return found
    try:
        contest = plan_contest(found.file, body, options, unit)
        return FileLook(found.name, found.file, contest, _compared(contest, unit))
    except PabulibError as error:
        fault = Fault("unreadable", error.sentence, error.line, {"fault": error.fault})
    except ImportRefused as refused:
        fault = Fault(refused.code, str(refused), values=refused.values)
    except TallyError as error:
        fault = Fault("tally", str(error))
    return FileLook(found.name, found.file, fault=fault)


def _compared(contest: ImportedContest, unit: int) -> Compared:
    setup = contest.setup
    projects = [Project(project.code, project.cost) for project in setup.projects]
    instance = Instance(projects, setup.budget, setup.fmt, contest.ballots, unit=unit, contest=setup.key)
    won = set(tally(instance, setup.rule).winners)
    if any(project.official is None for project in setup.projects):
        return Compared("unknown", len(won))
    official = {number for number, project in enumerate(setup.projects) if project.official}

    def codes(numbers: set[int]) -> tuple[str, ...]:
        return tuple(setup.projects[number].code for number in sorted(numbers))

    return Compared("same" if won == official else "other", len(won), codes(won - official), codes(official - won))


def key_of(slug: str) -> str:
    """Return the key that both jobs of a round have."""
    return f"archive:{slug}"


async def is_free(session: AsyncSession, slug: str) -> bool:
    """Whether a round could have this address. Raises ImportRefused for what can be no address at all."""
    if not SLUG.fullmatch(slug) or slug.startswith(REHEARSAL):
        raise ImportRefused("This cannot be a round's address.", "slug")
    return await _round(session, slug) is None


async def accept(
    session: AsyncSession, actor: Actor, options: ImportOptions, files: Sequence[tuple[str, str]], *, now: datetime
) -> None:
    """Have files that were looked at (SHA-256, name) imported and counted. Accepted twice, it is done once.

    Raises RoundExists when another round has the address, ImportRefused, Forbidden.
    """
    require(actor, "rounds.create", now=now)
    payload = {
        "slug": options.slug,
        "names": [list(name) for name in options.names],
        "licence": options.licence,
        "source": options.source,
        "year": options.year,
        "fallback": options.fallback,
        "files": [list(file) for file in files],
    }
    if not await is_free(session, options.slug):
        found = await find_round(session, options.slug, whole=False)
        about = (found.names, found.licence, found.source)
        if found.imported and about == (payload["names"], options.licence, options.source):
            return
        raise RoundExists(f"There is a round called {options.slug!r} already. Give this one another name.")
    job = await jobs.newest(session, key_of(options.slug))
    if job is not None and job.dead_at is None:
        if job.payload != payload:
            raise RoundExists(f"Files are being imported as {options.slug!r} just now. Give this one another name.")
        return
    if job is not None:
        await jobs.drop(session, job.id)  # what could not be imported before, perhaps with other files
    await jobs.enqueue(session, IMPORT_JOB, payload, key=key_of(options.slug))
    await access_log.note(session, actor.account_id, IMPORT_JOB, options.slug, now=now)


async def try_again(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> None:
    """Have an import or a count that was given up tried again; nothing when there is none."""
    require(actor, "rounds.create", now=now)
    job = await jobs.newest(session, key_of(slug))
    if job is not None and job.dead_at is not None:
        await jobs.retry(session, job.id)


@dataclass(frozen=True)
class Progress:
    """How far an import is: ``done`` of STEPS, and what went wrong (English), for good when ``given_up``."""

    found: Round | None
    names: Sequence[Sequence[str]]
    done: int
    error: str = ""
    given_up: bool = False


#: Read in; its manifest signed and published; the vote closed; counted; explained.
STEPS = 5


async def progress_of(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> Progress:
    """Return how far the import with this address is. Raises RoundNotFound, Forbidden."""
    require(actor, "rounds.create", now=now)
    found, job = await _round(session, slug), await jobs.newest(session, key_of(slug))
    if (found is None and job is None) or (found is not None and not found.imported):
        raise RoundNotFound(f"No round is being imported as {slug!r}.")
    error, given_up = (job.error or "", job.dead_at is not None) if job else ("", False)
    if found is None:
        assert job is not None  # noqa: S101 # said just above
        return Progress(None, job.payload["names"], 0, error, given_up)
    passed = {"set_up": 1, "voting": 2, "counting": 3}.get(found.phase, STEPS - 1 if job else STEPS)
    return Progress(found, found.names, passed, error, given_up)


async def _round(session: AsyncSession, slug: str) -> Round | None:
    try:
        return await find_round(session, slug, whole=False)
    except RoundNotFound:
        return None


async def import_files(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Store a round with its ballots, and ask for its count. Raises GiveUp when the files cannot be taken."""
    bodies = [(name, await service.files.aside(sha256)) for sha256, name in payload["files"]]
    options = ImportOptions(
        slug=payload["slug"],
        names=[(language, text) for language, text in payload["names"]],
        licence=payload["licence"],
        source=payload["source"],
        year=payload["year"],
        fallback=payload["fallback"],
        by="manager",
    )
    try:
        plan = _ended(await asyncio.to_thread(_planned, bodies, options), service.clock())
        async with service.database.transaction() as session:
            now = service.clock()
            await import_round(session, plan, origin_host=service.settings.origin, now=now)
            await jobs.enqueue(session, COUNT_JOB, {"slug": options.slug}, key=key_of(options.slug))
            await jobs.complete(session, now=now)
    except (PabulibError, ImportRefused, TallyError, RoundExists) as error:
        raise GiveUp(str(error)) from error


def _planned(bodies: Sequence[tuple[str, bytes | None]], options: ImportOptions) -> ImportPlan:
    files = []
    for name, body in bodies:
        if body is None:
            raise GiveUp(f"{name} is not kept any more. Choose the files again.")
        files.append((read_pabulib(body, name=name), body))
    return plan_import(files, options)


async def count_files(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Count a round that was stored, from wherever its count stands, and work out the reasons."""
    await count_imported(service, payload["slug"])
    await explain_results(service, payload)


async def count_imported(service: Counted, slug: str, *, progress: Callable[[str], None] = lambda _title: None) -> None:
    """Take an imported round from whatever phase it is in to a published preliminary result.

    Each act is a transaction of its own and its entries are published before the next one: stopped between two acts,
    it goes on there when it is called again.
    """
    operator, now = service.operator_key, service.clock
    await service.sequencer.settle()
    if await _phase(service, slug) == "set_up":
        async with service.database.transaction() as session:
            await freeze(session, slug, operator=operator, log_key=public_bytes(service.log_key), now=now())
        await service.sequencer.settle()
    if await _phase(service, slug) == "voting":
        async with service.database.transaction() as session:
            await close(session, slug, operator=operator, now=now())
        await service.sequencer.settle()
    if await _phase(service, slug) == "counting":
        async with service.database.transaction() as session:
            await count(session, slug, operator=operator, now=now(), progress=progress)
    await service.sequencer.settle()


async def _phase(service: Counted, slug: str) -> str:
    async with service.database.reading() as session:
        return (await find_round(session, slug)).phase
