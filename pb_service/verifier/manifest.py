"""The manifest and the ballot lists: sections 4, 5 and 8 of docs/schemas/bundle.md, section 2 of docs/protocol.md."""

from dataclasses import dataclass
from typing import Any

from pb_service.verifier.canonical import from_b64u, h32
from pb_service.verifier.log import Key
from pb_service.verifier.sealed import terms as sealed
from pb_service.verifier.shapes import (
    MisshapenError,
    array,
    boolean,
    by_field,
    distinct,
    document,
    exactly,
    fraction,
    increasing,
    integer,
    raw,
    record,
    row,
    text,
)

NAME = "manifest.json"
MONEY = integer(0)
COUNT = integer(0)
WORDS = array(row(text(), text()))
CONTEST_ID = text("[a-z0-9][a-z0-9-]{0,63}")
NUMBERS = array(COUNT, at_least=1)  # of projects
SCORE = exactly("votes", "points", "borda")
UTILITY = exactly("cost", "cardinality", "points", "borda")

COMMON: dict[str, Any] = {"ties": array(exactly("cost", "cost_desc", "votes", "draw", "id"), at_least=1)}
OPTIONS = {
    "draw": record({"lot": text(r"(?s:.{1,1000})"), "seed": raw(32)}),
    "per_cost": fraction,
    "mandatory": NUMBERS,
    "exclusive": array(array(COUNT, at_least=2), at_least=1),
    "categories": array(record({"i": NUMBERS, "budget": MONEY}), at_least=1),
}
GREEDY = record(
    COMMON | {"name": exactly("greedy"), "by": SCORE, "skip": boolean},
    OPTIONS | {"density": exactly(True), "threshold": integer()},
)
PHRAGMEN = record(COMMON | {"name": exactly("phragmen"), "unsupported": boolean}, OPTIONS)
MAX_WELFARE = record(COMMON | {"name": exactly("max_welfare"), "utility": UTILITY}, OPTIONS | {"threshold": integer()})
SHARES = COMMON | {"name": exactly("equal_shares"), "utility": UTILITY, "completion": text()}
ADD_ONE = {
    "step": integer(1),
    "start": exactly("exact", "floor"),
    "stop": exactly("exhaustive", "exhaustive_all", "overspend"),
}
THEN, COMPARE = {"then": exactly("greedy")}, {"compare": exactly("greedy")}
RULE = by_field(
    "name",
    {
        "greedy": GREEDY,
        "equal_shares": by_field(
            "completion",
            {
                "none": record(SHARES, OPTIONS | THEN | COMPARE),
                "add_one": record(SHARES | ADD_ONE, OPTIONS | THEN | COMPARE),
                "percent": record(SHARES | {"percent": integer(1, 100)}, OPTIONS | THEN | COMPARE),
                "phragmen": record(SHARES, OPTIONS | THEN),
            },
        ),
        "phragmen": PHRAGMEN,
        "max_welfare": MAX_WELFARE,
    },
)
POINT_LIMITS = {"sum": COUNT, "summin": COUNT, "each": COUNT, "eachmin": COUNT}
SCORE_LIMITS = {"smin": integer(), "smax": integer()}
LIMITS = record(
    {},
    {"kmin": COUNT, "k": COUNT, "cost": MONEY, "costmin": MONEY, "blank": boolean}
    | {"cats": array(record({"i": array(COUNT)}, {"k": COUNT, "cost": MONEY}))}
    | POINT_LIMITS
    | SCORE_LIMITS,
)
CONTEST: dict[str, Any] = {
    "id": CONTEST_ID,
    "g": text(),
    "fmt": exactly("approval", "knapsack", "points", "scores", "ordinal"),
    "pro": array(row(text(r"(?s:.{1,200})"), integer(1))),
    "budget": MONEY,
    "list": raw(32),
    "limits": LIMITS,
    "breach": exactly("count"),
    "rule": RULE,
}
MANIFEST: dict[str, Any] = {
    "v": exactly(1),
    "origin": text(r"[^\s+\x00-\x1f\x7f]+"),
    "mode": exactly("open"),
    "names": WORDS,
    "licence": text(),
    "source": text(),
    "currency": text("[A-Z]{3}"),
    "unit": exactly(*(10**exponent for exponent in range(2, 16))),
    "opens": COUNT,
    "closes": COUNT,
    "keys": row(
        record({"id": exactly("log"), "role": exactly("log"), "pk": raw(32)}),
        record({"id": exactly("op"), "role": exactly("operator"), "pk": raw(32)}),
    ),
    "wit": record({"k": exactly(0), "vkeys": array(text(), at_most=0)}),
    "groups": array(record({"id": text(), "open": exactly(True), "cls": row(exactly("import"))})),
    "contests": array(record(CONTEST), at_least=1),
}
SEALED_CONTESTS = {"contests": array(record(CONTEST | sealed.CONTEST), at_least=1)}
MANIFESTS = by_field(
    "mode",
    {"open": record(MANIFEST)}
    | dict.fromkeys(sealed.MODES, record(MANIFEST | sealed.FIELDS | SEALED_CONTESTS, sealed.OPTIONAL)),
)
DECIMAL = text(r"-?[0-9]+(\.[0-9]+)?")
BALLOT_LIST = record(
    {
        "v": exactly(1),
        "contest": CONTEST_ID,
        "title": WORDS,
        "language": text(),
        "projects": array(
            record(
                {"id": text(), "title": text(), "categories": array(text()), "targets": array(text())},
                {"place": row(DECIMAL, DECIMAL)},
            )
        ),
    }
)


