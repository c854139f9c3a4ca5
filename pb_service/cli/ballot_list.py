"""`pb list`: a round's ballot list as two people fixed it, with the hash that everybody compares."""

import hashlib
from pathlib import Path
from typing import Any

import click

from pb_service.cli.console import fail, with_service
from pb_service.cli.files import printable
from pb_service.core.record import canonical
from pb_service.core.rounds.money import decimal_text
from pb_service.features.assessment.lists import published_list
from pb_service.features.rounds.service import published_round
from pb_service.service import Service


@click.command("list")
@click.argument("slug")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the list to this file as well.")
def list_(slug: str, out: Path | None) -> None:
    """Print the ballot list of the round SLUG and its SHA-256, computed from the stored bytes."""

    async def read(service: Service) -> tuple[bytes, int] | None:
        async with service.database.reading() as session:
            found = await published_list(session, await published_round(session, slug, whole=False))
            return (found.body, found.version) if found else None

    found = with_service(read)
    if found is None:
        fail(f"The ballot list of the round {slug!r} is not fixed yet.")
    body, version = found
    if out:
        out.write_bytes(body)
    show(canonical.decode(body), version)
    click.echo(f"SHA-256 {hashlib.sha256(body).hexdigest()}")


def show(listed: Any, version: int) -> None:
    """Print a list for people: each ballot with its money, each project with its price."""
    unit, currency = listed["unit"], listed["currency"]
    click.echo(f"Ballot list of {listed['round']}, version {version}")
    for contest in listed["contests"]:
        money = f"{decimal_text(contest['budget'], unit)} {currency}"
        rule = f"{contest['rule']['name']}, ties by {', '.join(contest['rule']['ties'])}"
        click.echo(f"\n{contest['id']}  {printable(contest['title'][0][1])}: {money}, {contest['fmt']}, {rule}")
        for project in contest["projects"]:
            numbers = ", ".join(f"p{number}" for number in project["proposals"])
            price = f"{decimal_text(project['cost'], unit)} {currency}"
            click.echo(f"  {project['id']}  {price:>16}  {printable(project['title'][0][1])}  ({numbers})")
    click.echo("")
