"""Numbers, money and dates as each language writes them."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from pb_service.web.formats import NARROW, NO_BREAK, Reader, text_in
from pb_service.web.locales import Language, translations


def reader(language: Language, *, currency: str = "EUR", unit: int = 100) -> Reader:
    return Reader(language, translations(language), currency=currency, unit=unit)


def plain(text: str) -> str:
    return text.replace(NARROW, "_").replace(NO_BREAK, "~")


@pytest.mark.parametrize(
    ("language", "written"), [("fi", "2_427_140~zł"), ("sv", "2_427_140~zł"), ("en", "2,427,140~zł")]
)
def test_money_has_its_sign_behind_it_in_every_language(language: Language, written: str) -> None:
    assert plain(reader(language, currency="PLN").money(242714000)) == written


@pytest.mark.parametrize(("cents", "written"), [(1500000, "15_000~€"), (1505, "15,05~€"), (0, "0~€"), (7, "0,07~€")])
def test_cents_are_shown_only_when_there_are_any(cents: int, written: str) -> None:
    assert plain(reader("fi").money(cents)) == written


def test_the_unit_says_how_many_decimals_money_has() -> None:
    assert plain(reader("en", unit=1000).money(1234567)) == "1,234.567~€"


def test_a_currency_that_we_do_not_know_keeps_its_code() -> None:
    assert plain(reader("en", currency="XTS").money(100)) == "1~XTS"


@pytest.mark.parametrize(
    ("part", "written"), [(Fraction(1, 8), "12%"), (Fraction(1, 300), "0.3%"), (Fraction(1), "100%")]
)
def test_per_cent_has_a_decimal_only_below_one(part: Fraction, written: str) -> None:
    assert reader("en").percent(part) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [("fi", "15.\u201330. kesäkuuta 2022"), ("sv", "15\u201330 juni 2022"), ("en", "15\u201330 June 2022")],
)
def test_days_of_one_month_name_it_once(language: Language, written: str) -> None:
    first, last = datetime(2022, 6, 15, tzinfo=UTC), datetime(2022, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert reader(language).dates(first, last) == written


def test_days_of_two_years_name_both() -> None:
    first, last = datetime(2022, 12, 31, tzinfo=UTC), datetime(2023, 1, 2, tzinfo=UTC)
    assert reader("en").dates(first, last) == "31 December 2022 \u2013 2 January 2023"


def test_one_day_is_written_once() -> None:
    day = datetime(2022, 6, 15, tzinfo=UTC)
    assert reader("en").dates(day, day.replace(hour=20)) == "15 June 2022"


def test_a_text_in_the_readers_language_is_preferred_and_else_keeps_its_own() -> None:
    texts = [("pl", "Warszawa"), ("fi", "Varsova")]
    assert text_in(texts, "fi") == ("fi", "Varsova")
    assert text_in(texts, "sv") == ("pl", "Warszawa")


def test_sizes_of_files_are_rounded_for_people() -> None:
    assert [plain(reader("fi").size(octets)) for octets in (12, 464_321, 2_150_000)] == ["1~kt", "464~kt", "2,2~Mt"]
