# ruff: noqa: F811 - a test asks for a fixture by its name
"""The ways into an account, with a real provider: joining an identity, taking one away, and who must not."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text, update

from pb_service.features.accounts.identity_tables import ProvenIdentity, SigninAttempt
from pb_service.features.accounts.tables import AccessLog, Account, AccountSession
from pb_service.platform.jobs import Job
from tests.http.accounts.test_provider import SITE, Visitor, patience, school, town, visitor  # noqa: F401 - fixtures
from tests.mailbox import delivered, words
from tests.residents import csrf_in
from tests.staff import PASSWORD, hire

AINO = "aino@example.org"
WAYS = "/en/me/ways"


async def submit(visitor: Visitor, path: str, *, to: str = "", **fields: str) -> httpx.Response:
    """Open a page and send its form."""
    token = csrf_in(await visitor.browser.get(path))
    return await visitor.browser.post(to or path, data={"csrf": token, **fields}, headers={"origin": SITE})


async def enter(visitor: Visitor, email: str = AINO) -> None:
    """Sign in with address and password."""
    visitor.browser.cookies.clear()
    answer = await submit(visitor, "/en/sign-in", email=email, password=PASSWORD)
    assert answer.status_code == 303, answer.text


async def resident(visitor: Visitor, name: str = "Aino") -> None:
    """Make an account with address and password, and sign in to it."""
    member = await hire(visitor.service, name=name, staff=False)
    await enter(visitor, member.email)


async def set_out(visitor: Visitor, provider: str = "town", password: str = PASSWORD) -> str:
    """Begin joining and return the address of the provider that the page leads to."""
    asked = await submit(visitor, f"{WAYS}/{provider}/join", current=password)
    found = re.search(r'href="(http://127[^"]+)"', asked.text)
    assert found, asked.text[-3000:]
    return found[1].replace("&amp;", "&")


async def join(visitor: Visitor, provider: str = "town", person: str = "aino") -> str:
    """Join an identity and return what the page says of it."""
    there = visitor.school if provider == "school" else visitor.town
    back = await there.visit(await set_out(visitor, provider), person=person)
    answer = await visitor.browser.get(back)
    assert answer.headers["location"].startswith(f"{WAYS}?done="), answer.headers
    return str(answer.headers["location"]).rpartition("=")[2]


async def parting(visitor: Visitor, number: int = 0) -> str:
    """The address at which an identity is taken away."""
    shown = await visitor.browser.get(WAYS)
    return str(re.findall(r'href="(/en/me/ways/[0-9a-f]{32}/part)"', shown.text)[number])


async def mails(visitor: Visitor) -> list[str]:
    rows = sorted(await visitor.rows(Job), key=lambda row: row.id)
    jobs = [row.payload for row in rows if row.name == "mail.deliver"]
    return [f"{mail['to']} {mail['template']}" for mail in jobs]


async def lines(visitor: Visitor) -> list[tuple[str, str | None, str]]:
    rows = sorted(await visitor.rows(AccessLog), key=lambda row: row.id)
    return [(row.act, row.object, row.outcome) for row in rows if row.act.startswith("identity.")]


async def test_an_identity_joined_to_an_account_is_a_way_into_it(visitor: Visitor) -> None:
    await resident(visitor)
    assert await join(visitor) == "joined"
    assert "Town sign-in" in (await visitor.browser.get(WAYS)).text
    assert await mails(visitor) == [f"{AINO} accounts/identity_joined"]
    assert await lines(visitor) == [("identity.joined", "town", "done")]
    visitor.browser.cookies.clear()
    await visitor.sign_in()
    assert len(await visitor.rows(Account)) == 1


async def test_before_joining_the_password_is_asked(visitor: Visitor) -> None:
    await resident(visitor)
    for password in ("", "not this one"):
        refused = await submit(visitor, f"{WAYS}/town/join", current=password)
        assert (refused.status_code, "127.0.0.1" in refused.text) == (422, False)
    assert await visitor.rows(SigninAttempt) == []


async def test_without_a_password_a_sign_in_of_just_now_is_asked(visitor: Visitor) -> None:
    await visitor.sign_in()
    assert await join(visitor, "school") == "joined"
    async with visitor.service.database.transaction() as session:
        await session.execute(update(AccountSession).values(created_at=visitor.clock() - timedelta(minutes=10)))
    refused = await submit(visitor, await parting(visitor))
    assert (refused.status_code, "sign in again" in refused.text) == (422, True)
    refused = await submit(visitor, "/en/me/security", to="/en/me/email", email="new@example.org")
    assert (refused.status_code, "sign in again" in refused.text) == (422, True)


async def test_an_identity_of_another_account_is_not_taken_from_it(visitor: Visitor) -> None:
    await visitor.sign_in()
    (first,) = await visitor.rows(ProvenIdentity)
    await resident(visitor)
    assert await join(visitor) == "taken"
    assert "belongs to another account" in (await visitor.browser.get(f"{WAYS}?done=taken")).text
    (kept,) = await visitor.rows(ProvenIdentity)
    assert (kept.account_id, kept.proven_at) == (first.account_id, first.proven_at)
    assert await lines(visitor) == [("identity.joined", "town", "taken")]
    assert await mails(visitor) == []


async def test_an_account_is_one_persons(visitor: Visitor) -> None:
    """Two people of one scheme are two people; what another scheme numbers may be the same person."""
    await resident(visitor)
    assert await join(visitor, person="aino") == "joined"
    assert await join(visitor, person="otto") == "another-person"
    assert await join(visitor, "school", person="otto") == "joined"
    assert len(await visitor.rows(ProvenIdentity)) == 2


async def test_joined_again_it_is_the_same_and_nobody_is_told_twice(visitor: Visitor) -> None:
    await resident(visitor)
    assert [await join(visitor), await join(visitor)] == ["joined", "joined"]
    assert len(await visitor.rows(ProvenIdentity)) == 1
    assert len(await mails(visitor)) == 1


async def test_only_who_left_can_come_back_with_an_identity(visitor: Visitor) -> None:
    """Else an attacker could have a victim bring the attacker's identity home, and come in by it afterwards."""
    await resident(visitor)
    back = await visitor.town.visit(await set_out(visitor))
    await hire(visitor.service, name="Bo", staff=False)
    left = visitor.browser.cookies["pb-visit"]
    await enter(visitor, "bo@example.org")
    visitor.browser.cookies.delete("pb-visit")
    visitor.browser.cookies.set("pb-visit", left)
    assert (await visitor.browser.get(back)).headers["location"] == f"{WAYS}?done=failed"
    assert await visitor.rows(ProvenIdentity) == []
    assert await lines(visitor) == [("identity.joined", "town", "elsewhere")]


