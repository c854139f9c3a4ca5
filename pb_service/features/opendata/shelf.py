"""Files on disk, each made once: evidence bundles by the tree head that they come from, downloads by their count.

A download is then the same bytes for everybody, has a size and a SHA-256 before anybody asks for it, and costs a read.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.features.counting import repository as counting
from pb_service.features.opendata import pabulib, tabular
from pb_service.features.opendata.bundle import (
    evidence_bundle,
    evidence_checkpoint,
    process_bundle,
    published_checkpoint,
)
from pb_service.features.opendata.places import projects_geojson
from pb_service.features.record import service as record
from pb_service.features.record.store import TileStore
from pb_service.features.results.errors import ContestNotFound
from pb_service.features.results.service import ballots_in, contest_documents, contest_of
from pb_service.features.rounds.service import published_round
from pb_service.features.rounds.tables import Round

#: What is made of every count.
CONTEST_FILES = ("ballots.pb", "ballots.csv", "projects.csv", "turns.csv", "projects.geojson")

#: Counted up when a file of a count would come out otherwise than before, so that old ones are not given out any more.
_EDITION = 2

#: Makes a bundle of a round as of a published checkpoint.
Maker = Callable[[AsyncSession, Round, bytes], Awaitable[bytes]]

#: Ends the names of evidence bundles; another one whenever the same tree head gives other members than before.
_FORM = "-2"


@dataclass(frozen=True)
class Kept:
    """A file on the shelf: where it lies, how large it is, its SHA-256 in hexadecimal, and when what it says was so."""

    path: Path
    size: int
    sha256: str
    modified: float


class BundleShelf:
    """Evidence bundles and the downloads of counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, Kept] = {}

    async def bundle(self, session: AsyncSession, slug: str, tiles: TileStore) -> Kept:
        """Return the bundle as of the newest checkpoint. Raises NothingToExport or RoundNotFound."""
        return await self._made(session, slug, tiles, _FORM, evidence_bundle)

    async def process(self, session: AsyncSession, slug: str, tiles: TileStore) -> Kept:
        """Return the bundle of a round before its vote. Raises NothingToExport or RoundNotFound."""
        return await self._made(session, slug, tiles, "-process", process_bundle)

    async def _made(self, session: AsyncSession, slug: str, tiles: TileStore, ending: str, make: Maker) -> Kept:
        shown = await published_round(session, slug)
        is_evidence = make is evidence_bundle
        published = (
            await evidence_checkpoint(session, shown, tiles) if is_evidence else published_checkpoint(tiles, slug)
        )
        path = self._folder / f"{slug}-{sha256(published).hexdigest()[:32]}{ending}.zip"
        if not path.is_file():
            data = await make(session, shown, published)
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as unfinished:
                unfinished.write(data)
            os.replace(unfinished.name, path)  # a reader sees the whole file or none
        return await self._kept(path)

    async def contest(self, session: AsyncSession, slug: str, contest_key: str) -> dict[str, Kept]:
        """Return a count's downloads by name, made at the first call. Raises RoundNotFound, ContestNotFound."""
        shown = await published_round(session, slug)
        contest = contest_of(shown, contest_key)
        count = await counting.count_of(session, contest.id)
        if count is None or shown.manifest_sha256 is None:
            raise ContestNotFound(f"The contest {contest_key!r} has not been counted yet.")
        made_from = [shown.manifest_sha256, count.ballots_sha256, count.outcome_sha256]
        name = sha256(b"%d/" % _EDITION + b"".join(made_from)).hexdigest()[:32]
        folder = self._folder / slug / f"{contest_key}-{name}"
        if not await asyncio.to_thread(folder.is_dir):
            documents = await contest_documents(session, slug, contest_key)
            published = canonical.decode(await record.get_file(session, count.ballots_sha256))
            ballots = ballots_in(published, documents.contest)

            def files() -> Mapping[str, bytes]:
                return {
                    "ballots.pb": pabulib.contest_pabulib(documents, ballots, contest.imported_meta),
                    "ballots.csv": tabular.for_spreadsheets(tabular.ballots_csv(documents, ballots)),
                    "projects.csv": tabular.for_spreadsheets(tabular.projects_csv(documents)),
                    "turns.csv": tabular.for_spreadsheets(tabular.turns_csv(documents)),
                    "projects.geojson": projects_geojson(documents),
                }

            # Beside the loop: a large count takes seconds.
            await asyncio.to_thread(_keep, folder, files, count.counted_at.timestamp())
        return {name: await self._kept(folder / name) for name in CONTEST_FILES}

    async def _kept(self, path: Path) -> Kept:
        """What is said of a file; read once, since a file on the shelf never changes."""
        if path not in self._known:
            self._known[path] = await asyncio.to_thread(_described, path)
        return self._known[path]


def _described(path: Path) -> Kept:
    about = path.stat()
    with path.open("rb") as file:
        return Kept(path, about.st_size, file_digest(file, "sha256").hexdigest(), about.st_mtime)


def _keep(folder: Path, files: Callable[[], Mapping[str, bytes]], at: float) -> None:
    """Write files into a folder that appears with all of them or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    unfinished.chmod(0o755)
    for name, body in files().items():
        (unfinished / name).write_bytes(body)
        os.utime(unfinished / name, (at, at))
    try:
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished)  # another process was quicker
        if not folder.is_dir():
            raise
