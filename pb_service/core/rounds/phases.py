"""The phases of a round and the only ways between them: one machine for rounds of one's own and imported ones.

A round goes through the phases that its timetable names, in their order, and never back. An imported round was voted
on elsewhere; it has the phases voting (its manifest is signed), counting (closed) and results (counted and published,
not yet confirmed by a decision).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal, get_args

from pb_service.core.rounds import calendar
from pb_service.core.rounds.setup import PLANNED, DatesStep, PlannedName, Problem, Step, StepName, changed_paths

Phase = Literal[
    "set_up",  # a draft that only staff see
    "announced",  # published; the first planned phase has not begun
    "ideas",
    "moderation",
    "assessment",
    "voting",
    "counting",
    "results",
    "implementation",
    "archived",
]
PHASES: tuple[Phase, ...] = get_args(Phase)

#: The phases of a round whose vote was held elsewhere.
IMPORTED: tuple[Phase, ...] = ("voting", "counting", "results")

#: Phases in which a manifest must be there, signed: nobody votes on, or counts, what can still change.
BOUND: frozenset[Phase] = frozenset({"voting", "counting"})

#: Who or what begins a phase: the manager by hand, the clock at its date, publication, or an act of the vote itself.
Pusher = Literal["manager", "clock", "publish", "freeze", "close", "count"]
PUSHED_BY: Mapping[Phase, frozenset[Pusher]] = {
    "announced": frozenset({"publish"}),
    "ideas": frozenset({"manager", "clock"}),
    "moderation": frozenset({"manager", "clock"}),
    "assessment": frozenset({"manager", "clock"}),
    "voting": frozenset({"manager", "clock", "freeze"}),
    "counting": frozenset({"clock", "close"}),  # nobody ends a vote before its published time
    "results": frozenset({"manager", "clock", "count"}),  # after a vote the count alone, see refusal()
    "implementation": frozenset({"manager", "clock"}),
    "archived": frozenset({"manager"}),
}

_ALL = frozenset({"*"})
_NONE: frozenset[str] = frozenset()
_DATES = frozenset({"phases.phase", "phases.starts", "phases.by_clock", "ends"})
_WORDING = frozenset({"criteria.label", "criteria.reason"})

_OPEN: Mapping[StepName, frozenset[str]] = {
    "texts": _ALL,
    "dates": _DATES,
    "districts": frozenset({"districts.name", "districts.population", "places"}),
    "money": frozenset({"total", "city_wide", "mode", "amounts", "quantum"}),
    "ballot": _ALL,
    "rule": _ALL,
    "eligibility": _ALL,
    "criteria": _WORDING,
    "costs": _NONE,
    "trustees": _ALL,
    "closing": frozenset({"roll_months", "proposals_months", "messages_months", "appeal"}),
}
_FIXED: Mapping[StepName, frozenset[str]] = {
    **dict.fromkeys(_OPEN, _NONE),
    "texts": frozenset({"summary", "description", "instructions", "contact"}),
    "dates": frozenset({"phases.starts", "phases.by_clock", "ends"}),
    "closing": frozenset({"appeal"}),
}

#: What may still change in which phase: for each step the fields (``*``: all). A draft may change freely; from
#: publication on every change is an act of the public record with a published reason. From the vote on, nothing that
#: the manifest holds can change. ``places`` are the tables of postal codes and addresses.
MAY_CHANGE: Mapping[Phase, Mapping[StepName, frozenset[str]]] = {
    "set_up": dict.fromkeys(_OPEN, _ALL),
    "announced": {**dict.fromkeys(_OPEN, _ALL), "dates": _DATES},
    "ideas": _OPEN,
    "moderation": _OPEN,
    "assessment": _OPEN,
    "voting": _FIXED,
    "counting": _FIXED,
    "results": _FIXED,
    "implementation": _FIXED,
    "archived": dict.fromkeys(_OPEN, _NONE),
}


#: Phases in which the result is published.
AFTER_COUNT: frozenset[Phase] = frozenset({"results", "implementation", "archived"})


class PhaseError(Exception):
    """A round cannot go from one phase to another in this way."""


def require(phase: Phase, wanted: Phase) -> None:
    """Raise PhaseError unless the round is in the phase that an act needs."""
    if phase != wanted:
        raise PhaseError(f"the round is in phase {phase}, and this needs phase {wanted}")


def following(phase: Phase, planned: Collection[Phase]) -> Phase:
    """Return the phase after this one in a round that has the planned ones. Raises PhaseError after the last."""
    place = PHASES.index(phase) + 1
    for later in PHASES[place:]:
        if later in planned or later == "archived":
            return later
    raise PhaseError(f"phase {phase} is the last")


def refusal(
    phase: Phase,
    target: Phase,
    planned: Collection[Phase],
    by: Pusher,
    *,
    paused: bool = False,
    has_manifest: bool = False,
) -> Problem | None:
    """Say why a round in ``phase`` cannot go to ``target`` by the hand of ``by``, or return None if it can.

    What later stages ask for comes on top (``phase_guards``).
    """
    if phase == "archived" or target != following(phase, planned):
        return Problem("phase", "not_next", {"phase": phase, "target": target})
    if paused and by != "publish":
        return Problem("phase", "paused", {})
    after_a_vote = target == "results" and "voting" in planned
    if by not in PUSHED_BY[target] or (after_a_vote and by != "count"):
        return Problem("phase", "not_by", {"target": target, "by": by})
    if target in BOUND and not has_manifest and by != "freeze":
        return Problem("phase", "no_manifest", {"target": target})
    return None


def may_change(phase: Phase, step: StepName, path: str) -> bool:
    """Whether a field of a step may change in a phase. Paths are those of ``changed_paths``."""
    allowed = MAY_CHANGE[phase][step]
    return "*" in allowed or path in allowed or path.partition(".")[0] in allowed


def refused_changes(phase: Phase, name: StepName, before: Step, after: Step) -> list[str]:
    """Return the fields of a step in which the new version differs although the phase does not allow it."""
    return [path for path in changed_paths(before, after) if not may_change(phase, name, path)]


def keeps_date(phase: Phase, name: PlannedName) -> bool:
    """Whether the date of a planned phase stays in a published round: it has begun, or it ends a vote that has."""
    return PHASES.index(name) <= PHASES.index("counting" if phase == "voting" else phase)


def refused_dates(phase: Phase, before: DatesStep, after: DatesStep, now: datetime) -> list[Problem]:
    """Say which changes of a published timetable come too late.

    What has begun keeps its date, the end of a running vote too, because the manifest holds it. What is still to come
    can be moved, into the future.
    """
    if phase == "set_up":
        return []
    old = {planned.phase: planned for planned in before.phases}
    new = {planned.phase: planned for planned in after.phases}
    found = []
    for name in PLANNED:
        if old.get(name) == new.get(name):
            continue
        field = f"phases.{name}"
        if keeps_date(phase, name):
            found.append(Problem(field, "phase_begun", {"phase": name}))
        elif name in new and (starts := calendar.starts(new[name], after.time_zone)) and starts <= now:
            found.append(Problem(field, "not_future", {"phase": name}))
    return found
