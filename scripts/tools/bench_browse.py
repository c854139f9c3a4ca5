"""Print how long the server takes for the pages on which residents read proposals: median and 95th percentile.

scripts/bench browse [--requests N]

The round has 1,500 real titles (every project of pb_service/demo and tests/data/pabulib) in 20 districts, each with a
text made of other titles, supporters and a place, one of them with 5,000 comments; and our sixty short texts in
Finnish, Swedish and English (tests/data/proposals), which search and likeness are asked about. The time is that of the
whole application without the network: routing, queries, template, compression; `busy` is the processor's part of it
without the database. Nothing comes from the cache of pages.
"""

import argparse
import asyncio
import logging
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import httpx
import msgspec
import structlog
from litestar import Litestar
from sqlalchemy import insert, select, text, update

from pb_service.app import create_app
from pb_service.core.rounds.setup import District, DistrictsStep
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.features.accounts.tables import Account
from pb_service.features.proposals.tables import Proposal, ProposalComment, ProposalSupport
from pb_service.features.rounds.finding import find_round
from pb_service.platform.db import uuid7
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.service import Service, open_service
from pb_service.settings import CHECKOUT, Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.proposals import open_round
from tests.residents import OWN_HEADERS, csrf_in
from tests.rounds import text as in_languages
from tests.town import TEXTS, fill, town_setup

TITLES, SUPPORTERS, COMMENTS = 1_500, 3_000, 5_000
WIDE, HIGH = 5, 4
THEMES = ("nature", "sport", "streets", "culture", "youth", "together", "other")
BASE = "/{}/rounds/spring/proposals"
LANGUAGES = ("fi", "sv", "en")


def real_titles() -> list[str]:
    """Every title of the files that come with the project, each once, in the order of the files."""
    files = [*(CHECKOUT / "pb_service" / "demo").glob("*.pb"), *(CHECKOUT / "tests" / "data" / "pabulib").glob("*.pb*")]
    found: dict[str, None] = {}
    for file in sorted(files):
        found |= {project.name.strip(): None for project in read_pabulib(file.read_bytes(), name=file.name).projects}
    return [name for name in found if len(name) > 8][:TITLES]


