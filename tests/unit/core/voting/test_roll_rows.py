"""Identity codes, lists that come in pieces, previews without a word of what is in a list."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.rounds.setup import DistrictsStep, EligibilityStep, Setup
from pb_service.core.voting.aliases import person_of, roll_pseudonym
from pb_service.core.voting.groups import Group, groups_in, planned
from pb_service.core.voting.identity_codes import IdentityCodeError, born
from pb_service.core.voting.roll_rows import Person, Reading, RowStream, Terms, judge, look, shape
from tests.rounds import district

TERMS = Terms("town", EligibilityStep(), {"north": "north"}, needs_district=False)


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("131052-308T", date(1952, 10, 13)),  # the example that the Digital and Population Data Services Agency gives
        ("131052Y308T", date(1952, 10, 13)),
        ("010594Y9021", date(1994, 5, 1)),
        ("020504A902E", date(2004, 5, 2)),
        ("020504B904H", date(2004, 5, 2)),
    ],
)
def test_a_code_tells_the_day_of_birth(code: str, day: date) -> None:
    assert born(code) == day


@pytest.mark.parametrize(
    "code", ["", "131052-308U", "131052-308t", "131052G308T", "311152-308T", "131052-3081", "131052-30BT", "131052308T"]
)
def test_a_code_with_a_wrong_character_is_none(code: str) -> None:
    """And what is said of it does not hold it."""
    with pytest.raises(IdentityCodeError) as refused:
        born(code)
    assert not code or code not in str(refused.value)


@given(st.binary(max_size=300), st.integers(1, 9))
def test_a_list_in_pieces_is_the_list(noise: bytes, size: int) -> None:
    """Whatever the bytes, and wherever they are cut: the rows are the same, with the same numbers."""
    body = b'id;name\n1;"a;\nb"\r\n\n2;\xc3\xa4\n' + noise.replace(b"\0", b"").replace(b'"', b"")
    reading = Reading("csv", 0)
    whole, parts = RowStream(reading), RowStream(reading)
    expected = whole.feed(body) + whole.finish()
    rows = [row for start in range(0, len(body), size) for row in parts.feed(body[start : start + size])]
    assert rows + parts.finish() == expected
    assert expected[:2] == [(2, ["1", "a;\nb"]), (4, ["2", "ä"])]


def test_a_row_is_a_person_or_a_reason() -> None:
    reading = Reading("csv", 0, district=1, language=2)
    rows = [(2, [" ab1 ", "North", "Svenska"]), (3, ["", "north", "fi"]), (4, []), (5, ["x", "moon", "de"])]
    assert list(judge(rows, reading, TERMS)) == [
        (2, Person("AB1", "north", "sv")), (3, "no_identifier"), (4, "columns"), (5, Person("X", None, None)),
    ]  # fmt: skip


def test_a_preview_names_nobody() -> None:
    """Letters and digits are shown as such; a first row that holds data is not shown as a heading."""
    preview = look("131052-308T;Matti Möttönen;02100\n".encode() * 3)
    assert not preview.guess.header
    assert preview.columns[0].cells == ("999999-999A",) * 3
    assert {column.heading for column in preview.columns} == {""}
    assert shape("Ärjä 3") == "Aaaa 9"


def test_two_rounds_know_a_person_by_other_pseudonyms() -> None:
    person = person_of(b"k" * 32, "fi-hetu", "131052-308T")
    assert person != person_of(b"k" * 32, "town", "131052-308T")
    assert roll_pseudonym(b"a" * 32, person) != roll_pseudonym(b"b" * 32, person)


@pytest.mark.parametrize(
    ("roll", "choice", "expected"),
    [
        ("none", "home", [Group("district", ("a", "b")), Group("city", ("city-wide",))]),
        ("city", "home", [Group("district", ("a", "b")), Group("city", ("city-wide",), rolled=True)]),
        ("all", "free", [Group("district", ("a", "b"), rolled=True), Group("city", ("city-wide",), rolled=True)]),
        (
            "districts", "home",
            [Group("a", ("a",), rolled=True, home=True), Group("b", ("b",), rolled=True, home=True),
             Group("city", ("city-wide",))],
        ),
    ],
)  # fmt: skip
def test_groups_follow_the_set_up(roll: str, choice: str, expected: list[Group]) -> None:
    """Districts are parted where a roll says who lives where, and people vote where they live."""
    step = DistrictsStep(districts=(district("a", 24), district("b", 25)), city_wide=True, choice=choice)  # type: ignore[arg-type]
    setup = Setup(districts=step, eligibility=EligibilityStep(roll=roll))  # type: ignore[arg-type]
    assert groups_in(setup, planned(setup)) == expected
    assert [group.id for group in expected if group.holds("a")] == [
        group.id for group in expected if group.rolled and group.id != "b"
    ]
