"""Lists of people on their way to the roll: looked at without a word of them, read row by row, compared, taken."""

import asyncio
import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from pb_service.core.rounds.setup import EligibilityStep
from pb_service.core.voting.roll_rows import Reading, RollFileError
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.roll import corrections, imports, repository
from pb_service.features.roll.ages import years_of_birth
from pb_service.features.roll.corrections import Addition
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.jobs import sweep, tidy
from pb_service.features.roll.reading import read_batch
from pb_service.features.roll.standing import entitlement, find_on_roll, standings
from pb_service.features.roll.tables import RollBatch, RollRecord, RollSealed, RollUploadPart
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rolls import ROLLED, batch_now, code, handed_in, listed, proven, read_in, taken
from tests.sheets import workbook
from tests.voting import OpenVote, prepared_vote


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    """A round whose set-up asks for a roll, in which there are two districts of free choice."""
    return await rolled_vote(service, clock)


async def rolled_vote(service: Service, clock: FakeClock, rule: EligibilityStep = ROLLED, **steps: Any) -> OpenVote:
    return await prepared_vote(service, clock, eligibility=rule, **steps)


async def count(service: Service, table: Any) -> int:
    async with service.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_who_is_on_the_roll_can_vote(vote: OpenVote) -> None:
    """A person whom a provider has proven is found by her number, in whatever spelling; another account is not."""
    service = vote.service
    await taken(service, vote.registrar.actor, listed(range(20)))
    on, off, account = await proven(service, 7), await proven(service, 99), await vote.voter()
    other = await proven(service, 7, scheme="school")
    async with service.database.reading() as session:
        found = await find_round(session, "spring")
        [standing] = await standings(session, found, on, keys=service.keys)
        nobody = [await standings(session, found, each, keys=service.keys) for each in (off, account, other)]
        [desk] = await find_on_roll(session, found.id, await entitlement(session, found), code(7), keys=service.keys)
    assert (standing.group, standing.cls, standing.district) == ("pohjoinen", "idt", "pohjoinen")
    assert nobody == [[], [], []]
    assert (desk.alias, desk.cls) == (standing.alias, "desk")


