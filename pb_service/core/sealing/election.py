"""A sealed vote as its record tells it: every entry in order, who signed it, and which envelopes count.

One pass over the record, entry by entry; what may not stand where it stands raises RecordError and changes nothing.
The server, a trustee's tool and a monitor all learn the state of a vote in this way. Proofs of mixes and decryptions
are checked by `shuffle` and `threshold`, with the lists that this tells of.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from pb_service.core.record import entries, merkle, signatures
from pb_service.core.record.canonical import unb64u
from pb_service.core.record.entries import CLOCK_TOLERANCE, Entry
from pb_service.core.sealing import ceremony
from pb_service.core.sealing.documents import is_reserved
from pb_service.core.sealing.envelope import Envelope, EnvelopeError, Place, check
from pb_service.core.sealing.group import GroupError, read_point
from pb_service.core.sealing.manifest import Contest, Manifest, ManifestError, Setup

#: A stronger class is never overridden by a weaker one.
RANKS: Mapping[str, int] = {"idt": 3, "desk": 3, "code": 2, "acct": 1}
ROLL_RECORD = 64
_ONE_OPERATOR = ("operator",)
_OFFICIALS = ("auditor", "operator", "registrar")
_REGISTRY = ("auditor", "registrar")
_DESK = ("desk", "desk")
_EVENTS = frozenset({"incident", "notice"})
_FILES = frozenset({"jwks", "client"})

#: What of a state gets more with each entry, while what stands in it stays as it is.
_GROWING = ("struck", "_leaves", "_spent", "_keys", "_used", "_rolls", "_late", "_logged", "_papers", "_firsts")


class RecordError(ValueError):
    """An entry that may not stand where it stands. ``check`` is the check of docs/protocol.md section 13 it fails."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


@dataclass(frozen=True)
class Sources:
    """Where files that entries name are found: by SHA-256, and the roll of a group by its id. KeyError if absent."""

    file: Callable[[bytes], bytes]
    roll: Callable[[str], bytes]


@dataclass(frozen=True)
class Logged:
    """An envelope with its place in the record."""

    index: int
    rank: int
    envelope: Envelope


@dataclass
class ContestProgress:
    """How far the count of one contest has come."""

    rows: int | None = None
    list_hash: bytes = b""
    stages: list[tuple[int, bytes, bytes]] = field(default_factory=list)  # trustee, SHA-256 of output and of proof
    parts: dict[int, bytes] = field(default_factory=dict)
    paper: tuple[int, bytes] | None = None
    result: tuple[bytes, bytes] | None = None


