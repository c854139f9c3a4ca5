"""What the core takes, the verifier takes, and nothing else: small votes at random, honest ones and changed ones.

A server that took what a checker refuses would hold a vote that cannot be verified; a checker that took what servers
refuse would pass records that no server of ours makes.
"""

import copy
import random
from collections import Counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.sealing import payload
from pb_service.core.sealing.election import read_roll
from pb_service.core.sealing.manifest import Manifest, ManifestError, Setup
from pb_service.core.sealing.payload import PayloadError
from pb_service.verifier.canonical import loads
from pb_service.verifier.ed25519 import is_sound
from pb_service.verifier.findings import Found
from pb_service.verifier.manifest import read_manifest
from pb_service.verifier.sealed.payload import read_payload
from pb_service.verifier.sealed.rolls import Roll
from pb_service.verifier.sealed.terms import Group, check_setup
from pb_service.verifier.shapes import document
from tests.verifier import builder, core, forge
from tests.verifier.builder import Json, b64u, cj
from tests.verifier.forge import CLOSES, Vote, public, raw
from tests.verifier.judge import failed

HONEST = Vote()
MEMBERS = HONEST.members()
CANDIDATES = [bytes([number]) + bytes(31) for number in range(2, 99)]
NOT_A_POINT = next(data for data in CANDIDATES if not is_sound(data))
#: Values that stand in for others: of every type, at every edge.
EDGES: list[Any] = [0, 1, -1, 2, 15, 16, 2**32 - 1, 2**32, 2**53 - 1, True, False, CLOSES - 1, CLOSES + 600]
EDGES += ["", "x", "p", "t1", "log", "é", "a b", "A+b", "x\x7f", [], [[]], {}, [0], ["idt"], ["acct", "idt"]]
EDGES += map(b64u, [bytes(31), bytes(32), b"\xff" * 32, NOT_A_POINT, *(public(forge.key(n)) for n in ("desk1", "new"))])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a document, itself left out."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(*path, name) for name, _ in pairs] + [p for name, each in pairs for p in places(each, (*path, name))]


def changed(dice: random.Random, value: Any) -> Any:
    """The document with one thing in it gone, doubled, exchanged, or of another value."""
    value = copy.deepcopy(value)
    *parents, last = dice.choice(places(value))
    inside = value
    for step in parents:
        inside = inside[step]
    old = inside[last]
    match dice.randrange(6):
        case 0:
            del inside[last]
        case 1 if isinstance(inside, list):
            inside.insert(last, copy.deepcopy(old))
        case 1:
            inside["extra"] = 1
        case 2 if isinstance(inside, list):
            inside.insert(0, inside.pop(last))
        case 3 if isinstance(old, int) and not isinstance(old, bool):
            inside[last] = old + dice.choice([-1, 1, -old, 254, 255])
        case 4 if isinstance(old, str) and len(old) == 43:
            inside[last] = b64u(bytes([raw(old)[0] ^ 1]) + raw(old)[1:])
        case _:
            inside[last] = dice.choice(EDGES)
    return value


def spelled(value: Any) -> bytes:
    return cj(value)


def agree(core_says: bool, verifier_says: bool, what: object) -> bool:
    assert core_says == verifier_says, f"core {core_says}, verifier {verifier_says}: {what}"
    return core_says


def takes(read: Any, refused: type[Exception], *arguments: Any) -> bool:
    try:
        read(*arguments)
    except refused:
        return False
    return True


