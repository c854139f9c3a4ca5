"""Shapes of proposals in the API and the downloads. There is no field for a person: what is not here cannot leak.

Money is in minor units; texts by language are objects; times are RFC 3339 in UTC; places are GeoJSON geometries.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct


class ProposalListed(Struct, frozen=True):
    """A proposal in a list. ``cost`` is the published one, ``cost_hint`` the author's guess."""

    number: int
    title: str
    language: str
    summary: str
    state: str
    district: str | None
    theme: str | None
    cost: int | None
    cost_hint: int | None
    supporters: int
    comments: int
    published_at: datetime | None
    href: str


class ProposalPage(Struct, frozen=True):
    """A page of a round's proposals. ``next`` and ``previous`` are addresses, absent at the ends."""

    round: str
    licence: str
    currency: str
    unit: int
    total: int
    page: int
    pages: int
    next: str | None
    previous: str | None
    items: list[ProposalListed]


class ActTold(Struct, frozen=True):
    """Something that happened: the act, the state after it, and the reason that was published."""

    act: str
    at: datetime
    state: str
    kind: str
    reason: dict[str, str]


class CostTold(Struct, frozen=True):
    """A published figure. Of the newest also its ends, upkeep a year, and lines [what, sum, source]."""

    amount: int
    at: datetime | None
    reason: dict[str, str]
    low: int | None = None
    high: int | None = None
    upkeep: int | None = None
    lines: list[tuple[str, int, str]] = []


class CheckTold(Struct, frozen=True):
    """A criterion of the round, whether it is met, and the reason if not."""

    criterion: dict[str, str]
    met: bool
    reason: dict[str, str]


class VersionTold(Struct, frozen=True):
    """A version of the text. ``text_sha256`` is the SHA-256 of the canonical JSON of ``text``: the record names it."""

    version: int
    at: datetime
    text_sha256: str
    text: dict[str, Any]


class ProposalTold(Struct, frozen=True):
    """Everything published about a proposal. ``costs`` and ``acts`` are histories, oldest first."""

    number: int
    state: str
    language: str
    title: str
    need: str
    idea: str
    audience: str
    answers: dict[str, str]
    district: str | None
    theme: str | None
    place: dict[str, Any] | None
    cost: int | None
    cost_hint: int | None
    channel: str
    received_at: datetime | None
    published_at: datetime | None
    decided_at: datetime | None
    merged_into: int | None
    split_from: int | None
    project: int | None
    supporters: int
    comments: int
    costs: list[CostTold]
    checks: list[CheckTold]
    acts: list[ActTold]
    versions: list[VersionTold]


class ProposalsTold(Struct, frozen=True):
    """A round's proposals, whole. ``unit`` minor units make one of the currency."""

    round: str
    licence: str
    currency: str
    unit: int
    proposals: list[ProposalTold]


class DaysTold(Struct, frozen=True):
    """How many days something took: of ``count``, within how many a quarter, half, three quarters and all were."""

    count: int
    quarter: int
    half: int
    three_quarters: int
    longest: int


class StatisticsTold(Struct, frozen=True):
    """A round's proposals in numbers. An age group of fewer than ten is null, and another if the sum would tell it."""

    round: str
    proposals: int
    supporters: int
    comments: int
    districts: dict[str, int]
    themes: dict[str, int]
    states: dict[str, int]
    languages: dict[str, int]
    ages: dict[str, int | None]
    to_publication: DaysTold | None
    to_decision: DaysTold | None
