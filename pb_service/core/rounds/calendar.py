"""The timetable: wall-clock times of a municipality as moments in UTC, over changes of summer time.

The stated rule for the two odd hours of a year is that of iCalendar (RFC 5545 section 3.3.5). A time that occurs twice,
when clocks are set back, means the first. A time that does not occur, when clocks are set forward, is read with the
offset that held before: 03:30 in the missing hour is 04:30. Both are shown to whoever types them (``notices``).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pb_service.core.rounds.setup import DatesStep, PlannedName, PlannedPhase, Problem

_WALL_CLOCK = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
_YEARS = range(2000, 2101)

Note = Literal["ambiguous", "missing"]


@dataclass(frozen=True)
class Moment:
    """A wall-clock time as a moment in UTC, and whether the clocks made it an odd one."""

    at: datetime
    note: Note | None = None


@dataclass(frozen=True)
class Change:
    """The next phase of a timetable and when it begins; ``by_clock``: by itself."""

    phase: PlannedName
    at: datetime
    by_clock: bool


@dataclass(frozen=True)
class Span:
    """A phase of the timetable: from when until when, as far as it is fixed."""

    phase: PlannedName
    starts_at: datetime | None
    ends_at: datetime | None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether there is such a time zone in the IANA database."""
    return name in _zones()


def wall_clock(text: str) -> datetime | None:
    """Return a typed wall-clock time (``2027-03-01T08:00``, seconds may follow), or None if it is none."""
    if not _WALL_CLOCK.fullmatch(text) or not text.isascii():
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local if local.year in _YEARS else None


def moment(text: str, zone: str) -> Moment | None:
    """Return the moment in UTC of a wall-clock time in a zone by the stated rule, or None if it is no time."""
    local = wall_clock(text)
    if local is None or not is_zone(zone):
        return None
    clock = ZoneInfo(zone)
    first = local.replace(tzinfo=clock, fold=0)
    at = first.astimezone(UTC)
    if at.astimezone(clock).replace(tzinfo=None) != local:
        return Moment(at, "missing")
    if first.utcoffset() != local.replace(tzinfo=clock, fold=1).utcoffset():
        return Moment(at, "ambiguous")
    return Moment(at)


def wall_clock_of(at: datetime, zone: str) -> str:
    """Return a moment as the clocks of a zone show it, to the minute, or to the second where it has one."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds").removesuffix(":00")


def starts(planned: PlannedPhase, zone: str) -> datetime | None:
    """Return when a planned phase begins, in UTC, or None if that is not fixed."""
    found = moment(planned.starts, zone)
    return found.at if found else None


def spans(dates: DatesStep) -> list[Span]:
    """Return the phases of a timetable with their times: each lasts until the next one that has a date begins."""
    beginnings = [starts(planned, dates.time_zone) for planned in dates.phases]
    last = moment(dates.ends, dates.time_zone)
    ends = [*beginnings[1:], last.at if last else None]
    return [
        Span(planned.phase, begins, end)
        for planned, begins, end in zip(dates.phases, beginnings, ends if dates.phases else (), strict=True)
    ]


def next_change(dates: DatesStep, following: str) -> Change | None:
    """Return when the phase ``following`` begins, or None if the timetable does not fix it."""
    for planned in dates.phases:
        if planned.phase == following and (at := starts(planned, dates.time_zone)):
            return Change(planned.phase, at, planned.by_clock)
    return None


def notices(dates: DatesStep) -> list[Problem]:
    """Return what people should know of their dates: times that occur twice or not at all, and how they are read."""
    fields = [(f"phases.{planned.phase}", planned.starts) for planned in dates.phases] + [("ends", dates.ends)]
    found = []
    for field, text in fields:
        read = moment(text, dates.time_zone)
        if read and read.note:
            shown = wall_clock_of(read.at, dates.time_zone)
            values = {"typed": text.replace("T", " "), "read": shown.replace("T", " ")}
            found.append(Problem(field, f"time_{read.note}", values))
    return found


def next_year(text: str) -> str:
    """Return a wall-clock time a year on, at the same weekday and hour: 52 weeks later. What is no time stays."""
    local = wall_clock(text)
    if local is None:
        return text
    later = local + timedelta(weeks=52)
    return later.isoformat(timespec="seconds").removesuffix(":00") if later.year in _YEARS else text


def same_day_next_year(text: str) -> str:
    """Return a date (``2027-12-31``) a year on; 29 February becomes 28 February. What is no date stays."""
    local = wall_clock(f"{text}T00:00")
    if local is None or local.year + 1 not in _YEARS:
        return text
    last = (local.month, local.day) == (2, 29)
    return local.replace(year=local.year + 1, day=28 if last else local.day).date().isoformat()


def later_by(text: str, days: int) -> str:
    """Return a wall-clock time some days later at the same hour. What is no time stays."""
    local = wall_clock(text)
    if local is None:
        return text
    return (local + timedelta(days=days)).isoformat(timespec="seconds").removesuffix(":00")
