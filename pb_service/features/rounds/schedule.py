"""From one phase to the next: asked by people or by the clock, allowed by the machine and by later stages, done once.

The clock's changes are a job at their moment, and a sweep that finds what such a job missed: after downtime, after a
refusal, or when the job's row is gone. Both lock the round and look again, so of two processes one acts and the other
finds nothing to do.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import calendar, money, phases
from pb_service.core.rounds.phases import Phase, Pusher
from pb_service.core.rounds.setup import Problem, Setup
from pb_service.features.rounds import repository
from pb_service.features.rounds.acts import act
from pb_service.features.rounds.errors import PhaseRefused
from pb_service.features.rounds.setups import planned_phases, setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database

#: Says why a round may not begin a phase, or None. Later stages add theirs (app.py).
PhaseGuard = Callable[[AsyncSession, Round, Phase, datetime], Awaitable[Problem | None]]
#: Does, in the same transaction, what a later stage has to do when a round goes from one phase to another.
PhaseEffect = Callable[[AsyncSession, Round, Phase, Phase, datetime], Awaitable[None]]

phase_guards: list[PhaseGuard] = []
phase_effects: list[PhaseEffect] = []

#: The job at the moment of a change, and the sweep for what was missed.
PHASE_JOB, SWEEP_JOB = "rounds.phase", "rounds.sweep"
SWEEP_EVERY = timedelta(minutes=1)

#: How long a file waits for somebody to import it.
UPLOAD_KEPT = timedelta(days=1)

log_event = structlog.get_logger()


class Surroundings(Protocol):
    """What the jobs need of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


async def refusal(
    session: AsyncSession, found: Round, setup: Setup, target: Phase, *, by: Pusher, now: datetime
) -> Problem | None:
    """Say why a round cannot begin a phase now: by the machine, or by what a later stage asks for."""
    planned = planned_phases(found, setup)
    has_manifest = found.manifest_sha256 is not None
    refused = phases.refusal(
        found.phase, target, planned, by, paused=found.paused_at is not None, has_manifest=has_manifest
    )
    if not refused and not found.imported and money.district_money(setup.money, setup.districts.districts) is None:
        refused = Problem("phase", "no_money")  # a district was added after publication, and its money not yet
    for guard in phase_guards:
        refused = refused or await guard(session, found, target, now)
    return refused


async def begin(
    session: AsyncSession,
    found: Round,
    target: Phase,
    *,
    pusher: Pusher,
    role: str,
    account_id: UUID | None = None,
    reason: Mapping[str, Any] | None = None,
    planned_at: datetime | None = None,
    now: datetime,
) -> None:
    """Take a locked round to a phase, note the act, and plan what comes next. Raises PhaseRefused."""
    setup = await setup_of(session, found)
    if refused := await refusal(session, found, setup, target, by=pusher, now=now):
        raise PhaseRefused(refused)
    source, found.phase = found.phase, target
    about: dict[str, Any] = {"from": source, "to": target, "pusher": pusher, "reason": dict(reason or {})}
    if planned_at:
        about["planned"] = int(planned_at.timestamp())
    await act(
        session,
        found,
        "phase.changed",
        about,
        by=role,
        account_id=account_id,
        now=now,
        source=source,
        target=target,
        pusher=pusher,
        planned_at=planned_at,
    )
    for effect in phase_effects:
        await effect(session, found, source, target, now)
    await plan_next(session, found, setup)


async def plan_next(session: AsyncSession, found: Round, setup: Setup) -> None:
    """Set when the next phase begins by itself, and ask for the job that does it."""
    change = None
    if found.phase not in {"set_up", "archived"}:
        change = calendar.next_change(setup.dates, phases.following(found.phase, planned_phases(found, setup)))
    found.held = None
    found.next_phase = change.phase if change and change.by_clock else None
    found.next_phase_at = change.at if change and change.by_clock else None
    key = f"{PHASE_JOB}:{found.id}"
    if found.next_phase_at is None or found.paused_at is not None:
        await jobs.cancel(session, key)
    else:
        await jobs.enqueue(session, PHASE_JOB, {"round": str(found.id)}, run_at=found.next_phase_at, key=key)


async def advance(session: AsyncSession, round_id: UUID, now: datetime) -> int:
    """Begin every phase of a round whose moment has come, one after the other, and return how many.

    A phase that may not begin yet holds the round where it is; the reason is kept for staff to see.
    """
    begun = 0
    found = await repository.by_id(session, round_id)
    while found and found.next_phase and found.next_phase_at and found.next_phase_at <= now and not found.paused_at:
        target, planned_at = found.next_phase, found.next_phase_at
        refused = await refusal(session, found, await setup_of(session, found), target, by="clock", now=now)
        if refused:
            held = {"code": refused.code, "values": dict(refused.values)}
            if found.held != held:  # said once, not at every sweep
                log_event.warning("rounds.held", round=found.slug, error=refused.code)
            found.held = held
            break
        await begin(session, found, target, pusher="clock", role="clock", planned_at=planned_at, now=now)
        begun += 1
    return begun


async def run_phase_job(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """The job at the moment of a change: the change and the job's end are one transaction."""
    async with service.database.transaction() as session:
        await advance(session, UUID(payload["round"]), service.clock())
        await jobs.complete(session, now=service.clock())


async def run_sweep(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """The repeated look for rounds whose moment has passed; a transaction for each, so that none stops the others.

    Files of imports that nobody said yes to are forgotten on the way.
    """
    async with service.database.transaction() as session:
        await repository.drop_uploads(session, before=service.clock() - UPLOAD_KEPT)
    async with service.database.reading() as session:
        waiting = await repository.due(session, service.clock())
    for round_id in waiting:
        async with service.database.transaction() as session:
            await advance(session, round_id, service.clock())
