"""What other rooms call of the stage rounds; and imported rounds: their creation and the freeze of their manifest.

Functions never commit; the command's edge does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, entries
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds import phases
from pb_service.core.rounds.documents import (
    BallotFormat,
    BallotListDocument,
    ContestDocument,
    KeyDocument,
    Limits,
    ListedProject,
    ManifestDocument,
    RuleDocument,
)
from pb_service.features.record import service as record
from pb_service.features.rounds import repository
from pb_service.features.rounds.drafts import (
    Checklist,
    StaffRound,
    StepLine,
    checklist,
    clone,
    create_draft,
    erase_draft,
    erase_rehearsal,
    publish,
    save_step,
    staff_rounds,
    step_state,
)
from pb_service.features.rounds.errors import RoundExists
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.imports import ImportReport, import_apply, import_preview
from pb_service.features.rounds.municipality import (
    municipality,
    municipality_state,
    save_municipality,
)
from pb_service.features.rounds.place_tables import Found, PlaceKind, district_of, published_table
from pb_service.features.rounds.public import (
    PublicAct,
    PublicRound,
    TimelineStep,
    preview,
    public_round,
    public_rounds,
)
from pb_service.features.rounds.saved import MunicipalityState, StepState
from pb_service.features.rounds.schedule import phase_effects, phase_guards
from pb_service.features.rounds.tables import Contest, Project, Round
from pb_service.features.rounds.timetable import (
    Move,
    archive,
    extend,
    pause,
    phase_moves,
    push_phase,
    require_open,
    resume,
)

__all__ = [
    "Checklist",
    "ContestSetup",
    "Found",
    "ImportReport",
    "Move",
    "MunicipalityState",
    "PlaceKind",
    "ProjectSetup",
    "PublicAct",
    "PublicRound",
    "RoundSetup",
    "StaffRound",
    "StepLine",
    "StepState",
    "TimelineStep",
    "archive",
    "ballot_list",
    "checklist",
    "clone",
    "create_draft",
    "create_round",
    "district_of",
    "erase_draft",
    "erase_rehearsal",
    "extend",
    "find_round",
    "freeze",
    "import_apply",
    "import_preview",
    "municipality",
    "municipality_state",
    "pause",
    "phase_effects",
    "phase_guards",
    "phase_moves",
    "preview",
    "public_round",
    "public_rounds",
    "publish",
    "published_round",
    "published_table",
    "push_phase",
    "require_open",
    "resume",
    "save_municipality",
    "save_step",
    "staff_rounds",
    "step_state",
]

_GROUP = "district"


@dataclass(frozen=True)
class ProjectSetup:
    """A project as it will stand on the ballot; cost in minor units."""

    code: str
    title: str
    cost: int
    categories: Sequence[str] = ()
    targets: Sequence[str] = ()
    place: tuple[str, str] | None = None
    official: bool | None = None


@dataclass(frozen=True)
class ContestSetup:
    """One district's vote; ``key`` is its id in addresses and in the record."""

    key: str
    title: Sequence[tuple[str, str]]
    language: str
    fmt: BallotFormat
    budget: int
    limits: Limits
    rule: RuleDocument
    projects: Sequence[ProjectSetup]
    imported_meta: Mapping[str, str] | None = None


@dataclass(frozen=True)
class RoundSetup:
    """What is known of a round before its first entry in the record."""

    slug: str
    names: Sequence[tuple[str, str]]
    licence: str
    source: str
    currency: str
    unit: int
    opens_at: datetime
    closes_at: datetime
    contests: Sequence[ContestSetup]


async def create_round(session: AsyncSession, setup: RoundSetup, *, origin_host: str, now: datetime) -> Round:
    """Store a round of mode ``open`` and begin its public record. Raises RoundExists."""
    if await repository.by_slug(session, setup.slug) is not None:
        raise RoundExists(f"There is a round called {setup.slug!r} already. Give this one another name.")
    log_id = await record.open_log(session, setup.slug, f"{origin_host}/pb/{setup.slug}")
    created = Round(
        slug=setup.slug,
        mode="open",
        phase="set_up",
        names=[list(name) for name in setup.names],
        licence=setup.licence,
        source=setup.source,
        currency=setup.currency,
        unit=setup.unit,
        opens_at=setup.opens_at,
        closes_at=setup.closes_at,
        created_at=now,
        imported=True,
        log_id=log_id,
        contests=[_contest(position, contest) for position, contest in enumerate(setup.contests)],
    )
    session.add(created)
    await session.flush()
    return created


