"""Builders of proposals: a round in its phase of ideas, residents, and what they write."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.places import Place
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Setup
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rounds import draft, publish_round, staff

#: A moment in the phase of ideas of the builder's timetable.
IDEAS = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
REASON = {"fi": "Syy", "sv": "Orsak"}
#: A point in the district "pohjoinen" of the builder's rounds, and one in "etela".
NORTH, SOUTH = Place("point", ((24_500_000, 60_500_000),)), Place("point", ((25_500_000, 60_500_000),))


def words(title: str = "Penkkejä rantaan", **more: Any) -> Draft:
    """What a resident types; nothing is missing."""
    values: dict[str, Any] = {
        "title": title,
        "need": "Rannalla ei ole paikkaa istua.",
        "idea": "Kolme puupenkkiä rantapolun varteen, selkänojalla.",
        "audience": "Vanhuksille",
        "theme": "nature",
        "place": NORTH,
        **more,
    }
    return Draft(**values)


async def open_round(
    service: Service, clock: FakeClock, slug: str = "spring", *, phase: Phase = "ideas", setup: Setup | None = None
) -> Actor:
    """Publish a round, go to a phase, and return its manager."""
    manager = await staff(service)
    await draft(service, manager, slug, setup=setup)
    await publish_round(service, manager, slug)
    clock.now = IDEAS
    await enter_phase(service, slug, phase)
    return manager


async def enter_phase(service: Service, slug: str, phase: Phase) -> None:
    """Put a round into a phase without waiting for its date."""
    async with service.database.transaction() as session:
        found = await find_round(session, slug, whole=False)
        found.phase, found.next_phase, found.next_phase_at = phase, None, None


async def resident(service: Service, name: str = "Aino Lehto", *, verified: bool = True) -> Actor:
    """Somebody with an account and no role."""
    now = service.clock()
    email = f"{name.split(maxsplit=1)[0].lower()}-{uuid4().hex[:8]}@example.org"
    account = Account(
        email=email,
        email_key=email,
        email_verified_at=now if verified else None,
        name=name,
        language="fi",
        created_at=now,
        last_seen_at=now,
    )
    async with service.database.transaction() as session:
        session.add(account)
    return Actor(account_id=account.id, session_id=uuid4(), name=name)


async def written(service: Service, actor: Actor, slug: str = "spring", wanted: Draft | None = None) -> UUID:
    """Keep a draft and return its id."""
    async with service.database.transaction() as session:
        found = await find_round(session, slug, whole=False)
        kept = await proposals.save_draft(session, actor, found, wanted or words(), once=uuid4(), now=service.clock())
    return kept.id


async def sent(service: Service, actor: Actor, slug: str = "spring", wanted: Draft | None = None) -> Proposal:
    """Write a proposal and send it."""
    made = await written(service, actor, slug, wanted)
    async with service.database.transaction() as session:
        return await proposals.send(session, actor, made, now=service.clock())


async def published(
    service: Service, author: Actor, moderator: Actor, slug: str = "spring", wanted: Draft | None = None
) -> Proposal:
    """A proposal that everybody can read."""
    made = await sent(service, author, slug, wanted)
    async with service.database.transaction() as session:
        return await proposals.publish(session, moderator, made.id, now=service.clock())


async def round_called(service: Service, slug: str = "spring") -> Round:
    async with service.database.reading() as session:
        return await find_round(session, slug, whole=False)


async def now_of(service: Service, proposal_id: UUID) -> Proposal:
    """A proposal as it is stored."""
    async with service.database.reading() as session:
        return await session.get_one(Proposal, proposal_id)


async def record_kinds(service: Service, slug: str = "spring") -> list[str]:
    """The kinds of the entries of a round's record, oldest first, with their objects."""
    from pb_service.core.record.entries import parse
    from pb_service.features.record import repository as record

    found = await round_called(service, slug)
    async with service.database.reading() as session:
        bodies = await record.all_bodies(session, found.log)
    return [f"{entry.kind} {entry.fields['o']}" for entry in map(parse, bodies)]


LATER = timedelta(days=1)
