"""What a manager does with the phases of a published round, always with a reason: push, extend, pause, archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import calendar, phases
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import DatesStep, Problem, Text, to_content_of_text
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.rounds.acts import act
from pb_service.features.rounds.drafts import change_step, require_reason
from pb_service.features.rounds.errors import PhaseRefused
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.schedule import begin, plan_next, refusal
from pb_service.features.rounds.setups import planned_phases, setup_of
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Move:
    """What a manager may, or may not, do with a round now; ``why_not`` says why. ``target`` is the phase meant."""

    act: str
    target: Phase | None
    why_not: Problem | None


async def phase_moves(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> list[Move]:
    """Return every move with whether it is allowed, to be shown before anybody tries: push, extend, pause, resume,
    archive. Raises RoundNotFound, Forbidden.
    """
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.preview", round_id=found.id, now=now)
    setup = await setup_of(session, found)
    moves = []
    if found.phase not in {"set_up", "archived"}:
        target = phases.following(found.phase, planned_phases(found, setup))
        push = "archive" if target == "archived" else "push"
        moves.append(Move(push, target, await refusal(session, found, setup, target, by="manager", now=now)))
        if push == "push":
            moves.append(Move("extend", target, _why_not_extend(found, setup.dates)))
    moves.append(Move("pause", None, _why_not_pause(found)))
    moves.append(Move("resume", None, None if found.paused_at else Problem("phase", "not_paused")))
    return moves


async def push_phase(
    session: AsyncSession, actor: Actor, slug: str, target: Phase, *, reason: Text, now: datetime
) -> Round:
    """Begin the next phase by hand. Raises PhaseRefused, SetupRefused for a reason that is missing, Forbidden."""
    found = await _published(session, actor, slug, "rounds.phase", now)
    if target == "archived":
        raise PhaseRefused(Problem("phase", "not_next", {"phase": found.phase, "target": target}))
    await _begin(session, actor, found, target, reason, now=now)
    return found


async def archive(session: AsyncSession, actor: Actor, slug: str, *, reason: Text, now: datetime) -> Round:
    """End a round for good: nothing in it changes any more. Raises as ``push_phase``."""
    found = await _published(session, actor, slug, "rounds.archive", now)
    await _begin(session, actor, found, "archived", reason, now=now)
    return found


async def _begin(
    session: AsyncSession, actor: Actor, found: Round, target: Phase, reason: Text, *, now: datetime
) -> None:
    if refused := await refusal(session, found, await setup_of(session, found), target, by="manager", now=now):
        raise PhaseRefused(refused)
    await require_reason(session, reason)
    said = to_content_of_text(reason)
    await begin(
        session, found, target, pusher="manager", role="manager", account_id=actor.account_id, reason=said, now=now
    )


async def extend(session: AsyncSession, actor: Actor, slug: str, until: str, *, reason: Text, now: datetime) -> Round:
    """Let the present phase last until a later wall-clock time of the municipality (``2027-03-01T20:00``).

    The phases after the next keep their dates, so the new one must lie before them. Raises PhaseRefused where the end
    is not fixed by the timetable, or by the manifest; SetupRefused, ChangeRefused for the date itself; Forbidden.
    """
    found = await _published(session, actor, slug, "rounds.phase", now)
    dates = (await setup_of(session, found)).dates
    if refused := _why_not_extend(found, dates):
        raise PhaseRefused(refused)
    following = phases.following(found.phase, [planned.phase for planned in dates.phases])
    old = calendar.next_change(dates, following)
    new = calendar.moment(until, dates.time_zone)
    if new and old and new.at <= old.at:
        raise PhaseRefused(Problem("until", "not_later"))
    moved = _with_starts(dates, {following: until})
    await change_step(session, actor, found, "dates", moved, reason=reason, kind="phase.extended", now=now)
    return found


def _why_not_extend(found: Round, dates: DatesStep) -> Problem | None:
    if found.imported:
        return Problem("phase", "imported")
    following = phases.following(found.phase, [planned.phase for planned in dates.phases])
    if calendar.next_change(dates, following) is None:
        return Problem("phase", "no_date")
    if found.bound_phase == "voting":
        return Problem("phase", "in_manifest")
    return None


def _with_starts(dates: DatesStep, starts: Mapping[str, str]) -> DatesStep:
    replace = msgspec.structs.replace
    moved = (replace(planned, starts=starts.get(planned.phase, planned.starts)) for planned in dates.phases)
    return replace(dates, phases=tuple(moved))


async def pause(session: AsyncSession, actor: Actor, slug: str, *, reason: Text, now: datetime) -> Round:
    """Stop a round where it is: nothing is accepted and no phase begins until it is resumed. Raises PhaseRefused."""
    found = await _published(session, actor, slug, "rounds.phase", now)
    if refused := _why_not_pause(found):
        raise PhaseRefused(refused)
    await require_reason(session, reason)
    found.paused_at = now
    about: dict[str, Any] = {"phase": found.phase, "reason": to_content_of_text(reason)}
    await act(session, found, "phase.paused", about, by="manager", account_id=actor.account_id, now=now)
    await plan_next(session, found, await setup_of(session, found))
    return found


def _why_not_pause(found: Round) -> Problem | None:
    if found.imported:
        return Problem("phase", "imported")
    if found.phase in {"set_up", "archived"}:
        return Problem("phase", "nothing_to_pause", {"phase": found.phase})
    return Problem("phase", "paused") if found.paused_at else None


async def resume(
    session: AsyncSession, actor: Actor, slug: str, *, reason: Text, move_dates: bool = False, now: datetime
) -> Round:
    """Let a paused round go on. With ``move_dates`` what was still to come when it paused comes later by the whole
    days of the pause, begun days counted; without, what fell due meanwhile begins at once. Raises PhaseRefused.
    """
    found = await _published(session, actor, slug, "rounds.phase", now)
    if not found.paused_at:
        raise PhaseRefused(Problem("phase", "not_paused"))
    if move_dates and found.bound_phase == "voting":
        raise PhaseRefused(Problem("phase", "in_manifest"))
    await require_reason(session, reason)
    paused_at, found.paused_at = found.paused_at, None
    days = -(-max(now - paused_at, timedelta()) // timedelta(days=1))
    about: dict[str, Any] = {"phase": found.phase, "days": days if move_dates else 0}
    about["reason"] = to_content_of_text(reason)
    await act(session, found, "phase.resumed", about, by="manager", account_id=actor.account_id, now=now)
    dates = (await setup_of(session, found)).dates
    if move_dates:
        moved = _later(dates, found.phase, days)
        await change_step(session, actor, found, "dates", moved, reason=reason, kind="phase.extended", now=now)
    await plan_next(session, found, await setup_of(session, found))
    return found


def _later(dates: DatesStep, phase: Phase, days: int) -> DatesStep:
    """Return the timetable with every phase after ``phase`` some days later."""
    to_come = [planned for planned in dates.phases if phases.PHASES.index(planned.phase) > phases.PHASES.index(phase)]
    starts: dict[str, str] = {item.phase: calendar.later_by(item.starts, days) for item in to_come}
    return msgspec.structs.replace(_with_starts(dates, starts), ends=calendar.later_by(dates.ends, days))


def require_open(found: Round, phase: Phase, now: datetime) -> None:
    """Refuse what residents do in a phase unless the round is in it at this second. Raises PhaseRefused.

    The end is the timetable's, to the second, even when the job that begins the next phase is still to run.
    """
    if found.paused_at is not None:
        raise PhaseRefused(Problem("phase", "paused"))
    over = found.next_phase_at is not None and found.next_phase_at <= now
    if found.phase != phase or over:
        raise PhaseRefused(Problem("phase", "not_open", {"phase": found.phase, "wanted": phase}))


async def _published(session: AsyncSession, actor: Actor, slug: str, wanted: Any, now: datetime) -> Round:
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, wanted, round_id=found.id, now=now)
    if found.phase == "set_up":
        raise PhaseRefused(Problem("phase", "not_published"))
    return found