@dataclass(frozen=True)
class Contest:
    """One contest of the manifest: projects by number, the limits of a ballot, the rule; `unit` minor units make one
    unit of currency."""

    id: str
    fmt: str
    ids: list[str]
    costs: list[int]
    budget: int
    list_hash: bytes
    limits: dict[str, Any]
    rule: dict[str, Any]
    unit: int
    group: str = ""
    encoding: int = 0  # of sealed ballots, and how many points one takes
    blocks: int = 0


@dataclass(frozen=True)
class Manifest:
    """What was fixed before the count. `eid` is the hash that every later entry names."""

    eid: bytes
    mode: str
    names: list[list[str]]
    currency: str
    log_key: Key
    operator_key: bytes
    contests: list[Contest]
    terms: sealed.Terms | None = None  # of sealed ballots


def read_manifest(data: bytes) -> Manifest:
    """The manifest of `manifest.json`. Raises Found."""
    value = document(data, _manifest, NAME)
    log, operator = value["keys"][:2]
    return Manifest(
        eid=h32("pb/manifest", data),
        mode=value["mode"],
        names=value["names"],
        currency=value["currency"],
        log_key=Key(value["origin"], from_b64u(log["pk"], 32)),
        operator_key=from_b64u(operator["pk"], 32),
        contests=[_contest(contest, value["unit"]) for contest in value["contests"]],
        terms=None if value["mode"] == "open" else sealed.read_terms(value),
    )


def check_list(data: bytes, contest: Contest) -> None:
    """The ballot list is of the contest and has its projects in order. Raises Found."""

    def shape(value: Any, path: str) -> None:
        BALLOT_LIST(value, path)
        if value["contest"] != contest.id:
            raise MisshapenError("contest")
        if [project["id"] for project in value["projects"]] != contest.ids:
            raise MisshapenError("projects")

    document(data, shape, f"lists/{contest.id}.json")


def _contest(value: dict[str, Any], unit: int) -> Contest:
    return Contest(
        id=value["id"],
        fmt=value["fmt"],
        ids=[project for project, _ in value["pro"]],
        costs=[cost for _, cost in value["pro"]],
        budget=value["budget"],
        list_hash=from_b64u(value["list"], 32),
        limits=value["limits"],
        rule=value["rule"],
        unit=unit,
        group=value["g"],
        encoding=value.get("enc", 0),
        blocks=value.get("w", 0),
    )


def _manifest(value: Any, path: str) -> None:
    MANIFESTS(value, path)
    groups = [group["id"] for group in value["groups"]]
    distinct(groups, "groups")
    distinct([contest["id"] for contest in value["contests"]], "contests")
    for index, contest in enumerate(value["contests"]):
        at = f"contests[{index}]"
        if contest["g"] not in groups:
            raise MisshapenError(f"{at}.g")
        distinct([project for project, _ in contest["pro"]], f"{at}.pro")
        _limits(contest, f"{at}.limits")
        check_rule(contest, f"{at}.rule")
    if value["mode"] != "open":
        sealed.check_terms(value)


def _limits(contest: dict[str, Any], at: str) -> None:
    limits, fmt = contest["limits"], contest["fmt"]
    for name in limits:
        if (name in POINT_LIMITS and fmt != "points") or (name in SCORE_LIMITS and fmt != "scores"):
            raise MisshapenError(f"{at}.{name}")
    for index, category in enumerate(limits.get("cats", [])):
        increasing(category["i"], f"{at}.cats[{index}].i")
        if any(number >= len(contest["pro"]) for number in category["i"]):
            raise MisshapenError(f"{at}.cats[{index}].i")


def check_rule(contest: dict[str, Any], at: str) -> None:
    """Raises MisshapenError unless the rule goes with `fmt`, `pro` and `budget` of its contest."""
    rule, fmt = contest["rule"], contest["fmt"]
    distinct(rule["ties"], f"{at}.ties")
    if rule["ties"][-1] != "id":
        raise MisshapenError(f"{at}.ties")
    if ("draw" in rule["ties"]) != ("draw" in rule):
        raise MisshapenError(f"{at}.draw")
    if "draw" in rule and from_b64u(rule["draw"]["seed"], 32) != h32("pb/lot", rule["draw"]["lot"].encode()):
        raise MisshapenError(f"{at}.draw.seed")
    needed = {"points": ("points", "scores"), "borda": ("ordinal",)}
    for field in ("by", "utility"):
        if field in rule and fmt not in needed.get(rule[field], (fmt,)):
            raise MisshapenError(f"{at}.{field}")
    if "compare" in rule and "then" in rule:
        raise MisshapenError(f"{at}.compare")
    _constraints(contest, at)


def _constraints(contest: dict[str, Any], at: str) -> None:
    """Numbers are of projects, and the mandatory projects can all be funded."""
    rule, costs = contest["rule"], [cost for _, cost in contest["pro"]]
    named = {f"{at}.exclusive[{index}]": numbers for index, numbers in enumerate(rule.get("exclusive", ()))}
    for index, category in enumerate(rule.get("categories", ())):
        named[f"{at}.categories[{index}].i"] = category["i"]
    mandatory = rule.get("mandatory", [])
    named[f"{at}.mandatory"] = mandatory
    for path, numbers in named.items():
        increasing(numbers, path)
        if numbers and numbers[-1] >= len(costs):
            raise MisshapenError(path)

    def cost(numbers: set[int]) -> int:
        return sum(costs[number] for number in numbers)

    if (
        cost(set(mandatory)) > contest["budget"]
        or any(len(set(group).intersection(mandatory)) > 1 for group in rule.get("exclusive", ()))
        or any(cost(set(c["i"]).intersection(mandatory)) > c["budget"] for c in rule.get("categories", ()))
    ):
        raise MisshapenError(f"{at}.mandatory")
