"""Rounds under bad luck: two hands at once, and a database that goes away in the middle."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text as sql

from pb_service.core.rounds.setup import MoneyStep, to_content
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import service as rounds
from pb_service.features.rounds.errors import PhaseRefused, StepChanged
from pb_service.platform.db import DatabaseUnavailable
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.rounds import REASON, draft, publish_round, staff


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def manager(service: Service) -> Actor:
    return await staff(service)


async def test_of_many_that_save_at_once_one_saves_and_all_others_are_told(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)

    async def save(total: int) -> None:
        async with service.database.transaction() as session:
            content = to_content(MoneyStep(mode="population", total=total))
            await rounds.save_step(session, manager, slug, "money", content, version=1, now=service.clock())

    outcomes = await asyncio.gather(*(save(total) for total in range(1, 6)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [StepChanged] * 4
    async with service.database.reading() as session:
        assert (await rounds.step_state(session, manager, slug, "money")).version == 2


async def test_a_round_that_two_publish_at_once_is_published_once(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    tries = (publish_round(service, manager, slug) for _ in range(3))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "PhaseRefused", "PhaseRefused"]
    async with service.database.reading() as session:
        assert await session.scalar(sql("SELECT count(*) FROM record_entry")) == 1


async def test_two_that_push_at_once_push_once(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)

    async def push() -> None:
        async with service.database.transaction() as session:
            await rounds.push_phase(session, manager, slug, "ideas", reason=REASON, now=service.clock())

    outcomes = await asyncio.gather(push(), push(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [PhaseRefused]


async def test_a_database_that_goes_away_while_publishing_leaves_a_draft(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    with pytest.raises(DatabaseUnavailable):
        async with service.database.transaction() as session:
            await rounds.publish(session, manager, slug, origin_host="example.org", now=service.clock())
            mine = await session.scalar(sql("SELECT pg_backend_pid()"))
            async with service.database.engine.connect() as other:
                await other.execute(sql("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": mine})
            await session.execute(sql("SELECT 1"))
    async with service.database.reading() as session:
        assert (await rounds.find_round(session, slug)).phase == "set_up"
        assert await session.scalar(sql("SELECT count(*) FROM record_entry")) == 0
    await publish_round(service, manager, slug)
