"""Setup and manifest of a sealed vote as read from the record (docs/protocol.md section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pb_service.core.record.canonical import decode, unb64u
from pb_service.core.record.entries import election_id, setup_id
from pb_service.core.sealing.ceremony import Setting
from pb_service.core.sealing.documents import check_manifest, check_setup
from pb_service.core.sealing.group import read_point
from pb_service.core.sealing.payload import BallotShape


class ManifestError(ValueError):
    """A setup or a manifest is malformed; the message says where."""


@dataclass(frozen=True)
class Setup:
    """Who the trustees are, by the setup that a ceremony is bound to; ``registrar``: who may abandon it."""

    sid: bytes
    origin: str
    attempt: int
    setting: Setting
    names: tuple[str, ...]
    keys: tuple[bytes, ...]
    registrar: bytes

    @classmethod
    def read(cls, body: bytes) -> "Setup":
        """Return the setup of a file. Raises ManifestError."""
        try:
            document = decode(body)
            check_setup(document)
        except _MALFORMED as error:
            raise ManifestError(f"setup: {error}") from error
        sid = setup_id(body)
        return cls(
            sid=sid,
            origin=document["origin"],
            attempt=document["try"],
            setting=Setting(sid, document["n"], document["t"]),
            names=tuple(trustee["name"] for trustee in document["trustees"]),
            keys=tuple(unb64u(trustee["pk"], 32) for trustee in document["trustees"]),
            registrar=unb64u(document["reg"], 32),
        )


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
            check_manifest(document)
            key = read_point(unb64u(document["y"], 32))
            shares = tuple(read_point(unb64u(share, 32)) for share in document["yi"])
        except _MALFORMED as error:
            raise ManifestError(f"manifest: {error}") from error
        return cls(
            eid=election_id(body),
            document=document,
            key=key,
            shares=shares,
            keys={key["id"]: (key["role"], unb64u(key["pk"], 32)) for key in document["keys"]},
            groups={group["id"]: _group(group) for group in document["groups"]},
            contests={contest["id"]: _contest(contest) for contest in document["contests"]},
        )

    @property
    def setup(self) -> bytes:
        """The sid of the ceremony that made the joint key."""
        return unb64u(self.document["setup"], 32)


#: What reading a malformed document raises. PayloadError and TallyError are ValueErrors, so is FormError.
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


def _group(document: Mapping[str, Any]) -> Group:
    roll = unb64u(document["roll"], 32) if "roll" in document else None
    return Group(document["id"], tuple(document["cls"]), roll, document.get("count"))


def _contest(document: Mapping[str, Any]) -> Contest:
    shape = BallotShape.of(document["fmt"], document["limits"], [cost for _, cost in document["pro"]])
    return Contest(document["id"], document["g"], shape, document)
