"""Everything about a round that can be taken away, with address, form, size and hash: the page, the JSON listing and
the data-set description all come from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.rounds.phases import AFTER_COUNT, PHASES
from pb_service.features.assessment import lists
from pb_service.features.counting import repository as counting
from pb_service.features.implementation.reading import is_confirmed
from pb_service.features.opendata.errors import NothingToExport
from pb_service.features.opendata.schemas import ListedFile, Listing
from pb_service.features.opendata.shelf import BundleShelf, Kept
from pb_service.features.record import service as record
from pb_service.features.record.store import TileStore
from pb_service.features.results import states
from pb_service.features.results.service import manifest_of
from pb_service.features.results.turnout import ages_body, turnout_body
from pb_service.features.rounds.errors import PlaceTableNeeded
from pb_service.features.rounds.place_tables import PLACE_KINDS
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.features.rounds.service import published_round, published_table
from pb_service.features.rounds.tables import Contest, Round

PABULIB = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
JSON = "application/json"
GEOJSON = "application/geo+json"
ZIP = "application/zip"
ATOM = "application/atom+xml; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"
TURTLE = "text/turtle; charset=utf-8"
JSON_LD = "application/ld+json"

#: Media type of each download of a count.
CONTEST_FILES = {
    "ballots.pb": PABULIB,
    "ballots.csv": CSV,
    "projects.csv": CSV,
    "turns.csv": CSV,
    "projects.geojson": GEOJSON,
}


@dataclass(frozen=True)
class RoundFiles:
    """A round with its listing, and the round of one's own behind it (None: imported)."""

    found: Round
    own: PublicRound | None
    listing: Listing


async def listing(session: AsyncSession, slug: str, shelf: BundleShelf, tiles: TileStore) -> RoundFiles:
    """Return what there is of a published round. Raises RoundNotFound.

    Files that are fixed have a size and a SHA-256; what changes with the round (``changes``) has none.
    """
    found = await published_round(session, slug)
    own = None if found.imported else await public_round(session, slug)
    files = await _of_round(session, found, own, shelf, tiles)
    for contest, count in await counting.counts_of_round(session, found.id):
        files += await _of_contest(session, found, contest, [count.ballots_sha256, count.outcome_sha256], shelf)
    return RoundFiles(
        found,
        own,
        Listing(
            version=1,
            round=slug,
            names=[(language, text) for language, text in found.names],
            licence=found.licence,
            source=found.source,
            created_at=found.created_at,
            opens_at=found.opens_at,
            closes_at=found.closes_at,
            description=f"/data/{slug}/dataset.jsonld",
            files=files,
        ),
    )


async def _of_round(
    session: AsyncSession, found: Round, own: PublicRound | None, shelf: BundleShelf, tiles: TileStore
) -> list[ListedFile]:
    slug, base = found.slug, f"/data/{found.slug}"
    files = []
    if bundle := await _bundle(session, found, shelf, tiles):
        files.append(bundle)
    if found.manifest_sha256 is not None:
        files.append(_fixed("manifest", f"{base}/manifest.json", JSON, (await manifest_of(session, found))[0]))
    if own is not None:
        files += await _of_own(session, found, own)
    for state in await states.published_states(session, found.id):
        body = await record.get_file(session, state.sha256)
        files.append(_fixed("state", f"{base}/states/{state.place}.json", JSON, body))
    if own is not None and await is_confirmed(session, found):
        media = {"implementation.json": JSON, "implementation.csv": CSV, "implementation.atom": ATOM}
        files += [_changing("implementation", f"{base}/{name}", media[name]) for name in media]
    if (turnout := await turnout_body(session, found)) is not None:
        files.append(_fixed("turnout", f"{base}/turnout.json", JSON, turnout))
        files.append(_changing("turnout", f"{base}/turnout.csv", CSV))
    if (ages := await ages_body(session, found)) is not None:
        files.append(_fixed("ages", f"{base}/ages.json", JSON, ages))
        files.append(_changing("ages", f"{base}/ages.csv", CSV))
    files += [
        _changing("round", f"/api/v1/rounds/{slug}", JSON),
        _changing("news", f"{base}/news.atom", ATOM),
        _changing("description", f"{base}/dataset.jsonld", JSON_LD),
        _changing("description", f"{base}/dataset.ttl", TURTLE),
    ]
    return files


async def _bundle(session: AsyncSession, found: Round, shelf: BundleShelf, tiles: TileStore) -> ListedFile | None:
    """The evidence, or before the vote the record of the process; None before there is one."""
    counted = found.manifest_sha256 is not None and found.phase in AFTER_COUNT
    if not counted and found.manifest_sha256 is not None:
        return None
    kind = "evidence" if counted else "process"
    try:
        file = await (shelf.bundle if counted else shelf.process)(session, found.slug, tiles)
    except NothingToExport:
        return None
    return _kept(kind, f"/data/{found.slug}/{kind}.zip", ZIP, file)


async def _of_own(session: AsyncSession, found: Round, own: PublicRound) -> list[ListedFile]:
    slug = found.slug
    files = [_changing("dates", f"/data/{slug}/calendar.ics", CALENDAR)]
    if own.setup.districts.districts:
        files.append(_changing("districts", f"/api/v1/rounds/{slug}/districts", GEOJSON))
    for kind in PLACE_KINDS:
        try:
            body = await published_table(session, found, kind)
        except PlaceTableNeeded:
            continue
        files.append(_fixed(kind, f"/data/{slug}/{kind}.json", JSON, body))
    if PHASES.index(own.phase) >= PHASES.index("ideas"):
        media = {"proposals.json": JSON, "proposals.csv": CSV, "proposal-history.csv": CSV, "proposals.atom": ATOM}
        files += [_changing(name.partition(".")[0], f"/data/rounds/{slug}/{name}", media[name]) for name in media]
    if (row := await lists.published_list(session, found)) is not None:
        files.append(_fixed("ballot-list", f"/data/rounds/{slug}/ballot-list.json", JSON, row.body))
    return files


async def _of_contest(
    session: AsyncSession, found: Round, contest: Contest, hashes: Sequence[bytes], shelf: BundleShelf
) -> list[ListedFile]:
    """The downloads of a count, then the three documents that the record names by hash."""
    base = f"/data/{found.slug}/{contest.key}"
    made = await shelf.contest(session, found.slug, contest.key)
    files = [
        _kept(name.replace(".", "-"), f"{base}/{name}", media, made[name], contest.key)
        for name, media in CONTEST_FILES.items()
    ]
    _, manifest = await manifest_of(session, found)
    named = zip(
        ("list", "ballots", "outcome"),
        [canonical.unb64u(manifest["contests"][contest.position]["list"]), *hashes],
        strict=True,
    )
    for kind, name in named:
        files.append(_fixed(kind, f"{base}/{kind}.json", JSON, await record.get_file(session, name), contest.key))
    return files


def _kept(kind: str, href: str, media_type: str, file: Kept, contest: str | None = None) -> ListedFile:
    return ListedFile(kind, href, media_type, contest, size=file.size, sha256=file.sha256, changes=False)


def _fixed(kind: str, href: str, media_type: str, body: bytes, contest: str | None = None) -> ListedFile:
    return ListedFile(kind, href, media_type, contest, size=len(body), sha256=sha256(body).hexdigest(), changes=False)


def _changing(kind: str, href: str, media_type: str) -> ListedFile:
    return ListedFile(kind, href, media_type, None, size=None, sha256=None, changes=True)