def _contest(position: int, setup: ContestSetup) -> Contest:
    return Contest(
        key=setup.key,
        position=position,
        title=[list(title) for title in setup.title],
        language=setup.language,
        fmt=setup.fmt,
        budget=setup.budget,
        limits=setup.limits,
        rule=setup.rule,
        imported_meta=None if setup.imported_meta is None else dict(setup.imported_meta),
        projects=[
            Project(
                number=number,
                code=project.code,
                title=project.title,
                cost=project.cost,
                categories=list(project.categories),
                targets=list(project.targets),
                latitude=project.place and project.place[0],
                longitude=project.place and project.place[1],
                official=project.official,
            )
            for number, project in enumerate(setup.projects)
        ],
    )


async def freeze(
    session: AsyncSession, slug: str, *, operator: Ed25519PrivateKey, log_key: bytes, now: datetime
) -> bytes:
    """Fix the ballot lists and the manifest, log the manifest's hash, and return the election id.

    ``log_key`` is the public key of the record. From here on nothing that the manifest holds can change.
    """
    frozen = await find_round(session, slug, for_update=True)
    phases.require(frozen.phase, "set_up")
    if not frozen.imported:
        raise phases.PhaseError("this round is still being set up: its ballots are fixed when it opens for the vote")
    lists = [canonical.encode(ballot_list(contest)) for contest in frozen.contests]
    hashes = [await record.put_file(session, body, kind="list", at=now) for body in lists]
    keys: list[KeyDocument] = [
        {"id": "log", "role": "log", "pk": canonical.b64u(log_key)},
        {"id": "op", "role": "operator", "pk": canonical.b64u(public_bytes(operator))},
    ]
    origin = await record.origin_of(session, frozen.log)
    body = canonical.encode(_manifest(frozen, origin, keys, hashes))
    frozen.manifest_sha256 = await record.put_file(session, body, kind="manifest", at=now)
    frozen.phase = "voting"
    eid = entries.election_id(body)
    await record.append(session, frozen.log, entries.manifest_entry(eid, frozen.manifest_sha256, {"op": operator}))
    return eid


def ballot_list(contest: Contest) -> BallotListDocument:
    """Return what voters of a contest see, as published (bundle.md section 5)."""
    return {
        "v": 1,
        "contest": contest.key,
        "title": [(language, text) for language, text in contest.title],
        "language": contest.language,
        "projects": [_listed(project) for project in contest.projects],
    }


def _listed(project: Project) -> ListedProject:
    listed: ListedProject = {
        "id": project.code,
        "title": project.title,
        "categories": project.categories,
        "targets": project.targets,
    }
    if project.latitude is not None and project.longitude is not None:
        listed["place"] = (project.latitude, project.longitude)
    return listed


def _manifest(frozen: Round, origin: str, keys: list[KeyDocument], list_hashes: Sequence[bytes]) -> ManifestDocument:
    contests: list[ContestDocument] = [
        {
            "id": contest.key,
            "g": _GROUP,
            "fmt": contest.fmt,
            "pro": [(project.code, project.cost) for project in contest.projects],
            "budget": contest.budget,
            "list": canonical.b64u(list_hash),
            "limits": contest.limits,
            "breach": "count",
            "rule": contest.rule,
        }
        for contest, list_hash in zip(frozen.contests, list_hashes, strict=True)
    ]
    opens_at, closes_at = frozen.vote
    return {
        "v": 1,
        "origin": origin,
        "mode": "open",
        "names": [(language, text) for language, text in frozen.names],
        "licence": frozen.licence,
        "source": frozen.source,
        "currency": frozen.currency,
        "unit": frozen.unit,
        "opens": int(opens_at.timestamp()),
        "closes": int(closes_at.timestamp()),
        "keys": keys,
        "wit": {"k": 0, "vkeys": []},
        "groups": [{"id": _GROUP, "open": True, "cls": ["import"]}],
        "contests": contests,
    }
