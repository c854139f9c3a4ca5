"""The entries of a vote with sealed ballots, read in order: section 3 of docs/protocol.md.

What an entry says is kept as a fact only when its form and its place allow it. Signatures and proofs are handed out in
batches, to be checked beside the reading.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pb_service.verifier import ed25519
from pb_service.verifier.canonical import NotCanonicalError, dumps, from_b64u, h32, loads, sha256
from pb_service.verifier.entries import HEAD, SLACK, STAGE_ENTRY, TIME
from pb_service.verifier.findings import Found, Problem
from pb_service.verifier.manifest import CONTEST_ID, Manifest
from pb_service.verifier.sealed.jobs import Sealed, Signature
from pb_service.verifier.sealed.rolls import NO_KEY, Roll
from pb_service.verifier.sealed.terms import ATTEMPT, KEY_ID, RANKS, ROLES, Setup, check_setup
from pb_service.verifier.shapes import (
    MisshapenError,
    Shape,
    array,
    document,
    exactly,
    integer,
    raw,
    record,
    row,
    text,
)

H = raw(32)
U32 = integer(0, 2**32 - 1)
SG = {"sg": array(row(text("[a-z][a-z0-9]{0,15}"), raw(64)), at_least=1)}
OF = HEAD | {"e": H}
J = {"j": integer(1, 15)}
D = {"d": CONTEST_ID}
WHY = ("person", "roll", "token", "code", "desk")
GIVEN_UP = ("silent", "lost", "setup")


def _y(value: Any, path: str) -> None:
    if value != "":
        H(value, path)


def _share(value: Any, path: str) -> None:
    if value != "":
        raw(80)(value, path)


ENV = OF | SG | D | {"a": H, "b": U32, "ct": array(row(H, H), at_least=1, at_most=64), "pf": array(H, at_least=2)}
ENV_PLAIN = record(ENV | {"y": exactly("desk", "code", "acct")})
ENV_TOKEN = record(ENV | {"y": exactly("idt"), "p": H, "h": H})
KEY_NEW = record(OF | SG | {"id": KEY_ID, "role": exactly(*ROLES), "pk": H})
KEY_OFF = record(OF | SG | {"id": KEY_ID, "off": exactly(True)})


def _env(value: Any, path: str) -> None:
    (ENV_TOKEN if type(value) is dict and value.get("y") == "idt" else ENV_PLAIN)(value, path)


def _key(value: Any, path: str) -> None:
    (KEY_OFF if type(value) is dict and "off" in value else KEY_NEW)(value, path)


FILE = record(OF | SG | {"f": H})
SHAPES: dict[str, Shape] = {
    "setup": record(OF | {"f": H}),
    "tk1": record(OF | SG | J | {"x": H, "h": H}),
    "tk2": record(OF | SG | J | {"c": array(H), "pf": row(H, H), "sh": array(_share)}),
    "tk3": record(OF | SG | J | {"y": _y, "bad": array(integer(1, 15))}),
    "abandon": record(OF | SG | {"try": integer(1), "why": exactly(*GIVEN_UP)}),
    "manifest": FILE,
    "tk4": record(OF | SG | J),
    "env": _env,
    "paper": record(OF | SG | D | {"a": H, "no": text("[A-Za-z0-9.-]{1,32}")}),
    "late": record(OF | SG | {"g": CONTEST_ID, "a": H}, {"p": H}),
    "key": _key,
    "strike": record(OF | SG | {"x": integer(0), "lh": H, "why": exactly(*WHY)}),
    "extend": record(OF | SG | {"closes": TIME}),
    "jwks": FILE,
    "client": FILE,
    "incident": FILE,
    "notice": FILE,
    "close": record(OF | SG | {"n": integer(0), "ts": TIME}),
    "input": record(OF | SG | D | {"n": integer(0), "f": H, "ts": TIME}),
    "mix": record(OF | SG | D | J | {"st": integer(1), "out": H, "pf": H}),
    "dec": record(OF | SG | D | J | {"list": H, "f": H}),
    "paperlist": record(OF | SG | D | {"n": integer(0), "f": H}),
    "result": record(OF | SG | D | {"bal": H, "out": H}),
}
CEREMONY = ("tk1", "tk2", "tk3")
#: Whose signatures an entry has: `op`, or the role and how many; trustees and envelopes are told apart by their fields.
SIGNERS: dict[str, tuple[str, ...]] = {
    "manifest": ("op", "registrar", "auditor"),
    "paper": ("desk", "desk"),
    "late": ("registrar", "auditor"),
    "key": ("registrar", "auditor"),
    "strike": ("desk", "desk", "registrar"),
    "extend": ("op", "registrar", "auditor"),
    "paperlist": ("desk", "desk", "auditor"),
}
BY_OPERATOR = ("jwks", "client", "incident", "notice", "close", "input", "result")


#: Where the kinds may stand that have no number.
PHASES: dict[str, tuple[str, ...]] = {
    "setup": ("setup",),
    "abandon": ("ceremony", "manifest"),
    "manifest": ("manifest",),
    **dict.fromkeys(("env", "paper", "late", "extend", "jwks", "client", "close"), ("open",)),
    **dict.fromkeys(("key", "strike"), ("open", "closed")),
    **dict.fromkeys(("incident", "notice"), ("trustees", "open", "closed", "counting")),
    **dict.fromkeys(("input", "mix", "dec", "paperlist", "result"), ("closed", "counting")),
}


@dataclass(slots=True)
class Envelope:
    """A sealed ballot as the log has it. `row` is A_1 B_1 .. A_w B_w."""

    entry: int
    contest: str
    alias: bytes
    cls: str
    row: bytes
    token: tuple[bytes, bytes] | None = None  # session key and hash, of class idt


@dataclass(slots=True)
class Paper:
    """A paper ballot given out."""

    entry: int
    contest: str
    alias: bytes


@dataclass
class Counting:
    """What the entries say about one contest after the close."""

    input: dict[str, Any] | None = None
    mixes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # with their index, as all here
    decs: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    paperlist: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


@dataclass
class Attempt:
    """One ceremony: its setup, and the raw entries and values of each kind by trustee."""

    setup: Setup | None
    entries: dict[str, dict[int, tuple[bytes, dict[str, Any]]]]
    is_over: bool = False  # by an accusation, or because it was abandoned


class Record:
    """Walks the entries and keeps what they say. `problems` has what each check finds on the way."""

    def __init__(
        self,
        members: Mapping[str, bytes],
        manifest: Manifest,
        rolls: Mapping[str, Roll],
        *,
        on_signatures: Callable[[list[Signature]], None],
        on_envelopes: Callable[[list[Sealed]], None],
    ) -> None:
        assert manifest.terms is not None  # noqa: S101 - only votes with sealed ballots have such records
        self._members = members
        self._manifest = manifest
        self._terms = manifest.terms
        self._rolls = rolls
        self._signatures: list[Signature] = []
        self._sealed: list[Sealed] = []
        self._on_signatures, self._on_envelopes = on_signatures, on_envelopes
        self._contests = {contest.id: contest for contest in manifest.contests}
        self.problems: dict[str, list[Problem]] = {f"V{number}": [] for number in range(1, 19)}
        self.signatures = 0
        self.setups: dict[str, bytes] = {}  # member of each attempt that the record names, and its hash
        self.attempts: list[Attempt] = []
        self.confirmed: set[int] = set()  # trustees with tk4
        self.manifest_hash: bytes | None = None
        self.envelopes: list[Envelope] = []
        self.papers: list[Paper] = []
        self.struck: dict[int, str] = {}
        self.files: list[tuple[str, bytes, int]] = []  # kind, hash, entry
        self.counting = {contest.id: Counting() for contest in manifest.contests}
        self.keys_at: dict[int, dict[str, tuple[str, bytes]]] = {}  # the keys in force at an act after the count
        self.closes = self._terms.closes
        self.close: dict[str, Any] | None = None
        self.late: dict[str, dict[bytes, bytes]] = {group: {} for group in self._terms.groups}
        self._phase = "setup"
        self._queue: list[tuple[str, int]] = []
        self._keys = dict(self._terms.keys)
        self._key_ids = set(self._keys)
        self._time: int | None = None
        self._bases: dict[tuple[str, bytes], int] = {}
        self._heads: set[bytes] = set()
        self._given: dict[tuple[str, bytes], int] = {}  # the last paper ballot of a voter
        self._leaves: Sequence[bytes] = ()
        self._kinds: list[str] = []
        self._setup_files = _setups(members, self.problems["V3"])
        ceremony = dict.fromkeys(CEREMONY, self._in_ceremony)
        files = dict.fromkeys(("jwks", "client", "incident", "notice"), self._file)
        self._keep: dict[str, Callable[[int, dict[str, Any], bytes], None]] = (
            ceremony
            | files
            | {
                "abandon": self._abandon,
                "manifest": self._to_manifest,
                "tk4": self._tk4,
                "env": self._env,
                "paper": self._paper,
                "late": self._late,
                "key": self._key,
                "strike": self._strike,
                "extend": self._extend,
                "close": self._close,
                "input": self._input,
                "mix": self._mix,
                "dec": self._dec,
                "paperlist": self._paperlist,
                "result": self._result,
            }
        )

    def walk(self, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Reads every entry, in order."""
        self._leaves = leaves
        for index, data in enumerate(entries):
            self._kinds.append("")
            self._read(index, data)
        self._hand_out(at_end=True)
        self._end()

    def _read(self, index: int, data: bytes) -> None:
        try:
            entry = loads(data)
        except NotCanonicalError:
            self._problem("V3", "entry_not_canonical", entry=index)
            return
        kind = entry.get("k") if type(entry) is dict else None
        shape = SHAPES.get(kind) if isinstance(kind, str) else None
        try:
            (shape or STAGE_ENTRY)(entry, "")
        except MisshapenError as error:
            self._problem("V3", "entry_misshapen", entry=index, path=str(error) or ".")
            return
        if shape is None:
            if entry["k"].startswith(("result.", "contest.")):
                self.keys_at[index] = dict(self._keys)
            self._at_time(index, entry["t"])
            return
        kind = str(kind)
        if not self._in_order(entry, kind):
            self._problem("V3", "entry_order", entry=index, kind=kind)
            if kind == "strike":
                self._problem("V9", "strike_late", entry=index)
            return
        self._kinds[index] = kind
        if kind == "setup":
            self._setup(index, entry)
            return
        is_before = kind in (*CEREMONY, "abandon")
        setup = self.attempts[-1].setup
        owner = (setup.sid if setup else None) if is_before else self._manifest.eid
        if owner is not None and from_b64u(entry["e"], 32) != owner:
            self._problem("V3", "entry_other_election", entry=index)
            return
        self._sign(index, entry, kind)
        self._keep[kind](index, entry, data)
        self._hand_out()

    # --- order

    def _in_order(self, entry: dict[str, Any], kind: str) -> bool:
        if kind in (*CEREMONY, "tk4"):
            return self._queue[:1] == [(kind, entry["j"])]
        return self._phase in PHASES[kind] and (
            "d" not in entry or self._phase == "open" or self._in_contest(entry, kind)
        )

    def _in_contest(self, entry: dict[str, Any], kind: str) -> bool:
        known = self.counting.get(entry["d"])
        if known is None or known.result is not None:
            return False
        if known.input is None or kind == "input":
            return known.input is None and kind == "input"
        has_rows = known.input["n"] > 0
        lacks_paper = known.paperlist is None and any(paper.contest == entry["d"] for paper in self.papers)
        return {
            "mix": has_rows and not known.decs,
            "dec": has_rows and bool(known.mixes),
            "paperlist": known.paperlist is None,
            "result": (not has_rows or len(known.decs) >= self._quorum()) and not lacks_paper,
        }[kind]

    def _quorum(self) -> int:
        setup = self.attempts[-1].setup if self.attempts else None
        return setup.quorum if setup else 0

    def _end(self) -> None:
        if self.manifest_hash is None:
            self._problem("V3", "entry_missing", kind="manifest")
        if self.close is None:
            self._problem("V3", "entry_missing", kind="close")
        for name, known in self.counting.items():
            if known.result is None:
                self._problem("V3", "result_missing", contest=name)

    def _at_time(self, index: int, time: int) -> None:
        if self._time is not None and time < self._time - SLACK:
            self._problem("V3", "entry_time", entry=index, seconds=self._time - time)
        self._time = time

    # --- signatures

    def _sign(self, index: int, entry: dict[str, Any], kind: str) -> None:
        """Hands out the signatures of an entry, if they are those of the right keys."""
        given = {name: from_b64u(signature, 64) for name, signature in entry["sg"]}
        keys = self._signers(entry, kind, list(given))
        if keys is None or len(given) != len(entry["sg"]):
            self._problem("V7", "signers", entry=index, kind=kind)
            return
        body = dumps({name: value for name, value in entry.items() if name != "sg"})
        message = b"pb/sig/" + kind.encode() + b"\x00" + body
        self._signatures += [(index, keys[name], message, signature) for name, signature in given.items()]
        self.signatures += len(given)

    def _signers(self, entry: dict[str, Any], kind: str, names: list[str]) -> dict[str, bytes] | None:
        """The keys of the ids that signed; None unless they are exactly those that the kind asks for."""
        if kind in (*CEREMONY, "tk4", "mix", "dec"):
            return self._trustee(entry["j"], names)
        if kind == "abandon":
            setup = self.attempts[-1].setup
            return {"reg": setup.registrar} if setup and names == ["reg"] else None
        if kind == "env":
            if entry["y"] in ("idt", "code"):
                key = from_b64u(entry["p"], 32) if entry["y"] == "idt" else self._code_key(entry)
                return {"p": key} if names == ["p"] and key else None
            needed = ["vouch"] if entry["y"] == "acct" else ["desk", "desk"]
        else:
            needed = ["op"] if kind in BY_OPERATOR else sorted(SIGNERS[kind])
        known = {name: self._keys[name] for name in names if name in self._keys}
        roles = sorted("op" if name == "op" else role for name, (role, _) in known.items())
        if len(known) != len(names) or roles != needed:
            return None
        return {name: public for name, (_, public) in known.items()}

    def _trustee(self, number: int, names: list[str]) -> dict[str, bytes] | None:
        setup = self.attempts[-1].setup if self.attempts else None
        if setup is None or number > len(setup.keys) or names != [f"t{number}"]:
            return None
        return {f"t{number}": setup.keys[number - 1]}

    def _code_key(self, entry: dict[str, Any]) -> bytes | None:
        contest = self._contests.get(entry["d"])
        if contest is None:
            return None
        key = self._voter(contest.group, from_b64u(entry["a"], 32))
        return None if key is None or key == NO_KEY else key

    def _voter(self, group: str, alias: bytes) -> bytes | None:
        """The code key of an alias that may vote in a group, zeros without one; None if it may not."""
        roll = self._rolls.get(group)
        key = roll.key(alias) if roll else None
        if key is None:
            key = self.late.get(group, {}).get(alias)
        if key is None and (known := self._terms.groups.get(group)) is not None and known.roll is None:
            return NO_KEY
        return key

    def _hand_out(self, *, at_end: bool = False) -> None:
        if self._signatures and (at_end or len(self._signatures) >= 256):
            self._on_signatures(self._signatures)
            self._signatures = []
        if self._sealed and (at_end or len(self._sealed) >= 256):
            self._on_envelopes(self._sealed)
            self._sealed = []

    # --- the ceremony

    def _setup(self, index: int, entry: dict[str, Any]) -> None:
        digest = from_b64u(entry["f"], 32)
        name, setup = self._setup_files.get(digest, ("", None))
        if setup is None:
            self._problem("V3", "setup_missing", entry=index)
        else:
            self.setups[name] = digest
            if from_b64u(entry["e"], 32) != setup.sid:
                self._problem("V3", "entry_other_election", entry=index)
            if setup.attempt != len(self.attempts) + 1:
                self._problem("V3", "setup_try", entry=index, number=setup.attempt)
        number = len(setup.keys) if setup else 0
        self.attempts.append(Attempt(setup, {kind: {} for kind in CEREMONY}))
        self._queue = [(kind, j) for kind in CEREMONY for j in range(1, number + 1)]
        self._phase = "ceremony"

    def _in_ceremony(self, _index: int, entry: dict[str, Any], data: bytes) -> None:
        attempt = self.attempts[-1]
        attempt.entries[entry["k"]][entry["j"]] = data, entry
        self._queue.pop(0)
        if entry["k"] == "tk3" and entry["bad"]:
            attempt.is_over, self._queue, self._phase = True, [], "setup"
        elif not self._queue:
            self._phase = "manifest"

    def _abandon(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        attempt = self.attempts[-1]
        if attempt.setup is not None and entry["try"] != attempt.setup.attempt:
            self._problem("V4", "abandon_try", entry=index, number=entry["try"])
        attempt.is_over, self._queue, self._phase = True, [], "setup"

    def _tk4(self, _index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.confirmed.add(entry["j"])
        self._queue.pop(0)
        if not self._queue:
            self._phase = "open"

    # --- the vote

    def _to_manifest(self, _index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.manifest_hash = from_b64u(entry["f"], 32)
        setup = self.attempts[-1].setup
        self._queue = [("tk4", j) for j in range(1, len(setup.keys) + 1)] if setup else []
        self._phase = "trustees"

    def _env(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        contest = self._contests.get(entry["d"])
        if contest is None or len(entry["ct"]) != contest.blocks or len(entry["pf"]) != contest.blocks + 1:
            self._problem("V5", "envelope_contest", entry=index)
            return
        alias = from_b64u(entry["a"], 32)
        if entry["y"] not in self._terms.groups[contest.group].classes:
            self._problem("V5", "envelope_class", entry=index, cls=entry["y"])
        if self._voter(contest.group, alias) is None:
            self._problem("V5", "envelope_alias", entry=index)
        points = [from_b64u(point, 32) for pair in entry["ct"] for point in pair]
        self._uniqueness(index, entry["b"], (contest.group, alias), points[::2])
        sealed, proof = b"".join(points), b"".join(from_b64u(number, 32) for number in entry["pf"])
        token = (from_b64u(entry["p"], 32), from_b64u(entry["h"], 32)) if entry["y"] == "idt" else None
        self.envelopes.append(Envelope(index, contest.id, alias, entry["y"], sealed, token))
        self._sealed.append((index, contest.id.encode(), alias, entry["b"], sealed, proof))

    def _uniqueness(self, index: int, base: int, voter: tuple[str, bytes], heads: list[bytes]) -> None:
        if not self._bases.get(voter, -1) < base <= index:
            self._problem("V8", "envelope_base", entry=index, base=base)
        self._bases[voter] = index
        for head in heads:
            if head in self._heads:
                self._problem("V8", "envelope_copied", entry=index)
            self._heads.add(head)

    def _paper(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        contest, alias = self._contests.get(entry["d"]), from_b64u(entry["a"], 32)
        if contest is None:
            self._problem("V15", "paper_contest", entry=index)
            return
        if self._voter(contest.group, alias) is None:
            self._problem("V15", "paper_alias", entry=index)
        first = self._given.get((contest.group, alias))
        if first is not None and first not in self.struck:
            self._problem("V15", "paper_twice", entry=index, first=first)
        self._given[contest.group, alias] = index
        self.papers.append(Paper(index, contest.id, alias))

    def _late(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        group, alias = self._terms.groups.get(entry["g"]), from_b64u(entry["a"], 32)
        roll = self._rolls.get(entry["g"])
        is_open = group is None or group.roll is None
        if is_open or (roll and roll.key(alias) is not None) or alias in self.late[entry["g"]]:
            self._problem("V5", "late_alias", entry=index)
            return
        self.late[entry["g"]][alias] = from_b64u(entry["p"], 32) if "p" in entry else NO_KEY

    def _key(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        name = entry["id"]
        if "off" in entry:
            if name not in self._keys or self._keys[name][0] not in ROLES:
                self._problem("V7", "key_entry", entry=index)
            else:
                del self._keys[name]
            return
        public = from_b64u(entry["pk"], 32)
        if name in self._key_ids or public in {key for _, key in self._keys.values()} or not ed25519.is_sound(public):
            self._problem("V7", "key_entry", entry=index)
            return
        self._keys[name] = entry["role"], public
        self._key_ids.add(name)

    def _strike(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        target = entry["x"]
        if target >= index or self._kinds[target] not in ("env", "paper"):
            self._problem("V9", "strike_kind", entry=index, target=target)
        elif self._leaves[target] != from_b64u(entry["lh"], 32):
            self._problem("V9", "strike_leaf", entry=index, target=target)
        elif target in self.struck:
            self._problem("V9", "strike_twice", entry=index, target=target)
        else:
            self.struck[target] = entry["why"]

    def _extend(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        if entry["closes"] <= self.closes:
            self._problem("V3", "extend_earlier", entry=index)
        self.closes = max(self.closes, entry["closes"])

    def _file(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.files.append((entry["k"], from_b64u(entry["f"], 32), index))

    def _close(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        if entry["n"] != index:
            self._problem("V3", "close_index", entry=index, n=entry["n"])
        if entry["ts"] < self.closes:
            self._problem("V3", "close_early", entry=index, seconds=self.closes - entry["ts"])
        self._at_time(index, entry["ts"])
        self.close = entry
        self._phase = "closed"

    # --- the count

    def _input(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        if self.close is not None and entry["ts"] < self.close["ts"] + self._terms.strikes:
            self._problem("V9", "input_early", entry=index, contest=entry["d"])
        self._at_time(index, entry["ts"])
        self.counting[entry["d"]].input = entry
        self._phase = "counting"

    def _mix(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.counting[entry["d"]].mixes.append((index, entry))

    def _dec(self, index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.counting[entry["d"]].decs.append((index, entry))

    def _paperlist(self, _index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.counting[entry["d"]].paperlist = entry

    def _result(self, _index: int, entry: dict[str, Any], _data: bytes) -> None:
        self.counting[entry["d"]].result = entry

    def _problem(self, check: str, code: str, **at: str | int) -> None:
        self.problems[check].append(Problem(code, at))


def counts_for(record: Record, manifest: Manifest) -> tuple[dict[int, str], dict[str, list[Envelope]]]:
    """What counts (section 7): the fate of each envelope by its entry, and the counting envelopes of each contest."""
    group_of = {contest.id: contest.group for contest in manifest.contests}
    blocked = {(group_of[p.contest], p.alias) for p in record.papers if p.entry not in record.struck}
    fates: dict[int, str] = {}
    best: dict[tuple[str, bytes], Envelope] = {}
    for envelope in record.envelopes:
        voter = group_of[envelope.contest], envelope.alias
        if envelope.entry in record.struck:
            fates[envelope.entry] = "struck"
            continue
        if voter in blocked:
            fates[envelope.entry] = "blocked"
            continue
        before = best.get(voter)
        if before is None or RANKS[envelope.cls] >= RANKS[before.cls]:
            if before is not None:
                is_same = RANKS[envelope.cls] == RANKS[before.cls]
                fates[before.entry] = "superseded" if is_same else "outranked"
            best[voter] = envelope
        else:
            fates[envelope.entry] = "outranked"
    counting: dict[str, list[Envelope]] = {contest.id: [] for contest in manifest.contests}
    for envelope in best.values():
        fates[envelope.entry] = "counted"
        counting[envelope.contest].append(envelope)
    return fates, counting


def _setups(members: Mapping[str, bytes], problems: list[Problem]) -> dict[bytes, tuple[str, Setup]]:
    """The setup files by their hash."""
    found = {}
    for name, data in members.items():
        if not ATTEMPT.fullmatch(name):
            continue
        try:
            value = document(data, check_setup, name)
        except Found as error:
            problems.append(error.problem)
            continue
        found[sha256(data)] = (
            name,
            Setup(
                sid=h32("pb/setup", data),
                attempt=value["try"],
                quorum=value["t"],
                names=[trustee["name"] for trustee in value["trustees"]],
                keys=[from_b64u(trustee["pk"], 32) for trustee in value["trustees"]],
                origin=value["origin"],
                registrar=from_b64u(value["reg"], 32),
            ),
        )
    return found
