"""What is remembered of a person, and what is not."""

from datetime import date

import pytest

from pb_service.features.accounts.drivers import Identity, ages_in

KEY = b"k" * 32


def identity(person_id: str = "010203A123N", scheme: str = "fi-hetu", **more: object) -> Identity:
    return Identity(scheme=scheme, person_id=person_id, assurance="high", **more)  # type: ignore[arg-type] # as given


def test_a_pseudonym_needs_the_key_to_be_found() -> None:
    """There are about a million codes a decade: whoever has the table but not the key cannot try them all."""
    assert len(identity().pseudonym(KEY)) == 32
    assert identity().pseudonym(KEY) != identity().pseudonym(b"other" * 7)


@pytest.mark.parametrize("spelling", ["010203a123n", " 010203A123N\n"])
def test_one_person_has_one_pseudonym_however_the_code_is_spelt(spelling: str) -> None:
    assert identity(spelling).pseudonym(KEY) == identity().pseudonym(KEY)


def test_the_same_number_of_two_schemes_is_two_people() -> None:
    assert identity(scheme="https://school.example").pseudonym(KEY) != identity().pseudonym(KEY)


def test_nothing_of_a_person_is_shown_by_accident() -> None:
    shown = repr(identity(birth_date=date(2003, 2, 1), municipality="049", postal_code="02100"))
    assert shown == "Identity(assurance='high')"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 6, 15), date(2026, 6, 14), 15),
        (date(2010, 6, 15), date(2026, 6, 15), 16),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_an_age_is_counted_in_birthdays(born: date, day: date, age: int) -> None:
    assert identity(birth_date=born).age_on(day) == age


def test_without_a_birth_date_there_is_no_age() -> None:
    assert identity().age_on(date(2026, 1, 1)) is None


@pytest.mark.parametrize("born", [date(2010, 1, 1), date(2010, 12, 31), date(2026, 5, 1)])
def test_the_year_of_birth_bounds_the_age(born: date) -> None:
    least, most = ages_in(born.year, 2026)
    assert least <= (identity(birth_date=born).age_on(date(2026, 12, 31)) or 0) <= most
