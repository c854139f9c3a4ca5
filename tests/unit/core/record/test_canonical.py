"""Canonical JSON and base64url: one spelling for each value, and nothing else is read."""

import pytest

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u


def test_encode_sorts_keys_and_leaves_no_spaces() -> None:
    """Keys stand in byte order; separators are single characters; there is no newline at the end."""
    assert encode({"b": [1, True, False, "x"], "a_1": {}, "a": ()}) == b'{"a":[],"a_1":{},"b":[1,true,false,"x"]}'


def test_encode_escapes_only_what_must_be() -> None:
    """Quote, backslash and bytes below 0x20 are escaped, the short way where there is one; all else stands as UTF-8."""
    text = '"\\\b\t\n\f\r\x00\x1f\x7f/ä€😀\u2028'
    assert encode(text) == b'"\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f' + '\x7f/ä€😀\u2028"'.encode()


def test_strings_are_not_normalised() -> None:
    """The same letter composed and decomposed stays two strings."""
    assert encode("\u00e4") != encode("a\u0308")


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        b"bytes",
        {1: 2},
        {"Aa": 1},
        {"1a": 1},
        {"": 1},
        [None],
        {"a": {"b": 0.5}},
    ],
    ids=repr,
)
def test_encode_refuses_what_has_no_canonical_form(value: object) -> None:
    """No null, no floats, no large integers, no keys outside [a-z][a-z0-9_]*."""
    with pytest.raises(CanonicalError):
        encode(value)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 0, True, "", [], {}, [[{"a": [{"b": ""}]}]]], ids=repr)
def test_decode_returns_what_was_encoded(value: object) -> None:
    """Reading what was written gives the same value."""
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b"\xef\xbb\xbf{}",
        b"null",
        b"[null]",
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"9007199254740992",
        b"9" * 5000,
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\\u00e4"',
        b'"\\/"',
        b'"\\u001F"',
        b'"\\u0009"',
        b'"\t"',
        b'"\xff"',
        b'{"A":1}',
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_decode_refuses_every_other_spelling(data: bytes) -> None:
    """Duplicate keys, wrong order, spaces, floats, null, lone surrogates, needless escapes, absurd depth."""
    with pytest.raises(CanonicalError):
        decode(data)


def test_encode_refuses_absurd_depth() -> None:
    """What no reader could take apart is not written."""
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError, match="too deeply"):
        encode(value)


def test_encode_refuses_lone_surrogates() -> None:
    """Half a character has no UTF-8."""
    with pytest.raises(CanonicalError, match="surrogate"):
        encode("\ud800")


def test_base64url_has_no_padding() -> None:
    """RFC 4648 section 5 without padding, with the length asked for."""
    assert b64u(b"\xfb\xff\xfe\x00") == "-__-AA"
    assert unb64u("-__-AA", 4) == b"\xfb\xff\xfe\x00"


@pytest.mark.parametrize("text", ["-__-AA==", "-__-AB", "+//+AA", "-__-A", "-__- AA", "-__-AA\n", "ä", "A"])
def test_base64url_refuses_every_other_spelling(text: str) -> None:
    """Padding, spare bits, the other alphabet, white space."""
    with pytest.raises(CanonicalError):
        unb64u(text)


def test_base64url_refuses_another_length() -> None:
    """A hash of 31 bytes is no hash."""
    with pytest.raises(CanonicalError, match="expected 32 bytes, found 31"):
        unb64u(b64u(bytes(31)), 32)
