"""`pb round`: import a round from Pabulib files, list rounds, count."""

import re
from pathlib import Path
from typing import cast, get_args

import click

from pb_service.cli.console import fail, say, with_service
from pb_service.cli.counting import count_round
from pb_service.cli.files import printable, problem_lines, read_bytes
from pb_service.core.rounds.documents import Tie
from pb_service.core.rounds.money import decimal_text
from pb_service.core.tally import TallyError
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, read_pabulib
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.opendata.imports import ImportOptions, ImportPlan, import_round, plan_import
from pb_service.features.opendata.service import list_rounds
from pb_service.service import Service


@click.group("round")
def round_() -> None:
    """Rounds: import, list, count."""


@round_.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", "slug", required=True, help="The round's name in addresses: small letters, digits, hyphens.")
@click.option("--title", "titles", multiple=True, help="The round's title, as LANGUAGE=TEXT; once for each language.")
@click.option("--licence", required=True, help="The licence of the data as its publisher states it.")
@click.option("--source", required=True, help="Where the data comes from, as it will be shown.")
@click.option("--ties", default="cost,id", show_default=True, help="The tie rule: cost, cost_desc, votes, id.")
@click.option("--rule", help="A short rule name for all files instead of each file's own.")
@click.option("--dry-run", is_flag=True, help="Only report; store nothing.")
def import_command(
    files: tuple[Path, ...],
    slug: str,
    titles: tuple[str, ...],
    licence: str,
    source: str,
    ties: str,
    rule: str | None,
    dry_run: bool,
) -> None:
    """Read several .pb or .pb.gz FILES in as the districts of one round, with ballots in clear."""
    options = ImportOptions(
        slug=slug,
        names=_titles(titles) or [("en", slug)],
        licence=licence,
        source=source,
        ties=_ties(ties),
        rule=rule,
    )
    try:
        parsed = [read(path) for path in files]
        for file, _ in parsed:
            for line in problem_lines(file):
                click.echo(line)
        plan = plan_import(parsed, options)
    except (PabulibError, ImportRefused, TallyError) as error:
        fail(str(error))
    report(plan)
    if dry_run:
        return

    async def store(service: Service) -> None:
        async with service.database.transaction() as session:
            await import_round(session, plan, origin_host=service.settings.origin, now=service.clock())
        await service.sequencer.settle()

    with_service(store)
    click.echo(f"Imported as {slug!r}. Count it with: pb round count {slug}")


@round_.command("count")
@click.argument("slug")
def count_command(slug: str) -> None:
    """Freeze the manifest of the round SLUG, close it, count every district and publish the preliminary result."""

    async def count(service: Service) -> None:
        await count_round(service, slug, say=say)

    with_service(count)
    click.echo(f"The round {slug!r} is counted; its result is published as preliminary.")


@round_.command("list")
def list_command() -> None:
    """List the published rounds."""

    async def show(service: Service) -> None:
        async with service.database.reading() as session:
            for found in await list_rounds(session):
                click.echo(f"{found.id}\t{found.phase}\t{found.names[0][1]}")

    with_service(show)


def read(path: Path) -> tuple[PabulibFile, bytes]:
    """Return a file parsed and as bytes. Raises PabulibError."""
    data = read_bytes(path)
    return read_pabulib(data, name=path.name), data


def report(plan: ImportPlan) -> None:
    """Say what each file holds."""
    unit = plan.setup.unit
    for contest in plan.contests:
        setup = contest.setup
        click.echo(
            f"{contest.file}: {printable(setup.title[0][1])}, {len(setup.projects)} projects, "
            f"{len(contest.ballots)} ballots, budget {decimal_text(setup.budget, unit)} {plan.setup.currency}"
            + (f", {contest.over} ballots beyond a limit (counted as they stand)" if contest.over else "")
        )


def _titles(titles: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [title.partition("=") for title in titles]
    if any(not re.fullmatch(r"[a-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) or not text for language, _, text in pairs):
        fail("--title must be LANGUAGE=TEXT, such as --title 'fi=Varsova 2023'")
    return [(language, text) for language, _, text in pairs]


def _ties(text: str) -> tuple[Tie, ...]:
    ties = tuple(part.strip() for part in text.split(","))
    if unknown := [tie for tie in ties if tie not in get_args(Tie)]:
        fail(f"--ties has {unknown[0]!r}; known are {', '.join(get_args(Tie))}")
    return cast(tuple[Tie, ...], ties)
