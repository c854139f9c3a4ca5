"""`pb`: the commands of the service, one file each, loaded only when they are called."""

from importlib import import_module

import click

#: Every command and where it lives. `pb tally` must not wait for a web framework and a database driver to load.
COMMANDS = {
    "run": "pb_service.cli.run:run",
    "serve": "pb_service.cli.serve:serve",
    "worker": "pb_service.cli.worker:worker",
    "doctor": "pb_service.cli.doctor:doctor",
    "round": "pb_service.cli.round:round_",
    "list": "pb_service.cli.ballot_list:list_",
    "admin": "pb_service.cli.admin:admin",
    "backup": "pb_service.cli.backup:backup",
    "restore": "pb_service.cli.backup:restore",
    "export": "pb_service.cli.export:export",
    "evidence": "pb_service.cli.evidence:evidence",
    "keys": "pb_service.cli.keys:keys",
    "key": "pb_service.cli.key:key",
    "tally": "pb_service.cli.tally:tally",
    "trustee": "pb_service.cli.trustee:trustee",
    "witness": "pb_service.cli.witness:witness",
    "monitor": "pb_service.cli.monitor:monitor",
    "election": "pb_service.cli.election:election",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pb-service", prog_name="pb")
def main() -> None:
    """Participatory budgeting: rounds, counts, evidence."""
