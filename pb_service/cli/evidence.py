"""`pb evidence`: confidential evidence for auditors, opened where their key lies."""

from pathlib import Path

import click

from pb_service.cli.console import fail, settings
from pb_service.core.sealing.evidence_export import ExportError, open_export
from pb_service.features.opening.drafting import evidence_key
from pb_service.platform.keys import KeyFolder


@click.group()
def evidence() -> None:
    """Evidence for auditors. It says who voted, never how."""


@evidence.command(name="open")
@click.argument("sealed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
def open_(sealed: Path, folder: Path) -> None:
    """Open a SEALED export with the key in PB_DATA into a new FOLDER, for `pb-verify --audit FOLDER`."""
    try:
        files = open_export(sealed.read_bytes(), evidence_key(KeyFolder(settings().data / "keys")))
    except ExportError as error:
        fail(str(error))
    if folder.exists():
        fail(f"{folder} is there already")
    folder.mkdir(mode=0o700, parents=True)
    for name, body in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            fail(f"{sealed} names a file outside the folder")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(body)
    click.echo(f"Opened into {folder}. Check it with: pb-verify --audit {folder} EVIDENCE.zip")
