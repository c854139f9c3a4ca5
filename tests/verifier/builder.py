"""Makes small evidence bundles from docs/schemas/bundle.md alone: a third reading of it, beside service and verifier.

A `Plan` is a bundle before it is signed. Tests change it and `seal` it again, as somebody who holds the keys could.
"""

import base64
import copy
import hashlib
import io
import json
import random
import zipfile
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.verifier import naive

Json = dict[str, Any]
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
OPERATOR_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
ORIGIN = "example.org/pb/test"


def cj(value: Any) -> bytes:
    """Canonical JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass
class Plan:
    """A bundle to be: documents as objects, entries without what follows from the documents."""

    manifest: Json
    lists: dict[str, Json]
    ballots: dict[str, list[Any]]
    entries: list[Json]
    outcomes: dict[str, Json] = field(default_factory=dict)  # only those that shall differ from the right ones
    ballot_files: dict[str, Json] = field(default_factory=dict)  # the same
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=lambda: {"log": LOG_KEY, "op": OPERATOR_KEY})

    def eid(self) -> str:
        parts = [b"pb/manifest", cj(self.manifest)]
        return b64u(sha(b"".join(len(part).to_bytes(4, "big") + part for part in parts)))

    def outcome(self, contest: str) -> Json:
        """The right outcome of a contest."""
        known = next(c for c in self.manifest["contests"] if c["id"] == contest)
        return naive.outcome(known, self.manifest["unit"], self.eid(), self.ballots[contest])

    def files(self) -> dict[str, bytes]:
        """Manifest, lists, ballots and outcomes."""
        for contest in self.manifest["contests"]:
            contest["list"] = b64u(sha(cj(self.lists[contest["id"]])))
        files = {"manifest.json": cj(self.manifest)}
        for name in [contest["id"] for contest in self.manifest["contests"]]:
            ballots = {"v": 1, "e": self.eid(), "d": name, "open": self.ballots[name]}
            files[f"lists/{name}.json"] = cj(self.lists[name])
            files[f"ballots/{name}.json"] = cj(self.ballot_files.get(name, ballots))
            files[f"outcomes/{name}.json"] = cj(self.outcomes.get(name) or self.outcome(name))
        return files

    def signed_entries(self, files: dict[str, bytes]) -> list[bytes]:
        """Each entry completed with what it follows from, and signed."""
        entries = []
        for index, short in enumerate(self.entries):
            entry: Json = {"v": 1} | short
            if "." not in entry["k"]:
                entry = {"e": self.eid()} | entry
            if entry["k"] == "manifest":
                entry = {"f": b64u(sha(files["manifest.json"]))} | entry
            if entry["k"] == "close":
                entry = {"n": index} | entry
            if entry["k"] == "result":
                known = {"bal": f"ballots/{entry['d']}.json", "out": f"outcomes/{entry['d']}.json"}
                entry = {name: b64u(sha(files.get(path, b""))) for name, path in known.items()} | entry
            if "." not in entry["k"] and "sg" not in entry:
                signature = self.keys["op"].sign(b"pb/sig/" + entry["k"].encode() + b"\0" + cj(entry))
                entry["sg"] = [["op", b64u(signature)]]
            entries.append(cj(entry))
        return entries

    def seal(self) -> dict[str, bytes]:
        """All members of the bundle."""
        files = self.files()
        entries = self.signed_entries(files)
        return files | record(entries, self.keys["log"], self.manifest["origin"])


def record(entries: list[bytes], key: Ed25519PrivateKey, origin: str) -> dict[str, bytes]:
    """Checkpoint, tiles and entry bundles of a record."""
    leaves = [sha(b"\0" + entry) for entry in entries]
    members = {"checkpoint": checkpoint(leaves, key, origin)}
    for start in range(0, len(entries), 256):
        some = entries[start : start + 256]
        members[_tile("entries", start, len(some))] = b"".join(len(e).to_bytes(2, "big") + e for e in some)
    level, hashes = 0, leaves
    while hashes:
        for start in range(0, len(hashes), 256):
            some = hashes[start : start + 256]
            members[_tile(str(level), start, len(some))] = b"".join(some)
        hashes = [tree(hashes[start : start + 256]) for start in range(0, len(hashes) - 255, 256)]
        level += 1
    return members


def tree(leaves: list[bytes]) -> bytes:
    """Merkle tree hash, by the recursion of RFC 6962 section 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1" + tree(leaves[:middle]) + tree(leaves[middle:]))


