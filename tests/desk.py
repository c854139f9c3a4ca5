"""Builders of the desk: a place with a box, officers who give paper, and people who count it after the close."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from pb_service.core.record.canonical import decode
from pb_service.core.rounds.documents import Ballot
from pb_service.features.accounts.policy import Actor, Role
from pb_service.features.counting import sealed
from pb_service.features.desk import boxes, handing, places
from pb_service.features.desk.people import Person, Typed, find_person
from pb_service.features.desk.tables import DeskPlace
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders
from pb_service.features.voting.tables import VoteOrder
from tests.rounds import staff
from tests.staff import Desk, Member, hire
from tests.voting import Official, OpenVote, close

BOX = "KIRJASTO-1"
#: The desk of the round spring.
PAGE = "staff/rounds/spring/desk"


@dataclass
class DeskVote:
    """An open vote with a place where paper is given, and everybody who counts it."""

    vote: OpenVote
    place: DeskPlace
    third: Actor

    async def person(self, typed: Typed) -> Person:
        polling = await self.vote.polling()
        async with self.vote.service.database.reading() as session:
            found = await find_person(session, polling, typed, keys=self.vote.service.keys)
        assert found
        return found

    async def ask(self, person: Person, contest: str = "pohjoinen", *, by: Actor | None = None) -> VoteOrder:
        """Begin to give a person paper."""
        vote, polling = self.vote, await self.vote.polling()
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            return await handing.give(
                session, by or vote.desks[0].actor, found, polling, person,
                contest=contest, place_id=self.place.id, now=vote.clock(),
            )  # fmt: skip

    async def sign(self, order: VoteOrder, official: Official, role: Role = "desk") -> bool:
        vote = self.vote
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            waiting = await orders.waiting_order(session, found, order.id)
            return await orders.sign(
                session, official.actor, found, order.id, role, **official.sign(waiting.entry),
                kinds=("paper", "env", "paperlist", "strike"), operator=vote.service.operator_key, now=vote.clock(),
            )  # fmt: skip

    async def look_up(self, order: VoteOrder, by: Actor, person: Person) -> str:
        """Look a person up for a paper ballot that somebody else began; what lets one sign, or nothing."""
        vote, polling = self.vote, await self.vote.polling()
        async with vote.service.database.reading() as session:
            waiting = await orders.waiting_order(session, await find_round(session, vote.slug), order.id)
            return handing.seen_by(by, waiting, polling, person, keys=vote.service.keys, now=vote.clock())

    async def hand(self, order: VoteOrder, official: Official, seen: str = "") -> bool:
        """Sign for a paper ballot as the desk does."""
        vote = self.vote
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            signed = official.sign((await orders.waiting_order(session, found, order.id)).entry)
            return await handing.sign(
                session, official.actor, found, order.id, seen, **signed, keys=vote.service.keys, now=vote.clock()
            )

    async def give(self, person: Person, contest: str = "pohjoinen") -> VoteOrder:
        """Give a person paper, with both signatures."""
        order = await self.ask(person, contest)
        assert not await self.sign(order, self.vote.desks[0])
        assert await self.sign(order, self.vote.desks[1])
        return order

    async def account(self, given: int, *, spoilt: int = 0, returned: int = 0, contest: str = "pohjoinen") -> None:
        """Enter the account of the box."""
        vote = self.vote
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            await boxes.enter_account(
                session, vote.desks[0].actor, found, contest, BOX,
                given=given, in_box=given - spoilt - returned, spoilt=spoilt, returned=returned, now=vote.clock(),
            )  # fmt: skip

    async def read(self, by: Actor, hand: int, said: Mapping[int, Ballot | None], contest: str = "pohjoinen") -> None:
        """Key ballots in by their numbers."""
        vote, polling = self.vote, await self.vote.polling()
        for number, ballot in said.items():
            async with vote.service.database.transaction() as session:
                found = await find_round(session, vote.slug, for_update=True)
                await boxes.read_ballot(
                    session, by, found, contest, BOX, hand=hand, number=number, said=ballot,
                    shape=polling.manifest.contests[contest].shape, now=vote.clock(),
                )  # fmt: skip

    async def box(self, contest: str = "pohjoinen") -> boxes.Box:
        async with self.vote.service.database.reading() as session:
            found = await find_round(session, self.vote.slug)
            return await boxes.box_called(session, found, contest, BOX)

    async def sample(self, said: Mapping[int, Ballot | None], contest: str = "pohjoinen") -> list[int]:
        """Let the auditor draw a sample and read it."""
        vote = self.vote
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            drawn = await boxes.draw_sample(session, vote.auditor.actor, found, contest, BOX)
        await self.read(vote.auditor.actor, boxes.AUDITOR, {number: said[number] for number in drawn}, contest)
        return drawn

    async def listed(self, contest: str = "pohjoinen") -> VoteOrder:
        """Make the list of a contest."""
        vote = self.vote
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            return await boxes.make_list(session, vote.desks[0].actor, found, contest, now=vote.clock())

    async def count_sealed(self) -> bool:
        """Let the count go on as far as it can; whether it is published."""
        async with self.vote.service.database.reading() as session:
            found = await find_round(session, self.vote.slug, whole=False)
        await self.vote.service.sequencer.settle(0.01)
        is_published = await sealed.count(self.vote.service, found.id)
        await self.vote.service.sequencer.settle(0.01)
        return is_published

    async def close(self) -> None:
        await close(self.vote)
        await self.vote.service.sequencer.settle(0.01)


async def desk_vote(vote: OpenVote) -> DeskVote:
    """Add a place to an open vote."""
    third = await staff(vote.service, "desk")
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        manager: Any = vote.manager
        place = await places.add_place(session, manager, found, "Kirjasto", BOX, now=vote.clock())
    return DeskVote(vote, place, third)


def neighbour(number: int) -> Typed:
    """Somebody without an account."""
    return Typed(name=f"Aino Esimerkki {number}", born=date(1950, 1, 1 + number))


async def enter(desk: Desk, person: Official) -> None:
    assert person.actor.account_id
    await desk.enter(Member(person.actor.account_id, "", ""))


def entry_in(shown: str) -> dict[str, str]:
    """What the page asks to be signed."""
    found = re.search(r'name="entry" value="([^"]+)"', shown)
    assert found, shown
    entry: dict[str, str] = decode(found[1].replace("&#34;", '"').encode())
    return entry


async def sign(desk: Desk, person: Official, page: str, shown: str = "", **fields: str) -> httpx.Response:
    """Send what the button of that person's browser sends."""
    shown = shown or (await desk.get(page)).text
    signed = person.sign(entry_in(shown))
    if seen := re.search(r'name="seen" value="([^"]+)"', shown):
        fields["seen"] = seen[1]
    return await desk.post(f"{page}/sign", on=page, key=signed["public_key"], signature=signed["signature"], **fields)


async def with_place(desk: Desk, vote: OpenVote) -> Member:
    manager = await hire(vote.service, "manager", name="Katri")
    await desk.enter(manager)
    assert "place" in (await desk.post(f"{PAGE}/places", on=PAGE, place="Kirjasto", no="K-1")).headers["location"]
    return manager


def place_of(shown: str) -> str:
    found = re.search(r'<select id="at-1" name="at"><option value="([^"]+)"', shown)
    assert found, shown
    return found[1]
