"""`pb worker`: jobs and the sequencer of the public record alone, beside web processes."""

import asyncio

import click

from pb_service.background import at_work
from pb_service.cli.console import say, with_service
from pb_service.platform.logs import configure
from pb_service.platform.safety import UnsafeSettings, dangers
from pb_service.service import Service


@click.command()
def worker() -> None:
    """Run jobs (mail among them), give entries their place in the public record and publish its head, until Ctrl-C."""

    configure("info")

    async def work(service: Service) -> None:
        if found := list(dangers(service.settings)):
            raise UnsafeSettings("not started: " + " ".join(found))
        say("Running jobs and sequencing the public record.")
        async with at_work(service, jobs=True):
            await asyncio.Event().wait()

    with_service(work, role="worker")
