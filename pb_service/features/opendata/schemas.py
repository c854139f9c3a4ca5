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
    """A round in a list. ``phase`` is frozen, closed or preliminary; ``mode`` open means ballots in clear."""

    id: str
    names: list[tuple[str, str]]
    mode: str
    phase: str
    currency: str
    unit: int
    opens_at: datetime
    closes_at: datetime
    licence: str
    source: str
    href: str


class RoundDetail(Struct, frozen=True):
    """A round with its districts. ``election_id`` is the manifest's hash, which every later entry carries."""

    round: RoundSummary
    election_id: str
    fingerprint: str
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
