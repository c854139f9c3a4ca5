"""`pb worker`: the sequencer of the public record alone, beside web processes on other machines."""

import click

from pb_service.cli.console import say, with_service
from pb_service.platform.logs import configure
from pb_service.service import Service


@click.command()
def worker() -> None:
    """Give entries their place in the public record and publish its head, until Ctrl-C."""

    configure("info")

    async def work(service: Service) -> None:
        say("Sequencing the public record.")
        await service.sequencer.run_forever()

    with_service(work)