async def test_a_return_in_another_browser_or_signed_out_joins_nothing(visitor: Visitor) -> None:
    await resident(visitor)
    back = await visitor.town.visit(await set_out(visitor))
    visitor.browser.cookies.clear()
    assert visitor.why(await visitor.browser.get(back)) == "elsewhere"
    await enter(visitor)
    back = await visitor.town.visit(await set_out(visitor))
    visitor.browser.cookies.delete("pb-session")
    assert (await visitor.browser.get(back)).headers["location"] == f"{WAYS}?done=failed"
    assert await visitor.rows(ProvenIdentity) == []


async def test_who_refuses_at_the_provider_stays_signed_in_here(visitor: Visitor) -> None:
    await resident(visitor)
    assert await join(visitor, person="refuse") == "failed"
    assert (await visitor.browser.get(f"{WAYS}?done=failed")).status_code == 200


async def test_a_provider_that_is_down_or_not_there_is_said_to_be(visitor: Visitor) -> None:
    await resident(visitor)
    visitor.school.stop()
    answer = await submit(visitor, f"{WAYS}/school/join", current=PASSWORD)
    visitor.school.start()
    assert answer.headers["location"] == f"{WAYS}?done=failed"
    assert (await visitor.browser.get(f"{WAYS}/nobody/join")).headers["location"] == f"{WAYS}?done=failed"


async def test_an_identity_taken_away_lets_nobody_in_and_other_sessions_end(visitor: Visitor) -> None:
    await resident(visitor)
    await join(visitor)
    mine = dict(visitor.browser.cookies)
    await enter(visitor)
    there = dict(visitor.browser.cookies)
    visitor.browser.cookies.clear()
    visitor.browser.cookies.update(mine)
    answer = await submit(visitor, await parting(visitor), current=PASSWORD)
    assert answer.headers["location"] == f"{WAYS}?done=parted"
    assert (await visitor.browser.get(WAYS)).status_code == 200
    visitor.browser.cookies.clear()
    visitor.browser.cookies.update(there)
    assert (await visitor.browser.get(WAYS)).status_code == 303
    assert (await mails(visitor))[-1] == f"{AINO} accounts/identity_parted"
    assert (await lines(visitor))[-1] == ("identity.parted", "town", "done")
    visitor.browser.cookies.clear()
    await visitor.sign_in()
    assert len(await visitor.rows(Account)) == 2


