"""A whole sealed vote in memory, from the key ceremony to the evidence bundle: for rehearsals, tests and figures.

Every step is the one that servers, voters and trustees take; only the network between them is missing.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pb_service.core.record import checkpoint, entries, merkle
from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.framing import h32
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.tiles import log_files
from pb_service.core.record.witness import Witness, cosign
from pb_service.core.rounds.bundle import zip_stored
from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits, ListedProject, RuleDocument
from pb_service.core.sealing import payload, threshold
from pb_service.core.sealing.ceremony import abandonment
from pb_service.core.sealing.election import Election, Sources
from pb_service.core.sealing.envelope import Envelope, Place, check, seal
from pb_service.core.sealing.group import Random, Spread, each
from pb_service.core.sealing.opening import Opened, open_box, paper_list
from pb_service.core.sealing.payload import BallotShape
from pb_service.core.sealing.trusteeship import Trustee, checked_list, share_of
from pb_service.core.tally import Instance, Project, tally

DISTRICT = "district"
#: How many witnesses each mode has in a simulation; all of them are asked for.
WITNESSES = {"self": 0, "split": 1, "split+outside": 2}
_VOTE_SECONDS = 14 * 24 * 3600
_AT_ONCE = 4096  # ballots that are sealed between two words about the progress


@dataclass(frozen=True)
class SimulatedContest:
    """One contest with the choices that its voters will make; money in minor units.

    Contests of one ``group`` share its voters, each of whom has one ballot in it. ``spoilt``: paper ballots that nobody
    can read.
    """

    id: str
    title: str
    fmt: BallotFormat
    limits: Limits
    projects: Sequence[tuple[str, str, int]]  # id, title, cost
    budget: int
    rule: RuleDocument
    ballots: Sequence[Ballot]
    paper: Sequence[Ballot] = ()
    group: str = DISTRICT
    spoilt: int = 0


@dataclass(frozen=True)
class Scenario:
    """What is simulated: contests, how many trustees, how many of them open the ballots, and what the manifest says.

    ``strikes``: seconds after the close in which envelopes may still be struck. With ``idp`` somebody else vouches for
    people's identity, and every class may vote.
    """

    origin: str
    names: Sequence[tuple[str, str]]
    currency: str
    unit: int
    contests: Sequence[SimulatedContest]
    opens: int
    trustees: int = 3
    quorum: int = 2
    source: str = "simulation"
    licence: str = "CC-BY-4.0"
    mode: str = "self"
    strikes: int = 0
    idp: bool = False

    @property
    def groups(self) -> list[str]:
        return list(dict.fromkeys(contest.group for contest in self.contests))


@dataclass
class Vote:
    """A vote while it runs: its record, its files by SHA-256, the state that follows, and everybody's keys."""

    scenario: Scenario
    random: Random
    keys: dict[str, Ed25519PrivateKey]
    trustees: list[Trustee]
    entries: list[bytes] = field(default_factory=list)
    files: dict[bytes, bytes] = field(default_factory=dict)
    rolls: dict[str, bytes] = field(default_factory=dict)
    election: Election = field(init=False)
    opened: dict[str, Opened] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    witnesses: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    desk: tuple[str, str] = ("desk1", "desk2")  # the officers on duty

    def __post_init__(self) -> None:
        self.election = Election(Sources(self.files.__getitem__, self.rolls.__getitem__))

    def log(self, body: bytes, *, proofs: bool = True) -> None:
        """Append an entry as the service would: what may not stand there raises RecordError."""
        self.election.append(body, proofs=proofs)
        self.entries.append(body)

    def keep(self, body: bytes) -> str:
        """Keep a file and return its SHA-256 for an entry."""
        sha256 = hashlib.sha256(body).digest()
        self.files[sha256] = body
        return b64u(sha256)

    def sign(self, kind: str, fields: Mapping[str, Any], *signers: str) -> bytes:
        """Return an entry of this election signed by the named keys."""
        eid = self.manifest_id()
        return entries.signed_entry(kind, eid, fields, {name: self.keys[name] for name in signers})

    def manifest_id(self) -> bytes:
        assert self.election.manifest is not None  # noqa: S101 # asked for only after the opening
        return self.election.manifest.eid


