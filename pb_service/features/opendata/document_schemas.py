"""JSON Schemas of the documents that the record names by hash, whose meaning stands in docs/schemas/bundle.md.

They are written here and not derived from the types: a rule or a step is one of several shapes, told apart by a field.
What a sealed vote has beyond an open one (docs/protocol.md) is allowed and not described.
"""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
_HASH: dict[str, Any] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{43}$",
    "description": "SHA-256, unpadded base64url.",
}
_FRACTION: dict[str, Any] = {"type": "string", "pattern": "^[0-9]+(/[0-9]+)?$"}
_CONTEST: dict[str, Any] = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
_TEXTS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "array", "prefixItems": [_TEXT, _TEXT], "minItems": 2, "maxItems": 2},
    "description": "Pairs of language and text.",
}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, *, closed: bool = True) -> dict[str, Any]:
    found = {"type": "object", "required": [*required], "properties": {**required, **(optional or {})}}
    return found | ({"additionalProperties": False} if closed else {})


def _many(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items} | ({"minItems": least} if least else {})


_BALLOT = {
    "anyOf": [_many(_WHOLE), _many({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2})],
    "description": "Numbers of the projects named, or pairs of project number and points.",
}
_RULE = _object(
    {
        "name": {"enum": ["greedy", "equal_shares", "phragmen", "max_welfare"]},
        "ties": _many({"enum": ["cost", "cost_desc", "votes", "draw", "id"]}, 1),
    },
    closed=False,
)

MANIFEST = _object(
    {
        "v": {"const": 1},
        "origin": _TEXT,
        "mode": {"enum": ["open", "self", "split", "split+outside"]},
        "names": _TEXTS,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "unit": {"type": "integer", "minimum": 100},
        "opens": _WHOLE,
        "closes": _WHOLE,
        "keys": _many({"type": "object", "required": ["id", "role"]}, 2),
        "wit": _object({"k": _WHOLE, "vkeys": _many(_TEXT)}),
        "groups": _many({"type": "object", "required": ["id", "cls"]}, 1),
        "contests": _many(
            _object(
                {
                    "id": _CONTEST,
                    "g": _TEXT,
                    "fmt": {"enum": ["approval", "knapsack", "points", "scores", "ordinal"]},
                    "pro": _many({"type": "array", "prefixItems": [_TEXT, _WHOLE], "minItems": 2, "maxItems": 2}, 1),
                    "budget": _WHOLE,
                    "list": _HASH,
                    "limits": {"type": "object"},
                    "rule": _RULE,
                },
                closed=False,
            ),
            1,
        ),
    },
    {"licence": _TEXT, "source": _TEXT},
    closed=False,
)

LIST = _object(
    {
        "v": {"const": 1},
        "contest": _CONTEST,
        "title": _TEXTS,
        "language": _TEXT,
        "projects": _many(
            _object(
                {"id": _TEXT, "title": _TEXT, "categories": _many(_TEXT), "targets": _many(_TEXT)},
                {"place": {**_many(_TEXT, 2), "maxItems": 2, "description": "Latitude and longitude in degrees."}},
                closed=False,
            ),
            1,
        ),
    },
    closed=False,
)

BALLOTS = {
    "type": "object",
    "required": ["v", "e", "d"],
    "properties": {"v": {"const": 1}, "e": _HASH, "d": _CONTEST},
    "oneOf": [
        {"required": ["open"], "properties": {"open": _many(_BALLOT)}},
        {
            "required": ["on", "pa"],
            "properties": {
                "on": {**_many(_TEXT), "description": "Opened sealed ballots as payloads (docs/protocol.md), sorted."},
                "pa": {**_many(_TEXT), "description": "Paper ballots in the same form, sorted."},
            },
        },
    ],
}

_TURN = _object({"i": _WHOLE, "left": _WHOLE, "ok": {"type": "boolean"}})
_PURCHASE = _object({"i": _WHOLE, "price": _FRACTION, "supporters": _WHOLE, "left": _WHOLE})
_LOADING = _object({"i": _WHOLE, "supporters": _WHOLE, "left": _WHOLE}, {"load": _FRACTION})

OUTCOME = _object(
    {
        "v": {"const": 1},
        "e": _HASH,
        "d": _CONTEST,
        "counts": _object({"ballots": _WHOLE, "blank": _WHOLE, "over": _WHOLE}),
        "budget": _WHOLE,
        "cost": _WHOLE,
        "winners": _many(_WHOLE),
        "projects": _many(
            _object(
                {
                    "votes": _WHOLE,
                    "score": {"type": "integer"},
                    "won": {"type": "boolean"},
                    "why": _object({"c": _TEXT}, closed=False),
                }
            )
        ),
        "steps": _many({"anyOf": [_TURN, _PURCHASE, _LOADING]}),
        "ties": _many(
            _object(
                {"order": _many(_WHOLE, 2), "by": _many(_TEXT, 1)},
                {"score": {"type": "integer"}, "density": _FRACTION, "round": _WHOLE},
            )
        ),
    },
    {
        "endowment": _FRACTION,
        "increments": _WHOLE,
        "stop": {"enum": ["fixed", "exhaustive", "overspend", "all"]},
        "after": _many(_LOADING),
        "then": _many(_TURN),
        "compare": {"type": "object"},
        "welfare": {"type": "integer"},
    },
)
