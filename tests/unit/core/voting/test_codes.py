"""Codes of letters: read as people type them, refused with a slip of the pen, and tied to one round and group."""

import json
import secrets
from base64 import urlsafe_b64encode
from string import ascii_uppercase, digits

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pb_service.core.rounds.fingerprint import SYMBOLS
from pb_service.core.sealing.evidence import EvidenceError, SignIn, is_auditable, open_sign_in, seal_sign_in
from pb_service.core.voting.codes import CodeError, check_symbol, new_code, printed, public_key_of, read_code


def test_a_code_is_read_as_people_type_it() -> None:
    """Small letters, spaces for hyphens, O for 0, I and L for 1."""
    code = "0123456789ABCDEFGHJ1"
    typed = printed(code).replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert read_code(typed) == code
    assert read_code(printed(code).replace("1", "I")) == code


def test_the_check_symbol_finds_every_single_wrong_symbol_and_every_swap() -> None:
    code = new_code(secrets.token_bytes)
    whole = code + check_symbol(code)
    for at in range(20):
        for other in set(SYMBOLS) - {code[at]}:
            with pytest.raises(CodeError):
                read_code(whole[:at] + other + whole[at + 1 :])
    for at in range(19):
        swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
        if swapped != whole:
            with pytest.raises(CodeError):
                read_code(swapped)


@pytest.mark.parametrize("typed", ["", "0" * 20, "0" * 22, "U" + "0" * 20, "0" * 20 + "ä", "0" * 21 + "\n0"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(CodeError):
        read_code(typed)


def test_codes_have_a_hundred_bits_of_every_symbol() -> None:
    drawn = "".join(new_code(secrets.token_bytes) for _ in range(200))
    assert len(drawn) == 4000
    assert set(drawn) == set(SYMBOLS) < set(ascii_uppercase + digits)


def test_a_code_stands_for_another_key_in_every_round_and_group() -> None:
    code = new_code(secrets.token_bytes)
    places = [(origin, group) for origin in ("a.org/pb/x", "a.org/pb/y") for group in ("city", "district")]
    assert len({public_key_of(code, *place) for place in places}) == 4


def test_evidence_opens_only_where_it_belongs() -> None:
    """With the auditors' key, for the same election and session key."""
    auditors, evidence = X25519PrivateKey.generate(), SignIn(b"o" * 32, "a.b.c")
    sealed = seal_sign_in(evidence, auditors.public_key().public_bytes_raw(), b"e" * 32, b"p" * 32)
    assert open_sign_in(sealed, auditors, b"e" * 32, b"p" * 32) == evidence
    for key, eid, session in (
        (X25519PrivateKey.generate(), b"e" * 32, b"p" * 32),
        (auditors, b"f" * 32, b"p" * 32),
        (auditors, b"e" * 32, b"q" * 32),
    ):
        with pytest.raises(EvidenceError):
            open_sign_in(sealed, key, eid, session)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"aud": ["voting"]}, True),
        ({"alg": "EdDSA", "iat": 700}, True),
        ({"alg": "PS256"}, False),
        ({"aud": ["voting", "other"]}, False),
        ({"iat": 699}, False),
        ({"iat": 2301}, False),
        ({"exp": 1500}, False),
        ({"iat": None}, False),
    ],
)
def test_a_token_that_auditors_would_refuse_is_refused_at_once(changed: dict[str, object], expected: bool) -> None:
    """Another algorithm or audience, or made at another time than that of the vote."""
    fields = {"alg": "RS256", "aud": "voting", "iat": 1500, "exp": 1600, **changed}
    parts = ({"alg": fields.pop("alg")}, fields)
    token = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    assert is_auditable(f"{token}.x", "voting", 1000, 2000) is expected
