"""What comes next in a count, and what a contest's box holds: pure functions of the state of the vote."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, cast

from pb_service.core.record.canonical import b64u
from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.sealing import threshold
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.group import Spread
from pb_service.core.sealing.manifest import Contest
from pb_service.core.sealing.opening import Opened, open_box, read_paper_list
from pb_service.core.sealing.trusteeship import checked_list, share_of
from pb_service.core.tally import Instance, Project, tally

StepKind = Literal["input", "mix", "dec", "paperlist", "result"]


@dataclass(frozen=True)
class Step:
    """A step of a count. ``stage`` is that of a mix, from 1; ``trustee`` whose turn it is, 0 where nobody's."""

    kind: StepKind
    contest: str
    trustee: int = 0
    stage: int = 0


def next_step(election: Election) -> Step | None:
    """Return the first step that is due in a closed vote, None when every contest has its result."""
    return next(iter(due_steps(election)), None)


def due_steps(election: Election, without: Collection[int] = ()) -> list[Step]:
    """Return the steps of a closed vote that can be taken now; none when every contest has its result.

    All lists come first. Then each contest by itself: every trustee mixes, in order; then any of them open the last
    list, as many as it takes; the paper list where paper was handed out; the result. ``without``: trustees who do not
    come; the others go on where enough of them are left.
    """
    manifest, setup = election.manifest, election.setup
    assert manifest is not None and setup is not None  # noqa: S101, PT018 - it is closed
    lists = [Step("input", contest) for contest in manifest.contests if election.progress[contest].rows is None]
    if lists:
        return lists
    present = [number for number in range(1, setup.setting.trustees + 1) if number not in without]
    found: list[Step] = []
    for contest in manifest.contests:
        progress = election.progress[contest]
        if progress.result is not None:
            continue
        mixed = {trustee for trustee, _, _ in progress.stages}
        to_mix = [number for number in present if number not in mixed]
        if progress.rows and not progress.parts and (to_mix or len(mixed) < setup.setting.quorum):
            found += [Step("mix", contest, number, len(mixed) + 1) for number in to_mix[:1]]
        elif progress.rows and len(progress.parts) < setup.setting.quorum:
            found += [Step("dec", contest, number) for number in present if number not in progress.parts]
        elif progress.paper is None and election.handed_out(contest):
            found.append(Step("paperlist", contest))
        else:
            found.append(Step("result", contest))
    return found


def open_contest(
    election: Election,
    contest: Contest,
    files: Mapping[bytes, bytes],
    spread: Spread,
    checked: set[tuple[bytes, bytes, bytes]],
    *,
    parts_checked: Mapping[tuple[bytes, bytes, int], Sequence[bytes]] = MappingProxyType({}),
) -> Opened:
    """Combine the parts of the first quorum and decode the box, with the paper list if there is one.

    ``parts_checked``: the points of parts that need not be checked again, by SHA-256 of list and file, and trustee.
    Raises TrusteeRefusal for a mix, DecryptionError for a part, OpeningError for a paper list that does not hold.
    """
    manifest, setup, progress = election.manifest, election.setup, election.progress[contest.id]
    assert manifest is not None and setup is not None  # noqa: S101, PT018 - it is closed
    points: list[bytes] = []
    if progress.rows:
        rows = checked_list(election, contest.id, files, spread, checked)
        first = list(progress.parts.items())[: setup.setting.quorum]
        list_hash = hashlib.sha256(rows).digest()
        parts = {
            number: parts_checked.get((list_hash, file, number))
            or threshold.verify(rows, files[file], share_of(election, contest.id, number), spread)
            for number, file in first
        }
        points = threshold.combine(rows, parts, spread)
    paper: list[bytes] = []
    if progress.paper is not None:
        count, sha256 = progress.paper
        paper, _ = read_paper_list(files[sha256], manifest.eid, contest.id, contest.shape.width, count)
    return open_box(points, paper, contest.shape)


def outcome_of(election: Election, contest: Contest, opened: Opened) -> dict[str, Any]:
    """Return the outcome document over everything valid in the box (docs/schemas/bundle.md section 7)."""
    manifest = election.manifest
    assert manifest is not None  # noqa: S101 - it is closed
    document, ballots = contest.document, opened.ballots(contest.shape)
    projects = [Project(code, cost) for code, cost in document["pro"]]
    instance = Instance(
        projects, document["budget"], document["fmt"], ballots, unit=manifest.document["unit"], contest=contest.id
    )
    outcome = tally(instance, cast(RuleDocument, document["rule"])).document()
    counts = {"ballots": len(ballots), "blank": sum(not ballot for ballot in ballots), "over": 0}
    return {**outcome, "v": 1, "e": b64u(manifest.eid), "d": contest.id, "counts": counts}
