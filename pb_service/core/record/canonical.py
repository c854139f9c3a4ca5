"""Canonical JSON and base64url: one value has exactly one spelling, so its bytes can be hashed and signed.

The rules stand in docs/schemas/bundle.md section 1. Reading is strict: whatever our own writer would not have written
is refused, so two readers can never take the same bytes for different things.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_INTEGER_LIMIT = 2**53  # beyond it, JavaScript and other readers lose digits


class CanonicalError(ValueError):
    """The value has no canonical form, or the bytes are not the canonical form of any value."""


def encode(value: object) -> bytes:
    """Return the canonical JSON of ``value``: mappings, lists or tuples, strings, booleans, integers below 2^53.

    Raises CanonicalError for anything else, ``None`` and floats above all: a field without a value is left out.
    """
    try:
        _check(value)
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("a string holds a lone surrogate") from error
    except RecursionError as error:
        raise CanonicalError("nested too deeply") from error


def decode(data: bytes) -> Any:
    """Return the value whose canonical JSON is exactly ``data``.

    Raises CanonicalError for malformed JSON, duplicate keys, floats, null, lone surrogates and any other spelling of
    a value.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except CanonicalError:
        raise
    except RecursionError as error:
        raise CanonicalError("nested too deeply") from error
    except ValueError as error:  # malformed JSON or UTF-8, or an integer of absurd length
        raise CanonicalError(f"not JSON: {error}") from error
    if encode(value) != data:
        raise CanonicalError("not in canonical form")
    return value


def b64u(data: bytes) -> str:
    """Return ``data`` in base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: str, size: int | None = None) -> bytes:
    """Return the bytes that ``b64u`` spells as ``text``.

    Raises CanonicalError for padding, spare bits that are not zero, foreign characters, or a length other than
    ``size`` bytes.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CanonicalError("not base64url") from error
    if b64u(data) != text:  # also refuses "+" and "/", which the decoder lets pass
        raise CanonicalError("not canonical base64url")
    if size is not None and len(data) != size:
        raise CanonicalError(f"expected {size} bytes, found {len(data)}")
    return data


def _check(value: object) -> None:
    if isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -_INTEGER_LIMIT < value < _INTEGER_LIMIT:
            raise CanonicalError("integer beyond 2^53")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise CanonicalError(f"not a key: {key!r}")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    else:
        raise CanonicalError(f"{type(value).__name__} has no canonical form")


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise CanonicalError(f"key {key!r} occurs twice")
        result[key] = value
    return result


def _refuse_number(text: str) -> NoReturn:
    raise CanonicalError(f"not an integer: {text[:32]}")
