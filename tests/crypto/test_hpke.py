"""Shares are sealed as RFC 9180 says: its vectors, and the library against the parts it is made of."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from pb_service.core.record.canonical import b64u
from pb_service.core.sealing import ceremony
from tests import hpke
from tests.sealing import repeatable

STANDARD = {
    name: bytes.fromhex(value)
    for name, value in json.loads(
        (Path(__file__).parents[1] / "data" / "sealing" / "rfc9180.json").read_text(encoding="utf-8")
    ).items()
    if name != "source"
}
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
SECRET = X25519PrivateKey.from_private_bytes(STANDARD["skRm"])


def test_the_vector_of_the_rfc() -> None:
    sealed = hpke.seal(STANDARD["pkRm"], STANDARD["pt"], STANDARD["info"], STANDARD["skEm"], STANDARD["aad"])
    assert sealed == STANDARD["enc"] + STANDARD["ct"]
    assert hpke.unseal(STANDARD["skRm"], sealed, STANDARD["info"], STANDARD["aad"]) == STANDARD["pt"]


@pytest.mark.parametrize("size", [0, 1, 32, 200])
def test_the_library_and_the_parts_seal_alike(size: int) -> None:
    message, info = bytes(range(size)), STANDARD["info"] * 3
    public = SECRET.public_key().public_bytes_raw()
    assert SUITE.decrypt(hpke.seal(public, message, info, STANDARD["skEm"]), SECRET, info=info) == message
    assert hpke.unseal(STANDARD["skRm"], SUITE.encrypt(message, SECRET.public_key(), info=info), info) == message


def test_what_was_sealed_for_another_place_opens_nowhere_else() -> None:
    sealed = SUITE.encrypt(b"share", SECRET.public_key(), info=b"place")
    with pytest.raises(InvalidTag):
        hpke.unseal(STANDARD["skRm"], sealed, b"another")


#: Points of Curve25519 and of its twist whose order divides 8 (RFC 7748, section 6.1), and second spellings.
SMALL = [
    0,
    1,
    2**255 - 20,
    2**255 - 19,
    2**255 - 18,
    2**255,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
]


@pytest.mark.parametrize("u", SMALL)
def test_a_key_that_keeps_nothing_secret_is_refused(u: int) -> None:
    """Shares sealed to it could be read by anybody."""
    setting = ceremony.Setting(bytes(32), 2, 2)
    promised = ceremony.promise(setting, 1, ceremony.Secrets.draw(setting, repeatable("small")))
    ceremony.check_promise(promised)
    with pytest.raises(ceremony.CeremonyError, match="small order"):
        ceremony.check_promise({**promised, "x": b64u(u.to_bytes(32, "little"))})
    with pytest.raises(ValueError, match="shared key"):
        SUITE.encrypt(b"share", X25519PublicKey.from_public_bytes(u.to_bytes(32, "little")))
