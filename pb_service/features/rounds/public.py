"""A published round as everybody sees it: its set-up, its phases with their times, its money, and what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import calendar, phases
from pb_service.core.rounds.money import district_money
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Setup, StepName, Text
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.rounds import repository
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.setups import setup_from
from pb_service.features.rounds.tables import Round, RoundAct, RoundStep


@dataclass(frozen=True)
class TimelineStep:
    """A phase with its times, as they were for those begun, as planned for those to come."""

    phase: Phase
    starts_at: datetime | None
    ends_at: datetime | None
    state: Literal["done", "now", "next"]


@dataclass(frozen=True)
class PublicAct:
    """What happened to a round, and the reason given for it."""

    kind: str
    at: datetime
    reason: Text
    source: Phase | None
    target: Phase | None
    about: Mapping[str, Any]


@dataclass(frozen=True)
class PublicRound:
    """A round of one's own. ``money`` is by district key in minor units, None where it cannot be told yet.

    ``open_until`` is when the present phase ends by itself; ``paused_reason`` is there while the round is paused.
    """

    slug: str
    id: UUID
    rehearsal: bool
    phase: Phase
    setup: Setup
    timeline: tuple[TimelineStep, ...]
    open_until: datetime | None
    paused_at: datetime | None
    paused_reason: Text | None
    money: Mapping[str, int] | None
    published_at: datetime | None
    acts: tuple[PublicAct, ...]

    @property
    def total(self) -> int | None:
        """All the money of the round in minor units."""
        return None if self.money is None else sum(self.money.values()) + self.setup.money.city_wide


async def public_round(session: AsyncSession, slug: str) -> PublicRound:
    """Return a published round of one's own. Raises RoundNotFound, also for an imported one."""
    found = await published_round(session, slug, whole=False)
    if found.imported:
        raise RoundNotFound(f"The round {slug!r} was imported; it has results, and no set-up.")
    return (await _views(session, [found]))[0]


async def public_rounds(session: AsyncSession) -> list[PublicRound]:
    """Return the published rounds of one's own without rehearsals, those under way first, then the newest."""
    found = [row for row in await repository.published(session) if not row.imported]
    views = await _views(session, found)
    views.sort(key=lambda view: view.slug)
    views.sort(key=lambda view: view.published_at.timestamp() if view.published_at else 0, reverse=True)
    return sorted(views, key=lambda view: view.phase == "archived")


async def preview(session: AsyncSession, actor: Actor, slug: str) -> PublicRound:
    """Return a draft as residents will see it. Raises RoundNotFound, Forbidden."""
    found = await find_round(session, slug, whole=False)
    require(actor, "rounds.preview", round_id=found.id)
    return (await _views(session, [found]))[0]


async def _views(session: AsyncSession, found: Sequence[Round]) -> list[PublicRound]:
    ids = [row.id for row in found]
    steps, acts = await repository.steps_of(session, ids), await repository.acts_of(session, ids)
    return [_view(row, steps[row.id], acts[row.id]) for row in found]


def _view(row: Round, steps: Mapping[StepName, RoundStep], rows: Sequence[RoundAct]) -> PublicRound:
    setup = setup_from(steps)
    acts = tuple(_act(item) for item in rows)
    paused = next((item for item in reversed(acts) if item.kind == "phase.paused"), None)
    return PublicRound(
        slug=row.slug,
        id=row.id,
        rehearsal=row.rehearsal,
        phase=row.phase,
        setup=setup,
        timeline=timeline(setup, row.phase, {item.target: item.at for item in acts if item.target}),
        open_until=row.next_phase_at,
        paused_at=row.paused_at,
        paused_reason=paused.reason if paused and row.paused_at else None,
        money=district_money(setup.money, setup.districts.districts),
        published_at=row.published_at,
        acts=acts,
    )


def _act(row: RoundAct) -> PublicAct:
    reason = msgspec.convert(row.about.get("reason", {}), Text)
    return PublicAct(row.kind, row.at, reason, row.source, row.target, row.about)


def timeline(setup: Setup, phase: Phase, begun: Mapping[Phase, datetime]) -> tuple[TimelineStep, ...]:
    """Return the planned phases with their times: begun ones when they began, the others as planned."""
    reached = phases.PHASES.index(phase)
    spans = calendar.spans(setup.dates)
    starts = [begun.get(span.phase, span.starts_at) for span in spans]
    ends = [*starts[1:], spans[-1].ends_at if spans else None]
    found = []
    for span, starts_at, ends_at in zip(spans, starts, ends if spans else (), strict=True):
        place = phases.PHASES.index(span.phase)
        state: Literal["done", "now", "next"] = "now" if place == reached else "done" if place < reached else "next"
        found.append(TimelineStep(span.phase, starts_at, ends_at, state))
    return tuple(found)
