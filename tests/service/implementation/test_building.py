"""What becomes of the projects that won: a history that is only added to, money that fits, endings with answers."""

import asyncio
import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError

from pb_service.core.implementation.history import broken_at
from pb_service.core.implementation.orders import (
    Assign,
    Close,
    Correct,
    Drop,
    Erase,
    GiveUp,
    Move,
    Order,
    Plan,
    Postpone,
    Reach,
    Recost,
    Reopen,
    Spend,
    Tell,
    Unpicture,
)
from pb_service.core.record.canonical import b64u, decode
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.implementation import service as implementation
from pb_service.features.implementation.errors import (
    FundedProjectNotFound,
    ImplementationChanged,
    ImplementationRefused,
    NotBuiltYet,
    NotYourUnit,
)
from pb_service.features.implementation.reading import board
from pb_service.features.implementation.reminders import owed_of
from pb_service.features.record import repository as record
from pb_service.features.rounds.errors import PhaseRefused
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.timetable import archive
from pb_service.platform.files import FileMissing
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.implementation import BENCHES, FUNDED, LIGHTS, NORTH, SWINGS, Building, building, said, unit_of
from tests.mailbox import delivered, words
from tests.rounds import REASON, staff
from tests.staff import actor_of, hire

TODAY = date(2026, 10, 5)
CONFIRMED = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
CLOSING = Close(happened=said("Tehtiin"), learned=said("Opittiin"), develop=said("Kehitetään"))


@pytest.fixture
async def site(service: Service, clock: FakeClock) -> Building:
    return await building(service, clock)


async def refused(made: Building, order: Order, code: str = BENCHES) -> list[str]:
    """The fields and codes of what is wrong with an order."""
    with pytest.raises(ImplementationRefused) as caught:
        await made.act(order, code)
    return [f"{one.field} {one.code}" for one in caught.value.problems]


def spend(amount: int, **more: object) -> Spend:
    return Spend(**{"on": TODAY, "what": {"fi": "Puutavara"}, "amount": amount, **more})  # type: ignore[arg-type]


async def test_board_has_what_the_confirmed_result_funds(site: Building) -> None:
    """Every funded project with its money stands there before anybody has worked on it; nothing before a decision."""
    async with site.service.database.reading() as session:
        found = await find_round(session, site.slug, whole=False)
        shown = await board(session, found, site.clock())
    assert [(one.funded.code, one.progress.budget, one.state) for one in shown.projects] == [
        (BENCHES, 4_000_000, "not_begun"),
        (LIGHTS, 7_000_000, "not_begun"),
        (SWINGS, 13_000_000, "not_begun"),
    ]
    assert {each[0]: each[1] for each in shown.projects[0].funded.titles} == {
        "fi": "Penkkejä rantaan", "sv": "Penkkejä rantaan (sv)", "en": "Penkkejä rantaan (en)"
    }  # fmt: skip
    with pytest.raises(FundedProjectNotFound):
        await site.built(f"{NORTH}-103")
    async with site.service.database.transaction() as session:
        await session.execute(sql("DELETE FROM result_state WHERE kind = 'confirmed'"))
    with pytest.raises(NotBuiltYet):
        await site.act(Move(state="planning"), version=0)


async def test_history_is_a_chain_that_nothing_overwrites(site: Building) -> None:
    """Unit, milestone, delay, cost: each line is there for ever, holds the hash of the one before, and none changes."""
    await site.act(Assign(unit=site.unit))
    await site.act(Plan(title=said("Penkit paikallaan"), due=date(2027, 5, 1)))
    await site.act(Postpone(milestone=2, due=date(2027, 9, 1), reason=said("Tavara viipyy")))
    await site.act(Recost(amount=4_500_000, reason=said("Puu kallistui"), decision="KH 2027-1"))
    now = await site.built()
    (milestone,) = now.progress.milestones
    assert (milestone.promised, milestone.due) == (date(2027, 5, 1), date(2027, 9, 1))
    assert (now.progress.promised, now.progress.budget) == (4_000_000, 4_500_000)
    bodies = [row.body for row in now.rows]
    assert broken_at(bodies) is None
    assert broken_at([bodies[0], bodies[1].replace(b"2027-05-01", b"2027-04-01"), *bodies[2:]]) == 3
    for statement in ("UPDATE implementation_act SET body = ''", "DELETE FROM implementation_act"):
        with pytest.raises(DBAPIError, match="only added to"):
            async with site.service.database.transaction() as session:
                await session.execute(sql(statement))