@pytest.mark.parametrize("seed", range(8))
def test_manifests(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - test data must be the same every time
    said: Counter[bool] = Counter()
    for _ in range(150):
        value = HONEST.manifest
        for _ in range(dice.choice([1, 1, 2])):
            value = changed(dice, value)
        data = spelled(value)
        # A point that is none, the core sees when it reads the manifest and the verifier when it checks the ceremony.
        if value.get("y") == HONEST.manifest["y"] and value.get("yi") == HONEST.manifest["yi"]:
            verdict = takes(read_manifest, Found, data)
            said[agree(takes(Manifest.read, ManifestError, data), verdict, value)] += 1
    assert min(said.values()) > 5, said


#: What no change of the manifest above comes upon by chance.
MANIFESTS: list[tuple[str, Any]] = [
    ("keys.2.pk", "keys.3.pk"),
    ("wit.vkeys.0", "wit.vkeys.1"),
    ("contests.0.limits", {"smin": 0, "smax": 1}),
    ("contests.0.rule", {"name": "greedy", "by": "points", "skip": True, "ties": ["id"]}),
    ("contests.0.rule", {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"], "weights": {"a": 1}}),
    ("contests.0.rule", {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"], "per_cost": "1/3"}),
    ("contests.0.rule", {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"], "per_cost": "1/" + "9" * 16}),
    ("contests.0.rule", {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"], "mandatory": [0, 9]}),
    ("contests.0.rule", {"name": "greedy", "by": "votes", "skip": True, "ties": ["id"], "mandatory": [0, 1, 2, 3]}),
    ("contests.0.rule", {"name": "equal_shares", "utility": "points", "completion": "none", "ties": ["id"]}),
    ("contests.0.rule", {"name": "equal_shares", "utility": "borda", "completion": "none", "ties": ["id"]}),
    ("contests.0.rule", {"name": "max_welfare", "utility": "points", "ties": ["id"]}),
    ("contests.0.rule", {"name": "phragmen", "unsupported": True, "ties": ["id"]}),
    ("contests.0.pro", []),
    ("contests.3.fmt", "scores"),
    ("groups.0.cls", ["desk", "idt"]),
    ("groups.0.open", True),
    ("mode", "self"),
    ("origin", "x\x7fy"),
    ("opens", -1),
]


@pytest.mark.parametrize(("path", "value"), MANIFESTS)
def test_manifests_at_the_edge(path: str, value: Any) -> None:
    manifest = copy.deepcopy(HONEST.manifest)
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    if isinstance(value, str) and "." in value:
        other: Any = manifest
        for step in value.split("."):
            other = other[int(step) if step.isdigit() else step]
        value = other
    inside: Any = manifest
    for name in steps[:-1]:
        inside = inside[name]
    inside[steps[-1]] = value
    agree(takes(Manifest.read, ManifestError, cj(manifest)), takes(read_manifest, Found, cj(manifest)), path)


SCORES: list[tuple[Json, bool]] = [
    ({"smin": 0, "smax": 254}, True),
    ({"smin": 0, "smax": 255}, False),
    ({"smax": 5}, False),
    ({"smin": -3}, False),
    ({"smin": -300, "smax": -100}, True),
    ({"smin": 5, "smax": 4}, False),
]


@pytest.mark.parametrize(("limits", "is_right"), SCORES)
def test_scores_need_both_ends_of_their_range(limits: Json, is_right: bool) -> None:
    manifest = copy.deepcopy(HONEST.manifest)
    rule = {"name": "greedy", "by": "points", "skip": True, "ties": ["id"]}
    manifest["contests"][0] |= {"fmt": "scores", "enc": 2, "w": 1, "limits": limits, "rule": rule}
    verdict = takes(read_manifest, Found, cj(manifest))
    assert agree(takes(Manifest.read, ManifestError, cj(manifest)), verdict, limits) == is_right


@pytest.mark.parametrize("seed", range(4))
def test_setups(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - as above
    honest = loads(MEMBERS["setup.json"])
    said: Counter[bool] = Counter()
    for _ in range(150):
        data = spelled(changed(dice, honest))
        verdict = takes(document, Found, data, check_setup, "setup.json")
        said[agree(takes(Setup.read, ManifestError, data), verdict, data)] += 1
    assert min(said.values()) > 5, said


@pytest.mark.parametrize("seed", range(4))
def test_rolls(seed: int) -> None:
    """The hash and the number are those of the file; only its form differs."""
    dice = random.Random(seed)  # noqa: S311 - as above
    said: Counter[bool] = Counter()
    for _ in range(100):
        pool = [bytes([dice.randrange(4)]) * 32 for _ in range(6)]
        records = [alias + dice.choice([bytes(32), bytes(32), dice.choice(pool)]) for alias in pool]
        records = records[: dice.randrange(6)]
        if dice.random() < 0.9:
            records = sorted({record[:32]: record for record in records}.values())
        data, count = b"".join(records), len(records) + (dice.random() < 0.1)
        root = forge.tree(records)
        verdict = Roll(data, Group("g", (), root, count))
        takes_it = not verdict.problems and verdict.is_signed
        said[agree(takes(read_roll, ValueError, data, root, count), takes_it, records)] += 1
    assert min(said.values()) > 5, said


@pytest.mark.parametrize("contest", HONEST.manifest["contests"], ids=lambda contest: contest["id"])
def test_payloads(contest: Json) -> None:
    """Whatever bytes a row holds, both find the same ballot, or none."""
    dice = random.Random(contest["id"])  # noqa: S311 - as above
    ours = Manifest.read(MEMBERS["manifest.json"]).contests[contest["id"]].shape
    theirs = next(one for one in read_manifest(MEMBERS["manifest.json"]).contests if one.id == contest["id"])
    found = 0
    for _ in range(2000):
        data = bytearray([1, contest["enc"]]) + bytes(30 * contest["w"] - 2)
        for _ in range(dice.randrange(5)):
            data[dice.choice([0, 1, *range(2, 12), len(data) - 1])] = dice.choice([0, 1, 1, 2, 3, 4, 10, 31, 128, 255])
        try:
            ballot: Any = payload.decode(bytes(data), ours)
        except PayloadError:
            ballot = None
        assert read_payload(bytes(data), theirs) == ballot
        found += ballot is not None
    assert 20 < found < 1980


BALLOTS: dict[str, list[Any]] = {
    "alfa": [[], [0], [0, 3], [0, 1, 2]],
    "beta": [[], [[0, 10]], [[3, 4], [30, 6]], [[0, 11]]],
    "gamma": [[], [0], [2, 0]],
    "delta": [[], [0]],
}


class AtRandom(Vote):
    """A small vote in which everybody does what comes to mind, mostly what is allowed; and one thing may be changed.

    ``flaw`` is how often somebody does what is not allowed.
    """

    flaw = 0.012

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - as above
        super().__init__(seed=f"at random {seed}")
        self.aliases = [self.voter(f"v{number}") for number in range(6)]
        self.late: set[str] = set()
        self.added: set[str] = set()
        self.closes = CLOSES
        self.keys |= {name: forge.key(name) for name in ("new", "desk4", "aud2")}
        self.broken = self.dice.random() < 0.5
        self.when = self.dice.randrange(60)

    def slips(self) -> bool:
        return self.dice.random() < self.flaw

    def add(self, entry: Json, *signers: str, signing: dict[str, Ed25519PrivateKey] | None = None) -> int:
        """As ever; but one entry, and no more, has something changed in it before it is signed."""
        if self.broken and len(self.entries) >= self.when and entry["k"] != "round.created":
            self.broken = False
            kept = {name: value for name, value in entry.items() if name not in ("k", "sg")}
            entry = {"k": entry["k"]} | changed(self.dice, kept)
        if signers and self.slips():
            signers = tuple(self.dice.sample(sorted(self.keys), max(len(signers), 1)))
        return super().add(entry, *signers, signing=signing)

    def setup(self) -> None:
        """Sometimes a ceremony is given up, and another held."""
        super().setup()
        if self.attempt == 1 and self.dice.random() < 0.3:
            self.files["setup-1.json"] = self.files.pop("setup.json")
            self.until = len(self.entries) + self.dice.randrange(7)
            self.ceremony()
            self.until = 0
            if self.accused is None or self.slips():
                why = self.dice.choice(["silent", "lost", "setup"])
                fields = {"k": "abandon", "e": b64u(self.sid), "try": 1 + self.slips(), "why": why}
                self.add(fields, signing={"reg": self.keys["reg"]})
            self.attempt = 2 + self.slips()
            self.setup()

    until = 0
    accused: int | None = None

    def by_trustee(self, j: int, entry: Json) -> int:
        """As ever; an attempt that shall fail stops somewhere, sometimes with an accusation."""
        if self.until and (len(self.entries) >= self.until or self.accused):
            return -1
        if entry["k"] == "tk2" and self.slips():
            entry["pf" if self.dice.random() < 0.5 else "c"][0] = b64u(forge.base(5))
        if self.until and entry["k"] == "tk3" and self.dice.random() < 0.7:
            entry |= {"y": "", "bad": [self.dice.randrange(1, 4)]}
            self.accused = j
        return super().by_trustee(j, entry)

    def vote(self) -> None:
        self.add(self.of("key", id="desk3", role="desk", pk=b64u(public(self.keys["desk3"]))), "reg", "aud")
        rare = [self.a_paper, self.a_strike, self.a_late, self.a_key, self.an_end, self.a_file]
        for _ in range(self.dice.randrange(14)):
            self.dice.choice([self.an_envelope] * 8 + rare)()

    def an_envelope(self) -> None:
        contest = self.dice.choice(["alfa", "alfa", "beta", "gamma", "delta"])
        alias = self.dice.choice([*self.aliases, *sorted(self.late)])
        if self.slips():
            alias = self.voter("stranger")
        is_open = contest in ("gamma", "delta")
        y = "acct" if is_open and not self.slips() else self.dice.choice(["acct", "acct", "idt", "desk", "code"])
        if y == "code" and alias not in self.code_keys and not self.slips():
            y = "acct"
        at = len(self.entries) - (self.dice.randrange(4) if self.slips() else 0)
        sealed = self.seal(contest, alias, self.dice.choice(BALLOTS[contest]), at=at)
        before = [index for index, _, a, _, _ in self.envelopes if a == alias]
        if before and self.slips():
            first = loads(self.entries[before[0]])
            sealed |= {name: first[name] for name in ("ct", "pf") if name in first}
        self.cast(y, sealed)

    def a_paper(self) -> None:
        contest = self.dice.choice(["alfa", "beta"])
        alias = self.dice.choice(self.aliases)
        given = {a for index, _, a in self.papers if index not in self.struck}
        if alias not in given or self.slips():
            self.paper(contest, alias, no=self.dice.choice(["1", "box-7", "a" * 32]))

    def a_strike(self) -> None:
        able = [index for index, *_ in self.envelopes] + [index for index, *_ in self.papers]
        index = self.dice.randrange(len(self.entries)) if self.slips() or not able else self.dice.choice(able)
        if (index in able and index not in self.struck) or self.slips():
            self.strike(index, self.dice.choice(["person", "roll", "token", "code", "desk"]))

    def a_late(self) -> None:
        alias = self.voter(f"late {self.dice.randrange(3)}")
        group = "any" if self.slips() else "res"
        if alias not in self.late or self.slips():
            more = {"p": b64u(public(forge.key("new")))} if self.dice.random() < 0.3 else {}
            self.add(self.of("late", g=group, a=alias) | more, "reg", "aud")
            self.late.add(alias)

    def a_key(self) -> None:
        name, role = self.dice.choice([("desk4", "desk"), ("aud2", "auditor"), ("new", "vouch")])
        if name not in self.added or self.slips():
            pk = public(self.keys["desk1" if self.slips() else name])
            self.add(self.of("key", id=name, role=role, pk=b64u(pk)), "reg", "aud")
            self.added.add(name)
        elif self.dice.random() < 0.5:
            self.add(self.of("key", id=name, off=True), "reg", "aud")

    def an_end(self) -> None:
        self.closes += self.dice.choice([60, 600, -60, 0] if self.slips() else [60, 600])
        self.add(self.of("extend", closes=self.closes), "op", "reg", "aud")

    def a_file(self) -> None:
        if self.dice.random() < 0.5:
            self.add(builder.stage("round.noted", self.dice.choice([CLOSES, CLOSES - 299, CLOSES - 301])))
        else:
            self.file(self.dice.choice(["jwks", "incident", "notice"]), b"file %d" % len(self.entries))

    def close(self) -> None:
        ts = max(self.closes, CLOSES) - self.slips()
        self.add(self.of("close", n=len(self.entries) + self.slips(), ts=ts), "op")
        if self.dice.random() < 0.2:
            self.a_strike()

    def mixers(self, _contest: str) -> list[int]:
        return self.dice.choice([[1], [2, 2], [1, 2, 3, 1]] if self.slips() else [[1, 2], [3, 1], [2, 3, 1]])

    def openers(self, _contest: str) -> list[int]:
        return self.dice.choice([[1], [2, 2], [4, 1]] if self.slips() else [[1, 2], [3, 2], [1, 2, 3]])

    def open(self, contest: str, j: int, rows: list[forge.Row]) -> list[bytes]:
        return super().open(contest, min(j, forge.N), rows)

    def paper_list(self, contest: str) -> tuple[list[bytes], int]:
        given = sum(d == contest and index not in self.struck for index, d, _ in self.papers)
        number = self.dice.randrange(given + 1) + self.slips()
        spoilt = self.dice.randrange(number + 1)
        known = self.contests[contest]
        drawn = [forge.payload(known, self.dice.choice(BALLOTS[contest])) for _ in range(number - spoilt)]
        if self.slips() and drawn:
            drawn[0] = drawn[0] + b"\0" if self.dice.random() < 0.5 else bytes([9]) + drawn[0][1:]
        return (drawn if self.slips() else sorted(drawn)), spoilt

    def on_ballots(self, _contest: str, ballots: Json) -> None:
        if self.slips():
            ballots["pinv"] += 1

    def on_outcome(self, _contest: str, outcome: Json) -> None:
        if self.slips():
            outcome["counts"]["ballots"] += 1


def test_votes_at_random() -> None:
    """Each seed is another vote; both find nothing, or both something."""
    said: Counter[bool] = Counter()
    for seed in range(40):
        members = AtRandom(seed).members()
        ours, theirs = core.refusal(members), failed(members)
        said[agree(ours is None, not theirs, f"seed {seed}: {ours}; {theirs}")] += 1
    assert min(said.values()) > 8, said


class TwiceStruck(Vote):
    """The same envelope is struck twice."""

    def close(self) -> None:
        self.strike(min(self.struck))
        super().close()


class LateInAnOpenGroup(Vote):
    """Somebody is added to a roll that does not exist."""

    def close(self) -> None:
        self.add(self.of("late", g="any", a=self.voter("late 2")), "reg", "aud")
        super().close()


class TwoNames(Vote):
    """A key in force is added under another id: one officer could sign as two."""

    def close(self) -> None:
        self.add(self.of("key", id="desk9", role="desk", pk=b64u(public(self.keys["desk2"]))), "reg", "aud")
        super().close()


class MorePaper(Vote):
    """More paper ballots than were handed out."""

    def paper_list(self, contest: str) -> tuple[list[bytes], int]:
        return super().paper_list(contest)[0], 2


class LongPaper(Vote):
    """A paper ballot with a byte too many."""

    def paper_list(self, contest: str) -> tuple[list[bytes], int]:
        paper, spoilt = super().paper_list(contest)
        return [each + b"\0" for each in paper], spoilt


class TrulySpoilt(Vote):
    """The number of spoilt ballots is `true`."""

    def paper_list(self, _contest: str) -> tuple[list[bytes], int]:
        return [], True


class EarlierThanTheList(Vote):
    """Something that happened long before the list of envelopes stands behind it."""

    def mix_and_open(self, contest: str, rows: list[forge.Row]) -> list[Any]:
        if contest == "alfa":
            self.add(builder.stage("round.noted", CLOSES + 1500))
        return super().mix_and_open(contest, rows)


class KeyForEverybody(Vote):
    """A trustee gives a key that keeps nothing secret."""

    def by_trustee(self, j: int, entry: Json) -> int:
        return super().by_trustee(j, entry | {"x": b64u(bytes(32))} if entry["k"] == "tk1" else entry)


class FalseDeal(AtRandom):
    """A trustee deals without knowing her secret, in a ceremony that is given up for another reason."""

    def __init__(self) -> None:
        super().__init__(0)
        self.broken, self.flaw = False, 0.0

    def setup(self) -> None:
        Vote.setup(self)
        if self.attempt == 1:
            self.files["setup-1.json"] = self.files.pop("setup.json")
            self.until = len(self.entries) + 6
            self.ceremony()
            self.until = 0
            fields = {"k": "abandon", "e": b64u(self.sid), "try": 1, "why": "lost"}
            self.add(fields, signing={"reg": self.keys["reg"]})
            self.attempt = 2
            self.setup()

    def proof_of_key(self, j: int, first: bytes, secret: int, point: bytes) -> list[str]:
        return super().proof_of_key(j, first, secret + (self.until > 0), point)


class OtherRegistrar(Vote):
    """The manifest's registrar is not the one who could have abandoned the ceremony."""

    def on_manifest(self) -> None:
        self.keys["reg"] = forge.key("new")
        next(known for known in self.manifest["keys"] if known["id"] == "reg")["pk"] = b64u(public(self.keys["reg"]))


class OtherKey(Vote):
    """The manifest's joint key is one that the operator can open alone."""

    def on_manifest(self) -> None:
        self.joint = forge.base(5)
        self.manifest["y"] = b64u(self.joint)


class OtherRecord(Vote):
    """The trustees made their key for another record."""

    def on_manifest(self) -> None:
        self.manifest["origin"] += "2"


@pytest.mark.parametrize(
    ("vote", "check"),
    [
        (TwiceStruck, "V9"),
        (LateInAnOpenGroup, "V5"),
        (TwoNames, "V7"),
        (MorePaper, "V15"),
        (LongPaper, "V15"),
        (TrulySpoilt, "V15"),
        (EarlierThanTheList, "V3"),
        (KeyForEverybody, "V4"),
        (FalseDeal, "V4"),
        (OtherRegistrar, "V4"),
        (OtherKey, "V4"),
        (OtherRecord, "V4"),
    ],
)
def test_records_at_the_edge(vote: type[Any], check: str) -> None:
    """What one of the two once took: both refuse it."""
    members = vote().members()
    assert core.refusal(members) is not None
    assert check in failed(members)
