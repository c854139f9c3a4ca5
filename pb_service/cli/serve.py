"""`pb serve`: the web application and the sequencer of the record, until a signal ends them."""

import click

from pb_service.app import create_app
from pb_service.cli.console import say, with_service
from pb_service.platform.logs import configure
from pb_service.platform.safety import refuse_unsafe
from pb_service.platform.server import listen, serve_app
from pb_service.service import Service, on_port


@click.command()
def serve() -> None:
    """Serve the pages, the API and the record until Ctrl-C."""
    configure("info")

    async def work(service: Service) -> None:
        await refuse_unsafe(service.settings, service.database, service.database.name)
        sockets, port = listen(service.settings.listen, service.settings.port, say=say)
        click.echo(f"Serving on port {port}.")
        await serve_app(create_app(on_port(service, port)), sockets)

    with_service(work, role="serve")
