"""The checks V1 to V18: section 9 of docs/schemas/bundle.md, and with sealed ballots section 13 of docs/protocol.md;
where the record tells of proposals, also P1 to P5 of docs/schemas/process.md, and where it tells of states of a
result, R1 to R4.

Each check runs as far as it can when another has failed; one that cannot run says so, and that counts as a failure.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pb_service.verifier import log, tally
from pb_service.verifier.ballots import Ballot, read_ballots
from pb_service.verifier.canonical import NotCanonicalError, dumps, from_b64u, loads, sha256
from pb_service.verifier.entries import Record
from pb_service.verifier.findings import Found, Problem
from pb_service.verifier.manifest import NAME, Contest, Manifest, check_list, read_manifest
from pb_service.verifier.process import Process
from pb_service.verifier.sealed.checks import Sealed
from pb_service.verifier.states import States
from pb_service.verifier.tally.election import Progress

PASS, FAIL, NOT_APPLICABLE, NOT_CHECKED = "pass", "fail", "not_applicable", "not_checked"
CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@dataclass
class Check:
    """One check: its status, the figures that its line shows, and what it found wrong."""

    id: str
    status: str
    figures: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    reason: str = ""  # why it is not applicable or was not checked: a key of words.REASONS


@dataclass(frozen=True)
class District:
    """What was counted in one contest, from its ballots."""

    id: str
    budget: int
    ballots: int
    blank: int
    over: int
    winners: list[str]
    cost: int


@dataclass
class Report:
    """Everything that was found about one bundle, without a word of any language."""

    sha256: str
    bytes: int
    checks: list[Check]
    manifest: Manifest | None
    checkpoint: log.Checkpoint | None
    districts: list[District]
    sealed: Sealed | None = None  # what was found about sealed ballots
    sample: list[tuple[str, str, str]] | None = None  # confidential: group, alias and id of people drawn by auditors
    is_before_vote: bool = False  # the record ends before a manifest: only the process is there to be checked
    states: States | None = None  # what became of the result after the count

    @property
    def is_pass(self) -> bool:
        """Whether every check passed or does not apply."""
        return all(check.status in (PASS, NOT_APPLICABLE) for check in self.checks)


def fingerprint(eid: bytes) -> str:
    """The first 16 bytes of the election id in Crockford base32, as on posters."""
    return base64.b32encode(eid[:16]).decode().rstrip("=").translate(CROCKFORD)


class Verifier:
    """Examines one bundle. `older` is a checkpoint seen before, `key` the published key of the record."""

    def __init__(
        self,
        members: Mapping[str, bytes],
        *,
        older: log.Checkpoint | None = None,
        key: log.Key | None = None,
        progress: Progress = lambda _contest, _increments: None,
        percent: Callable[[int], None] = lambda _percent: None,
        expect: Callable[[float, int], None] = lambda _seconds, _cores: None,
        programs: Sequence[bytes] = (),
        is_pure: bool = False,
        cores: int | None = None,
    ) -> None:
        self._members = members
        self._older = older
        self._key = key
        self._progress = progress
        self._percent, self._expect, self._programs, self._is_pure, self._cores = (
            percent,
            expect,
            programs,
            is_pure,
            cores,
        )
        self.manifest: Manifest | None = None
        self.sealed: Sealed | None = None
        self.process: Process | None = None
        self.states: States | None = None
        self.checkpoint: log.Checkpoint | None = None
        self._entries: list[bytes] | None = None
        self._leaves: list[bytes] = []
        self._ballots: dict[str, list[Ballot]] = {}
        self.districts: list[District] = []

    def run(self) -> list[Check]:
        """All checks in the order of their numbers."""
        before: list[Problem] = []
        self._read_manifest(before)
        checks = [self._log(), self._older_checkpoint()]
        self.process = self._walk()
        if self._entries is not None and self.manifest is not None:
            self.states = States(self._entries, self._members, self.manifest, is_pure=self._is_pure)
        vote = self._no_vote() if self.is_before_vote else self._vote(before)
        return checks + vote + self._process() + self._states()

    @property
    def is_before_vote(self) -> bool:
        """Whether this is the record of a round in which nobody could vote yet, with files of its process."""
        known = self.process is not None and bool(self.process.acts) and not self.process.has_manifest
        return known and NAME not in self._members

    def _walk(self) -> Process | None:
        if self._entries is None:
            return None
        process = Process(self._entries, self._members, self.manifest)
        process.run()
        return process

    def _no_vote(self) -> list[Check]:
        """V3 to V18 before there is a manifest: entries and members alone."""
        record = Record(self._entries or [], None, is_whole=False)
        check = Check("V3", PASS, {"entries": len(self._leaves), "signatures": record.signatures}, record.problems)
        known = {"checkpoint", *(self.process.known if self.process else ())}
        check.problems += [
            Problem("extra", {"member": name}) for name in self._members if name not in known and not _is_tile(name)
        ]
        return [
            _settled(check),
            *(Check(f"V{number}", NOT_APPLICABLE, reason="no_vote") for number in range(4, 19)),
        ]

    def _process(self) -> list[Check]:
        """P1 to P5, where the record tells of a process."""
        process = self.process
        if process is None or not process.acts:
            return []
        checks = [_settled(Check(name, PASS, process.figures[name], process.problems[name])) for name in process.CHECKS]
        for check in checks:
            if not process.is_fixed and check.id in {"P2", "P3", "P4"} and not check.problems:
                check.status, check.reason = NOT_APPLICABLE, "no_list"
        return checks

    def _states(self) -> list[Check]:
        """R1 to R4, where the record tells of a state of the result."""
        states = self.states
        if states is None or not states.is_told:
            return []
        states.run(self.sealed.record.keys_at if self.sealed and self.sealed.record else {})
        return [_settled(Check(name, PASS, states.figures[name], states.problems[name])) for name in states.CHECKS]

    def _vote(self, before: list[Problem]) -> list[Check]:
        """V3 to V18."""
        checks: list[Check] = []
        if self.manifest is not None and self.manifest.terms is not None:
            return self._sealed_votes(self.manifest, before)
        checks.append(self._record(before))
        if self.manifest is None:
            checks += [Check(f"V{number}", NOT_CHECKED, reason="no_manifest") for number in range(4, 19)]
            return checks
        checks += [Check(f"V{number}", NOT_APPLICABLE, reason="no_sealed_ballots") for number in range(4, 14)]
        checks.append(self._ballot_files(self.manifest))
        checks.append(Check("V15", NOT_APPLICABLE, reason="no_paper_ballots"))
        checks.append(self._outcomes(self.manifest))
        checks.append(Check("V17", NOT_APPLICABLE, reason="no_voting_page"))
        checks.append(Check("V18", PASS, {"contests": len(self.manifest.contests)}))
        return checks

    def _sealed_votes(self, manifest: Manifest, before: list[Problem]) -> list[Check]:
        """V3 to V18 of a vote with sealed ballots."""
        sealed = self.sealed = Sealed(
            self._members,
            manifest,
            is_pure=self._is_pure,
            cores=self._cores,
            progress=self._percent,
            expect=self._expect,
            programs=self._programs,
        )
        sealed.run(self._entries, self._leaves)
        checks = {
            name: Check(name, PASS, sealed.figures.get(name, {}), found) for name, found in sealed.problems.items()
        }
        record = checks["V3"]
        record.problems[:0] = before + self._membership(manifest, sealed.known)
        record.figures = {"entries": len(self._leaves)}
        if sealed.record is None:
            record.problems.append(Problem("no_entries"))
        else:
            said = {name: count.result for name, count in sealed.record.counting.items()}
            results = {
                name: (from_b64u(entry["bal"], 32), from_b64u(entry["out"], 32))
                for name, entry in said.items()
                if entry
            }
            record.problems += self._hashes(sealed.record.manifest_hash, results)
        self._ballots = {name: found.ballots for name, found in sealed.tallies.items()}
        for contest in manifest.contests:
            if contest.id in self._ballots:
                checks["V14"].problems += self._counts(contest, tally.counts(contest, self._ballots[contest.id]))
            else:
                checks["V14"].problems.append(Problem("not_opened", {"contest": contest.id}))
        checks["V16"] = self._outcomes(manifest)
        checks["V18"].figures = {"contests": len(manifest.contests)}
        for check in checks.values():
            _settled(check)
            if check.id in sealed.unchecked and not check.problems:
                check.status, check.reason = NOT_CHECKED, "no_record" if sealed.record is None else "no_mixes"
        self._does_not_apply(checks, sealed)
        return [checks[f"V{number}"] for number in range(3, 19)]

    def _does_not_apply(self, checks: dict[str, Check], sealed: Sealed) -> None:
        """Says of a check that has nothing to check that it does not apply."""
        reasons = {}
        if not self._programs:
            reasons["V17"] = "no_program"
        record = sealed.record
        if record and not record.papers and all(count.paperlist is None for count in record.counting.values()):
            reasons["V15"] = "no_paper"
        for name, reason in reasons.items():
            if checks[name].status == PASS:
                checks[name].status, checks[name].reason = NOT_APPLICABLE, reason

    def _read_manifest(self, problems: list[Problem]) -> None:
        try:
            self.manifest = read_manifest(self._member(NAME))
        except Found as found:
            problems.append(found.problem)

    def _log(self) -> Check:
        check = Check("V1", PASS)
        self._steps(check, self._read_checkpoint, self._read_entries, self._signature, self._witnesses, self._tree)
        check.figures = {"entries": len(self._leaves)}
        return check

    def _read_checkpoint(self) -> list[Problem]:
        data = self._member("checkpoint")
        try:
            self.checkpoint = log.parse_checkpoint(data)
        except ValueError as error:
            raise Found("checkpoint_form") from error
        return []

    def _read_entries(self) -> list[Problem]:
        self._entries = log.read_entries(self._members)
        self._leaves = [log.leaf_hash(entry) for entry in self._entries]
        return []

    def _signature(self) -> list[Problem]:
        """The checkpoint is signed by the key given, or else by the one that the manifest names."""
        stated = self.manifest.log_key if self.manifest else None
        key = self._key or stated
        if key is None:
            return [Problem("no_key" if NAME in self._members else "no_key_given")]
        problems = []
        if stated and key != stated:
            problems.append(Problem("other_key", {"key": stated.vkey}))
        if self.checkpoint:
            if self.checkpoint.origin != key.name:
                problems.append(Problem("checkpoint_origin", {"origin": self.checkpoint.origin}))
            if not self.checkpoint.is_signed_by(key):
                problems.append(Problem("checkpoint_signature"))
        return problems

    def _witnesses(self) -> list[Problem]:
        """Enough of the witnesses that the manifest names have signed the checkpoint."""
        terms = self.manifest.terms if self.manifest else None
        if terms is None or self.checkpoint is None:
            return []
        signed = sum(self.checkpoint.is_cosigned_by(witness) for witness in terms.witnesses)
        if signed >= terms.witnesses_needed:
            return []
        return [Problem("witnesses", {"signed": signed, "needed": terms.witnesses_needed})]

    def _tree(self) -> list[Problem]:
        if self._entries is None:
            return []
        problems = []
        if self.checkpoint:
            if self.checkpoint.size != len(self._leaves):
                figures: dict[str, str | int] = {"size": self.checkpoint.size, "entries": len(self._leaves)}
                problems.append(Problem("checkpoint_size", figures))
            elif self.checkpoint.root != log.root(self._leaves):
                problems.append(Problem("checkpoint_root"))
        expected = log.tiles(self._leaves)
        for name in sorted(name for name in self._members if _is_hash_tile(name)):
            if name not in expected:
                problems.append(Problem("tile_extra", {"member": name}))
            elif self._members[name] != expected[name]:
                problems.append(Problem("tile_wrong", {"member": name}))
        problems += [Problem("missing", {"member": name}) for name in expected if name not in self._members]
        return problems

    def _older_checkpoint(self) -> Check:
        older = self._older
        if older is None:
            return Check("V2", NOT_APPLICABLE, reason="no_older")
        key = self._key or (self.manifest.log_key if self.manifest else None)
        if key is None or self._entries is None:
            return Check("V2", NOT_CHECKED, reason="no_record")
        check = Check("V2", PASS, {"older": older.size, "entries": len(self._leaves)})
        if older.origin != key.name or not older.is_signed_by(key):
            check.problems.append(Problem("older_signature"))
        if older.size > len(self._leaves):
            check.problems.append(Problem("older_newer", {"size": older.size, "entries": len(self._leaves)}))
        elif older.root != log.root(self._leaves[: older.size]):
            check.problems.append(Problem("older_fork", {"size": older.size}))
        return _settled(check)

    def _record(self, before: list[Problem]) -> Check:
        check = Check("V3", PASS, {"entries": 0, "signatures": 0}, before)
        if self.manifest:
            check.problems += self._membership(self.manifest, set())
        if self._entries is None:
            check.problems.append(Problem("no_entries"))
            return _settled(check)
        record = Record(self._entries, self.manifest)
        check.figures = {"entries": len(self._entries), "signatures": record.signatures}
        check.problems += record.problems
        check.problems += self._hashes(record.manifest_hash, record.results)
        return _settled(check)

    def _membership(self, manifest: Manifest, others: set[str]) -> list[Problem]:
        files = {f"{folder}/{c.id}.json" for c in manifest.contests for folder in ("lists", "ballots", "outcomes")}
        known = files | others | {"checkpoint", NAME} | (self.process.known if self.process else set())
        known |= self.states.known if self.states else set()
        return [
            *(Problem("missing", {"member": name}) for name in sorted(files) if name not in self._members),
            *(Problem("extra", {"member": n}) for n in self._members if n not in known and not _is_tile(n)),
        ]

    def _hashes(self, manifest_hash: bytes | None, results: dict[str, tuple[bytes, bytes]]) -> list[Problem]:
        """Each file hangs on a signed entry: the manifest and the results by hash, the lists by the manifest."""
        expected = {NAME: manifest_hash}
        problems = []
        for contest in self.manifest.contests if self.manifest else ():
            name = f"lists/{contest.id}.json"
            expected[name] = contest.list_hash
            if name in self._members:
                try:
                    check_list(self._members[name], contest)
                except Found as found:
                    problems.append(found.problem)
        for contest_id, (ballots, outcome) in results.items():
            expected |= {f"ballots/{contest_id}.json": ballots, f"outcomes/{contest_id}.json": outcome}
        for name, digest in expected.items():
            if digest is not None and name in self._members and sha256(self._members[name]) != digest:
                problems.append(Problem("file_hash", {"member": name}))
        return problems

    def _ballot_files(self, manifest: Manifest) -> Check:
        check = Check("V14", PASS)
        total = dict.fromkeys(("ballots", "blank", "over"), 0)
        for contest in manifest.contests:
            try:
                ballots = read_ballots(self._member(f"ballots/{contest.id}.json"), contest, manifest.eid)
            except Found as found:
                check.problems.append(found.problem)
                continue
            self._ballots[contest.id] = ballots
            counted = tally.counts(contest, ballots)
            for name, number in counted.items():
                total[name] += number
            check.problems += self._counts(contest, counted)
        check.figures = total
        return _settled(check)

    def _counts(self, contest: Contest, counted: dict[str, int]) -> list[Problem]:
        try:
            outcome = loads(self._member(f"outcomes/{contest.id}.json"))
        except (Found, NotCanonicalError):
            return [Problem("no_outcome", {"contest": contest.id})]
        stated = outcome.get("counts") if type(outcome) is dict else None
        if type(stated) is dict and dumps(stated) == dumps(counted):
            return []
        return [Problem("counts", {"contest": contest.id} | counted)]

    def _outcomes(self, manifest: Manifest) -> Check:
        check = Check("V16", PASS)
        for contest in manifest.contests:
            if contest.id not in self._ballots:
                check.problems.append(Problem("no_ballots", {"contest": contest.id}))
                continue
            expected = tally.outcome(contest, manifest.eid, self._ballots[contest.id], self._progress)
            self.districts.append(_district(contest, expected))
            try:
                self._compare(contest, expected)
            except Found as found:
                check.problems.append(found.problem)
        check.figures = {
            "winners": sum(len(district.winners) for district in self.districts),
            "contests": len(self.districts),
        }
        return _settled(check)

    def _compare(self, contest: Contest, expected: dict[str, Any]) -> None:
        name = f"outcomes/{contest.id}.json"
        data = self._member(name)
        if data == dumps(expected):
            return
        try:
            stated = loads(data)
        except NotCanonicalError as error:
            raise Found("not_canonical", member=name) from error
        raise Found("outcome", contest=contest.id, path=first_difference(stated, expected) or ".")

    def _member(self, name: str) -> bytes:
        if name not in self._members:
            raise Found("missing", member=name)
        return self._members[name]

    def _steps(self, check: Check, *steps: Callable[[], list[Problem]]) -> None:
        for step in steps:
            try:
                check.problems += step()
            except Found as found:
                check.problems.append(found.problem)
        _settled(check)


def first_difference(stated: Any, expected: Any, path: str = "") -> str:
    """Where two documents first differ, such as `projects[3].score`; empty when only the whole does."""
    if type(stated) is dict and type(expected) is dict:
        for name in sorted(stated.keys() | expected.keys()):
            at = f"{path}.{name}" if path else name
            if name not in stated or name not in expected:
                return at
            if stated[name] != expected[name]:
                return first_difference(stated[name], expected[name], at)
    if type(stated) is list and type(expected) is list:
        for index, (one, other) in enumerate(zip(stated, expected, strict=False)):
            if one != other:
                return first_difference(one, other, f"{path}[{index}]")
    return path


def _district(contest: Contest, outcome: dict[str, Any]) -> District:
    return District(
        id=contest.id,
        budget=contest.budget,
        winners=sorted(contest.ids[number] for number in outcome["winners"]),
        cost=outcome["cost"],
        **outcome["counts"],
    )


def _is_tile(name: str) -> bool:
    return name.startswith("tile/")


def _is_hash_tile(name: str) -> bool:
    return _is_tile(name) and not name.startswith("tile/entries/")


def _settled(check: Check) -> Check:
    check.status = FAIL if check.problems else PASS
    return check
