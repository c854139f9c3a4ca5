"""`pb`: one command group; each command's module is loaded only when it is called, so that `pb tally` stays quick."""

from importlib import import_module

import click

_COMMANDS = {
    "db": "pb_service.cli.db:db",
    "export": "pb_service.cli.export:export",
    "round": "pb_service.cli.round:round_",
    "run": "pb_service.cli.run:run",
    "serve": "pb_service.cli.serve:serve",
    "tally": "pb_service.cli.tally:tally",
}


class LazyGroup(click.Group):
    """Knows the names of its commands and where they live; imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
def main() -> None:
    """Participatory budgeting: rounds, votes, exact tallies, evidence."""
