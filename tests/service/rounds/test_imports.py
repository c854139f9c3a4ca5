"""Imports: looked at row by row, stored when somebody says yes, and the same file twice is the same round."""

import io
import zipfile

import pytest
from sqlalchemy import text as sql

from pb_service.core.rounds.setup import DistrictsStep, Setup
from pb_service.core.rounds.sheet_rows import Kind
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import service as rounds
from pb_service.features.rounds.errors import ChangeRefused, ImportRejected, PlaceTableNeeded, SetupRefused
from pb_service.features.rounds.imports import ImportReport
from pb_service.service import Service
from tests.builders import pabulib_bytes
from tests.rounds import REASON, draft, geojson, publish_round, square, staff, whole_setup
from tests.sheets import Day, Formula, workbook

POSTAL = "Postinumero;Alue\n00100;Pohjoinen\n00200;etela\n"
ADDRESSES = (
    "katu;alkaen;asti;puoli;alue\n"
    "Mannerheimintie;1;99;parittomat;pohjoinen\n"
    "Mannerheimintie;2;100;parilliset;etela\n"
    "Iso Roobertinkatu;;;;pohjoinen\n"
    "Iso Roobertinkatu;7;7;;etela\n"
)


@pytest.fixture
async def manager(service: Service) -> Actor:
    return await staff(service)


@pytest.fixture
async def slug(service: Service, manager: Actor) -> str:
    return await draft(service, manager)


async def look(service: Service, actor: Actor, slug: str, kind: Kind, body: bytes | str) -> ImportReport:
    data = body.encode() if isinstance(body, str) else body
    async with service.database.transaction() as session:
        return await rounds.import_preview(session, actor, slug, kind, data, filename="f", now=service.clock())


async def take(
    service: Service, actor: Actor, slug: str, kind: Kind, body: bytes | str, **options: object
) -> ImportReport:
    seen = await look(service, actor, slug, kind, body)
    assert seen.upload is not None
    async with service.database.transaction() as session:
        return await rounds.import_apply(session, actor, slug, seen.upload, now=service.clock(), **options)  # type: ignore[arg-type] # as given


async def found(service: Service, slug: str, **place: object) -> tuple[str | None, str]:
    async with service.database.reading() as session:
        shown = await rounds.find_round(session, slug)
        answer = await rounds.district_of(session, shown, **place)  # type: ignore[arg-type] # as given
    return answer.district, answer.code


async def count(service: Service, table: str) -> int:
    async with service.database.reading() as session:
        return await session.scalar(sql(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608 # our own names


async def test_looking_at_a_file_changes_nothing(service: Service, manager: Actor, slug: str) -> None:
    report = await look(service, manager, slug, "postal", POSTAL)
    assert (report.rows, report.good, report.bad_rows, report.unchanged) == (2, 2, 0, False)
    assert await count(service, "place_table") == 0


async def test_a_postal_code_leads_to_its_district(service: Service, manager: Actor, slug: str) -> None:
    await take(service, manager, slug, "postal", POSTAL)
    assert await found(service, slug, postal_code="00100") == ("pohjoinen", "found")
    assert await found(service, slug, postal_code="100") == ("pohjoinen", "found")
    assert await found(service, slug, postal_code="00999") == (None, "unknown")
    assert await found(service, slug, postal_code="0010' OR '1'='1") == (None, "unknown")


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("Mannerheimintie 5 B 12, 00100 Helsinki", ("pohjoinen", "found")),
        ("  MANNERHEIMINTIE   6", ("etela", "found")),
        ("Mannerheimintie", (None, "several")),
        ("Iso-Roobertinkatu 1", (None, "unknown")),
        ("Iso Roobertinkatu 1", ("pohjoinen", "found")),
        ("Iso Roobertinkatu 7", ("etela", "found")),
        ("Tuntematon 1", (None, "unknown")),
        ("'; DELETE FROM place_row; --", (None, "unknown")),
        ("\u202e\x01", (None, "unknown")),
    ],
)
async def test_an_address_leads_to_its_district(
    service: Service, manager: Actor, slug: str, address: str, answer: tuple[str | None, str]
) -> None:
    await take(service, manager, slug, "addresses", ADDRESSES)
    assert await found(service, slug, address=address) == answer


async def test_an_unknown_street_is_looked_up_by_its_postal_code(service: Service, manager: Actor, slug: str) -> None:
    await take(service, manager, slug, "postal", POSTAL)
    assert await found(service, slug, address="Uusi katu 1, 00200 Helsinki") == ("etela", "found")


