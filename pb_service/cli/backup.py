"""`pb backup` and `pb restore`: one file that brings a service back."""

import asyncio
from pathlib import Path

import click
from sqlalchemy import select

from pb_service.cli.console import EXPECTED, fail, say, settings
from pb_service.core.record import checkpoint
from pb_service.core.record.checkpoint import CheckpointError
from pb_service.features.record.tables import Log
from pb_service.platform.backup import BackupError, restore_backup, write_backup
from pb_service.platform.clock import system_clock
from pb_service.platform.db import Database
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import client_programs, database_url

passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Read the passphrase from a file instead."
)


def _passphrase(given: Path | None, *, anew: bool) -> str:
    told: str = (
        given.read_text(encoding="utf-8").rstrip("\n")
        if given
        else click.prompt("Passphrase", hide_input=True, confirmation_prompt=anew)
    )
    if anew and len(told) < 12:
        fail("the passphrase must have at least 12 characters: whoever has the file and guesses it has the keys")
    return told


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
def backup(file: Path, passphrase_file: Path | None) -> None:
    """Write database, files, record and sealed keys to FILE. The service may go on meanwhile."""
    if file.exists():
        fail(f"{file} is there already; give another name")
    given = settings()
    passphrase = _passphrase(passphrase_file, anew=True)
    try:
        with database_url(given, say=say) as url:
            say("Writing the backup (seconds to minutes, by size).")
            write_backup(
                file,
                url=url,
                programs=client_programs(given),
                data=given.data,
                passphrase=passphrase,
                heads=asyncio.run(_sizes(url)),
                now=system_clock(),
            )
    except (BackupError, *EXPECTED) as error:
        fail(str(error))
    say(f"{file}: {file.stat().st_size:,} bytes. Keep the passphrase in another place.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@passphrase_option
def restore(file: Path, passphrase_file: Path | None) -> None:
    """Bring FILE back into an empty database and an empty PB_DATA."""
    given = settings()
    passphrase = _passphrase(passphrase_file, anew=False)
    try:
        with database_url(given, say=say) as url:
            say("Checking the backup, then loading it (seconds to minutes, by size).")
            meta = restore_backup(
                file,
                url=url,
                programs=client_programs(given),
                data=given.data,
                passphrase=passphrase,
                known_heads=known_heads(given.data / "record"),
            )
            asyncio.run(upgrade(url))
    except (BackupError, *EXPECTED) as error:
        fail(str(error))
    say(f"The service is as it was on {meta['made']}. `pb doctor` looks over it.")


async def _sizes(url: str) -> dict[str, int]:
    database = Database(url, name="backup")
    try:
        async with database.reading() as session:
            return {log.slug: log.size for log in await session.scalars(select(Log))}
    finally:
        await database.close()


def known_heads(folder: Path) -> dict[str, int]:
    """Return the size of the published head of each record below a folder. Raises BackupError for a damaged one."""
    heads = {}
    for path in folder.glob("*/checkpoint"):
        try:
            heads[path.parent.name] = checkpoint.parse(path.read_bytes()).size
        except CheckpointError as error:
            raise BackupError(f"{path} is no head of a record ({error}): get the published one first.") from error
    return heads
