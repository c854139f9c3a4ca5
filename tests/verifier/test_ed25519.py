"""The verifier's own Ed25519 against published vectors and against `cryptography`."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.verifier import openssl
from pb_service.verifier.ed25519 import decode, verify
from pb_service.verifier.edwards import L, P

VECTORS = Path(__file__).parents[1] / "data" / "vectors" / "wycheproof_ed25519.json"
GROUPS = json.loads(VECTORS.read_text())["testGroups"]
CASES = [(group["publicKey"]["pk"], case) for group in GROUPS for case in group["tests"]]
LOW_ORDER = [
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    bytes(32),
    (1 << 255).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


def accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    """What `cryptography` says."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("public", "case"), CASES, ids=[str(case["tcId"]) for _, case in CASES])
def test_wycheproof(public: str, case: dict[str, str]) -> None:
    """Every published vector gets the published answer."""
    answer = verify(bytes.fromhex(public), bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
    assert answer == (case["result"] == "valid")
    assert answer == openssl.verify(bytes.fromhex(public), bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_one_flipped_bit_makes_a_signature_invalid(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    flipped = (int.from_bytes(signature, "little") ^ 1 << bit).to_bytes(64, "little")
    assert verify(public, message, signature)
    assert not verify(public, message, flipped)
    assert not accepts(public, message, flipped)


@pytest.mark.parametrize("public", LOW_ORDER, ids=bytes.hex)
def test_a_key_of_small_order_signs_nothing(public: bytes) -> None:
    """[S]B = R would hold for any message under such a key whenever k divides by its order."""
    for counter in range(16):
        message = counter.to_bytes(1, "big")
        assert not verify(public, message, (1).to_bytes(32, "little") + bytes(32))
        assert not openssl.verify(public, message, (1).to_bytes(32, "little") + bytes(32))


def test_a_key_must_be_canonical() -> None:
    """y = p + 1 spells the point y = 1 a second time; minus zero is no x."""
    assert decode((P + 1).to_bytes(32, "little")) is None
    assert decode((1 | 1 << 255).to_bytes(32, "little")) is None
    assert not verify((P + 3).to_bytes(32, "little"), b"", bytes(64))


def test_s_must_be_below_the_order() -> None:
    """S + L would be a second signature of the same message."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"malleable").digest())
    signature = key.sign(b"message")
    higher = int.from_bytes(signature[32:], "little") + L
    assert not verify(key.public_key().public_bytes_raw(), b"message", signature[:32] + higher.to_bytes(32, "little"))


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths_are_invalid_not_errors(key: int, signature: int) -> None:
    assert not verify(b"\1" * key, b"", b"\1" * signature)
