"""The form of setup.json and manifest.json: every field that docs/protocol.md section 2 names, and no other.

Servers and trustees read with it. A reader that took more than a checker takes would let a whole vote run before
anybody saw that it cannot be verified.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

from pb_service.core.record.canonical import CanonicalError, unb64u
from pb_service.core.record.checkpoint import CheckpointError, is_origin
from pb_service.core.record.forms import CLASSES, CONTEST, KEY_ID, MOST_TRUSTEES, ROLES
from pb_service.core.record.signatures import is_sound_key
from pb_service.core.record.witness import Witness
from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.sealing.payload import BallotShape
from pb_service.core.tally import Instance, Project, tally

#: Raises FormError with the path of the first value that is not of its form.
Form = Callable[[Any, str], None]

MODES = ("self", "split", "split+outside")
_POINTS = ("sum", "summin", "each", "eachmin")
_SCORES = ("smin", "smax")
_LIMIT = 2**53


class FormError(ValueError):
    """A document is not of its form; the message is the path of the value."""


def check_setup(document: Any) -> None:
    """Raise FormError unless this is a setup."""
    _SETUP(document, "")
    keys = [unb64u(trustee["pk"]) for trustee in document["trustees"]]
    if not document["t"] <= document["n"] == len(keys) == len(set(keys)) or not all(map(is_sound_key, keys)):
        raise FormError("trustees")
    if not is_sound_key(unb64u(document["reg"])) or unb64u(document["reg"]) in keys:
        raise FormError("reg")


def check_manifest(document: Any) -> None:
    """Raise FormError unless this is the manifest of a sealed vote, each of its rules one that can be counted."""
    _MANIFEST(document, "")
    _check_keys(document["keys"])
    _check_witnesses(document)
    groups = [group["id"] for group in document["groups"]]
    _distinct(groups, "groups")
    _distinct([contest["id"] for contest in document["contests"]], "contests")
    for group in document["groups"]:
        if group["cls"] != [name for name in CLASSES if name in group["cls"]]:
            raise FormError(f"groups.{group['id']}.cls")
    for contest in document["contests"]:
        _check_contest(contest, groups, document["unit"])


def _check_keys(keys: Sequence[Mapping[str, str]]) -> None:
    for place, named in enumerate((("log", "log"), ("op", "operator"))):
        if (keys[place]["id"], keys[place]["role"]) != named:
            raise FormError(f"keys[{place}]")
    _distinct([key["id"] for key in keys], "keys")
    _distinct([key["pk"] for key in keys], "keys")
    for key in keys[2:]:
        if is_reserved(key["id"]) or key["role"] not in ROLES[1:]:
            raise FormError(f"keys.{key['id']}")
    if not all(is_sound_key(unb64u(key["pk"])) for key in keys):
        raise FormError("keys: a key that is not sound")


def is_reserved(key_id: str) -> bool:
    """Say whether a key id is kept for a trustee (t and a number) or for a voter's key (p)."""
    return key_id == "p" or (key_id[0] == "t" and key_id[1:].isdigit())


def _check_witnesses(document: Mapping[str, Any]) -> None:
    needed, vkeys = document["wit"]["k"], document["wit"]["vkeys"]
    try:
        witnesses = [Witness.parse(vkey) for vkey in vkeys]
    except CheckpointError as error:
        raise FormError("wit.vkeys") from error
    _distinct([witness.name for witness in witnesses], "wit.vkeys")
    _distinct([witness.key for witness in witnesses], "wit.vkeys")
    if needed > len(vkeys) or (needed == 0 and document["mode"] != "self"):
        raise FormError("wit.k")
    if not all(is_sound_key(witness.key) for witness in witnesses):
        raise FormError("wit.vkeys: a key that is not sound")


def _check_contest(contest: Mapping[str, Any], groups: Sequence[str], unit: int) -> None:
    at, limits, fmt = f"contests.{contest['id']}", contest["limits"], contest["fmt"]
    if contest["g"] not in groups:
        raise FormError(f"{at}.g")
    _distinct([code for code, _ in contest["pro"]], f"{at}.pro")
    for names, wanted in ((_POINTS, "points"), (_SCORES, "scores")):
        if fmt != wanted and not limits.keys().isdisjoint(names):
            raise FormError(f"{at}.limits")
    for category in limits.get("cats", []):
        if any(a >= b for a, b in pairwise([*category["i"], len(contest["pro"])])):
            raise FormError(f"{at}.limits.cats")
    shape = BallotShape.of(fmt, limits, [cost for _, cost in contest["pro"]])
    if (contest["enc"], contest["w"]) != (shape.enc, shape.width):
        raise FormError(f"{at}.enc")
    if not isinstance(contest["rule"], dict) or "weights" in contest["rule"]:
        raise FormError(f"{at}.rule")
    projects = [Project(code, cost) for code, cost in contest["pro"]]
    # What counts an empty box counts every box: names, numbers, sums and what goes with the format are looked at.
    empty = Instance(projects, contest["budget"], fmt, [], unit, contest=contest["id"])
    tally(empty, cast(RuleDocument, contest["rule"]))


