"""The roll of an open vote changes by the record alone; and it ends when its time has passed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from pb_service.core.record.canonical import b64u, decode, unb64u
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.record import service as record
from pb_service.features.roll import repository
from pb_service.features.roll.corrections import Addition
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.evidence import people_of
from pb_service.features.roll.jobs import erase, months_after
from pb_service.features.roll.standing import entitlement, find_on_roll, roll_key_name, standings
from pb_service.features.roll.tables import RollChange, RollRecord, RollSealed
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import RoundAct
from pb_service.features.voting import roll_changes
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rolls import ROLLED, code, listed, opened, proven, signed, taken
from tests.voting import Official, OpenVote, close, counted, prepared_vote, verified

WHY = {"fi": "Muutti ennen määräpäivää.", "sv": "Flyttade före dagen."}


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    """An open vote with twenty people on the roll of the north."""
    vote = await prepared_vote(service, clock, eligibility=ROLLED)
    await taken(service, vote.registrar.actor, listed(range(20)))
    await signed(vote)
    return await opened(vote)


async def act(vote: OpenVote, what: Any, *arguments: Any, by: Official | None = None, **more: Any) -> Any:
    """Do something with the roll as the registrar."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, "spring", for_update=True)
        return await what(session, (by or vote.registrar).actor, found, *arguments, now=vote.clock(), **more)


async def sign(vote: OpenVote, change: RollChange, role: str) -> bool:
    person = vote.registrar if role == "registrar" else vote.auditor
    made = person.sign(decode(change.entry))
    done: bool = await act(vote, roll_changes.sign, change.id, role, by=person, **made)
    return done


async def found_at_desk(vote: OpenVote, number: int) -> int:
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        rule = await entitlement(session, found)
        return len(await find_on_roll(session, found.id, rule, code(number), keys=vote.service.keys))


async def test_a_late_addition_counts_when_two_have_signed_it(vote: OpenVote) -> None:
    """Asked, signed, logged; the checker knows the entry, and auditors find the person marked late."""
    keys = vote.service.keys
    [change] = await act(vote, roll_changes.ask_late, Addition(code(50), "pohjoinen"), WHY, keys=keys)
    assert not await sign(vote, change, "registrar")
    assert await found_at_desk(vote, 50) == 0
    assert await sign(vote, change, "auditor")
    assert await found_at_desk(vote, 50) == 1
    with pytest.raises(RollRefused, match="already"):
        await sign(vote, change, "auditor")
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        lines = [decode(line.rstrip()) async for line in people_of(session, found, "pohjoinen", keys=keys)]
    assert [line["pid"] for line in lines if line.get("late")] == [code(50)]
    assert len(lines) == 21
    await close(vote)
    await counted(vote)
    assert (await verified(vote))["verdict"] == "pass"


async def test_who_is_on_the_roll_is_not_added_again(vote: OpenVote) -> None:
    keys = vote.service.keys
    for number in (3, 50, 50):
        wanted = Addition(code(number), "pohjoinen")
        asking = act(vote, roll_changes.ask_late, wanted, WHY, keys=keys)
        if number == 3:
            with pytest.raises(RollRefused, match="already"):
                await asking
        else:
            [change] = await asking
            await act(vote, roll_changes.drop, change.id)
    with pytest.raises(ReasonMissing):
        await act(vote, roll_changes.ask_late, Addition(code(50), "pohjoinen"), {}, keys=keys)
    assert await found_at_desk(vote, 50) == 0


async def test_who_is_taken_off_has_no_standing(vote: OpenVote) -> None:
    """A notice in the record says so, with the alias and a reason and without the person."""
    service = vote.service
    person = await proven(service, 7)
    given: dict[str, Any] = {"keys": service.keys, "operator": service.operator_key}
    assert await act(vote, roll_changes.remove, code(7), WHY, **given) == []
    with pytest.raises(RollRefused, match="not on the roll"):
        await act(vote, roll_changes.remove, code(7), WHY, **given)
    await service.sequencer.settle(0.01)
    async with service.database.reading() as session:
        found = await find_round(session, "spring")
        assert await standings(session, found, person, keys=service.keys) == []
        bodies = await record.entries(session, found.log)
        [notice] = [entry for entry in map(decode, bodies) if entry["k"] == "notice"]
        alias = await session.scalar(select(RollRecord.alias).where(RollRecord.removed_at.is_not(None)))
    async with service.database.reading() as session:
        said = decode(await record.get_file(session, unb64u(notice["f"], 32)))
    assert said["groups"] == [{"g": "pohjoinen", "a": b64u(alias or b"")}]
    assert said["texts"][0] == ["fi", WHY["fi"]]


async def test_a_roll_is_erased_when_its_time_has_passed(vote: OpenVote, clock: FakeClock) -> None:
    """Rows, sealed ids and the key go; root, count and the public file stay; and no key is made anew."""
    service = vote.service
    person = await proven(service, 7)
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        session.add(RoundAct(round_id=found.id, kind="phase.changed", at=clock(), target="implementation", about={}))
    key = Path(service.keys.path) / f"{roll_key_name(found.id)}.key"
    clock.advance(timedelta(days=150))
    await erase(service, {})
    assert key.exists()
    clock.advance(timedelta(days=40))
    await erase(service, {})
    await erase(service, {})
    async with service.database.reading() as session:
        for table in (RollRecord, RollSealed):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        found = await find_round(session, "spring")
        assert await standings(session, found, person, keys=service.keys) == []
        assert {root.group: root.count for root in await repository.roots_of(session, found.id)} == {
            "pohjoinen": 20, "etela": 0,
        }  # fmt: skip
    assert not key.exists()


def test_months_end_with_their_last_day() -> None:
    assert months_after(datetime(2026, 8, 31, tzinfo=UTC), 6) == datetime(2027, 2, 28, tzinfo=UTC)
    assert months_after(datetime(2026, 12, 15, tzinfo=UTC), 1) == datetime(2027, 1, 15, tzinfo=UTC)