async def test_no_number_is_stored(vote: OpenVote) -> None:
    """Neither before nor after a list is read does any table hold a number in clear, nor what was handed in."""
    service = vote.service
    await handed_in(service, vote.registrar.actor, listed(range(20)))
    batch = await taken(service, vote.registrar.actor, listed(range(20)))
    needles = [code(3), code(3).encode().hex(), "hetu;alue"]
    async with service.database.reading() as session:
        tables = (await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        for table in tables:
            dump = await session.scalar(text(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")) or ""  # noqa: S608
            assert not any(needle in dump for needle in needles), table
    shown = json.dumps([batch.shape, batch.counts, batch.problems])
    assert "999999-999" in shown
    assert not re.search(r"[0-9]{6}[-A]", shown.replace("999999", ""))
    assert await count(service, RollSealed) == 1


async def test_a_report_names_rows(vote: OpenVote) -> None:
    """What is wrong is told by row and code; who comes twice is taken once; empty rows count as rows of the sheet."""
    rows = [
        "hetu;alue;kieli",
        f"{code(1)};Pohjoinen;fi",
        f"{code(2)[:-1]}*;Pohjoinen;fi",
        "",
        f"{code(1).lower()};ETELA;sv",
        ";Pohjoinen;fi",
        f"{code(3)};Kuu;fi",
        "310299-901A;etela;fi",
        f"{code(4)};etela;suomi",
    ]
    batch = await read_in(vote.service, vote.registrar.actor, "\n".join(rows).encode())
    assert batch.problems == [
        [3, "identifier"], [5, "repeated", 2], [6, "no_identifier"], [7, "district"], [8, "identifier"]
    ]  # fmt: skip
    counts = batch.counts
    assert (counts["rows"], counts["good"], counts["bad"], counts["repeated"], counts["people"]) == (7, 2, 4, 1, 2)
    assert await count(vote.service, RollRecord) == 2


async def test_who_is_too_young_is_left_out(service: Service, clock: FakeClock) -> None:
    """The day of birth in a code is held against the round's rule, and not kept."""
    vote = await rolled_vote(service, clock, EligibilityStep(roll="all", min_age=70, age_on="2026-12-31"))
    batch = await read_in(service, vote.registrar.actor, listed([1, 99 * 365 * 10]))
    assert batch.problems == [[3, "age"]]


async def test_a_second_import_is_a_difference(vote: OpenVote) -> None:
    """Who is added, gone and changed is told before it is taken; the others keep their aliases."""
    service, registrar = vote.service, vote.registrar.actor
    await taken(service, registrar, listed(range(10)))
    before = await aliases(service)
    second = listed(range(4)) + listed(range(4, 8), district="Etela").split(b"\r\n", 1)[1]
    batch = await read_in(service, registrar, second + f"{code(50)};Etela;fi\r\n".encode())
    assert {what: batch.counts[what] for what in ("added", "gone", "changed", "same")} == {
        "added": 1, "gone": 2, "changed": 4, "same": 4,
    }  # fmt: skip
    assert batch.counts["lines"] == {"added": [10], "changed": [6, 7, 8, 9]}
    assert await aliases(service) == before
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        with pytest.raises(RollRefused, match="changed"):
            await imports.take(session, registrar, found, batch.id, gone=1, now=service.clock())
        await imports.take(session, registrar, found, batch.id, gone=2, now=service.clock())
    after = await aliases(service)
    assert len(after) == 9
    assert len(after & before) == 4
    await tidy(service, {})
    assert await count(service, RollRecord) == 9


async def aliases(service: Service) -> set[bytes]:
    """The aliases of the roll as it is."""
    current = select(RollRecord.alias).join(RollBatch, RollBatch.id == RollRecord.batch_id)
    async with service.database.reading() as session:
        return set(await session.scalars(current.where(RollBatch.state == "current")))


async def test_a_roll_knows_years_of_birth_for_a_count(vote: OpenVote) -> None:
    """Of identity codes by themselves, else of a column; of a date the year alone; of nobody when it is erased."""
    service, by = vote.service, vote.registrar.actor
    await taken(service, by, listed(range(3)))
    assert await years(vote) == {1950: 3}
    rows = ["id;alue;Syntymäaika", "a1;etela;2.5.1987", "a2;etela;1987", "a3;etela;", "a4;pohjoinen;2001-12-31"]
    await taken(service, by, "\n".join(rows).encode(), scheme="town")
    assert await years(vote) == {1987: 2, 2001: 1, None: 1}
    async with service.database.transaction() as session:
        await repository.erase(session, (await find_round(session, "spring")).id, service.clock())
    assert await years(vote, [("etela", b"a" * 32)]) == {None: 1}


async def years(vote: OpenVote, people: list[tuple[str, bytes]] | None = None) -> Counter[int | None]:
    """When the people of the roll were born."""
    current = select(RollRecord.group, RollRecord.alias).join(RollBatch, RollBatch.id == RollRecord.batch_id)
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        rows = await session.execute(current.where(RollBatch.state == "current"))
        people = people or [(group, alias) for group, alias in rows]
        return await years_of_birth(session, found, people, keys=vote.service.keys)


async def test_of_two_imports_the_first_is_taken(vote: OpenVote) -> None:
    """Two at once: both are read, one is taken, and the other must be compared again before it can be."""
    service, registrar = vote.service, vote.registrar.actor
    first, second = await asyncio.gather(
        read_in(service, registrar, listed(range(10))), read_in(service, registrar, listed(range(5, 20)))
    )

    async def take(batch: RollBatch) -> str:
        try:
            async with service.database.transaction() as session:
                found = await find_round(session, "spring")
                await imports.take(session, registrar, found, batch.id, gone=batch.counts["gone"], now=service.clock())
        except RollRefused as error:
            return error.code
        return "taken"

    assert sorted(await asyncio.gather(take(first), take(second))) == ["changed", "taken"]
    left = first if (await batch_now(service, first)).state == "read" else second
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        again = await imports.compare_again(session, registrar, found, left.id, now=service.clock())
    assert again.counts["same"] == 5
    assert await take(again) == "taken"
    assert len(await aliases(service)) == left.counts["people"]


async def test_who_was_added_meanwhile_is_not_lost_unseen(vote: OpenVote) -> None:
    """A list that was compared before somebody was put on the roll must be compared again: it would take her off."""
    service, registrar = vote.service, vote.registrar.actor
    await taken(service, registrar, listed(range(10)))
    batch = await read_in(service, registrar, listed(range(10)))
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        wanted = Addition(code(50), "pohjoinen")
        await corrections.add(session, registrar, found, wanted, keys=service.keys, now=service.clock())
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        with pytest.raises(RollRefused, match="changed"):
            await imports.take(session, registrar, found, batch.id, gone=0, now=service.clock())
        again = await imports.compare_again(session, registrar, found, batch.id, now=service.clock())
    assert again.counts["gone"] == 1


async def test_a_reading_begun_again_reads_once(vote: OpenVote) -> None:
    """A job that runs twice makes no second set of records; one that was dropped meanwhile makes none."""
    service, registrar = vote.service, vote.registrar.actor
    batch = await read_in(service, registrar, listed(range(10)))
    await read_batch(service, batch.id)
    assert await count(service, RollRecord) == 10
    waiting = await handed_in(service, registrar, listed(range(3)))
    async with service.database.transaction() as session:
        await imports.drop(session, registrar, await find_round(session, "spring"), waiting.id, now=service.clock())
    await read_batch(service, waiting.id)
    assert await count(service, RollRecord) == 10
    assert await count(service, RollUploadPart) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \r\n\n ", "empty"),
        (b"hetu;alue\n\0\0\0", "not_a_table"),
        (b"PK\x03\x04 and nothing of a workbook", "not_a_table"),
        (b";".join([b"a"] * 300), "too_many_columns"),
    ],
)
async def test_what_is_no_list_is_refused(vote: OpenVote, body: bytes, code: str) -> None:
    with pytest.raises(RollFileError, match=code):
        await handed_in(vote.service, vote.registrar.actor, body)
    assert await count(vote.service, RollBatch) == 0


async def test_a_lost_quotation_mark_ends_the_reading(vote: OpenVote) -> None:
    """A mark without its partner would swallow the rest: the import fails and says so, and nothing of it stays."""
    body = listed(range(3)) + b'"\r\n' + b"x" * 60 * 40_000
    batch = await read_in(vote.service, vote.registrar.actor, body)
    assert (batch.state, batch.counts) == ("failed", {"error": "quote"})
    assert await count(vote.service, RollUploadPart) == await count(vote.service, RollRecord) == 0


async def test_fixed_width(vote: OpenVote) -> None:
    """Columns of fixed width are found by what parts them, and said otherwise if the guess is wrong."""
    rows = [f"{code(number)}  {'Pohjoinen':<12}{'fi':<3}" for number in range(5)]
    body = "\n".join(rows).encode()
    batch = await read_in(vote.service, vote.registrar.actor, body, reading={"district": 1, "language": 2})
    assert (batch.kind, batch.counts["good"], batch.counts["by_district"]) == ("fixed", 5, {"pohjoinen": {"added": 5}})


async def test_a_workbook(vote: OpenVote) -> None:
    """The first sheet of a workbook is a list like any other; rows have the numbers that a spreadsheet shows."""
    rows: list[list[object]] = [
        ["hetu", "alue"],
        [code(1), "Pohjoinen"],
        ["", ""],
        [code(2), "Etela"],
        [code(1), "Etela"],
        [12.0, "Etela"],
    ]
    batch = await read_in(vote.service, vote.registrar.actor, workbook(rows))
    assert (batch.kind, batch.counts["people"]) == ("xlsx", 2)
    assert batch.problems == [[5, "repeated", 2], [6, "identifier"]]


async def test_columns_parted_otherwise(vote: OpenVote) -> None:
    """Whoever knows better than the guess says so, and sees the list again before it is read."""
    service, registrar = vote.service, vote.registrar.actor
    batch = await handed_in(service, registrar, "".join(f"{code(k)}|a;b;c\n" for k in range(9)).encode())
    assert len(batch.shape["columns"]) == 3
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        reading = Reading("csv", 0, delimiter="|")
        again = await imports.show_as(
            session, registrar, found, batch.id, reading, keys=service.keys, now=service.clock()
        )
    assert (len(again.shape["columns"]), again.shape["identifiers"]) == (2, 9)


async def test_only_a_registrar_imports(vote: OpenVote) -> None:
    with pytest.raises(Forbidden):
        await handed_in(vote.service, vote.manager, listed(range(3)))


async def test_a_round_without_a_roll_takes_no_list(service: Service, clock: FakeClock) -> None:
    vote = await prepared_vote(service, clock)
    with pytest.raises(RollRefused, match="no roll"):
        await handed_in(service, vote.registrar.actor, listed(range(3)))


async def test_a_list_that_nobody_has_read_goes(vote: OpenVote, clock: FakeClock) -> None:
    """After a day what was handed in is let go."""
    batch = await handed_in(vote.service, vote.registrar.actor, listed(range(3)))
    clock.advance(timedelta(hours=25))
    await sweep(vote.service, {})
    assert (await batch_now(vote.service, batch)).state == "dropped"
    assert await count(vote.service, RollUploadPart) == 0