def begin(scenario: Scenario, random: Random) -> Vote:
    """Return a vote with keys for everybody and nothing logged."""
    roles = ("log", "op", "vouch", "reg", "aud1", "desk1", "desk2")
    keys = {name: Ed25519PrivateKey.from_private_bytes(random(32)) for name in roles}
    trustees = [
        Trustee(number, Ed25519PrivateKey.from_private_bytes(random(32))) for number in range(1, scenario.trustees + 1)
    ]
    witnesses = {
        f"witness{number}.example": Ed25519PrivateKey.from_private_bytes(random(32))
        for number in range(1, WITNESSES[scenario.mode] + 1)
    }
    return Vote(scenario, random, keys, trustees, witnesses=witnesses)


def set_up(vote: Vote, trustees: Sequence[tuple[str, bytes]]) -> None:
    """Log a setup that names the trustees, each by name and public key, in the order of their numbers.

    It is the first, or the next after one that was given up.
    """
    scenario, before = vote.scenario, vote.election.setup
    people = [{"name": name, "pk": b64u(key)} for name, key in trustees]
    setup = encode(
        {
            "v": 1,
            "origin": scenario.origin,
            "try": before.attempt + 1 if before else 1,
            "t": scenario.quorum,
            "n": len(trustees),
            "trustees": people,
            "reg": b64u(public_bytes(vote.keys["reg"])),
        }
    )
    vote.keep(setup)
    vote.log(entries.setup_entry(entries.setup_id(setup), hashlib.sha256(setup).digest()))


def abandon(vote: Vote, why: str) -> None:
    """Log that the registrar gives up the ceremony under way."""
    setup = vote.election.setup
    assert setup is not None  # noqa: S101 # there is one under way
    fields = abandonment(setup.attempt, why)
    vote.log(entries.signed_entry("abandon", setup.sid, fields, {"reg": vote.keys["reg"]}))


def ceremony(vote: Vote) -> None:
    """Log setup and key ceremony of the vote's own trustees."""
    set_up(vote, [(f"Trustee {item.number}", public_bytes(item.key)) for item in vote.trustees])
    for trustee in vote.trustees:
        vote.log(trustee.promise(vote.election, vote.random))
    for trustee in vote.trustees:
        vote.log(trustee.deal(vote.election, vote.random))
    for trustee in vote.trustees:
        vote.log(trustee.acknowledge(vote.election))


def aliases(vote: Vote) -> dict[str, list[bytes]]:
    """Make the roll: an alias for every ballot of every contest, and for as many people again who will not vote."""
    voters = {
        contest.id: [vote.random(32) for _ in range(len(contest.ballots) + len(contest.paper))]
        for contest in vote.scenario.contests
    }
    for group in vote.scenario.groups:
        mates = [contest.id for contest in vote.scenario.contests if contest.group == group]
        everybody = [alias for contest in mates for alias in voters[contest]]
        everybody += [vote.random(32) for _ in everybody]
        vote.rolls[group] = b"".join(sorted(alias + bytes(32) for alias in everybody))
    return voters


def open_vote(vote: Vote) -> None:
    """Log the manifest, signed by operator, registrar and auditor, and its own trustees' confirmations."""
    manifest = encode(manifest_of(vote))
    sha256 = vote.keep(manifest)
    eid = entries.election_id(manifest)
    signers = {name: vote.keys[name] for name in ("op", "reg", "aud1")}
    vote.log(entries.signed_entry("manifest", eid, {"f": sha256}, signers))
    for trustee in vote.trustees:
        vote.log(trustee.confirm(vote.election))


def manifest_of(vote: Vote) -> dict[str, Any]:
    """Return the manifest: the scenario, the key of the ceremony, the roll and everybody's public keys."""
    scenario, election = vote.scenario, vote.election
    assert election.setup is not None  # noqa: S101 # after the ceremony
    joint = election.joint_key()
    roles = {"op": "operator", "reg": "registrar", "aud1": "auditor", "desk1": "desk", "desk2": "desk"}
    keys = [
        {"id": name, "role": roles.get(name, name), "pk": b64u(public_bytes(key))} for name, key in vote.keys.items()
    ]
    client = encode({"v": 1, "files": []})
    idp: dict[str, Any] = {}
    if scenario.idp:
        jwks = vote.keep(encode({"keys": []}))  # of a simulation: nobody signed in
        idp = {"idp": {"iss": "https://id.example", "aud": "vote", "jwks": jwks, "pid": "sub"}}
    return {
        "v": 1,
        "origin": scenario.origin,
        "mode": scenario.mode,
        "names": [list(name) for name in scenario.names],
        "licence": scenario.licence,
        "source": scenario.source,
        "currency": scenario.currency,
        "unit": scenario.unit,
        "setup": b64u(election.setup.sid),
        "y": b64u(joint.key),
        "yi": [b64u(share) for share in joint.shares],
        "opens": scenario.opens,
        "closes": scenario.opens + _VOTE_SECONDS,
        "grace": 900,
        "strikes": scenario.strikes,
        "wit": {
            "k": len(vote.witnesses),
            "vkeys": [Witness(name, public_bytes(key)).vkey for name, key in vote.witnesses.items()],
        },
        "client": vote.keep(client),
        "aud": b64u(X25519PrivateKey.from_private_bytes(vote.random(32)).public_key().public_bytes_raw()),
        "keys": keys,
        "groups": [_group(vote, group) for group in scenario.groups],
        "contests": [_contest(vote, contest) for contest in scenario.contests],
        **idp,
    }