async def test_a_point_leads_to_its_district(service: Service, slug: str) -> None:
    assert await found(service, slug, point=(24.5, 60.5)) == ("pohjoinen", "found")
    assert await found(service, slug, point=(25.0, 60.5)) == ("pohjoinen", "found")  # on the border
    assert await found(service, slug, point=(0.0, 0.0)) == (None, "outside")


async def test_without_tables_the_reader_is_told_so(service: Service, slug: str) -> None:
    with pytest.raises(PlaceTableNeeded):
        await found(service, slug, postal_code="00100")


async def test_every_bad_row_is_named_with_its_line_and_column(service: Service, manager: Actor, slug: str) -> None:
    rows = ["Postinumero,Alue", "00100,pohjoinen", "abc,etela", "00300,länsi", "00400,", "=1+1,etela"]
    body = "\n".join([*rows, "00100,etela", "00100,pohjoinen"])
    report = await look(service, manager, slug, "postal", body)
    assert [(row.line, row.column, row.code) for row in report.problems] == [
        (3, "code", "postal_code"),
        (4, "district", "no_district"),
        (5, "district", "required"),
        (6, "code", "formula"),
        (7, "district", "contradicts"),
    ]
    assert (report.good, report.bad_rows, report.repeated) == (1, 5, 1)


async def test_bad_rows_are_left_out_only_when_somebody_says_so(service: Service, manager: Actor, slug: str) -> None:
    body = POSTAL + "abc;etela\n"
    with pytest.raises(ImportRejected):
        await take(service, manager, slug, "postal", body)
    assert await count(service, "place_row") == 0
    report = await take(service, manager, slug, "postal", body, leave_out_bad=True)
    assert (report.good, await count(service, "place_row")) == (2, 2)


async def test_fifty_thousand_rows_of_which_three_hundred_are_bad(service: Service, manager: Actor, slug: str) -> None:
    rows: list[list[object]] = [["katu", "numero", "alue"]]
    rows += [[f"Katu {n // 100} tie", n % 100 + 1, "pohjoinen" if n % 2 else "etela"] for n in range(49_700)]
    rows += [[f"Huono {n}", "x", "pohjoinen"] for n in range(300)]
    body = workbook(rows)
    report = await take(service, manager, slug, "addresses", body, leave_out_bad=True)
    assert (report.rows, report.good, report.bad_rows) == (50_000, 49_700, 300)
    assert await count(service, "place_row") == 49_700
    again = await take(service, manager, slug, "addresses", body, leave_out_bad=True)
    assert (again.unchanged, await count(service, "place_table")) == (True, 1)


async def test_cells_of_a_workbook_are_what_they_are(service: Service, manager: Actor, slug: str) -> None:
    """A number is a code without its leading zeros; a formula is the value saved with it; a date is no code."""
    rows: list[list[object]] = [
        ["Postinumero", "Alue"],
        [100, "pohjoinen"],
        [Formula("100+100|200"), "etela"],
        [Formula("100+100"), "etela"],
        [Day(45_000), "etela"],
        [True, "etela"],
        [100.5, "etela"],
        ["00300", None],
    ]
    report = await look(service, manager, slug, "postal", workbook(rows))
    assert report.good == 2
    assert [(row.line, row.code) for row in report.problems] == [
        (4, "postal_code"), (5, "wrong_type"), (6, "wrong_type"), (7, "wrong_type"), (8, "required")
    ]  # fmt: skip


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file, file.open("xl/workbook.xml", "w") as member:
        for _ in range(450):
            member.write(bytes(1_000_000))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_file"),
        (b"  \n", "empty_file"),
        (b"PK\x03\x04 no archive", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_table"),
        (b'Postinumero;Alue\n"00100;pohjoinen', "not_a_table"),
        (b"a;" * 300, "too_many_rows"),
        (b"x" * 20_000_001, "too_large"),
    ],
)
async def test_a_file_that_is_no_table_is_refused(
    service: Service, manager: Actor, slug: str, body: bytes, code: str
) -> None:
    with pytest.raises(ImportRejected) as refused:
        await look(service, manager, slug, "postal", body)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert await count(service, "round_upload") == 0


async def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(service: Service, manager: Actor, slug: str) -> None:
    body = bomb()
    assert len(body) < 1_000_000
    with pytest.raises(ImportRejected) as refused:
        await look(service, manager, slug, "postal", body)
    assert [problem.code for problem in refused.value.problems] == ["too_large"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("Alue\npohjoinen\n", "column_missing"),
        ("Alue;alue;postinumero\na;b;c\n", "column_twice"),
        ("x;y\n", "column_missing"),
    ],
)
async def test_a_heading_must_name_its_columns_once(
    service: Service, manager: Actor, slug: str, body: str, code: str
) -> None:
    report = await look(service, manager, slug, "postal", body)
    assert code in {row.code for row in report.problems}
    assert report.good == 0


