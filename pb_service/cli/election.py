"""`pb election simulate`: a whole sealed vote over the choices of a real election file, from ceremony to evidence."""

import os
import secrets
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import click

from pb_service.cli.files import printable, read_bytes
from pb_service.cli.progress import Progress
from pb_service.cli.rehearsal import host, log_vkey, rehearsal_origin
from pb_service.core.record.canonical import CanonicalError, unb64u
from pb_service.core.rounds.documents import Limits
from pb_service.core.rounds.limits import breaches
from pb_service.core.sealing.payload import BallotShape, PayloadError
from pb_service.core.sealing.simulation import Scenario, SimulatedContest, Vote, begin, bundle, simulate
from pb_service.core.tally import TallyError, rule_by_name
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, read_pabulib

_CONTEST = "all"
#: So that trustees who look once more still find the record.
_LINGER_SECONDS = 3


class Refused(click.ClickException):
    """The file or the rule cannot be used."""

    exit_code = 2


@click.group()
def election() -> None:
    """Sealed votes."""


@election.command(name="simulate")
@click.option("--from", "source", required=True, type=click.Path(path_type=Path), help="Pabulib file with the choices.")
@click.option("--ballots", type=click.IntRange(min=1), metavar="N", help="Only the first N ballots of the file.")
@click.option("--rule", default="greedy_score", show_default=True, metavar="NAME", help="Rule, as in pb tally.")
@click.option("--trustees", default=3, show_default=True, type=click.IntRange(2, 15))
@click.option("--quorum", default=2, show_default=True, type=click.IntRange(2, 15))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write the evidence bundle.")
def simulate_(source: Path, ballots: int | None, rule: str, trustees: int, quorum: int, out: Path) -> None:
    """Seal the choices of a Pabulib file, mix and open them, count, and write the bundle that pb-verify checks.

    Keys are made for the run and forgotten. Limits that some ballot of the file breaks are left out, and said.
    """
    if quorum > trustees:
        raise Refused("The quorum cannot be larger than the number of trustees.")
    file = _read(source)
    try:
        scenario = _scenario(file, ballots, rule, trustees, quorum)
    except TallyError as error:
        raise Refused(str(error)) from None
    started = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool, Progress("ballots sealed:") as progress:
        vote = simulate(scenario, secrets.token_bytes, spread=pool.map, say=lambda _step, done, _of: progress(done))
    out.write_bytes(bundle(vote))
    _tell(file, vote, out, time.monotonic() - started)


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
    file = _read(source)
    try:
        trustees = [(f"Trustee {number}", unb64u(key, 32)) for number, key in enumerate(keys, start=1)]
        scenario = replace(_scenario(file, ballots, rule, len(keys), quorum), origin=rehearsal_origin())
    except CanonicalError as error:
        raise Refused(f"A trustee's key is what `pb trustee new` shows: {error}.") from None
    except TallyError as error:
        raise Refused(str(error)) from None
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
    _tell(file, vote, out, time.monotonic() - started)


def _read(source: Path) -> PabulibFile:
    try:
        file = read_pabulib(read_bytes(source), name=str(source))
        file.instance(_CONTEST)
    except OSError as error:
        raise Refused(f"{source}: {error.strerror}.") from None
    except PabulibError as error:
        raise Refused(str(error)) from None
    return file


def _scenario(file: PabulibFile, most: int | None, rule: str, trustees: int, quorum: int) -> Scenario:
    chosen = file.ballots[:most]
    costs = [project.cost for project in file.projects]
    broken = {name for ballot in chosen for name in breaches(ballot, file.fmt, file.limits, costs)}
    limits: Limits = {name: value for name, value in file.limits.items() if name not in broken}  # type: ignore[assignment] # names of limits
    if broken - {"blank"}:
        click.echo(f"Left out, because ballots of the file break them: {', '.join(sorted(broken))}.", err=True)
    if "blank" in broken:
        limits["blank"] = True
    if file.fmt == "scores":
        values = [pair[1] for ballot in chosen for pair in ballot if isinstance(pair, list)]
        limits.setdefault("smin", min(values, default=0))
        limits.setdefault("smax", max(values, default=0))
    try:
        BallotShape.of(file.fmt, limits, costs)
    except PayloadError as error:
        raise Refused(f"{file.name}: These ballots cannot be sealed: {error}.") from None
    contest = SimulatedContest(
        id=_CONTEST,
        title=Path(file.name).stem,
        fmt=file.fmt,
        limits=limits,
        projects=[(project.id, project.name or project.id, project.cost) for project in file.projects],
        budget=file.budget,
        rule=rule_by_name(rule, ("id",), unit=file.unit),
        ballots=chosen,
    )
    return Scenario(
        origin="localhost/pb/simulation",
        names=[("en", Path(file.name).stem)],
        currency=file.currency if len(file.currency) == 3 else "EUR",
        unit=file.unit,
        contests=[contest],
        opens=int(time.time()),
        trustees=trustees,
        quorum=quorum,
        source=Path(file.name).name,
    )


def _tell(file: PabulibFile, vote: Vote, out: Path, seconds: float) -> None:
    opened = vote.opened[_CONTEST]
    outcome = vote.outcomes[_CONTEST]
    click.echo(
        f"{len(opened.online)} ballots sealed, mixed by {len(vote.trustees)} trustees and opened in {seconds:.1f} s"
    )
    click.echo(f"Winners: {', '.join(sorted(printable(file.projects[n].id) for n in outcome['winners'])) or 'none'}")
    click.echo(f"Evidence: {out} ({out.stat().st_size:,} bytes). Check it: pb-verify {out}")