def _group(vote: Vote, group: str) -> dict[str, Any]:
    roll = vote.rolls[group]
    records = [roll[start : start + 64] for start in range(0, len(roll), 64)]
    return {
        "id": group,
        "cls": ["idt", "desk", "code", "acct"] if vote.scenario.idp else ["desk", "acct"],
        "roll": b64u(merkle.root([merkle.leaf_hash(record) for record in records])),
        "count": len(records),
    }


def _contest(vote: Vote, contest: SimulatedContest) -> dict[str, Any]:
    listed: list[ListedProject] = [
        {"id": code, "title": title, "categories": [], "targets": []} for code, title, _ in contest.projects
    ]
    ballot_list = {
        "v": 1,
        "contest": contest.id,
        "title": [["en", contest.title]],
        "language": "en",
        "projects": listed,
    }
    shape = BallotShape.of(contest.fmt, contest.limits, [cost for _, _, cost in contest.projects])
    return {
        "id": contest.id,
        "g": contest.group,
        "fmt": contest.fmt,
        "enc": shape.enc,
        "w": shape.width,
        "pro": [[code, cost] for code, _, cost in contest.projects],
        "budget": contest.budget,
        "list": vote.keep(encode(ballot_list)),
        "limits": contest.limits,
        "breach": "refuse",
        "rule": contest.rule,
    }


def cast_ballot(vote: Vote, contest: str, alias: bytes, ballot: Ballot, *, proofs: bool = True) -> None:
    """Seal a ballot as the voter's device would, and log it with the operator's word for who it is (class `acct`)."""
    vote.log(envelope_entry(vote, contest, alias, ballot), proofs=proofs)


def envelope_entry(
    vote: Vote, contest: str, alias: bytes, ballot: Ballot, *, cls: str = "acct", key: Ed25519PrivateKey | None = None
) -> bytes:
    """Return the `env` entry of a ballot, not yet logged. ``key``: of the session (`idt`) or of the letter (`code`)."""
    booth = _booth(vote, contest)
    fields = _fields(booth, _sealed(booth, alias, ballot), cls)
    if key is None:
        return vote.sign("env", fields, *(vote.desk if cls == "desk" else ("vouch",)))
    if cls == "idt":
        token = h32("pb/token", vote.random(32), b"the token of a simulation")
        fields |= {"p": b64u(public_bytes(key)), "h": b64u(token)}
    return entries.signed_entry("env", booth.eid, fields, {"p": key})


def cast_all(vote: Vote, contest: str, people: Sequence[bytes], ballots: Sequence[Ballot], spread: Spread) -> None:
    """Cast a ballot for each alias; devices and the check at the door work beside each other, on all cores."""
    booths = [_booth(vote, contest)] * len(ballots)
    for body in each(_cast, spread, booths, people, ballots):
        vote.log(body, proofs=False)


@dataclass(frozen=True)
class _Booth:
    """Where ballots of a contest are sealed: what devices know, and the key of whoever vouches for voters."""

    eid: bytes
    contest: str
    base: int
    shape: BallotShape
    key: bytes
    voucher: bytes = field(repr=False)
    random: Random


def _booth(vote: Vote, contest: str) -> _Booth:
    manifest = vote.election.manifest
    assert manifest is not None  # noqa: S101 # the vote is open
    voucher = vote.keys["vouch"].private_bytes_raw()
    shape = manifest.contests[contest].shape
    return _Booth(manifest.eid, contest, vote.election.size, shape, manifest.key, voucher, vote.random)


def _cast(booth: _Booth, alias: bytes, ballot: Ballot) -> bytes:
    """Return the entry of a ballot that was checked at the door. Raises EnvelopeError."""
    sealed = _sealed(booth, alias, ballot)
    check(sealed)
    voucher = Ed25519PrivateKey.from_private_bytes(booth.voucher)
    return entries.signed_entry("env", booth.eid, _fields(booth, sealed, "acct"), {"vouch": voucher})


