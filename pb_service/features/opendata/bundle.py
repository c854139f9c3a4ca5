"""The evidence bundle of a round: everything needed to count it again (docs/schemas/bundle.md)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, checkpoint, entries
from pb_service.core.record.tiles import log_files
from pb_service.core.rounds.bundle import zip_stored
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.features.assessment.evidence import process_files
from pb_service.features.counting import repository as counting
from pb_service.features.opendata.errors import NothingToExport
from pb_service.features.record import service as record
from pb_service.features.record.errors import UnknownRecordFile
from pb_service.features.record.store import TileStore
from pb_service.features.results.service import manifest_of
from pb_service.features.results.states import state_files
from pb_service.features.roll.fixing import roll_file
from pb_service.features.rounds.tables import Round

#: Entries of a sealed vote that name files of the bundle, beside those that every vote has.
_WITH_FILES = ("setup", "mix", "dec", "paperlist", "jwks", "client", "incident", "notice")


def published_checkpoint(tiles: TileStore, slug: str) -> bytes:
    """Return the newest published checkpoint of a round's record. Raises NothingToExport before the first."""
    published = tiles.read(slug, "checkpoint")
    if published is None:
        raise NothingToExport(f"The record of the round {slug!r} has not been published.")
    return published


async def evidence_checkpoint(session: AsyncSession, counted: Round, tiles: TileStore) -> bytes:
    """Return the head for a round's evidence: the newest, or the newest that its witnesses signed.

    Raises NothingToExport before there is one.
    """
    if counted.manifest_sha256 is not None and (await manifest_of(session, counted))[1]["wit"]["k"]:
        witnessed = tiles.read(counted.slug, "witnessed")
        if witnessed is None:
            raise NothingToExport(f"No quorum of witnesses has signed the record of the round {counted.slug!r} yet.")
        return witnessed
    return published_checkpoint(tiles, counted.slug)


async def evidence_bundle(session: AsyncSession, counted: Round, published_checkpoint: bytes) -> bytes:
    """Return the bundle of a round as of a published checkpoint; the same checkpoint gives the same bytes.

    Raises NothingToExport before every result stands in the published record.
    """
    counts = await counting.counts_of_round(session, counted.id)
    if counted.phase not in AFTER_COUNT:
        raise NothingToExport(f"The round {counted.slug!r} has no published result yet.")
    head = checkpoint.parse(published_checkpoint)
    bodies = await record.entries(session, counted.log, head.size)
    results = sum(b'"k":"result"' in body and entries.parse(body).kind == "result" for body in bodies)
    if results != len(counts):
        raise NothingToExport(f"The results of the round {counted.slug!r} are not in the published record yet.")
    manifest_bytes, manifest = await manifest_of(session, counted)
    members = {"checkpoint": published_checkpoint, "manifest.json": manifest_bytes, **log_files(bodies)}
    members |= await _sealed_files(session, bodies, manifest)
    for group in manifest["groups"]:
        if "roll" in group:
            members[f"rolls/{group['id']}"] = await roll_file(session, canonical.unb64u(group["roll"]))
    for listed, (contest, count) in zip(manifest["contests"], counts, strict=True):
        members[f"lists/{contest.key}.json"] = await record.get_file(session, canonical.unb64u(listed["list"]))
        members[f"ballots/{contest.key}.json"] = await record.get_file(session, count.ballots_sha256)
        members[f"outcomes/{contest.key}.json"] = await record.get_file(session, count.outcome_sha256)
    return zip_stored(members | await process_files(session, counted, bodies) | await state_files(session, bodies))


async def _sealed_files(
    session: AsyncSession, bodies: Sequence[bytes], manifest: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return what a sealed vote has beside manifest, lists, ballots and outcomes (docs/protocol.md section 12).

    Nothing for a vote whose ballots were in clear. Files of incidents and the like may have been erased.
    """
    named: dict[str, bytes] = {}
    setups: list[bytes] = []
    optional: set[bytes] = set()
    for body in bodies:
        kind = next((kind for kind in _WITH_FILES if b'"k":"%s"' % kind.encode() in body), None)
        if kind is None or (entry := entries.parse(body)).kind != kind:
            continue
        fields = entry.fields
        match kind:
            case "setup":
                setups.append(canonical.unb64u(fields["f"]))
            case "mix":
                named[f"mix/{fields['d']}/{fields['st']}.list"] = canonical.unb64u(fields["out"])
                named[f"mix/{fields['d']}/{fields['st']}.proof"] = canonical.unb64u(fields["pf"])
            case "dec":
                named[f"dec/{fields['d']}/{fields['j']}"] = canonical.unb64u(fields["f"])
            case "paperlist":
                named[f"paper/{fields['d']}.json"] = canonical.unb64u(fields["f"])
            case _:
                optional.add(canonical.unb64u(fields["f"]))
    if not setups:
        return {}
    by_manifest = (manifest["client"], manifest.get("idp", {}).get("jwks"))
    optional |= {canonical.unb64u(sha256) for sha256 in by_manifest if sha256}
    *earlier, last = setups
    named |= {"setup.json": last} | {f"setup-{place}.json": sha256 for place, sha256 in enumerate(earlier, start=1)}
    files = {name: await record.get_file(session, sha256) for name, sha256 in named.items()}
    for sha256 in optional:
        with suppress(UnknownRecordFile):
            files[f"files/{sha256.hex()}"] = await record.get_file(session, sha256)
    return files


async def process_bundle(session: AsyncSession, found: Round, published_checkpoint: bytes) -> bytes:
    """Return the bundle of a round before its vote: the record, and the files of its process (process.md section 1).

    Raises NothingToExport once there is a manifest, and while nothing has happened to a proposal.
    """
    bodies = await record.entries(session, found.log, checkpoint.parse(published_checkpoint).size)
    files = await process_files(session, found, bodies)
    if found.manifest_sha256 is not None or not files:
        raise NothingToExport(f"The round {found.slug!r} has no process that stands by itself.")
    return zip_stored({"checkpoint": published_checkpoint, **log_files(bodies), **files})
