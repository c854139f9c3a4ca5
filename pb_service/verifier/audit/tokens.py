"""ID tokens: JWS in compact form (RFC 7515, 7518, 8037), checked with plain Python."""

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any

from pb_service.verifier import ed25519
from pb_service.verifier.audit import p256

RSA_BITS = 2048  # at least
#: DigestInfo of SHA-256 (RFC 8017, 9.2).
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
KINDS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
LARGEST = 20_000  # characters of a token


@dataclass(frozen=True)
class Token:
    """The claims of a token, and what its signature is about."""

    claims: dict[str, Any]
    algorithm: str
    key_id: Any
    signed: bytes
    signature: bytes


def read_token(text: str) -> Token:
    """A token of three parts. Raises ValueError for every other text."""
    if len(text) > LARGEST or not text.isascii() or text.count(".") != 2:
        raise ValueError("token")
    head, body, signature = text.split(".")
    header, claims = _object(_bytes(head)), _object(_bytes(body))
    if header.get("alg") not in KINDS or "crit" in header:
        raise ValueError("alg")
    return Token(claims, header["alg"], header.get("kid"), f"{head}.{body}".encode(), _bytes(signature))


def read_keys(data: bytes) -> list[dict[str, Any]]:
    """The keys of a JSON Web Key Set (RFC 7517). Raises ValueError."""
    keys = _object(data).get("keys")
    if type(keys) is not list or not all(type(key) is dict for key in keys):
        raise ValueError("keys")
    return keys


def is_signed(token: Token, keys: list[dict[str, Any]]) -> bool:
    """Whether one of the keys, of the token's key id if it names one, signed it."""
    known = [key for key in keys if token.key_id is None or key.get("kid") == token.key_id]
    return any(_verifies(token, key) for key in known if key.get("kty") == KINDS[token.algorithm])


def _verifies(token: Token, key: dict[str, Any]) -> bool:
    try:
        if key.get("use", "sig") != "sig" or key.get("alg", token.algorithm) != token.algorithm:
            return False
        if token.algorithm == "RS256":
            return _rsa(int.from_bytes(_bytes(key["n"]), "big"), int.from_bytes(_bytes(key["e"]), "big"), token)
        if token.algorithm == "ES256":
            point = tuple(int.from_bytes(_bytes(key[name]), "big") for name in ("x", "y"))
            return key["crv"] == "P-256" and p256.verify((point[0], point[1]), token.signed, token.signature)
        return key["crv"] == "Ed25519" and ed25519.verify(_bytes(key["x"]), token.signed, token.signature)
    except (KeyError, ValueError):
        return False


def _rsa(n: int, e: int, token: Token) -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2), by building the one right encoding and comparing."""
    size = (n.bit_length() + 7) // 8
    s = int.from_bytes(token.signature, "big")
    if not RSA_BITS <= n.bit_length() <= 16_384 or not 3 <= e < 2**32 or len(token.signature) != size or s >= n:
        return False
    info = SHA256 + hashlib.sha256(token.signed).digest()
    right = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return pow(s, e, n).to_bytes(size, "big") == right


def _bytes(text: Any) -> bytes:
    if type(text) is not str or not text.isascii() or "=" in text:
        raise ValueError("base64url")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("base64url") from error
    if any(sign in text for sign in "+/ \n\r\t"):
        raise ValueError("base64url")
    return data


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), parse_constant=_none, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise ValueError("json") from error
    if type(value) is not dict:
        raise ValueError("json")
    return value


def _none(_text: str) -> Any:
    raise ValueError("json")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("json")
    return value
