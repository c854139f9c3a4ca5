"""Two things at one moment: whoever ends sessions has ended them, whatever else was going on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from pb_service.features.accounts import personal, sessions
from pb_service.features.accounts.policy import ANONYMOUS
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.signin import Attempt, Entrance, SignInRefused, is_known, known_browser, sign_in
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import PASSWORD, Member, hire


async def blocked(service: Service, task: "asyncio.Future[Any]") -> None:
    """Wait until a task waits for a lock in the database."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(120):
        while not task.done():
            async with service.database.reading() as session:
                if await session.scalar(query):
                    return
            await asyncio.sleep(0.01)


def entrance(service: Service) -> Entrance:
    return Entrance(service.database, service.passwords, service.limits, service.keys.ring("cookie"))


def attempt(member: Member) -> Attempt:
    return Attempt(email=member.email, password=PASSWORD, shared=False, visitor=Visitor())


async def begin(service: Service, member: Member) -> str:
    async with service.database.transaction() as session:
        return await sessions.start(session, member.id, "resident", visitor=Visitor(), now=service.clock())


@pytest.mark.parametrize("change", ["password", "block", "delete"])
async def test_an_old_password_opens_nothing_once_it_was_changed(service: Service, change: str) -> None:
    """The password was right when it was computed; before the session began, its owner ended all sessions."""
    member = await hire(service, name="Aino", staff=False)
    async with service.database.transaction() as session:
        account = await session.get_one(Account, member.id, with_for_update={"key_share": True})
        task = asyncio.ensure_future(sign_in(entrance(service), attempt(member), now=service.clock()))
        await blocked(service, task)
        if change == "password":
            account.password_hash = await service.passwords.hash("another one altogether")
        elif change == "block":
            account.blocked_at, account.blocked_reason = service.clock(), "For a test"
        else:
            await session.delete(account)
        await session.flush()
        await sessions.end_all(session, member.id)
    with pytest.raises(SignInRefused):
        await task
    async with service.database.reading() as session:
        assert (await session.scalars(select(AccountSession))).all() == []


async def test_a_session_that_ends_while_it_is_recognised_is_nobodys(service: Service, clock: FakeClock) -> None:
    """Two tabs: one signs out, the other asks for a page at that moment."""
    member = await hire(service, name="Aino", staff=False)
    token = await begin(service, member)
    clock.advance(timedelta(minutes=1))

    async def recognised() -> object:
        async with service.database.transaction() as session:
            return await sessions.recognise(session, token, now=clock())

    async with service.database.transaction() as session:
        await sessions.end_all(session, member.id)
        task = asyncio.ensure_future(recognised())
        await blocked(service, task)
    assert await task is ANONYMOUS


async def test_an_account_is_deleted_while_its_session_is_recognised(service: Service, clock: FakeClock) -> None:
    """Both take the account before the session: neither waits for the other for ever."""
    member = await hire(service, name="Aino", staff=False)
    token = await begin(service, member)
    clock.advance(timedelta(minutes=1))

    async def erased() -> None:
        async with service.database.transaction() as session:
            await personal.erase(service.personal_data, session, member.id, now=clock())

    async with service.database.transaction() as session:
        actor = await sessions.recognise(session, token, now=clock())
        task = asyncio.ensure_future(erased())
        await blocked(service, task)
        await session.execute(text("UPDATE account_session SET agent = 'again'"))
    await task
    assert actor.account_id == member.id


async def test_a_known_browser_has_one_spelling(service: Service) -> None:
    """Failures are counted by the cookie's text; another spelling of the same bytes would have a counter of its own."""
    member = await hire(service, name="Aino", staff=False)
    key = service.keys.ring("cookie").current
    cookie = known_browser(key, member.id)
    assert is_known([key], member.id, cookie)
    for other in (f"{cookie}=", f"!{cookie}", f"{cookie[:9]}.{cookie[9:]}", f"{cookie}AA=="):
        assert not is_known([key], member.id, other)
