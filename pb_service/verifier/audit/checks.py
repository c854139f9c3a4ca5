"""A1 to A4: what auditors check besides, with the evidence of sign-ins and the roll by name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pb_service.verifier.audit.evidence import Evidence, Person, person_id
from pb_service.verifier.audit.tokens import Token, is_signed, read_keys, read_token
from pb_service.verifier.canonical import b64u, from_b64u, h32
from pb_service.verifier.findings import Problem, Unreadable
from pb_service.verifier.manifest import Manifest
from pb_service.verifier.sealed.checks import Sealed
from pb_service.verifier.sealed.record import Envelope, Record
from pb_service.verifier.sealed.terms import Terms

SLACK = 300  # seconds by which clocks may disagree
BURSTS = {"minute": 60, "hour": 3600}


@dataclass
class Audit:
    """What was found: problems and figures by check, and the people drawn: group, alias, person id."""

    problems: dict[str, list[Problem]] = field(default_factory=lambda: {f"A{number}": [] for number in range(1, 5)})
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    sample: list[tuple[str, str, str]] = field(default_factory=list)


def audit(evidence: Evidence, members: Mapping[str, bytes], sealed: Sealed) -> Audit:
    """The checks A1 to A4 of a bundle that was examined. Raises Unreadable when they cannot be made."""
    manifest, record = sealed.manifest, sealed.record
    if record is None or manifest.terms is None or evidence.eid != manifest.eid:
        raise Unreadable("other_evidence")
    people = {group: evidence.people(group) for group in manifest.terms.groups}
    found = Audit()
    times = _Tokens(evidence, members, manifest, manifest.terms, record, people).check(found)
    _rolls(found, members, manifest.terms, record, people)
    _sample(found, evidence, sealed, people)
    _figures(found, record, times)
    return found


class _Tokens:
    def __init__(  # noqa: PLR0917 - what A1 is about
        self,
        evidence: Evidence,
        members: Mapping[str, bytes],
        manifest: Manifest,
        terms: Terms,
        record: Record,
        people: dict[str, list[Person]],
    ) -> None:
        self._evidence, self._members = evidence, members
        self._eid, self._terms, self._record = manifest.eid, terms, record
        self._group = {contest.id: contest.group for contest in manifest.contests}
        self._aliases = {group: {p.pid: p.alias for p in known} for group, known in people.items()}
        self._key_sets = self._logged()

    def check(self, found: Audit) -> list[int]:
        """A1 over every envelope of class idt; the times of sign-in."""
        problems = found.problems["A1"]
        given = self._evidence.tokens()
        tokens = {entry: (o, text) for entry, o, text in given}
        envelopes = [envelope for envelope in self._record.envelopes if envelope.token is not None]
        if [entry for entry, _, _ in given] != [envelope.entry for envelope in envelopes]:
            problems.append(Problem("tokens_listed", {"tokens": len(given), "envelopes": len(envelopes)}))
        times = []
        for envelope in envelopes:
            if envelope.entry not in tokens:
                problems.append(Problem("token_missing", {"entry": envelope.entry}))
                continue
            o, text = tokens[envelope.entry]
            try:
                token = read_token(text)
            except ValueError:
                problems.append(Problem("token_form", {"entry": envelope.entry}))
                continue
            wrong = self._wrong(envelope, o, text, token)
            problems += [Problem("token_wrong", {"entry": envelope.entry, "what": what}) for what in wrong]
            if type(token.claims.get("iat")) is int:
                times.append(token.claims["iat"])
        found.figures["A1"] = {"tokens": len(envelopes)}
        return sorted(times)

    def _logged(self) -> list[tuple[int, list[dict[str, Any]]]]:
        """The key sets that the record names, each from the entry on that names it."""
        named = [(-1, from_b64u(self._terms.idp["jwks"], 32))] if self._terms.idp else []
        named += [(entry, digest) for kind, digest, entry in self._record.files if kind == "jwks"]
        found = []
        for entry, digest in named:
            data = self._members.get(f"files/{digest.hex()}") or self._evidence.file(digest)
            try:
                found.append((entry, read_keys(data or b"")))
            except ValueError:
                continue  # a token that needs these keys fails
        return found

    def _wrong(self, envelope: Envelope, o: bytes, text: str, token: Token) -> list[str]:
        """The names of what does not hold."""
        idp, claims = self._terms.idp or {}, token.claims
        session, hashed = envelope.token or (b"", b"")
        times: list[Any] = [claims.get("iat"), claims.get("exp")]
        is_in_time = all(type(time) is int for time in times) and (
            self._terms.opens - SLACK <= times[0] <= self._record.closes + SLACK and times[0] < times[1]
        )
        pid = claims.get(idp.get("pid", ""))
        group = self._group[envelope.contest]
        alias = self._aliases[group].get(person_id(pid)) if type(pid) is str else None
        holds = {
            "h": h32("pb/token", o, text.encode()) == hashed,
            "signature": any(is_signed(token, keys) for entry, keys in self._key_sets if entry < envelope.entry),
            "iss": "iss" in idp and claims.get("iss") == idp["iss"],
            "aud": "aud" in idp and claims.get("aud") in (idp["aud"], [idp["aud"]]),
            "nonce": claims.get("nonce") == b64u(h32("pb/nonce", self._eid, session, o)),
            "time": is_in_time,
            "person": alias == envelope.alias,
        }
        return [name for name, is_right in holds.items() if not is_right]


def _rolls(
    found: Audit, members: Mapping[str, bytes], terms: Terms, record: Record, people: dict[str, list[Person]]
) -> None:
    """A2: the roll by name gives the roll by alias."""
    number = 0
    for group in terms.groups.values():
        if group.roll is None:
            continue
        listed = sorted(p.alias + p.code_key for p in people[group.id] if not p.is_late)
        late = {p.alias: p.code_key for p in people[group.id] if p.is_late}
        number += len(listed) + len(late)
        if b"".join(listed) != members.get(f"rolls/{group.id}") or late != record.late[group.id]:
            found.problems["A2"].append(Problem("roll_differs", {"group": group.id}))
    found.figures["A2"] = {"people": number}


def _sample(found: Audit, evidence: Evidence, sealed: Sealed, people: dict[str, list[Person]]) -> None:
    """A3: whom to write to, drawn by a seed that nobody chose."""
    group_of = {contest.id: contest.group for contest in sealed.manifest.contests}
    voters = {(group_of[e.contest], e.alias) for counting in sealed.counting.values() for e in counting}
    drawn = sorted(
        voters,
        key=lambda voter: h32("pb/sample", sealed.manifest.eid, evidence.seed.encode(), voter[0].encode(), voter[1]),
    )[: evidence.sample]
    names = {(group, p.alias): p.pid for group, known in people.items() for p in known}
    for group, alias in drawn:
        if (group, alias) not in names:
            found.problems["A3"].append(Problem("sample_unknown", {"alias": b64u(alias), "group": group}))
        found.sample.append((group, b64u(alias), names.get((group, alias), "")))
    found.figures["A3"] = {"drawn": len(drawn), "voters": len(voters)}


def _figures(found: Audit, record: Record, times: list[int]) -> None:
    """A4: how much came how fast; people decide what it means."""
    of_one = Counter(envelope.alias for envelope in record.envelopes)
    figures = {"tokens": len(times), "most": max(of_one.values(), default=0)}
    for name, seconds in BURSTS.items():
        start = most = 0
        for end, time in enumerate(times):
            while time - times[start] >= seconds:
                start += 1
            most = max(most, end - start + 1)
        figures[name] = most
    found.figures["A4"] = figures