def checkpoint(leaves: list[bytes], key: Ed25519PrivateKey, origin: str = ORIGIN) -> bytes:
    """A signed tree head."""
    text = f"{origin}\n{len(leaves)}\n{base64.b64encode(tree(leaves)).decode()}\n"
    public = key.public_key().public_bytes_raw()
    key_id = sha(origin.encode() + b"\n\x01" + public)[:4]
    signature = base64.b64encode(key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {origin} {signature}\n".encode()


def vkey(key: Ed25519PrivateKey, origin: str = ORIGIN) -> str:
    """The published form of a log's key."""
    public = b"\x01" + key.public_key().public_bytes_raw()
    key_id = sha(origin.encode() + b"\n" + public)[:4]
    return f"{origin}+{key_id.hex()}+{base64.b64encode(public).decode()}"


def _tile(level: str, start: int, width: int) -> str:
    index = start // 256
    name = f"{index % 1000:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"
    return f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}")


def container(members: dict[str, bytes]) -> bytes:
    """The ZIP file of these members, by the library that Python has for it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members, key=str.encode):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 0
            archive.writestr(info, members[name])
            info.external_attr = 0  # writestr sets a mode; the directory is written when the archive is closed
    return file.getvalue()


def contest(
    name: str, costs: list[int], rule: Json, *, fmt: str = "approval", budget: int = 1000, **limits: Any
) -> Json:
    """A contest of the manifest; projects are called p0, p1, .."""
    return {
        "id": name,
        "g": "all",
        "fmt": fmt,
        "pro": [[f"p{number}", cost] for number, cost in enumerate(costs)],
        "budget": budget,
        "list": "",
        "limits": {"blank": True} | limits,
        "breach": "count",
        "rule": copy.deepcopy(rule),
    }


GREEDY: Json = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"]}
SHARES: Json = {"name": "equal_shares", "utility": "cost", "completion": "none", "ties": ["votes", "cost", "id"]}
ADD_ONE: Json = SHARES | {"completion": "add_one", "step": 7, "start": "exact", "stop": "exhaustive"}


def plan(contests: list[tuple[Json, list[Any]]]) -> Plan:
    """A whole small round of these contests and their ballots."""
    known = [contest for contest, _ in contests]
    manifest = {
        "v": 1,
        "origin": ORIGIN,
        "mode": "open",
        "names": [["en", "Test round"], ["fi", "Koekierros"], ["sv", "Provomgång"]],
        "licence": "not stated",
        "source": "made up",
        "currency": "EUR",
        "unit": 100,
        "opens": 1_700_000_000,
        "closes": 1_700_600_000,
        "keys": [
            {"id": "log", "role": "log", "pk": b64u(LOG_KEY.public_key().public_bytes_raw())},
            {"id": "op", "role": "operator", "pk": b64u(OPERATOR_KEY.public_key().public_bytes_raw())},
        ],
        "wit": {"k": 0, "vkeys": []},
        "groups": [{"id": "all", "open": True, "cls": ["import"]}],
        "contests": known,
    }
    lists = {
        c["id"]: {
            "v": 1,
            "contest": c["id"],
            "title": [["en", c["id"].title()]],
            "language": "en",
            "projects": [{"id": p, "title": f"Project {p}", "categories": [], "targets": []} for p, _ in c["pro"]],
        }
        for c in known
    }
    lists[known[0]["id"]]["projects"][0]["place"] = ["60.17", "-24.9"]
    entries = [
        stage("round.created", 1_700_000_000),
        {"k": "manifest"},
        stage("round.opened", 1_700_000_100),
        {"k": "close", "ts": 1_700_700_000},
        *({"k": "result", "d": c["id"]} for c in reversed(known)),
        stage("round.published", 1_700_800_000),
    ]
    return Plan(manifest, lists, {c["id"]: sorted(ballots) for c, ballots in contests}, entries)


def stage(kind: str, time: int) -> Json:
    """An entry of another stage of the process."""
    return {"k": kind, "t": time, "o": "round/1", "by": "staff", "h": b64u(sha(kind.encode()))}


def small() -> Plan:
    """Two districts, one of each rule, a few ballots."""
    ballots = [[0, 1], [0, 2], [1], [0, 1, 2], [3], [], [2, 3]]
    greedy = contest("alfa", [300, 400, 400, 200], GREEDY, k=2)
    shares = contest("beta", [300, 500, 200, 250], ADD_ONE, k=3)
    return plan([(greedy, ballots), (shares, ballots * 2)])


def random_contest(seed: int) -> tuple[Json, list[Any]]:
    """A contest of any format and rule with ballots, some over their limits."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    fmt = rng.choice(["approval", "knapsack", "points", "scores", "ordinal"])
    projects = rng.randint(1, 7)
    costs = [rng.choice([rng.randint(1, 900), 100, 250]) for _ in range(projects)]
    ballots = [_random_ballot(rng, fmt, projects) for _ in range(rng.randint(0, 12))]
    limits: Json = {"k": rng.randint(1, 4), "cost": rng.randint(100, 1500), "kmin": rng.randint(0, 2)}
    limits |= {"points": {"sum": 10, "each": 5, "eachmin": 1}, "scores": {"smin": -1, "smax": 3}}.get(fmt, {})
    limits["cats"] = [{"i": sorted(rng.sample(range(projects), rng.randint(1, projects))), "k": 1, "cost": 400}]
    known = contest("area", costs, {}, fmt=fmt, budget=rng.randint(0, 1500))
    known["limits"] = {"blank": rng.random() < 0.5} | rng.choice([{}, limits])
    ids = rng.sample(["9", "10", "b/2", "a", "å", "Ω", "😀", "zz"], projects)
    known["pro"] = [[project, cost] for project, cost in zip(ids, costs, strict=True)]
    known["rule"] = _random_rule(rng, known)
    return known, ballots


