"""`pb admin`: the first administrator, and the way back when no administrator can come in any more."""

import click

from pb_service.cli.console import fail, say, with_service
from pb_service.features.accounts.invitations import INVITATION_LIFE, has_administrator, invite_administrator
from pb_service.service import Service
from pb_service.web.languages import DEFAULT
from pb_service.web.locales import LANGUAGES, Language


@click.group("admin")
def admin() -> None:
    """Administrators: make the first one."""


@admin.command("create")
@click.argument("email")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True, help="The language of the pages."
)
@click.option("--another", is_flag=True, help="Also when there is an administrator, such as one who lost everything.")
def create(email: str, language: Language, another: bool) -> None:
    """Print a one-time link that makes EMAIL an administrator. The password is set on its page, never here."""

    async def make(service: Service) -> str:
        async with service.database.transaction() as session:
            if not another and await has_administrator(session):
                fail("there is an administrator already, who can invite others; --another makes one all the same")
            path = await invite_administrator(session, email, language=language, now=service.clock())
        return service.settings.public_url + path

    click.echo(with_service(make))
    say(f"The link works once, for {INVITATION_LIFE.days} days. Whoever opens it first becomes administrator.")
