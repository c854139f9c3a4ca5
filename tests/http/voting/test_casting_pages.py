"""After the vote: who sees what deserves a look, and when; counters of pages; the reminder on the review."""

import asyncio
import re

import httpx
import pytest

from pb_service.features.voting import visits
from tests.staff import Desk, hire
from tests.voting import Booth, OpenVote, close, posted

PAGE = "staff/rounds/spring/casting"
VOTE = "/en/rounds/spring/vote"


async def test_managers_and_auditors_see_it_after_the_vote(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """Before the close there is nothing to see for anybody; after it no choice is on the page."""
    booth = await Booth.enter(client, vote)
    assert (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).status_code == 201
    desk = Desk(client, vote.service)
    await desk.enter(await hire(vote.service, "auditor"))
    assert "not closed yet" in (await desk.get(PAGE)).text
    await close(vote)
    await desk.enter(await hire(vote.service, "manager", name="Mauno"))
    shown = (await desk.get(PAGE)).text
    assert "Nothing was flagged" in shown
    assert "Penkkejä" not in shown
    await desk.enter(await hire(vote.service, "moderator", name="Outi"))
    assert (await desk.get(PAGE)).status_code == 403


async def test_pages_are_counted_by_step_and_language_alone(
    client: httpx.AsyncClient, vote: OpenVote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that come from the cache of pages; who is not signed in stops at the sign-in."""
    monkeypatch.setattr(visits, "EVERY", 0)
    for _ in range(3):
        await client.get(f"{VOTE}?contest=pohjoinen")
    await client.get(f"{VOTE}/review?contest=pohjoinen")
    await Booth.enter(client, vote)
    await client.get(f"{VOTE}/review?contest=pohjoinen")
    await client.get("/sv/rounds/spring/vote/cast?contest=pohjoinen")
    async with vote.service.database.reading() as session:
        round_id = (await vote.polling()).round_id
    wanted = {
        "en": {"ballot": 3, "identify": 1, "review": 1, "cast": 0, "receipt": 0},
        "sv": {"ballot": 0, "identify": 0, "review": 0, "cast": 1, "receipt": 0},
    }
    found: dict[str, dict[str, int]] = {}
    async with asyncio.timeout(120):  # they are counted after the answer
        while found != wanted:
            async with vote.service.database.reading() as session:
                found = await visits.figures(session, round_id)
            await client.get("/live")


async def test_the_review_offers_a_reminder_and_takes_it_back(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """To whom we can write, as long as she has not voted; the button leads back to where it was pressed."""
    booth = await Booth.enter(client, vote)
    page = f"{VOTE}/review?contest=pohjoinen"
    for button, wanted in (("Remind me by mail", "yes"), ("Do not remind me", "no"), ("Remind me by mail", "yes")):
        shown = (await client.get(page)).text
        assert button in shown
        token = re.search('name="csrf" value="([^"]+)"', shown)
        assert token
        fields = {"csrf": token[1], "wanted": wanted, "back": page}
        answer = await client.post(f"{VOTE}/reminder", data=fields, headers={"origin": "http://localhost"})
        assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).status_code == 201
    assert "Remind me" not in (await client.get(page)).text
