"""`pb serve`: the web application and the sequencer of the record, until a signal ends them."""

import click

from pb_service.app import create_app
from pb_service.cli.console import fail, say, settings, with_service
from pb_service.platform.logs import configure
from pb_service.platform.processes import end_with, handed_over, keep_serving
from pb_service.platform.safety import refuse_unsafe
from pb_service.platform.server import listen, serve_app
from pb_service.service import Service, on_port


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="One for each core.")
@click.option("--sockets", hidden=True, help="Serve on these, which another process has opened.")
@click.option("--keeper", type=int, hidden=True, help="End when this pipe closes.")
def serve(processes: int, sockets: str | None, keeper: int | None) -> None:
    """Serve the pages, the API and the record until Ctrl-C.

    Several processes share the port. One of them sequences the record; when one ends, the others go on, and another
    takes its place.
    """
    configure("info")

    async def work(service: Service) -> None:
        if sockets is not None and keeper is not None:
            end_with(keeper)
            own = handed_over(sockets)
            await serve_app(create_app(on_port(service, own[0].getsockname()[1])), own)
            return
        await refuse_unsafe(service.settings, service.database, service.database.name)
        opened, port = listen(service.settings.listen, service.settings.port, say=say)
        click.echo(f"Serving on port {port}.")
        if processes == 1:
            await serve_app(create_app(on_port(service, port)), opened)
        else:
            await keep_serving(["serve"], opened, processes, say=say)

    if processes > 1 and settings().redis_url is None:
        fail("several processes need PB_REDIS_URL, where they count attempts to sign in together")
    with_service(work, role="serve" if processes == 1 else "keeper")
