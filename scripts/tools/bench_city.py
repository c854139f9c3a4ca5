"""Vote as a city did: the demonstration's six districts of Warsaw, each of its 13,956 ballots cast over HTTP.

scripts/bench city [--ballots N] [--rule NAME …] [--district NAME …]

For each rule a round is brought from its ideas to an open vote by the acts that staff take, with the districts' real
projects and costs. Each ballot of the files is sealed by another account and posted until its receipt is there. Then
the clock is put on to the end of the vote, two people close it, every trustee mixes and opens, and the outcome of each
district is compared with what `pb tally` makes of the file itself. At the end pb-verify reads the evidence.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import NamedTuple, cast

import uvloop

from pb_service.cli.demo_vote import Story, square
from pb_service.cli.export import bundle_of
from pb_service.cli.run import _verify
from pb_service.core.rounds.documents import Ballot, RuleDocument
from pb_service.core.rounds.setup import (
    BallotStep,
    ClosingStep,
    Contact,
    CriteriaStep,
    Criterion,
    DatesStep,
    District,
    DistrictsStep,
    EligibilityStep,
    MoneyStep,
    PlannedName,
    PlannedPhase,
    RuleStep,
    Setup,
    TextsStep,
)
from pb_service.core.tally import Instance, Project, rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibFile, read_pabulib
from pb_service.demo.harbour import DemoProject, text
from pb_service.features.accounts.policy import Actor, Grant
from pb_service.features.accounts.tables import Account
from pb_service.features.counting import closing, sealed
from pb_service.features.opening.service import GRACE
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.finding import find_round
from pb_service.platform.clock import system_clock
from pb_service.platform.logs import configure
from pb_service.platform.migrate import upgrade
from pb_service.platform.postgres import embedded_postgres
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from scripts.tools.bench_cast import Client, posts, serving

SLUG = "city"
CONNECTIONS = 200
DAYS_OPEN = 14
LONGEST_TITLE = 80

#: The short names of `pb tally` for the rules, and the step of the set-up that says the same.
RULES = {
    "greedy_score": RuleStep(),
    "mes_cost_add1": RuleStep(name="equal_shares"),
    "mes_cost_add1_u": RuleStep(name="equal_shares", then_greedy=True),
}


class DistrictFile:
    """A district's file: its key, its projects in the order of their ids, so that ties fall alike, and its ballots."""

    def __init__(self, file: PabulibFile, key: str) -> None:
        self.file, self.key = file, key
        self.order = sorted(range(len(file.projects)), key=lambda number: file.projects[number].id)
        self._place = {number: place for place, number in enumerate(self.order)}

    @property
    def name(self) -> str:
        return self.file.meta["district"]

    def projects(self) -> Iterator[DemoProject]:
        for number in self.order:
            project = self.file.projects[number]
            name = project.name or project.id
            title, about = name[:LONGEST_TITLE], f"{name} ({self.file.name}, {project.id})"
            cost = _whole(project.cost, self.file.unit)
            yield DemoProject(self.key, "nature", cost, text(title, title, title), text(about, about, about))

    def ballots(self, most: int | None) -> list[Ballot]:
        """The first ballots of the file, by the places of their projects on our list."""
        return [sorted(self._place[cast(int, number)] for number in ballot) for ballot in self.file.ballots[:most]]

    def counted(self, rule: RuleDocument, most: int | None) -> "Result":
        """What `pb tally` makes of the file, or of its first ballots."""
        file = self.file
        projects = [Project(project.id, project.cost) for project in file.projects]
        instance = Instance(projects, file.budget, file.fmt, file.ballots[:most], file.unit, contest=self.key)
        outcome = tally(instance, rule).document()
        return Result(
            sorted(self._place[number] for number in outcome["winners"]),
            outcome["cost"],
            [outcome["projects"][number]["votes"] for number in self.order],
        )