def _sealed(booth: _Booth, alias: bytes, ballot: Ballot) -> Envelope:
    place = Place(booth.eid, booth.contest, alias, booth.base)
    return seal(payload.encode(ballot, booth.shape), place, booth.key, booth.random)[0]


def _fields(booth: _Booth, sealed: Envelope, cls: str) -> dict[str, Any]:
    return {
        "d": booth.contest,
        "a": b64u(sealed.place.alias),
        "b": booth.base,
        "ct": [[b64u(a), b64u(b)] for a, b in sealed.pairs],
        "pf": [b64u(part) for part in sealed.proof],
        "y": cls,
    }


def give_paper(vote: Vote, contest: str, alias: bytes) -> None:
    """Log that the desk gave a paper ballot to the person behind an alias."""
    vote.log(vote.sign("paper", {"d": contest, "a": b64u(alias), "no": "1"}, *vote.desk))


def close_vote(vote: Vote) -> None:
    """Log the end of the vote and, once nobody strikes any more, the list of envelopes that count by contest."""
    at = vote.election.closes
    vote.log(vote.sign("close", {"n": vote.election.size, "ts": at}, "op"))
    at += vote.scenario.strikes
    manifest = vote.election.manifest
    assert manifest is not None  # noqa: S101 # it was open
    for contest in manifest.contests.values():
        rows = vote.election.counting_rows(contest.id)
        count = len(rows) // (64 * contest.shape.width)
        fields = {"d": contest.id, "n": count, "f": b64u(hashlib.sha256(rows).digest()), "ts": at}
        vote.log(vote.sign("input", fields, "op"))


def count_contest(
    vote: Vote, contest: SimulatedContest, *, mixers: Sequence[int], openers: Sequence[int], spread: Spread = map
) -> None:
    """Let the vote's own trustees mix and open the box of a contest, and log its result."""
    election = vote.election
    if election.progress[contest.id].rows:
        for number in mixers:
            entry, after, proof = vote.trustees[number - 1].mix(election, contest.id, vote.files, vote.random, spread)
            vote.keep(after)
            vote.keep(proof)
            vote.log(entry)
        for number in openers:
            entry, file = vote.trustees[number - 1].decrypt(election, contest.id, vote.files, vote.random, spread)
            vote.keep(file)
            vote.log(entry)
    publish(vote, contest, spread=spread, checked=vote.trustees[openers[0] - 1].checked if openers else None)


def publish(
    vote: Vote,
    contest: SimulatedContest,
    *,
    spread: Spread = map,
    checked: set[tuple[bytes, bytes, bytes]] | None = None,
) -> None:
    """Combine the parts of the first quorum, open the box, count, and log the result. ``checked``: as checked_list."""
    election, shape = vote.election, _shape(vote, contest.id)
    points: list[bytes] = []
    if election.progress[contest.id].rows:
        rows = checked_list(election, contest.id, vote.files, spread, checked)
        first = list(election.progress[contest.id].parts.items())[: vote.scenario.quorum]
        parts = {
            number: threshold.verify(rows, vote.files[file], share_of(election, contest.id, number), spread)
            for number, file in first
        }
        points = threshold.combine(rows, parts, spread)
    payloads = [payload.encode(ballot, shape) for ballot in contest.paper]
    eid = vote.manifest_id()
    if payloads or contest.spoilt:
        sha256 = vote.keep(paper_list(eid, contest.id, payloads, contest.spoilt))
        fields = {"d": contest.id, "n": len(payloads) + contest.spoilt, "f": sha256}
        vote.log(vote.sign("paperlist", fields, *vote.desk, "aud1"))
    opened = open_box(points, payloads, shape)
    vote.opened[contest.id] = opened
    bal = vote.keep(encode(opened.document(eid, contest.id)))
    vote.outcomes[contest.id] = outcome_of(vote, contest, opened)
    out = vote.keep(encode(vote.outcomes[contest.id]))
    vote.log(vote.sign("result", {"d": contest.id, "bal": bal, "out": out}, "op"))


def outcome_of(vote: Vote, contest: SimulatedContest, opened: Opened) -> dict[str, Any]:
    """Return the outcome document over everything valid in the box."""
    ballots = opened.ballots(_shape(vote, contest.id))
    projects = [Project(code, cost) for code, _, cost in contest.projects]
    instance = Instance(projects, contest.budget, contest.fmt, ballots, unit=vote.scenario.unit, contest=contest.id)
    outcome = tally(instance, contest.rule).document()
    counts = {"ballots": len(ballots), "blank": sum(not ballot for ballot in ballots), "over": 0}
    return {**outcome, "v": 1, "e": b64u(vote.manifest_id()), "d": contest.id, "counts": counts}