async def test_what_changes_a_promise_is_in_the_record(site: Building) -> None:
    """Other money, giving up, going on, closing: an entry names the document by its hash. An update does not."""
    await site.act(Move(state="under_way"))
    await site.act(Recost(amount=4_500_000, reason=said(), decision="KH 2027-1"))
    await site.act(GiveUp(reason=said(), decision="KH 2027-2"))
    await site.act(Reopen(reason=said()))
    await site.act(CLOSING)
    rows = [row for row in (await site.built()).rows if row.is_recorded]
    async with site.service.database.reading() as session:
        found = await find_round(session, site.slug, whole=False)
        entries = [decode(body) for body in await record.all_bodies(session, found.log)]
    told = [(one["k"], one["o"], one["h"]) for one in entries if one["k"].startswith("implementation.")]
    assert told == [
        (f"implementation.{row.kind}", f"{NORTH}/{BENCHES}", b64u(hashlib.sha256(row.body).digest())) for row in rows
    ]
    assert [kind for kind, _, _ in told] == [
        f"implementation.{kind}" for kind in ("recosted", "gaveup", "reopened", "closed")
    ]


async def test_two_people_at_once_do_not_overwrite_each_other(site: Building) -> None:
    """Of two acts over the same version one is taken, and the other hears that something changed; twice is once."""
    both = await asyncio.gather(
        site.act(spend(1_000), version=0), site.act(spend(2_000), version=0), return_exceptions=True
    )
    assert [type(one) for one in both if isinstance(one, Exception)] == [ImplementationChanged]
    once = site.unit  # any key
    first = await site.act(spend(3_000), version=1, once=once)
    again = await site.act(spend(3_000), version=1, once=once)
    assert first.id == again.id
    assert len((await site.built()).progress.spendings) == 2


async def test_money_fits_and_a_wrong_entry_stays_visible(site: Building) -> None:
    """No more is used than there is, nothing tomorrow; a correction takes the sum back and leaves the line."""
    await site.act(spend(3_000_000))
    assert await refused(site, spend(1_000_001)) == ["amount beyond_budget"]
    assert await refused(site, spend(0, what={})) == ["amount money", "what_fi required", "what_sv required"]
    assert await refused(site, spend(1, on=TODAY + timedelta(days=1))) == ["on future"]
    assert await refused(site, Recost(amount=2_999_999, reason=said(), decision="")) == [
        "amount below_spent", "decision required"
    ]  # fmt: skip
    await site.act(Correct(entry=1, reason=said("Väärä kohde")))
    now = (await site.built()).progress
    assert (now.spent, now.left, len(now.spendings)) == (0, 4_000_000, 1)
    assert await refused(site, Correct(entry=1, reason=said())) == ["entry unknown"]


async def test_closing_needs_three_answers_in_every_language(site: Building) -> None:
    """Without what happened, what was learned and what is still to be developed nothing is closed."""
    assert "act not_begun" in await refused(site, CLOSING)
    await site.act(Move(state="under_way"))
    await site.act(Plan(title=said(), due=date(2027, 1, 1)))
    assert await refused(site, Close(happened=said(), learned={"fi": "Opittiin"})) == [
        "act open_milestones", "learned_sv required", "develop_fi required", "develop_sv required"
    ]  # fmt: skip
    await site.act(Plan(title=said(), due=date(2027, 2, 1)))
    await site.act(Reach(milestone=2, on=TODAY))
    await site.act(Drop(milestone=3, reason=said("Ei tarvita")))
    assert await refused(site, Postpone(milestone=3, due=date(2028, 1, 1), reason=said())) == ["milestone unknown"]
    await site.act(CLOSING)
    now = (await site.built()).progress
    assert now.state == "done"
    assert now.ending is not None
    assert now.ending.content is not None
    assert now.ending.content["learned"] == said("Opittiin")
    assert await refused(site, Tell(text=said())) == ["act ended"]
    await site.act(Reopen(reason=said("Takuukorjaus")))
    assert (await site.built()).state == "under_way"


async def test_unit_works_and_managers_decide(site: Building) -> None:
    """People of the responsible unit tell and spend; money, giving up and the unit itself are for managers."""
    order = Tell(text=said())
    with pytest.raises(NotYourUnit):
        await site.act(order, by=site.worker)
    await site.act(Assign(unit=site.unit))
    await site.act(order, by=site.worker)
    for decision in (Recost(amount=1, reason=said(), decision="x"), GiveUp(reason=said(), decision="x")):
        with pytest.raises(Forbidden):
            await site.act(decision, by=site.worker)
    with pytest.raises(Forbidden):
        await site.act(order, by=await staff(site.service, "auditor"))
    with pytest.raises(NotYourUnit):
        await site.act(order, by=await staff(site.service, "editor"))


async def test_amended_result_changes_what_was_promised(site: Building) -> None:
    """A lower cost after an amendment is the new money; a project withdrawn stays on the board, marked so."""
    await site.act(spend(3_500_000))
    await site.state("amended", {NORTH: {BENCHES: 3_000_000}, "etela": FUNDED["etela"]})
    now = await site.built()
    assert (now.progress.budget, now.progress.left) == (3_000_000, -500_000)
    assert [(one.kind, one.amount) for one in now.funded.promises] == [
        ("preliminary", 4_000_000), ("confirmed", 4_000_000), ("amended", 3_000_000)
    ]  # fmt: skip
    assert not (await site.built(LIGHTS)).funded.is_funded


