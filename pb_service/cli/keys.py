"""`pb keys`: the service's own keys: which there are and how old, and a new one in place of an old one."""

import click

from pb_service.cli.console import EXPECTED, fail, say, settings, with_service
from pb_service.features.accounts.key_rotation import FIXED, SECRETS, rotate
from pb_service.platform.clock import system_clock
from pb_service.platform.keys import KeyFolder
from pb_service.service import Service


@click.group("keys")
def keys() -> None:
    """The service's own keys in PB_DATA/keys. (People's signing keys: `pb key`.)"""


@keys.command("list")
def list_() -> None:
    """Say which keys there are, how old, and which old ones are still accepted. Shows no secret."""
    folder, now = KeyFolder(settings().data / "keys"), system_clock()
    try:
        for name, made_at in folder.signing_keys():
            click.echo(f"{name:<9} {(now - made_at).days:>5} days  cannot be rotated")
        for name in filter(folder.has_secret, SECRETS):
            newest, *older = folder.secrets(name)
            click.echo(f"{name:<9} {(now - newest.made_at).days:>5} days  {newest.id}  {SECRETS[name].purpose}")
            for old in older:
                until = f"until {old.ends_at:%Y-%m-%d %H:%M} UTC" if old.ends_at else "while somebody is known by it"
                click.echo(f"{'':<9} {(now - old.made_at).days:>5} days  {old.id}  accepted {until}")
    except EXPECTED as error:
        fail(str(error))


@keys.command("rotate")
@click.argument("name", type=click.Choice([*SECRETS, *FIXED]))
@click.option("--at-once", is_flag=True, help="The old key leaked: accept nothing any more that was made with it.")
def rotate_(name: str, at_once: bool) -> None:
    """Make a new key NAME and let the old one go when nothing needs it. The service may go on meanwhile."""

    async def work(service: Service) -> None:
        await rotate(service.database, service.keys, name, at_once=at_once, now=service.clock(), done=say)

    with_service(work)
    say("Servers and workers on this folder use it from now on. `pb backup` again: older backups hold the old keys.")
