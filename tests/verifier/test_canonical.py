"""Canonical JSON: one spelling for each value, everything else refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.verifier.canonical import NotCanonicalError, dumps, from_b64u, h32, loads

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "a1", "a_b", "b", "zz"]), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"[null]",
        b"1.0",
        b"1e2",
        b"NaN",
        b"-Infinity",
        b"-0",
        b"01",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b" 1",
        b"1\n",
        b"[1, 2]",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"A":1}',
        b'{"":1}',
        b'{"a-b":1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u001F"',
        b'"\\u000a"',
        b'"\x01"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b"\xef\xbb\xbf1",
        b'"\xff"',
        b"",
        b"[1,]",
        b"[1",
        b"True",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_every_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonicalError):
        loads(data)


def test_only_quote_backslash_and_controls_are_escaped() -> None:
    assert dumps('"\\/\x00\b\t\n\f\r\x1f\x7f\u2028é😀') == (
        '"\\"\\\\/\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\u2028é😀"'.encode()
    )


@pytest.mark.parametrize("text", ["AB", "AA=", "AA==", "A", "AAA", "+w", "_w\n", "é", ""])
def test_base64url_has_one_spelling_and_one_length(text: str) -> None:
    """Spare bits, padding, the other alphabet and other lengths than the one byte expected are refused."""
    with pytest.raises(ValueError, match=r".*"):
        from_b64u(text, 1)


def test_h32_frames_tag_and_parts() -> None:
    """Moving a byte from one part to the next changes the hash."""
    assert h32("t", b"ab", b"c") != h32("t", b"a", b"bc") != h32("ta", b"", b"bc")