async def test_picture_has_its_texts_and_can_be_taken_away(site: Building) -> None:
    """A picture without its texts is refused; one taken away leaves its line, and its file is gone."""
    body = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(body, "PNG")

    async def add(alt: dict[str, str], version: int) -> None:
        async with site.service.database.transaction() as session:
            found = await find_round(session, site.slug, for_update=True, whole=False)
            await implementation.add_picture(
                session, site.manager, site.service.files, found, (NORTH, BENCHES),
                body=body.getvalue(), name="a.png", alt=alt, version=version, now=site.clock(),
            )  # fmt: skip

    with pytest.raises(ImplementationRefused) as caught:
        await add({"en": "Benches"}, 0)
    assert caught.value.problems == [Problem("alt_fi", "required", {}), Problem("alt_sv", "required", {})]
    await add(said("Penkit"), 0)
    row = (await site.built()).rows[-1]
    assert row.file_id is not None
    await site.act(Unpicture(picture=1, reason=said("Kuvassa on ihminen")))
    now = await site.built()
    assert (now.progress.pictures, len(now.rows)) == ((), 2)
    with pytest.raises(FileMissing):
        async with site.service.database.reading() as session:
            await site.service.files.open(session, row.file_id)


async def test_a_text_can_be_erased_and_its_hash_stays(site: Building) -> None:
    """Of a line, a line in the record and money: the words are gone, what they decided stands, the chain too. Once;
    a line without words has nothing to erase, and the text of a picture stands as long as the picture."""
    await site.act(Recost(amount=4_500_000, reason=said("Matti Meikäläinen"), decision="KH 2027-1"))
    await site.act(Spend(on=TODAY, what={"fi": "Matti Meikäläinen"}, amount=100, receipt="Meikäläinen 7"))
    before = [row.sha256 for row in (await site.built()).rows]
    for line in (1, 2):
        await site.act(Erase(line=line, reason=said("Nimi")))
    now = await site.built()
    bodies = [row.body for row in now.rows]
    assert broken_at(bodies) is None
    assert [row.sha256 for row in now.rows[:2]] == before
    assert not any("Meikäläinen".encode() in body for body in bodies)
    assert (now.progress.budget, now.progress.spent) == (4_500_000, 100)
    assert decode(bodies[0])["content"]["said"] == {
        "was": 4_000_000, "amount": 4_500_000, "reason": {}, "decision": "KH 2027-1"
    }  # fmt: skip
    async with site.service.database.reading() as session:
        assert await record.file_body(session, before[0]) is None
    assert await refused(site, Erase(line=1, reason=said())) == ["line unknown"]
    assert await refused(site, Erase(line=9, reason=said())) == ["line unknown"]


async def test_units_are_reminded_of_what_they_promised(site: Building) -> None:
    """A day that has passed, or three months without a word: each person of the unit gets one mail with all of it."""
    member = await hire(site.service, "assessor", name="Mikael Sjö")
    unit = await unit_of(site.service, [await actor_of(site.service, member)], "Kadut")
    for code in (BENCHES, LIGHTS, SWINGS):
        await site.act(Assign(unit=unit), code)
    await site.act(Plan(title=said(), due=date(2026, 10, 20)))
    await site.act(GiveUp(reason=said(), decision="KH 2027-9"), SWINGS)
    for days, expected in ((0, []), (30, [f"{NORTH}/{BENCHES}"]), (91, [f"{NORTH}/{BENCHES}", f"{NORTH}/{LIGHTS}"])):
        site.clock.now = CONFIRMED + timedelta(days=days)
        async with site.service.database.reading() as session:
            found = await find_round(session, site.slug, whole=False)
            owed = owed_of(await board(session, found, site.clock()), site.clock())
        assert ["/".join(each.one.key) for each in owed] == expected
    (mail,) = await delivered(site.service)
    assert "Penkkejä rantaan (en): a promised day has passed" in words(mail)
    assert "Valoja polulle (en): nothing was told for three months" in words(mail)


async def test_round_is_not_archived_while_something_is_built(site: Building) -> None:
    """Every funded project is done or given up before a round is over; then nothing changes any more."""

    async def over() -> None:
        async with site.service.database.transaction() as session:
            await archive(session, site.manager, site.slug, reason=REASON, now=site.clock())

    with pytest.raises(PhaseRefused) as caught:
        await over()
    assert caught.value.problems == [Problem("phase", "still_built", {"count": 3})]
    for code in (BENCHES, LIGHTS, SWINGS):
        await site.act(GiveUp(reason=said(), decision="KH 2027-9"), code)
    await over()
    assert await refused(site, Reopen(reason=said())) == ["act phase"]
