"""`pb election simulate`: a whole sealed vote over the choices of a real election file, from ceremony to evidence."""

import os
import re
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack
from zipfile import BadZipFile, ZipFile

import click

from pb_service.cli.files import printable, read_bytes
from pb_service.cli.progress import Progress
from pb_service.cli.rehearsal import host, log_vkey, rehearsal_origin
from pb_service.core.record import checkpoint
from pb_service.core.record.canonical import CanonicalError, unb64u
from pb_service.core.record.tiles import WIDTH, Tile, parse_bundle
from pb_service.core.rounds.documents import Limits
from pb_service.core.rounds.limits import breaches
from pb_service.core.sealing import everyday
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.sealing.payload import BallotShape, PayloadError
from pb_service.core.sealing.simulation import WITNESSES, Scenario, SimulatedContest, Vote, begin, bundle, simulate
from pb_service.core.tally import Instance, Project, TallyError, rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, read_pabulib
from pb_service.core.voting.turnout import document, turnout_of

_ONLY = "all"
#: So that trustees who look once more still find the record.
_LINGER_SECONDS = 3


class Wanted(TypedDict):
    """What both commands take besides their files."""

    ballots: int | None
    rule: str
    trustees: int
    quorum: int


class Refused(click.ClickException):
    """The file or the rule cannot be used."""

    exit_code = 2


@click.group()
def election() -> None:
    """Sealed votes."""


@election.command(name="simulate")
@click.option(
    "--from",
    "sources",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Pabulib file with the choices; several are districts, of which each voter has one.",
)
@click.option(
    "--city", type=click.Path(path_type=Path), help="Pabulib file of a contest of the whole city beside them."
)
@click.option("--ballots", type=click.IntRange(min=1), metavar="N", help="Only the first N ballots of each file.")
@click.option("--rule", default="greedy_score", show_default=True, metavar="NAME", help="Rule, as in pb tally.")
@click.option(
    "--mix",
    type=click.Choice(("plain", "everyday")),
    default="plain",
    show_default=True,
    help="everyday: every class of voters, paper, second thoughts, strikes, late rights, officers who change.",
)
@click.option(
    "--mode",
    type=click.Choice(tuple(WITNESSES)),
    default="self",
    show_default=True,
    help="What the manifest says of trustees and witnesses; one or two witnesses sign where it speaks of some.",
)
@click.option("--trustees", default=3, show_default=True, type=click.IntRange(2, 15))
@click.option("--quorum", default=2, show_default=True, type=click.IntRange(2, 15))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write the evidence bundle.")
def simulate_(
    sources: tuple[Path, ...], city: Path | None, mix: str, mode: str, out: Path, **wanted: Unpack[Wanted]
) -> None:
    """Seal the choices of Pabulib files, mix and open them, count, and write the bundle that pb-verify checks.

    Keys are made for the run and forgotten. Limits that some ballot of a file breaks are left out, and said.
    """
    if wanted["quorum"] > wanted["trustees"]:
        raise Refused("The quorum cannot be larger than the number of trustees.")
    files = [_read(source) for source in (*sources, *([city] if city else []))]
    scenario = replace(_scenario(files, has_city=city is not None, **wanted), mode=mode)
    started = time.monotonic()
    run = everyday.simulate if mix == "everyday" else simulate
    with ProcessPoolExecutor(os.cpu_count()) as pool, Progress("ballots sealed:") as progress:
        vote = run(scenario, secrets.token_bytes, spread=pool.map, say=lambda _step, done, _of: progress(done))
    out.write_bytes(bundle(vote))
    _tell(vote, out, time.monotonic() - started)


@election.command(name="rehearse")
@click.option("--from", "source", required=True, type=click.Path(path_type=Path), help="Pabulib file with the choices.")
@click.option("--ballots", type=click.IntRange(min=1), metavar="N", help="Only the first N ballots of the file.")
@click.option("--rule", default="greedy_score", show_default=True, metavar="NAME", help="Rule, as in pb tally.")
@click.option("--trustee", "keys", required=True, multiple=True, metavar="KEY", help="A trustee's key; one for each.")
@click.option("--quorum", default=2, show_default=True, type=click.IntRange(2, 15))
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write the evidence bundle.")
def rehearse(
    source: Path, ballots: int | None, rule: str, keys: tuple[str, ...], quorum: int, port: int, out: Path
) -> None:
    """Be the operator of a rehearsal on this machine: trustees come by `pb trustee go`, voters are simulated."""
    if not quorum <= len(keys) <= 15:
        raise Refused("From 2 to 15 trustees, and at least as many as the quorum.")
    try:
        trustees = [(f"Trustee {number}", unb64u(key, 32)) for number, key in enumerate(keys, start=1)]
    except CanonicalError as error:
        raise Refused(f"A trustee's key is what `pb trustee new` shows: {error}.") from None
    wanted: Wanted = {"ballots": ballots, "rule": rule, "trustees": len(keys), "quorum": quorum}
    scenario = replace(_scenario([_read(source)], **wanted), origin=rehearsal_origin())
    vote = begin(scenario, secrets.token_bytes)
    vote.trustees.clear()  # they are elsewhere
    started = time.monotonic()
    server = host(scenario, trustees, vote, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"Record: http://127.0.0.1:{server.server_address[1]}")
    click.echo(f"Key of the record: {log_vkey(vote)}")
    server.rehearsal.finished.wait()  # type: ignore[attr-defined] # set by host
    time.sleep(_LINGER_SECONDS)
    server.shutdown()
    out.write_bytes(bundle(vote))
    _tell(vote, out, time.monotonic() - started)


