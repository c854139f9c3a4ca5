"""What is kept for how long, and a log that nobody can write anew."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, jobs, links, sessions
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.tables import AccessLog, Account, AccountSession, AccountToken
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.staff import hire

HOME = Visitor("192.0.2.0/24", "a browser")


async def note(service: Service) -> None:
    async with service.database.transaction() as session:
        await access_log.note(session, None, "sign-in", outcome="refused", visitor=HOME, now=service.clock())


async def count(service: Service, table: type) -> int:
    async with service.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_log SET outcome = 'done'",
        "UPDATE access_log SET address_prefix = NULL",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
        "SET LOCAL pb.retention = 'on'; UPDATE access_log SET outcome = 'done'",
        "SET LOCAL pb.retention = 'on'; UPDATE access_log SET address_prefix = '198.51.100.0/24'",
        "SET LOCAL pb.retention = 'on'; TRUNCATE access_log",
    ],
)
async def test_the_access_log_is_only_added_to(service: Service, change: str) -> None:
    await note(service)
    with pytest.raises(DBAPIError, match="append-only"):
        async with service.database.transaction() as session:
            for statement in change.split("; "):
                await session.execute(text(statement))
    assert await count(service, AccessLog) == 1


async def test_addresses_go_after_fourteen_days_and_the_line_stays(service: Service, clock: FakeClock) -> None:
    await note(service)
    clock.advance(timedelta(days=14))
    await note(service)
    clock.advance(timedelta(seconds=1))
    await jobs.apply_retention(service, {})
    async with service.database.reading() as session:
        kept = list(await session.scalars(select(AccessLog.address_prefix).order_by(AccessLog.id)))
    assert kept == [None, "192.0.2.0/24"]


async def test_lines_of_the_access_log_go_after_five_years(service: Service, clock: FakeClock) -> None:
    await note(service)
    clock.advance(timedelta(days=5 * 366))
    await jobs.apply_retention(service, {})
    assert await count(service, AccessLog) == 0


async def test_ended_sessions_and_links_go_without_waiting_for_anybody(service: Service, clock: FakeClock) -> None:
    member = await hire(service, staff=False)
    async with service.database.transaction() as session:
        await sessions.start(session, member.id, "kiosk", visitor=HOME, now=clock())
        await sessions.start(session, member.id, "resident", visitor=HOME, now=clock())
        await links.make(session, "reset", member.id, {}, now=clock())
    clock.advance(timedelta(hours=1))
    await jobs.apply_retention(service, {})
    assert (await count(service, AccountSession), await count(service, AccountToken)) == (1, 1)
    clock.advance(timedelta(days=2))
    await jobs.apply_retention(service, {})
    assert (await count(service, AccountSession), await count(service, AccountToken)) == (0, 0)


async def test_an_idle_account_is_told_and_then_deleted(service: Service, clock: FakeClock) -> None:
    await hire(service, staff=False)
    clock.advance(timedelta(days=731))
    await jobs.apply_retention(service, {})
    assert "deleted in 30 days" in words((await delivered(service))[-1])
    clock.advance(timedelta(days=29))
    await jobs.apply_retention(service, {})
    assert await count(service, Account) == 1
    clock.advance(timedelta(days=2))
    await jobs.apply_retention(service, {})
    assert await count(service, Account) == 0
    assert "our last mail" in words((await delivered(service))[-1])


async def test_an_account_that_cannot_be_deleted_keeps_no_other(service: Service, clock: FakeClock) -> None:
    """Nor does it keep idle people from being told; what failed is said at the end."""
    stubborn, other = [await hire(service, staff=False, name=name) for name in ("Aino", "Bo")]
    clock.advance(timedelta(days=731))
    await jobs.apply_retention(service, {})
    await hire(service, staff=False, name="Cilla")
    clock.advance(timedelta(days=731))

    async def erase(_: AsyncSession, account_id: UUID, __: datetime) -> None:
        if account_id == stubborn.id:
            raise RuntimeError("not this one")

    part = replace(service.personal_data[0], key="stubborn", erase=erase)
    with pytest.raises(RuntimeError, match="not this one"):
        await jobs.apply_retention(replace(service, personal_data=[*service.personal_data, part]), {})
    async with service.database.reading() as session:
        left = {found.id: found for found in await session.scalars(select(Account))}
    assert stubborn.id in left
    assert other.id not in left
    assert all(found.idle_notice_at for found in left.values())


async def test_who_comes_back_keeps_the_account(service: Service, clock: FakeClock) -> None:
    member = await hire(service, staff=False)
    clock.advance(timedelta(days=731))
    await jobs.apply_retention(service, {})
    async with service.database.transaction() as session:
        token = await sessions.start(session, member.id, "resident", visitor=HOME, now=clock())
        clock.advance(timedelta(minutes=1))
        await sessions.recognise(session, token, now=clock())
    clock.advance(timedelta(days=60))
    await jobs.apply_retention(service, {})
    assert await count(service, Account) == 1


async def test_staff_with_a_role_are_not_deleted_for_being_idle(service: Service, clock: FakeClock) -> None:
    await hire(service, "administrator")
    clock.advance(timedelta(days=900))
    await jobs.apply_retention(service, {})
    clock.advance(timedelta(days=900))
    await jobs.apply_retention(service, {})
    assert await count(service, Account) == 1


async def test_retention_does_nothing_twice(service: Service, clock: FakeClock) -> None:
    await hire(service, staff=False)
    clock.advance(timedelta(days=731))
    for _ in range(3):
        await jobs.apply_retention(service, {})
    assert len(await delivered(service)) == 1


async def test_a_clock_that_goes_backwards_takes_nothing_away(service: Service, clock: FakeClock) -> None:
    member = await hire(service, staff=False)
    async with service.database.transaction() as session:
        await sessions.start(session, member.id, "resident", visitor=HOME, now=clock())
    await note(service)
    clock.advance(-timedelta(days=900))
    await jobs.apply_retention(service, {})
    assert (await count(service, Account), await count(service, AccessLog), await count(service, AccountSession)) == (
        1,
        1,
        1,
    )


async def test_the_guard_holds_against_the_orm_too(service: Service) -> None:
    await note(service)
    with pytest.raises(DBAPIError, match="append-only"):
        async with service.database.transaction() as session:
            await session.execute(update(AccessLog).values(account_id=None, act="sign-out"))