async def test_before_taking_away_the_password_is_asked(visitor: Visitor) -> None:
    await resident(visitor)
    await join(visitor)
    assert (await submit(visitor, await parting(visitor), current="not this one")).status_code == 422
    assert len(await visitor.rows(ProvenIdentity)) == 1


async def test_the_last_way_in_stays(visitor: Visitor) -> None:
    await visitor.sign_in()
    answer = await submit(visitor, await parting(visitor))
    assert answer.headers["location"] == f"{WAYS}?done=last-way"
    assert "Add an e-mail address first" in (await visitor.browser.get(f"{WAYS}?done=last-way")).text
    assert len(await visitor.rows(ProvenIdentity)) == 1


async def test_of_the_last_two_ways_taken_at_once_one_stays(visitor: Visitor) -> None:
    await visitor.sign_in()
    await join(visitor, "school")
    first, second = await parting(visitor, 0), await parting(visitor, 1)
    token = csrf_in(await visitor.browser.get(first))
    sent = [visitor.browser.post(path, data={"csrf": token}, headers={"origin": SITE}) for path in (first, second)]
    answers = sorted(str(answer.headers["location"]) for answer in await asyncio.gather(*sent))
    assert answers == [f"{WAYS}?done=last-way", f"{WAYS}?done=parted"]


async def test_an_identity_of_a_provider_that_is_gone_is_no_way_in(visitor: Visitor) -> None:
    await visitor.sign_in()
    await join(visitor, "school")
    async with visitor.service.database.transaction() as session:
        await session.execute(text("UPDATE proven_identity SET driver = 'gone' WHERE driver = 'school'"))
    shown = (await visitor.browser.get(WAYS)).text
    paths = re.findall(r'href="(/en/me/ways/[0-9a-f]{32}/part)"', shown)
    found = {(await submit(visitor, path)).headers["location"].rpartition("=")[2] for path in paths}
    assert found == {"last-way", "parted"}


async def test_somebody_elses_identity_cannot_be_taken_away(visitor: Visitor) -> None:
    await resident(visitor)
    await join(visitor)
    path = await parting(visitor)
    await resident(visitor, "Bo")
    token = csrf_in(await visitor.browser.get("/en/me/security"))
    answer = await visitor.browser.post(path, data={"csrf": token, "current": PASSWORD}, headers={"origin": SITE})
    assert answer.headers["location"] == f"{WAYS}?done=absent"
    assert len(await visitor.rows(ProvenIdentity)) == 1


async def test_the_page_shows_nothing_of_the_pseudonym(visitor: Visitor) -> None:
    await visitor.sign_in()
    (kept,) = await visitor.rows(ProvenIdentity)
    assert kept.pseudonym.hex()[:16] not in (await visitor.browser.get(WAYS)).text


@pytest.mark.parametrize(
    ("language", "heading"), [("fi", "Kirjautumistavat"), ("sv", "S\u00e4tt att logga in"), ("en", "Ways to sign in")]
)
async def test_the_page_says_what_there_is_in_three_languages(visitor: Visitor, language: str, heading: str) -> None:
    await visitor.sign_in()
    shown = (await visitor.browser.get(f"/{language}/me/ways")).text
    assert f"<h1>{heading}</h1>" in shown
    assert f"/{language}/me/security#h-email" in shown


async def test_an_address_that_has_an_account_is_not_joined_but_its_owner_is_told(visitor: Visitor) -> None:
    """The other way round: an account of a provider asks for an address that is somebody's already."""
    await hire(visitor.service, name="Bo", staff=False)
    await visitor.sign_in()
    answer = await submit(visitor, "/en/me/security", to="/en/me/email", email="bo@example.org")
    assert answer.headers["location"] == "/en/me/security?done=sent"
    (mail,) = await delivered(visitor.service)
    assert (mail["To"], "There is one already" in words(mail)) == ("bo@example.org", True), words(mail)
    assert sorted(str(row.email) for row in await visitor.rows(Account)) == ["None", "bo@example.org"]