@election.command(name="turnout")
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def turnout(bundle: Path) -> None:
    """Print who voted in numbers, as the service publishes it, from the record in an evidence BUNDLE alone."""
    try:
        with ZipFile(bundle) as file:
            manifest = Manifest.read(file.read("manifest.json"))
            size = checkpoint.parse(file.read("checkpoint")).size
            bodies = [body for path in _bundles(size) for body in parse_bundle(file.read(path.path), path.width)]
        click.echo(document(turnout_of(bodies, manifest), manifest), nl=False)
    except (BadZipFile, KeyError, ValueError) as error:  # ValueError: every form of ours that is not kept
        raise Refused(f"{bundle} is not the evidence of a closed sealed vote: {error}.") from None


def _bundles(size: int) -> list[Tile]:
    """The entry bundles of a record, in order."""
    return [Tile(None, index, min(WIDTH, size - index * WIDTH)) for index in range(-(-size // WIDTH))]


def _read(source: Path) -> PabulibFile:
    try:
        file = read_pabulib(read_bytes(source), name=str(source))
        file.instance(_ONLY)
    except OSError as error:
        raise Refused(f"{source}: {error.strerror}.") from None
    except PabulibError as error:
        raise Refused(str(error)) from None
    return file


def _scenario(files: Sequence[PabulibFile], *, has_city: bool = False, **wanted: Unpack[Wanted]) -> Scenario:
    first = files[0]
    if any((file.unit, file.currency) != (first.unit, first.currency) for file in files):
        raise Refused("These files do not count in the same money.")
    names = _contest_names(files)
    contests = [_contest(file, name, wanted) for file, name in zip(files, names, strict=True)]
    if has_city:
        contests[-1] = replace(contests[-1], group="city")
    return Scenario(
        origin="localhost/pb/simulation",
        names=[("en", ", ".join(contest.title for contest in contests))],
        currency=first.currency if len(first.currency) == 3 else "EUR",
        unit=first.unit,
        contests=contests,
        opens=int(time.time()),
        trustees=wanted["trustees"],
        quorum=wanted["quorum"],
        source=", ".join(Path(file.name).name for file in files),
    )


def _contest_names(files: Sequence[PabulibFile]) -> list[str]:
    """Return a contest id for each file, made of its name; of one file alone it is `all`."""
    if len(files) == 1:
        return [_ONLY]
    names: list[str] = []
    for file in files:
        name = re.sub("[^a-z0-9]+", "-", Path(file.name).name.partition(".")[0].lower()).strip("-")[:60] or "file"
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _contest(file: PabulibFile, name: str, wanted: "Wanted") -> SimulatedContest:
    chosen = file.ballots[: wanted["ballots"]]
    costs = [project.cost for project in file.projects]
    broken = {name for ballot in chosen for name in breaches(ballot, file.fmt, file.limits, costs)}
    limits: Limits = {name: value for name, value in file.limits.items() if name not in broken}  # type: ignore[assignment] # names of limits
    if broken - {"blank"}:
        told = ", ".join(sorted(broken))
        click.echo(f"{printable(file.name)}: left out, because ballots of the file break them: {told}.", err=True)
    if "blank" in broken:
        limits["blank"] = True
    if file.fmt == "scores":
        values = [pair[1] for ballot in chosen for pair in ballot if isinstance(pair, list)]
        limits.setdefault("smin", min(values, default=0))
        limits.setdefault("smax", max(values, default=0))
    try:
        BallotShape.of(file.fmt, limits, costs)
        rule = rule_by_name(wanted["rule"], ("id",), unit=file.unit)
        # A rule that cannot count an empty box goes with no ballot of this format.
        projects = [Project(project.id, project.cost) for project in file.projects]
        tally(Instance(projects, file.budget, file.fmt, [], file.unit), rule)
    except PayloadError as error:
        raise Refused(f"{file.name}: These ballots cannot be sealed: {error}.") from None
    except TallyError as error:
        raise Refused(str(error)) from None
    return SimulatedContest(
        id=name,
        title=Path(file.name).stem,
        fmt=file.fmt,
        limits=limits,
        projects=[(project.id, project.name or project.id, project.cost) for project in file.projects],
        budget=file.budget,
        rule=rule,
        ballots=chosen,
    )


def _tell(vote: Vote, out: Path, seconds: float) -> None:
    online = sum(len(opened.online) for opened in vote.opened.values())
    paper = sum(len(opened.paper) for opened in vote.opened.values())
    beside = f", beside {paper} on paper," if paper else ""
    click.echo(f"{online} ballots sealed, mixed by {len(vote.trustees)} trustees and opened{beside} in {seconds:.1f} s")
    for contest in vote.scenario.contests:
        won = sorted(printable(contest.projects[n][0]) for n in vote.outcomes[contest.id]["winners"])
        place = "" if contest.id == _ONLY else f" of {contest.id}"
        click.echo(f"Winners{place}: {', '.join(won) or 'none'}")
    click.echo(f"Evidence: {out} ({out.stat().st_size:,} bytes). Check it: pb-verify {out}")