class Result(NamedTuple):
    """What is compared: winners by their places on our list, what they cost, and the votes of each project."""

    winners: list[int]
    cost: int
    votes: list[int]


def _whole(amount: int, unit: int) -> int:
    if amount % unit:
        raise SystemExit("these costs are not whole amounts of the currency")
    return amount // unit


def districts(named: Sequence[str] = ()) -> list[DistrictFile]:
    """The demonstration's files, or those of the districts named."""
    folder = resources.files("pb_service.demo")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".pb"))
    files = [read_pabulib(folder.joinpath(name).read_bytes(), name=name) for name in names]
    listed = [DistrictFile(file, file.name.removesuffix(".pb").rpartition("_")[2].lower()) for file in files]
    return [each for each in listed if not named or each.key in named]


def setup_for(files: Sequence[DistrictFile], rule: RuleStep, now: datetime) -> Setup:
    """The city's set-up: money by district, at most fifteen projects on a ballot."""

    def at(days: int) -> str:
        return f"{now + timedelta(days=days):%Y-%m-%dT%H:%M}"

    begin: dict[PlannedName, int] = {"ideas": -50, "moderation": -40, "assessment": -30, "voting": 0}
    begin |= {"counting": DAYS_OPEN, "results": DAYS_OPEN + 7}
    lawful = Criterion("lawful", text("Laillinen", "Laglig", "Lawful"), text("Ei", "Nej", "Not lawful"))
    first = files[0].file
    return Setup(
        texts=TextsStep(
            name=text("Varsova 2023", "Warszawa 2023", "Warsaw 2023"),
            summary=text("Simulaatio", "Simulering", "A simulation"),
            contact=Contact(email="city@development.invalid"),
        ),
        dates=DatesStep(time_zone="UTC", phases=tuple(PlannedPhase(name, at(days)) for name, days in begin.items())),
        districts=DistrictsStep(
            districts=tuple(
                District(file.key, text(file.name, file.name, file.name), polygons=((square(10 + number),),))
                for number, file in enumerate(files)
            ),
            choice="free",
        ),
        money=MoneyStep(
            currency=first.currency,
            unit=first.unit,
            total=sum(file.file.budget for file in files),
            mode="typed",
            amounts={file.key: file.file.budget for file in files},
        ),
        ballot=BallotStep(fmt="approval", k=15, within_budget=False),
        rule=rule,
        eligibility=EligibilityStep(grounds=("anyone",)),
        criteria=CriteriaStep(criteria=(lawful,)),
        closing=ClosingStep(appeal=text("Simulaatio", "Simulering", "A simulation"), source="Pabulib"),
    )


async def cast_all(requests: Sequence[bytes], port: int) -> None:
    """Post everything, over many connections, until each has its receipt."""
    free: asyncio.Queue[Client] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Client(port))

    async def one(request: bytes) -> None:
        while True:
            client = await free.get()
            try:
                status, body = await client.post(request)
            except (OSError, asyncio.IncompleteReadError):
                status, body, client = 0, b"", Client(port)
            finally:
                free.put_nowait(client)
            if status in {200, 201}:
                return
            if status not in {0, 503}:
                raise SystemExit(f"a ballot was refused: {status} {body.decode()}")
            await asyncio.sleep(2)

    await asyncio.gather(*(one(request) for request in requests))


async def close_and_count(service: Service) -> None:
    """Two managers close the vote; the trustees of this server mix and open; the results are published."""
    async with service.database.transaction() as session:
        now = service.clock()
        people = [Account(language="en", is_staff=True, created_at=now, last_seen_at=now) for _ in range(2)]
        session.add_all(people)
    until = now + timedelta(hours=1)
    for person in people:
        actor = Actor(person.id, (Grant("manager"),), second_factor=True, stepped_up_until=until, is_staff=True)
        async with service.database.transaction() as session:
            found = await find_round(session, SLUG, for_update=True, whole=False)
            await closing.close_vote(session, actor, found, operator=service.operator_key, now=service.clock())
    await service.sequencer.settle(0.01)
    if not await sealed.count(service, found.id):
        raise SystemExit("the count waits for something")
    await service.sequencer.settle(0.01)