def _distinct(values: Sequence[Any], path: str) -> None:
    if len(set(values)) != len(values):
        raise FormError(f"{path}: something stands twice")


def _fields(required: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict) or not required.keys() <= value.keys() <= known.keys():
            raise FormError(f"{path or 'the whole'}: expected the fields {', '.join(sorted(required))}")
        for name, item in value.items():
            known[name](item, f"{path}.{name}" if path else name)

    return check


def _list(item: Form, least: int = 0, most: int = _LIMIT) -> Form:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise FormError(path)
        for place, each in enumerate(value):
            item(each, f"{path}[{place}]")

    return check


def _row(*items: Form) -> Form:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or len(value) != len(items):
            raise FormError(path)
        for item, each in zip(items, value, strict=True):
            item(each, path)

    return check


def _value(is_right: Callable[[Any], bool]) -> Form:
    def check(value: Any, path: str) -> None:
        if not is_right(value):
            raise FormError(path)

    return check


def _integer(least: int = 1 - _LIMIT, most: int = _LIMIT - 1) -> Form:
    return _value(lambda value: type(value) is int and least <= value <= most)


def _text(pattern: str = r"(?s:.*)") -> Form:
    form = re.compile(pattern)
    return _value(lambda value: isinstance(value, str) and form.fullmatch(value) is not None)


def _one_of(*values: str) -> Form:
    return _value(lambda value: isinstance(value, str) and value in values)


def _is_h32(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(unb64u(value)) == 32
    except CanonicalError:
        return False


def _group(value: Any, path: str) -> None:
    common: Mapping[str, Form] = {"id": _ID, "cls": _list(_one_of(*CLASSES), 1)}
    if isinstance(value, dict) and "open" in value:
        _fields({**common, "open": _value(lambda value: value is True)})(value, path)
    else:
        _fields({**common, "roll": _H32, "count": _COUNT})(value, path)


_H32 = _value(_is_h32)
_COUNT = _integer(0)
_BOOLEAN = _value(lambda value: isinstance(value, bool))
_VERSION = _integer(1, 1)
_ORIGIN = _value(lambda value: isinstance(value, str) and is_origin(value))
_ID = _text(CONTEST.pattern)
_PAIR_OF_TEXTS = _row(_text(), _text())
_SETUP = _fields(
    {
        "v": _VERSION,
        "origin": _ORIGIN,
        "try": _integer(1),
        "t": _integer(2, MOST_TRUSTEES),
        "n": _integer(2, MOST_TRUSTEES),
        "trustees": _list(_fields({"name": _text(), "pk": _H32}), 2, MOST_TRUSTEES),
        "reg": _H32,
    }
)
_LIMITS = _fields(
    {},
    {
        **dict.fromkeys(("kmin", "k", "cost", "costmin", *_POINTS), _COUNT),
        **dict.fromkeys(_SCORES, _integer()),
        "cats": _list(_fields({"i": _list(_COUNT)}, {"k": _COUNT, "cost": _COUNT})),
        "blank": _BOOLEAN,
    },
)
_CONTEST = _fields(
    {
        "id": _ID,
        "g": _ID,
        "fmt": _one_of("approval", "knapsack", "points", "scores", "ordinal"),
        "enc": _integer(1, 4),
        "w": _integer(1, 64),
        "pro": _list(_row(_text(r"(?s:.{1,200})"), _integer(1)), 1),
        "budget": _COUNT,
        "list": _H32,
        "limits": _LIMITS,
        "breach": _one_of("refuse"),
        "rule": _value(lambda _: True),  # looked at by counting with it
    }
)
_MANIFEST = _fields(
    {
        "v": _VERSION,
        "origin": _ORIGIN,
        "mode": _one_of(*MODES),
        "names": _list(_PAIR_OF_TEXTS),
        "licence": _text(),
        "source": _text(),
        "currency": _text("[A-Z]{3}"),
        "unit": _value(lambda value: type(value) is int and value in {10**exponent for exponent in range(2, 16)}),
        "setup": _H32,
        "y": _H32,
        "yi": _list(_H32, 2, MOST_TRUSTEES),
        "opens": _COUNT,
        "closes": _COUNT,
        "grace": _COUNT,
        "strikes": _COUNT,
        "wit": _fields({"k": _COUNT, "vkeys": _list(_text())}),
        "client": _H32,
        "aud": _H32,
        "keys": _list(
            _fields({"id": _text(KEY_ID.pattern), "role": _one_of("log", *ROLES), "pk": _H32}),
            2,
        ),
        "groups": _list(_group, 1),
        "contests": _list(_CONTEST, 1),
    },
    {"idp": _fields({"iss": _text(), "aud": _text(), "jwks": _H32, "pid": _text()})},
)
