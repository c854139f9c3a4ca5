"""What every command shares: settings, the database while it runs, and how errors are said."""

import os
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import click
import uvloop

from pb_service.core.rounds.phases import PhaseError
from pb_service.features.record.errors import HeadMoved, RecordConflict
from pb_service.platform.errors import DomainError
from pb_service.platform.keys import KeyFolderError
from pb_service.platform.migrate import MigrationError, upgrade
from pb_service.platform.postgres import PostgresError, database_url
from pb_service.platform.safety import UnsafeSettings
from pb_service.service import Service, open_service
from pb_service.settings import Settings, SettingsError

T = TypeVar("T")

#: What a person can do something about; anything else is a fault of ours and shows its traceback.
EXPECTED = (
    DomainError,
    KeyFolderError,
    MigrationError,
    PhaseError,
    PostgresError,
    RecordConflict,
    SettingsError,
    UnsafeSettings,
    HeadMoved,
    OSError,
)


def say(text: str) -> None:
    """Tell the person at the terminal what is happening, without getting between the lines of a result."""
    click.echo(text, err=True)


def fail(text: str) -> NoReturn:
    """End the command: it was asked for something that cannot be done. Exit status 2."""
    click.echo(f"pb: {text}", err=True)
    raise SystemExit(2)


def settings() -> Settings:
    """Return the settings of the environment, or end with what is wrong with them."""
    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        fail(str(error))


def with_service(work: Callable[[Service], Awaitable[T]], given: Settings | None = None, *, role: str = "command") -> T:
    """Run an act on the service: the database is started if need be, brought up to date, and left as it was found.

    ``given`` are the settings, by default those of the environment; ``role`` is what this process says it does.
    """
    given = given or settings()

    async def run(url: str) -> T:
        if await upgrade(url):
            say("The database has been brought up to date.")
        async with open_service(given, url, role=role) as service:
            return await work(service)

    try:
        with database_url(given, say=say) as url:
            return uvloop.run(run(url))
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # as a shell reports a program ended by Ctrl-C
    except EXPECTED as error:
        fail(str(error))