class Election:
    """The state of a sealed vote after the entries appended so far."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.size = 0
        self.setup: Setup | None = None
        self.manifest: Manifest | None = None
        self.closes = 0
        self.closed_at: int | None = None
        self.counting = False
        self.messages: dict[str, list[Mapping[str, Any]]] = {}
        self.progress: dict[str, ContestProgress] = {}
        self.struck: set[int] = set()
        self._leaves: dict[int, bytes] = {}
        self._time: int | None = None
        #: Why the ceremony under way was given up: ``accused``, or the reason of its abandonment; None if it was not.
        self.ended: str | None = None
        self._spent: set[str] = set()  # keys and commitments of ceremonies, which no later one may use again
        self._keys: dict[str, tuple[str, bytes]] = {}
        self._used: set[str] = set()  # ids of keys, also of those taken off
        self._rolls: dict[str, RollFile] = {}
        self._late: dict[tuple[str, bytes], bytes | None] = {}
        self._logged: dict[tuple[str, bytes], tuple[Logged, ...]] = {}
        self._papers: dict[tuple[str, bytes], tuple[tuple[int, str], ...]] = {}
        self._firsts: set[bytes] = set()

    def fork(self, sources: Sources) -> "Election":
        """Return a state that goes on from here by itself: what it is told changes nothing of this one."""
        other = copy(self)
        other._sources = sources
        other.messages = {kind: list(given) for kind, given in self.messages.items()}
        other.progress = {
            contest: replace(one, stages=list(one.stages), parts=dict(one.parts))
            for contest, one in self.progress.items()
        }
        for name in (
            "struck",
            "_leaves",
            "_spent",
            "_keys",
            "_used",
            "_rolls",
            "_late",
            "_logged",
            "_papers",
            "_firsts",
        ):
            setattr(other, name, copy(getattr(self, name)))
        return other

    def append(self, body: bytes, *, proofs: bool = True) -> Entry:
        """Take the next entry. ``proofs=False`` leaves out what was checked at the door: signature and proof of `env`.

        Raises RecordError, and then nothing has changed.
        """
        try:
            entry = entries.parse(body)
        except entries.EntryError as error:
            raise RecordError("V3", f"entry {self.size}: {error}") from error
        at = entry.time
        if at is not None and self._time is not None and at < self._time - CLOCK_TOLERANCE:
            raise RecordError("V3", f"entry {self.size}: {entry.kind} lies before the one before it")
        if not entry.is_act:
            self._step(entry, body, proofs)
        self._time = self._time if at is None else at
        self.size += 1
        return entry

    def counting_rows(self, contest: str) -> bytes:
        """Return the input list of a contest: the rows of the envelopes that count, sorted."""
        group = self._manifest().contests[contest].group
        rows = []
        for (in_group, alias), logged in self._logged.items():
            if in_group != group or any(index not in self.struck for index, _ in self._papers.get((group, alias), ())):
                continue
            remaining = [item for item in logged if item.index not in self.struck]
            if remaining:
                counts = max(remaining, key=lambda item: (item.rank, item.index))
                if counts.envelope.place.contest == contest:
                    rows.append(counts.envelope.row())
        return b"".join(sorted(rows))

    def paper_entries(self, contest: str) -> int:
        """Return how many paper ballots were handed out for a contest, by entries that are not struck."""
        return sum(
            index not in self.struck and named == contest for each in self._papers.values() for index, named in each
        )

    def handed_out(self, contest: str) -> bool:
        """Whether any paper ballot was handed out for a contest, struck or not: then its count needs a paper list."""
        return any(named == contest for each in self._papers.values() for _, named in each)

    def awaits_paper(self, contest: str) -> bool:
        """Whether the count of a contest cannot end before its paper list, which is not there yet."""
        return self.handed_out(contest) and self.progress[contest].paper is None

    def stronger(self, contest: str, alias: bytes, rank: int) -> str | None:
        """Say what keeps an envelope of this rank from counting: ``paper``, ``rank`` (a stronger one), or None."""
        key = (self._manifest().contests[contest].group, alias)
        if any(index not in self.struck for index, _ in self._papers.get(key, ())):
            return "paper"
        standing = [item.rank for item in self._logged.get(key, ()) if item.index not in self.struck]
        return "rank" if standing and max(standing) > rank else None

    def _manifest(self) -> Manifest:
        if self.manifest is None:
            raise RecordError("V3", f"entry {self.size}: before the manifest")
        return self.manifest

    def _step(self, entry: Entry, body: bytes, proofs: bool) -> None:
        kind = entry.kind
        if kind in {"setup", "tk1", "tk2", "tk3", "abandon"}:
            self._ceremony(entry)
        elif kind == "manifest":
            self._open(entry)
        else:
            self._belongs(entry, self._manifest().eid)
            if kind == "tk4":
                self._confirm(entry)
            elif kind == "env":
                self._cast(entry, body, proofs)
            elif kind in _EVENTS:
                self._signed(entry, _ONE_OPERATOR)
            elif kind in {"paper", "late", "key", "strike", "extend", *_FILES}:
                self._administer(entry, body)
            elif kind == "close":
                self._close(entry)
            else:
                self._count(entry)

    # The ceremony

    def _ceremony(self, entry: Entry) -> None:
        kind, fields = entry.kind, entry.fields
        if self.manifest is not None:
            raise self._out_of_order(entry)
        if kind == "setup":
            if self.setup is not None and self.ended is None:
                raise self._out_of_order(entry)
            setup = self._read_file(entry, unb64u(fields["f"]), Setup.read)
            self._belongs(entry, setup.sid)
            if setup.attempt != (1 if self.setup is None else self.setup.attempt + 1):
                raise RecordError("V4", f"entry {self.size}: setup of attempt {setup.attempt}")
            self.setup, self.ended = setup, None
            self.messages = {"tk1": [], "tk2": [], "tk3": []}
            return
        if self.setup is None or self.ended is not None:
            raise self._out_of_order(entry)
        self._belongs(entry, self.setup.sid)
        if kind == "abandon":
            self._abandon(entry, self.setup)
            return
        counts = [len(self.messages[name]) for name in ("tk1", "tk2", "tk3")]
        n = self.setup.setting.trustees
        turn = sum(counts)
        if kind != ("tk1", "tk2", "tk3", "")[turn // n] or fields["j"] != turn % n + 1:
            raise self._out_of_order(entry)
        self._signed_by_trustee(entry)
        try:
            if kind == "tk1":
                ceremony.check_promise(fields)
            elif kind == "tk2":
                ceremony.check_deal(self.setup.setting, fields["j"], self.messages["tk1"], fields)
        except ceremony.CeremonyError as error:
            raise RecordError("V4", f"entry {self.size}: {error}") from error
        drawn = {"tk1": [fields.get("x")], "tk2": fields.get("c", [])}.get(kind, [])
        if len(set(drawn)) != len(drawn) or not self._spent.isdisjoint(drawn):
            raise RecordError("V4", f"entry {self.size}: {kind} with a key or a commitment that was used before")
        self.messages[kind].append(fields)
        if kind == "tk3":
            self._check_share(fields)
        self._spent.update(drawn)

    def _abandon(self, entry: Entry, setup: Setup) -> None:
        if entry.fields["try"] != setup.attempt:
            raise RecordError("V4", f"entry {self.size}: abandon of ceremony {entry.fields['try']}")
        self._signed_with(entry, {"reg": setup.registrar})
        self.ended = entry.fields["why"]

    def _check_share(self, fields: Mapping[str, Any]) -> None:
        if fields["bad"]:
            if fields["y"] or fields["j"] in fields["bad"] or max(fields["bad"]) > len(self.messages["tk1"]):
                self.messages["tk3"].pop()
                raise RecordError("V4", f"entry {self.size}: an accusation that accuses nobody")
            self.ended = "accused"
            return
        try:
            joint = self.joint_key()
        except ceremony.CeremonyError as error:
            self.messages["tk3"].pop()
            raise RecordError("V4", f"entry {self.size}: {error}") from error
        if unb64u(fields["y"]) != joint.shares[fields["j"] - 1]:
            self.messages["tk3"].pop()
            raise RecordError("V4", f"entry {self.size}: not the share that the commitments give")

    def joint_key(self) -> ceremony.JointKey:
        """Return the key that the ceremony gave. Raises CeremonyError, also while messages are missing."""
        assert self.setup is not None  # noqa: S101 # asked for only after the setup
        commitments = ceremony.check_deals(self.setup.setting, self.messages["tk1"], self.messages["tk2"])
        return ceremony.joint_key(commitments)

    def _open(self, entry: Entry) -> None:
        if self.setup is None or self.ended is not None or self.manifest is not None:
            raise self._out_of_order(entry)
        if len(self.messages["tk3"]) != self.setup.setting.trustees:
            raise self._out_of_order(entry)
        manifest = self._read_file(entry, unb64u(entry.fields["f"]), Manifest.read)
        self._belongs(entry, manifest.eid)
        joint = self.joint_key()
        if (manifest.setup, manifest.key, manifest.shares) != (self.setup.sid, joint.key, joint.shares):
            raise RecordError("V4", f"entry {self.size}: the manifest's key is not that of the ceremony")
        if manifest.document["origin"] != self.setup.origin:
            raise RecordError("V4", f"entry {self.size}: the manifest is of another record than the setup")
        if ("registrar", self.setup.registrar) not in manifest.keys.values():
            raise RecordError("V4", f"entry {self.size}: the manifest's registrar is not the one of the setup")
        self._keys, self._used = dict(manifest.keys), set(manifest.keys)
        try:
            self._signed(entry, _OFFICIALS)
            rolls = {
                group.id: self._read_roll(group.id, group.roll, group.count)
                for group in manifest.groups.values()
                if group.roll is not None
            }
        except RecordError:
            self._keys = {}
            raise
        self._rolls = rolls
        self.manifest, self.closes = manifest, manifest.document["closes"]
        self.messages["tk4"] = []
        self.progress = {contest: ContestProgress() for contest in manifest.contests}

    def _read_roll(self, group: str, root: bytes, count: int | None) -> "RollFile":
        try:
            return read_roll(self._sources.roll(group), root, count or 0)
        except (KeyError, ValueError) as error:
            raise RecordError("V5", f"roll of {group!r}: {error}") from error

    def _confirm(self, entry: Entry) -> None:
        if len(self.messages["tk4"]) + 1 != entry.fields["j"]:
            raise self._out_of_order(entry)
        self._signed_by_trustee(entry)
        self.messages["tk4"].append(entry.fields)

    @property
    def keys(self) -> Mapping[str, tuple[str, bytes]]:
        """Role and key of every key in force, by its id in signatures."""
        return dict(self._keys)

    def is_spent(self, key_id: str) -> bool:
        """Whether a key id was used in this record, also by a key that was taken off since."""
        return key_id in self._used

    def leaf_of(self, index: int) -> bytes | None:
        """Return the leaf hash of the envelope or paper entry at an index, None for any other entry."""
        return self._leaves.get(index)

    @property
    def opened(self) -> bool:
        """Whether every trustee has confirmed the manifest, so that votes may come."""
        return self.setup is not None and len(self.messages.get("tk4", [])) == self.setup.setting.trustees

    # The vote

    def _cast(self, entry: Entry, body: bytes, proofs: bool) -> None:
        manifest, fields = self._manifest(), entry.fields
        self._while_open(entry)
        contest = manifest.contests.get(fields["d"])
        if contest is None:
            raise RecordError("V5", f"entry {self.size}: env of no contest")
        envelope, alias, group = envelope_of(entry, manifest.eid), unb64u(fields["a"]), manifest.groups[contest.group]
        if fields["y"] not in group.classes or len(envelope.pairs) != contest.shape.width:
            raise RecordError("V5", f"entry {self.size}: env of another class or width")
        if not self._entitled(group.id, alias):
            raise RecordError("V5", f"entry {self.size}: env of an alias that is not on the roll")
        if proofs:
            self._check_cast(entry, envelope, self._code_key(group.id, alias))
        earlier = self._logged.get((group.id, alias), ())
        base = envelope.place.base
        if base > self.size or (earlier and earlier[-1].index >= base):
            raise RecordError("V8", f"entry {self.size}: env with a base that does not lie after the one before it")
        firsts = [a for a, _ in envelope.pairs]
        if len(set(firsts)) != len(firsts) or not self._firsts.isdisjoint(firsts):
            raise RecordError("V8", f"entry {self.size}: env that repeats another")
        self._firsts.update(firsts)
        self._logged[group.id, alias] = (*earlier, Logged(self.size, RANKS[fields["y"]], envelope))
        self._leaves[self.size] = merkle.leaf_hash(body)

    def _check_cast(self, entry: Entry, envelope: Envelope, code_key: bytes | None) -> None:
        try:
            for pair in envelope.pairs:
                read_point(pair[0])
                read_point(pair[1])
        except GroupError as error:
            raise RecordError("V5", f"entry {self.size}: {error}") from error
        try:
            check(envelope)
        except EnvelopeError as error:
            raise RecordError("V6", f"entry {self.size}: {error}") from error
        match entry.fields["y"]:
            case "idt":
                self._signed_with(entry, {"p": unb64u(entry.fields["p"])})
            case "code":
                if code_key is None:
                    raise RecordError("V7", f"entry {self.size}: no code letter for this alias")
                self._signed_with(entry, {"p": code_key})
            case "acct":
                self._signed(entry, ("vouch",))
            case _:
                self._signed(entry, _DESK)

    def _administer(self, entry: Entry, body: bytes) -> None:
        fields = entry.fields
        if entry.kind in {"strike", "key"}:
            if not self.opened or self.counting:
                raise self._out_of_order(entry)
        else:
            self._while_open(entry)
        match entry.kind:
            case "paper":
                self._hand_out(entry, body)
            case "late":
                self._add_late(entry)
            case "key":
                self._signed(entry, _REGISTRY)
                self._change_key(fields)
            case "strike":
                index = fields["x"]
                if self._leaves.get(index) != unb64u(fields["lh"]) or index in self.struck:
                    raise RecordError("V9", f"entry {self.size}: strike of nothing that could be struck")
                self._signed(entry, (*_DESK, "registrar"), check="V9")
                self.struck.add(index)
            case "extend":
                if fields["closes"] <= self.closes:
                    raise RecordError("V3", f"entry {self.size}: extend to an earlier time")
                self._signed(entry, _OFFICIALS)
                self.closes = fields["closes"]
            case _:
                self._signed(entry, _ONE_OPERATOR)

    def _hand_out(self, entry: Entry, body: bytes) -> None:
        contest = self._contest(entry)
        key = (contest.group, unb64u(entry.fields["a"]))
        if not self._entitled(*key):
            raise RecordError("V5", f"entry {self.size}: paper for an alias that is not on the roll")
        if any(index not in self.struck for index, _ in self._papers.get(key, ())):
            raise RecordError("V8", f"entry {self.size}: a second paper ballot for the same alias")
        self._signed(entry, _DESK)
        self._papers[key] = (*self._papers.get(key, ()), (self.size, contest.id))
        self._leaves[self.size] = merkle.leaf_hash(body)

    def _add_late(self, entry: Entry) -> None:
        fields = entry.fields
        group = self._manifest().groups.get(fields["g"])
        alias = unb64u(fields["a"])
        if group is None or group.roll is None or self._entitled(group.id, alias):
            raise RecordError("V5", f"entry {self.size}: late in no roll, or for an alias that is on it")
        self._signed(entry, _REGISTRY)
        self._late[group.id, alias] = unb64u(fields["p"]) if "p" in fields else None

    def _change_key(self, fields: Mapping[str, Any]) -> None:
        name = fields["id"]
        if "off" in fields:
            if name not in self._keys or name in {"log", "op"}:
                raise RecordError("V7", f"entry {self.size}: no such key to take off")
            del self._keys[name]
            return
        key = unb64u(fields["pk"])
        is_new = name not in self._used and key not in {known for _, known in self._keys.values()}
        if not is_new or is_reserved(name) or fields["role"] == "operator" or not signatures.is_sound_key(key):
            raise RecordError("V7", f"entry {self.size}: a key that cannot be added")
        self._keys[name] = (fields["role"], key)
        self._used.add(name)

    # Closing and counting

    def _close(self, entry: Entry) -> None:
        self._while_open(entry)
        if entry.fields["n"] != self.size or entry.fields["ts"] < self.closes:
            raise RecordError("V3", f"entry {self.size}: close at another place or before its time")
        self._signed(entry, _ONE_OPERATOR)
        self.closed_at = entry.fields["ts"]

    def _count(self, entry: Entry) -> None:
        if self.closed_at is None:
            raise self._out_of_order(entry)
        contest, fields = self._contest(entry), entry.fields
        progress = self.progress[contest.id]
        if progress.result is not None or (progress.rows is None) != (entry.kind == "input"):
            raise self._out_of_order(entry)
        match entry.kind:
            case "input":
                self._take_input(entry, progress)
            case "mix":
                self._take_mix(entry, progress)
            case "dec":
                self._take_part(entry, progress)
            case "paperlist":
                if progress.paper is not None:
                    raise self._out_of_order(entry)
                if fields["n"] > self.paper_entries(contest.id):
                    raise RecordError("V15", f"entry {self.size}: more paper ballots than were handed out")
                self._signed(entry, ("auditor", *_DESK))
                progress.paper = (fields["n"], unb64u(fields["f"]))
            case _:
                enough = not progress.rows or len(progress.parts) >= self._quorum()
                if not enough or (progress.paper is None and self.handed_out(contest.id)):
                    raise self._out_of_order(entry)
                self._signed(entry, _ONE_OPERATOR)
                progress.result = (unb64u(fields["bal"]), unb64u(fields["out"]))

    def _take_input(self, entry: Entry, progress: ContestProgress) -> None:
        fields = entry.fields
        assert self.closed_at is not None  # noqa: S101 # asked before
        if fields["ts"] < self.closed_at + self._manifest().document["strikes"]:
            raise RecordError("V9", f"entry {self.size}: input before the time for strikes has passed")
        self._signed(entry, _ONE_OPERATOR)
        rows = self.counting_rows(fields["d"])
        width = self._manifest().contests[fields["d"]].shape.width
        if (len(rows) // (64 * width), hashlib.sha256(rows).digest()) != (fields["n"], unb64u(fields["f"])):
            raise RecordError("V10", f"entry {self.size}: not the envelopes that count")
        self.counting = True
        progress.rows, progress.list_hash = fields["n"], unb64u(fields["f"])

    def _take_mix(self, entry: Entry, progress: ContestProgress) -> None:
        fields = entry.fields
        mixers = {trustee for trustee, _, _ in progress.stages}
        if not progress.rows or progress.parts or fields["st"] != len(mixers) + 1 or fields["j"] in mixers:
            raise RecordError("V11", f"entry {self.size}: mix out of order")
        self._signed_by_trustee(entry)
        progress.stages.append((fields["j"], unb64u(fields["out"]), unb64u(fields["pf"])))
        progress.list_hash = unb64u(fields["out"])

    def _take_part(self, entry: Entry, progress: ContestProgress) -> None:
        fields = entry.fields
        if not progress.rows or len(progress.stages) < self._quorum():
            raise RecordError("V11", f"entry {self.size}: dec before enough mixes")
        if fields["j"] in progress.parts or unb64u(fields["list"]) != progress.list_hash:
            raise RecordError("V12", f"entry {self.size}: dec of another list, or a second one")
        self._signed_by_trustee(entry)
        progress.parts[fields["j"]] = unb64u(fields["f"])

    # What many kinds ask

    def _quorum(self) -> int:
        assert self.setup is not None  # noqa: S101 # there is a manifest
        return self.setup.setting.quorum

    def _entitled(self, group: str, alias: bytes) -> bool:
        if self._manifest().groups[group].roll is None:
            return True
        return (group, alias) in self._late or alias in self._rolls[group]

    def _code_key(self, group: str, alias: bytes) -> bytes | None:
        """The key of somebody's code letter, None if there is none."""
        if (group, alias) in self._late:
            return self._late[group, alias]
        return self._rolls[group].code_key(alias) if group in self._rolls else None

    def _contest(self, entry: Entry) -> Contest:
        contest = self._manifest().contests.get(entry.fields["d"])
        if contest is None:
            raise RecordError("V3", f"entry {self.size}: {entry.kind} of no contest")
        return contest

    def _while_open(self, entry: Entry) -> None:
        if not self.opened or self.closed_at is not None:
            raise self._out_of_order(entry)

    def _out_of_order(self, entry: Entry) -> RecordError:
        return RecordError("V3", f"entry {self.size}: {entry.kind} is out of order")

    def _belongs(self, entry: Entry, election: bytes) -> None:
        if unb64u(entry.fields["e"]) != election:
            raise RecordError("V3", f"entry {self.size}: {entry.kind} of another election")

    def _read_file(self, entry: Entry, sha256: bytes, read: Callable[[bytes], Any]) -> Any:
        try:
            return read(self._sources.file(sha256))
        except KeyError as error:
            raise RecordError("V3", f"entry {self.size}: the file of {entry.kind} is missing") from error
        except ManifestError as error:
            raise RecordError("V4", f"entry {self.size}: {error}") from error

    def _signed_by_trustee(self, entry: Entry) -> None:
        assert self.setup is not None  # noqa: S101 # the messages of a ceremony come after its setup
        trustee = entry.fields["j"]
        if trustee > self.setup.setting.trustees:
            raise RecordError("V7", f"entry {self.size}: {entry.kind} of no trustee")
        self._signed_with(entry, {f"t{trustee}": self.setup.keys[trustee - 1]})

    def _signed(self, entry: Entry, roles: Sequence[str], *, check: str = "V7") -> None:
        """Check that keys of exactly these roles signed, each another."""
        signers = {name: self._keys.get(name) for name, _ in entry.fields["sg"]}
        found = sorted(known[0] for known in signers.values() if known)
        if len(found) != len(signers) or found != sorted(roles):
            raise RecordError(check, f"entry {self.size}: {entry.kind} must be signed by {', '.join(roles)}")
        self._signed_with(entry, {name: known[1] for name, known in signers.items() if known}, check=check)

    def _signed_with(self, entry: Entry, keys: Mapping[str, bytes], *, check: str = "V7") -> None:
        try:
            signatures.verify_entry(entry.fields, keys)
        except signatures.SignatureError as error:
            raise RecordError(check, f"entry {self.size}: {entry.kind}: {error}") from error


