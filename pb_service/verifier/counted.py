"""The result of `pb tally --format json`: docs/schemas/tally.md, and its election as the checks need it."""

import json
from fractions import Fraction
from typing import Any

from pb_service.verifier.findings import Found, Unreadable
from pb_service.verifier.manifest import RULE, Contest, check_rule
from pb_service.verifier.shapes import (
    MisshapenError,
    Shape,
    array,
    boolean,
    by_field,
    exactly,
    integer,
    record,
    text,
)
from pb_service.verifier.votes import Votes, in_units

LARGEST = 64 * 1024 * 1024
DIGITS = 200_000  # of numerator or denominator; they grow with the number of purchases
COUNT = integer(0)
ID = text()
AMOUNT = text(r"[0-9]{1,30}(\.[0-9]{1,30})?")
#: A fraction that is not negative.
PART = text(rf"[0-9]{{1,{DIGITS}}}(/[1-9][0-9]{{0,{DIGITS}}})?")
UNITS = integer(1)

TURN = record({"project": ID, "score": integer(), "left": COUNT, "funded": boolean})
PAYMENT = record({"project": ID, "price": PART, "full": COUNT, "utility": COUNT, "rest": PART})
LOADING = record({"project": ID, "supporters": COUNT, "carried": PART, "left": COUNT}, {"load": PART})
LOADINGS = {
    "rounds": array(LOADING),
    "end": by_field(
        "reason",
        {
            "none_left": record({"reason": exactly("none_left")}),
            "misfit": record({"reason": exactly("misfit"), "project": ID}, {"load": PART}),
        },
    ),
}
PROOF_FIELDS: dict[str, tuple[dict[str, Shape], dict[str, Shape]]] = {
    "order": (
        {
            "method": exactly("order"),
            "rounds": array(TURN),
            "end": by_field(
                "reason",
                {
                    "all": record({"reason": exactly("all")}),
                    "misfit": record({"reason": exactly("misfit"), "project": ID}),
                },
            ),
        },
        {},
    ),
    "payments": (
        {
            "method": exactly("payments"),
            "endowment": PART,
            "rounds": array(PAYMENT),
            "short": array(record({"project": ID, "money": PART})),
            "end": by_field(
                "reason",
                {
                    "exhaustive": record({"reason": exactly("exhaustive"), "left": COUNT}, {"cheapest": ID}),
                    **{name: record({"reason": exactly(name)}) for name in ("fixed", "all", "overspend")},
                },
            ),
        },
        {
            "next": record({"endowment": PART, "cost": COUNT, "rounds": array(PAYMENT)}),
            "after": record(LOADINGS),
            "then": record({"rounds": array(TURN)}),
        },
    ),
    "loads": ({"method": exactly("loads")} | LOADINGS, {}),
    "bound": (
        {
            "method": exactly("bound"),
            "welfare": COUNT,
            "worth": PART,
            "bound": PART,
            "proof": exactly("bound", "search"),
        },
        {},
    ),
}
PROOF = by_field("method", {name: record(*fields) for name, fields in PROOF_FIELDS.items()})


def _any(_value: Any, _path: str) -> None:
    """Looked at elsewhere."""


#: What a tie says of other orders of it; that is not examined here.
OF_OTHER_ORDERS = ("another_order_changes_the_winners", "examined")

HEAD: dict[str, Shape] = {"v": exactly(1), "unit": UNITS, "contest": ID, "rule": _any}
CERTIFICATE = by_field(
    "method",
    {name: record(HEAD | needed, extra | {"other": PROOF}) for name, (needed, extra) in PROOF_FIELDS.items()},
)
TIE = record(
    {"order": array(ID, at_least=2), "by": array(ID, at_least=1)},
    {"round": COUNT, "score": integer(), "density": ID} | dict.fromkeys(OF_OTHER_ORDERS, _any),
)
STEP = record({"project": ID, "left": AMOUNT}, {"price": PART, "supporters": COUNT, "load": PART, "funded": boolean})
RESULT = record(
    {
        "file": ID,
        "rule": ID,
        "ties": array(ID, at_least=1),
        "currency": ID,
        "ballots": COUNT,
        "blank": COUNT,
        "budget": AMOUNT,
        "cost": AMOUNT,
        "winners": array(ID),
        "endowment": _any,
        "increments": _any,
        "stop": _any,
        "steps": array(STEP),
        "tied": array(TIE),
        "certificate": CERTIFICATE,
    },
    {
        "after": array(STEP),
        "then": array(STEP),
        "compare": record(
            {
                "equal_shares": COUNT,
                "greedy": COUNT,
                "taken": exactly("equal_shares", "greedy"),
                "cost": AMOUNT,
                "other": array(ID),
            }
        ),
        "welfare": COUNT,
        "tie_recounts": _any,
        "other_optimum": _any,
    },
)


def read_result(data: bytes, path: str) -> dict[str, Any]:
    """The document. Raises Unreadable when it is no JSON object, Found when it is not of the form."""
    try:
        value = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_a_result", path=path) from error
    if type(value) is not dict:
        raise Unreadable("not_a_result", path=path)
    try:
        RESULT(value, "")
    except MisshapenError as error:
        raise Found("result_form", path=str(error) or ".") from error
    return value


def contest_of(result: dict[str, Any], votes: Votes) -> Contest:
    """The contest that was counted, of the rule in the certificate and the projects of the file. Raises Found."""
    certificate = result["certificate"]
    unit, rule = certificate["unit"], certificate["rule"]
    costs, budget = [in_units(cost, unit) for cost in votes.costs], in_units(votes.budget, unit)
    if str(unit).strip("0") != "1" or unit < 100 or budget is None or None in costs or 0 in costs:
        raise Found("result_unit", unit=unit)
    known = [cost for cost in costs if cost is not None]
    value = {
        "fmt": votes.fmt,
        "pro": [[name, cost] for name, cost in zip(votes.ids, known, strict=True)],
        "budget": budget,
        "rule": rule,
    }
    try:
        plain = {name: rule[name] for name in rule if name != "weights"} if type(rule) is dict else rule
        RULE(plain, "certificate.rule")
        check_rule(value, "certificate.rule")
        _weights(rule, votes.channels)
    except MisshapenError as error:
        raise Found("result_form", path=str(error)) from error
    return Contest(certificate["contest"], votes.fmt, votes.ids, known, budget, b"", {}, rule, unit)


def _weights(rule: dict[str, Any], channels: list[str] | None) -> None:
    """Weights stand with greedy only, and there is one for the channel of every ballot."""
    if "weights" not in rule:
        return
    at, weights = "certificate.rule.weights", rule["weights"]
    if rule["name"] != "greedy" or type(weights) is not dict or channels is None:
        raise MisshapenError(at)
    for channel, weight in weights.items():
        integer(1, 1_000_000)(weight, f"{at}.{channel}")
    if not weights.keys() >= set(channels):
        raise MisshapenError(at)


def decimal(minor: int, unit: int) -> str:
    """An amount as the result writes it: currency units, without needless zeros."""
    whole, rest = divmod(minor, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def fraction(value: str) -> Fraction:
    """A fraction of the certificate."""
    numerator, _, denominator = value.partition("/")
    return Fraction(int(numerator), int(denominator or 1))


def _refuse(_text: str) -> Any:
    raise ValueError


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value
