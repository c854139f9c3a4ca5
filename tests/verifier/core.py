"""Asks the core about members of a bundle: what a service and its trustees would say, without the verifier."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pb_service.core.record import checkpoint, entries, tiles
from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.witness import Witness, cosigned_at
from pb_service.core.sealing import threshold
from pb_service.core.sealing.election import ContestProgress, Election, Sources
from pb_service.core.sealing.manifest import Contest, Manifest
from pb_service.core.sealing.opening import open_box, read_paper_list
from pb_service.core.sealing.trusteeship import TrusteeRefusal, checked_list, share_of
from pb_service.core.tally import Instance, Project, tally


def refusal(members: Mapping[str, bytes]) -> str | None:
    """What the core refuses in a bundle whose members have the right names; None if nothing."""
    try:
        _read(members)
    except (ValueError, KeyError, TrusteeRefusal) as error:  # every refusal of the core is a ValueError
        return f"{type(error).__name__}: {error}"
    return None


def _read(members: Mapping[str, bytes]) -> None:
    manifest = Manifest.read(members["manifest.json"])
    origin = manifest.document["origin"]
    head = checkpoint.verify(members["checkpoint"], origin, manifest.keys["log"][1])
    wit = manifest.document["wit"]
    if len(cosigned_at(members["checkpoint"], [Witness.parse(vkey) for vkey in wit["vkeys"]])) < wit["k"]:
        raise ValueError("witnesses")
    log = _entries(members)
    if head != checkpoint.Checkpoint(origin, len(log), _root(log)):
        raise ValueError("another tree")
    files = {hashlib.sha256(data).digest(): data for name, data in members.items() if not name.startswith("tile/")}
    election = Election(Sources(files.__getitem__, lambda group: members[f"rolls/{group}"]))
    for body in log:
        election.append(body)
    if election.manifest != manifest or not election.progress:
        raise ValueError("no manifest")
    for name, progress in election.progress.items():
        _count(election, manifest, manifest.contests[name], progress, files, members)


def _entries(members: Mapping[str, bytes]) -> list[bytes]:
    bundles = sorted((tiles.Tile.parse(name) for name in members if name.startswith("tile/entries/")), key=_place)
    log = [entry for tile in bundles for entry in tiles.parse_bundle(members[tile.path], tile.width)]
    if tiles.log_files(log) != {name: data for name, data in members.items() if name.startswith("tile/")}:
        raise ValueError("other tiles")
    return log


def _place(tile: tiles.Tile) -> int:
    return tile.index


def _root(log: list[bytes]) -> bytes:
    return tiles.Edge().extend([hashlib.sha256(b"\x00" + entry).digest() for entry in log])[0].root


def _count(  # noqa: PLR0917 - what the count of a contest is about
    election: Election,
    manifest: Manifest,
    contest: Contest,
    progress: ContestProgress,
    files: Mapping[bytes, bytes],
    members: Mapping[str, bytes],
) -> None:
    if progress.result is None:
        raise ValueError("not counted")
    points: list[bytes] = []
    if progress.rows:
        rows = checked_list(election, contest.id, files)
        parts = {
            j: threshold.verify(rows, files[file], share_of(election, contest.id, j))
            for j, file in progress.parts.items()
        }
        quorum = election.setup.setting.quorum if election.setup else 0
        points = threshold.combine(rows, dict(list(parts.items())[:quorum]))
    paper: list[bytes] = []
    if progress.paper is not None:
        number, file = progress.paper
        paper, _ = read_paper_list(files[file], manifest.eid, contest.id, contest.shape.width, number)
    opened = open_box(points, paper, contest.shape)
    ballots = encode(opened.document(manifest.eid, contest.id))
    outcome = encode(_outcome(manifest, contest, opened.ballots(contest.shape)))
    said = (members[f"ballots/{contest.id}.json"], members[f"outcomes/{contest.id}.json"])
    if said != (ballots, outcome) or progress.result != tuple(hashlib.sha256(each).digest() for each in said):
        raise ValueError("other ballots or another outcome")


def _outcome(manifest: Manifest, contest: Contest, ballots: list[Any]) -> dict[str, Any]:
    document = contest.document
    instance = Instance(
        [Project(code, cost) for code, cost in document["pro"]],
        document["budget"],
        document["fmt"],
        ballots,
        unit=manifest.document["unit"],
        contest=contest.id,
    )
    counts = {"ballots": len(ballots), "blank": sum(not ballot for ballot in ballots), "over": 0}
    counted = tally(instance, document["rule"]).document()
    return {**counted, "v": 1, "e": b64u(manifest.eid), "d": contest.id, "counts": counts}


def parses(body: bytes) -> bool:
    """Whether the core takes an entry for one."""
    try:
        entries.parse(body)
    except entries.EntryError:
        return False
    return True


__all__ = ["parses", "refusal", "unb64u"]
