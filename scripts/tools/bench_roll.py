"""A register becomes a roll: read row by row, compared, taken, fixed, signed, opened; time and memory of each.

scripts/bench roll [--people N] [--sheet]

The list holds a line for each person, with a code of the right form that nobody has, a district and a language; or it
is a workbook of as many rows (--sheet, at most 200,000). The second list is the first with one in a hundred gone and
as many new.
The same jobs and functions do it as for the registrar; beside the wall the processor time of this process and of
PostgreSQL is said, since others may use the machine, and the most memory that this process has had so far.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from pb_service.features.opening.state import state_of
from pb_service.features.roll import imports
from pb_service.features.roll.tables import RollBatch
from pb_service.features.rounds.finding import find_round
from pb_service.platform.logs import configure
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.service import open_service
from pb_service.settings import Settings
from scripts.tools.bench_cast import Spent
from tests.conftest import FakeClock
from tests.rolls import ROLLED, code, opened, read_in, signed
from tests.sheets import workbook
from tests.voting import OpenVote, prepared_vote

DISTRICTS = ("Pohjoinen", "etela")
LANGUAGES = ("fi", "fi", "fi", "sv", "en")


def people(first: int, count: int, *, sheet: bool) -> bytes:
    """A register's list."""
    rows = [
        (code(number), DISTRICTS[number % 2], LANGUAGES[number % len(LANGUAGES)])
        for number in range(first, first + count)
    ]
    if sheet:
        return workbook([("hetu", "alue", "kieli"), *rows])
    return ("\r\n".join(["hetu;alue;kieli", *map(";".join, rows)]) + "\r\n").encode()


class Watch:
    """Says what each part took."""

    def __init__(self, cluster: Path) -> None:
        self._cluster = cluster

    @asynccontextmanager
    async def part(self, name: str) -> AsyncIterator[None]:
        before, began = Spent.now([], self._cluster), time.perf_counter()
        yield
        spent, wall = Spent.now([], self._cluster).since(before), time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name:<44}{wall:8.1f} s   CPU: here {spent.clients:6.1f}, PostgreSQL {spent.database:6.1f}"
            f"   at most {memory:5.0f} MB",
            flush=True,
        )


async def whole(vote: OpenVote, watch: Watch, body: bytes, name: str) -> RollBatch:
    """Hand a list in, read and compare it, and make it the roll."""
    service, by = vote.service, vote.registrar.actor
    async with watch.part(f"{name}: handed in, read, compared"):
        batch = await read_in(service, by, body)
    async with watch.part(f"{name}: taken, {batch.counts['people']} people"), service.database.transaction() as session:
        found = await find_round(session, vote.slug)
        await imports.take(session, by, found, batch.id, gone=batch.counts["gone"], now=service.clock())
    return batch


async def bench(url: str, folder: Path, given: argparse.Namespace) -> None:
    """The whole way of two lists."""
    await upgrade(url)
    watch, clock = Watch(folder / "database"), FakeClock()
    settings = Settings.from_environment({"PB_DATA": str(folder / "data")})
    async with open_service(settings, url, clock=clock) as service:
        vote = await prepared_vote(service, clock, eligibility=ROLLED)
        for number, name in enumerate(("first list", "second list")):
            body = people(number * (given.people // 100), given.people, sheet=given.sheet)
            await whole(vote, watch, body, name)
        async with watch.part("fixed, and signed by two people"):
            await signed(vote)
        async with watch.part("manifest made and signed, vote opened"):
            await opened(vote)
        for name in ("state of the vote", "and once more"):
            async with watch.part(name), service.database.reading() as session:
                found = await find_round(session, vote.slug, whole=False)
                await state_of(session, found.log)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_500_000)
    parser.add_argument("--sheet", action="store_true", help="a workbook instead of a text")
    given = parser.parse_args()
    configure("warning")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with embedded_postgres(folder / "database", say=lambda _: None) as url:
            uvloop.run(bench(url, folder, given))


if __name__ == "__main__":
    main()
