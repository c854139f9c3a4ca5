"""`pb run`: the main job. The demonstration round is read in, counted, published and verified; beside it one is open
for voting; then both are served."""

import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, cast

import click

from pb_service.app import create_app
from pb_service.cli.console import fail, say, settings, with_service
from pb_service.cli.counting import count_round
from pb_service.cli.demo_vote import open_demonstration_vote
from pb_service.cli.export import bundle_of
from pb_service.core.rounds.money import decimal_text
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.demo.harbour import SLUG
from pb_service.features.accounts import development
from pb_service.features.accounts.development_pages import links
from pb_service.features.opendata.imports import ImportOptions, import_round, plan_import
from pb_service.features.opendata.service import store_verification
from pb_service.features.results.documents import ContestDocuments
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.service import find_round
from pb_service.platform.logs import configure
from pb_service.platform.safety import refuse_unsafe
from pb_service.platform.server import listen, serve_app
from pb_service.service import Service, on_port

DEMO = ImportOptions(
    slug="demo",
    names=[("fi", "Varsova 2023"), ("sv", "Warszawa 2023"), ("en", "Warsaw 2023")],
    licence="licence not stated",
    source="Pabulib / City of Warsaw",
    ties=("cost", "id"),
)


@dataclass(frozen=True)
class Verdict:
    """What pb-verify said: its exit status and its report."""

    passed: bool
    report: dict[str, Any]


@click.command()
@click.option("--once", is_flag=True, help="End after the verification, with exit status 0 or 1, instead of serving.")
def run(once: bool) -> None:
    """Count, publish and verify the demonstration round, open another one for voting, and serve both until Ctrl-C."""

    configure("info")

    given = settings()
    if given.development is None:  # nobody but a user of this machine can come
        given = replace(given, development=given.is_this_machine_alone)

    async def work(service: Service) -> bool:
        if not once:  # before the work, which takes a while
            await refuse_unsafe(service.settings, service.database, service.database.name)
        passed = await _demonstrate(service)
        if service.settings.development:
            async with service.database.transaction() as session:
                await development.everybody(session, now=service.clock())
            if not once:
                await open_demonstration_vote(service)
        if not once:
            sockets, port = listen(service.settings.listen, service.settings.port, say=say)
            click.echo(f"\nOpen http://localhost:{port} in a browser. Ctrl-C ends the service; everything is kept.")
            if service.settings.development:
                click.echo(f"Vote at http://localhost:{port}/en/rounds/{SLUG}, as the resident below.")
                click.echo("\nSign in without a password, on this machine alone, as")
                for part, link in links(f"http://localhost:{port}"):
                    click.echo(f"{part:<15}{link}")
            await serve_app(create_app(on_port(service, port)), sockets)
        return passed

    if not with_service(work, given, role="run" if once else "serve"):
        raise SystemExit(1)


async def _demonstrate(service: Service) -> bool:
    if not await _exists(service, DEMO.slug):
        say("Reading in the demonstration round: six districts of Warsaw 2023.")
        async with service.database.transaction() as session:
            plan = plan_import(_demo_files(), DEMO)
            await import_round(session, plan, origin_host=service.settings.origin, now=service.clock())
    await count_round(service, DEMO.slug, say=say)
    say("Writing the evidence bundle and giving it to pb-verify, a program that shares nothing with this one.")
    bundle = await bundle_of(service, DEMO.slug)
    verdict = await asyncio.to_thread(_verify, bundle)
    async with service.database.transaction() as session:
        await store_verification(session, DEMO.slug, bundle, verdict.report, now=service.clock())
    equal = await _print_table(service, verdict)
    return verdict.passed and equal


async def _exists(service: Service, slug: str) -> bool:
    async with service.database.reading() as session:
        try:
            await find_round(session, slug)
        except RoundNotFound:
            return False
        return True


def _demo_files() -> list[tuple[Any, bytes]]:
    folder = resources.files("pb_service.demo")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".pb"))
    files = [(name, folder.joinpath(name).read_bytes()) for name in names]
    return [(read_pabulib(data, name=name), data) for name, data in files]


def _verify(bundle: bytes) -> Verdict:
    """Run pb-verify on the bundle as an auditor would: another process, with the file and nothing else."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(bundle)
        file.flush()
        command = [sys.executable, "-I", "-m", "pb_service.verifier", file.name, "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # our own program
    if done.returncode not in (0, 1):
        fail(f"pb-verify could not read the bundle: {done.stderr.strip()}")
    return Verdict(done.returncode == 0, cast(dict[str, Any], json.loads(done.stdout)))


async def _print_table(service: Service, verdict: Verdict) -> bool:
    """Print one line a district; return whether every outcome equals the city's own."""
    rows, all_equal = [], True
    async with service.database.reading() as session:
        shown = await find_round(session, DEMO.slug)
        for contest in shown.contests:
            documents = await contest_documents(session, DEMO.slug, contest.key)
            equal = documents.official == documents.outcome["winners"]
            all_equal &= equal
            rows.append(_row(documents, equal))
    header = ("district", "budget", "ballots", "projects", "winners", "cost", "left", "equals the city's outcome")
    _print_columns([header, *rows])
    checked = "bundle verified by pb-verify" if verdict.passed else "BUNDLE NOT VERIFIED: pb-verify found a failure"
    click.echo(f"\nMoney in {shown.currency}. Ties: lower cost, then id. {checked}.")
    return all_equal


def _row(documents: ContestDocuments, equal: bool) -> tuple[str, ...]:
    unit, outcome = documents.manifest["unit"], documents.outcome
    return (
        documents.ballot_list["title"][0][1],
        _grouped(decimal_text(outcome["budget"], unit)),
        _grouped(str(outcome["counts"]["ballots"])),
        str(len(outcome["projects"])),
        str(len(outcome["winners"])),
        _grouped(decimal_text(outcome["cost"], unit)),
        _grouped(decimal_text(outcome["budget"] - outcome["cost"], unit)),
        "yes" if equal else "NO",
    )


def _grouped(number: str) -> str:
    whole, point, decimals = number.partition(".")
    return f"{int(whole):,}{point}{decimals}"


def _print_columns(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        click.echo("  ".join(cells).rstrip())
