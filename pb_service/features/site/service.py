"""What the pages about a whole round are made from: the published documents, the record, and the checker's report."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries, merkle
from pb_service.core.rounds.documents import OutcomeDocument
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.features.counting import repository as counting
from pb_service.features.counting.tables import ContestCount
from pb_service.features.opendata.service import latest_verification
from pb_service.features.record import repository as record_rows
from pb_service.features.record.store import TileStore
from pb_service.features.results.service import manifest_of, outcome_of
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.service import published_round
from pb_service.features.rounds.tables import Contest, Round
from pb_service.features.site.errors import EntryNotFound
from pb_service.features.site.views import (
    NAMED_WINNERS,
    CheckView,
    CountView,
    DistrictView,
    EntryView,
    ProofView,
    RecordView,
    RoundView,
    VerificationView,
    WinnerView,
)

#: Entries on one page of the record.
PAGE_SIZE = 50


async def published_rounds(session: AsyncSession) -> list[RoundView]:
    """Return every published round that has a vote, newest vote first."""
    return [await _round(session, found) for found in await rounds.published(session) if found.manifest_sha256]


async def round_view(session: AsyncSession, slug: str) -> RoundView:
    """Return one published round. Raises RoundNotFound."""
    return await _round(session, await published_round(session, slug))


async def _round(session: AsyncSession, shown: Round) -> RoundView:
    # A round of one's own has a record long before its vote: no manifest, and no times of the vote, are fixed yet.
    body, _ = await manifest_of(session, shown) if shown.manifest_sha256 else (b"", None)
    counts = {contest.key: count for contest, count in await counting.counts_of_round(session, shown.id)}
    log = await record_rows.get_log(session, shown.log)
    verified = await latest_verification(session, shown)
    return RoundView(
        slug=shown.slug,
        names=shown.names,
        mode=shown.mode,
        phase=shown.phase,
        currency=shown.currency,
        unit=shown.unit,
        opens_at=shown.opens_at or shown.created_at,
        closes_at=shown.closes_at or shown.created_at,
        created_at=shown.created_at,
        licence=shown.licence,
        source=shown.source,
        origin=log.origin,
        fingerprint=fingerprint(entries.election_id(body)) if body else "",
        entries=log.size,
        districts=tuple([await _district(session, contest, counts.get(contest.key)) for contest in shown.contests]),
        verified_at=verified.verified_at if verified else None,
        verdict=verified.report["verdict"] if verified else None,
        bundle_size=verified.bundle_size if verified else None,
    )


async def _district(session: AsyncSession, contest: Contest, count: ContestCount | None) -> DistrictView:
    outcome = await outcome_of(session, count) if count else None
    return DistrictView(
        key=contest.key,
        title=contest.title,
        projects=len(contest.projects),
        budget=contest.budget,
        rule=contest.rule,
        count=_count(contest, outcome, count.counted_at) if count and outcome else None,
    )


def _count(contest: Contest, outcome: OutcomeDocument, counted_at: datetime) -> CountView:
    results = outcome["projects"]
    strongest = sorted(outcome["winners"], key=lambda number: (-results[number]["score"], number))[:NAMED_WINNERS]
    return CountView(
        ballots=outcome["counts"]["ballots"],
        chosen=len(outcome["winners"]),
        cost=outcome["cost"],
        counted_at=counted_at,
        first_winners=tuple(
            WinnerView(number, contest.projects[number].title, contest.language, contest.projects[number].cost)
            for number in strongest
        ),
    )


async def record_view(session: AsyncSession, slug: str, tiles: TileStore, *, before: int | None = None) -> RecordView:
    """Return the entries below index ``before`` (by default the newest), newest first. Raises RoundNotFound."""
    shown = await published_round(session, slug)
    log = await record_rows.get_log(session, shown.log)
    end = log.size if before is None else max(0, min(before, log.size))
    start = max(0, end - PAGE_SIZE)
    rows = [row async for batch in record_rows.indexed_entries(session, log.id, start, end) for row in batch]
    published = tiles.read(slug, "checkpoint")
    return RecordView(
        slug=slug,
        names=shown.names,
        origin=log.origin,
        size=log.size,
        root=log.root.hex(),
        checkpoint=published.decode() if published else None,
        entries=tuple(_entry(start + place, body, leaf) for place, (body, leaf) in enumerate(rows))[::-1],
        end=end,
    )


async def proof_view(session: AsyncSession, slug: str, index: int) -> tuple[RoundView, ProofView]:
    """Return one entry with its proof of inclusion. Raises RoundNotFound or EntryNotFound."""
    shown = await published_round(session, slug)
    log = await record_rows.get_log(session, shown.log)
    if not 0 <= index < log.size:
        raise EntryNotFound(f"The record of {slug!r} has {log.size} entries, numbered from 0.")
    leaves = await record_rows.leaf_hashes(session, log.id, log.size)
    rows = [row async for batch in record_rows.indexed_entries(session, log.id, index, index + 1) for row in batch]
    body, leaf = rows[0]
    proof = ProofView(
        entry=_entry(index, body, leaf),
        body=body.decode(),
        size=log.size,
        root=log.root.hex(),
        path=tuple(node.hex() for node in merkle.inclusion_proof(leaves, index)),
    )
    return await _round(session, shown), proof


def _entry(index: int, body: bytes, leaf: bytes) -> EntryView:
    entry = entries.parse(body)
    return EntryView(
        index=index,
        kind=entry.kind,
        at=None if entry.time is None else datetime.fromtimestamp(entry.time, UTC),
        about=entry.fields.get("o") or entry.fields.get("d") or "",
        leaf=leaf.hex(),
    )


async def verification_view(session: AsyncSession, slug: str) -> VerificationView | None:
    """Return the newest report of the checker, or None before its first run. Raises RoundNotFound."""
    verified = await latest_verification(session, await published_round(session, slug))
    if verified is None:
        return None
    report = verified.report
    return VerificationView(
        verdict=report["verdict"],
        language=report["language"],
        checks=tuple(_check(check) for check in report["checks"]),
        sha256=verified.bundle_sha256.hex(),
        size=verified.bundle_size,
        key=report.get("round", {}).get("key", ""),
        run_at=verified.verified_at,
        cannot_show=report["cannot_show"],
    )


def _check(check: dict[str, Any]) -> CheckView:
    return CheckView(
        name=check["id"],
        status=check["status"],
        figures=check["figures"],
        reason=check["detail"],
        problems=tuple(problem["text"] for problem in check["problems"]),
        found=check["found"],
    )
