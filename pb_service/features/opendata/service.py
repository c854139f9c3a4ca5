"""What the API and the downloads say about rounds: built from the published documents."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, entries
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.rounds.geojson import to_geojson
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.core.rounds.setup import pairs
from pb_service.features.counting import repository as counting
from pb_service.features.opendata import repository
from pb_service.features.opendata.schemas import (
    ContestResult,
    ContestSummary,
    DistrictFound,
    DistrictSummary,
    PhaseTimes,
    ProjectResult,
    RoundDetail,
    RoundSummary,
)
from pb_service.features.opendata.tables import Verification
from pb_service.features.record import service as record
from pb_service.features.results.documents import ContestDocuments
from pb_service.features.results.errors import ContestNotFound
from pb_service.features.results.service import contest_of, manifest_of, outcome_of
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.service import (
    PlaceKind,
    PublicRound,
    district_of,
    find_round,
    public_round,
    published_round,
    published_table,
)
from pb_service.features.rounds.tables import Round
from pb_service.platform import changes


async def list_rounds(session: AsyncSession) -> list[RoundSummary]:
    """Return the published rounds, rehearsals left out, newest vote first."""
    return [_summary(found) for found in await rounds.published(session)]


async def round_detail(session: AsyncSession, slug: str) -> RoundDetail:
    """Return a published round with its districts. Raises RoundNotFound."""
    shown = await published_round(session, slug)
    own = None if shown.imported else await public_round(session, slug)
    steps = own.timeline if own else ()
    eid = entries.election_id((await manifest_of(session, shown))[0]) if shown.manifest_sha256 else None
    return RoundDetail(
        round=_summary(shown),
        time_zone=own.setup.dates.time_zone if own else None,
        phases=[PhaseTimes(step.phase, step.starts_at, step.ends_at, step.state) for step in steps],
        districts=_districts(own) if own else [],
        areas=f"/api/v1/rounds/{slug}/districts" if own and own.setup.districts.districts else None,
        city_wide=own.setup.money.city_wide if own and own.setup.districts.city_wide else None,
        election_id=canonical.b64u(eid) if eid else None,
        fingerprint=fingerprint(eid) if eid else None,
        checkpoint=f"/pb/{slug}/checkpoint",
        evidence=f"/data/{slug}/evidence.zip" if shown.manifest_sha256 and shown.phase in AFTER_COUNT else None,
        contests=await _contests(session, shown),
    )


def _districts(own: PublicRound) -> list[DistrictSummary]:
    money = own.money or {}
    return [
        DistrictSummary(district.key, pairs(district.name), district.population, money.get(district.key))
        for district in own.setup.districts.districts
    ]


async def _contests(session: AsyncSession, shown: Round) -> list[ContestSummary]:
    counted = {contest.key: count for contest, count in await counting.counts_of_round(session, shown.id)}
    contests = []
    for contest in shown.contests:
        outcome = await outcome_of(session, counted[contest.key]) if contest.key in counted else None
        contests.append(
            ContestSummary(
                id=contest.key,
                title=_texts(contest.title),
                projects=len(contest.projects),
                budget=contest.budget,
                ballots=outcome and outcome["counts"]["ballots"],
                chosen=None if outcome is None else len(outcome["winners"]),
                cost=outcome and outcome["cost"],
                href=f"/api/v1/rounds/{shown.slug}/contests/{contest.key}",
            )
        )
    return contests


async def round_areas(session: AsyncSession, slug: str) -> dict[str, Any]:
    """Return the districts of a round of one's own as GeoJSON. Raises RoundNotFound."""
    return to_geojson((await public_round(session, slug)).setup.districts.districts)


async def published_places(session: AsyncSession, slug: str, kind: PlaceKind) -> bytes:
    """Return a round's table of places byte for byte as hashed. Raises RoundNotFound, PlaceTableNeeded."""
    return await published_table(session, await published_round(session, slug, whole=False), kind)


async def find_district(
    session: AsyncSession, slug: str, *, point: tuple[float, float] | None, postal_code: str, address: str
) -> DistrictFound:
    """Return the district of a place. Raises RoundNotFound, and PlaceTableNeeded for a round without tables."""
    shown = await published_round(session, slug, whole=False)
    found = await district_of(session, shown, point=point, postal_code=postal_code, address=address)
    return DistrictFound(found.district, list(found.candidates), found.code)