def districts() -> tuple[District, ...]:
    """Twenty fields of a chessboard."""
    found = []
    for number in range(WIDE * HIGH):
        west, south = 24_600_000 + 40_000 * (number % WIDE), 60_100_000 + 35_000 * (number // WIDE)
        east, north = west + 40_000, south + 35_000
        ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
        name = in_languages(f"Alue {number + 1}", f"Område {number + 1}", f"District {number + 1}")
        found.append(District(key=f"d{number + 1}", name=name, population=5_000, polygons=((ring,),)))
    return tuple(found)


def proposals(draw: random.Random) -> Iterator[Mapping[str, Any]]:
    """The sixty texts with their topics' places in the districts, then the real titles."""
    areas = districts()
    for each in TEXTS:
        yield {**each, "district": areas[int(each["number"]) % len(areas)].key}
    titles = real_titles()
    for number, title in enumerate(titles, start=len(TEXTS) + 1):
        area = draw.choice(areas)
        (x, y), *_ = area.polygons[0][0]
        words = draw.sample(titles, 14)
        yield {
            "number": number,
            "language": draw.choice(LANGUAGES),
            "title": title[:120],
            "need": ". ".join(words[:4]),
            "idea": ". ".join(words[4:13]),
            "audience": words[13][:200],
            "district": area.key,
            "theme": draw.choice(THEMES),
            "cost": draw.randrange(50_000, 20_000_000),
            "place": [x + draw.randrange(40_000), y + draw.randrange(35_000)] if draw.random() < 0.8 else None,
        }


async def make_round(service: Service, clock: FakeClock) -> None:
    """The round with everything in it."""
    draw = random.Random(1500)  # noqa: S311 - the same round every time
    setup = town_setup()
    setup = msgspec.structs.replace(setup, districts=DistrictsStep(districts=districts(), city_wide=True))
    await open_round(service, clock, setup=setup)
    now = clock()
    people = [uuid7() for _ in range(SUPPORTERS)]
    account = {"email": None, "email_key": None, "language": "fi", "is_staff": False}
    async with service.database.transaction() as session:
        found = await find_round(session, "spring", whole=False)
        await fill(session, found.id, proposals(draw), now)
        await session.execute(
            insert(Account), [{"id": each, **account, "created_at": now, "last_seen_at": now} for each in people]
        )
        ids = list(await session.scalars(select(Proposal.id).order_by(Proposal.number)))
        supports = [
            {"proposal_id": each, "account_id": person, "at": now} for person in people for each in draw.sample(ids, 5)
        ]
        await session.execute(insert(ProposalSupport), supports)
        comments: list[dict[str, Any]] = []
        roots: list[UUID] = []
        for _ in range(COMMENTS):
            made = uuid7()
            parent = draw.choice(roots) if roots and draw.random() < 0.6 else None
            roots += [] if parent else [made]
            comments.append(
                {
                    "id": made, "proposal_id": ids[0], "parent": parent, "account_id": draw.choice(people),
                    "shown_name": None, "language": "fi", "body": draw.choice(TEXTS)["need"], "at": now, "once": None,
                }
            )  # fmt: skip
        await session.execute(insert(ProposalComment), comments)
        await session.execute(update(Proposal).values(changed_at=now))
    async with service.database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


class Client(httpx.AsyncClient):
    """A browser that speaks to the application in this process, and can make it forget the pages that it kept."""

    def __init__(self, app: Litestar) -> None:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # scopes typed apart
        super().__init__(
            transport=transport, base_url="http://localhost", headers={"accept-encoding": "gzip"}, timeout=60
        )
        self._pages = app.stores.get("pages")

    async def forget(self) -> None:
        await self._pages.delete_all()


async def timed(client: Client, name: str, paths: Callable[[int], str], requests: int) -> None:
    """Ask for pages and print what they took; a page that is no page ends it all."""
    await client.get(paths(requests))
    seconds, busy, size = [], [], 0
    for number in range(requests):
        await client.forget()
        started, worked = time.perf_counter(), time.process_time()
        answer = await client.get(paths(number))
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
        size = max(size, answer.num_bytes_downloaded)
        if answer.status_code != 200:
            sys.exit(f"{paths(number)} answered {answer.status_code}")
    show(name, seconds, busy, size)


def show(name: str, seconds: list[float], busy: list[float], size: int) -> None:
    late = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    columns = (median(seconds), late, max(seconds), median(busy))
    print(f"  {name:44}{''.join(f'{1000 * each:9.1f}' for each in columns)}   {size / 1000:7.1f} kB")


async def bench_pages(client: Client, requests: int) -> None:
    draw = random.Random(2)  # noqa: S311 - the same questions every time
    titles = real_titles()
    words = [max(re.findall(r"\w+", draw.choice(titles)), key=len) for _ in range(requests + 1)]
    typed = [draw.choice(TEXTS)["title"].split()[0] for _ in range(requests + 1)]
    draws = ["".join(draw.choices("23456789abcdefghjkmnpqrstuvwxyz", k=6)) for _ in range(requests + 1)]
    numbers = [draw.sample(range(2, TITLES + 60), 3) for _ in range(requests + 1)]

    def to(rest: str) -> Callable[[int], str]:
        return lambda n: BASE.format(LANGUAGES[n % 3]) + rest.format(
            n=n, draw=draws[n], word=words[n], typed=typed[n], d=n % 20 + 1, e=(n + 7) % 20 + 1, page=n % 60 + 1,
            theme=THEMES[n % 7], one=numbers[n][0], three=".".join(map(str, numbers[n])), part=n % 40 + 1,
        )  # fmt: skip

    pages = {
        "list, drawn order": "?draw={draw}&page={page}",
        "list, two districts and a theme": "?draw={draw}&district=d{d}&district=d{e}&theme={theme}",
        "list by support": "?sort=supported&page={page}",
        "search, a word of a real title": "?q={word}",
        "search, a word of the sixty": "?q={typed}",
        "search with a typing error": "?q={typed}qx",
        "map of everything": "?draw={draw}&view=map",
        "map of a district": "?draw={draw}&view=map&district=d{d}",
        "one proposal": "/{one}",
        "three side by side": "/compare?n={three}",
        "a page of 5,000 comments": "/1/comments?part={part}&n={n}",
        "proposal with 5,000 comments": "/1?n={n}",
    }
    for name, rest in pages.items():
        await timed(client, name, to(rest), requests)
    await timed(client, "statistics", lambda n: f"/{LANGUAGES[n % 3]}/rounds/spring/statistics?n={n}", requests)
    api = "/api/v1/rounds/spring/proposals"
    await timed(client, "API, a page of 50", lambda n: f"{api}?page={n % 30 + 1}", requests)
    await timed(client, "API, one proposal", lambda n: f"{api}/{numbers[n][0]}", requests)
    await timed(client, "the feed", lambda n: f"/data/rounds/spring/proposals.atom?n={n}", requests)
    await timed(
        client, "everything as JSON, kept for a minute", lambda n: f"/data/rounds/spring/proposals.json?n={n}", 5
    )


async def bench_likeness(client: Client) -> None:
    """Each of the sixty as somebody writes it, at the step that shows similar ideas."""
    propose = "/{}/rounds/spring/propose/{}"
    seconds, busy, size, found = [], [], 0, 0
    for each in TEXTS:
        language = each["language"]
        begin = await client.get(propose.format(language, "need"))
        x, y = each["place"]
        fields = {
            **{name: each[name] for name in ("language", "title", "need", "idea", "audience", "theme")},
            "csrf": csrf_in(begin), "from": "people", "go": "next", "once": str(uuid7()), "district": "",
            "place_kind": "point", "place": f"{y / 1e6}, {x / 1e6}", "show_author": "hidden",
        }  # fmt: skip
        started, worked = time.perf_counter(), time.process_time()
        answer = await client.post(propose.format(language, "similar"), data=fields, headers=OWN_HEADERS)
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
        size = max(size, answer.num_bytes_downloaded)
        found += 'name="join"' in answer.text
        if answer.status_code != 200:
            sys.exit(f"the step of similar ideas answered {answer.status_code}")
    show(f"similar ideas to the sixty ({found} had some)", seconds, busy, size)


@asynccontextmanager
async def application(folder: Path, url: str) -> AsyncIterator[Client]:
    clock = FakeClock()
    settings = Settings.from_environment({"PB_DATA": str(folder)})
    async with open_service(settings, url, clock=clock) as service:
        print(f"A round of {TITLES:,} proposals in {WIDE * HIGH} districts …", file=sys.stderr)
        await make_round(service, clock)
        app = create_app(service)
        async with running(app), Client(app) as client:
            yield client


@contextmanager
def server(folder: Path) -> Iterator[str]:
    with embedded_postgres(folder / "postgres", say=lambda _: None) as url:
        asyncio.run(upgrade(url))
        yield url


async def bench(folder: Path, url: str, requests: int) -> None:
    async with application(folder / "data", url) as client:
        print(f"  {'milliseconds on the server':44}{'median':>9}{'95 %':>9}{'slowest':>9}{'busy':>9}   {'gzipped':>10}")
        await bench_pages(client, requests)
        await bench_likeness(client)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=60, metavar="N", help="requests for each page")
    requests = asked.parse_args().requests
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        with server(folder) as url:
            asyncio.run(bench(folder, url, requests))


if __name__ == "__main__":
    main()
