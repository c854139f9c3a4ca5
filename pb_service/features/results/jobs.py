"""The jobs of the stage results: what its pages need beyond the outcomes, worked out once a vote has been counted."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import Phase
from pb_service.features.results.deriving import derived
from pb_service.features.results.service import keep_answer, open_questions
from pb_service.features.results.turnout import publish_turnout
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler
from pb_service.platform.keys import KeyFolder

EXPLAIN_JOB = "results.explain"
TURNOUT_JOB = "results.turnout"


class Surroundings(Protocol):
    """What this job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...


async def explain_later(session: AsyncSession, found: Round, _source: Phase, target: Phase, _now: datetime) -> None:
    """A phase effect: with its results a round of one's own asks for their explanation."""
    if target == "results" and not found.imported and found.manifest_sha256 is not None:
        await jobs.enqueue(session, EXPLAIN_JOB, {"slug": found.slug}, key=f"{EXPLAIN_JOB}:{found.id}")
        await jobs.enqueue(session, TURNOUT_JOB, {"slug": found.slug}, key=f"{TURNOUT_JOB}:{found.id}")


async def explain_results(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Derive the answers to "what if" for every contest that lacks them, each kept as soon as it is there.

    A rehearsal may be erased before its turn comes, or meanwhile: then there is nothing to explain.
    """
    try:
        async with service.database.reading() as session:
            questions = await open_questions(session, payload["slug"])
    except RoundNotFound:
        return
    for question in questions:
        answer = await derived(question)
        async with service.database.transaction() as session:
            await keep_answer(session, question, answer)


async def turnout(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Publish the turnout of a counted round, unless it was a rehearsal that is erased."""
    with suppress(RoundNotFound):
        async with service.database.transaction() as session:
            await publish_turnout(session, payload["slug"], keys=service.keys, now=service.clock())


HANDLERS: Mapping[str, Handler[Surroundings]] = {EXPLAIN_JOB: explain_results, TURNOUT_JOB: turnout}
