"""The manifest of a sealed vote, made from everything that is fixed before it opens (docs/protocol.md section 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.rounds.documents import BallotFormat, Limits, RuleDocument
from pb_service.core.sealing.ceremony import JointKey
from pb_service.core.sealing.documents import check_manifest
from pb_service.core.sealing.payload import BallotShape

Mode = Literal["self", "split", "split+outside"]


@dataclass(frozen=True)
class OfficialKey:
    """A public key of the manifest: its id in signatures, its role, its 32 bytes."""

    id: str
    role: str
    key: bytes


@dataclass(frozen=True)
class BallotGroup:
    """A group of contests and the classes of voters in it. Without a roll it is open: any alias is taken."""

    id: str
    classes: tuple[str, ...]
    roll: bytes | None = None
    count: int | None = None


@dataclass(frozen=True)
class IdentityProvider:
    """Whose ID tokens class idt rests on: issuer, our client id for voting, SHA-256 of the key set, and which claim is
    the person id.
    """

    issuer: str
    client_id: str
    keys_sha256: bytes
    claim: str


@dataclass(frozen=True)
class BallotContest:
    """A contest as the ballot list fixed it. Projects are (code, cost in minor units) in the order of the ballot."""

    id: str
    group: str
    fmt: BallotFormat
    limits: Limits
    budget: int
    rule: RuleDocument
    projects: Sequence[tuple[str, int]]
    list_sha256: bytes


@dataclass(frozen=True)
class Terms:
    """Everything that the manifest says beside the joint key. Times in seconds UTC; ``witnesses`` as (k, vkeys)."""

    origin: str
    mode: Mode
    names: Sequence[tuple[str, str]]
    licence: str
    source: str
    currency: str
    unit: int
    opens: int
    closes: int
    grace: int
    strikes: int
    witnesses: tuple[int, Sequence[str]]
    client: bytes
    evidence_key: bytes
    keys: Sequence[OfficialKey]
    groups: Sequence[BallotGroup]
    contests: Sequence[BallotContest]
    provider: IdentityProvider | None = None


def manifest_of(terms: Terms, sid: bytes, joint: JointKey) -> bytes:
    """Return the manifest as canonical JSON. Raises FormError, PayloadError or TallyError for what cannot be voted on
    or counted.
    """
    document: dict[str, Any] = {
        "v": 1,
        "origin": terms.origin,
        "mode": terms.mode,
        "names": [list(name) for name in terms.names],
        "licence": terms.licence,
        "source": terms.source,
        "currency": terms.currency,
        "unit": terms.unit,
        "setup": b64u(sid),
        "y": b64u(joint.key),
        "yi": [b64u(share) for share in joint.shares],
        "opens": terms.opens,
        "closes": terms.closes,
        "grace": terms.grace,
        "strikes": terms.strikes,
        "wit": {"k": terms.witnesses[0], "vkeys": list(terms.witnesses[1])},
        "client": b64u(terms.client),
        "aud": b64u(terms.evidence_key),
        "keys": [{"id": key.id, "role": key.role, "pk": b64u(key.key)} for key in terms.keys],
        "groups": [_group(group) for group in terms.groups],
        "contests": [_contest(contest) for contest in terms.contests],
    }
    if terms.provider is not None:
        document["idp"] = {
            "iss": terms.provider.issuer,
            "aud": terms.provider.client_id,
            "jwks": b64u(terms.provider.keys_sha256),
            "pid": terms.provider.claim,
        }
    check_manifest(document)
    return encode(document)


def _group(group: BallotGroup) -> Mapping[str, Any]:
    common = {"id": group.id, "cls": list(group.classes)}
    if group.roll is None:
        return {**common, "open": True}
    return {**common, "roll": b64u(group.roll), "count": group.count or 0}


def _contest(contest: BallotContest) -> Mapping[str, Any]:
    shape = BallotShape.of(contest.fmt, contest.limits, [cost for _, cost in contest.projects])
    return {
        "id": contest.id,
        "g": contest.group,
        "fmt": contest.fmt,
        "enc": shape.enc,
        "w": shape.width,
        "pro": [[code, cost] for code, cost in contest.projects],
        "budget": contest.budget,
        "list": b64u(contest.list_sha256),
        "limits": contest.limits,
        "breach": "refuse",
        "rule": contest.rule,
    }