def bundle(vote: Vote) -> bytes:
    """Return the evidence bundle (docs/protocol.md section 12)."""
    election, manifest = vote.election, vote.election.manifest
    assert manifest is not None and election.setup is not None  # noqa: S101, PT018 # it was counted
    head = checkpoint.Checkpoint(
        vote.scenario.origin, len(vote.entries), merkle.root([merkle.leaf_hash(entry) for entry in vote.entries])
    )
    lines = [cosign(head, name, key, manifest.document["closes"]) for name, key in vote.witnesses.items()]
    note = checkpoint.sign(head, vote.keys["log"]) + "".join(lines).encode()
    members = {"checkpoint": note, **log_files(vote.entries)}
    *earlier, last, terms = _named(vote, "setup", "manifest")
    members |= {f"setup-{number}.json": vote.files[sha256] for number, sha256 in enumerate(earlier, start=1)}
    members |= {"setup.json": vote.files[last], "manifest.json": vote.files[terms]}
    named = {_hash(manifest.document["client"]), *_named(vote, "jwks", "client", "incident", "notice")}
    if "idp" in manifest.document:
        named.add(_hash(manifest.document["idp"]["jwks"]))
    members |= {f"files/{sha256.hex()}": vote.files[sha256] for sha256 in named}
    for group, roll in vote.rolls.items():
        members[f"rolls/{group}"] = roll
    for name, contest in manifest.contests.items():
        progress = election.progress[name]
        members[f"lists/{name}.json"] = vote.files[_hash(contest.document["list"])]
        for number, (_, out, proof) in enumerate(progress.stages, start=1):
            members[f"mix/{name}/{number}.list"] = vote.files[out]
            members[f"mix/{name}/{number}.proof"] = vote.files[proof]
        for trustee, file in progress.parts.items():
            members[f"dec/{name}/{trustee}"] = vote.files[file]
        if progress.paper is not None:
            members[f"paper/{name}.json"] = vote.files[progress.paper[1]]
        if progress.result is not None:
            members[f"ballots/{name}.json"] = vote.files[progress.result[0]]
            members[f"outcomes/{name}.json"] = vote.files[progress.result[1]]
    return zip_stored(members)


def simulate(
    scenario: Scenario,
    random: Random,
    *,
    spread: Spread = map,
    say: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
    trusting: bool = False,
) -> Vote:
    """Run a whole vote: ceremony, casting, closing, a mix by every trustee, opening by a quorum, results.

    ``trusting``: trustees believe each other, which takes a third of the time; for evidence whose check is timed.
    """
    vote = begin(scenario, random)
    if trusting:
        for trustee in vote.trustees:
            trustee.checked = vote.trustees[0].checked
    ceremony(vote)
    voters = aliases(vote)
    open_vote(vote)
    for contest in scenario.contests:
        people = voters[contest.id]
        for start in range(0, len(contest.ballots), _AT_ONCE):
            say(f"casting {contest.id}", start, len(contest.ballots))
            batch = slice(start, min(start + _AT_ONCE, len(contest.ballots)))
            cast_all(vote, contest.id, people[batch], contest.ballots[batch], spread)
        for alias in people[len(contest.ballots) :]:
            give_paper(vote, contest.id, alias)
    finish(vote, spread=spread, say=say)
    return vote


def finish(
    vote: Vote,
    *,
    spread: Spread = map,
    say: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
) -> None:
    """Close the vote, let every trustee mix and a quorum open, and log the results."""
    close_vote(vote)
    numbers = [trustee.number for trustee in vote.trustees]
    for place, contest in enumerate(vote.scenario.contests):
        say("mixing and opening", place, len(vote.scenario.contests))
        count_contest(vote, contest, mixers=numbers, openers=numbers[: vote.scenario.quorum], spread=spread)


def _named(vote: Vote, *kinds: str) -> list[bytes]:
    """Return the hashes of the files that entries of these kinds name, in the order of the record."""
    return [_hash(entry.fields["f"]) for entry in map(entries.parse, vote.entries) if entry.kind in kinds]


def _shape(vote: Vote, contest: str) -> BallotShape:
    assert vote.election.manifest is not None  # noqa: S101 # contests are of a manifest
    return vote.election.manifest.contests[contest].shape


def _hash(text: str) -> bytes:
    return unb64u(text, 32)
