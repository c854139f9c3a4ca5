"""Shapes of the JSON API. Money is in minor units; texts are pairs [language, text]; times are RFC 3339 in UTC."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class ContestSummary(Struct, frozen=True):
    """A district of a round. ``ballots``, ``chosen`` and ``cost`` are absent before the count."""

    id: str
    title: list[tuple[str, str]]
    projects: int
    budget: int
    ballots: int | None
    chosen: int | None
    cost: int | None
    href: str


class RoundSummary(Struct, frozen=True):
    """A round in a list. ``mode`` open means ballots in clear.

    ``phase`` is announced, ideas, moderation, assessment, voting, counting, results, implementation or archived: a
    round goes through those that it plans, in this order. ``open_until`` is when the present one ends by itself.
    ``opens_at`` and ``closes_at`` are the times of the vote, absent as long as they are not fixed. ``rehearsal`` marks
    a rehearsal of the staff, which counts for nothing.
    """

    id: str
    names: list[tuple[str, str]]
    mode: str
    phase: str
    open_until: datetime | None
    paused: bool
    rehearsal: bool
    imported: bool
    currency: str
    unit: int
    opens_at: datetime | None
    closes_at: datetime | None
    licence: str
    source: str
    href: str


class PhaseTimes(Struct, frozen=True):
    """A phase of a round: when it began or is planned to begin, and to end; ``state`` is done, now or next."""

    phase: str
    starts_at: datetime | None
    ends_at: datetime | None
    state: str


class DistrictSummary(Struct, frozen=True):
    """A district of a round of one's own; ``money`` in minor units is absent as long as it is not fixed."""

    id: str
    name: list[tuple[str, str]]
    population: int | None
    money: int | None


class RoundDetail(Struct, frozen=True):
    """A round with its districts. ``election_id`` is the manifest's hash, which every later entry carries; it is
    absent until the manifest is fixed.

    ``phases``, ``time_zone``, ``districts``, ``areas`` (GeoJSON) and ``city_wide`` are of rounds held here;
    ``contests`` are the votes of a round, imported ones too.
    """

    round: RoundSummary
    time_zone: str | None
    phases: list[PhaseTimes]
    districts: list[DistrictSummary]
    areas: str | None
    city_wide: int | None
    election_id: str | None
    fingerprint: str | None
    checkpoint: str
    evidence: str | None
    contests: list[ContestSummary]


class ProjectResult(Struct, frozen=True):
    """One project and why it won or lost; ``why`` is a reason code with its numbers (docs/schemas/bundle.md, 8)."""

    number: int
    id: str
    title: str
    language: str
    cost: int
    categories: list[str]
    targets: list[str]
    place: tuple[str, str] | None
    votes: int
    score: int
    won: bool
    why: dict[str, Any]
    official: bool | None


class ContestResult(Struct, frozen=True):
    """The result of one district. ``state`` is preliminary until a decision confirms it.

    ``rule`` is the rule with its parameters (docs/schemas/bundle.md section 8).
    """

    id: str
    round: str
    state: str
    title: list[tuple[str, str]]
    rule: dict[str, Any]
    currency: str
    unit: int
    budget: int
    cost: int
    ballots: int
    blank: int
    over: int
    projects: list[ProjectResult]
    files: dict[str, str]


class DistrictFound(Struct, frozen=True):
    """The answer to "which is my district". ``code``: found, several (one of ``candidates``), unknown, outside."""

    district: str | None
    candidates: list[str]
    code: str


class ListedFile(Struct, frozen=True):
    """A file of a round, or of one of its districts (``contest``). ``kind`` says what it is about.

    ``size`` in bytes and ``sha256`` in hexadecimal are those of a file that never changes once it is there; what
    follows the round (``changes``) has neither.
    """

    kind: str
    href: str
    media_type: str
    contest: str | None
    size: int | None
    sha256: str | None
    changes: bool


class Listing(Struct, frozen=True):
    """All open data of a round. ``description`` is the address of the same as DCAT."""

    version: int
    round: str
    names: list[tuple[str, str]]
    licence: str
    source: str
    created_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    description: str
    files: list[ListedFile]