async def test_a_file_in_an_older_encoding_keeps_its_letters(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager, setup=whole_setup(districts=DistrictsStep(), money=Setup().money))
    body = "nimi;namn;väestö\nEtelä-Käpylä;Södra Kottby;1 200\n".encode("cp1252")
    report = await take(service, manager, slug, "districts", body)
    assert (report.districts[0].key, report.districts[0].name["sv"].text) == ("etela-kapyla", "Södra Kottby")
    assert report.districts[0].population == 1200


async def test_districts_come_with_their_money(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager, setup=whole_setup(districts=DistrictsStep(), money=Setup().money))
    body = "nimi;budjetti\nPohjoinen;12 500,50 €\nEtelä;100\n"
    for _ in range(2):  # twice is once
        await take(service, manager, slug, "districts", body)
        async with service.database.reading() as session:
            shown = await rounds.preview(session, manager, slug)
        assert shown.setup.money.amounts == {"pohjoinen": 1_250_050, "etela": 10_000}
        assert [item.key for item in shown.setup.districts.districts] == ["pohjoinen", "etela"]


@pytest.mark.parametrize("amount", ["12.345", "1e5", "-1", "12,,5", "paljon", "9" * 16, "=2+2"])
async def test_an_amount_that_is_none_is_a_bad_row(service: Service, manager: Actor, slug: str, amount: str) -> None:
    report = await look(service, manager, slug, "districts", f"nimi;budjetti\nUusi;{amount}\n")
    assert (report.good, report.bad_rows) == (0, 1)


async def test_areas_join_the_districts_that_are_there_by_name(service: Service, manager: Actor, slug: str) -> None:
    body = geojson(square(24.2, 60.2), square(26.5, 60.2), names=["Pohjoinen", "Länsi"])
    await take(service, manager, slug, "districts", body)
    async with service.database.reading() as session:
        districts = (await rounds.preview(session, manager, slug)).setup.districts.districts
    assert [item.key for item in districts] == ["pohjoinen", "etela", "lansi"]
    assert districts[0].polygons[0][0][0] == (24_200_000, 60_200_000)
    assert districts[0].name["sv"].text == "Pohjoinen (sv)"


async def test_areas_with_faults_are_reported_by_district(service: Service, manager: Actor, slug: str) -> None:
    crossing = [[[24.0, 62.0], [24.1, 62.1], [24.1, 62.0], [24.0, 62.1], [24.0, 62.0]]]
    report = await look(service, manager, slug, "districts", geojson(crossing, square(27, 60)))
    assert [(row.line, row.code) for row in report.problems] == [(1, "self_crossing")]
    assert (report.good, report.bad_rows) == (1, 1)


async def test_a_pabulib_file_is_a_district_with_its_budget(service: Service, manager: Actor, slug: str) -> None:
    report = await take(service, manager, slug, "districts", pabulib_bytes("Länsi", budget="1500.50"))
    async with service.database.reading() as session:
        money = (await rounds.preview(session, manager, slug)).setup.money
    assert (report.good, money.amounts) == (1, {"lansi": 150_050})


async def test_a_table_is_fixed_from_the_vote_on_and_until_then_an_act(
    service: Service, manager: Actor, slug: str
) -> None:
    await publish_round(service, manager, slug)
    with pytest.raises(SetupRefused):
        await take(service, manager, slug, "postal", POSTAL)
    await take(service, manager, slug, "postal", POSTAL, reason=REASON)
    async with service.database.transaction() as session:
        shown = await rounds.public_round(session, slug)
        await session.execute(sql("UPDATE round SET phase = 'results'"))
    assert [act.kind for act in shown.acts] == ["round.published", "districts.table"]
    with pytest.raises(ChangeRefused):
        await take(service, manager, slug, "postal", POSTAL + "00300;etela\n", reason=REASON)


async def test_a_clone_has_the_tables_of_its_round(service: Service, manager: Actor, slug: str) -> None:
    await take(service, manager, slug, "postal", POSTAL)
    async with service.database.transaction() as session:
        await rounds.clone(session, manager, slug, new_slug="next", now=service.clock())
    assert await found(service, "next", postal_code="00200") == ("etela", "found")


async def test_a_file_of_another_round_cannot_be_taken(service: Service, manager: Actor, slug: str) -> None:
    other = await draft(service, manager, "autumn")
    seen = await look(service, manager, other, "postal", POSTAL)
    assert seen.upload is not None
    async with service.database.transaction() as session:
        with pytest.raises(ImportRejected):
            await rounds.import_apply(session, manager, slug, seen.upload, now=service.clock())
