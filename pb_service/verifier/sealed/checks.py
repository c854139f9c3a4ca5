"""V1 to V18 of a vote with sealed ballots: section 13 of docs/protocol.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pb_service.verifier.ballots import Ballot
from pb_service.verifier.canonical import NotCanonicalError, b64u, dumps, from_b64u, loads, sha256
from pb_service.verifier.findings import Found, Problem
from pb_service.verifier.manifest import Contest, Manifest
from pb_service.verifier.sealed import jobs
from pb_service.verifier.sealed.ceremony import check_accusations, check_ceremony, check_freshness, check_messages
from pb_service.verifier.sealed.estimate import Costs
from pb_service.verifier.sealed.group import group as group_of
from pb_service.verifier.sealed.mixing import Stage, start_mix
from pb_service.verifier.sealed.opening import start_combination, start_opening
from pb_service.verifier.sealed.payload import read_payload
from pb_service.verifier.sealed.record import Counting, Envelope, Record, counts_for
from pb_service.verifier.sealed.rolls import Roll
from pb_service.verifier.sealed.terms import BLOCK, CLASSES, Terms
from pb_service.verifier.sealed.work import Job, Work
from pb_service.verifier.shapes import (
    MisshapenError,
    array,
    distinct,
    document,
    exactly,
    integer,
    raw,
    record,
    row,
    text,
)

FATES = ("counted", "superseded", "outranked", "struck", "blocked")
FIGURES = {
    "V4": ("trustees", "quorum"),
    "V5": ("envelopes",),
    "V6": ("envelopes",),
    "V7": ("signatures",),
    "V8": ("envelopes",),
    "V9": ("strikes",),
    "V10": ("rows",),
    "V11": ("mixes",),
    "V12": ("parts",),
    "V13": ("ballots", "invalid"),
    "V14": ("envelopes", *FATES, "blank", "invalid", "paper", "paper_invalid"),
    "V15": ("ballots", "entries"),
    "V17": ("programs",),
}
PROGRAM = record({"v": exactly(1), "files": array(row(text(), raw(32)))})


def _program_list(value: Any, path: str) -> None:
    PROGRAM(value, path)
    distinct([name for name, _ in value["files"]], "files")
    if value["files"] != sorted(value["files"]):
        raise MisshapenError("files")


@dataclass
class Tally:
    """What was found about one contest: ballots that count, and how many of each sort there are."""

    ballots: list[Ballot] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)


@dataclass
class Electorate:
    """Figures of one group: how many are entitled (None: any alias), how many took part, envelopes by class."""

    id: str
    entitled: int | None
    voters: int
    classes: dict[str, int]


class Sealed:
    """Examines everything that stands between the manifest and the outcome. `problems` and `figures` are by check."""

    def __init__(
        self,
        members: Mapping[str, bytes],
        manifest: Manifest,
        *,
        is_pure: bool = False,
        cores: int | None = None,
        progress: Callable[[int], None] = lambda _percent: None,
        expect: Callable[[float, int], None] = lambda _seconds, _cores: None,
        programs: Sequence[bytes] = (),
    ) -> None:
        assert manifest.terms is not None  # noqa: S101 - of sealed ballots
        self._members = members
        self.manifest = manifest
        self._terms: Terms = manifest.terms
        self._is_pure = is_pure
        self._programs = programs
        self._costs = Costs(members, manifest, is_pure=is_pure)
        self._work = Work(self._costs.seconds, cores, progress)
        if self._costs.is_slow:
            expect(self._costs.seconds / self._work.cores, self._work.cores)
        self.problems: dict[str, list[Problem]] = {f"V{number}": [] for number in range(1, 19)}
        self.figures = {check: dict.fromkeys(names, 0) for check, names in FIGURES.items()}
        self.unchecked: set[str] = set()
        self.tallies: dict[str, Tally] = {}
        self.electorates: list[Electorate] = []
        self.record: Record | None = None
        self.known: set[str] = set()  # members that entries or the manifest name
        self.fates: dict[int, str] = {}
        self.counting: dict[str, list[Envelope]] = {}

    def run(self, entries: Sequence[bytes] | None, leaves: Sequence[bytes]) -> None:
        """All checks from V3 to V15, and V17. Without entries only the files can be looked at."""
        rolls = self._rolls()
        if entries is None:
            self.unchecked = {f"V{number}" for number in (*range(4, 16), 17)}
            return
        with self._work:
            self._read(entries, leaves, rolls)

    def _read(self, entries: Sequence[bytes], leaves: Sequence[bytes], rolls: dict[str, Roll]) -> None:
        signatures: list[Job] = []
        envelopes: list[Job] = []
        found = Record(
            self._members,
            self.manifest,
            rolls,
            on_signatures=lambda some: signatures.append(
                self._work.submit(self._costs.signature * len(some), jobs.bad_signatures, self._is_pure, some)
            ),
            on_envelopes=lambda some: envelopes.append(
                self._work.submit(
                    self._costs.envelope * len(some), jobs.bad_envelopes, self._is_pure, self.manifest.eid, some
                )
            ),
        )
        self.record = found
        found.walk(entries, leaves)
        for check, problems in found.problems.items():
            self.problems[check] += problems
        self._ceremony(found)
        self._files(found)
        self.fates, self.counting = counts_for(found, self.manifest)
        waiting = [self._start(contest, found.counting[contest.id]) for contest in self.manifest.contests]
        for finish in waiting:
            finish()
        self._proofs(signatures, envelopes)
        self._paper(found)
        self._figures(found)
        self._program(found)

    # --- record and files

    def _rolls(self) -> dict[str, Roll]:
        rolls = {}
        for group in self._terms.groups.values():
            name = f"rolls/{group.id}"
            if group.roll is None or name not in self._members:
                continue
            roll = Roll(self._members[name], group)
            self.problems["V5"] += [Problem(code, {"group": group.id}) for code in roll.problems]
            if not roll.is_signed:
                self.problems["V3"].append(Problem("file_hash", {"member": name}))
            rolls[group.id] = roll
        return rolls

    def _files(self, found: Record) -> None:
        """Every file that the record and the manifest name is there with its hash, and no other member."""
        expected: dict[str, bytes | None] = dict(found.setups)
        if found.attempts:
            *earlier, last = [attempt.setup for attempt in found.attempts]
            names = [f"setup-{setup.attempt}.json" for setup in earlier if setup]
            wrong = set(found.setups) != {*names, "setup.json"} if last else True
            if wrong:
                self.problems["V3"].append(Problem("setup_names"))
        expected |= {f"rolls/{group.id}": None for group in self._terms.groups.values() if group.roll is not None}
        for contest in self.manifest.contests:
            for name, digest in _counting_files(contest.id, found.counting[contest.id]).items():
                expected[name] = digest
        named = {digest for _, digest, _ in found.files} | {self._terms.client}
        named |= {from_b64u(self._terms.idp["jwks"], 32)} if self._terms.idp else set()
        for digest in named:
            name = f"files/{digest.hex()}"
            if name in self._members:  # a file may have been erased
                expected[name] = digest
        for name, right in expected.items():
            if name not in self._members:
                self.problems["V3"].append(Problem("missing", {"member": name}))
            elif right is not None and sha256(self._members[name]) != right:
                self.problems["V3"].append(Problem("file_hash", {"member": name}))
        self.known = set(expected)

    def _ceremony(self, found: Record) -> None:
        problems = self.problems["V4"]
        problems += check_accusations(found.attempts)
        problems += check_freshness(found.attempts)
        if not found.attempts:
            problems.append(Problem("ceremony_missing"))
            return
        group, last = group_of(self._is_pure), found.attempts[-1]
        for attempt in found.attempts:
            problems += check_messages(group, attempt)
        problems += check_ceremony(group, last, self._terms, found.confirmed)
        if last.setup:
            self.figures["V4"] = {"trustees": len(last.setup.keys), "quorum": last.setup.quorum}
            if last.setup.origin != self.manifest.log_key.name:
                problems.append(Problem("ceremony_setup"))
            if ("registrar", last.setup.registrar) not in self._terms.keys.values():
                problems.append(Problem("ceremony_registrar"))

    def _proofs(self, signatures: list[Job], envelopes: list[Job]) -> None:
        for entry in sorted({entry for job in signatures for entry in job.get()}):
            self.problems["V7"].append(Problem("signature", {"entry": entry}))
        for job in envelopes:
            unsound, unproven = job.get()
            self.problems["V5"] += [Problem("envelope_point", {"entry": entry}) for entry in unsound]
            self.problems["V6"] += [Problem("envelope_proof", {"entry": entry}) for entry in unproven]

    # --- one contest

    def _start(self, contest: Contest, said: Counting) -> Callable[[], None]:
        """Checks input list, mixes and decryptions of a contest; what takes long is waited for at the end."""
        rows = b"".join(sorted(envelope.row for envelope in self.counting[contest.id]))
        number = len(self.counting[contest.id])
        if said.input is None:
            self.problems["V10"].append(Problem("input_missing", {"contest": contest.id}))
        elif said.input["n"] != number or from_b64u(said.input["f"], 32) != sha256(rows):
            self.problems["V10"].append(Problem("input_list", {"contest": contest.id, "rows": number}))
        if number == 0:
            return lambda: self._opened(contest, [])
        mixes, last = self._start_mixes(contest, said, rows)
        openings = self._start_openings(contest, said, last) if last is not None else None

        def finish() -> None:
            for stage, entry, holds in mixes:
                if not holds():
                    self._problem("V11", "mix_proof", contest=contest.id, stage=stage, entry=entry)
            if openings is None or last is None:
                self.unchecked |= {"V12", "V13"}
            else:
                self._finish_openings(contest, last, openings)

        return finish

    def _start_mixes(
        self, contest: Contest, said: Counting, rows: bytes
    ) -> tuple[list[tuple[int, int, Callable[[], bool]]], bytes | None]:
        """The stages whose proofs are being checked, and the last list."""
        mixers: set[int] = set()
        found = []
        before: bytes | None = rows
        for place, (index, entry) in enumerate(said.mixes, 1):
            if entry["st"] != place:
                self._problem("V11", "mix_gap", contest=contest.id, stage=place, entry=index)
            if entry["j"] in mixers:
                self._problem("V11", "mix_again", contest=contest.id, trustee=entry["j"], entry=index)
            mixers.add(entry["j"])
            after = self._members.get(f"mix/{contest.id}/{entry['st']}.list")
            proof = self._members.get(f"mix/{contest.id}/{entry['st']}.proof")
            if before is None or after is None or proof is None:
                self._problem("V11", "mix_files", contest=contest.id, stage=place)
                before = after
                continue
            stage = Stage(
                self.manifest.eid,
                contest.id.encode(),
                entry["st"],
                entry["j"],
                self._terms.joint_key,
                contest.blocks,
                before,
                after,
            )
            seconds = self._costs.mix * len(after) / 64
            found.append((place, index, start_mix(self._work, self._is_pure, stage, proof, seconds)))
            before = after
        quorum = self._quorum()
        if len(mixers) < quorum:
            self._problem("V11", "mix_few", contest=contest.id, mixes=len(mixers), quorum=quorum)
        self._add("V11", mixes=len(said.mixes))
        return found, before if said.mixes else None

    def _start_openings(
        self, contest: Contest, said: Counting, last: bytes
    ) -> list[tuple[int, int, bytes, Callable[[], bool]]]:
        """The decryptions whose proofs are being checked: trustee, entry, file."""
        found = []
        trustees: set[int] = set()
        digest = sha256(last)
        for index, entry in said.decs:
            j = entry["j"]
            if j in trustees:
                self._problem("V12", "dec_again", contest=contest.id, trustee=j, entry=index)
                continue
            trustees.add(j)
            if from_b64u(entry["list"], 32) != digest:
                self._problem("V12", "dec_list", contest=contest.id, trustee=j, entry=index)
            data = self._members.get(f"dec/{contest.id}/{j}")
            if data is None or j > len(self._terms.public_shares):
                self._problem("V12", "dec_file", contest=contest.id, trustee=j)
                continue
            key = self._terms.public_shares[j - 1]
            stage = Stage(self.manifest.eid, contest.id.encode(), 0, j, key, contest.blocks, b"", last)
            seconds = self._costs.opening * len(last) / 64
            found.append((j, index, data, start_opening(self._work, self._is_pure, stage, data, seconds)))
        if len(trustees) < self._quorum():
            self._problem("V12", "dec_few", contest=contest.id, parts=len(trustees), quorum=self._quorum())
        self._add("V12", parts=len(said.decs))
        return found

    def _finish_openings(
        self, contest: Contest, last: bytes, openings: list[tuple[int, int, bytes, Callable[[], bool]]]
    ) -> None:
        sound = {}
        for j, index, data, holds in openings:
            if holds():
                sound[j] = data[:-64]
            else:
                self._problem("V12", "dec_proof", contest=contest.id, trustee=j, entry=index)
        quorum = self._quorum()
        if len(sound) < quorum:
            self._problem("V13", "not_opened", contest=contest.id)
            return
        shares = {j: sound[j] for j in list(sound)[:quorum]}
        stage = Stage(self.manifest.eid, contest.id.encode(), 0, 0, b"", contest.blocks, b"", last)
        seconds = self._costs.combination * len(last) / 64
        try:
            rows = start_combination(self._work, self._is_pure, stage, shares, seconds)()
        except ValueError:  # a body B that is no point; V11 says so too
            self._problem("V13", "not_opened", contest=contest.id)
            return
        self._opened(contest, rows)

    def _opened(self, contest: Contest, rows: list[tuple[bytes, bytes | None]]) -> None:
        """Compares the ballots file with what the rows and the paper list hold."""
        valid: list[bytes] = []
        invalid: list[bytes] = []
        ballots: list[Ballot] = []
        for points, payload in rows:
            ballot = None if payload is None else read_payload(payload, contest)
            if payload is None or ballot is None:
                invalid.append(points)
            else:
                valid.append(payload)
                ballots.append(ballot)
        paper, paper_invalid = self._paper_payloads(contest)
        kept = []
        for payload in paper:
            ballot = read_payload(payload, contest)
            if ballot is None:
                paper_invalid += 1
            else:
                kept.append(payload)
                ballots.append(ballot)
        self.tallies[contest.id] = Tally(
            sorted(ballots),
            {"opened": len(valid), "invalid": len(invalid), "paper": len(kept), "paper_invalid": paper_invalid},
        )
        expected = {
            "v": 1,
            "e": b64u(self.manifest.eid),
            "d": contest.id,
            "on": [b64u(payload) for payload in sorted(valid)],
            "inv": [b64u(points) for points in sorted(invalid)],
            "pa": [b64u(payload) for payload in sorted(kept)],
            "pinv": paper_invalid,
        }
        self._add("V13", ballots=len(valid), invalid=len(invalid))
        self._compare(f"ballots/{contest.id}.json", expected, contest)

    def _compare(self, name: str, expected: dict[str, Any], contest: Contest) -> None:
        data = self._members.get(name)
        if data is None:
            self._problem("V13", "missing", member=name)
        elif data != dumps(expected):
            try:
                loads(data)
            except NotCanonicalError:
                self._problem("V13", "not_canonical", member=name)
                return
            self._problem("V13", "ballots_differ", contest=contest.id)

    # --- paper

    def _paper_payloads(self, contest: Contest) -> tuple[list[bytes], int]:
        """The payloads of a contest's paper list, and how many of its members count as none."""
        name = f"paper/{contest.id}.json"
        if self.record is None or self.record.counting[contest.id].paperlist is None or name not in self._members:
            return [], 0
        size = BLOCK * contest.blocks
        shape = record(
            {
                "v": exactly(1),
                "e": exactly(b64u(self.manifest.eid)),
                "d": exactly(contest.id),
                "pl": array(raw(size)),
                "spoilt": integer(0),
            }
        )
        try:
            value = document(self._members[name], shape, name)
        except Found as found:
            self.problems["V15"].append(found.problem)
            return [], 0
        payloads = [from_b64u(payload, size) for payload in value["pl"]]
        if any(a > b for a, b in pairwise(payloads)):
            self._problem("V15", "paper_unsorted", contest=contest.id)
        said = self.record.counting[contest.id].paperlist
        if said is not None and said["n"] != len(payloads) + value["spoilt"]:
            self._problem("V15", "paper_number", contest=contest.id, number=len(payloads) + value["spoilt"])
        self._add("V15", ballots=len(payloads) + value["spoilt"])
        return payloads, 0

    def _paper(self, found: Record) -> None:
        for contest in self.manifest.contests:
            given = sum(p.contest == contest.id and p.entry not in found.struck for p in found.papers)
            said = found.counting[contest.id].paperlist
            self._add("V15", entries=given)
            if said is not None and said["n"] > given:
                self._problem("V15", "paper_more", contest=contest.id, ballots=said["n"], entries=given)

    # --- figures

    def _figures(self, found: Record) -> None:
        group_of_contest = {contest.id: contest.group for contest in self.manifest.contests}
        self.figures["V5"] = {"envelopes": len(found.envelopes)}
        self.figures["V6"] = {"envelopes": len(found.envelopes)}
        self.figures["V7"] = {"signatures": found.signatures}
        self.figures["V8"] = {"envelopes": len(found.envelopes)}
        self.figures["V9"] = {"strikes": len(found.struck)}
        self.figures["V10"] = {"rows": sum(len(rows) for rows in self.counting.values())}
        total = dict.fromkeys(FATES, 0)
        for contest in self.manifest.contests:
            own = dict.fromkeys(FATES, 0)
            for envelope in found.envelopes:
                if envelope.contest == contest.id and envelope.entry in self.fates:
                    own[self.fates[envelope.entry]] += 1
            if contest.id in self.tallies:
                self.tallies[contest.id].figures |= {"envelopes": sum(own.values())} | own
            total = {name: total[name] + own[name] for name in FATES}
        for name in ("invalid", "paper", "paper_invalid"):
            total[name] = sum(tally.figures[name] for tally in self.tallies.values())
        blank = sum(not ballot for tally in self.tallies.values() for ballot in tally.ballots)
        self.figures["V14"] = {"envelopes": len(found.envelopes), "blank": blank} | total
        for group in self._terms.groups.values():
            own_envelopes = [e for e in found.envelopes if group_of_contest[e.contest] == group.id]
            classes = {name: sum(e.cls == name for e in own_envelopes) for name in CLASSES if name in group.classes}
            entitled = None if group.roll is None else group.count + len(found.late[group.id])
            voters = {e.alias for e in own_envelopes if self.fates.get(e.entry) == "counted"}
            self.electorates.append(Electorate(group.id, entitled, len(voters), classes))

    def _program(self, found: Record) -> None:
        """V17: each list of the voting program's files that the record names is one of those published."""
        named = [(self._terms.client, -1)] + [
            (digest, entry) for kind, digest, entry in found.files if kind == "client"
        ]
        for digest, entry in named:
            name = f"files/{digest.hex()}"
            if name in self._members:
                try:
                    document(self._members[name], _program_list, name)
                except Found as error:
                    self.problems["V3"].append(error.problem)
            if self._programs and digest not in {sha256(program) for program in self._programs}:
                self._problem("V17", "other_program", entry=max(entry, 0), digest=digest.hex())
        self.figures["V17"] = {"programs": len(named)}

    def _quorum(self) -> int:
        last = self.record.attempts[-1].setup if self.record and self.record.attempts else None
        return last.quorum if last else 0

    def _add(self, check: str, **figures: int) -> None:
        for name, number in figures.items():
            self.figures[check][name] += number

    def _problem(self, check: str, code: str, **at: str | int) -> None:
        self.problems[check].append(Problem(code, at))


def _counting_files(contest: str, said: Counting) -> dict[str, bytes]:
    files = {}
    for _, entry in said.mixes:
        files[f"mix/{contest}/{entry['st']}.list"] = from_b64u(entry["out"], 32)
        files[f"mix/{contest}/{entry['st']}.proof"] = from_b64u(entry["pf"], 32)
    for _, entry in said.decs:
        files[f"dec/{contest}/{entry['j']}"] = from_b64u(entry["f"], 32)
    if said.paperlist is not None:
        files[f"paper/{contest}.json"] = from_b64u(said.paperlist["f"], 32)
    return files
