"""Ed25519 by one equation, against Wycheproof and a plain computation of that equation."""

import hashlib
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import signatures
from pb_service.core.record.canonical import b64u
from pb_service.core.record.signatures import SignatureError

WYCHEPROOF: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "data" / "vectors" / "wycheproof_ed25519.json").read_text()
)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
ENTRY = {"v": 1, "k": "manifest", "e": "x"}

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741 - the field's name for a root of -1
Point = tuple[int, int, int]  # projective: x = X/Z, y = Y/Z
ZERO: Point = (0, 1, 1)


def add(p: Point, q: Point) -> Point:
    """The addition law of RFC 8032 section 5.1.4, with the divisions put off."""
    z, c, d = p[2] * q[2] % P, p[0] * q[0] % P, p[1] * q[1] % P
    e = D * c * d % P
    f, g = z * z - e, z * z + e
    return z * f * ((p[0] + p[1]) * (q[0] + q[1]) - c - d) % P, z * g * (c + d) % P, f * g % P


def times(n: int, p: Point) -> Point:
    result = ZERO
    while n:
        if n & 1:
            result = add(result, p)
        p, n = add(p, p), n >> 1
    return result


def to_bytes(p: Point) -> bytes:
    inverse = pow(p[2], -1, P)
    return (p[1] * inverse % P | (p[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def to_point(y: int, sign: int) -> Point:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * I % P
    assert x * x % P == square
    return (x if x & 1 == sign else P - x), y, 1


BASE = to_point(4 * pow(5, -1, P) % P, 0)
#: A point of order 8, and its multiples: all eight points of small order.
TORSION = to_point(2707385501144840649318225287225658788936804267575313519463743609750303402022, 0)
SMALL = [times(i, TORSION) for i in range(8)]


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def test_wycheproof() -> None:
    """All 151 cases are judged as Wycheproof says: malleable, truncated and badly encoded signatures are refused."""
    cases = [(group["publicKey"]["pk"], test) for group in WYCHEPROOF["testGroups"] for test in group["tests"]]
    wrong = [
        test["tcId"]
        for key, test in cases
        if signatures.verify(*(bytes.fromhex(item) for item in (key, test["msg"], test["sig"])))
        != (test["result"] == "valid")
    ]
    assert len(cases) == 151
    assert wrong == []


def test_keys_of_small_order_are_refused() -> None:
    """The eight points of small order, and every other spelling of them, are no keys: any message would fit."""
    canonical = {to_bytes(point) for point in SMALL}
    assert len(canonical) == 8
    spellings = canonical | {
        (y | sign << 255).to_bytes(32, "little") for y in (0, 1, P - 1, P, P + 1) for sign in (0, 1)
    }
    signature = to_bytes(ZERO) + bytes(32)
    assert not any(signatures.is_sound_key(key) or signatures.verify(key, b"m", signature) for key in spellings)


@pytest.mark.parametrize("y", [P, P + 1, P + 5, 2**255 - 1])
def test_keys_not_spelled_canonically_are_refused(y: int) -> None:
    """A y coordinate of at least p is another spelling of a smaller one."""
    assert not signatures.is_sound_key(y.to_bytes(32, "little"))


def test_points_with_a_small_part_are_judged_by_the_equation() -> None:
    """With parts of small order in A and R, exactly those signatures are valid for which [S]B - [k]A is R."""
    a, r = 987654321**9 % L, 123456789**9 % L
    accepted = 0
    for in_key, in_r in product(SMALL, SMALL):
        key, r_point = add(times(a, BASE), in_key), to_bytes(add(times(r, BASE), in_r))
        k = challenge(r_point, to_bytes(key), b"message")
        s = (r + k * a) % L
        minus_key = (P - key[0], key[1], key[2])
        valid = to_bytes(add(times(s, BASE), times(k, minus_key))) == r_point
        assert signatures.verify(to_bytes(key), b"message", r_point + s.to_bytes(32, "little")) == valid
        accepted += valid
    assert 0 < accepted < 64


def test_s_must_be_smaller_than_the_order() -> None:
    """Adding L to S gives a second signature of the same message to most equations; it is refused."""
    signature = KEY.sign(b"m")
    larger = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
    assert signatures.verify(signatures.public_bytes(KEY), b"m", signature)
    assert not signatures.verify(signatures.public_bytes(KEY), b"m", signature[:32] + larger)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), b"\x02" + bytes(31)])
def test_what_is_no_key_verifies_nothing(key: bytes) -> None:
    """Wrong lengths, and y coordinates without a point."""
    assert not signatures.verify(key, b"m", bytes(64))


def test_signed_entry_verifies() -> None:
    """The signature covers the kind and the canonical entry; signers stand in the order of their ids."""
    signed = signatures.sign_entry(ENTRY, {"op": KEY, "au": OTHER})
    message = b'pb/sig/manifest\x00{"e":"x","k":"manifest","v":1}'
    assert signed["sg"] == [["au", b64u(OTHER.sign(message))], ["op", b64u(KEY.sign(message))]]
    signatures.verify_entry(signed, {"op": signatures.public_bytes(KEY), "au": signatures.public_bytes(OTHER)})


def test_changed_entry_does_not_verify() -> None:
    """A signature holds for no other entry."""
    signed = signatures.sign_entry(ENTRY, {"op": KEY}) | {"e": "y"}
    with pytest.raises(SignatureError, match="'op' is not valid"):
        signatures.verify_entry(signed, {"op": signatures.public_bytes(KEY)})


@pytest.mark.parametrize("signers", [{}, {"op": KEY, "au": OTHER}, {"au": KEY}])
def test_exactly_the_required_signers(signers: dict[str, Ed25519PrivateKey]) -> None:
    """Neither too few nor too many signatures, and none under another name."""
    with pytest.raises(SignatureError, match=r"must be signed by \['op'\]"):
        signatures.verify_entry(signatures.sign_entry(ENTRY, signers), {"op": signatures.public_bytes(KEY)})


def test_signature_given_twice() -> None:
    """One signer, one signature."""
    signed = signatures.sign_entry(ENTRY, {"op": KEY})
    with pytest.raises(SignatureError):
        signatures.verify_entry(signed | {"sg": signed["sg"] * 2}, {"op": signatures.public_bytes(KEY)})


def test_signature_that_is_no_base64url() -> None:
    """A signature has one spelling too."""
    with pytest.raises(SignatureError, match="expected 64 bytes"):
        signatures.verify_entry(ENTRY | {"sg": [["op", "AA"]]}, {"op": signatures.public_bytes(KEY)})
