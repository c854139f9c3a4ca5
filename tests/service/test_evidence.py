"""The evidence bundle: complete, the same for the same state, accepted by the checker that shares nothing with us."""

import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from pb_service.cli.counting import count_round
from pb_service.cli.export import bundle_of
from pb_service.features.opendata.errors import NothingToExport
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.service import Service
from tests.builders import import_options, pabulib_file
from tests.service.conftest import freeze_spring


async def counted(service: Service, **meta: str) -> Service:
    planned = plan_import([pabulib_file("North", **meta), pabulib_file("South")], import_options())
    async with service.database.transaction() as session:
        await import_round(session, planned, origin_host="example.org", now=service.clock())
    await count_round(service, "spring", say=lambda _: None)
    return service


def verify(bundle: bytes, folder: Path) -> tuple[int, dict[str, str]]:
    """Return pb-verify's exit status and what it says of each check."""
    file = folder / "spring.zip"
    file.write_bytes(bundle)
    command = [sys.executable, "-I", "-m", "pb_service.verifier", str(file), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # our own program
    report = json.loads(done.stdout)
    return done.returncode, {check["id"]: check["status"] for check in report["checks"]}


async def test_two_exports_of_the_same_state_are_the_same_bytes(service: Service) -> None:
    await counted(service)
    assert await bundle_of(service, "spring") == await bundle_of(service, "spring")


async def test_the_bundle_has_a_list_ballots_and_an_outcome_for_each_contest(service: Service) -> None:
    names = zipfile.ZipFile(BytesIO(await bundle_of(await counted(service), "spring"))).namelist()
    assert [name for name in names if not name.startswith("tile/")] == [
        "ballots/north.json",
        "ballots/south.json",
        "checkpoint",
        "lists/north.json",
        "lists/south.json",
        "manifest.json",
        "outcomes/north.json",
        "outcomes/south.json",
    ]


@pytest.mark.parametrize(
    "meta",
    [
        {"rule": "greedy"},
        {"rule": "greedy-no-skip"},
        {"rule": "greedy-threshold", "min_project_score_threshold": "2"},
        {"rule": "equalshares"},
        {"rule": "equalshares/add1"},
        {"max_length": "1"},
        {"budget": "100.125"},
    ],
)
async def test_pb_verify_finds_the_outcome_of_every_rule_correct(
    service: Service, folder: Path, meta: dict[str, str]
) -> None:
    status, results = verify(await bundle_of(await counted(service, **meta), "spring"), folder)
    assert status == 0
    assert {name for name, result in results.items() if result == "pass"} == {"V1", "V3", "V14", "V16", "V18"}


async def test_pb_verify_fails_when_a_file_was_exchanged_in_the_database(service: Service, folder: Path) -> None:
    """Whoever can write to the database cannot change a result: the record names every file by its hash."""
    bundle = await bundle_of(await counted(service), "spring")
    changed = bundle.replace(b'"winners":[0,2]', b'"winners":[0,1]')
    assert changed != bundle
    rebuilt = rebuild(changed)
    status, results = verify(rebuilt, folder)
    assert (status, results["V3"]) == (1, "fail")


def rebuild(bundle: bytes) -> bytes:
    """Return the container made anew around changed members, as a forger would."""
    from pb_service.core.rounds.bundle import zip_stored

    members = {}
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        for item in archive.infolist():
            start = item.header_offset + 30 + len(item.filename)
            members[item.filename] = bundle[start : start + item.file_size]
    return zip_stored(members)


async def test_there_is_nothing_to_export_before_the_count(service: Service) -> None:
    planned = plan_import([pabulib_file("North")], import_options())
    async with service.database.transaction() as session:
        await import_round(session, planned, origin_host="example.org", now=service.clock())
    await service.sequencer.settle()
    with pytest.raises(RoundNotFound):
        await bundle_of(service, "spring")
    await freeze_spring(service)
    await service.sequencer.settle()
    with pytest.raises(NothingToExport):
        await bundle_of(service, "spring")
