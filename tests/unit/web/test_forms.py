"""Forms: what was typed becomes values, or one sentence at its field."""

import datetime as dt

import pytest

from pb_service.web.forms import Form, Upload, done
from pb_service.web.locales import translations
from pb_service.web.render import environment

WORDS = translations("en")


def typed(text: str) -> Form:
    return Form({"it": [text]}, {}, WORDS)


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12000", 1_200_000), ("12 000", 1_200_000), ("12\u202f000,5", 1_200_050), ("0.05", 5), ("7 €", 700)],
)
def test_money_is_read_as_people_write_it(text: str, cents: int) -> None:
    assert typed(text).money("it") == cents


@pytest.mark.parametrize("text", ["12,000", "12.000", "1e3", "-5", "٣", "1,2,3", "ca tolv", "9" * 14])
def test_a_sum_that_could_mean_two_things_is_refused_not_guessed(text: str) -> None:
    form = typed(text)
    assert (form.money("it"), form.errors.get("it")) == (0, "Write the sum in euros, for example 12000")


@pytest.mark.parametrize("text", ["2027-03-21", "21.3.2027", "21/03/2027"])
def test_a_day_is_read_from_browsers_and_from_people(text: str) -> None:
    assert typed(text).date("it") == dt.date(2027, 3, 21)


@pytest.mark.parametrize("text", ["31.2.2027", "2027-13-01", "tomorrow", "3.21.2027", "0000-01-01"])
def test_a_day_that_is_none_is_refused(text: str) -> None:
    form = typed(text)
    form.date("it")
    assert form.errors.get("it") == "Write a day, for example 21.3.2027"


@pytest.mark.parametrize(("text", "hour"), [("8:00", 8), ("20.30", 20), ("23:59:59", 23)])
def test_a_time_of_day_is_read(text: str, hour: int) -> None:
    assert typed(text).time("it").hour == hour


@pytest.mark.parametrize("text", ["24:00", "8", "12:60", "noon"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    form = typed(text)
    form.time("it")
    assert form.errors


@pytest.mark.parametrize("text", ["1.5", "0x10", "²", "--1", "1" * 16])
def test_a_whole_number_is_digits_and_nothing_else(text: str) -> None:
    form = typed(text)
    form.whole("it")
    assert form.errors.get("it") == "Write a whole number, such as 1200"


def test_an_empty_field_is_missing_only_where_it_is_required() -> None:
    form = typed("  ")
    assert (form.whole("it", required=False), form.money("it", required=False), form.date("it", required=False)) == (
        None, None, None
    )  # fmt: skip
    assert not form.errors
    form.text("it", label="Title")
    assert list(form.errors) == [("it", "Title: fill this in")]


def test_the_first_error_of_a_field_stays() -> None:
    form = typed("")
    form.refuse("it", "one")
    form.refuse("it", "two")
    assert list(form.errors) == [("it", "one")]


def test_texts_lose_control_characters_and_outer_blanks_and_become_nfc() -> None:
    assert typed(" a\x00b\r\nc\u0308 \ud800").text("it", lines=True) == "ab\nc̈"
    assert typed("e\u0301").value("it") == "é"


def test_a_password_is_taken_as_it_was_typed() -> None:
    form = Form({"password": ["  e\u0301\x00 "]}, {}, WORDS)
    assert form.secret("password") == "  e\u0301\x00 "


def test_a_line_break_is_refused_where_one_line_is_asked_for() -> None:
    form = typed("a\nBcc: b@example.org")
    assert form.text("it") == ""
    assert form.errors


def test_only_what_is_offered_can_be_chosen() -> None:
    assert typed("b").choice("it", ["a", "b"]) == "b"
    form = typed("c")
    assert (form.choice("it", ["a", "b"]), form.choices("it", ["a"])) == ("", [])
    assert form.errors


def test_a_file_that_is_too_large_is_refused() -> None:
    form = Form({}, {"file": [Upload("a.csv", b"x" * 2_000_001)]}, WORDS)
    assert form.upload("file", most=2_000_000) is None
    assert form.errors.get("file") == "The file is too large: at most 2 MB"


def test_success_goes_on_within_the_service_with_a_notice_by_name() -> None:
    answer = done("/fi/staff/rounds/ä", "saved")
    assert (answer.status_code, answer.headers["location"]) == (303, "/fi/staff/rounds/%C3%A4?done=saved")


def test_a_field_says_its_error_and_shows_what_was_typed_escaped() -> None:
    form = typed('"><script>')
    form.refuse("it", "Wrong <b>")
    made = environment("en").from_string(
        '{% from "forms.html" import field, form_errors with context %}'
        '{{ form_errors(form) }}{{ field(form, "it", "It") }}'
    )
    shown = made.render(form=form)
    assert '<a href="#f-it">Wrong &lt;b&gt;</a>' in shown
    assert 'aria-describedby="error-it" aria-invalid="true"' in shown
    assert 'value="&#34;&gt;&lt;script&gt;"' in shown


def test_control_characters_and_lone_surrogates_are_left_out() -> None:
    assert typed(" a\x00b\x7f\x9f\ud800\tc\r\nd\re ").value("it") == "ab\tc\nd\ne"


def test_a_heap_of_marks_on_one_letter_costs_no_time() -> None:
    """Unicode puts marks in order one by one: a million of them would hold the service for half an hour."""
    heap = "a" + "\u0301\u0316" * 1_000_000
    assert len(typed(f"{heap} {heap}").value("it")) < 100
    assert typed("\u0f73" * 100_000).value("it").count("\u0f71") <= 30


def test_marks_of_languages_stay() -> None:
    assert (
        typed("a\u0308 ti\u1ebfng Vi\u00ea\u0323t \u05d1\u05bc\u05b8").value("it") == "ä tiếng Việt \u05d1\u05b8\u05bc"
    )
