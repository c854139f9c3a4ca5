"""Which fields an entry of each kind has (docs/schemas/bundle.md section 3, docs/protocol.md section 3).

A kind has one form or several; an entry has exactly the fields of one of them.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from pb_service.core.record import signatures
from pb_service.core.record.canonical import CanonicalError, unb64u

#: The check of each field of an entry.
Form = Mapping[str, Callable[[object], bool]]

DOTTED = re.compile(r"[a-z]+(\.[a-z]+)+")
CONTEST = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
KEY_ID = re.compile(r"[a-z][a-z0-9]{0,15}")
MOST_TRUSTEES = 15
CLASSES = ("idt", "desk", "code", "acct")
STRIKE_REASONS = ("person", "roll", "token", "code", "desk")
#: Why a key ceremony was given up: nobody answers, a trustee cannot go on, the setup itself is wrong.
ABANDON_REASONS = ("silent", "lost", "setup")
#: Roles of keys that a manifest may name, besides `log`.
ROLES = ("operator", "vouch", "registrar", "desk", "auditor")

_MOST_BLOCKS = 64
_SHARE = 80


def forms_of(kind: str) -> tuple[Form, ...]:
    """Return the forms of a kind, none if it is unknown. A kind with a dot is an act of the process."""
    return (_ACT,) if DOTTED.fullmatch(kind) else _SIGNED.get(kind, ())


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in values


def _is_bytes(*sizes: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        try:
            return isinstance(value, str) and len(unb64u(value)) in sizes
        except CanonicalError:
            return False

    return check


def _list_of(item: Callable[[object], bool], least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(item, value))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_index(value: object) -> bool:
    """A log has fewer than 2^32 entries."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32


def _is_trustee(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_TRUSTEES


def _is_attempt(value: object) -> bool:
    return _is_count(value) and value != 0


def _are_accused(value: object) -> bool:
    return _list_of(_is_trustee, 0, MOST_TRUSTEES)(value) and all(a < b for a, b in pairwise(list(value)))  # type: ignore[call-overload] # a list of integers


def _is_version(value: object) -> bool:
    return value == 1 and not isinstance(value, bool)


def _is_true(value: object) -> bool:
    return value is True


def _are_signatures(value: object) -> bool:
    """Pairs [key id, signature] with distinct key ids, at least one."""
    if not isinstance(value, list) or not value:
        return False
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)]
    is_signature = _is_bytes(signatures.SIGNATURE_SIZE)
    return len({pair[0] for pair in pairs}) == len(value) and all(is_signature(pair[1]) for pair in pairs)


_is_hash = _is_bytes(32)
_is_contest = _matches(CONTEST)
_ACT: Form = {
    "v": _is_version,
    "k": _matches(DOTTED),
    "t": _is_count,
    "o": _matches(re.compile(r"[A-Za-z0-9._:/-]{1,128}")),
    "by": _matches(re.compile(r"[a-z]+")),
    "h": _is_hash,
}
_BARE: Form = {"v": _is_version, "k": _matches(re.compile(r"[a-z0-9]+")), "e": _is_hash}
_COMMON: Form = {**_BARE, "sg": _are_signatures}
_ENVELOPE: Form = {
    **_COMMON,
    "d": _is_contest,
    "a": _is_hash,
    "b": _is_index,
    "ct": _list_of(_list_of(_is_hash, 2, 2), 1, _MOST_BLOCKS),
    "pf": _list_of(_is_hash, 2, _MOST_BLOCKS + 1),
}
_FILE: Form = {**_COMMON, "f": _is_hash}
_LATE: Form = {**_COMMON, "g": _is_contest, "a": _is_hash}
_SIGNED: Mapping[str, tuple[Form, ...]] = {
    "setup": ({**_BARE, "f": _is_hash},),
    "tk1": ({**_COMMON, "j": _is_trustee, "x": _is_hash, "h": _is_hash},),
    "tk2": (
        {
            **_COMMON,
            "j": _is_trustee,
            "c": _list_of(_is_hash, 2, MOST_TRUSTEES),
            "pf": _list_of(_is_hash, 2, 2),
            "sh": _list_of(_is_bytes(0, _SHARE), 2, MOST_TRUSTEES),
        },
    ),
    "tk3": ({**_COMMON, "j": _is_trustee, "y": _is_bytes(0, 32), "bad": _are_accused},),
    "abandon": ({**_COMMON, "try": _is_attempt, "why": _one_of(*ABANDON_REASONS)},),
    "manifest": (_FILE,),
    "tk4": ({**_COMMON, "j": _is_trustee},),
    "env": (
        {**_ENVELOPE, "y": _one_of("idt"), "p": _is_hash, "h": _is_hash},
        {**_ENVELOPE, "y": _one_of("desk", "code", "acct")},
    ),
    "paper": (
        {
            **_COMMON,
            "d": _is_contest,
            "a": _is_hash,
            "no": _matches(re.compile(r"[A-Za-z0-9.-]{1,32}")),
        },
    ),
    "late": (_LATE, {**_LATE, "p": _is_hash}),
    "key": (
        {**_COMMON, "id": _matches(KEY_ID), "role": _one_of(*ROLES), "pk": _is_hash},
        {**_COMMON, "id": _matches(KEY_ID), "off": _is_true},
    ),
    "strike": ({**_COMMON, "x": _is_index, "lh": _is_hash, "why": _one_of(*STRIKE_REASONS)},),
    "extend": ({**_COMMON, "closes": _is_count},),
    "jwks": (_FILE,),
    "client": (_FILE,),
    "incident": (_FILE,),
    "notice": (_FILE,),
    "close": ({**_COMMON, "n": _is_count, "ts": _is_count},),
    "input": ({**_COMMON, "d": _is_contest, "n": _is_index, "f": _is_hash, "ts": _is_count},),
    "mix": ({**_COMMON, "d": _is_contest, "st": _is_trustee, "j": _is_trustee, "out": _is_hash, "pf": _is_hash},),
    "dec": ({**_COMMON, "d": _is_contest, "j": _is_trustee, "list": _is_hash, "f": _is_hash},),
    "paperlist": ({**_COMMON, "d": _is_contest, "n": _is_index, "f": _is_hash},),
    "result": ({**_COMMON, "d": _is_contest, "bal": _is_hash, "out": _is_hash},),
}
