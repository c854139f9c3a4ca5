"""What the tools of people outside the service share: how they end, and their language."""

from typing import IO

import click

from pb_service.trustee.words import LANGUAGES


class Stopped(click.ClickException):
    """The tool cannot go on; a person can mend it."""

    exit_code = 2


class Alarmed(click.ClickException):
    """The record cannot be trusted."""

    exit_code = 3

    def show(self, file: IO[str] | None = None) -> None:
        """Say the alarm as it is, without the word Error before it."""
        click.echo(self.message, file=file, err=True)


language_option = click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
