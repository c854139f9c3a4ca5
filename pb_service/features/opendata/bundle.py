"""The evidence bundle of a round: everything needed to count it again (docs/schemas/bundle.md)."""

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, checkpoint
from pb_service.core.record.tiles import log_files
from pb_service.core.rounds.bundle import zip_stored
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.features.assessment.evidence import process_files
from pb_service.features.counting import repository as counting
from pb_service.features.opendata.errors import NothingToExport
from pb_service.features.record import service as record
from pb_service.features.record.store import TileStore
from pb_service.features.results.service import manifest_of
from pb_service.features.rounds.tables import Round


def published_checkpoint(tiles: TileStore, slug: str) -> bytes:
    """Return the newest published checkpoint of a round's record. Raises NothingToExport before the first."""
    published = tiles.read(slug, "checkpoint")
    if published is None:
        raise NothingToExport(f"The record of the round {slug!r} has not been published.")
    return published


async def evidence_bundle(session: AsyncSession, counted: Round, published_checkpoint: bytes) -> bytes:
    """Return the bundle of a round as of a published checkpoint; the same checkpoint gives the same bytes.

    Raises NothingToExport before every result stands in the published record.
    """
    counts = await counting.counts_of_round(session, counted.id)
    if counted.phase not in AFTER_COUNT:
        raise NothingToExport(f"The round {counted.slug!r} has no published result yet.")
    head = checkpoint.parse(published_checkpoint)
    entries = await record.entries(session, counted.log, head.size)
    results = sum(canonical.decode(entry)["k"] == "result" for entry in entries)
    if results != len(counts):
        raise NothingToExport(f"The results of the round {counted.slug!r} are not in the published record yet.")
    manifest_bytes, manifest = await manifest_of(session, counted)
    members = {"checkpoint": published_checkpoint, "manifest.json": manifest_bytes, **log_files(entries)}
    for listed, (contest, count) in zip(manifest["contests"], counts, strict=True):
        members[f"lists/{contest.key}.json"] = await record.get_file(session, canonical.unb64u(listed["list"]))
        members[f"ballots/{contest.key}.json"] = await record.get_file(session, count.ballots_sha256)
        members[f"outcomes/{contest.key}.json"] = await record.get_file(session, count.outcome_sha256)
    return zip_stored(members | await process_files(session, counted, entries))


async def process_bundle(session: AsyncSession, found: Round, published_checkpoint: bytes) -> bytes:
    """Return the bundle of a round before its vote: the record, and the files of its process (process.md section 1).

    Raises NothingToExport once there is a manifest, and while nothing has happened to a proposal.
    """
    entries = await record.entries(session, found.log, checkpoint.parse(published_checkpoint).size)
    files = await process_files(session, found, entries)
    if found.manifest_sha256 is not None or not files:
        raise NothingToExport(f"The round {found.slug!r} has no process that stands by itself.")
    return zip_stored({"checkpoint": published_checkpoint, **log_files(entries), **files})
