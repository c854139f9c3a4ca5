"""My page: language, mails, password, address, sessions, my data, and the end of the account."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pb_service.features.accounts.tables import AccessLog, Account, AccountSession, AccountToken
from pb_service.platform import outbox
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered, words
from tests.residents import EMAIL, Reader, account_id, log_lines
from tests.staff import PASSWORD, hire

NEW = "nine yellow trams"


@pytest.fixture
async def aino(reader: Reader) -> Reader:
    """A resident who is signed in."""
    await reader.register()
    return reader


async def test_the_language_of_mails_is_the_readers_choice(aino: Reader) -> None:
    answer = await aino.submit("/en/me", to="/en/me/language", language="sv")
    assert answer.headers["location"] == "/sv/me?done=saved"
    await aino.submit("/fi/reset", email=EMAIL)
    assert (await aino.link("/reset/")).startswith("/sv/reset/")


async def test_kinds_of_mail_are_refused_and_wanted_again(aino: Reader, service: Service) -> None:
    await aino.submit("/en/me", to="/en/me/mails", mails="round")
    async with service.database.reading() as session:
        assert await outbox.refusals(session, EMAIL) == ["digest", "proposal"]
    await aino.submit("/en/me", to="/en/me/mails")
    async with service.database.reading() as session:
        assert await outbox.refusals(session, EMAIL) == ["digest", "proposal", "round"]


async def test_a_password_is_changed_with_the_one_before(aino: Reader) -> None:
    wrong = await aino.submit("/en/me/security", to="/en/me/password", current="not this one", password=NEW)
    assert wrong.status_code == 422
    right = await aino.submit("/en/me/security", to="/en/me/password", current=PASSWORD, password=NEW)
    assert right.status_code == 303
    assert (await aino.another().sign_in(password=NEW)).status_code == 303


async def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(aino: Reader) -> None:
    thief = aino.another()
    thief.client.cookies.update(aino.client.cookies)
    await aino.submit("/en/me/security", to="/en/me/password", current=PASSWORD, password=NEW)
    assert await aino.signed_in()
    assert not await thief.signed_in()


async def test_an_address_changes_when_the_mail_to_it_is_opened_and_confirmed(aino: Reader, service: Service) -> None:
    await aino.submit("/en/me/security", to="/en/me/email", email="New@example.org", confirm=PASSWORD)
    link = await aino.link("/email/")
    await aino.get(link)
    assert await account_id(service)
    await aino.submit(link)
    assert await account_id(service, "new@example.org")
    told = [(str(mail["To"]), words(mail)) for mail in await delivered(service)][1:]
    assert sorted({to for to, _ in told}) == ["New@example.org", EMAIL]


async def test_an_address_of_another_account_is_not_given_away(aino: Reader, service: Service) -> None:
    """The page says the same; only the owner of the address learns that somebody asked."""
    await hire(service, staff=False, name="Eino")
    taken = await aino.submit("/en/me/security", to="/en/me/email", email="eino@example.org", confirm=PASSWORD)
    free = await aino.submit("/en/me/security", to="/en/me/email", email="free@example.org", confirm=PASSWORD)
    assert taken.headers["location"] == free.headers["location"]
    mails = [words(mail) for mail in await delivered(service) if mail["To"] == "eino@example.org"]
    assert len(mails) == 1
    assert "/email/" not in mails[0]


async def test_one_cannot_end_a_session_of_somebody_else(aino: Reader, service: Service) -> None:
    other = aino.another()
    await hire(service, staff=False, name="Eino")
    await other.sign_in("eino@example.org")
    async with service.database.reading() as session:
        theirs = await session.scalar(
            select(AccountSession.id).where(AccountSession.account_id == await account_id(service, "eino@example.org"))
        )
    await aino.submit("/en/me/security", to=f"/en/me/sessions/{theirs}/end")
    assert await other.signed_in()


async def test_sessions_elsewhere_are_listed_and_ended(aino: Reader) -> None:
    phone = aino.another()
    await phone.sign_in()
    assert "Sign out everywhere else" in (await aino.get("/en/me/security")).text
    await aino.submit("/en/me/security", to="/en/me/sessions/end")
    assert await aino.signed_in()
    assert not await phone.signed_in()


async def test_my_data_is_one_file_and_its_download_is_logged(aino: Reader, service: Service) -> None:
    answer = await aino.submit("/en/me/data")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    account = json.loads(answer.content)["account"]
    assert (account["email"], account["language"]) == (EMAIL, "en")
    assert "argon2" not in answer.text
    assert ("data.exported", "done") in await log_lines(service)


async def test_deleting_says_first_what_stays(aino: Reader) -> None:
    page = (await aino.get("/en/me/delete")).text
    assert page.index("What stays") < page.index("I am sure")
    assert "access log" in page


async def test_deleting_needs_the_password_and_the_box(aino: Reader) -> None:
    for fields in ({"current": PASSWORD}, {"sure": "yes"}, {"sure": "yes", "current": "not this one"}):
        assert (await aino.submit("/en/me/delete", **fields)).status_code == 422
    assert await aino.signed_in()


async def test_a_deleted_account_leaves_only_lines_under_a_number(aino: Reader, service: Service) -> None:
    answer = await aino.submit("/en/me/delete", sure="yes", current=PASSWORD)
    assert answer.headers["location"] == "/en/signed-out?why=deleted"
    assert not await aino.signed_in()
    async with service.database.reading() as session:
        for table in (Account, AccountSession, AccountToken):
            assert await session.scalar(select(func.count()).select_from(table)) in (0, 1), table
        assert await session.scalar(select(func.count()).select_from(Account)) == 0
        assert await session.scalar(select(func.count()).select_from(AccessLog)) == 2
    assert "have been deleted" in words((await delivered(service))[-1])


async def test_fields_that_a_page_does_not_have_change_nothing(aino: Reader, service: Service) -> None:
    """Mass assignment: a form cannot make anybody staff."""
    extra = {"is_staff": "1", "role": "administrator", "email_key": "x", "blocked_at": ""}
    await aino.submit("/en/me", to="/en/me/language", language="fi", **extra)
    async with service.database.reading() as session:
        account = await session.get_one(Account, await account_id(service))
    assert (account.is_staff, account.email_key, account.language) == (False, EMAIL, "fi")


async def test_many_changes_at_once_leave_one_session(aino: Reader) -> None:
    changes = [
        aino.submit("/en/me/security", to="/en/me/password", current=PASSWORD, password=f"{NEW} {n}") for n in range(3)
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*changes)]
    assert set(statuses) <= {303, 403, 422}


async def test_on_a_shared_computer_the_session_is_short_and_the_page_watches(
    reader: Reader, service: Service, clock: FakeClock
) -> None:
    await hire(service, staff=False, name="Aino")
    await reader.sign_in(shared="yes")
    page = (await reader.get("/en/me")).text
    assert 'data-idle-seconds="180"' in page
    assert "pb-known" not in reader.client.cookies
    clock.advance(timedelta(minutes=2))
    assert (await reader.get("/en/me/awake")).status_code == 204
    clock.advance(timedelta(minutes=3))
    assert not await reader.signed_in()


async def test_times_are_those_of_the_municipality(aino: Reader) -> None:
    """The clock of the tests stands at 9:00 UTC on 2 March; Helsinki is two hours ahead."""
    shown = (await aino.get("/en/me/security")).text
    assert "2 March 2026, 11:00" in shown
    assert "Times are local in Europe/Helsinki." in shown
    assert "UTC" not in shown
