"""Texts show what they hold; their public form has one hash; a difference is readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.difference import difference, differences
from pb_service.core.proposals.places import Place
from pb_service.core.proposals.texts import PublicText, cleaned, content, reason_sha256, text_sha256


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("pay\u200bpal", "paypal"),
        ("\u202egnirts", "gnirts"),
        ("a\u0301\u0301\u0301\u0301\u0301\u0301", "á\u0301\u0301\u0301"),
        ("one\r\n\r\n\r\ntwo", "one\n\ntwo"),
        ("  a \u00a0 b\t c ", "a b c"),
        ("\u3164\u2060\ufeff", ""),
        ("\U000e0041x", "x"),
        ("a\u200db", "ab"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("x\0y", "xy"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=60), st.booleans())
def test_the_quick_way_for_usual_letters_is_the_careful_one(typed: str, lines: bool) -> None:
    """A mark that leaves no trace sends the same text the careful way."""
    assert cleaned(typed, lines=lines) == cleaned(f"{typed}\u200b", lines=lines)


def test_a_title_has_one_line() -> None:
    assert cleaned("one\ntwo", lines=False) == "one two"


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


def test_the_public_form_has_one_hash_whatever_the_order_of_answers() -> None:
    place = Place("point", ((24_900_000, 60_100_000),))
    one = PublicText("fi", "Otsikko", place=place, answers={"a": "1", "b": "2"})
    other = PublicText("fi", "Otsikko", place=place, answers={"b": "2", "a": "1", "c": ""})
    assert text_sha256(content(one)) == text_sha256(content(other))
    assert text_sha256(content(one)) != text_sha256(content(PublicText("fi", "Otsikko")))
    assert content(one)["place"] == {"type": "Point", "coordinates": [24_900_000, 60_100_000]}


def test_a_reason_is_hashed_without_languages_that_lack_it() -> None:
    assert reason_sha256({"fi": "Ei", "sv": ""}) == reason_sha256({"fi": "Ei"})


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_difference_holds_both_texts(older: str, newer: str) -> None:
    pieces = difference(older, newer)
    assert "".join(piece.text for piece in pieces if piece.change != "new") == older
    assert "".join(piece.text for piece in pieces if piece.change != "gone") == newer


def test_differences_name_the_fields_that_changed() -> None:
    older = content(PublicText("fi", "Kolme penkkiä", need="Sama"))
    newer = content(PublicText("fi", "Viisi penkkiä", need="Sama"))
    [found] = differences(older, newer)
    assert (found.field, [piece.change for piece in found.pieces]) == ("title", ["gone", "new", "same"])