def contest_result(documents: ContestDocuments) -> ContestResult:
    """Return the result of a district with each project's reason."""
    contest, outcome = documents.contest, documents.outcome
    official = None if documents.official is None else set(documents.official)
    projects = [
        ProjectResult(
            number=number,
            id=project_id,
            title=listed["title"],
            language=documents.ballot_list["language"],
            cost=cost,
            categories=listed["categories"],
            targets=listed["targets"],
            place=listed.get("place"),
            votes=result["votes"],
            score=result["score"],
            won=result["won"],
            why=dict(result["why"]),
            official=None if official is None else number in official,
        )
        for number, ((project_id, cost), listed, result) in enumerate(
            zip(contest["pro"], documents.ballot_list["projects"], outcome["projects"], strict=True)
        )
    ]
    return ContestResult(
        id=contest["id"],
        round=documents.slug,
        state=documents.state,
        title=documents.ballot_list["title"],
        rule=dict(contest["rule"]),
        currency=documents.manifest["currency"],
        unit=documents.manifest["unit"],
        budget=contest["budget"],
        cost=outcome["cost"],
        ballots=outcome["counts"]["ballots"],
        blank=outcome["counts"]["blank"],
        over=outcome["counts"]["over"],
        projects=projects,
        files=contest_files(documents.slug, contest["id"]),
    )


def contest_files(slug: str, contest: str) -> dict[str, str]:
    """Return the stable addresses of a district's files, by kind."""
    base = f"/data/{slug}/{contest}"
    return {
        "pabulib": f"{base}/ballots.pb",
        "ballots_csv": f"{base}/ballots.csv",
        "ballots": f"{base}/ballots.json",
        "projects": f"{base}/projects.csv",
        "projects_geojson": f"{base}/projects.geojson",
        "turns": f"{base}/turns.csv",
        "outcome": f"{base}/outcome.json",
        "list": f"{base}/list.json",
    }


async def published_file(session: AsyncSession, slug: str, contest_key: str, kind: str) -> bytes:
    """Return a published document byte for byte as the record's entries name it: list, ballots or outcome.

    Raises RoundNotFound or ContestNotFound, the latter also for a contest that is not counted yet.
    """
    shown = await published_round(session, slug)
    contest = contest_of(shown, contest_key)
    count = await counting.count_of(session, contest.id)
    if count is None:
        raise ContestNotFound(f"The contest {contest_key!r} has not been counted yet.")
    if kind == "list":
        _, manifest = await manifest_of(session, shown)
        return await record.get_file(session, canonical.unb64u(manifest["contests"][contest.position]["list"]))
    return await record.get_file(session, count.ballots_sha256 if kind == "ballots" else count.outcome_sha256)


async def published_manifest(session: AsyncSession, slug: str) -> bytes:
    """Return a round's manifest byte for byte as hashed. Raises RoundNotFound."""
    return (await manifest_of(session, await published_round(session, slug)))[0]


async def store_verification(
    session: AsyncSession, slug: str, bundle: bytes, report: dict[str, Any], *, now: datetime
) -> None:
    """Keep what the checker said about a bundle, to be shown on the verification page."""
    verified = await find_round(session, slug)
    session.add(
        Verification(
            round_id=verified.id,
            bundle_sha256=sha256(bundle).digest(),
            bundle_size=len(bundle),
            report=report,
            verified_at=now,
        )
    )
    await changes.tell(session)


async def latest_verification(session: AsyncSession, shown: Round) -> Verification | None:
    """Return the newest run of the checker over a round's bundle, if there was one."""
    return await repository.latest_verification(session, shown.id)


def _summary(found: Round) -> RoundSummary:
    return RoundSummary(
        id=found.slug,
        names=_texts(found.names),
        mode=found.mode,
        phase=found.phase,
        open_until=found.next_phase_at,
        paused=found.paused_at is not None,
        rehearsal=found.rehearsal,
        imported=found.imported,
        currency=found.currency,
        unit=found.unit,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        licence=found.licence,
        source=found.source,
        href=f"/api/v1/rounds/{found.slug}",
    )


def _texts(texts: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [(language, text) for language, text in texts]
