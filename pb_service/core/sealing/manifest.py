"""Setup and manifest of a sealed vote as read from the record (docs/protocol.md section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pb_service.core.record.canonical import CanonicalError, decode, unb64u
from pb_service.core.record.entries import election_id, setup_id
from pb_service.core.record.forms import CLASSES, CONTEST, KEY_ID, ROLES
from pb_service.core.record.signatures import is_sound_key
from pb_service.core.sealing.ceremony import CeremonyError, Setting
from pb_service.core.sealing.group import GroupError, read_point
from pb_service.core.sealing.payload import BallotShape, PayloadError

MODES = ("self", "split", "split+outside")


class ManifestError(ValueError):
    """A setup or a manifest is malformed; the message says where."""


@dataclass(frozen=True)
class Setup:
    """Who the trustees are, by the setup that a ceremony is bound to."""

    sid: bytes
    origin: str
    attempt: int
    setting: Setting
    names: tuple[str, ...]
    keys: tuple[bytes, ...]

    @classmethod
    def read(cls, body: bytes) -> "Setup":
        """Return the setup of a file. Raises ManifestError."""
        try:
            document = decode(body)
            _exactly(document, {"v", "origin", "try", "t", "n", "trustees"})
            names = tuple(str(trustee["name"]) for trustee in document["trustees"])
            keys = tuple(unb64u(trustee["pk"], 32) for trustee in document["trustees"])
            sid = setup_id(body)
            setup = cls(
                sid, document["origin"], document["try"], Setting(sid, document["n"], document["t"]), names, keys
            )
        except _MALFORMED as error:
            raise ManifestError(f"setup: {error}") from error
        if len(set(keys)) != setup.setting.trustees or len(keys) != len(set(keys)) or not all(map(is_sound_key, keys)):
            raise ManifestError("setup: as many trustees as it says, each with a sound key of her own")
        if document["v"] != 1 or setup.attempt < 1:
            raise ManifestError("setup: version or attempt")
        return setup


@dataclass(frozen=True)
class Group:
    """A set of contests in which a person has one ballot. An open one has neither roll nor count."""

    id: str
    classes: tuple[str, ...]
    roll: bytes | None
    count: int | None


@dataclass(frozen=True)
class Contest:
    """One contest: its group, how its ballots are sealed, and its part of the manifest."""

    id: str
    group: str
    shape: BallotShape
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """Everything that was fixed before the first vote. ``document`` is the whole of it, as published."""

    eid: bytes
    document: Mapping[str, Any]
    key: bytes
    shares: tuple[bytes, ...]
    keys: Mapping[str, tuple[str, bytes]]
    groups: Mapping[str, Group]
    contests: Mapping[str, Contest]

    @classmethod
    def read(cls, body: bytes) -> "Manifest":
        """Return the manifest of a file. Raises ManifestError."""
        try:
            document = decode(body)
            if document["v"] != 1 or document["mode"] not in MODES:
                raise ManifestError("manifest: version or mode")
            groups = {group["id"]: _group(group) for group in document["groups"]}
            contests = {contest["id"]: _contest(contest) for contest in document["contests"]}
            keys = {key["id"]: (key["role"], unb64u(key["pk"], 32)) for key in document["keys"]}
            manifest = cls(
                eid=election_id(body),
                document=document,
                key=read_point(unb64u(document["y"], 32)),
                shares=tuple(read_point(unb64u(share, 32)) for share in document["yi"]),
                keys=keys,
                groups=groups,
                contests=contests,
            )
            unb64u(document["setup"], 32)
            unb64u(document["aud"], 32)
        except _MALFORMED as error:
            raise ManifestError(f"manifest: {error}") from error
        distinct = [
            len(groups) == len(document["groups"]),
            len(contests) == len(document["contests"]) > 0,
            len(keys) == len(document["keys"]),
        ]
        if not all(distinct):
            raise ManifestError("manifest: an id stands twice, or there is no contest")
        if any(contest.group not in groups for contest in contests.values()):
            raise ManifestError("manifest: a contest of no group")
        for name, (role, key) in keys.items():
            named = {"log": "log", "op": "operator"}.get(name)
            if not KEY_ID.fullmatch(name) or role not in (*ROLES, "log") or (named and role != named):
                raise ManifestError(f"manifest: key {name!r}")
            if name == "p" or (name[0] == "t" and name[1:].isdigit()) or not is_sound_key(key):
                raise ManifestError(f"manifest: key {name!r}")
        return manifest

    @property
    def setup(self) -> bytes:
        """The sid of the ceremony that made the joint key."""
        return unb64u(self.document["setup"], 32)


#: What reading a malformed document raises.
_MALFORMED = (CanonicalError, CeremonyError, GroupError, PayloadError, KeyError, TypeError, AttributeError, ValueError)


def _exactly(document: Mapping[str, Any], fields: set[str]) -> None:
    if document.keys() != fields:
        raise ManifestError(f"expected the fields {', '.join(sorted(fields))}")


def _group(document: Mapping[str, Any]) -> Group:
    classes = tuple(document["cls"])
    if not CONTEST.fullmatch(document["id"]) or not classes or classes != tuple(c for c in CLASSES if c in classes):
        raise ManifestError("a group's id or classes")
    if document.get("open") is True:
        _exactly(document, {"id", "cls", "open"})
        return Group(document["id"], classes, None, None)
    _exactly(document, {"id", "cls", "roll", "count"})
    return Group(document["id"], classes, unb64u(document["roll"], 32), int(document["count"]))


def _contest(document: Mapping[str, Any]) -> Contest:
    _exactly(document, {"id", "g", "fmt", "enc", "w", "pro", "budget", "list", "limits", "breach", "rule"})
    shape = BallotShape.of(document["fmt"], document["limits"], [cost for _, cost in document["pro"]])
    if (document["enc"], document["w"]) != (shape.enc, shape.width) or document["breach"] != "refuse":
        raise ManifestError(f"contest {document['id']!r}: another encoding, width or breach")
    if not CONTEST.fullmatch(document["id"]):
        raise ManifestError("a contest's id")
    return Contest(document["id"], document["g"], shape, document)
