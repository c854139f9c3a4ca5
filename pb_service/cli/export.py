"""`pb export`: the evidence bundle of a round, for auditors."""

import os
from pathlib import Path

import click

from pb_service.cli.console import with_service
from pb_service.features.opendata.bundle import evidence_bundle, evidence_checkpoint
from pb_service.features.rounds.service import published_round
from pb_service.service import Service


@click.command()
@click.argument("slug")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def export(slug: str, out: Path) -> None:
    """Write everything needed to count the round SLUG again into one file. Check it with pb-verify."""

    async def write(service: Service) -> int:
        data = await bundle_of(service, slug)
        unfinished = out.with_name(out.name + ".unfinished")
        unfinished.write_bytes(data)
        os.replace(unfinished, out)  # somebody else sees the whole file or none
        return len(data)

    size = with_service(write)
    click.echo(f"Wrote {out} ({size:,} bytes). Check it with: pb-verify {out}")


async def bundle_of(service: Service, slug: str) -> bytes:
    """Return the bundle of a round as of its newest published checkpoint. Raises NothingToExport or RoundNotFound."""
    async with service.database.reading() as session:
        shown = await published_round(session, slug)
        return await evidence_bundle(session, shown, await evidence_checkpoint(session, shown, service.tiles))
