"""Builders of rounds of one's own: a set-up with nothing missing, a manager, drafts and published rounds."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from pb_service.core.rounds.setup import (
    Contact,
    Criterion,
    DatesStep,
    District,
    DistrictsStep,
    EligibilityStep,
    MoneyStep,
    PlannedName,
    PlannedPhase,
    Setup,
    StepName,
    Text,
    TextsStep,
    Wording,
    to_content,
)
from pb_service.features.accounts.policy import Actor, Grant, Role
from pb_service.features.accounts.tables import Account
from pb_service.features.rounds.drafts import create_draft, publish, save_step
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database

REASON: Text = {"fi": Wording("Syy", "original"), "sv": Wording("Orsak", "translated")}

#: When the phases of the builder's timetable begin, by the clocks of Helsinki; the tests' clock stands at 2 March 2026.
STARTS: Mapping[PlannedName, str] = {
    "ideas": "2026-03-09T09:00",
    "moderation": "2026-04-06T09:00",
    "assessment": "2026-05-04T09:00",
    "voting": "2026-09-07T09:00",
    "counting": "2026-09-27T20:00",
    "results": "2026-10-01T12:00",
}


class Surroundings(Protocol):
    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


def text(fi: str, sv: str = "", en: str = "") -> Text:
    """A text whose original is Finnish."""
    found: Text = {"fi": Wording(fi, "original"), "sv": Wording(sv or f"{fi} (sv)", "translated")}
    return {**found, "en": Wording(en, "translated")} if en else found


def square(x: float, y: float, size: float = 0.1) -> list[list[list[float]]]:
    """The rings of a square by its south-western corner, in degrees as GeoJSON has them."""
    return [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]


def geojson(*areas: list[list[list[float]]], names: Sequence[str] = (), **more: Any) -> bytes:
    """A FeatureCollection of polygons called Alue 1, Alue 2 … or by ``names``."""
    features = [
        {
            "type": "Feature",
            "properties": {"name_fi": names[number] if names else f"Alue {number + 1}", "population": 1000},
            "geometry": {"type": "Polygon", "coordinates": area},
        }
        for number, area in enumerate(areas)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def district(key: str, x: int = 24, population: int | None = 1000) -> District:
    """A district that is one degree wide, from ``x`` degrees east."""
    west, east, south, north = x * 10**6, (x + 1) * 10**6, 60 * 10**6, 61 * 10**6
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return District(key=key, name=text(key.title()), population=population, polygons=((ring,),))


def dates(starts: Mapping[PlannedName, str] = STARTS) -> DatesStep:
    """A timetable in the municipality's time."""
    return DatesStep(phases=tuple(PlannedPhase(name, at) for name, at in starts.items()))


def whole_setup(**steps: Any) -> Setup:
    """A set-up that could be published as it is, but for the steps given."""
    given = {
        "texts": TextsStep(
            name=text("Kevät", "Våren"),
            summary=text("Miljoona", "En miljon"),
            contact=Contact(email="osallistu@example.org"),
        ),
        "dates": dates(),
        "districts": DistrictsStep(districts=(district("pohjoinen", 24), district("etela", 25, 2000))),
        "money": MoneyStep(total=100_000_000, mode="population"),
        "eligibility": EligibilityStep(min_age=12, age_on="2026-12-31"),
        "criteria": None,
        "closing": None,
        **steps,
    }
    empty = Setup()
    if given["criteria"] is None:
        one = Criterion("lawful", text("Laillinen"), text("Ei lain mukainen"))
        given["criteria"] = type(empty.criteria)(criteria=(one,))
    if given["closing"] is None:
        given["closing"] = type(empty.closing)(appeal=text("Oikaisuvaatimus"))
    return Setup(**given)


async def staff(service: Surroundings, *roles: Role, grants: Sequence[Grant] = ()) -> Actor:
    """A member of staff with a second factor, stepped up, holding roles in all rounds or the given grants."""
    now = service.clock()
    account = Account(email=None, email_key=None, language="fi", is_staff=True, created_at=now, last_seen_at=now)
    async with service.database.transaction() as session:
        session.add(account)
    return Actor(
        account_id=account.id,
        grants=tuple(grants) or tuple(Grant(role) for role in roles or ("manager",)),
        second_factor=True,
        stepped_up_until=service.clock() + timedelta(days=10_000),
        session_id=uuid4(),
        is_staff=True,
    )


async def draft(
    service: Surroundings, actor: Actor, slug: str = "spring", *, rehearsal: bool = False, setup: Setup | None = None
) -> str:
    """Make a draft with every step saved and return its address."""
    wanted = setup or whole_setup()
    async with service.database.transaction() as session:
        made = await create_draft(
            session, actor, slug=slug, name=wanted.texts.name, rehearsal=rehearsal, now=service.clock()
        )
        versions: dict[StepName, int] = {"texts": 1, "dates": 1}
        names: tuple[StepName, ...] = (
            "texts", "dates", "districts", "money", "ballot", "rule", "eligibility", "criteria", "costs", "trustees",
            "closing",
        )  # fmt: skip
        for name in names:
            step = to_content(getattr(wanted, name))
            version = versions.get(name, 0)
            await save_step(session, actor, made.slug, name, step, version=version, now=service.clock())
    return made.slug


async def publish_round(service: Surroundings, actor: Actor, slug: str, now: datetime | None = None) -> None:
    """Publish a draft."""
    async with service.database.transaction() as session:
        await publish(session, actor, slug, origin_host="example.org", now=now or service.clock())
