"""Canonical JSON, base64url and framed hashes: section 1 of docs/schemas/bundle.md."""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, NoReturn

LARGEST = 2**53 - 1
KEY = re.compile(r"[a-z][a-z0-9_]*")


class NotCanonicalError(ValueError):
    """The bytes are not canonical JSON."""


def dumps(value: Any) -> bytes:
    """Canonical JSON of a value made of dict, list, str, bool and int."""
    # ensure_ascii off leaves exactly the escapes of the format; keys are ASCII, so order by character is byte order.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """The value of canonical JSON. Raises NotCanonicalError for anything that `dumps` would not have written."""
    try:
        value = json.loads(
            data.decode(), parse_float=_refuse, parse_constant=_refuse, parse_int=_integer, object_pairs_hook=_object
        )
        if dumps(value) != data or _has_null(value):
            raise NotCanonicalError
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError from error
    return value


def b64u(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64u(text: str, size: int) -> bytes:
    """The `size` bytes of unpadded base64url with zero spare bits. Raises ValueError for any other spelling."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if len(data) != size or b64u(data) != text:
        raise ValueError(text)
    return data


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def h32(tag: str, *parts: bytes) -> bytes:
    """H32: SHA-256 of tag and parts, each behind its length in four bytes, so that no two lists of parts collide."""
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in (tag.encode(), *parts)))


def _refuse(_text: str) -> NoReturn:
    raise NotCanonicalError


def _integer(text: str) -> int:
    # The length is looked at first: turning a million digits into a number takes minutes.
    if len(text) > 17 or abs(value := int(text)) > LARGEST:
        raise NotCanonicalError
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs) or not all(KEY.fullmatch(key) for key in value):
        raise NotCanonicalError
    return value


def _has_null(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if item is None:
            return True
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
    return False
