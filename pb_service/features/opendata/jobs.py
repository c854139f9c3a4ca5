"""The jobs of the stage opendata: archived rounds brought in by screen, and the check of a counted round by pb-verify,
a process that shares nothing with us.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import Phase
from pb_service.features.opendata import archive
from pb_service.features.opendata.bundle import evidence_bundle, evidence_checkpoint
from pb_service.features.opendata.errors import NothingToExport
from pb_service.features.opendata.service import store_verification
from pb_service.features.record.store import TileStore
from pb_service.features.results.states import VERIFY_JOB, check_anew
from pb_service.features.rounds.service import published_round
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Failure, Handler


class Surroundings(Protocol):
    """What this job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def tiles(self) -> TileStore: ...


async def verify_later(session: AsyncSession, found: Round, _source: Phase, target: Phase, now: datetime) -> None:
    """A phase effect: with its results a round of one's own is given to the checker."""
    if target == "results" and not found.imported and found.manifest_sha256 is not None:
        await check_anew(session, found, now)


async def verify(service: Surroundings, payload: Mapping[str, Any]) -> None:
    """Check the evidence of a counted round and publish the report, whatever it says.

    Raises Failure while the record with the results is not published yet, and when the checker cannot read it.
    """
    async with service.database.reading() as session:
        try:
            shown = await published_round(session, payload["slug"])
            bundle = await evidence_bundle(session, shown, await evidence_checkpoint(session, shown, service.tiles))
        except NothingToExport as error:
            raise Failure(str(error)) from error
    report = await _checked(bundle)
    async with service.database.transaction() as session:
        await store_verification(session, payload["slug"], bundle, report, now=service.clock())


async def _checked(bundle: bytes) -> dict[str, Any]:
    """What pb-verify says of a bundle, as an auditor would hear it: another process, with the file and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        await asyncio.to_thread(path.write_bytes, bundle)
        root = str(Path(__file__).parents[3])  # wherever this program stands
        checker = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "pb_service.verifier", str(path), "--format", "json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root},
        )
        try:
            said, complaint = await checker.communicate()
        except BaseException:
            checker.kill()
            raise
    if checker.returncode not in {0, 1}:
        raise Failure(f"pb-verify could not read the bundle: {complaint.decode(errors='replace').strip()[:500]}")
    report: dict[str, Any] = json.loads(said)
    return report


class All(Surroundings, archive.Surroundings, Protocol):
    """What these jobs need of the service."""


HANDLERS: Mapping[str, Handler[All]] = {
    VERIFY_JOB: verify,
    archive.IMPORT_JOB: archive.import_files,
    archive.COUNT_JOB: archive.count_files,
}