def envelope_of(entry: Entry, eid: bytes) -> Envelope:
    """Return the envelope of an `env` entry, its points not yet looked at."""
    fields = entry.fields
    place = Place(eid, fields["d"], unb64u(fields["a"]), fields["b"])
    pairs = tuple((unb64u(a), unb64u(b)) for a, b in fields["ct"])
    return Envelope(place, pairs, tuple(unb64u(part) for part in fields["pf"]))


class RollFile:
    """A roll as its file: records of alias and code key, sorted, so that anybody is found in it at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._count = len(body) // ROLL_RECORD

    def __len__(self) -> int:
        return self._count

    def __contains__(self, alias: bytes) -> bool:
        return self._record(alias) is not None

    def code_key(self, alias: bytes) -> bytes | None:
        """Return the key of somebody's code letter, None without a letter, or for somebody who is not on the roll."""
        key = (self._record(alias) or bytes(ROLL_RECORD))[32:]
        return key if any(key) else None

    def _record(self, alias: bytes) -> bytes | None:
        place = bisect_left(range(self._count), alias, key=self._alias)
        record = self._body[place * ROLL_RECORD : (place + 1) * ROLL_RECORD]
        return record if record[:32] == alias else None

    def _alias(self, place: int) -> bytes:
        return self._body[place * ROLL_RECORD : place * ROLL_RECORD + 32]


def read_roll(body: bytes, root: bytes, count: int) -> RollFile:
    """Return a roll that is what the manifest says. Raises ValueError."""
    if len(body) != ROLL_RECORD * count:
        raise ValueError("the roll has another length")
    records = [body[start : start + ROLL_RECORD] for start in range(0, len(body), ROLL_RECORD)]
    if merkle.root([merkle.leaf_hash(record) for record in records]) != root:
        raise ValueError("the roll is not the one of the manifest")
    keys = [record[32:] for record in records if any(record[32:])]
    if any(one[:32] >= other[:32] for one, other in pairwise(records)) or len(set(keys)) != len(keys):
        raise ValueError("the roll is not sorted, or names somebody twice")
    return RollFile(body)
