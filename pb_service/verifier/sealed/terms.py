"""What a manifest says about a vote with sealed ballots: section 2 of docs/protocol.md."""

import re
from dataclasses import dataclass, field
from typing import Any

from pb_service.verifier import ed25519
from pb_service.verifier.canonical import from_b64u
from pb_service.verifier.log import WITNESS, Key, parse_vkey
from pb_service.verifier.shapes import MisshapenError, Shape, array, distinct, exactly, integer, raw, record, text

NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")  # of a log or a witness
MODES = ("self", "split", "split+outside")
RANKS = {"idt": 3, "desk": 3, "code": 2, "acct": 1}
CLASSES = tuple(RANKS)
KEY_ID = text("(?!p$)(?!t[0-9]+$)[a-z][a-z0-9]{0,15}")
ROLES = ("vouch", "registrar", "desk", "auditor")
GROUP_ID = text("[a-z0-9][a-z0-9-]{0,63}")
CLS = array(exactly(*CLASSES), at_least=1)
TRUSTEES = 15
BLOCK = 30  # bytes of a payload in one point
MOST_BLOCKS = 64
MOST_PROJECTS = 65_534
ENCODINGS = {"approval": (1, 3), "knapsack": (1, 3), "points": (2, 4), "scores": (2, 4), "ordinal": (3,)}


def _group(value: Any, path: str) -> None:
    if type(value) is dict and "open" in value:
        return record({"id": GROUP_ID, "cls": CLS, "open": exactly(True)})(value, path)
    return record({"id": GROUP_ID, "cls": CLS, "roll": raw(32), "count": integer(0)})(value, path)


#: The fields of the manifest that a vote with open ballots has in another form, or not at all.
FIELDS: dict[str, Shape] = {
    "mode": exactly(*MODES),
    "setup": raw(32),
    "y": raw(32),
    "yi": array(raw(32), at_least=2, at_most=TRUSTEES),
    "grace": integer(0),
    "strikes": integer(0),
    "wit": record({"k": integer(0), "vkeys": array(text())}),
    "client": raw(32),
    "aud": raw(32),
    "keys": array(record({"id": KEY_ID, "role": exactly("log", "operator", *ROLES), "pk": raw(32)}), at_least=2),
    "groups": array(_group, at_least=1),
}
OPTIONAL: dict[str, Shape] = {"idp": record({"iss": text(), "aud": text(), "jwks": raw(32), "pid": text()})}
CONTEST: dict[str, Shape] = {
    "breach": exactly("refuse"),
    "enc": integer(1, 4),
    "w": integer(1, 64),
}


@dataclass(frozen=True)
class Group:
    """A set of contests in which a person has one ballot; `roll` is None when any alias is taken."""

    id: str
    classes: tuple[str, ...]
    roll: bytes | None
    count: int


@dataclass(frozen=True)
class Terms:
    """Keys and conditions of a vote with sealed ballots."""

    setup: bytes
    joint_key: bytes
    public_shares: list[bytes]
    opens: int
    closes: int
    strikes: int
    witnesses_needed: int
    witnesses: list[Key]
    client: bytes
    idp: dict[str, Any] | None
    keys: dict[str, tuple[str, bytes]]
    groups: dict[str, Group] = field(default_factory=dict)


def check_terms(value: dict[str, Any]) -> None:
    """What the shapes cannot say. Raises MisshapenError."""
    _keys(value["keys"])
    _witnesses(value)
    distinct([group["id"] for group in value["groups"]], "groups")
    for index, group in enumerate(value["groups"]):
        if group["cls"] != [name for name in CLASSES if name in group["cls"]]:
            raise MisshapenError(f"groups[{index}].cls")
    for index, contest in enumerate(value["contests"]):
        at = f"contests[{index}]"
        right = encoding(contest)
        if right is None:
            raise MisshapenError(f"{at}.limits")
        for name, number in zip(("enc", "w"), right, strict=True):
            if contest[name] != number:
                raise MisshapenError(f"{at}.{name}")