def _random_ballot(rng: random.Random, fmt: str, projects: int) -> list[Any]:
    chosen = rng.sample(range(projects), rng.randint(0, projects))
    if fmt == "ordinal":
        return chosen
    if fmt in ("points", "scores"):
        return [[number, rng.randint(-2 if fmt == "scores" else 0, 6)] for number in sorted(chosen)]
    return sorted(chosen)


def draw(lot: str = "4 17 23 31 36") -> Json:
    """The field of a rule whose ties are decided by a lot."""
    return {"lot": lot, "seed": b64u(naive.h32(b"pb/lot", lot.encode()))}


def _random_rule(rng: random.Random, known: Json) -> Json:
    fmt, projects = known["fmt"], range(len(known["pro"]))
    values = {"points": "points", "scores": "points", "ordinal": "borda"}.get(fmt, "votes")
    utility = rng.choice(["cost", "cardinality", "cost" if values == "votes" else values])
    then, compare = [{}, {"then": "greedy"}], [{}, {"then": "greedy"}, {"compare": "greedy"}]
    raising = {
        "step": rng.choice([13, 50, 100]),
        "start": rng.choice(["exact", "floor"]),
        "stop": rng.choice(["exhaustive", "exhaustive_all", "overspend"]),
    }
    shares: Json = {"name": "equal_shares", "utility": utility}
    threshold = rng.choice([{}, {"threshold": rng.randint(-1, 6)}])
    rule: Json = rng.choice(
        [
            {"name": "greedy", "by": rng.choice([values, "votes"]), "skip": rng.random() < 0.5}
            | threshold
            | rng.choice([{}, {"density": True}]),
            {"name": "phragmen", "unsupported": rng.random() < 0.5},
            {"name": "max_welfare", "utility": utility} | threshold,
            shares | {"completion": "none"} | rng.choice(compare),
            shares | {"completion": "add_one"} | raising | rng.choice(compare),
            shares | {"completion": "percent", "percent": rng.choice([1, 7, 30])} | rng.choice(compare),
            shares | {"completion": "phragmen"} | rng.choice(then),
        ]
    )
    rule["ties"] = [*rng.sample(["cost", "cost_desc", "votes", "draw"], rng.randint(0, 2)), "id"]
    if "draw" in rule["ties"]:
        rule["draw"] = draw()
    if rng.random() < 0.3:
        rule["per_cost"] = rng.choice(["1/3", "2", "7/4"])
    if rng.random() < 0.4 and len(projects) > 1:
        rule["exclusive"] = [_some(rng, projects, 2) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.4:
        rule["categories"] = [{"i": _some(rng, projects, 1), "budget": rng.randint(0, 1200)} for _ in range(2)]
    if rng.random() < 0.4:
        mandatory = _some(rng, projects, 1)[:2]
        if naive.Count(known | {"rule": rule}, 100, []).may_be_mandatory(mandatory):
            rule["mandatory"] = mandatory
    return rule


def _some(rng: random.Random, projects: range, at_least: int) -> list[int]:
    return sorted(rng.sample(projects, rng.randint(at_least, min(len(projects), 4))))