async def vote(url: str, data: Path, name: str, files: Sequence[DistrictFile], most: int | None) -> bool:
    """The whole vote under one rule; returns whether everything agrees."""
    begun = time.monotonic()
    settings = Settings.from_environment({"PB_DATA": str(data)})

    def lap(what: str) -> None:
        nonlocal begun
        begun, before = time.monotonic(), begun
        print(f"{what:<60}{begun - before:8.1f} s", flush=True)

    async with open_service(settings, url) as service:
        projects = [project for file in files for project in file.projects()]
        await Story(service, SLUG, lambda now: setup_for(files, RULES[name], now), projects).tell()
        lap(f"{len(projects)} projects of {len(files)} districts, from ideas to an open vote")
        ballots = [(file.key, ballot) for file in files for ballot in file.ballots(most)]
        requests = await posts(service, SLUG, ballots)
        lap(f"{len(ballots)} ballots sealed")
        async with serving(url, data, 1) as (_, [port]):
            await cast_all(requests, port)
            lap(f"cast over HTTP, {len(ballots) / (time.monotonic() - begun):.0f} a second, each with its receipt")
    later = timedelta(days=DAYS_OPEN, seconds=GRACE + 60)
    async with open_service(settings, url, clock=lambda: system_clock() + later) as service:
        await close_and_count(service)
        lap("closed, mixed by every trustee, opened, counted")
        agree = await compare(service, files, name, most)
        bundle = await bundle_of(service, SLUG)
        lap(f"evidence bundle of {len(bundle) / 1e6:.0f} MB")
    verdict = await asyncio.to_thread(_verify, bundle)
    lap(f"pb-verify: {verdict.report['verdict']}")
    return agree and verdict.passed


async def compare(service: Service, files: Sequence[DistrictFile], name: str, most: int | None) -> bool:
    """Print a line for each district; return whether all are as `pb tally` has them."""
    all_agree = True
    async with service.database.reading() as session:
        for file in files:
            documents = await contest_documents(session, SLUG, file.key)
            outcome = documents.outcome
            ours = Result(outcome["winners"], outcome["cost"], [each["votes"] for each in outcome["projects"]])
            theirs = file.counted(rule_by_name(name, ("cost", "id"), unit=file.file.unit), most)
            agree = ours == theirs and outcome["counts"]["ballots"] == len(file.ballots(most))
            all_agree &= agree
            print(
                f"  {file.name:<14}{outcome['counts']['ballots']:>6} ballots {len(ours.winners):>4} winners   "
                f"{'as pb tally has it' if agree else 'NOT AS PB TALLY HAS IT'}"
            )
    return all_agree


def main() -> None:
    """Read the command line; the exit status says whether everything agreed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ballots", type=int, default=None, help="only the first N of each district")
    parser.add_argument("--rule", action="append", choices=sorted(RULES), help="by default greedy and Equal Shares")
    parser.add_argument("--district", action="append", help="by default all six, such as wesola and ursus")
    given = parser.parse_args()
    files = districts(given.district or ())
    configure("warning")
    agree = True
    for name in given.rule or ["greedy_score", "mes_cost_add1"]:
        print(f"{name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            path.chmod(0o755)
            with embedded_postgres(path / "database", say=lambda _: None) as url:
                agree &= uvloop.run(_run(url, path / "data", name, files, given.ballots))
    raise SystemExit(0 if agree else 1)


async def _run(url: str, data: Path, name: str, files: Sequence[DistrictFile], most: int | None) -> bool:
    await upgrade(url)
    return await vote(url, data, name, files, most)


if __name__ == "__main__":
    main()
