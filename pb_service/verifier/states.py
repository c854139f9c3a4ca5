"""The checks R1 to R4 of the states of a result: section 10 of docs/schemas/bundle.md.

After the count a result is preliminary, then confirmed and amended by documents that people sign; a contest may be
void. Each document is walked in the order of the record, and what it funds is worked out anew from the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pb_service.verifier import ed25519, openssl
from pb_service.verifier.canonical import NotCanonicalError, b64u, dumps, from_b64u, loads, sha256
from pb_service.verifier.entries import TIME
from pb_service.verifier.findings import Problem
from pb_service.verifier.manifest import CONTEST_ID, MONEY, Contest, Manifest
from pb_service.verifier.shapes import (
    MisshapenError,
    array,
    boolean,
    by_field,
    exactly,
    integer,
    raw,
    record,
    row,
    text,
)

FOLDER = "states/"
Json = dict[str, Any]
Keys = Mapping[str, tuple[str, bytes]]

PRELIMINARY, CONFIRMED, AMENDED = "result.preliminary", "result.confirmed", "result.amended"
VOIDED = "contest.voided"
#: How the kinds begin that are kept for this: no act of another name may pass for a state.
KEPT = "result."

_SOME = text("(?s:.+)")
_REASON = array(row(text("[a-z]{2,3}"), _SOME), at_least=1)
_HEAD = {"v": exactly(1), "e": raw(32), "t": TIME}
_SIGNED = _HEAD | {"sg": array(row(text("[a-z][a-z0-9]{0,15}"), raw(64)))}
_FUNDED = array(row(text("(?s:.{1,200})"), integer(1)))
_CONTESTS = {
    "contests": array(record({"id": CONTEST_ID, "outcome": raw(32), "budget": MONEY, "funded": _FUNDED})),
}


def _change(value: Any, path: str) -> None:
    fields = {"contest": CONTEST_ID, "project": _SOME, "funded": boolean}
    is_funded = type(value) is dict and value.get("funded") is True
    record(fields | ({"cost": integer(1)} if is_funded else {}))(value, path)


CONTENTS = {
    PRELIMINARY: record(_HEAD | _CONTESTS | {"k": exactly(PRELIMINARY)}),
    CONFIRMED: record(
        _SIGNED
        | _CONTESTS
        | {
            "k": exactly(CONFIRMED),
            "before": raw(32),
            "decision": record({"reference": _SOME, "by": _SOME, "on": text("[0-9]{4}-[0-9]{2}-[0-9]{2}")}),
        }
    ),
    AMENDED: record(
        _SIGNED
        | _CONTESTS
        | {"k": exactly(AMENDED), "before": raw(32), "reason": _REASON, "changes": array(_change, at_least=1)},
        {"decision": record({"reference": _SOME})},
    ),
    VOIDED: record(
        _SIGNED | {"k": exactly(VOIDED), "contest": CONTEST_ID, "repeated": boolean, "reason": _REASON},
    ),
}
SALTED = record({"v": exactly(1), "k": exactly(*CONTENTS), "salt": raw(32), "content": by_field("k", CONTENTS)})
#: Whose signatures a document has, exactly.
SIGNERS = ["auditor", "registrar"]


@dataclass
class States:
    """Finds the states in a record; ``run`` examines them. Afterwards ``problems`` and ``figures`` hold what was found.

    ``known`` are the members that the record names.
    """

    CHECKS: ClassVar = ("R1", "R2", "R3", "R4")

    entries: Sequence[bytes]
    members: Mapping[str, bytes]
    manifest: Manifest
    is_pure: bool = False
    problems: dict[str, list[Problem]] = field(default_factory=lambda: {name: [] for name in States.CHECKS})
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)  # of the documents, in order
    void: list[str] = field(default_factory=list)  # contests, in the order in which they were declared so
    standing: list[Json] = field(default_factory=list)  # what the newest document funds, contest by contest
    newest: str = ""  # its kind
    digest: bytes = b""  # its hash
    number: int = 0  # its place among the documents
    signatures: int = 0
    _acts: list[tuple[int, Json]] = field(default_factory=list)
    _keys: Mapping[int, Keys] = field(default_factory=dict)
    _outcomes: dict[str, str] = field(default_factory=dict)  # as the `result` entries so far name them
    _has_manifest: bool = False

    def __post_init__(self) -> None:
        for index, data in enumerate(self.entries):
            # Canonical JSON is written in one way: whatever is meant here holds these bytes.
            if b'"k":"result' in data or b'"k":"contest.' in data or b'"k":"manifest"' in data:
                entry = _entry(data)
                if entry.get("k") in ("manifest", "result", *CONTENTS) or str(entry.get("k")).startswith(KEPT):
                    self._acts.append((index, entry))

    @property
    def known(self) -> set[str]:
        number = sum(entry["k"] in CONTENTS for _, entry in self._acts)
        return {f"{FOLDER}{place}.json" for place in range(1, number + 1)}

    @property
    def is_told(self) -> bool:
        """Whether the record tells of a state, or of what would pass for one."""
        return any(entry["k"] not in ("manifest", "result") for _, entry in self._acts)

    def run(self, keys: Mapping[int, Keys]) -> None:
        """Every check, as far as the one before allows. ``keys``: the officials' keys in force at each entry."""
        self._keys = keys
        for index, entry in self._acts:
            self._read(index, entry)
        contests = len(self.manifest.contests)
        self.figures = {
            "R1": {"documents": len(self.kinds)},
            "R2": {"signatures": self.signatures},
            "R3": {"confirmed": self.kinds.count(CONFIRMED), "amended": self.kinds.count(AMENDED)},
            "R4": {"contests": contests - len(self.void), "void": len(self.void)},
        }

    @property
    def stands(self) -> list[Json]:
        """What the newest document funds, of the contests that are not void."""
        return [each for each in self.standing if each["id"] not in self.void]

    @property
    def is_sound(self) -> bool:
        """Whether there is a state, and nothing is wrong with any document."""
        return bool(self.kinds) and not any(self.problems.values())

    def _read(self, index: int, entry: Json) -> None:
        kind = entry["k"]
        if kind == "manifest":
            self._has_manifest = True
        elif kind == "result":
            self._outcomes.setdefault(str(entry.get("d")), str(entry.get("out")))
        elif kind in CONTENTS:
            self.kinds.append(kind)
            content = self._content(index, entry)
            if not self._has_manifest:
                self._problem("R3", "state_early", entry=index, kind=kind)
            if content is not None:
                self._signed(index, content)
                (self._voided if kind == VOIDED else self._stated)(index, content, from_b64u(entry["h"], 32))
        else:
            self._problem("R1", "state_kind", entry=index, kind=kind)

    # --- R1: every document is there, and is the one that the record names

    def _content(self, index: int, entry: Json) -> Json | None:
        name = f"{FOLDER}{len(self.kinds)}.json"
        if name not in self.members:
            self._problem("R1", "missing", member=name)
            return None
        try:
            salted = loads(self.members[name])
            SALTED(salted, "")
        except NotCanonicalError:
            self._problem("R1", "not_canonical", member=name)
            return None
        except MisshapenError as error:
            self._problem("R1", "misshapen", member=name, path=str(error) or ".")
            return None
        content: Json = salted["content"]
        if b64u(sha256(self.members[name])) != entry.get("h") or not salted["k"] == content["k"] == entry["k"]:
            self._problem("R1", "act_file", entry=index, member=name)
            return None
        if from_b64u(content["e"], 32) != self.manifest.eid:
            self._problem("R1", "other_election", member=name)
        if content["t"] != entry.get("t"):
            self._problem("R1", "state_time", entry=index, member=name)
        return content

    # --- R2: a registrar and an auditor signed it, with keys that the record names

    def _signed(self, index: int, content: Json) -> None:
        if content["k"] == PRELIMINARY:
            return
        known = self._keys.get(index, {})
        given = dict(content["sg"])
        roles = sorted(known[name][0] if name in known else "" for name in given)
        if roles != SIGNERS or len(given) != len(content["sg"]):
            self._problem("R2", "signers", entry=index, kind=content["k"])
            return
        statement = {name: value for name, value in content.items() if name not in ("sg", "t")}
        message = b"pb/sig/" + content["k"].encode() + b"\x00" + dumps(statement)
        verify = ed25519.verify if self.is_pure else openssl.verify
        for name, signature in given.items():
            if verify(known[name][1], message, from_b64u(signature, 64)):
                self.signatures += 1
            else:
                self._problem("R2", "signature", entry=index)

    # --- R3: each names what it follows, and nothing takes another's place

    def _voided(self, index: int, content: Json, _digest: bytes) -> None:
        contest = content["contest"]
        if contest in self.void or contest not in [known.id for known in self.manifest.contests]:
            self._problem("R3", "void_contest", entry=index, contest=contest)
        else:
            self.void.append(contest)

    def _stated(self, index: int, content: Json, digest: bytes) -> None:
        kind = content["k"]
        if kind == PRELIMINARY:
            if self.newest or len(self._outcomes) < len(self.manifest.contests):
                self._problem("R3", "state_early" if not self.newest else "state_again", entry=index, kind=kind)
            expected = self._counted()
        else:
            if kind == self.newest == CONFIRMED:
                self._problem("R3", "state_again", entry=index, kind=kind)
            if not self.newest or from_b64u(content["before"], 32) != self.digest:
                self._problem("R3", "state_before", entry=index, kind=kind)
            expected = self._after(index, content.get("changes", []))
        if content["contests"] != expected:
            self._problem("R4", "state_funded", entry=index, contest=_first(content["contests"], expected))
        self.standing = content["contests"]
        self.newest, self.digest, self.number = kind, digest, len(self.kinds)

    # --- R4: what is funded follows from the count, the document before, and the changes

    def _counted(self) -> list[Json]:
        """What the count funded, of the contests that are not void."""
        found = []
        for contest in self.manifest.contests:
            try:
                winners = loads(self.members[f"outcomes/{contest.id}.json"])["winners"]
                funded = [[contest.ids[number], contest.costs[number]] for number in winners]
            except (KeyError, NotCanonicalError, TypeError, IndexError):
                funded = []  # V16 says so
            outcome = self._outcomes.get(contest.id, "")
            if contest.id not in self.void:
                found.append({"id": contest.id, "outcome": outcome, "budget": contest.budget, "funded": funded})
        return found

    def _after(self, index: int, changes: list[Json]) -> list[Json]:
        """What the document before funded, of the contests that are not void, with these changes."""
        contests = {contest.id: contest for contest in self.manifest.contests}
        funded = {each["id"]: dict(each["funded"]) for each in self.standing if each["id"] not in self.void}
        for change in changes:
            contest, project = contests.get(change["contest"]), change["project"]
            if contest is None or contest.id not in funded or project not in contest.ids:
                self._problem("R4", "change_unknown", entry=index, contest=change["contest"], project=project)
                continue
            before, cost = funded[contest.id].pop(project, None), change.get("cost")
            if cost is not None:
                funded[contest.id][project] = cost
                if cost > contest.costs[contest.ids.index(project)]:
                    self._problem("R4", "change_dearer", entry=index, contest=contest.id, project=project)
            if cost == before:
                self._problem("R4", "change_nothing", entry=index, contest=contest.id, project=project)
        return [
            each | {"funded": self._in_order(index, contests[each["id"]], funded[each["id"]])}
            for each in self.standing
            if each["id"] in funded and each["id"] in contests
        ]

    def _in_order(self, index: int, contest: Contest, funded: Mapping[str, int]) -> list[list[Any]]:
        if sum(funded.values()) > contest.budget:
            self._problem("R4", "change_budget", entry=index, contest=contest.id)
        return [[project, funded[project]] for project in contest.ids if project in funded]

    def _problem(self, check: str, code: str, **at: str | int) -> None:
        self.problems[check].append(Problem(code, at))


def _entry(data: bytes) -> Json:
    """An entry, empty where it is none: V3 says so."""
    try:
        entry = loads(data)
    except NotCanonicalError:
        return {}
    return entry if type(entry) is dict and type(entry.get("k")) is str else {}


def _first(stated: list[Json], expected: list[Json]) -> str:
    """The first contest of which two documents say different things."""
    for one, other in zip(stated, expected, strict=False):
        if one != other:
            return str(one["id"])
    longer = stated if len(stated) > len(expected) else expected
    return str(longer[min(len(stated), len(expected))]["id"])
