"""Proposals from paper, phone and tables: no row twice, bad rows told one by one, every one in the record."""

from uuid import uuid4

import pytest

from pb_service.features.accounts.policy import Actor, Forbidden
from pb_service.features.proposals import entering, jobs, repository
from pb_service.features.proposals.entering import Report
from pb_service.features.proposals.errors import ImportRefused
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import enter_phase, open_round, record_kinds, resident, round_called, words
from tests.rounds import staff
from tests.sheets import workbook

TABLE = (
    "Otsikko;Tarve;Kuvaus;Alue;Teema;Kustannus\n"
    "Penkkejä;Ei istumapaikkaa;Kolme penkkiä;Pohjoinen;Kadut ja liikenne;12 000,50\n"
    "Vesi;;Hana;etela;;\n"
)


@pytest.fixture
async def desk(service: Service, clock: FakeClock) -> Actor:
    await open_round(service, clock)
    return await staff(service, "desk")


async def look(service: Service, actor: Actor, body: bytes | str) -> Report:
    data = body.encode() if isinstance(body, str) else body
    async with service.database.transaction() as session:
        return await entering.import_preview(session, actor, "spring", data, filename="f.csv", now=service.clock())


async def take(service: Service, actor: Actor, body: bytes | str, *, leave_out_bad: bool = False) -> Report:
    seen = await look(service, actor, body)
    assert seen.upload
    async with service.database.transaction() as session:
        return await entering.import_apply(
            session, actor, "spring", seen.upload, leave_out_bad=leave_out_bad, now=service.clock()
        )


async def test_a_form_from_paper_is_one_proposal_however_often_it_is_sent(service: Service, desk: Actor) -> None:
    once = uuid4()
    for _ in range(2):
        async with service.database.transaction() as session:
            made = await entering.enter(
                session, desk, "spring", words(), channel="paper", author_name="Eino", once=once, now=service.clock()
            )
    assert (made.number, made.channel, made.authors[0].shown_name, made.show_author) == (1, "paper", "Eino", "hidden")
    assert (await record_kinds(service)).count("proposal.received p1") == 1


@pytest.mark.usefixtures("desk")
async def test_residents_do_not_enter_for_others(service: Service) -> None:
    with pytest.raises(Forbidden):
        async with service.database.transaction() as session:
            await entering.enter(
                session, await resident(service), "spring", words(), channel="phone", once=uuid4(), now=service.clock()
            )


async def test_looking_at_a_table_changes_nothing(service: Service, desk: Actor) -> None:
    seen = await look(service, desk, TABLE)
    assert (seen.rows, seen.new, seen.known, seen.bad_rows) == (2, 2, 0, 0)
    assert (seen.first[0].theme, seen.first[0].cost_hint, seen.first[1].district) == ("streets", 1_200_050, "etela")
    assert await record_kinds(service) == ["round.published spring"]


async def test_the_same_table_twice_imports_nothing_twice(service: Service, desk: Actor) -> None:
    assert (await take(service, desk, TABLE)).new == 2
    assert (await take(service, desk, TABLE)).new == 0
    longer = await take(service, desk, TABLE + "Kolmas;;Uusi;;;\n")
    assert (longer.new, longer.known) == (1, 2)
    assert (await record_kinds(service))[1:] == [f"proposal.received p{number}" for number in (1, 2, 3)]


async def test_bad_rows_are_told_by_line_and_left_out_only_when_asked(service: Service, desk: Actor) -> None:
    table = TABLE + ";;Nimetön;;;\nLänsi;;;Länsi;;\nHinta;;;;;paljon\n"
    seen = await look(service, desk, table)
    assert [(item.line, item.column, item.code) for item in seen.problems] == [
        (4, "title", "required"),
        (5, "district", "no_district"),
        (6, "cost", "money"),
    ]
    with pytest.raises(ImportRefused):
        await take(service, desk, table)
    assert (await take(service, desk, table, leave_out_bad=True)).new == 2


async def test_a_long_table_is_taken_in_by_a_job_that_goes_on_where_it_was(service: Service, desk: Actor) -> None:
    """Its bad rows are told and left out; a job that dies half-way and comes again takes nothing twice."""
    bad = "".join(f"Huono {number};;x;Ei mikään;;\n" for number in range(20))
    long = TABLE + "".join(f"Idea {number};;Teksti {number};;;\n" for number in range(2_100)) + bad
    seen = await look(service, desk, long)
    assert (seen.rows, seen.new, seen.bad_rows, len(seen.problems)) == (2_122, 2_102, 20, 20)
    assert seen.upload
    async with service.database.transaction() as session:
        taken = await entering.import_apply(
            session, desk, "spring", seen.upload, leave_out_bad=True, now=service.clock()
        )
        assert taken.by_job
        begun = await entering.import_begin(session, seen.upload)
        assert begun
        await entering.import_part(session, seen.upload, begun[0][:1000], *begun[1:], now=service.clock())
    for _ in range(2):
        await jobs.take_table(service, {"import": str(seen.upload)})
    kinds = await record_kinds(service)
    assert kinds[1:] == [f"proposal.received p{number}" for number in range(1, 2_103)]
    async with service.database.reading() as session:
        [run] = await repository.imports_of(session, (await round_called(service)).id)
    assert (run.rows, run.taken, run.problem, run.ended_at) == (2_102, 2_102, None, service.clock())
    assert (await look(service, desk, long)).known == 2_102


async def test_a_phase_that_ends_meanwhile_ends_a_long_table(service: Service, desk: Actor) -> None:
    seen = await look(service, desk, TABLE + "".join(f"Idea {n};;Teksti {n};;;\n" for n in range(1_100)))
    assert seen.upload
    async with service.database.transaction() as session:
        await entering.import_apply(session, desk, "spring", seen.upload, now=service.clock())
    await enter_phase(service, "spring", "assessment")
    await jobs.take_table(service, {"import": str(seen.upload)})
    async with service.database.reading() as session:
        [run] = await repository.imports_of(session, (await round_called(service)).id)
    assert (run.taken, run.problem) == (0, "phase")


async def test_a_workbook_is_read_like_a_table(service: Service, desk: Actor) -> None:
    seen = await look(service, desk, workbook([["Title", "Idea"], ["A bench", "Three benches"], ["A tap", "Water"]]))
    assert (seen.rows, [draft.title for draft in seen.first]) == (2, ["A bench", "A tap"])


async def test_a_file_that_is_no_table_is_refused(service: Service, desk: Actor) -> None:
    for body in (b"\0\0\0", b"", b"PK\3\4 broken"):
        with pytest.raises(ImportRefused):
            await look(service, desk, body)


async def test_scripts_and_formulas_are_text(service: Service, desk: Actor) -> None:
    seen = await take(service, desk, "Title,Idea\n=cmd|' /C calc'!A0,<script>alert(1)</script>\n")
    assert (seen.new, seen.first[0].idea) == (1, "<script>alert(1)</script>")