def encoding(contest: dict[str, Any]) -> tuple[int, int] | None:
    """`enc` and `w` that a contest of the manifest must have; None when no ballot of it can be sealed."""
    limits, projects = contest["limits"], len(contest["pro"])
    if not 0 < projects <= MOST_PROJECTS:
        return None
    if contest["fmt"] == "scores" and not (
        "smin" in limits and "smax" in limits and 0 <= limits["smax"] - limits["smin"] <= 254
    ):
        return None
    slots = min(limits.get("k", projects), projects)
    lengths = {1: -(-projects // 8), 2: projects, 3: 2 * slots, 4: 3 * slots}
    blocks = {enc: -(-(2 + lengths[enc]) // BLOCK) for enc in ENCODINGS[contest["fmt"]]}
    enc = min(blocks, key=lambda one: (blocks[one], one))
    return (enc, blocks[enc]) if blocks[enc] <= MOST_BLOCKS else None


def _keys(keys: list[dict[str, Any]]) -> None:
    for index, (name, role) in enumerate((("log", "log"), ("op", "operator"))):
        if (keys[index]["id"], keys[index]["role"]) != (name, role):
            raise MisshapenError(f"keys[{index}]")
    distinct([key["id"] for key in keys], "keys")
    distinct([key["pk"] for key in keys], "keys")
    for index, key in enumerate(keys):
        if index > 1 and key["role"] not in ROLES:
            raise MisshapenError(f"keys[{index}].role")
        if not ed25519.is_sound(from_b64u(key["pk"], 32)):
            raise MisshapenError(f"keys[{index}].pk")


def _witnesses(value: dict[str, Any]) -> None:
    wit = value["wit"]
    if not (value["mode"] == "self" or wit["k"]) or wit["k"] > len(wit["vkeys"]):
        raise MisshapenError("wit.k")
    known = []
    for index, vkey in enumerate(wit["vkeys"]):
        try:
            key = parse_vkey(vkey, WITNESS)
        except ValueError as error:
            raise MisshapenError(f"wit.vkeys[{index}]") from error
        if vkey != key.vkey or not NAME.fullmatch(key.name) or not ed25519.is_sound(key.public):
            raise MisshapenError(f"wit.vkeys[{index}]")
        known.append(key)
    distinct([key.public for key in known], "wit.vkeys")
    distinct([key.name for key in known], "wit.vkeys")


def read_terms(value: dict[str, Any]) -> Terms:
    """The terms of a manifest that has passed its checks."""
    return Terms(
        setup=from_b64u(value["setup"], 32),
        joint_key=from_b64u(value["y"], 32),
        public_shares=[from_b64u(share, 32) for share in value["yi"]],
        opens=value["opens"],
        closes=value["closes"],
        strikes=value["strikes"],
        witnesses_needed=value["wit"]["k"],
        witnesses=[parse_vkey(vkey, WITNESS) for vkey in value["wit"]["vkeys"]],
        client=from_b64u(value["client"], 32),
        idp=value.get("idp"),
        keys={key["id"]: (key["role"], from_b64u(key["pk"], 32)) for key in value["keys"]},
        groups={
            group["id"]: Group(
                group["id"],
                tuple(group["cls"]),
                from_b64u(group["roll"], 32) if "roll" in group else None,
                group.get("count", 0),
            )
            for group in value["groups"]
        },
    )


SETUP = record(
    {
        "v": exactly(1),
        "origin": text(NAME.pattern),
        "try": integer(1),
        "t": integer(2, TRUSTEES),
        "n": integer(2, TRUSTEES),
        "trustees": array(record({"name": text(), "pk": raw(32)}), at_least=2, at_most=TRUSTEES),
        "reg": raw(32),
    }
)


@dataclass(frozen=True)
class Setup:
    """The trustees of one attempt at a key: `quorum` of them open the ballots. `registrar` may give the attempt up."""

    sid: bytes
    attempt: int
    quorum: int
    names: list[str]
    keys: list[bytes]
    origin: str
    registrar: bytes


def check_setup(value: Any, path: str) -> None:
    """The form of setup.json. Raises MisshapenError."""
    SETUP(value, path)
    if value["t"] > value["n"]:
        raise MisshapenError("t")
    if len(value["trustees"]) != value["n"]:
        raise MisshapenError("n")
    keys = [trustee["pk"] for trustee in value["trustees"]]
    distinct(keys, "trustees")
    for index, key in enumerate(keys):
        if not ed25519.is_sound(from_b64u(key, 32)):
            raise MisshapenError(f"trustees[{index}].pk")
    if value["reg"] in keys or not ed25519.is_sound(from_b64u(value["reg"], 32)):
        raise MisshapenError("reg")


ATTEMPT = re.compile(r"setup(-[1-9][0-9]{0,5})?\.json")
